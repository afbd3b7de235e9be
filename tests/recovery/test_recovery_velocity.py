"""The velocity model: simulate, fit, recover. 95 % intervals cover 95 % where memories are held, as by default."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.velocity import Velocity
from montecarlo import proportion_tolerance
from velocity_people import SLOW, TRUTH, draw

FULL = bool(os.environ.get("ALSIGHT_FULL"))
HELD = {name: TRUTH[name] for name in ("times_outlier", "memory", "stickiness")}
COURSES = 32


def _covered(model: Velocity, people: int, sets: int) -> dict[str, float]:
    """Share of simulated data sets, ten quarterly visits a person, whose intervals hold the truth; by parameter."""
    hits: list[np.ndarray] = []
    values = TRUTH | SLOW
    for seed in range(sets):
        fit = fit_velocity(draw(people, 10, 10_000 + seed, model), model=model)
        assert fit.status == Status.CONVERGED, (seed, fit.status)
        truth = np.array([values[name] for name in fit.names])
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits.append(((low <= truth) & (truth <= high))[[name not in HELD for name in fit.names]])
    names = [name for name in fit.names if name not in HELD]  # pyright: ignore[reportPossiblyUnbound]
    return dict(zip(names, np.mean(hits, axis=0).tolist(), strict=True))


@pytest.mark.slow
def test_intervals_cover(record_property: Callable[[str, object], None]) -> None:
    sets = 1000 if FULL else 200
    covered = _covered(Velocity(held=HELD, particles=COURSES), 300, sets)
    record_property("coverage", covered)
    assert max(abs(share - 0.95) for share in covered.values()) < proportion_tolerance(0.95, sets), covered


@pytest.mark.slow
def test_intervals_cover_with_a_slow_class(record_property: Callable[[str, object], None]) -> None:
    sets = 1000 if FULL else 100
    covered = _covered(Velocity(held=HELD, particles=COURSES, classes=2), 500, sets)
    record_property("coverage", covered)
    assert max(abs(share - 0.95) for share in covered.values()) < proportion_tolerance(0.95, sets), covered
