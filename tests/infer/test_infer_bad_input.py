"""Data that no fit can be made of end in a status or an error that names the column or the subject, never in nan."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError, NotConverged
from alsight.base.status import Status
from alsight.infer.fit import Fit
from alsight.infer.items.fit import fit_items
from alsight.infer.mixture.fit import fit_mixture
from alsight.infer.sigmoid import fit_sigmoid
from alsight.infer.velocity.fit import fit_velocity
from infer.item_people import SMALL, item_people
from infer.mixture_people import mixture_people
from infer.sigmoid_people import sigmoid_people
from velocity_people import draw

TABLES = {
    "velocity": (draw(60, 5, 21).drop("truth").with_columns(bulbar=pl.col("subject") % 2), "months", "score"),
    "items": (item_people(3, 60, SMALL), "months", "a1"),
    "mixture": (mixture_people(1, 60), "months", "score"),
    "sigmoid": (sigmoid_people(2, 60), "months_since_onset", "alsfrs_r_total"),
}
FITS: dict[str, Callable[[pl.DataFrame, str], Fit]] = {
    "velocity": lambda table, formula: fit_velocity(table, rate=formula),
    "items": lambda table, formula: fit_items(table, rate=formula, model=SMALL),
    "mixture": lambda table, formula: fit_mixture(table, "score ~ months", member=formula),
    "sigmoid": lambda table, formula: fit_sigmoid(table, d50=formula),
}
MODELS = pytest.mark.parametrize("name", list(TABLES))


def _ends(name: str, table: pl.DataFrame, formula: str, status: set[Status], named: str) -> None:
    found = FITS[name](table, formula)
    assert Status(int(found.status)) in status
    assert np.isnan(found.estimates).all()
    with pytest.raises(NotConverged, match=named):
        found.check()


@MODELS
def test_useless_covariates_are_named(name: str) -> None:
    table, _, _ = TABLES[name]
    _ends(name, table.with_columns(same=pl.lit(2.0)), "~ same", {Status.CONSTANT}, "same has the same value")
    twice = table.with_columns(twice=2.0 * pl.col("bulbar"))
    _ends(name, twice, "~ bulbar + twice", {Status.COLLINEAR}, "twice is determined by bulbar")


@MODELS
def test_times_that_never_change_are_named(name: str) -> None:
    table, time, _ = TABLES[name]
    still = table.with_columns(pl.lit(5.0).alias(time))
    _ends(name, still, "~ 1", {Status.SINGULAR, Status.CONSTANT}, f"{time} never changes within a subject")


@MODELS
def test_too_little_is_told(name: str) -> None:
    table, _, _ = TABLES[name]
    _ends(name, table.head(0), "~ 1", {Status.TOO_FEW_DATA}, "cannot determine|never scored")
    _ends(name, table.filter(pl.col("subject") < 3), "~ bulbar", {Status.TOO_FEW_DATA}, "3 subjects")


@MODELS
def test_people_without_any_value_are_named(name: str) -> None:
    table, _, outcome = TABLES[name]
    outcomes = SMALL.items if name == "items" else (outcome,)
    none = table.with_columns(pl.lit(None, dtype=pl.Float64).alias(column) for column in outcomes)
    _ends(name, none, "~ 1", {Status.TOO_FEW_DATA}, "60 subjects have no complete row .* excluded: 0, 1, 2, 3, 4")


@MODELS
def test_text_and_missing_columns_are_refused(name: str) -> None:
    table, time, outcome = TABLES[name]
    for column, wrong in ((time, pl.lit("a")), (outcome, pl.lit("a"))):
        with pytest.raises(DataError, match=f"{column} is no number"):
            FITS[name](table.with_columns(wrong.alias(column)), "~ 1")
    for column in ("subject", time, outcome):
        with pytest.raises(DataError, match=f"no column {column}"):
            FITS[name](table.drop(column), "~ 1")
    with pytest.raises(DataError, match="elsewhere"):
        FITS[name](table, "~ elsewhere")


@MODELS
@pytest.mark.parametrize("what", ["time", "outcome", "covariate"])
def test_infinite_values_are_named(name: str, what: str) -> None:
    table, time, outcome = TABLES[name]
    column = {"time": time, "outcome": outcome, "covariate": "bulbar"}[what]
    wrong = pl.when(pl.col("subject") == 3).then(float("inf")).otherwise(pl.col(column)).alias(column)
    table = table.with_columns(wrong)
    if name == "velocity" or (name == "items" and what == "outcome"):
        with pytest.raises(DataError, match=f"{column}.* (outside|infinite for subject 3)"):
            FITS[name](table, "~ bulbar")
        return
    _ends(name, table, "~ bulbar", {Status.NOT_FINITE}, f"{column} holds a value that is infinite")
