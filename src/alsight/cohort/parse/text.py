"""Plain text: stray spaces, markers of a missing value, identifiers, and where a column of text stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import polars as pl

from alsight.base.errors import Severity
from alsight.cohort.tables import REJECTED

MISSING: Final[tuple[str, ...]] = (
    "",
    "na",
    "n/a",
    "n.a.",
    "n/d",
    "nd",
    "nan",
    "nat",
    "null",
    "none",
    "missing",
    "unknown",
    "unk",
    "not done",
    "not available",
    "not reported",
    "not applicable",
    "not known",
    "not tested",
    "-",
    "--",
    "---",
    ".",
    "..",
    "?",
    "#n/a",
    "#null!",
    "#value!",
    "#ref!",
    "#div/0!",
    "#num!",
    "#name?",
    "k.a.",
    "keine angabe",
    "inconnu",
    "u",
    "ns",
    "nc",
    "ns/nc",
    "ns/nr",
    "n/s",
    "s/d",
    "unbekannt",
    "desconocido",
    "sconosciuto",
    "n.d.",
    "n.d",
    "k. a.",
    "k.a",
    "ohne angabe",
    "nicht bekannt",
    "nicht verfügbar",
    "niet bekend",
    "nvt",
    "n.v.t.",
    "n.v.t",
    "nr",
    "n.r.",
    "non disponibile",
    "non disponible",
    "no disponible",
    "no consta",
    "non renseigné",
    "onb",
    "fehlt",
    "fehlend",
    "not recorded",
    "n.b.",
    "nb",
    "onbekend",
    "non noto",
)
"""What people write, in lower case, where they have nothing to write."""

_INVISIBLE: Final = "[\u200b\u200c\u200d\u2060\ufeff\u00ad\u0000]"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a column of text stands, so that a fault in it can be told.

    Attributes:
        table: table of the data dictionary that the values go to.
        column: heading as the file spells it.
        source: file name.
        rows: line of each value; None when the values stand on lines 2, 3, ...
        subjects: person of each value, None when not known yet.
    """

    table: str
    column: str
    source: str = ""
    rows: pl.Series | None = None
    subjects: pl.Series | None = None


class Parsed(NamedTuple):
    """A column that was read: its values (null where missing or unreadable), its faults (REJECTED), and how."""

    values: pl.Series
    faults: pl.DataFrame
    how: str = ""


def tell(
    index: Place,
    bad: pl.Series,
    supplied: pl.Series,
    rule: str,
    message: str,
    how_to_fix: str,
    severity: Severity = "rejected",
) -> pl.DataFrame:
    """Faults, one for each value marked as bad, as rows of the REJECTED table."""
    if not bad.any():
        return REJECTED.empty()
    size = len(bad)
    lines = index.rows if index.rows is not None else pl.int_range(2, size + 2, eager=True)
    people = index.subjects if index.subjects is not None else pl.repeat("", size, eager=True)
    faulty = pl.DataFrame(
        [lines.cast(pl.Int64).alias("row"), people.cast(pl.String).alias("subject"), _shown(supplied).alias("value")]
    ).filter(bad)
    reported = {
        "severity": severity,
        "table": index.table,
        "source": index.source,
        "column": index.column,
        "rule": rule,
        "message": message,
        "how_to_fix": how_to_fix,
    }
    return faulty.with_columns(pl.lit(text).alias(name) for name, text in reported.items()).select(
        pl.col(name).cast(dtype) for name, dtype in REJECTED.schema.items()
    )


def _shown(supplied: pl.Series) -> pl.Series:
    # A cell may hold a whole page; the first part is enough to find it.
    return supplied.cast(pl.String, strict=False).fill_null("").str.slice(0, 200)


def words(supplied: pl.Series) -> pl.Series:
    """Text with inner runs of space folded, outer space and invisible characters gone; other types as text."""
    text = supplied if supplied.dtype == pl.String else supplied.cast(pl.String, strict=False)
    if text.str.contains(_INVISIBLE).any():
        text = text.str.replace_all(_INVISIBLE, "")
    text = text.str.strip_chars()
    return text.str.replace_all(r"\s+", " ") if text.str.contains(r"\s\s|[^\S ]").any() else text


def blank(text: pl.Series) -> pl.Series:
    """Where a text says that there is no value (empty, NA, unknown, ...); null counts as blank."""
    return text.is_null() | words(text).str.to_lowercase().is_in(list(MISSING)).fill_null(True)


def identifiers(supplied: pl.Series, index: Place) -> Parsed:
    """Identifiers as text: leading zeros stay, a number stored as 12.0 is "12"; only an empty cell is missing."""
    if supplied.dtype.is_float():
        whole = (supplied == supplied.round()).fill_null(False)
        text = pl.select(
            pl.when(whole)
            .then(supplied.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(supplied.cast(pl.String))
        ).to_series()
    else:
        text = words(supplied)
    values = text.replace("", None).alias(supplied.name)
    bad = (values.str.len_chars() > 200).fill_null(False)
    faults = tell(
        index,
        bad,
        text,
        "not_an_identifier",
        "An identifier is longer than 200 characters.",
        "Give the person a short identifier; check that the column is the right one.",
    )
    return Parsed(values.set(bad, None) if bad.any() else values, faults, "text")
