"""One test a row: the committed table equals the recomputation, and what is not inside is a known miss with its reason.

The recomputation is smaller than the table, so it may differ by four of its own standard deviations, which the table
holds (measured over eight samples of the quick size), and by what the table's own people add.
"""

import math

import polars as pl
import pytest

from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.misses import MISSES
from alsight.calibrate.summaries import Summary
from alsight.calibrate.table import BLOCKS, QUICK_BLOCKS, ROWS, committed, committed_page, counted, quick

TABLE = {row["name"]: row for row in committed("targets").iter_rows(named=True)}
GRAIN = {"delay_median": 1.0, "m50_lead": 2.0}
"""Medians of whole months: their samples may all agree and the next one be a step away."""
SAMPLES = BLOCKS // QUICK_BLOCKS
INSIDE = [
    pytest.param(
        row.name,
        id=f"{row.number}-{row.name}",
        marks=[] if TABLE[row.name]["inside"] else [pytest.mark.xfail(strict=True, reason=MISSES.get(row.name, "?"))],
    )
    for row in ROWS
]


@pytest.fixture(scope="module")
def again() -> Summary:
    return quick(ensemble(), first=BLOCKS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.name}")
def test_row_equals_its_recomputation(row: object, again: Summary) -> None:
    held = TABLE[row.name]  # type: ignore[attr-defined]
    allowed = 4.0 * held["quick_sd"] * math.sqrt(1.0 + 1.0 / SAMPLES) + GRAIN.get(held["name"], 0.0)
    assert again[held["name"]] == pytest.approx(held["best_set"], abs=allowed)


@pytest.mark.parametrize("name", INSIDE)
def test_row_is_inside(name: str) -> None:
    held = TABLE[name]
    assert held["low"] <= held["simulated"] <= held["high"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}-{row.name}")
def test_row_repeats_the_published_numbers(row: object) -> None:
    held = TABLE[row.name]  # type: ignore[attr-defined]
    assert [held[key] for key in ("published", "low", "high")] == pytest.approx([row.value, row.low, row.high])  # type: ignore[attr-defined]
    assert held["fitted"] == row.fitted  # type: ignore[attr-defined]
    assert held["reason"] == ("" if held["inside"] else MISSES[row.name])  # type: ignore[attr-defined]


def test_page_is_made_from_the_tables() -> None:
    from alsight.calibrate.table import DOCS

    assert (DOCS / "targets.md").read_text() == committed_page()


def test_most_published_statistics_are_inside() -> None:
    count = counted(committed("targets"))
    assert count["statistics_inside"] >= 20


def test_registers_slow_down_and_trials_do_not() -> None:
    rows = committed("targets").filter(pl.col("name").is_in(["register_slowing", "trial_quickening"]))
    slowing, quickening = (
        rows.filter(pl.col("name") == name)["simulated"].item() for name in ("register_slowing", "trial_quickening")
    )
    assert slowing > 1.1
    assert quickening < slowing


def test_reasons_are_of_misses_only() -> None:
    missed = committed("targets").filter(~pl.col("inside"))["name"].to_list()
    assert set(missed) == set(MISSES)
