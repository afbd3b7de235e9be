"""Verdicts as tables beside the report: under the names that are sent, without hidden counts, and written."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from alsight.cohort.write.guard import guarded
from alsight.cohort.write.sheets import write_workbook
from alsight.detect.decide import DECISION
from alsight.detect.evidence import EVIDENCE
from alsight.detect.verdicts import WINDOW_COLUMNS, Verdicts
from alsight.report.disclosure.nodes import Disclosure, Headcount
from alsight.report.folder import write_whole
from alsight.report.page.render import text
from alsight.report.page.sections import definition_people
from alsight.report.sentences.review import with_review_words
from alsight.report.verdicts.counts import stated_counts, verdict_counts
from alsight.report.verdicts.people import people_in_words
from alsight.report.verdicts.reasons import with_sentences
from alsight.report.verdicts.statement import cohort_sentence

FILES: Final[dict[str, str]] = {
    "people": "verdicts.parquet",
    "windows": "windows.parquet",
    "review": "review.parquet",
    "sensitivity": "sensitivity.parquet",
    "evidence": "evidence.parquet",
}
"""Table of Verdicts to the file it goes to."""


OPEN: Final = Disclosure("identified", {})
"""Everything is printed: what the program answers to the person who holds the data."""


def renamed(assessed: Verdicts, key: pl.DataFrame) -> Verdicts:
    """The verdicts under other names, sorted by them, so that no order reveals who is who.

    Verdicts are given before people are renamed, since raters and calendar dates influence them and are not sent.

    Args:
        assessed: verdicts under the file's own identifiers.
        key: `subject` and `pseudonym`, as `pseudonyms` gives them.
    """
    frames = {
        field.name: _renamed(frame, key)
        for field in fields(assessed)
        if isinstance(frame := getattr(assessed, field.name), pl.DataFrame) and "subject" in frame.columns
    }
    return replace(assessed, **frames)


def _renamed(frame: pl.DataFrame, key: pl.DataFrame) -> pl.DataFrame:
    order = frame.columns
    joined = frame.join(key, on="subject", how="left", maintain_order="left")
    return joined.with_columns(subject="pseudonym").select(order).sort("subject", maintain_order=True)


def answer_tables(assessed: Verdicts, shown: Disclosure = OPEN) -> dict[str, pl.DataFrame]:
    """The tables of an assessment by the names that a reader knows: people in words first, then all numbers."""
    return {
        "people": people_in_words(assessed.people, assessed.causes, assessed.thresholds),
        "verdicts": with_sentences(assessed.people, assessed.causes, assessed.thresholds),
        "windows": assessed.windows,
        "evidence": assessed.evidence,
        "review": with_review_words(assessed.review),
        "statement": printed_statement(assessed.statement, shown),
    }


def write_verdicts(assessed: Verdicts, location: Path, shown: Disclosure) -> dict[str, Path]:
    """Write every table of the verdicts; name of the file without its ending to where it is.

    Beside Parquet, `verdicts.csv` lists everyone in words and numbers, and `alsight.xlsx` holds a sheet a table with a
    dictionary of the columns.

    Raises:
        RunError: a file could not be written.
    """
    tables = answer_tables(assessed, shown)
    frames = {table: getattr(assessed, table) for table in FILES} | {"review": tables["review"]}
    frames["people"] = tables["verdicts"]
    written = {
        Path(name).stem: write_whole(location / name, frames[table].write_parquet) for table, name in FILES.items()
    }
    listed = tables["people"].rename({"person": "subject", "next_step": "what_to_do_next"})
    spread = listed.join(flat(tables["verdicts"]), on="subject", how="left", maintain_order="left").drop(
        "explanation", "next_step"
    )
    book = {name: guarded(flat(frame)) for name, frame in tables.items()} | {"dictionary": dictionary()}
    return {
        **written,
        "statement": write_whole(location / "statement.csv", guarded(tables["statement"]).write_csv),
        "verdicts_csv": write_whole(location / "verdicts.csv", guarded(spread).write_csv),
        "workbook": write_whole(location / "alsight.xlsx", lambda file: write_workbook(book, file)),
    }


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """A table without nested columns, of undefined numbers none but empty ones."""
    simple = [name for name, dtype in frame.schema.items() if not dtype.is_nested()]
    return frame.select(simple).with_columns(pl.col(pl.Float64, pl.Float32).fill_nan(None))


def dictionary() -> pl.DataFrame:
    """What each column of the tables is: table, column, unit, meaning."""
    rows = [("verdicts", column.name, column.unit, column.meaning) for column in DECISION]
    rows += [("windows", column.name, column.unit, column.meaning) for column in WINDOW_COLUMNS]
    rows += [("evidence", column.name, column.unit, column.meaning) for column in EVIDENCE]
    return pl.DataFrame(rows, schema=("table", "column", "unit", "meaning"), orient="row")


def printed_statement(statement: pl.DataFrame, shown: Disclosure) -> pl.DataFrame:
    """The statement with nothing where a count is hidden, nor where a number would give it away."""
    pairs = [stated_counts(row) for row in statement.iter_rows(named=True)]
    enough = pl.Series([shown.shows(pair[0]) for pair in pairs], dtype=pl.Boolean)
    both = pl.Series([shown.shows(*(one for one in pair if one)) for pair in pairs], dtype=pl.Boolean)
    return statement.with_columns(
        *(pl.when(both).then(name).alias(name) for name in ("observed", "observed_low", "observed_high")),
        *(pl.when(both).then(name).alias(name) for name in ("upper_tail_probability", "cross_fit_expected")),
        *(pl.when(enough).then(name).alias(name) for name in ("eligible", "expected", "expected_low", "expected_high")),
    )


def counted(assessed: Verdicts) -> dict[str, Any]:
    """People by headline verdict and by present state, every verdict named, and the sentence; nothing is hidden."""
    return printed_counts(assessed, OPEN)


def printed_counts(assessed: Verdicts, shown: Disclosure) -> dict[str, Any]:
    """The same with None where a count is hidden."""
    counts = verdict_counts(assessed, {})
    return {
        "sentence": text(cohort_sentence(assessed.sentence), shown),
        "headline": {verdict: _printed(one, shown) for verdict, one in counts.headline.items()},
        "current": {verdict: _printed(one, shown) for verdict, one in counts.current.items()},
        "review": _printed(counts.review, shown),
    }


def printed_rates(rates: pl.DataFrame, shown: Disclosure) -> pl.DataFrame:
    """Rates by definition with nothing where a count is hidden."""
    people = definition_people(rates, {})
    found = pl.Series([shown.shows(people[name][1]) for name in rates["definition"]], dtype=pl.Boolean)
    eligible = pl.Series([shown.shows(people[name][0]) for name in rates["definition"]], dtype=pl.Boolean)
    return rates.with_columns(
        pl.when(found).then("found").alias("found"),
        pl.when(eligible).then("eligible").alias("eligible"),
        *(pl.when(found & eligible).then(name).alias(name) for name in ("rate", "low", "high")),
    )


def _printed(people: Headcount, shown: Disclosure) -> int | None:
    return people.size if shown.shows(people) else None
