"""The example cohort: 300 synthetic people with planted plateaus, gains, artefacts, dips and mimics, and the truth."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import TABLES

FOLDER = Path(__file__).parent


def example_cohort() -> Cohort:
    """The packaged synthetic cohort, as `alsight.make` made it; nothing is drawn here."""
    subjects, visits, measures, events, doses = (_shipped(name) for name in TABLES)
    return Cohort(subjects=subjects, visits=visits, measures=measures, events=events, doses=doses)


def _shipped(name: str) -> pl.DataFrame:
    """A shipped table with every declared column; one that was declared after the table was made is empty."""
    frame, schema = pl.read_parquet(FOLDER / f"{name}.parquet"), TABLES[name].schema
    absent = [pl.lit(None, kind).alias(column) for column, kind in schema.items() if column not in frame.columns]
    return frame.with_columns(absent).select(list(schema))


def example_truth() -> pl.DataFrame:
    """What was planted in whom: kind, window [days], true gain and planted points, true rate [points per month].

    `start_day` and `end_day` are empty where nothing has a window.
    """
    return pl.read_parquet(FOLDER / "truth.parquet")
