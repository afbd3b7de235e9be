"""Kaplan-Meier curves, medians and restricted means as R's survival gives them for the lung set.

`values/r_lung_kaplan_meier.json` holds survfit(Surv(time, status) ~ sex, lung) of survival 3.5-3 in R 4.2, with
conf.type "log" (R's default) and, at day 365, "log-log".
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alsight.summary.survival import Limits, SurvivalCurve, kaplan_meier, quantile, restricted_mean, survival_at

HERE = Path(__file__).parent
FITS = json.loads((HERE / "values" / "r_lung_kaplan_meier.json").read_text())
TABLE = FITS["lung_KM_by_sex"]["table"]
AT = FITS["lung_KM_by_sex"]["surv_at"]
LOG_LOG = FITS["lung_KM_loglog_365"]
LUNG = pl.read_csv(HERE.parent / "data" / "survival" / "lung.csv")

LAST_COMMON_DAY = 1022.0
"""R's rmean = "common": the mean is restricted to the longest time of either sex."""


def _lung(sex: str, limits: Limits) -> SurvivalCurve:
    people = LUNG.filter(sex=int(sex[-1]))
    time = people["time"].cast(pl.Float64).to_numpy()
    return kaplan_meier(time, (people["status"] == 2).to_numpy(), limits=limits)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["_row"])
def test_counts_medians_and_restricted_means(row: dict[str, float | str]) -> None:
    curve = _lung(str(row["_row"]), "log")
    assert (curve.people, curve.events.sum()) == (row["records"], row["events"])
    assert quantile(curve) == (row["median"], row["0.95LCL"], row["0.95UCL"])
    got = restricted_mean(curve, LAST_COMMON_DAY)
    np.testing.assert_allclose(got, (row["rmean"], row["se(rmean)"]), rtol=1e-11)


@pytest.mark.parametrize("row", AT, ids=lambda row: f"{row['strata']} day {row['time']}")
def test_survival_at_days_with_log_limits(row: dict[str, float | str]) -> None:
    curve = _lung(str(row["strata"]), "log")
    got = np.concatenate(survival_at(curve, np.array([float(row["time"])])))
    np.testing.assert_allclose(got, [row["surv"], row["lower"], row["upper"]], rtol=1e-11)
    index = np.searchsorted(curve.time, float(row["time"]), side="right") - 1
    assert curve.error[index] == pytest.approx(row["std.err"], rel=1e-11)


@pytest.mark.parametrize("row", LOG_LOG, ids=lambda row: row["strata"])
def test_log_log_limits(row: dict[str, float | str]) -> None:
    got = np.concatenate(survival_at(_lung(str(row["strata"]), "log_log"), np.array([365.0])))
    np.testing.assert_allclose(got, [row["surv"], row["lower"], row["upper"]], rtol=1e-11)
