"""Small files made for the reader's tests, and what came of reading them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.cohort.mapping.spec import Mapping
from alsight.cohort.read.source import Source, read_with_mapping

DATA = Path(__file__).resolve().parents[1] / "data"

ITEMS_12 = ",".join(f"q{number}" for number in range(1, 13))


def written(folder: Path, text: str | bytes, name: str = "visits.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read_path(path: Path, **options: Any) -> tuple[Cohort, Mapping]:
    cohort, mapping = read_with_mapping(Source(path=str(path), **options))
    assert mapping is not None
    return cohort, mapping


def read_text(folder: Path, text: str | bytes, name: str = "visits.csv", **options: Any) -> tuple[Cohort, Mapping]:
    return read_path(written(folder, text, name), **options)


def rules(cohort: Cohort, *severities: str) -> set[str]:
    reported = cohort.rejected
    return set(reported.filter(pl.col("severity").is_in(severities))["rule"] if severities else reported["rule"])


def reported(cohort: Cohort, rule: str) -> pl.DataFrame:
    return cohort.rejected.filter(pl.col("rule") == rule).sort("row", "column")


def days(cohort: Cohort, subject: str) -> list[int]:
    return cohort.visits.filter(pl.col("subject") == subject)["day"].to_list()


def meanings(mapping: Mapping, index: int = 0) -> dict[str, str]:
    return {heading: column.means for heading, column in mapping.tables[index].maps().items()}
