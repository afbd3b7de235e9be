"""The oracle is right: densities sum to one, evidence agrees with brute force, its own people are calibrated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from fixtures.verdicts.core import AROUND, born
from fixtures.verdicts.generators import draw, numbers_of
from fixtures.verdicts.made import Made
from fixtures.verdicts.numbers import BENCH, SIZES, Numbers, size_table, vector
from fixtures.verdicts.places import CURVE, WIDTH
from fixtures.verdicts.seeing import density
from montecarlo import tolerance
from validation.verdicts import judge, oracle
from validation.verdicts.method import Info
from validation.verdicts.particles import smooth

SLOPE = BENCH["random_slope"]


@pytest.mark.slow
@pytest.mark.parametrize("generator", ["sticky", "dips", "random_slope", "item_steps"])
def test_the_chances_of_all_scores_sum_to_one(generator: str) -> None:
    p = vector(numbers_of(generator))
    for key, level in ((1, 25.0), (2, 40.0), (3, 46.5)):
        total = 0.0
        for score in range(49):
            s = np.empty(WIDTH)
            around = np.zeros(AROUND)
            around[:2] = level, 1e-3
            born(s, p, size_table(SIZES), False, np.uint64(key), around)
            density(s, p, 1.0, math.inf, min(round(level), 47.0))
            total += density(s, p, 1.0, 3.0, float(score))
        # Ratings of items are a normal cut in 49 intervals, without an open end.
        assert total == pytest.approx(1.0, abs=2e-3 if generator != "item_steps" or level < 40 else 0.3)


def evidence(numbers: Numbers, scores: list[float], around: np.ndarray, count: int, key: int, recovers: bool) -> float:
    """Log evidence of quarterly scores of somebody followed to the end."""
    times, months = np.arange(len(scores)) * 3.0, 3 * (len(scores) - 1)
    width = CURVE if numbers.model < 3 else WIDTH
    rooms = (np.empty((count, width)), np.empty((count, months + 1)), np.empty(count, np.int64))
    return smooth(
        np.empty((count, width)),
        vector(numbers),
        size_table(SIZES),
        recovers,
        np.uint64(key),
        times,
        np.array(scores),
        float(months),
        0.0,
        np.empty((count, months + 1)),
        np.empty(count),
        np.empty(count, np.int64),
        rooms,
        around,
    )


@pytest.mark.slow
def test_evidence_agrees_with_brute_force() -> None:
    """Bent lines by plain NumPy: draw level, rate and bend, weigh the ratings and the months stayed."""
    numbers = SLOPE
    scores = [40.0, 38.0, 33.0]
    rng = np.random.default_rng(3)
    count = 400_000
    level = rng.normal(numbers.level_mean, numbers.level_sd, 2 * count)
    level = level[(level > numbers.level_low) & (level < numbers.level_high)][:count]
    rate = rng.normal(numbers.rate_scale, numbers.rate_shape, 2 * count)
    rate = rate[rate > 0][:count]
    bend = rng.uniform(-numbers.bend, numbers.bend, count)
    weight, now = np.zeros(count), level.copy()
    for month in range(7):
        if month % 3 == 0:
            y = scores[month // 3]
            weight += np.log(norm.cdf(y + 0.5, now, numbers.noise) - norm.cdf(y - 0.5, now, numbers.noise) + 1e-300)
        if month < 6:
            fast = np.minimum(rate, 4.0) - 0.9
            for head in ("death", "drop"):
                log_hazard = getattr(numbers, f"{head}_log_hazard") + getattr(numbers, f"{head}_per_level") * (now - 38)
                weight -= np.exp(np.minimum(log_hazard + getattr(numbers, f"{head}_per_rate") * fast, 2.0))
            now = now - rate * (1 + bend * (month - 18) / 18)
    chance = np.exp(weight)
    around = np.zeros(AROUND)
    around[:4] = 40.0, 2.5, math.log(0.9), 0.7
    found = [evidence(numbers, scores, around, 4000, key, recovers=False) for key in range(8)]
    error = np.hypot(
        tolerance(chance.std() / chance.mean(), count), tolerance(float(np.exp(found).std() / np.exp(found).mean()), 8)
    )
    assert abs(np.exp(found).mean() / chance.mean() - 1.0) < error
    assert error < 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("generator", "recovers"), [("sticky", True), ("dips", False), ("item_steps", True)])
def test_evidence_does_not_depend_on_the_proposal(generator: str, recovers: bool) -> None:
    numbers, scores = numbers_of(generator), [40.0, 39.0, 37.0, 41.0, 42.0, 41.0]
    around = np.zeros(AROUND)
    around[:8] = 40.0, 2.0, math.log(0.5), 0.7, 0.1, 0.4, 7.0, 4.0
    around[8:14], around[20] = (0.05, 0.15, 0.5, 0.1, 0.1, 0.1), 0.7
    runs = {
        name: np.exp([evidence(numbers, scores, one, 4000, 10 * key, recovers) for key in range(1, 17)])
        for name, one in (("prior", np.zeros(AROUND)), ("near", around))
    }
    means = {name: values.mean() for name, values in runs.items()}
    error = math.hypot(*(tolerance(float(values.std(ddof=1)), 16) for values in runs.values()))
    assert abs(means["prior"] - means["near"]) < error
    assert error < 0.5 * means["prior"]


def info_of(made: Made) -> Info:
    return Info(made.schedule, made, made.people["subject"])


def calibrated(generator: str, people: int, particles: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "PARTICLES", particles)
    made = draw(generator, people, "quarterly", 0.3, 31)
    calls = oracle.judge_by_oracle(made.visits, info_of(made))
    rows = judge.rows_of(made, calls)
    assert calls["subject"].equals(made.people["subject"])
    for name, (about, edge, reached) in judge.EVENTS.items():
        known = rows.filter(rows[name].is_finite() & rows[about].is_finite())
        said = known[name].to_numpy()
        happened = known[about].to_numpy() >= edge
        # Over all, and over those for whom it is not clear.
        for some in (said >= 0.0, (said > 0.1) & (said < 0.9)):
            away = np.sum(said[some] - (happened if reached else ~happened)[some])
            assert abs(away) < 4.0 * math.sqrt(np.sum(said[some] * (1 - said[some])) + 0.25), name


@pytest.mark.parametrize("generator", ["random_slope", "dips"])
def test_the_oracle_is_calibrated_on_its_own_people(generator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrated(generator, 80, (2048,), monkeypatch)


# The mechanism's oracle weighs a bank of its people with an approximate rating density: it is a yardstick, not exact.
@pytest.mark.slow
@pytest.mark.parametrize("generator", ["item_steps", "sticky", "random_slope", "dips"])
def test_every_oracle_is_calibrated_on_many(generator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrated(generator, 200, (4096,), monkeypatch)


def test_people_of_the_oracle_are_those_wanted() -> None:
    made = draw("dips", 40, "irregular", 0.0, 32)
    requested = made.people["subject"].gather([3, 5])
    calls = oracle.judge_by_oracle(made.visits, Info("irregular", made, requested))
    assert calls["subject"].to_list() == requested.to_list()
    assert (calls["lfdr"] == 1.0).all()
    assert (calls["called"] == "none").all()
    assert (calls["gain_median"] == 0.0).all()
    nobody = oracle.judge_by_oracle(made.visits, Info("irregular", made, requested.clear()))
    assert nobody.is_empty()
