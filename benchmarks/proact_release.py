"""Write PRO-ACT-shaped tables the way each known release names, spells and packs them.

`python benchmarks/proact_release.py FOLDER --subjects 12000 --release 2022 [--zip]` writes one.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import xlsxwriter
from proact_folder import Tables, clean_tables

MIXED_CASE = {
    "ALSFRS": "alsfrs",
    "ALSHISTORY": "AlsHistory",
    "DEATHDATA": "DeathData",
    "DEMOGRAPHICS": "demographics",
    "FVC": "Fvc",
    "SVC": "Svc",
    "LABS": "Labs",
    "RILUZOLE": "Riluzole",
    "TREATMENT": "Treatment",
    "VITALSIGNS": "VitalSigns",
    "CONMEDS": "ConMeds",
    "ADVERSEEVENTS": "AdverseEvents",
    "FAMILYHISTORY": "FamilyHistory",
    "ELESCORIAL": "ElEscorial",
    "HANDGRIPSTRENGTH": "HandGripStrength",
    "MUSCLESTRENGTH": "MuscleStrength",
    "NEUROFILAMENT": "Neurofilament",
}
IN_2013 = {
    "ALSFRS": "ALSFRS",
    "ALSHISTORY": "SUBJECT_ALS_HX",
    "DEATHDATA": "DEATH",
    "DEMOGRAPHICS": "Demographics",
    "FVC": "FVC",
    "SVC": "SVC",
    "RILUZOLE": "RILUZOLE",
    "TREATMENT": "TREATMENT",
    "VITALSIGNS": "VITALS",
    "FAMILYHISTORY": "FAMHX",
    "LABS": "LABS",
}


@dataclass(frozen=True)
class Release:
    """How one release is written.

    Attributes:
        names: table to file name; a table that is not listed is not part of the release.
        spellings: heading of the 2022 release to the heading here.
        folder: folder inside the folder or archive.
        encoding: text encoding, with mark where the release has one.
        spaced: whether headings have spaces for underscores, and a FormID column and a closing remark stand in files.
    """

    names: Mapping[str, str]
    spellings: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: str = ""
    encoding: str = "utf-8"
    spaced: bool = False


RELEASES: Mapping[str, Release] = {
    "2013": Release(
        {table: f"PROACT_2013_08_12_{name}_Data.xlsx" for table, name in IN_2013.items()}
        | {"LABS": "PROACT_2013_08_27_LABS_Data.csv"},
        {"subject_id": "SubjectID"},
        spaced=True,
    ),
    "2016": Release(
        {table: f"{name}.csv" for table, name in MIXED_CASE.items()},
        {"subject_normal": "Subject_Normal"},
        "2016_01_04_ALL_FORMS_CSV",
        "latin-1",
    ),
    "2022": Release({table: f"PROACT_{table}.csv" for table in MIXED_CASE}),
    "2025": Release(
        {table: f"F_PROACT_{table}.csv" for table in MIXED_CASE}
        | {"VITALSIGNS": "F_PROACT_VITALS.csv", "NEUROFILAMENT": "F_PROACT_Neurofilament.csv"},
        {
            "R_1_Dyspnea": "R1_Dyspnea",
            "R_2_Orthopnea": "R2_Orthopnea",
            "R_3_Respiratory_Insufficiency": "R3_Respiratory_Insufficiency",
        },
        "2025_05_31_PROACT_ALL_FORMS/forms",
        "utf-8-sig",
    ),
    "upper": Release(
        {table: f"PROACT_{table}.CSV" for table in MIXED_CASE},
        {name: name.upper() for name in ("subject_id", "ALSFRS_Delta", "Onset_Delta", "subject_normal", "Sex")},
    ),
}
"""Releases that write one file a table; the long form of the 2012-2015 challenges is `write_long`."""

LONG_FORMS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "DEMOGRAPHICS": ("Demographic", "Demographics_Delta", {"Age": "Age", "Gender": "Sex"}),
    "ALSHISTORY": (
        "ALSHX",
        "Subject_ALS_History_Delta",
        {"onset_delta": "Onset_Delta", "diag_delta": "Diagnosis_Delta", "onset_site": "Site_of_Onset"},
    ),
    "ALSFRS": (
        "ALSFRS",
        "ALSFRS_Delta",
        {
            name: name.replace("R1_", "R_1_").replace("R2_", "R_2_").replace("R3_", "R_3_")
            for name in (
                "Q1_Speech",
                "Q2_Salivation",
                "Q3_Swallowing",
                "Q4_Handwriting",
                "Q5a_Cutting_without_Gastrostomy",
                "Q5b_Cutting_with_Gastrostomy",
                "Q6_Dressing_and_Hygiene",
                "Q7_Turning_in_Bed",
                "Q8_Walking",
                "Q9_Climbing_Stairs",
                "Q10_Respiratory",
                "R1_Dyspnea",
                "R2_Orthopnea",
                "R3_Respiratory_Insufficiency",
                "ALSFRS_Total",
                "ALSFRS_R_Total",
            )
        },
    ),
    "FVC": (
        "FVC",
        "Forced_Vital_Capacity_Delta",
        {"fvc": "Subject_Liters_Trial_2", "fvc_percent": "pct_of_Normal_Trial_2", "fvc_normal": "subject_normal"},
    ),
    "SVC": (
        "SVC",
        "Slow_vital_Capacity_Delta",
        {"svc": "Subject_Liters__Trial_2_", "svc_percent": "pct_of_Normal_Trial_2"},
    ),
    "VITALSIGNS": ("Vitals", "Vital_Signs_Delta", {"weight": "Weight", "pulse": "Pulse"}),
    "RILUZOLE": ("Riluzole", "Riluzole_use_Delta", {"if_use_Riluzole": "Subject_used_Riluzole"}),
}
"""Table to the form, its day column, and the features of the long form with their columns."""


def write_release(tables: Tables, place: Path, release: str = "2022", *, packed: bool = False) -> Path:
    """Write the tables that the release has; into a zip archive when `packed`. Returns what a user would name."""
    return write_files(release_files(tables, release), place, packed=packed)


def release_files(tables: Tables, release: str) -> dict[str, bytes]:
    """The files of a release by relative name."""
    how = RELEASES[release]
    return {
        (f"{how.folder}/" if how.folder else "") + name: _bytes(tables[table], how, name)
        for table, name in how.names.items()
        if table in tables
    }


def write_files(files: Mapping[str, bytes], place: Path, *, packed: bool = False) -> Path:
    """Files by relative name, in a folder or in one zip archive."""
    if packed:
        archive = place.with_suffix(".zip")
        archive.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
            for name, content in files.items():
                bundle.writestr(name, content)
        return archive
    for name, content in files.items():
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    place.mkdir(parents=True, exist_ok=True)
    return place


def write_long(tables: Tables, place: Path) -> Path:
    """The long form: one pipe-separated text of subject, form, feature, value, unit and day, without quotes."""
    parts: list[pl.DataFrame] = []
    for table, (form, day, features) in LONG_FORMS.items():
        frame = tables[table]
        for feature, column in features.items():
            if column not in frame.columns:
                continue
            unit = pl.col("Weight_Units") if feature == "weight" else pl.lit("L" if feature in {"fvc", "svc"} else "")
            parts.append(
                frame.select(
                    pl.col("subject_id").alias("SubjectID"),
                    pl.lit(form).alias("form_name"),
                    pl.lit(feature).alias("feature_name"),
                    pl.col(column).alias("feature_value"),
                    unit.alias("feature_unit"),
                    pl.col(day).alias("feature_delta"),
                ).filter(pl.col("feature_value").is_not_null())
            )
    labs = tables["LABS"].select(
        pl.col("subject_id").alias("SubjectID"),
        pl.lit("Lab Test").alias("form_name"),
        pl.col("Test_Name").alias("feature_name"),
        pl.col("Test_Result").alias("feature_value"),
        pl.col("Test_Unit").alias("feature_unit"),
        pl.col("Laboratory_Delta").alias("feature_delta"),
    )
    long = pl.concat([*parts, labs]).sort("SubjectID", maintain_order=True)
    place.mkdir(parents=True, exist_ok=True)
    long.write_csv(place / "all_forms_PROACT.txt", separator="|", quote_style="never")
    return place


def _bytes(frame: pl.DataFrame, how: Release, name: str) -> bytes:
    frame = frame.rename({old: new for old, new in how.spellings.items() if old in frame.columns})
    if how.spaced:
        headings = {column: column.replace("_", " ").strip() for column in frame.columns}
        frame = frame.rename(headings).insert_column(1, pl.lit("146").alias("FormID"))
    if name.endswith(".xlsx"):
        return _workbook(frame)
    if how.encoding in {"utf-8", "utf-8-sig"}:
        mark = b"\xef\xbb\xbf" if how.encoding == "utf-8-sig" else b""
        return mark + frame.write_csv().encode()
    return frame.write_csv().encode(how.encoding, errors="replace")


def _workbook(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        sheet.write_row(0, 0, frame.columns)
        numbers = [frame[name].cast(pl.Float64, strict=False) for name in frame.columns]
        for place, name in enumerate(frame.columns):
            numeric = numbers[place].null_count() == frame[name].null_count()
            sheet.write_column(1, place, (numbers[place] if numeric else frame[name]).to_list())
        sheet.write(frame.height + 2, 0, f"({frame.height} row(s) affected)")
    return stream.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subjects", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--release", choices=[*RELEASES, "long"], default="2022")
    parser.add_argument("--zip", action="store_true")
    asked = parser.parse_args()
    tables = clean_tables(asked.subjects, asked.seed)
    if asked.release == "long":
        print(write_long(tables, asked.folder))
    else:
        print(write_release(tables, asked.folder, asked.release, packed=asked.zip))


if __name__ == "__main__":
    main()
