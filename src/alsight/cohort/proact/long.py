"""The long form of the prediction challenges: one line a value, subject | form | feature | value | unit | day.

It becomes the sheets of a release, so that every later step is the same. Source: kueffner2015
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from alsight.base.errors import Fault
from alsight.cohort.proact.files import LINE, note
from alsight.cohort.proact.names import FORMS_BY_NAME, ITEM_COLUMNS, heading_key
from alsight.cohort.proact.sheet import FormSheet, sheet_from

HEADINGS: Final = ("subjectid", "formname", "featurename", "featurevalue", "featureunit", "featuredelta")
"""Folded headings of the long form."""

SURVIVAL: Final = ("subjectid", "status", "timeevent")
"""Folded headings of the survival file that comes with it."""

FEATURES: Final[dict[str, tuple[str, str]]] = {
    **{heading_key(name): ("ALSFRS", name) for name in (*ITEM_COLUMNS.values(), "ALSFRS_Total", "ALSFRS_R_Total")},
    "age": ("DEMOGRAPHICS", "Age"),
    "gender": ("DEMOGRAPHICS", "Sex"),
    "sex": ("DEMOGRAPHICS", "Sex"),
    "onsetdelta": ("ALSHISTORY", "Onset_Delta"),
    "diagdelta": ("ALSHISTORY", "Diagnosis_Delta"),
    "onsetsite": ("ALSHISTORY", "Site_of_Onset"),
    "fvc": ("FVC", "Subject_Liters_Trial_1"),
    "fvcpercent": ("FVC", "pct_of_Normal_Trial_1"),
    "fvcnormal": ("FVC", "subject_normal"),
    "svc": ("SVC", "Subject_Liters_Trial_1"),
    "svcpercent": ("SVC", "pct_of_Normal_Trial_1"),
    "svcnormal": ("SVC", "subject_normal"),
    "weight": ("VITALSIGNS", "Weight"),
    "height": ("VITALSIGNS", "Height"),
    "ifuseriluzole": ("RILUZOLE", "Subject_used_Riluzole"),
}
"""Folded feature to form and heading of a release."""

UNITS: Final = {"Weight": "Weight_Units", "Height": "Height_Units"}
LABORATORY: Final = frozenset({"labtest", "laboratorydata", "labdata", "labs"})
"""Folded form names whose features are laboratory tests."""

FIXED: Final = frozenset({"DEMOGRAPHICS", "ALSHISTORY"})
"""Forms about the person, whose day is no visit."""


def is_long(headings: Sequence[str]) -> bool:
    """Whether headings are those of the long form."""
    keys = {heading_key(heading) for heading in headings}
    return set(HEADINGS[:4]) <= keys


def keyed(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of texts under folded headings; of headings that fold to the same the first is kept."""
    first: dict[str, str] = {}
    for name in frame.columns:
        first.setdefault(name if name == LINE else heading_key(name), name)
    return frame.select(pl.col(name).alias(key) for key, name in first.items())


def long_sheets(source: str, frame: pl.DataFrame) -> tuple[dict[str, FormSheet], list[Fault]]:
    """Sheets of every form that the long form holds; exact repeats are dropped, contradictions become further rows."""
    table = frame.with_columns(
        pl.lit(None, pl.String).alias(key) for key in HEADINGS if key not in frame.columns
    ).with_columns(pl.col("formname", "featurename").map_batches(_folded, return_dtype=pl.String).name.suffix("_key"))
    reported: list[Fault] = []
    whole = table.height
    table = table.unique(HEADINGS, keep="first", maintain_order=True)
    if table.height < whole:
        reported.append(
            note(
                source,
                "repeated_row",
                "Lines that stand twice are used once.",
                "Nothing.",
                value=f"{whole - table.height} rows",
            )
        )
    laboratory = table["formname_key"].is_in(list(LABORATORY))
    coding = {feature: f"{form}|{heading}" for feature, (form, heading) in FEATURES.items()}
    target = table["featurename_key"].replace_strict(coding, default=None, return_dtype=pl.String).set(laboratory, None)
    reported += _not_carried(source, table.filter(target.is_null() & ~laboratory))
    parts = target.str.split_exact("|", 1)
    table = table.with_columns(
        parts.struct.field("field_0").alias("form"), parts.struct.field("field_1").alias("heading")
    )
    sheets: dict[str, FormSheet] = {}
    frames = {str(key[0]): part for key, part in table.drop_nulls("form").partition_by("form", as_dict=True).items()}
    wide = {form: _wide(form, part) for form, part in frames.items()}
    if laboratory.any():
        wide["LABS"] = _laboratory(table.filter(laboratory))
    for form, texts in wide.items():
        sheet, more = sheet_from(FORMS_BY_NAME[form], source, texts)
        reported += [fault for fault in more if fault.rule != "column_missing"]
        if sheet is not None:
            sheets[form] = sheet
    return sheets, reported


def is_survival(headings: Sequence[str]) -> bool:
    """Whether headings are those of the survival file beside the long form (subject, status, time of event)."""
    return set(SURVIVAL) <= {heading_key(heading) for heading in headings}


def survival_sheet(source: str, frame: pl.DataFrame) -> tuple[FormSheet | None, list[Fault]]:
    """The death form from the survival file: status 1 is a death on that day, 0 a last contact."""
    status = pl.col("status").str.strip_chars().str.replace(r"\.0+$", "")
    died = status.replace_strict({"1": "Yes", "0": "No"}, default=None, return_dtype=pl.String)
    texts = frame.select(
        pl.col("subjectid").alias("subject_id"),
        died.alias("Subject_Died"),
        pl.when(died == "Yes").then("timeevent").alias("Death_Days"),
        pl.when(died == "No").then("timeevent").alias("Last_Contact_Days"),
        LINE,
    )
    return sheet_from(FORMS_BY_NAME["DEATHDATA"], source, texts)


def _folded(supplied: pl.Series) -> pl.Series:
    words = supplied.unique().drop_nulls().to_list()
    return supplied.replace_strict({word: heading_key(word) for word in words}, default=None, return_dtype=pl.String)


def _not_carried(source: str, rest: pl.DataFrame) -> list[Fault]:
    if rest.is_empty():
        return []
    common = rest["featurename"].drop_nulls().value_counts(sort=True).head(12)["featurename"].to_list()
    return [
        note(
            source,
            "not_carried",
            "The data dictionary has no place for these features; they stay in the file.",
            "Nothing; read the file itself where they are needed.",
            value=f"{rest.height} rows: {', '.join(common)}",
        )
    ]


def _wide(form: str, part: pl.DataFrame) -> pl.DataFrame:
    day = next(iter(FORMS_BY_NAME[form].days))
    when = pl.lit("0") if form in FIXED else pl.col("featuredelta")
    units = part.filter(pl.col("heading").is_in(list(UNITS))).with_columns(
        pl.col("heading").replace(UNITS), featurevalue=pl.col("featureunit")
    )
    long = pl.concat([part, units]).with_columns(when.alias("when"))
    key = ["subjectid", "when"]
    # The same feature twice on one day with different values is told apart by its place in the file.
    long = long.with_columns(pl.int_range(pl.len()).over([*key, "heading"]).alias("turn"))
    columns = long["heading"].unique().sort().to_list()
    wide = long.group_by([*key, "turn"], maintain_order=True).agg(
        *(pl.col("featurevalue").filter(pl.col("heading") == name).first().alias(name) for name in columns),
        pl.col(LINE).min(),
    )
    return wide.rename({"subjectid": "subject_id", "when": day}).drop("turn")


def _laboratory(part: pl.DataFrame) -> pl.DataFrame:
    return part.select(
        pl.col("subjectid").alias("subject_id"),
        pl.col("featurename").alias("Test_Name"),
        pl.col("featurevalue").alias("Test_Result"),
        pl.col("featureunit").alias("Test_Unit"),
        pl.col("featuredelta").alias("Laboratory_Delta"),
        LINE,
    )
