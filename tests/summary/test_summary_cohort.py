"""Who is in a cohort: counts that can be checked by hand, shapes that never change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.cohort import Cohort, select
from alsight.cohort.example import example_cohort
from alsight.cohort.scores import scored_visits
from alsight.cohort.tables import DOSES, EVENTS, MEASURES_TABLE, SUBJECTS, VISITS
from alsight.instruments.items import TWELVE
from alsight.summary.cohort import describe_cohort
from episodes.people import cohort_of, frame

EXAMPLE = example_cohort()
TABLES = describe_cohort(EXAMPLE)


def _visit(subject: str, day: int, **items: float) -> dict[str, object]:
    scores = dict.fromkeys(TWELVE, 4.0) | items
    scores["q5a_cutting_without_gastrostomy"] = scores.pop("q5_cutting")
    total = sum(scores.values())
    return {"subject": subject, "day": day, "scale": "alsfrs_r", "alsfrs_r_total": total, **scores}


@pytest.fixture
def small() -> Cohort:
    """Three people: one steady, one who falls and dies, one never rated."""
    subjects = [
        {"subject": "a", "entry": "first_visit", "sex": "female", "onset_day": -365, "diagnosis_day": -100},
        {"subject": "b", "entry": "first_visit", "sex": "male", "onset_day": -731, "age_at_onset_years": 60.0},
        {"subject": "c", "entry": "first_visit"},
    ]
    visits = [
        _visit("a", 0, q8_walking=3.0),
        _visit("a", 91, q8_walking=3.0),
        _visit("a", 182, q8_walking=3.0),
        _visit("b", 0, q8_walking=1.0),
        _visit("b", 91, q8_walking=0.0, q3_swallowing=1.0),
        _visit("b", 182, q8_walking=0.0, q3_swallowing=1.0, q1_speech=1.0),
    ]
    measures = [
        {"subject": "a", "day": 0, "measure": "svc_pct", "value": 90.0},
        {"subject": "a", "day": 91, "measure": "svc_pct", "value": 80.0},
        {"subject": "b", "day": 0, "measure": "svc_pct", "value": 70.0},
    ]
    return Cohort(
        subjects=frame(SUBJECTS, subjects),
        visits=frame(VISITS, visits),
        measures=frame(MEASURES_TABLE, measures),
        events=frame(EVENTS, [{"subject": "b", "day": 200, "event": "death"}]),
        doses=frame(DOSES, [{"subject": "a", "day": 5, "treatment": "riluzole"}]),
    )


def test_traits_count_everybody_and_say_who_is_not_recorded(small: Cohort) -> None:
    traits = describe_cohort(small)["traits"]
    sex = traits.filter(trait="sex").select("level", "people").rows()
    assert sex == [("female", 1), ("male", 1), (None, 1)]
    assert "phenotype" not in set(traits["trait"])
    assert traits.group_by("trait").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1.0] * 2)


def _number(tables: dict[str, pl.DataFrame], quantity: str) -> dict[str, float]:
    return tables["numbers"].row(by_predicate=pl.col("quantity") == quantity, named=True)


def test_numbers_by_hand(small: Cohort) -> None:
    tables = describe_cohort(small)
    delay = _number(tables, "onset to diagnosis")
    assert (delay["people"], delay["mean"]) == (1, pytest.approx(265 / DAYS_PER_MONTH))
    assert _number(tables, "age at onset")["people"] == 1
    assert _number(tables, "first ALSFRS-R total")["mean"] == (47 + 45) / 2
    assert _number(tables, "visits rated on ALSFRS-R")["median"] == 3
    change = _number(tables, "change of ALSFRS-R over follow-up")
    month = DAYS_PER_MONTH / 91
    assert change["people"] == 2
    assert change["p97_5"] == pytest.approx(0.025 * -3.5 * month)
    before = _number(tables, "loss of ALSFRS-R from onset to the first visit")
    assert before["mean"] == pytest.approx((1 / 365 + 3 / 731) / 2 * DAYS_PER_MONTH)


def test_measures_events_and_doses(small: Cohort) -> None:
    tables = describe_cohort(small)
    svc = tables["measures"].row(0, named=True)
    assert (svc["measure"], svc["people"], svc["readings"], svc["median"]) == ("svc_pct", 2, 3, 80.0)
    assert tables["happenings"].select("table", "name", "people").rows() == [
        ("events", "death", 1),
        ("doses", "riluzole", 1),
    ]


def test_missing_cells_know_what_a_scale_has(small: Cohort) -> None:
    gaps = {(row[0], row[1]): row[2:4] for row in describe_cohort(small)["missingness"].iter_rows()}
    assert gaps["subjects", "diagnosis_day"] == (3, 2)
    assert gaps["visits", "q5_cutting"] == (6, 0)
    assert ("visits", "q10_respiratory") not in gaps
    assert ("visits", "alsfrs_total") not in gaps
    assert gaps["visits", "mode"] == (6, 6)


def test_stages_follow_visits_and_deaths(small: Cohort) -> None:
    tables = describe_cohort(small)
    entry = tables["stages_at_entry"].filter(system="mitos").select("stage", "people").rows()
    assert entry == [(0, 1), (1, 1)]
    over = tables["stages_over_time"].filter(system="mitos")
    at = {months: dict(part.select("stage", "people").rows()) for (months,), part in over.group_by("months")}
    assert at[0] == {0: 1, 1: 1}
    assert at[3] == {0: 1, 2: 1}
    assert at[6] == {0: 1, 2: 1}
    assert over.filter(months=0)["not_seen"].to_list() == [1, 1]


def test_the_dead_are_stage_five_from_their_death_on(small: Cohort) -> None:
    later = replace(small, visits=pl.concat([small.visits, frame(VISITS, [_visit("a", 274)])]))
    over = describe_cohort(later)["stages_over_time"].filter(system="kings", months=9)
    assert over.select("stage", "people").rows() == [(0, 1), (5, 1)]


def test_survival_starts_at_one_and_follows_the_curve(small: Cohort) -> None:
    tables = describe_cohort(small)
    curve = tables["survival"].filter(endpoint="death", origin="entry")
    assert curve["survival"].to_list() == [1.0, 0.0]
    facts = tables["survival_summary"].filter(endpoint="death", origin="entry")
    assert facts.row(by_predicate=pl.col("fact") == "median_months", named=True)["value"] == pytest.approx(
        200 / DAYS_PER_MONTH
    )


def test_late_entry_is_allowed_for_from_onset() -> None:
    curve = TABLES["survival"].filter(origin="onset", endpoint="death_or_permanent_ventilation")
    at_risk = curve["at_risk"].to_list()[1:]
    assert max(at_risk) < EXAMPLE.size
    assert at_risk != sorted(at_risk, reverse=True)


def test_variation_is_told_scale_by_scale() -> None:
    for name in ("variogram", "run_lengths", "slope_correlation"):
        assert set(TABLES[name]["scale"]) == {"alsfrs_r", "alsfrs"}


def test_tables_keep_their_columns_without_anybody() -> None:
    for cohort in (cohort_of({}), select(EXAMPLE, EXAMPLE.subjects["subject"].head(0))):
        empty = describe_cohort(cohort)
        assert set(empty) == set(TABLES)
        for name, table in empty.items():
            assert table.columns == TABLES[name].columns, name


def test_order_of_rows_does_not_matter() -> None:
    mixed = {name: part.sample(fraction=1.0, shuffle=True, seed=3) for name, part in EXAMPLE.frames().items()}
    shuffled = describe_cohort(replace(EXAMPLE, **mixed))  # type: ignore[arg-type]
    for name, table in TABLES.items():
        assert_frame_equal(table, shuffled[name], check_exact=False, rel_tol=1e-9)


def test_scores_at_hand_are_used() -> None:
    again = describe_cohort(EXAMPLE, scored_visits(EXAMPLE))
    for name, table in TABLES.items():
        assert_frame_equal(table, again[name])


def test_example_reads_as_planted() -> None:
    counts = dict(TABLES["counts"].select("of", "rows").iter_rows())
    assert counts["subjects"] == 300
    own = TABLES["variogram"].filter(scale="alsfrs_r", of="own_line")["semivariance"].to_numpy()
    # The example's rates wander, so residuals about own lines drift apart before they come back.
    assert own[0] < own[3]
    assert np.isfinite(own).all()
