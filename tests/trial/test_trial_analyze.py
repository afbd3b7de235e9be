"""Analyses of one trial: read as planned, right where the answer is known, and never nan or a traceback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

import alsight
from alsight.base.errors import SpecError
from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.cohort import Cohort, select
from alsight.trial.analyze.catalogue import ANALYSES, analyze_trial
from alsight.trial.analyze.people import trial_people
from alsight.trial.analyze.plan import AnalysisPlan
from alsight.verbs.simulate import cohort_of_answer
from house.house import ROOT

QUICK = ("slope", "ancova", "cafs", "log_rank", "cox", "rmst", "kaplan_meier", "responder")
PLAN = AnalysisPlan(control="placebo", visits_months=(3, 6, 9, 12), analyses=QUICK)


def _plan(**fields: object) -> AnalysisPlan:
    """The plan with other fields."""
    return msgspec.structs.replace(PLAN, **fields)


@pytest.fixture(scope="module")
def trial() -> Cohort:
    """A small simulated trial of a drug that halves the hazard of neurons."""
    return cohort_of_answer(alsight.simulate(ROOT / "examples" / "trial.toml", size=60, seed=5))


def _arm(trial: Cohort, arm: str, count: int) -> list[str]:
    return trial.subjects.filter(pl.col("arm") == arm)["subject"].head(count).to_list()


def _checked(estimates: pl.DataFrame) -> pl.DataFrame:
    """The estimates; none may be nan, and what is not estimated has its reason."""
    numbers = estimates.select(pl.col(pl.Float64))
    assert not any(column.is_nan().any() for column in numbers)
    lacking = estimates.filter(pl.col("estimate").is_null())
    assert set(lacking["status"]) <= {"not estimable"}
    assert (lacking["reason"] != "").all()
    return estimates


def test_every_analysis_answers_with_who_counted(trial: Cohort) -> None:
    plan = _plan(visits_months=(4, 8, 12), analyses=tuple(ANALYSES))
    estimates, read = analyze_trial(trial, plan)
    assert set(_checked(estimates)["analysis"]) == set(ANALYSES)
    assert read.control == "placebo"
    assert read.visits == (4, 8, 12)
    sizes = dict(trial.subjects["arm"].value_counts().rows())
    late = trial.visits["day"].max()
    assert isinstance(late, int)
    assert late > 12 * DAYS_PER_MONTH
    assert set(estimates.filter(pl.col("analysis") == "joint")["status"]) <= {"estimated", "approximate"}
    row = estimates.filter(pl.col("analysis") == "cafs").row(0, named=True)
    assert (row["people_therapy"], row["people_control"]) == (sizes["active"], sizes["placebo"])


def test_a_difference_that_is_put_in_comes_out(trial: Cohort) -> None:
    """Ratings on lines one point a month apart, with little noise: slopes and the last visit give it back."""
    people = trial.subjects.select("subject", "arm").with_row_index("row")
    months = pl.DataFrame({"month": np.arange(0, 13, 3)})
    rows = people.join(months, how="cross").with_columns(
        day=(pl.col("month") * 30.4375).round().cast(pl.Int32),
        rate=pl.when(pl.col("arm") == "placebo").then(1.5).otherwise(0.5) + (pl.col("row") % 5) * 0.1,
    )
    noise = pl.Series(np.random.default_rng(1).normal(0, 0.1, rows.height))
    exact = 44 - pl.col("rate") * pl.col("day") / 30.4375
    rows = rows.with_columns(alsfrs_r_total=(exact + noise).cast(pl.Float32))
    visits = rows.select("subject", "day", "alsfrs_r_total", scale=pl.lit("alsfrs_r"))
    blank = [
        pl.lit(None, dtype).alias(name) for name, dtype in trial.visits.schema.items() if name not in visits.columns
    ]
    made = replace(trial, visits=visits.with_columns(blank).select(trial.visits.columns), events=trial.events.clear())
    estimates, _ = analyze_trial(made, PLAN)
    first = {row["analysis"]: row for row in _checked(estimates).iter_rows(named=True)}
    arms = rows.unique("subject").group_by("arm").agg(pl.col("rate").mean())
    rate = dict(arms.rows())
    expected = rate["placebo"] - rate["active"]
    assert first["slope"]["estimate"] == pytest.approx(expected, rel=0.02)
    assert first["ancova"]["estimate"] == pytest.approx(12 * expected, rel=0.02)
    ratio = estimates.filter(pl.col("quantity") == "net benefit")["estimate"][0]
    assert ratio == pytest.approx(1.0)


def test_the_rating_nearest_to_a_planned_visit_counts(trial: Cohort) -> None:
    read = trial_people(trial, PLAN)
    inside = read.ratings.drop_nulls("visit")
    assert (inside.group_by("subject", "visit").len()["len"] == 1).all()
    since_entry = inside["day"] / 30.4375
    assert ((since_entry - inside["visit"]).abs() <= 1.5 + 1e-9).all()
    grid = read.changes()
    assert np.isfinite(grid).sum() == inside.height
    assert grid.shape == (read.people.height, 4)


def test_ratings_after_the_endpoint_do_not_count(trial: Cohort) -> None:
    read = trial_people(trial, PLAN)
    ended = read.people.filter("event").select("subject", end="months")
    late = read.ratings.join(ended, on="subject").filter(pl.col("day") / 30.4375 >= pl.col("end"))
    assert ended.height > 0
    assert late.is_empty()


def test_hard_trials_are_answered_with_a_reason(trial: Cohort) -> None:
    placebo = _arm(trial, "placebo", 99)
    active = trial.subjects.filter(pl.col("arm") == "active")
    cases = {
        "no deaths": replace(trial, events=trial.events.clear()),
        "an arm of three": select(trial, pl.Series([*_arm(trial, "active", 3), *placebo])),
        "two and two": select(trial, pl.Series([*_arm(trial, "active", 2), *placebo[:2]])),
        "nothing after baseline": replace(trial, visits=trial.visits.filter(pl.col("day") <= 0)),
        "an arm without ratings": replace(trial, visits=trial.visits.join(active, on="subject", how="anti")),
    }
    for cohort in cases.values():
        estimates, _ = analyze_trial(cohort, PLAN)
        _checked(estimates)


def test_what_does_not_fit_the_trial_is_refused_at_once(trial: Cohort) -> None:
    alone = select(trial, pl.Series(_arm(trial, "placebo", 99)))
    with pytest.raises(SpecError, match="two arms"):
        analyze_trial(alone, PLAN)
    with pytest.raises(SpecError) as raised:
        analyze_trial(trial, _plan(analyses=("slop",), primary="cafe", endpoint="x", responder="y"))
    assert {fault[0] for fault in raised.value.faults} == {"analyses", "primary", "endpoint", "responder"}
    with pytest.raises(SpecError, match="control"):
        analyze_trial(trial, _plan(control="plcebo"))
    with pytest.raises(SpecError, match="covariates"):
        analyze_trial(trial, _plan(covariates=("shoe_size",)))


def test_the_verb_prints_and_writes_what_it_found(trial: Cohort, tmp_path: Path) -> None:
    answer = alsight.analyze(trial, control="placebo", analyses=("slope", "cafs"), out=tmp_path)
    assert answer.sentences[0].startswith("Primary analysis (Mixed model with random slopes), active against placebo")
    page = answer.files["page"].read_text()
    assert "Estimands" in page
    assert "net benefit" in page
    assert pl.read_csv(answer.files["estimates"]).height == 5
