"""Sentences of the causes of a rise, from the rule and the values that `detect.causes` gives."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.detect.causes.treatments import RELIEFS

CIRCUMSTANCES: Final = {"mode": "the mode of the rating", "responder": "the person who answered", "rater": "the rater"}
"""Rules of a change between two visits, and what changed."""

VALUES: Final = {
    "5a": "5a (cutting)",
    "5b": "5b (fasteners)",
    "alsfrs": "ALSFRS (0 to 40)",
    "alsfrs_r": "ALSFRS-R (0 to 48)",
}
"""Values of `from_value` and `to_value` that a reader sees in other words."""

Words = pl.Expr


def number_words(value: pl.Expr) -> Words:
    """A number with at most one decimal: "36", "2.5"."""
    short = value.round(1)
    whole = short == short.round(0)
    return pl.when(whole).then(short.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(short.cast(pl.String))


def points_words(points: pl.Expr) -> Words:
    """A number of points in words: "1 point", "2.5 points"."""
    return number_words(points) + pl.when(points.round(1) == 1.0).then(pl.lit(" point")).otherwise(pl.lit(" points"))


def _value(name: str) -> Words:
    return pl.col(name).replace(VALUES)


_POINTS: Final = points_words(pl.col("points"))
_HIGHER: Final = "Item 12 was rated {} higher on day {}: "
_ILLNESS: Final = (
    pl.when(pl.col("rule") == "pattern")
    .then(pl.lit("no illness is recorded"))
    .otherwise(pl.lit("recorded: ") + pl.col("rule").str.replace_all("_", " "))
)
_FAULTS: Final = (
    pl.when(pl.col("faults") == 1).then(pl.lit("1 fault")).otherwise(pl.format("{} faults", pl.col("faults")))
)

DIP: Final = pl.format(
    "The score fell by {} beyond its course after day {} and was back on day {} ({}).",
    points_words(pl.col("depth_points")),
    "start_day",
    "end_day",
    _ILLNESS,
)
"""Sentence of every dip."""

SENTENCES: Final[dict[str, Words]] = {
    **{
        rule: pl.format(
            "The level rose by {} between days {} and {}, where {} changed.",
            _POINTS,
            "start_day",
            "end_day",
            pl.lit(changed),
        )
        for rule, changed in CIRCUMSTANCES.items()
    },
    **{
        row.rule: pl.format(
            "The items that {} eases rose by {} together after it was started on day {}.",
            pl.lit(row.words),
            _POINTS,
            "treatment_day",
        )
        for row in RELIEFS
        if row.items
    },
    "item_5": pl.format(
        "Item 5 was rated {} higher on day {}, when it changed from {} to {} with the gastrostomy.",
        _POINTS,
        "end_day",
        _value("from_value"),
        _value("to_value"),
    ),
    "item_12": pl.format(
        _HIGHER + "it records the ventilation that is used, so a device was no longer used or the scoring changed.",
        _POINTS,
        "end_day",
    ),
    "ventilation_stopped": pl.format(
        _HIGHER + "a stop of ventilation is recorded between the visits.", _POINTS, "end_day"
    ),
    "data_slip": pl.format(
        "The total of {} on day {} looks like a slip of digits for {}.",
        number_words(pl.col("recorded_total")),
        "end_day",
        number_words(pl.col("expected_total")),
    ),
    "outlying_visit": pl.format(
        "The visit on day {} stands {} above the course of the visits before and after it.", "end_day", _POINTS
    ),
    "exchanged_dates": pl.format(
        "Visit {} lies before visit {} by their dates (days {} and {}), so one of the two dates is wrong.",
        "from_value",
        "to_value",
        "start_day",
        "end_day",
    ),
    "scale": pl.format(
        "The score rose where the scale changed from {} to {} between days {} and {}.",
        _value("from_value"),
        _value("to_value"),
        "start_day",
        "end_day",
    ),
    "total_off_items": pl.format(
        "The total written on day {} is {}, its items sum to {}; the sum is used.",
        "end_day",
        number_words(pl.col("recorded_total")),
        number_words(pl.col("expected_total")),
    ),
}
"""Sentence of each rule; dips and faults of the file are reported by what they are, not by their rule."""

FAULT: Final = pl.format("{} of the file, first in line {}: {}", _FAULTS, "file_row", "message")
"""Sentence of the faults of the file under one rule of the check."""


def with_cause_words(causes: pl.DataFrame) -> pl.DataFrame:
    """The causes with their sentence (`words`) beside them.

    Args:
        causes: what `detect.causes` found, with the columns of CAUSES.
    """
    by_rule = (pl.when(pl.col("rule") == rule).then(sentence) for rule, sentence in SENTENCES.items())
    dip = pl.when(pl.col("cause") == "dip").then(DIP)
    fault = pl.when(pl.col("faults").is_not_null()).then(FAULT)
    return causes.with_columns(words=pl.coalesce(dip, fault, *by_rule))
