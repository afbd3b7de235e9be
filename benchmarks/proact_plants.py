"""PLANTS: every quirk of PRO-ACT by name, the rows that plant it, and what the cohort must then say.

Each plant adds one invented person to the tables of `proact_folder.clean_tables`; some also change headings or bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import proact_release
from proact_folder import ITEMS, Tables

Rows = Mapping[str, list[dict[str, str]]]
FIRST = 9_000_001
"""Identifier of the first planted person; the invented people of the generator have smaller ones."""


@dataclass(frozen=True)
class Says:
    """What a table of the cohort must say of the planted person.

    Attributes:
        table: table of the cohort, "rejected" included.
        where: values, or patterns, that pick its rows; the person is added unless `subject` stands here.
        values: values that each picked row must have, None for missing.
        count: how many rows must be picked.
    """

    table: str
    where: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1


@dataclass(frozen=True)
class Plant:
    """One quirk.

    Attributes:
        name: short name; the docs page tells it in words.
        columns: TABLE.column that the quirk is about, as spelled in the list of known columns.
        says: what the cohort must say.
        rows: rows added for the planted person, beside or instead of the usual ones.
        instead: tables whose usual rows of the person are left out.
        tables: change to the tables after the rows were added.
        files: change to the files by name before they are written.
        release: release to write, "long" for the long form.
    """

    name: str
    columns: tuple[str, ...]
    says: tuple[Says, ...]
    rows: Rows = field(default_factory=dict)
    instead: tuple[str, ...] = ()
    tables: Callable[[Tables], Tables] | None = None
    files: Callable[[dict[str, bytes]], dict[str, bytes]] | None = None
    release: str = "2022"


def rated(day: str | None, **changes: str | None) -> dict[str, str]:
    """A row of the ALSFRS-R with 3 points on every item (total 36), some cells changed or emptied."""
    row: dict[str, str | None] = dict.fromkeys(ITEMS, "3.0")
    row |= {"R_1_Dyspnea": "3", "R_2_Orthopnea": "3", "R_3_Respiratory_Insufficiency": "3", "ALSFRS_R_Total": "36"}
    return _filled(row | {"ALSFRS_Delta": day} | changes)


def original(day: str | None, **changes: str | None) -> dict[str, str]:
    """A row of the original ALSFRS with 3 points on every item (total 30), some cells changed or emptied."""
    row: dict[str, str | None] = dict.fromkeys((*ITEMS, "Q10_Respiratory"), "3.0")
    return _filled(row | {"ALSFRS_Total": "30.0", "ALSFRS_Delta": day} | changes)


def _filled(row: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in row.items() if value is not None}


def rejected(rule: str, severity: str, count: int = 1, **values: Any) -> Says:
    """A fault that must be told of the planted person."""
    return Says("rejected", {"rule": rule, "severity": severity}, values, count)


def said_of_file(rule: str, count: int = 1, **where: Any) -> Says:
    """A fault that must be told of a file, not of a person."""
    return Says("rejected", {"rule": rule, "subject": "", **where}, {}, count)


def no(table: str, **where: Any) -> Says:
    """Rows that must not be there."""
    return Says(table, where, count=0)


USUAL: Rows = {
    "DEMOGRAPHICS": [{"Demographics_Delta": "0", "Age": "60.0", "Date_of_Birth": "-21915", "Sex": "Male"}],
    "ALSHISTORY": [
        {
            "Site_of_Onset": "Onset: Limb",
            "Onset_Delta": "-700",
            "Diagnosis_Delta": "-400",
            "Subject_ALS_History_Delta": "0",
        }
    ],
    "ALSFRS": [rated("0"), rated("90")],
}
"""Rows of a planted person where a plant does not say otherwise."""


def planted(tables: Tables, plants: Iterable[Plant]) -> tuple[Tables, dict[str, str]]:
    """The tables with each plant's person added, and the identifier of each, by name of the plant."""
    plants = list(plants)
    people = {plant.name: str(FIRST + place) for place, plant in enumerate(plants)}
    result = dict(tables)
    rows: dict[str, list[dict[str, str]]] = {}
    for plant in plants:
        usual = {name: part for name, part in USUAL.items() if name not in plant.instead}
        for name in {*usual, *plant.rows}:
            own = [*usual.get(name, []), *plant.rows.get(name, [])]
            rows.setdefault(name, []).extend({"subject_id": people[plant.name], **row} for row in own)
    for name, more in rows.items():
        columns = {column: pl.String for row in more for column in row}
        result[name] = pl.concat([result[name], pl.DataFrame(more, schema=columns)], how="diagonal")
    for plant in plants:
        result = plant.tables(result) if plant.tables is not None else result
    return result, people


def write_planted(tables: Tables, plant: Plant, place: Path) -> Path:
    """A folder with one plant, ready to be read."""
    if plant.release == "long":
        return proact_release.write_long(tables, place)
    files = proact_release.release_files(tables, plant.release)
    return proact_release.write_files(plant.files(files) if plant.files is not None else files, place)


def unsaid(frames: Mapping[str, pl.DataFrame], person: str, says: Iterable[Says]) -> list[str]:
    """What the frames do not say although they must; empty when all is said."""
    wrong: list[str] = []
    for say in says:
        where = {"subject": person, **say.where}
        rows = frames[say.table].filter(pl.lit(value=True), *(picks(name, value) for name, value in where.items()))
        if rows.height != say.count:
            wrong.append(f"{say.table} where {where}: {rows.height} rows, not {say.count}")
        wrong += [
            f"{say.table} where {where}: {name} is {found!r}, not {value!r}"
            for name, value in say.values.items()
            for found in rows[name].to_list()
            if not same(found, value)
        ]
    return wrong


def picks(name: str, value: Any) -> pl.Expr:
    """Rows whose column equals a value, or whose text a pattern is found in."""
    if isinstance(value, re.Pattern):
        return pl.col(name).str.contains(value.pattern).fill_null(value=False)
    return pl.col(name).eq_missing(pl.lit(value))


def same(found: Any, value: Any) -> bool:
    """Equal, numbers within a thousandth of a percent (32-bit columns)."""
    if isinstance(value, float) and isinstance(found, float):
        return abs(found - value) <= 1e-5 * max(1.0, abs(value))
    return bool(found == value)
