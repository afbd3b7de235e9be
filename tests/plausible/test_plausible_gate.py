"""The gate of plausibility: clean cohorts pass, grave findings stop what judges people until they are accepted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.cohort.example import example_cohort
from alsight.cohort.plausible.checks import CHECKS
from alsight.cohort.plausible.gate import COLUMNS, ImplausibleError, finding_table, findings, plausible
from alsight.cohort.read.source import Source, read, read_plausible
from alsight.instruments.items import TWELVE

CASES = Path(__file__).resolve().parents[1] / "data" / "cases" / "reading"
CODES = CASES / "04-reversed-answer-codes" / "t2d.csv"


def test_the_example_is_plausible() -> None:
    assert plausible(example_cohort()) == ()


def test_names_are_unique_and_grave_checks_come_first() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    graves = [check.grave for check in CHECKS]
    assert graves == sorted(graves, reverse=True)


def test_a_grave_finding_says_why_and_how_to_go_on() -> None:
    with pytest.raises(ImplausibleError) as stopped:
        read_plausible(Source(path=str(CODES)))
    faults = {fault.rule: fault for fault in stopped.value.faults}
    assert set(faults) == {"answer_codes", "scores_rise"}
    assert 'accept=["answer_codes"]' in faults["answer_codes"].how_to_fix
    assert "values = { 1 =" in faults["answer_codes"].how_to_fix


def test_accepted_findings_do_not_stop() -> None:
    source = Source(path=str(CODES), accept=("answer_codes", "scores_rise"))
    assert read_plausible(source).size == 40


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SpecError, match="accept"):
        plausible(example_cohort(), ("no_such_check",))


def test_the_mapping_that_is_offered_mends_answer_codes(tmp_path: Path) -> None:
    headings = CODES.read_text().splitlines()[0].split(",")[2:]
    values = 'values = { 1 = "4", 2 = "3", 3 = "2", 4 = "1", 5 = "0" }'
    lines = [f'"{name}" = {{ means = "{item}", {values} }}' for name, item in zip(headings, TWELVE, strict=True)]
    mapping = tmp_path / "codes.toml"
    mapping.write_text("[[tables]]\n[tables.columns]\n" + "\n".join(lines) + "\n")
    cohort = read(Source(path=str(CODES), mapping=str(mapping)))
    assert not [finding for finding in findings(cohort) if finding.grave]
    assert cohort.visits["alsfrs_r_total"].null_count() == 0


def test_findings_as_a_table() -> None:
    table = finding_table(findings(read(Source(path=str(CODES)))))
    assert table.columns == list(COLUMNS)
    assert table.filter(pl.col("grave")).height == 2


def test_no_finding_is_a_table_without_rows() -> None:
    assert finding_table(()).is_empty()
