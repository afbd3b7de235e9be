"""The example cohort: what is packaged is what the generator makes, and every planted thing can be seen."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alsight.cohort.check import check
from alsight.cohort.example import example_cohort, example_truth
from alsight.cohort.raw import RawTables
from alsight.cohort.tables import TABLES
from alsight.instruments.items import CUTTING, TEN, TWELVE
from alsight.make.example.generate import FOLDER, make
from alsight.make.example.parameters import GAINERS, PLANTED

COHORT = example_cohort()
TRUTH = example_truth()


def test_packaged_files_are_what_the_generator_makes() -> None:
    cohort, truth = make()
    for name, frame in cohort.frames().items():
        assert_frame_equal(frame, COHORT.frames()[name], check_exact=True)
    assert_frame_equal(truth, TRUTH, check_exact=True)


def test_package_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.parquet")) < 300_000


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_as_declared(name: str) -> None:
    table, frame = TABLES[name], COHORT.frames()[name]
    assert frame.schema == pl.Schema(table.schema)
    for column in table.columns:
        values = frame[column.name].drop_nulls()
        if column.required:
            assert values.len() == frame.height
        if column.choices:
            assert set(values.unique()) <= set(column.choices)
        if column.low is not None:
            assert (values >= column.low).all()
        if column.high is not None:
            assert (values <= column.high).all()
    if table.key:
        assert not frame.select(table.key).is_duplicated().any()
    assert set(frame["subject"]) <= set(COHORT.subjects["subject"])


def test_totals_are_sums_of_items() -> None:
    visits = COHORT.visits.with_columns(q5_cutting=pl.coalesce(CUTTING))
    for scale, items, total in (("alsfrs_r", TWELVE, "alsfrs_r_total"), ("alsfrs", TEN, "alsfrs_total")):
        rated = visits.filter(scale=scale)
        assert rated.height > 0
        assert (rated.select(items).sum_horizontal() == rated[total]).all()
        assert (rated[total] == rated["total_recorded"]).all()
        assert rated.select(pl.col(items).is_not_null().all()).row(0) == (True,) * len(items)


def test_one_scale_a_person_and_nothing_after_death() -> None:
    scales = COHORT.visits.group_by("subject").agg(pl.col("scale").n_unique())
    assert scales["scale"].max() == 1
    death = COHORT.events.filter(event="death").select("subject", death="day")
    for frame in (COHORT.visits, COHORT.measures, COHORT.events.filter(pl.col("event") != "death")):
        assert frame.join(death, on="subject").filter(pl.col("day") >= pl.col("death")).height == 0
    observed = COHORT.subjects.select("subject", "last_seen_day")
    late = COHORT.visits.join(observed, on="subject").filter(pl.col("day") > pl.col("last_seen_day"))
    assert late.height == 0
    assert COHORT.subjects["last_seen_day"].is_between(0, 209 * 7).all()
    assert (COHORT.subjects["onset_day"] < COHORT.subjects["diagnosis_day"]).all()


def test_the_check_has_nothing_to_say() -> None:
    lines = pl.int_range(2, pl.len() + 2, dtype=pl.UInt32)
    frames = {name: frame.with_columns(source=pl.lit(name), row=lines) for name, frame in COHORT.frames().items()}
    checked = check(RawTables(frames=frames))
    assert checked.rejected.height == 0
    assert_frame_equal(checked.visits, COHORT.visits)


def test_gastrostomy_decides_which_item_five_is_rated() -> None:
    fed = COHORT.events.filter(event="gastrostomy").select("subject", since="day")
    visits = COHORT.visits.join(fed, on="subject", how="left").with_columns(
        late=(pl.col("day") >= pl.col("since")).fill_null(value=False)
    )
    assert (visits["q5b_cutting_with_gastrostomy"].is_not_null() == visits["late"]).all()
    assert (visits["q5a_cutting_without_gastrostomy"].is_not_null() != visits["late"]).all()


def test_every_kind_is_planted_as_often_as_declared() -> None:
    counts = dict(TRUTH["kind"].value_counts().iter_rows())
    assert counts == {row.kind: row.people for row in PLANTED}
    assert TRUTH.height == COHORT.size == 300


def _mean_score(kind: str, low: pl.Expr, high: pl.Expr) -> np.ndarray:
    """Mean rated total of each person of a kind between two days."""
    rated = COHORT.visits.join(TRUTH.filter(kind=kind), on="subject").filter(pl.col("day").is_between(low, high))
    means = rated.group_by("subject", maintain_order=True).agg(pl.col("alsfrs_r_total").mean())
    return means["alsfrs_r_total"].to_numpy()


@pytest.mark.parametrize("kind", ["reversal", "lost_gain", "remission_like"])
def test_planted_gains_are_seen_in_the_ratings(kind: str) -> None:
    start, end = pl.col("start_day"), pl.col("end_day")
    before = _mean_score(kind, start - 100, start + 10)
    after = _mean_score(kind, start + 91, end)
    assert before.size == after.size == 4
    assert np.mean(after - before) > 4.0


@pytest.mark.parametrize("kind", ["plateau", "prolonged_plateau"])
def test_planted_plateaus_stand_still(kind: str) -> None:
    start, end = pl.col("start_day"), pl.col("end_day")
    middle = (start + end) / 2
    change = _mean_score(kind, middle, end) - _mean_score(kind, start, middle)
    assert np.abs(change.mean()) < 1.0


@pytest.mark.parametrize("kind", ["dip_infection", "dip_fracture"])
def test_dips_rebound(kind: str) -> None:
    start, end = pl.col("start_day"), pl.col("end_day")
    before, low = _mean_score(kind, start - 100, start - 1), _mean_score(kind, start, start + 45)
    after = _mean_score(kind, end, end + 100)
    assert (low - before).mean() < -3.0
    assert (after - low).mean() > 2.0


def test_symptomatic_gain_sits_in_its_item() -> None:
    rated = COHORT.visits.join(TRUTH.filter(kind="symptomatic_gain"), on="subject")
    near = rated.filter((pl.col("day") - pl.col("start_day")).abs() < 120)
    side = near.group_by("subject", after=pl.col("day") >= pl.col("start_day")).agg(pl.col("q2_salivation").mean())
    means = side.group_by("after").agg(pl.col("q2_salivation").mean()).sort("after")["q2_salivation"]
    assert means[1] - means[0] > 0.75


def test_only_gainers_have_a_true_gain() -> None:
    gained = set(TRUTH.filter(pl.col("true_gain") > 0)["kind"])
    assert gained == set(GAINERS)
