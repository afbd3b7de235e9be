"""Quirks of files: spellings of headings, encodings, separators, missing and further tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import polars as pl
from proact_folder import Tables
from proact_plants import Plant, Says, original, rated, rejected, said_of_file

Files = dict[str, bytes]
ALSFRS = "PROACT_ALSFRS.csv"
LATER = (Says("visits", {"day": 180}, {"q1_speech": 2.0, "alsfrs_r_total": 35.0}),)
ROW = {"ALSFRS": [rated("180", Q1_Speech="2.0", ALSFRS_R_Total="35")]}


def each(change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    return lambda files: {name: change(content) for name, content in files.items()}


def one(name: str, change: Callable[[bytes], bytes]) -> Callable[[Files], Files]:
    return lambda files: {**files, name: change(files[name])}


def beside(name: str, content: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: content}


def without(*tables: str) -> Callable[[Tables], Tables]:
    return lambda given: {name: frame for name, frame in given.items() if name not in tables}


def headed(table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Tables], Tables]:
    return lambda given: {**given, table: change(given[table])}


def separated(mark: bytes, content: bytes) -> bytes:
    return content if b'"' in content else content.replace(b",", mark)


FILE_PLANTS = (
    *(Plant(f"release_{release}", (), LATER, ROW, release=release) for release in ("2013", "2016", "2025", "upper")),
    Plant(
        "long_form",
        (),
        (
            *LATER,
            Says("visits", {"day": 0, "scale": "alsfrs"}, {}, 0),
            Says("subjects", {}, {"sex": "male", "onset_day": -700}),
        ),
        ROW,
        release="long",
    ),
    Plant(
        "long_form_both_scales",
        (),
        (
            Says("visits", {"day": 180, "scale": "alsfrs"}, {"alsfrs_total": 30.0}),
            Says("visits", {"day": 0, "scale": "alsfrs_r"}),
        ),
        {"ALSFRS": [original("180")]},
        release="long",
    ),
    Plant("byte_order_mark", (), LATER, ROW, files=each(lambda content: b"\xef\xbb\xbf" + content)),
    Plant(
        "nul_bytes",
        (),
        (*LATER, said_of_file("nul_bytes", source=ALSFRS)),
        ROW,
        files=one(ALSFRS, lambda content: content[:2000] + b"\x00" + content[2000:]),
    ),
    Plant(
        "utf_16", (), LATER, ROW, files=one(ALSFRS, lambda content: b"\xff\xfe" + content.decode().encode("utf-16-le"))
    ),
    Plant(
        "western_european_letters",
        (),
        (Says("doses", {"treatment": "caféine"}, {"day": 3}), said_of_file("not_utf8", source="PROACT_CONMEDS.csv")),
        {"CONMEDS": [{"Medication_Coded": "CAFÉINE", "Start_Delta": "3"}]},
        files=each(lambda content: content.decode().encode("latin-1")),
    ),
    Plant("windows_line_ends", (), LATER, ROW, files=each(lambda content: content.replace(b"\n", b"\r\n"))),
    Plant("semicolons", (), LATER, ROW, files=each(partial(separated, b";"))),
    Plant("tabs", (), LATER, ROW, files=each(partial(separated, b"\t"))),
    Plant(
        "line_break_in_cell",
        ("CONMEDS.Medication_Coded",),
        (
            Says("doses", {"treatment": "two lines"}),
            Says("doses", {"treatment": "omeprazole"}),
            rejected("missing", "rejected", table="doses"),
        ),
        {
            "CONMEDS": [
                {"Medication_Coded": "TWO\nLINES", "Start_Delta": "3"},
                {"Medication_Coded": "OMEPRAZOLE", "Start_Delta": "3"},
                {"Medication_Coded": "BACLOFEN"},
            ]
        },
    ),
    Plant(
        "more_cells_than_headings",
        (),
        (*LATER, said_of_file("more_cells_than_headings", source=ALSFRS)),
        ROW,
        files=one(ALSFRS, lambda content: content + b"77,3,3,3,3,3,,3,3,3,3,,10,,36,3,3,3,,,surplus,more\n"),
    ),
    Plant(
        "file_cut_short",
        (),
        (Says("visits", {"day": 0}, {"alsfrs_r_total": 36.0}), Says("visits", {"day": 180}, {"total_recorded": None})),
        ROW,
        files=one(ALSFRS, lambda content: content[: content.rindex(b",180") + 4]),
    ),
    Plant(
        "quotes_do_not_match",
        (),
        (*LATER, said_of_file("quotes_do_not_match", source="PROACT_TREATMENT.csv")),
        ROW,
        files=one("PROACT_TREATMENT.csv", lambda content: content + b'78,"Active,0\n79,Placebo,0\n'),
    ),
    Plant(
        "blank_lines", (), LATER, ROW, files=each(lambda content: b"\n" + content.replace(b"\n", b"\n\n", 3) + b"\n\n")
    ),
    Plant(
        "closing_remark",
        (),
        (*LATER, said_of_file("closing_remark", source=ALSFRS)),
        ROW,
        files=one(ALSFRS, lambda content: content + b"\n(4 row(s) affected)\n"),
    ),
    Plant(
        "unknown_column",
        (),
        (*LATER, said_of_file("unknown_column", column="Mood_Score", source=ALSFRS)),
        ROW,
        tables=headed("ALSFRS", lambda frame: frame.with_columns(pl.lit("7").alias("Mood_Score"))),
    ),
    Plant(
        "unknown_file",
        (),
        (*LATER, said_of_file("unknown_file", source="PROACT_GENETICS.csv")),
        ROW,
        files=beside("PROACT_GENETICS.csv", b"subject_id,Gene\n77,SOD1\n"),
    ),
    Plant(
        "tables_missing",
        (),
        (*LATER, said_of_file("table_missing", value=re.compile("^DEATHDATA, SVC, ELESCORIAL$"))),
        ROW,
        tables=without("DEATHDATA", "SVC", "ELESCORIAL"),
    ),
    Plant(
        "columns_missing",
        (),
        (
            Says("visits", {"day": 180}, {"q1_speech": 2.0, "q8_walking": None, "alsfrs_r_total": 35.0}),
            said_of_file("column_missing", value=re.compile("^q8_walking$")),
        ),
        ROW,
        tables=headed("ALSFRS", lambda frame: frame.drop("Q8_Walking")),
    ),
    Plant(
        "column_twice",
        (),
        (*LATER, said_of_file("column_twice", source=ALSFRS)),
        ROW,
        tables=headed("ALSFRS", lambda frame: frame.with_columns(pl.lit(None, pl.String).alias("R1_Dyspnea"))),
    ),
    Plant(
        "two_releases_in_one_folder",
        (),
        (*LATER, said_of_file("second_file", source="old/alsfrs.csv")),
        ROW,
        files=lambda files: {**files, "old/alsfrs.csv": files[ALSFRS]},
    ),
    Plant(
        "identifiers_as_decimals",
        (),
        LATER,
        ROW,
        tables=headed("ALSFRS", lambda frame: frame.with_columns(pl.col("subject_id") + ".0")),
    ),
    Plant(
        "empty_table",
        (),
        (*LATER, Says("events", {"event": "death"}, {}, 0), said_of_file("empty_table", source="PROACT_DEATHDATA.csv")),
        ROW,
        files=one("PROACT_DEATHDATA.csv", lambda content: content.partition(b"\n")[0] + b"\n"),
    ),
    Plant(
        "empty_file",
        (),
        (*LATER, said_of_file("unreadable_file", source="PROACT_DEATHDATA.csv")),
        ROW,
        files=beside("PROACT_DEATHDATA.csv", b""),
    ),
    Plant(
        "nobody_named",
        (),
        (*LATER, said_of_file("unreadable_file", source="PROACT_RILUZOLE.csv")),
        ROW,
        tables=headed("RILUZOLE", lambda frame: frame.drop("subject_id")),
    ),
)
"""`release_...`: the same person under the names, spellings and packing of another release."""
