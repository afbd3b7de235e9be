"""The velocity model: simulate, fit, recover. 95 % intervals cover 95 % where memories are held, as by default."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from alsight.base.status import Status
from alsight.infer.fit import intervals
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.latent.velocity import Velocity
from montecarlo import proportion_tolerance
from velocity_people import SLOW, TRUTH, draw

FULL = bool(os.environ.get("ALSIGHT_FULL"))
HELD = {name: TRUTH[name] for name in ("times_outlier", "memory", "stickiness")}
APART = {"sd_log_rate": 0.4, "sd_pace": 0.4, "sd_noise": 0.8, "sd_sticky": 0.8}
WRITE = Callable[[str, object], None]
"""pytest's `record_property`: coverages stand in the report that `--junitxml` writes."""


def _check(model: Velocity, people: int, write: WRITE, **changed: float) -> None:
    """Share of simulated data sets, ten quarterly visits a person, whose intervals hold the truth.

    A parameter at an end of its range has no interval, and its fit says so: rare, and left out for that parameter.
    """
    hits, status = [], []
    values = TRUTH | SLOW | changed
    for seed in range(1000 if FULL else 40):
        fit = fit_velocity(draw(people, 10, 10_000 + seed, model, **changed), model=model)
        truth = np.array([values[name] for name in fit.names])
        low, high = intervals(fit.estimates, fit.errors(), [p.scale for p in fit.parameters], 0.95)
        hits.append(np.where(np.isfinite(low), (low <= truth) & (truth <= high), np.nan))
        status.append(int(fit.status))
    names = [parameter.name for parameter in fit.parameters]  # pyright: ignore[reportPossiblyUnbound]
    free = [index for index, name in enumerate(names) if name not in model.held]
    reported = np.isfinite(np.array(hits)[:, free]).sum(axis=0)
    covered = np.nanmean(np.array(hits)[:, free], axis=0)
    shares = {names[index]: float(share) for index, share in zip(free, covered, strict=True)}
    write("coverage", shares)
    assert np.isin(status, (Status.CONVERGED, Status.BOUNDARY)).all()
    assert (np.array(status) == Status.CONVERGED).mean() > 0.95
    room = np.array([proportion_tolerance(0.95, int(count)) for count in reported])
    assert (np.abs(covered - 0.95) < room).all(), shares


@pytest.mark.slow
def test_intervals_cover(record_property: WRITE) -> None:
    _check(Velocity(held=HELD, particles=32), 300, record_property)


@pytest.mark.slow
def test_intervals_cover_with_a_slow_class(record_property: WRITE) -> None:
    """Rates wander little and ratings are quiet, so that classes can be told apart; the slow spread is held."""
    model = Velocity(held=HELD | {"sd_log_rate_slow": SLOW["sd_log_rate_slow"]}, particles=32, classes=2)
    _check(model, 300, record_property, **APART)
