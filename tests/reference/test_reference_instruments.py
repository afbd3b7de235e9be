"""Instruments against values made elsewhere; `values/SOURCE-instruments.md` says how each file was made."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alsight.instruments import alsfrs_r, encals, kings, mitos
from alsight.instruments.lung import LungFunction, lung_function

VALUES = Path(__file__).parent / "values"


def rows(name: str) -> list[dict[str, str]]:
    with (VALUES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def column(table: list[dict[str, str]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in table])


STAGING = rows("staging_truth_table.csv")
STAGED_ITEMS = np.stack(
    [column(STAGING, name) for name in ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8", "Q9", "R1", "R2", "R3")],
    axis=-1,
)
TUBE = column(STAGING, "gastrostomy") == 1


def test_truth_table_is_whole() -> None:
    assert len(STAGING) == 64


def test_kings_truth_table() -> None:
    found = kings.kings(STAGED_ITEMS, TUBE)
    np.testing.assert_array_equal(found.stage, column(STAGING, "kings_stage"))
    for region in ("bulbar", "upper", "lower"):
        np.testing.assert_array_equal(getattr(found, region), column(STAGING, f"kings_{region}"))
    labels = [row["kings_label"].removesuffix("(nutr)").removesuffix("(resp)") for row in STAGING]
    assert kings.kings_label(found).tolist() == labels


def test_mitos_truth_table() -> None:
    found = mitos.mitos(STAGED_ITEMS)
    np.testing.assert_array_equal(found.stage, column(STAGING, "mitos_stage"))
    for domain in ("movement", "swallowing", "communicating", "breathing"):
        np.testing.assert_array_equal(getattr(found, domain), column(STAGING, f"mitos_{domain}"))


def test_totals_of_the_truth_table() -> None:
    np.testing.assert_array_equal(alsfrs_r.total(STAGED_ITEMS), column(STAGING, "total"))


PROGNOSES = json.loads((VALUES / "encals_tricals_reference.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", PROGNOSES["cases"], ids=[str(case["inputs"]) for case in PROGNOSES["cases"]])
def test_encals_and_tricals(case: dict[str, Any]) -> None:
    names = ("slope", "dx", "age", "fvc", "bulbar", "ee", "ftd", "c9")
    predictors = encals.Predictors(*(np.float64(case["inputs"].get(name, 0)) for name in names))
    score = encals.linear_predictor(predictors)
    np.testing.assert_allclose(score, case["LP_lancet"], rtol=1e-9)
    np.testing.assert_allclose(encals.tricals_risk_profile(predictors), case["LP_tricals"], rtol=1e-9)
    np.testing.assert_allclose(encals.survival_quantile(score), case["median_months_from_onset"], rtol=1e-9)
    for months, name in ((12, "S12"), (24, "S24"), (60, "S60"), (400, "S400_cubed")):
        np.testing.assert_allclose(encals.survival(np.float64(months), score), case[name], rtol=1e-9)
    assert abs(encals.survival(np.float64(400.0), score) / case["S400_uncubed_as_coded"] - 1) > 1e-3


def test_encals_constants_are_those_of_the_reference() -> None:
    spline = PROGNOSES["spline"]
    assert list(encals.GAMMA) == spline["gamma"]
    assert list(encals.KNOTS) == [spline[name] for name in ("kmin", "k1", "k2", "kmax")]


# Score, median, survival at 12, 24, 36 and 60 months: worked out from the same constants, printed to these digits.
SURVIVAL_BY_SCORE = [
    (-8, 114.3, 0.999, 0.993, 0.971, 0.862),
    (-7, 79.5, 0.998, 0.982, 0.926, 0.697),
    (-6, 56.9, 0.995, 0.952, 0.821, 0.459),
    (-5, 41.8, 0.987, 0.880, 0.627, 0.238),
    (-4, 31.5, 0.967, 0.729, 0.382, 0.103),
    (-3, 23.9, 0.914, 0.497, 0.185, 0.041),
    (-2, 18.0, 0.796, 0.267, 0.077, 0.015),
    (-1, 13.4, 0.590, 0.118, 0.030, 0.006),
]


@pytest.mark.parametrize("row", SURVIVAL_BY_SCORE)
def test_survival_by_score(row: tuple[float, ...]) -> None:
    score, median, *chances = row
    np.testing.assert_allclose(encals.survival_quantile(np.float64(score)), median, atol=0.051)
    found = encals.survival(np.array([12.0, 24.0, 36.0, 60.0]), np.float64(score))
    np.testing.assert_allclose(found, chances, atol=0.00051)


GROUPS = {1: "caucasian", 2: "african_american", 3: "northeast_asian", 4: "southeast_asian", 5: "other"}


def compare(table: list[dict[str, str]], **asked: Any) -> LungFunction:
    people = {"male": (column(table, "gender") == 1).astype(float), "age_years": column(table, "age")}
    people["height_cm"] = column(table, "height") * 100
    return lung_function(np.full(len(table), 3.0), **{**people, **asked})


def groups(table: list[dict[str, str]], third: str = "northeast_asian") -> np.ndarray:
    return np.array([{**GROUPS, 3: third}[int(row["ethnicity"])] for row in table])


def test_gli_2012() -> None:
    table = rows("gli2012_fvc_rspiro.csv")
    found = compare(table, equation="gli_2012", group=groups(table))
    np.testing.assert_allclose(found.z, column(table, "FVC_z_for_3.00L"), atol=1e-3)
    np.testing.assert_allclose(found.pct, column(table, "FVC_pctpred_for_3.00L"), atol=0.02)
    np.testing.assert_allclose(found.predicted_l, column(table, "FVC_pred_GLI2012"), atol=1e-3)
    # rspiro takes the limit at -1.644854 or -1.645 standard deviations alike to this many digits.
    np.testing.assert_allclose(found.lower_limit_l, column(table, "FVC_LLN_GLI2012"), atol=1e-3)


def test_gli_global_2022() -> None:
    table = rows("gli2022_global_fvc_rspiro.csv")
    age = column(table, "age")
    tabled = age * 4 == np.round(age * 4)
    found = compare(table)
    np.testing.assert_allclose(found.z[tabled], column(table, "z_3L")[tabled], atol=1e-9)
    np.testing.assert_allclose(found.pct[tabled], column(table, "pctpred_3L")[tabled], atol=1e-6)
    # Between rows of the published table rspiro takes the nearest row; so does this, and z agrees to 1e-3.
    at_row = compare(table, age_years=np.round(age * 4) / 4)
    np.testing.assert_allclose(at_row.z, column(table, "z_3L"), atol=1e-3)
    np.testing.assert_allclose(found.z, column(table, "z_3L"), atol=2.5e-3)


def test_nhanes_3() -> None:
    table = rows("nhanes3_fvc_rspiro.csv")
    predicted, limit = column(table, "FVC_pred_NHANES3"), column(table, "FVC_LLN")
    asked = {"equation": "nhanes_3", "group": groups(table, third="mexican_american")}
    within, beyond = compare(table, **asked), compare(table, **asked, extrapolate=True)
    covered = ~np.isnan(within.predicted_l)
    assert covered.sum() == 84
    np.testing.assert_allclose(within.predicted_l[covered], predicted[covered], atol=1e-7)
    np.testing.assert_allclose(beyond.predicted_l, predicted, atol=1e-7)
    np.testing.assert_allclose(beyond.lower_limit_l, limit, atol=1e-7)
    np.testing.assert_allclose(beyond.z, 1.645 * (3.0 - predicted) / (predicted - limit), atol=1e-3)
    np.testing.assert_allclose(beyond.z[covered], within.z[covered], atol=1e-9)
