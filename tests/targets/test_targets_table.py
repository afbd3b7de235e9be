"""One test a row: the committed table equals the recomputation, and what is not inside is a known miss with its reason.

The recomputation is smaller than the table, so it may differ by four of its own standard deviations, which the table
holds (measured over many samples of the quick size), and by what the table's own people add.
"""

import math

import polars as pl
import pytest

from alsight.calibrate.drugs import BLOCKS as DRUG_BLOCKS
from alsight.calibrate.drugs import QUICK_BLOCKS as DRUG_QUICK
from alsight.calibrate.drugs import SAMPLES as DRUG_SAMPLES
from alsight.calibrate.drugs import Row
from alsight.calibrate.drugs import quick as quick_drugs
from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.misses import MISSES
from alsight.calibrate.selection import QUICK_BLOCKS as SELECTED_BLOCKS
from alsight.calibrate.selection import RULES, Shape, shapes
from alsight.calibrate.summaries import Summary
from alsight.calibrate.table import BLOCKS, QUICK_BLOCKS, ROWS, committed, counted, quick
from alsight.knowledge.trials import BENSIMON, LACOMBLEZ, POOLED, VALOR_FUNCTION, VALOR_YEAR, ratio_of_shares
from alsight.make.page import committed_page
from house.house import ROOT

TABLE = {row["name"]: row for row in committed("targets").iter_rows(named=True)}
GRAIN = {"m50_lead": 2.0}
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


SELECTION, DRUGS = committed("targets_selection"), committed("targets_drugs")


@pytest.fixture(scope="module")
def selected() -> dict[str, Shape]:
    return shapes(ensemble().members[0].parameters, SELECTED_BLOCKS, seed=99)


@pytest.fixture(scope="module")
def treated() -> list[Row]:
    return quick_drugs(ensemble(), seed=99)


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
    assert (ROOT / "docs" / "targets.md").read_text() == committed_page()


def test_most_published_statistics_are_inside() -> None:
    count = counted(committed("targets"))
    assert count["statistics_inside"] >= 20


def test_registers_slow_down_and_trials_speed_up() -> None:
    rows = {row["name"]: row for row in committed("targets").iter_rows(named=True)}
    assert rows["register_slowing"]["least"] > 1.1
    assert rows["trial_quickening"]["simulated"] > 1.0 + rows["trial_quickening"]["quick_sd"]
    found = {row["rule"]: row for row in SELECTION.iter_rows(named=True)}
    assert found["register"]["fourth"] < 0.9
    for rule in ("proact", "empower", "bensimon", "mci186_16"):
        assert found[rule]["ratio"] - 2.0 * found[rule]["error"] > 1.0
        assert found[rule]["exact_rating"] > 1.0
        assert found[rule]["model_least"] > 1.0
    assert found["candidates"]["model_most"] < 1.0


@pytest.mark.parametrize("rule", RULES)
def test_selection_equals_its_recomputation(rule: str, selected: dict[str, Shape]) -> None:
    held, now = SELECTION.filter(rule=rule).row(0, named=True), selected[rule].same
    assert now.value == pytest.approx(held["best_set"], abs=4.0 * math.hypot(held["best_error"], now.error))


@pytest.mark.parametrize("place", range(DRUGS.height), ids=str)
def test_drug_number_equals_its_recomputation(place: int, treated: list[Row]) -> None:
    held, now = DRUGS.row(place, named=True), treated[place]
    assert (now.drug, now.population, now.quantity) == (held["drug"], held["population"], held["quantity"])
    allowed = 4.0 * held["quick_sd"] * math.sqrt(1.0 + 1.0 / DRUG_SAMPLES + DRUG_QUICK / DRUG_BLOCKS) + 1e-9
    assert now.simulated == pytest.approx(held["best_set"], abs=allowed)


def test_drugs_lie_where_their_trials_did() -> None:
    held = {
        (row["drug"], row["population"][:8], row["quantity"]): row["simulated"] for row in DRUGS.iter_rows(named=True)
    }
    for trial, name in ((BENSIMON, "Bensimon"), (LACOMBLEZ, "Lacomble")):
        eighteen = held["riluzole", name, "hazard ratio at 18 months, two trials pooled"]
        assert POOLED.holds(eighteen)
        assert all(
            ratio_of_shares(one).holds(held["riluzole", name, f"hazard ratio at {one.months:.0f} months"])
            for one in trial.shares
        )
        assert eighteen < held["riluzole", name, "hazard ratio, all time"] < 1.0
    assert VALOR_FUNCTION.holds(held["tofersen", "SOD1, SV", "difference in 28 weeks [points]"])
    assert VALOR_YEAR.holds(held["tofersen", "SOD1, SV", "early over delayed start, 52 weeks [points]"])


def test_reasons_are_of_misses_only() -> None:
    missed = committed("targets").filter(~pl.col("inside"))["name"].to_list()
    assert set(missed) == set(MISSES)
