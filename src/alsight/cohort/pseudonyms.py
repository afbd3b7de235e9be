"""Pseudonyms: a cohort that can be sent, its people under keyed hashes and nothing in it that names them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

import polars as pl

from alsight.base.errors import RunError
from alsight.cohort.cohort import Cohort
from alsight.cohort.schema import Table
from alsight.cohort.tables import REJECTED, TABLES

_LENGTH: Final = 6
"""Bytes of a pseudonym: two of 100,000 people share one with probability below 2 in 100,000."""

_SHOWN: Final = r"^[+-]?\d{1,4}(?:\.\d+)?$"
"""Values of faults that cannot name anyone: short numbers."""


def pseudonym(identifier: str, salt: str) -> str:
    """The pseudonym of one person under a salt, such as "p3f09c2a71b64": BLAKE2b keyed with the salt's own digest."""
    key = hashlib.blake2b(salt.encode(), digest_size=32).digest()
    return "p" + hashlib.blake2b(identifier.encode(), key=key, digest_size=_LENGTH).hexdigest()


def pseudonyms(subjects: pl.Series, salt: str) -> pl.DataFrame:
    """The key from people to pseudonyms (`subject`, `pseudonym`), for whoever may hold it.

    Raises:
        RunError: two people share a pseudonym; use another salt.
    """
    unique = subjects.unique().sort()
    made = pl.Series("pseudonym", [pseudonym(identifier, salt) for identifier in unique], pl.String)
    if made.is_duplicated().any():
        raise RunError("Two people would share a pseudonym: choose another salt.")
    return pl.DataFrame([unique.alias("subject"), made])


def pseudonymize(cohort: Cohort, salt: str) -> Cohort:
    """The cohort under pseudonyms, identifying columns emptied, sorted anew.

    The same person gets the same pseudonym under the same salt, in every table and every run. In rejected rows, file
    names go, and values other than short numbers, since a mistyped cell may hold a name or a date. Provenance goes:
    its request holds paths. Relative days, ages and sites of onset stay: a pseudonymized cohort is not anonymous.

    Args:
        cohort: a checked cohort.
        salt: secret text; whoever knows it can test whether an identifier belongs to a pseudonym.

    Raises:
        RunError: two people share a pseudonym; use another salt.
    """
    known = cohort.rejected["subject"]
    key = pseudonyms(pl.concat([cohort.subjects["subject"], known.filter(known != "")]), salt)
    frames = {name: _hidden(frame, TABLES[name], key) for name, frame in cohort.frames().items()}
    rejected = _renamed(
        cohort.rejected.with_columns(
            source=pl.lit(""),
            value=pl.when(pl.col("value").str.contains(_SHOWN) & (pl.col("value") != pl.col("subject")))
            .then(pl.col("value"))
            .otherwise(pl.lit("")),
        ),
        key,
    )
    return replace(cohort, **frames, rejected=rejected.select(list(REJECTED.schema)), provenance=None)


def _hidden(frame: pl.DataFrame, table: Table, key: pl.DataFrame) -> pl.DataFrame:
    emptied = [
        pl.lit(None, column.dtype).alias(column.name)
        for column in table.columns
        if column.identifying and column.name != "subject"
    ]
    names = table.key or tuple(table.schema)
    return _renamed(frame.with_columns(emptied), key).select(list(table.schema)).sort(names, maintain_order=True)


def _renamed(frame: pl.DataFrame, key: pl.DataFrame) -> pl.DataFrame:
    joined = frame.join(key, on="subject", how="left", maintain_order="left")
    return joined.with_columns(subject=pl.col("pseudonym").fill_null("")).drop("pseudonym")
