"""Verdicts as tables beside the report: under the names that are sent, in an order that tells nothing, and written."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from alsight.cohort.write.guard import guarded
from alsight.detect.kinds import RANK
from alsight.detect.verdicts import Verdicts
from alsight.report.folder import write_whole
from alsight.report.verdicts.reasons import with_sentences

FILES: Final[dict[str, str]] = {
    "people": "verdicts.parquet",
    "windows": "windows.parquet",
    "review": "review.parquet",
    "sensitivity": "sensitivity.parquet",
    "evidence": "evidence.parquet",
}
"""Table of Verdicts to the file it goes to."""


def renamed(judged: Verdicts, key: pl.DataFrame) -> Verdicts:
    """The verdicts under other names, sorted by them, so that no order tells who is who.

    Verdicts are given before people are renamed, since raters and calendar dates weigh in them and are not sent.

    Args:
        judged: verdicts under the file's own identifiers.
        key: `subject` and `pseudonym`, as `pseudonyms` gives them.
    """
    frames = {
        field.name: _renamed(frame, key)
        for field in fields(judged)
        if isinstance(frame := getattr(judged, field.name), pl.DataFrame) and "subject" in frame.columns
    }
    return replace(judged, **frames)


def _renamed(frame: pl.DataFrame, key: pl.DataFrame) -> pl.DataFrame:
    order = frame.columns
    joined = frame.join(key, on="subject", how="left", maintain_order="left")
    return joined.with_columns(subject="pseudonym").select(order).sort("subject", maintain_order=True)


def write_verdicts(judged: Verdicts, place: Path) -> dict[str, Path]:
    """Write every table of the verdicts; name of the file without its ending to where it is.

    Raises:
        RunError: the disk refused.
    """
    frames = {table: getattr(judged, table) for table in FILES}
    frames["people"] = with_sentences(judged.people, judged.causes, judged.thresholds)
    written = {Path(name).stem: write_whole(place / name, frames[table].write_parquet) for table, name in FILES.items()}
    statement = write_whole(place / "statement.csv", guarded(judged.statement).write_csv)
    return {**written, "statement": statement}


def counted(judged: Verdicts) -> dict[str, Any]:
    """People by headline verdict and by present state, every verdict named, and the sentence."""
    return {
        "sentence": judged.sentence,
        "headline": _counts(judged.people["verdict"]),
        "current": _counts(judged.people["current"]),
        "review": int(judged.people["review"].fill_null(value=False).sum()),
    }


def _counts(verdicts: pl.Series) -> dict[str, int]:
    found = dict(verdicts.drop_nulls().value_counts(name="people").iter_rows())
    return {verdict: int(found.get(verdict, 0)) for verdict in [*RANK, *sorted(set(found) - set(RANK))]}
