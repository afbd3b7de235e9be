"""Findings weigh by their sourced shares given the rate, in groups, capped; dossiers hold what is recorded."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alsight.base.errors import SpecError
from alsight.cohort.check import check
from alsight.cohort.example import example_cohort
from alsight.cohort.raw import RawTables
from alsight.detect.review.dossier import EXPOSURE, FINDING, SECOND, TIMELINE, dossiers
from alsight.detect.review.features import AGE, age_weights, finding_weights, observed_findings, weigh
from alsight.detect.review.rated import restoring_days
from alsight.detect.review.review import review
from alsight.detect.review.rows import AGE_CAP, CAP, FINDINGS, SLOW_DISCOUNT, TOTAL_CAP, Finding
from detect.review_people import cohort, line

ROWS = {row.name: row for row in FINDINGS}
FAST, SLOW = np.array([1.0]), np.array([0.2])
KEYS = set(
    re.findall(
        r"^@\w+\{([^,\s]+),", (Path(__file__).parents[2] / "docs" / "references.bib").read_text(), flags=re.MULTILINE
    )
)


def weight(name: str, seen: float, rate: float = 1.0) -> float:
    return float(finding_weights(ROWS[name], np.array([seen]), np.array([rate]))[0])


def test_every_share_has_a_source_or_is_called_assumed() -> None:
    for row in FINDINGS:
        assert 0.0 < row.mimic < 1.0
        assert 0.0 < row.als < 1.0
        assert {row.mimic_source, row.als_source} <= KEYS | {"assumed"}
        assert row.als_source != "assumed"


@pytest.mark.parametrize("name", ROWS)
def test_weight_is_the_log_ratio_of_shares_within_the_cap(name: str) -> None:
    row = ROWS[name]
    assert weight(name, 1.0) == pytest.approx(np.clip(np.log(row.mimic / row.als), -CAP, CAP))
    assert weight(name, 0.0) == pytest.approx(np.clip(np.log((1 - row.mimic) / (1 - row.als)), -CAP, CAP))
    assert weight(name, np.nan) == 0.0


def test_published_numbers() -> None:
    """Likelihood ratio of 7.6 for CSF pNfH at or above its cut-off, as printed; 84 against 43 % uncertain."""
    assert np.exp(-weight("low_csf_pnfh", 0.0)) == pytest.approx(7.6, abs=0.1)
    assert np.exp(weight("low_certainty", 1.0)) == pytest.approx(0.84375 / 0.4308, rel=1e-3)


def test_neurofilament_weighs_given_the_rate() -> None:
    fast, slow = weight("low_serum_nfl", 1.0), weight("low_serum_nfl", 1.0, 0.2)
    assert fast == pytest.approx(np.log(0.818 / 0.169))
    assert slow == pytest.approx(np.log(0.818 / 0.714))
    assert weight("low_serum_nfl", 1.0, np.nan) == slow
    assert weight("low_csf_pnfh", 1.0, 0.2) == pytest.approx(SLOW_DISCOUNT * weight("low_csf_pnfh", 1.0))
    assert weight("bulbar_onset", 1.0, 0.2) == weight("bulbar_onset", 1.0)


def test_serum_shares_come_from_the_printed_quartiles() -> None:
    for (low, middle, high), share in (((71.1, 96.4, 132.4), 0.169), ((28.3, 45.8, 58.3), 0.714)):
        spread = np.log(high / low) / (2 * norm.ppf(0.75))
        assert norm.cdf(np.log(62 / middle) / spread) == pytest.approx(share, abs=0.002)


@given(
    st.lists(st.sampled_from([0.0, 1.0, float("nan")]), min_size=len(FINDINGS), max_size=len(FINDINGS)),
    st.one_of(st.just(float("nan")), st.floats(0, 4)),
    st.one_of(st.just(float("nan")), st.floats(15, 95)),
)
@settings(deadline=None, max_examples=120)
def test_groups_and_caps(values: list[float], rate: float, age: float) -> None:
    observed = pl.DataFrame({**{row.name: [value] for row, value in zip(FINDINGS, values, strict=True)}, AGE: [age]})
    got = weigh(observed, np.array([rate]))
    assert abs(got.total[0]) <= TOTAL_CAP + 1e-12
    assert got.total[0] == pytest.approx(got.weights[0].sum(), abs=1e-12)
    assert (got.weights[0][np.isnan(got.observed[0])] == 0).all()
    groups = [row.group for row in FINDINGS]
    for group in set(groups):
        assert sum(weight != 0 for weight, own in zip(got.weights[0], groups, strict=False) if own == group) <= 1


def test_onset_age() -> None:
    ages = np.array([20.0, 45.0, 65.0, 95.0, np.nan])
    got = age_weights(ages)
    assert got[0] == AGE_CAP
    assert got[1] > 0 > got[2]
    assert got[-1] == 0.0
    assert (np.abs(got) <= AGE_CAP).all()


def test_what_is_read_from_a_cohort() -> None:
    people = {
        "A": {"el_escorial": "possible", "onset_site": "limb", "genotype": "c9orf72", "frontotemporal_dementia": True},
        "B": {"el_escorial": "probable_laboratory_supported", "genotype": "other", "phenotype": "lmn_predominant"},
        "C": {"el_escorial": "definite", "onset_site": "bulbar", "genotype": "none_found", "phenotype": "classic"},
    }
    measures = [
        {"subject": "A", "day": 0, "measure": "nfl_pg_ml", "value": 30.0, "method": "serum Simoa"},
        {"subject": "A", "day": 90, "measure": "nfl_pg_ml", "value": 50.0, "method": "Serum"},
        {"subject": "B", "day": 0, "measure": "nfl_pg_ml", "value": 30.0, "method": "plasma"},
        {"subject": "B", "day": 0, "measure": "pnfh_pg_ml", "value": 500.0, "method": "CSF"},
        {"subject": "B", "day": 0, "measure": "umn_regions", "value": 0.0},
        {"subject": "C", "day": 0, "measure": "umn_regions", "value": 0.0},
        {"subject": "C", "day": 90, "measure": "umn_regions", "value": 2.0},
        {"subject": "C", "day": 90, "measure": "conduction_block", "value": 0.0},
        {"subject": "C", "day": 0, "measure": "ck_u_l", "value": 1200.0},
    ]
    known = cohort({name: line(40, -0.5) for name in "ABC"}, people=people, measures=measures)
    got = observed_findings(known, restoring_days(known)).fill_nan(None).to_dict(as_series=False)
    assert got["low_certainty"] == [1, None, 0]
    assert got["no_upper_signs"] == [None, 1, 0]
    assert got["bulbar_onset"] == [0, None, 1]
    assert got["gene_found"] == [1, None, 0]
    assert got["frontotemporal_dementia"] == [1, None, None]
    assert got["low_serum_nfl"] == [1, None, None]
    assert got["low_csf_pnfh"] == [None, 1, None]
    assert got["conduction_block"] == [None, None, 0]
    assert got["high_creatine_kinase"] == [None, None, 1]
    assert got["sensory_signs"] == [None, None, None]


def test_new_measures_pass_the_check() -> None:
    measures = [
        {"subject": "A", "day": 0, "measure": "conduction_block", "value": 1.0},
        {"subject": "A", "day": 0, "measure": "umn_regions", "value": 9.0},
    ]
    known = cohort({"A": line(40, -0.5)}, measures=measures)
    checked = check(RawTables(frames=known.frames()))
    assert checked.measures["measure"].to_list() == ["conduction_block"]
    assert "umn_regions" in " ".join(checked.rejected["message"].to_list() + checked.rejected["value"].to_list()) or (
        checked.rejected.height == 1
    )


def test_a_finding_moves_the_posterior_by_its_weight() -> None:
    rated = {"A": line(40, -0.8)}
    plain = review(cohort(rated)).to_dicts()[0]
    found = review(cohort(rated, people={"A": {"genotype": "sod1"}})).to_dicts()[0]
    assert found["log_lr_features"] == pytest.approx(-CAP)
    assert found["posterior"] < plain["posterior"]
    assert found["log_lr_course"] == plain["log_lr_course"]


def test_a_row_of_impossible_shares_would_show() -> None:
    odd = replace(ROWS["bulbar_onset"], mimic=0.5, als=0.5)
    assert isinstance(odd, Finding)
    assert finding_weights(odd, np.array([1.0, 0.0]), np.array([1.0, 1.0])).tolist() == [0.0, 0.0]


def test_dossier_of_one_person() -> None:
    known = cohort(
        {"A": line(40, -0.5), "B": line(40, -0.5)},
        people={"A": {"genotype": "sod1", "age_at_onset_years": 44.4}},
        measures=[
            {"subject": "A", "day": day, "measure": "svc_pct", "value": value}
            for day, value in ((0, 80.0), (100, 70.0), (200, 90.0), (300, 88.0))
        ]
        + [
            {"subject": "A", "day": 0, "measure": "nfl_pg_ml", "value": 60.0, "method": "serum"},
            {"subject": "A", "day": 250, "measure": "nfl_pg_ml", "value": 30.0, "method": "serum"},
            {"subject": "A", "day": 250, "measure": "weight_kg", "value": 70.0},
        ],
        events=[{"subject": "A", "day": 120, "event": "infection", "end_day": 140}],
        doses=[{"subject": "A", "day": 60, "treatment": "riluzole", "kind": "disease_modifying"}],
    )
    got = dossiers(known, {"A": 182})
    assert dict(got.timeline.schema) == TIMELINE
    assert dict(got.second.schema) == SECOND
    assert dict(got.exposures.schema) == EXPOSURE
    assert dict(got.findings.schema) == FINDING
    assert set(got.timeline["subject"]) == {"A"}
    assert got.timeline["day"].is_sorted()
    assert set(got.timeline["kind"]) == {"rating", "event", "treatment"}
    second = {row["measure"]: row for row in got.second.to_dicts()}
    assert second["svc_pct"]["before"] == 75.0
    assert second["svc_pct"]["after"] == 89.0
    assert second["svc_pct"]["direction"] == "better"
    assert second["nfl_pg_ml"]["direction"] == "better"
    assert second["weight_kg"]["direction"] == "not comparable"
    exposure = got.exposures.to_dicts()[0]
    assert exposure["ongoing"]
    assert exposure["months_before"] == pytest.approx(122 / 30.4375)
    assert got.domains.height == 9
    assert set(got.findings["finding"]) == {"gene_found", "onset_age", "low_serum_nfl"}


def test_dossiers_of_the_example_and_of_nobody() -> None:
    example = example_cohort()
    turns = dict.fromkeys(example.subjects["subject"].head(5), 180)
    got = dossiers(example, turns)
    assert set(got.timeline["subject"]) <= set(turns)
    empty = dossiers(example, {})
    assert empty.timeline.is_empty()
    assert dict(empty.second.schema) == SECOND


def test_unknown_people_are_all_named() -> None:
    with pytest.raises(SpecError, match=r"subjects\.X(.|\n)*subjects\.Y"):
        dossiers(cohort({"A": line(40, -0.5)}), {"X": 1, "A": 2, "Y": 3})
