"""Sentences of a re-evaluation: its reasons, its mimics and the findings of a dossier, from codes and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from alsight.detect.review.features import AGE
from alsight.detect.review.mimics import MIMICS
from alsight.detect.review.prior import setting_row
from alsight.detect.review.review import MIMIC, REASON
from alsight.detect.review.rows import FINDINGS

COURSES: Final[dict[str, str]] = {
    "stable": "the scores hardly change",
    "slowly_progressive": "the scores fall very slowly",
    "fluctuating": "the scores fluctuate",
    "improving": "the scores rise",
    "stepwise": "the scores move by steps",
}
"""Courses of mimics in words; any other class is one of ALS."""

AS_IN_ALS: Final = "the scores fall as in ALS"

SURVIVAL: Final = {"ended": "death or permanent ventilation", "alive": "alive at the last visit"}

_SHOWN: Final[dict[str, Any]] = {
    "reasons": pl.List(pl.Struct([*REASON.fields, pl.Field("words", pl.String)])),
    "mimics": pl.List(pl.Struct([*MIMIC.fields, pl.Field("words", pl.String)])),
    "examination": pl.String,
}
_FINDINGS: Final = {row.name: row for row in FINDINGS}
_MIMICS: Final = {row.name: row for row in MIMICS}


def reason_words(reason: Mapping[str, Any]) -> str:
    """One part of the log odds in words.

    Args:
        reason: `feature`, `code` and `value` of a row of `review.REASON`.
    """
    feature, code, value = reason["feature"], reason["code"], reason["value"]
    if feature == "prior":
        row = setting_row(code)
        elapsed = "falling with the months since diagnosis" if row.elapses else "as left after a first evaluation"
        return f"{row.name}: {row.meaning}; {elapsed}"
    if feature == "course":
        return COURSES.get(code, AS_IN_ALS)
    return SURVIVAL[code] if feature == "survival" else finding_words(feature, value)


def finding_words(finding: str, value: float) -> str:
    """A finding in words.

    Args:
        finding: name of a row of FINDINGS, or AGE.
        value: 1 present, 0 absent; the age at onset [years] for AGE.
    """
    if finding == AGE:
        return f"onset at {round(value)} years"
    row = _FINDINGS[finding]
    return row.there if value == 1 else row.absent


def mimic_words(mimic: str) -> str:
    """A mimic as a reader sees it."""
    return _MIMICS[mimic].words


def examination_words(mimics: list[Mapping[str, Any]]) -> str:
    """Examinations that would distinguish these mimics from ALS, the likeliest first; empty for none."""
    return "; ".join(_MIMICS[row["mimic"]].examination for row in mimics)


def with_review_words(review: pl.DataFrame) -> pl.DataFrame:
    """The review with its `reasons` and `mimics` in words, and `examination`, beside the codes.

    Args:
        review: what `detect.review` gave.
    """
    columns: dict[str, list[Any]] = {"reasons": [], "mimics": [], "examination": []}
    for reasons, mimics in review.select("reasons", "mimics").iter_rows():
        columns["reasons"].append([{**row, "words": reason_words(row)} for row in reasons or []])
        columns["mimics"].append([{**row, "words": mimic_words(row["mimic"])} for row in mimics or []])
        columns["examination"].append(examination_words(mimics or []))
    return review.with_columns(pl.Series(name, values, dtype=_SHOWN[name]) for name, values in columns.items())
