"""The fit: what moves, how misses are standardized, and that the descent finds a known optimum."""

import numpy as np
import pytest

from alsight.calibrate.ensemble import Member, ensemble
from alsight.calibrate.fit import FITTED, FREE, Problem, defaults, descend, overrides, standardized
from alsight.knowledge.targets import GUARDS, SHAPES, TARGETS
from alsight.make.ensemble import write_ensemble
from alsight.mechanism.parameters import INDEX, PARAMETERS, RATING, vector

NOISE = {row.name for row in RATING} - {"threshold_scale"}


def test_no_rating_noise_moves() -> None:
    assert not NOISE & set(FREE)


def test_the_end_of_life_is_fitted() -> None:
    assert {"score_at_death", "capacity_at_death", "deaths_at_floor"} <= {row.name for row in FITTED}


def test_out_of_sample_rows_are_not_fitted() -> None:
    assert not any(row.fitted for row in SHAPES)
    assert sum(not row.fitted for row in TARGETS) >= 15


def test_overrides_stay_in_range() -> None:
    far = overrides(defaults() + 50.0)
    vector(far)
    assert all(PARAMETERS[INDEX[name]].low <= value <= PARAMETERS[INDEX[name]].high for name, value in far.items())


def test_standardized_counts_half_widths() -> None:
    row = next(one for one in GUARDS if one.name == "entry_score")
    assert standardized(row, row.high) == pytest.approx((row.high - row.value) / (0.5 * (row.high - row.low)))
    assert standardized(row, row.value) == 0.0
    assert standardized(row, float("nan")) == 10.0


def test_unread_estimands_count_less() -> None:
    row = next(one for one in TARGETS if one.name == "vasta_exact_12")
    assert abs(standardized(row, row.high)) < 0.6


def test_descent_finds_a_known_optimum() -> None:
    goal, rng = np.linspace(-0.4, 0.4, 5), np.random.default_rng(4)
    mixing = rng.normal(size=(9, 5))

    class Known(Problem):
        def residuals(self, place: np.ndarray) -> np.ndarray:
            return np.tanh(mixing @ (place - goal))

    problem = Known(0, 0, np.zeros(5))
    place, cost = descend(problem, np.zeros(5), rounds=4, steps=6)
    assert cost < 1e-6
    assert place == pytest.approx(goal, abs=1e-3)


def test_ensemble_keeps_what_fits_best_first(tmp_path: object) -> None:
    path = tmp_path / "ensemble.json"  # type: ignore[operator]
    members = [Member(f"set_{k}", k, cost, 20, 26, {}) for k, cost in enumerate((12.0, 10.0, 40.0))]
    write_ensemble(path, members, FREE, {"seed": 1})
    text = path.read_text()
    assert text.index("set_1") < text.index("set_0")
    assert "set_2" not in text


def test_shipped_sets_are_lawful_and_several() -> None:
    shipped = ensemble()
    assert 4 <= len(shipped.members) <= 8
    assert shipped.free == FREE
    for member in shipped.members:
        vector(member.parameters)
        assert set(member.parameters) == set(FREE)
