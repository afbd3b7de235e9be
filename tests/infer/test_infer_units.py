"""Offsets and units of numeric columns change nothing of a fit but its units.

A restricted log likelihood holds the size of the design's columns, here as in lme4 and SAS, so that under a scale it is
compared after that is taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from alsight.infer.gaussian.degrees import coefficients, contrasts
from alsight.infer.joint.fit import fit_joint
from alsight.infer.linear import fit_linear
from alsight.infer.marginal import fit_marginal
from alsight.infer.survival.cox import fit_cox
from alsight.models.latent.joint import Joint
from joint_cohorts import cohort, truth

DATA = Path(__file__).parent.parent / "data/mixed"
MOVES = [(240.0, 1.0), (720.0, 1.0), (2e4, 1.0), (0.0, 1e-6), (0.0, 1e6), (2e4, 1e-6), (-2e4, 1e6)]
RULES = ("kenward_roger", "satterthwaite")


def _moved(table: pl.DataFrame, names: tuple[str, ...], offset: float, scale: float) -> pl.DataFrame:
    return table.with_columns((pl.col(name).cast(pl.Float64) + offset) * scale for name in names)


def _trial() -> pl.DataFrame:
    return pl.read_csv(DATA / "time_offset.csv")


def _closed(table: pl.DataFrame, method: str) -> Any:
    return fit_linear(table, "y ~ m * arm + w", subject="id", random="~ m", method=method)  # type: ignore[arg-type]


@pytest.mark.parametrize(("offset", "scale"), MOVES)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_mixed_model_in_other_units(offset: float, scale: float, method: str) -> None:
    before, after = _closed(_trial(), method), _closed(_moved(_trial(), ("m", "w"), offset, scale), method)
    # REML: the columns m, m:arm and w are each so much longer.
    size = 3 * np.log(scale) if method == "reml" else 0.0
    assert float(after.log_likelihood) + size == pytest.approx(float(before.log_likelihood), abs=1e-6)
    at = 6.0
    for rule in RULES:
        difference = contrasts(before, {"slope": np.eye(5)[4], "gap": np.array([0.0, 0, 1, 0, at])}, rule)
        there = contrasts(
            after,
            {"slope": np.eye(5)[4] * scale, "gap": np.array([0.0, 0, 1, 0, (at + offset) * scale])},
            rule,
        )
        for name in ("estimate", "standard_error", "degrees", "p"):
            np.testing.assert_allclose(there[name], difference[name], rtol=1e-6)
    course = before.predict(_trial()), after.predict(_moved(_trial(), ("m", "w"), offset, scale))
    for name in ("mean", "low", "high_seen"):
        np.testing.assert_allclose(course[1][name], course[0][name], rtol=1e-6)


def test_sleep_in_other_days() -> None:
    table = pl.read_csv(DATA / "sleepstudy.csv").with_columns(pl.col("Days") + 720)
    found = coefficients(fit_linear(table, "Reaction ~ Days", subject="Subject", random="~ Days"), "kenward_roger")
    assert found["standard_error"][1] == pytest.approx(1.5457888, rel=1e-6)  # pbkrtest, whatever the offset
    assert found["degrees"][1] == pytest.approx(17.0, rel=1e-6)


@pytest.mark.parametrize(("offset", "scale"), MOVES[2:6])
@pytest.mark.parametrize("structure", ["us", "ar1h", "toep", "sp_exp"])
def test_repeated_measures_in_other_units(offset: float, scale: float, structure: str) -> None:
    table = _trial()
    moved = _moved(table, ("w", "y"), offset, scale)
    coordinates = ("m",) if structure == "sp_exp" else ()
    fits = [
        fit_marginal(one, "y ~ m * arm + w", visit="m", subject="id", structure=structure, coordinates=coordinates)
        for one in (table, moved)
    ]
    free = fits[0].record.values - len(fits[0].columns.fixed)
    size = (free + 1) * np.log(scale)
    assert float(fits[1].log_likelihood) + size == pytest.approx(float(fits[0].log_likelihood), abs=2e-6)
    before, after = (coefficients(fit, "kenward_roger") for fit in fits)
    units = np.array([1.0 if name == "w" else scale for name in fits[0].columns.fixed])
    some = np.arange(len(units)) > 0  # the intercept is elsewhere
    for name, unit in (("estimate", units), ("standard_error", units), ("degrees", 1.0)):
        np.testing.assert_allclose((after[name].to_numpy() / unit)[some], before[name].to_numpy()[some], rtol=1e-6)


def _unequal(table: pl.DataFrame) -> Any:
    return fit_linear(table, "y ~ m", subject="id", random="~ m", noise="~ w")


def _student(table: pl.DataFrame) -> Any:
    return fit_linear(table, "y ~ m + w", subject="id", random="~ m", tail="student", method="ml")


@pytest.mark.parametrize(("offset", "scale"), [(2e4, 1.0), (2e4, 1e6)])
@pytest.mark.parametrize("fitted", [_unequal, _student])
def test_unequal_and_student_noise_in_other_units(
    fitted: Callable[[pl.DataFrame], Any], offset: float, scale: float
) -> None:
    table = _trial()
    before, after = fitted(table).check(), fitted(_moved(table, ("m", "w"), offset, scale)).check()
    assert after["m"] * scale == pytest.approx(before["m"], rel=1e-5)
    place = before.names.index("m")
    assert after.errors()[place] * scale == pytest.approx(before.errors()[place], rel=1e-5)
    assert after["sd_m"] * scale == pytest.approx(before["sd_m"], rel=1e-5)


@pytest.mark.parametrize("association", [("value",), ("value", "slope"), ("shared",)])
def test_a_joint_model_in_other_units(association: tuple[Any, ...]) -> None:
    made, model = cohort(3, 90, truth()), Joint(association=association, baseline="weibull")

    def fitted(visits: pl.DataFrame) -> Any:
        return fit_joint(visits, made.people, "score ~ months", random="~ months", hazard="~ bulbar", model=model)

    before = fitted(made.visits)
    last = before.names[-1]
    for offset, scale in ((0.0, 1e3), (2e4, 1e-4)):
        after = fitted(_moved(made.visits, ("score",), offset, scale))
        assert after.status == before.status
        assert after["months"] / scale == pytest.approx(before["months"], rel=1e-6)
        assert after[last] * scale == pytest.approx(before[last], rel=1e-5, abs=1e-8)
        assert after["sd_months"] / scale == pytest.approx(before["sd_months"], rel=1e-6)
        errors = after.errors()[-1] * scale, before.errors()[-1]
        assert errors[0] == pytest.approx(errors[1], rel=1e-5)


@pytest.mark.parametrize(("offset", "scale"), MOVES[2:])
def test_a_cox_regression_in_other_units(offset: float, scale: float) -> None:
    table = pl.read_csv(DATA.parent / "survival/lung.csv")
    fits = [
        fit_cox(one, "~ age + sex", time="time", event="status", happened=2).check()
        for one in (table, _moved(table, ("age",), offset, scale))
    ]
    assert float(fits[1].log_likelihood) == pytest.approx(float(fits[0].log_likelihood), abs=1e-8)
    assert fits[1]["age"] * scale == pytest.approx(fits[0]["age"], rel=1e-6)
    assert fits[1].errors()[0] * scale == pytest.approx(fits[0].errors()[0], rel=1e-6)
