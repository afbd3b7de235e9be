"""ALSFRS: one row may hold both scales; R items or its total mark the revised one, Q10 the original one."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.cohort.proact.names import ITEM_COLUMNS, own_name
from alsight.cohort.proact.sheet import Sheet, Told, choice, day, number
from alsight.cohort.tables import MODES, RESPONDERS, VISITS

_REVISED_ONLY: Final = ("q10_dyspnea", "q11_orthopnea", "q12_respiratory_insufficiency")
_ORIGINAL_ONLY: Final = "q10_respiratory"
_SHARED: Final = tuple(item for item in ITEM_COLUMNS if item not in (*_REVISED_ONLY, _ORIGINAL_ONLY))

HEADINGS: Final = {item: own_name(heading) for item, heading in ITEM_COLUMNS.items()} | {
    "day": "alsfrs_delta",
    "subject": "subject",
    "alsfrs_r_total": "alsfrs_r_total",
    "alsfrs_total": "alsfrs_total",
    "mode": "mode_of_administration",
    "responder": "alsfrs_responded_by",
}
"""Dictionary column to own name, for telling faults in the file's words."""


def visits(sheet: Sheet, reported: Told) -> pl.DataFrame:
    """Ratings of function: a row with both scales becomes two visits, one a scale.

    A row whose scale nothing states (neither R items nor Q10 nor a total) takes the scale of the person's other rows,
    else counts as ALSFRS-R with its respiratory items missing.
    """
    table = VISITS.name
    columns = {item: number(sheet, own_name(heading), table, reported) for item, heading in ITEM_COLUMNS.items()}
    frame = sheet.frame.select("subject", "row").with_columns(
        *(values.alias(item) for item, values in columns.items()),
        day(sheet, "alsfrs_delta", table, reported).alias("day"),
        number(sheet, "alsfrs_total", table, reported).alias("original_total"),
        number(sheet, "alsfrs_r_total", table, reported).alias("revised_total"),
        choice(sheet, "mode_of_administration", table, "mode", MODES, reported).alias("mode"),
        choice(sheet, "alsfrs_responded_by", table, "responder", RESPONDERS, reported).alias("responder"),
        source=pl.lit(sheet.source),
    )
    frame = _cut_once(frame).with_columns(_scales(frame))
    frame = frame.with_columns(_settled(sheet, frame, reported))
    return pl.concat([_scale(frame, "alsfrs_r", "revised_total"), _scale(frame, "alsfrs", "original_total")])


def _cut_once(frame: pl.DataFrame) -> pl.DataFrame:
    # The long form repeats item 5 without saying which; it counts only where neither 5a nor 5b is given.
    stated = pl.any_horizontal(pl.col("q5a_cutting_without_gastrostomy", "q5b_cutting_with_gastrostomy").is_not_null())
    return frame.with_columns(q5_cutting=pl.when(~stated).then("q5_cutting"))


def _scales(frame: pl.DataFrame) -> list[pl.Series]:
    revised = pl.any_horizontal(pl.col(*_REVISED_ONLY, "revised_total").is_not_null())
    breathing = pl.col(_ORIGINAL_ONLY).is_not_null()
    original = breathing | (pl.col("original_total").is_not_null() & ~revised)
    marked = frame.select(revised=revised, original=original)
    return [marked["revised"], marked["original"]]


def _settled(sheet: Sheet, frame: pl.DataFrame, reported: Told) -> list[pl.Series]:
    untold = ~pl.col("revised") & ~pl.col("original")
    usual = pl.col("original").any().over("subject") & ~pl.col("revised").any().over("subject")
    marked = frame.select(
        revised=pl.col("revised") | (untold & ~usual),
        original=pl.col("original") | (untold & usual),
        untold=untold & pl.any_horizontal(pl.col(_SHARED).is_not_null()),
        both=pl.col("revised") & pl.col("original"),
        beside=pl.col("revised") & ~pl.col("original") & pl.col("original_total").is_not_null(),
    )
    reported.mark(
        sheet,
        "alsfrs_delta",
        VISITS.name,
        marked["untold"],
        "scale_not_told",
        "Neither R items nor Q10 nor a total tell the scale; it is taken from the person's other rows, else ALSFRS-R.",
        "Fill the respiratory items or a total.",
    )
    _counted(
        sheet,
        reported,
        marked["both"],
        "both_scales",
        "Rows hold ALSFRS and ALSFRS-R together; each becomes two visits, one on each scale.",
    )
    _counted(
        sheet,
        reported,
        marked["beside"],
        "original_total_unused",
        "Rows of the ALSFRS-R also carry an ALSFRS total without its item Q10; that total is not used.",
    )
    return [marked["revised"], marked["original"]]


def _counted(sheet: Sheet, reported: Told, where: pl.Series, rule: str, message: str) -> None:
    count = int(where.sum())
    if count:
        reported.say(sheet.note(rule, message, "Nothing.", value=f"{count} rows"))


def _scale(frame: pl.DataFrame, scale: str, total: str) -> pl.DataFrame:
    own, foreign = ("revised", [_ORIGINAL_ONLY]) if scale == "alsfrs_r" else ("original", list(_REVISED_ONLY))
    return frame.filter(pl.col(own)).select(
        "subject",
        "day",
        pl.lit(scale).alias("scale"),
        *(pl.lit(None, pl.Float64).alias(item) if item in foreign else item for item in ITEM_COLUMNS),
        pl.col(total).alias("total_recorded"),
        "mode",
        "responder",
        "source",
        "row",
    )
