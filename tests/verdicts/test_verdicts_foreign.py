"""The generators unlike the model: true courses fall, therapies do what they say, and truth is counted as written."""

from __future__ import annotations

import numpy as np
import pytest

from validation.verdicts.bands import flat, held, wilson
from validation.verdicts.foreign import GRID, LAWS, LIMITS, Therapy, draw


@pytest.mark.parametrize("name", [*LAWS, *LIMITS])
def test_natural_history_never_rises_and_scores_lie_on_the_scale(name: str) -> None:
    drawn = draw(name, 60, 3)
    assert (np.diff(drawn.truth, axis=1) <= 1e-9).all()
    seen = np.isfinite(drawn.scores)
    assert ((drawn.scores[seen] >= 0) & (drawn.scores[seen] <= 48)).all()
    assert (np.isfinite(drawn.times) == seen).all()
    assert drawn.cohort().size == 60
    np.testing.assert_array_equal(draw(name, 60, 3).scores, drawn.scores)


def test_therapies_halt_slow_and_reverse() -> None:
    plain = draw("loud_raters", 40, 4).truth
    at = round(6.0 / GRID)
    halted = draw("loud_raters", 40, 4, Therapy("halt", 1.0)).truth
    assert (halted[:, at:] == halted[:, [at]]).all()
    slowed = draw("loud_raters", 40, 4, Therapy("slow", 1.0)).truth
    np.testing.assert_allclose(slowed[:, at] - slowed[:, -1], 0.5 * (plain[:, at] - plain[:, -1]))
    gained = draw("loud_raters", 40, 4, Therapy("reverse", 1.0)).truth
    assert (gained[:, -1] >= gained[:, at]).all()
    assert draw("steps", 30, 4, Therapy("halt", 1.0, recorded=True)).cohort().doses.height == 30


def test_truth_is_counted_as_written() -> None:
    level = np.r_[np.full(10, 40.0), np.full(30, 38.0)]
    assert flat(level, 0, 39) == 29 * GRID
    assert flat(np.full(40, 3.0), 0, 39) == 0
    assert flat(np.full(40, 47.0), 0, 39) == 0
    gain = np.r_[np.full(10, 30.0), np.full(20, 36.0), np.full(10, 31.0)]
    assert held(gain, 0, 39, 6.0) == 6.0
    assert held(gain, 0, 39, 12.0) == 1.0
    assert wilson(50, 50) == pytest.approx(0.9287, abs=1e-3)
