"""Vital capacity, weight, laboratory, neurofilament and strength as rows of MEASURES, in its units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from alsight.base.units import factor
from alsight.cohort.measures import MEASURES_BY_NAME
from alsight.cohort.parse import numbers
from alsight.cohort.parse.text import words
from alsight.cohort.proact.amounts import TABLE, factors, measure_rows, within
from alsight.cohort.proact.sheet import FormSheet, Told, choice, day, number
from alsight.cohort.tables import SUBJECTS

LEAST_WEIGHT_KG: Final = 25.0
"""Weights below are typing errors in PRO-ACT. Source: proact2022"""


@dataclass(frozen=True)
class Breath:
    """How one vital capacity form names its columns and the measures they become."""

    form: str
    liters: str
    percent: str
    day: str
    unit: str


BREATHS: Final = (
    Breath("FVC", "fvc_l", "fvc_pct", "forced_vital_capacity_delta", "forced_vital_capacity_units"),
    Breath("SVC", "svc_l", "svc_pct", "slow_vital_capacity_delta", "slow_vital_capacity_units"),
)

PERCENT_UNITS: Final = frozenset({"%", "percent predicted", "% normal", "percent normal", "% of normal"})

LABORATORY: Final[dict[str, str]] = {
    "creatinine": "creatinine_umol_l",
    "creatinine (serum)": "creatinine_umol_l",
    "serum creatinine": "creatinine_umol_l",
    "ck": "ck_u_l",
    "cpk": "ck_u_l",
    "creatine kinase": "ck_u_l",
    "creatine kinase (ck)": "ck_u_l",
    "creatine phosphokinase": "ck_u_l",
    "creatine phosphokinase (cpk)": "ck_u_l",
}
"""Test name in lower case to measure; every other test has no place in the data dictionary."""

ANALYTES: Final[dict[str, str]] = {
    "neurofilament light chain": "nfl_pg_ml",
    "neurofilament light": "nfl_pg_ml",
    "nfl": "nfl_pg_ml",
    "nf-l": "nfl_pg_ml",
    "phosphorylated neurofilament heavy chain": "pnfh_pg_ml",
    "pnfh": "pnfh_pg_ml",
    "pnf-h": "pnfh_pg_ml",
    "phosphorylated neurofilament heavy": "pnfh_pg_ml",
}


def vital_capacity(sheet: FormSheet, breath: Breath, reported: Told) -> pl.DataFrame:
    """Best of up to three trials in liters and in percent of normal; percent from liters where only those stand.

    Columns of liters hold percents where the unit says so, or where it is missing and the value cannot be liters.
    """
    when = day(sheet, breath.day, TABLE, reported)
    scale, unit = factors(sheet.column(breath.unit), "l")
    percents = unit.is_in(list(PERCENT_UNITS)).fill_null(False)
    unknown = unit.is_not_null() & scale.is_null() & ~percents
    reported.mark(
        sheet,
        breath.unit,
        TABLE,
        unknown,
        "unknown_unit",
        "The unit is not known; the value is taken for liters.",
        "Write liters or percent predicted.",
        "corrected",
    )
    scale = scale.fill_null(1.0)
    liters: list[pl.Series] = []
    shares: list[pl.Series] = []
    for trial in (1, 2, 3):
        name = f"subject_liters_trial_{trial}"
        supplied = number(sheet, name, TABLE, reported)
        hidden = ((supplied > MEASURES_BY_NAME[breath.liters].high) & unit.is_null()).fill_null(False)
        reported.mark(
            sheet,
            name,
            TABLE,
            hidden,
            "percent_among_liters",
            "Without a unit, a value too large for liters is taken for percent of normal.",
            "Write the unit.",
        )
        swapped = percents | hidden
        liters.append(within(sheet, name, breath.liters, (supplied * scale).set(swapped, None), reported))
        shares.append(within(sheet, name, breath.percent, supplied.set(~swapped, None), reported))
        name = f"pct_of_normal_trial_{trial}"
        shares.append(within(sheet, name, breath.percent, number(sheet, name, TABLE, reported), reported))
    best = pl.DataFrame(liters).select(pl.max_horizontal(pl.all())).to_series()
    share = pl.DataFrame([part.alias(str(location)) for location, part in enumerate(shares)])
    share = share.select(pl.max_horizontal(pl.all())).to_series()
    normal = number(sheet, "subject_normal", TABLE, reported) * scale
    return _breaths_made(sheet, breath, reported, when, best, share, normal)


def _breaths_made(
    sheet: FormSheet,
    breath: Breath,
    reported: Told,
    when: pl.Series,
    best: pl.Series,
    share: pl.Series,
    normal: pl.Series,
) -> pl.DataFrame:
    lawful = normal.is_between(0, MEASURES_BY_NAME[breath.liters].high, closed="right").fill_null(False)
    computed = 100 * best / normal.set(~lawful, None)
    filled = share.is_null() & computed.is_not_null()
    if filled.any():
        reported.say(
            sheet.note(
                "percent_computed",
                "Percent of normal is missing; it is computed from liters and subject_normal.",
                "Nothing.",
                column=breath.percent,
                value=f"{int(filled.sum())} rows",
            )
        )
    nothing = best.is_null() & share.is_null() & computed.is_null()
    if nothing.any():
        reported.say(
            sheet.note(
                "nothing_measured",
                "Rows without any value are excluded.",
                "Nothing.",
                value=f"{int(nothing.sum())} rows",
            )
        )
    how = pl.Series(["liters / subject_normal"]).new_from_index(0, len(share)).set(~filled, None)
    return pl.concat(
        [
            measure_rows(sheet, breath.liters, best, when),
            measure_rows(sheet, breath.percent, share.zip_with(~filled, computed), when, method=how),
        ]
    )


def weights(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Body weight in kilograms, by the unit of the row, else by the only unit of the person's other rows."""
    value = number(sheet, "weight", TABLE, reported)
    scale, _ = factors(sheet.column("weight_units"), "kg")
    usual = _usual(sheet, scale)
    lent = scale.is_null() & usual.is_not_null() & value.is_not_null()
    none = scale.is_null() & usual.is_null() & value.is_not_null()
    reported.mark(
        sheet,
        "weight",
        TABLE,
        lent,
        "unit_from_other_rows",
        "The unit is missing or unknown; the unit of the person's other rows is used.",
        "Write kg or pounds.",
    )
    reported.mark(
        sheet,
        "weight",
        TABLE,
        none,
        "no_unit",
        "Nothing states the unit of this weight; the row is excluded.",
        "Write kg or pounds.",
        "rejected",
    )
    kilograms = value * scale.zip_with(scale.is_not_null(), usual)
    kilograms = within(sheet, "weight", "weight_kg", kilograms, reported, LEAST_WEIGHT_KG)
    return measure_rows(sheet, "weight_kg", kilograms.round(2), day(sheet, "vital_signs_delta", TABLE, reported))


def _usual(sheet: FormSheet, scale: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"subject": sheet.frame["subject"], "scale": scale})
    one = pl.col("scale").drop_nulls().n_unique() == 1
    return frame.select(pl.when(one).then(pl.col("scale").max()).over("subject")).to_series()


def heights(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Median standing height of each person [cm]; a missing unit is the only one that gives an allowed height."""
    low, high = SUBJECTS.by_name["height_cm"].low or 0.0, SUBJECTS.by_name["height_cm"].high
    value = number(sheet, "height", "subjects", reported)
    scale, _ = factors(sheet.column("height_units"), "cm")
    inch = factor("in", "cm") or 1.0
    as_cm, as_inch = value.is_between(low, high), (value * inch).is_between(low, high)
    guessed = pl.DataFrame({"cm": as_cm, "inch": as_inch}).select(
        pl.when(pl.col("cm") & ~pl.col("inch")).then(1.0).when(pl.col("inch") & ~pl.col("cm")).then(inch)
    )
    untold = scale.is_null() & value.is_not_null()
    reported.mark(
        sheet,
        "height",
        "subjects",
        untold,
        "unit_guessed",
        "The unit is missing or unknown; the only one that gives an allowed height is used, if there is one.",
        "Write cm or inches.",
    )
    height = value * scale.zip_with(scale.is_not_null(), guessed.to_series())
    bad = ~height.is_between(low, high).fill_null(True)
    reported.mark(
        sheet,
        "height",
        "subjects",
        bad,
        "out_of_range",
        f"The height lies outside {low:g} to {high:g} cm.",
        "Correct the height or its unit.",
        "rejected",
    )
    frame = sheet.frame.select("subject").with_columns(height.set(bad, None).alias("height_cm"))
    return frame.drop_nulls().group_by("subject", maintain_order=True).agg(pl.col("height_cm").median().round(1))


def laboratory(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Creatinine and creatine kinase; results below a limit and words are reported, other tests counted."""
    carried = _coded(sheet, "test_name", LABORATORY)
    _others(sheet, reported, "test_name", carried)
    return _analyzed(
        sheet.filtered(carried), reported, "test_name", "test_result", "test_unit", "laboratory_delta", LABORATORY
    )


def neurofilament(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Neurofilament by analyte; the method says serum, plasma or CSF."""
    carried = _coded(sheet, "analyte", ANALYTES)
    _others(sheet, reported, "analyte", carried)
    return _analyzed(
        sheet.filtered(carried), reported, "analyte", "result", "unit", "collection_delta", ANALYTES, "matrix"
    )


def _coded(sheet: FormSheet, name: str, coding: Mapping[str, str]) -> pl.Series:
    test = sheet.column(name).str.strip_chars().str.to_lowercase()
    return test.is_in(list(coding)).fill_null(False)


def _others(sheet: FormSheet, reported: Told, name: str, carried: pl.Series) -> None:
    rest = sheet.column(name).filter(~carried)
    if rest.is_empty():
        return
    common = rest.drop_nulls().value_counts(sort=True).head(12)[rest.name].to_list()
    reported.say(
        sheet.note(
            "not_carried",
            "The data dictionary has no place for these tests; their rows stay in the file.",
            "Nothing; read the file itself where they are needed.",
            column=sheet.headings.get(name, name),
            value=f"{len(rest)} rows: {', '.join(common)}",
        )
    )


def _analyzed(
    sheet: FormSheet,
    reported: Told,
    test: str,
    result: str,
    unit: str,
    when: str,
    coding: Mapping[str, str],
    matrix: str = "",
) -> pl.DataFrame:
    supplied = sheet.column(result)
    limited = words(supplied).str.contains(r"^[<>≤≥]").fill_null(False)
    reported.mark(
        sheet,
        result,
        TABLE,
        limited,
        "beyond_limit",
        "The result lies beyond a limit of the assay; no number can be stored and the row is excluded.",
        "Nothing; a limit is no measurement.",
        "rejected",
    )
    value = reported.keep(numbers(supplied.set(limited, None), sheet.where(result, TABLE), decimal="."))
    measure = words(sheet.column(test)).str.to_lowercase().replace_strict(coding, default=None, return_dtype=pl.String)
    scale = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(value))
    for name in sorted(set(coding.values())):
        found, _ = factors(sheet.column(unit), MEASURES_BY_NAME[name].unit)
        scale = scale.zip_with(measure != name, found)
    bad = scale.is_null() & value.is_not_null()
    reported.mark(
        sheet,
        unit,
        TABLE,
        bad,
        "unknown_unit",
        "The unit is missing or cannot be converted; the row is excluded.",
        "Write the unit of the result.",
        "rejected",
    )
    how = words(sheet.column(matrix)).str.to_lowercase() if matrix else pl.Series([None], dtype=pl.String)
    how = how if matrix else how.new_from_index(0, len(value))
    return measure_rows(sheet, measure, value * scale, day(sheet, when, TABLE, reported), method=how)


def strength(sheet: FormSheet, measure: str, reported: Told) -> pl.DataFrame:
    """Best trial of a session for each side and muscle, in kilograms."""
    value = number(sheet, "test_result", TABLE, reported)
    scale, _ = factors(sheet.column("test_unit"), "kg")
    bad = scale.is_null() & value.is_not_null()
    reported.mark(
        sheet,
        "test_unit",
        TABLE,
        bad,
        "unknown_unit",
        "The unit is missing or not known; the row is excluded.",
        "Write pounds, kg or newton.",
        "rejected",
    )
    side = choice(sheet, "test_laterality", TABLE, "side", ("left", "right"), reported)
    kilograms = within(sheet, "test_result", measure, value * scale, reported).round(3)
    part, method = (_muscle(sheet), _effort(sheet)) if measure == "hhd_kg" else (None, _setting(sheet))
    rows = measure_rows(
        sheet,
        measure,
        kilograms,
        day(sheet, "ms_delta", TABLE, reported),
        side=side,
        method=method,
        **({} if part is None else {"part": part}),
    )
    return _best(sheet, rows, reported)


def _muscle(sheet: FormSheet) -> pl.Series:
    frame = pl.DataFrame([sheet.column("test_location").alias("where"), sheet.column("test_name").alias("what")])
    where = pl.col("where").str.strip_chars().str.to_lowercase().str.replace(r"(\w)joint$", "$1 joint")
    what = pl.col("what").str.to_lowercase().str.replace(r"^\s*isometric muscle strength,?\s*", "").str.strip_chars()
    return frame.select(pl.concat_str(where, what, separator=" ", ignore_nulls=True).replace("", None)).to_series()


def _effort(sheet: FormSheet) -> pl.Series:
    broken = words(sheet.column("test_break")).str.to_lowercase() == "yes"
    return pl.select(
        pl.when(broken.fill_null(False)).then(pl.lit("isometric, break test")).otherwise(pl.lit("isometric"))
    ).to_series()


def _setting(sheet: FormSheet) -> pl.Series:
    return ("setting " + words(sheet.column("test_setting"))).alias("method")


def _best(sheet: FormSheet, rows: pl.DataFrame, reported: Told) -> pl.DataFrame:
    key: Sequence[str] = ("subject", "day", "measure", "side", "part", "method")
    best = rows.sort("value", descending=True, nulls_last=True, maintain_order=True)
    best = best.unique(key, keep="first", maintain_order=True).sort("row")
    placed = best.filter(pl.col("day").is_not_null())
    unplaced = rows.filter(pl.col("day").is_null())
    fewer = rows.height - placed.height - unplaced.height
    if fewer:
        reported.say(
            sheet.note(
                "best_trial", "Several trials of a session are kept as the best one.", "Nothing.", value=f"{fewer} rows"
            )
        )
    return pl.concat([placed, unplaced])


def measures(sheets: Mapping[str, FormSheet], reported: Told) -> Iterable[pl.DataFrame]:
    """Rows of MEASURES of every form that has any."""
    for breath in BREATHS:
        if breath.form in sheets:
            yield vital_capacity(sheets[breath.form], breath, reported)
    for form, make in (("VITALSIGNS", weights), ("LABS", laboratory), ("NEUROFILAMENT", neurofilament)):
        if form in sheets:
            yield make(sheets[form], reported)
    for form, measure in (("HANDGRIPSTRENGTH", "grip_kg"), ("MUSCLESTRENGTH", "hhd_kg")):
        if form in sheets:
            yield strength(sheets[form], measure, reported)
