"""Re-evaluation: weights add up, the unrecorded weighs nothing, and bad input never gives a confident answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from alsight.base.errors import SpecError
from alsight.cohort.cohort import Cohort, select
from alsight.cohort.example import example_cohort
from alsight.cohort.tables import TABLES
from alsight.detect.review.courses import COURSE_CAP
from alsight.detect.review.mimics import MIMICS, shares
from alsight.detect.review.prior import NEVER, SETTINGS, prior_log_odds, setting_row, unrecognized
from alsight.detect.review.review import SCHEMA, review
from alsight.detect.review.rows import FINDINGS, TOTAL_CAP
from alsight.report.sentences.review import with_review_words
from detect.review_people import cohort, line


@pytest.fixture(scope="module")
def example() -> Cohort:
    return example_cohort()


@pytest.fixture(scope="module")
def found(example: Cohort) -> pl.DataFrame:
    return review(example)


def row(frame: pl.DataFrame, name: str) -> dict:
    return frame.filter(pl.col("subject") == name).to_dicts()[0]


def test_shape(example: Cohort, found: pl.DataFrame) -> None:
    assert dict(found.schema) == SCHEMA
    assert found["subject"].to_list() == example.subjects["subject"].to_list()
    assert found["posterior"].is_between(0, 1, closed="none").all()


def test_weights_add_up_to_the_posterior(found: pl.DataFrame) -> None:
    summed = found.select(pl.col("reasons").list.eval(pl.element().struct.field("weight")).list.sum()).to_series()
    assert np.allclose(summed, logit(found["posterior"].to_numpy()), rtol=0, atol=1e-9)
    parts = logit(found["prior"].to_numpy()) + found["log_lr_course"] + found["log_lr_features"]
    assert np.allclose(parts, logit(found["posterior"].to_numpy()), rtol=0, atol=1e-9)


def test_reasons_come_in_order_of_weight(found: pl.DataFrame) -> None:
    for reasons in found["reasons"].head(200).to_list():
        sizes = [abs(reason["weight"]) for reason in reasons]
        assert sizes == sorted(sizes, reverse=True)
        assert all(reason["source"] for reason in reasons)


def test_caps_hold(found: pl.DataFrame) -> None:
    assert found["log_lr_course"].abs().max() <= COURSE_CAP
    assert found["log_lr_features"].abs().max() <= TOTAL_CAP + 1e-12


def test_a_null_column_that_is_dropped_changes_no_bit(example: Cohort, found: pl.DataFrame) -> None:
    needed = {"subject", "entry", "day", "scale", "event", "treatment", "measure", "value"}
    empty = {
        name: [
            column for column in frame.columns if column not in needed and frame[column].null_count() == frame.height
        ]
        for name, frame in example.frames().items()
    }
    assert any(empty.values())
    bare = replace(example, **{name: frame.drop(empty[name]) for name, frame in example.frames().items()})
    assert review(bare).equals(found)


@pytest.mark.parametrize(
    "name", ["el_escorial", "genotype", "onset_site", "age_at_onset_years", "frontotemporal_dementia"]
)
def test_what_is_not_recorded_has_no_row_and_no_weight(example: Cohort, name: str) -> None:
    some = select(example, example.subjects["subject"].head(50))
    without = replace(
        some, subjects=some.subjects.with_columns(pl.lit(None, TABLES["subjects"].schema[name]).alias(name))
    )
    gone = {
        "el_escorial": "low_certainty",
        "genotype": "gene_found",
        "onset_site": "bulbar_onset",
        "age_at_onset_years": "onset_age",
        "frontotemporal_dementia": "frontotemporal_dementia",
    }[name]
    reported = (
        review(without).select(pl.col("reasons").list.eval(pl.element().struct.field("feature"))).explode("reasons")
    )
    assert gone not in reported["reasons"].to_list()


def test_only_totals_weigh_course_and_prior_only() -> None:
    found = row(review(cohort({"A": line(40, -0.5)})), "A")
    assert {reason["feature"] for reason in found["reasons"]} == {"prior", "course", "survival"}
    assert found["log_lr_features"] == 0.0


def test_names_and_their_order_say_nothing(example: Cohort) -> None:
    some = select(example, example.subjects["subject"].head(80))
    names = some.subjects["subject"].to_list()
    new = dict(zip(names, [f"Z{index:03}" for index in range(len(names), 0, -1)], strict=True))
    turned = replace(
        some,
        **{
            name: frame.with_columns(pl.col("subject").replace_strict(new)).sort("subject", maintain_order=True)
            for name, frame in some.frames().items()
        },
    )
    before = review(some).with_columns(pl.col("subject").replace_strict(new)).sort("subject")
    after = review(turned)
    assert before.drop("posterior", "log_lr_course").equals(after.drop("posterior", "log_lr_course"))
    assert np.allclose(before["posterior"], after["posterior"], rtol=1e-12, atol=0)


def test_people_do_not_influence_each_other(example: Cohort, found: pl.DataFrame) -> None:
    names = example.subjects["subject"].gather_every(37)
    assert review(select(example, names)).equals(found.filter(pl.col("subject").is_in(names.implode())))


def test_blocks_of_people_are_put_together(
    example: Cohort, found: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alsight.detect.review.review.BLOCK", 70)
    assert review(example).equals(found)


def test_ordinary_fast_als_falls_below_the_prior() -> None:
    got = row(review(cohort({"fast": line(38, -1.2), "ordinary": line(40, -0.8)})), "fast")
    assert got["posterior"] < 0.1 * got["prior"]
    assert got["closest"].startswith("als_")


def test_a_long_stable_course_rises_above_the_prior() -> None:
    got = review(cohort({"stable": line(36, 0.0, visits=13), "rising": line(30, 0.35, visits=13)}))
    assert (got["posterior"] > got["prior"]).all()
    assert row(got, "rising")["closest"] == "improving"


def test_death_speaks_against_a_mimic() -> None:
    rated = {"A": line(40, -0.3, visits=5)}
    alive = row(review(cohort(rated)), "A")
    dead = row(review(cohort(rated, events=[{"subject": "A", "day": 400, "event": "death"}])), "A")
    assert dead["log_lr_course"] < alive["log_lr_course"]


BAD = {
    "none": [],
    "one": [(0, 40.0)],
    "two": [(0, 40.0), (400, 41.0)],
    "slip": [(0, 4.0), (90, 44.0)],
    "equal": [(0, 40.0), (90, 40.0), (180, 40.0), (270, 40.0)],
    "ceiling": [(90 * index, 48.0) for index in range(12)],
    "floor": [(90 * index, 2.0) for index in range(12)],
    "short": [(10 * index, 40.0 + index % 2) for index in range(6)],
}


@pytest.mark.parametrize("name", BAD)
def test_too_little_never_speaks_for_a_mimic(name: str) -> None:
    got = row(review(cohort({"A": BAD[name]})), "A")
    assert got["course"] != "assessed"
    assert got["closest"] is None
    assert got["log_lr_course"] <= 0.0
    assert got["posterior"] <= got["prior"]


def test_a_slip_among_many_visits_is_left_out() -> None:
    clean = line(40, -0.5, visits=9)
    slipped = [*clean[:4], (clean[4][0], 4.0), *clean[5:]]
    last = [*clean, (clean[-1][0] + 91, 47.0)]
    got = review(cohort({"clean": clean, "last": last, "slipped": slipped}))
    assert got["excluded_visits"].to_list() == [0, 1, 1]
    assert abs(row(got, "clean")["log_lr_course"] - row(got, "slipped")["log_lr_course"]) < 0.5


def test_seen_after_death_says_nothing() -> None:
    got = row(review(cohort({"A": line(36, 0.0, 13)}, events=[{"subject": "A", "day": 100, "event": "death"}])), "A")
    assert got["course"] == "rated_after_death"
    assert got["log_lr_course"] == 0.0


def test_an_onset_after_the_first_visit_is_no_onset() -> None:
    rated = {"A": line(36, 0.0, 13)}
    late, none = (row(review(cohort(rated, people={"A": {"onset_day": day}})), "A") for day in (30, None))
    assert late["log_lr_course"] == none["log_lr_course"]
    assert late["rate_per_month"] is None


def test_a_gain_on_tofersen_in_a_carrier_is_not_weighed() -> None:
    rated = {"A": [*line(40, -1.0, visits=4), *[(365 + 91 * index, 36.0) for index in range(10)]]}
    dose = [{"subject": "A", "day": 300, "treatment": "tofersen"}]
    carrier = {"A": {"genotype": "sod1"}}
    got = {
        key: row(review(cohort(rated, people=people, doses=doses)), "A")
        for key, people, doses in (("on", carrier, dose), ("off", carrier, []), ("other", None, dose))
    }
    assert got["on"]["excluded_visits"] == 10
    assert got["off"]["excluded_visits"] == got["other"]["excluded_visits"] == 0
    assert got["on"]["log_lr_course"] < got["off"]["log_lr_course"]


def test_the_original_scale_is_stretched() -> None:
    twelve = row(review(cohort({"A": [(91 * index, 36.0 - 0.6 * index) for index in range(9)]})), "A")
    ten = row(review(cohort({"A": [(91 * index, 30.0 - 0.5 * index) for index in range(9)]}, scale="alsfrs")), "A")
    assert ten["log_lr_course"] == pytest.approx(twelve["log_lr_course"], abs=1e-4)


def test_a_later_diagnosis_is_shown_and_not_weighed() -> None:
    rated = {"A": line(40, -0.5)}
    known = row(review(cohort(rated, people={"A": {"revised_diagnosis": "kennedy_disease"}})), "A")
    plain = row(review(cohort(rated)), "A")
    assert known["revised_diagnosis"] == "kennedy_disease"
    assert known["posterior"] == plain["posterior"]


def test_nobody_is_an_empty_table() -> None:
    got = review(cohort({}))
    assert got.height == 0
    assert dict(got.schema) == SCHEMA


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SpecError, match="register, referral, clinic, trial"):
        review(cohort({"A": line(40, -0.5)}), "hospital")  # type: ignore[arg-type]


def test_prior_falls_with_follow_up_where_it_should() -> None:
    months = np.array([0.0, 6.0, 12.0, 36.0, 120.0])
    for setting in SETTINGS:
        odds = prior_log_odds(setting, months)
        assert expit(odds[0]) == pytest.approx(setting.share)
        assert (np.diff(odds) < 0).all() == setting.elapses
    assert unrecognized(np.array([1e9]))[0] == pytest.approx(NEVER)


def test_a_trial_does_not_weigh_certainty_twice() -> None:
    rated, people = {"A": line(40, -0.5)}, {"A": {"el_escorial": "definite"}}
    reported = {
        setting: {reason["feature"] for reason in row(review(cohort(rated, people=people), setting), "A")["reasons"]}
        for setting in ("register", "trial")
    }
    assert "low_certainty" in reported["register"]
    assert "low_certainty" not in reported["trial"]
    assert setting_row("trial").definite


def test_mimics_told_are_shares_of_one_whole(found: pl.DataFrame) -> None:
    reported = found.select(pl.col("mimics").list.eval(pl.element().struct.field("share")))["mimics"]
    assert reported.list.len().is_between(1, 3).all()
    assert (reported.list.sum() <= 1 + 1e-12).all()
    assert with_review_words(found)["examination"].str.len_chars().min() > 10
    assert shares().sum() == pytest.approx(1.0)
    for mimic in MIMICS:
        assert sum(mimic.courses.values()) == pytest.approx(1.0)
        assert set(mimic.findings) <= {row.name for row in FINDINGS} | {"female", "immunotherapy_response"}


def test_findings_rank_the_mimics() -> None:
    rated = {"A": line(36, -0.05, 9)}

    def first(people: dict, measures: list) -> str:
        return row(review(cohort(rated, people={"A": people}, measures=measures)), "A")["mimics"][0]["mimic"]

    block = [{"subject": "A", "day": 5, "measure": "conduction_block", "value": 1.0}]
    assert first({"age_at_onset_years": 44.0}, block) == "multifocal_motor_neuropathy"
    woman = row(review(cohort(rated, people={"A": {"sex": "female"}})), "A")["mimics"]
    assert "kennedy_disease" not in {mimic["mimic"] for mimic in woman}
