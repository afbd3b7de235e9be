"""Scored visits: item 5 as one, domains, rates and stages beside each visit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.cohort.check import check
from alsight.cohort.raw import RawTables
from alsight.cohort.scores import SCORED, item_matrix, scored_visits
from alsight.cohort.tables import VISITS
from cohort.people import small_cohort
from cohort.rows import checked, event, rating


def test_columns_and_order() -> None:
    cohort = small_cohort()
    scored = scored_visits(cohort)
    assert scored.columns == [*VISITS.schema, *SCORED]
    assert {name: scored.schema[name] for name in SCORED} == SCORED
    assert scored.select("subject", "day").equals(cohort.visits.select("subject", "day"))


def test_values() -> None:
    scored = scored_visits(small_cohort())
    first, second, third = scored.filter(pl.col("subject") == "a").rows(named=True)
    assert (first["bulbar"], first["fine_motor"], first["gross_motor"], first["respiratory"]) == (12, 12, 12, 12)
    assert third["q5_cutting"] == 2
    assert third["items_missing"] == 0
    assert second["months"] == pytest.approx(91 / 30.4375)
    assert second["months_since_onset"] == pytest.approx((91 + 365) / 30.4375)
    assert second["delta_fs"] == pytest.approx(12 / ((91 + 365) / 30.4375))
    assert [first["kings_stage"], first["mitos_stage"]] == [0, 0]
    assert third["kings_stage"] == 4


def test_missing_item_leaves_its_domain_open() -> None:
    row = scored_visits(small_cohort()).filter(pl.col("subject") == "b").row(0, named=True)
    assert row["bulbar"] is None
    assert row["gross_motor"] == 9
    assert row["items_missing"] == 1
    assert row["delta_fs"] is None


def test_original_scale_has_neither_stage_nor_rate() -> None:
    row = scored_visits(small_cohort()).filter(pl.col("scale") == "alsfrs").row(0, named=True)
    assert [row[name] for name in ("bulbar", "delta_fs", "kings_stage", "mitos_stage")] == [None] * 4
    assert row["items_missing"] == 10
    assert row["alsfrs_total"] == 31


def test_ventilation_counts_from_start_to_stop() -> None:
    visits = [rating(day=day, score=4) for day in (0, 30, 60, 100, 200)]
    events = [event("niv_start", 30), event("niv_stop", 100), event("permanent_ventilation", 200)]
    stages = scored_visits(checked(visits=visits, events=events))["kings_stage"].to_list()
    assert stages == [0, 4, 4, 0, 4]


def test_gastrostomy_counts_from_its_day() -> None:
    visits = [rating(day=day, score=4) for day in (0, 30, 60)]
    assert scored_visits(checked(visits=visits, events=[event("gastrostomy", 30)]))["kings_stage"].to_list() == [
        0,
        4,
        4,
    ]


def test_empty_cohort() -> None:
    scored = scored_visits(check(RawTables(frames={})))
    assert scored.columns == [*VISITS.schema, *SCORED]
    assert scored.is_empty()


def test_items_as_an_array() -> None:
    items = item_matrix(small_cohort().visits)
    assert items.shape == (6, 12)
    assert np.isnan(items[-1]).all()
    assert items[2].tolist() == [2.0] * 12
