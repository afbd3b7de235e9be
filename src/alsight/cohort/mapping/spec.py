"""Mapping: what each column of each file means, as a spec that is saved as TOML, corrected and used again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from alsight.base.errors import Fault, MappingError
from alsight.base.spec import Spec, read_toml
from alsight.cohort.mapping.meanings import MEANINGS, meaning_of
from alsight.cohort.tables import ENTRIES

_UNITS: Final = (
    "date",
    "excel_date",
    "sas_date",
    "day",
    "week",
    "month",
    "year",
    "age",
    "label",
    "flag",
    "alive",
    "status",
)


class ColumnMap(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one column means.

    Attributes:
        means: a name of MEANINGS; `on:NAME` or `off:NAME` for the start or stop of a treatment.
        unit: of a time: date (a calendar year too), excel_date or sas_date (day numbers from 1899-12-30 or
            1960-01-01), day, week, month, year, age, label ("baseline", "month 3"), flag (yes: it happened), alive
            (yes: the person lives), status (alive and dead); of a quantity: its unit (lb, ml, ng/ml ...), empty for
            the unit of the data dictionary.
        origin: what a count of time starts from: entry, onset or diagnosis. Written `from`.
        at: time of the visit that the column holds, in a table with visits side by side.
        at_unit: unit of `at`.
        slot: visit that the column belongs to, in a table with visits side by side.
        values: cell to what it means, where the file has its own codes; to "" where it means nothing.
        yes: choice that a "yes" stands for.
        of: heading of the column whose unit this column holds.
        exclude: cells whose rows are excluded (of people who do not have ALS, of derived values); "*" for any cell.
        confidence: how sure the guess is [0-1]; not saved.
        why: how it was guessed; not saved.
        examples: three values; not saved.
    """

    means: str
    unit: str = ""
    origin: Literal["", "entry", "onset", "diagnosis", "birth"] = msgspec.field(default="", name="from")
    at: float | None = None
    at_unit: Literal["", "day", "week", "month", "year"] = ""
    slot: str = ""
    values: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    yes: str = ""
    of: str = ""
    exclude: tuple[str, ...] = ()
    confidence: float = 1.0
    why: str = ""
    examples: tuple[str, ...] = ()


class TableMap(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one table of one file is read.

    Attributes:
        file: file name.
        sheet: worksheet, empty outside workbooks.
        columns: heading to meaning, or to the name of a meaning where nothing else is to be said.
        scale: scale of the scores; empty to take it from the `scale` column or from which items are filled.
        dates: whether the day or the month comes first in dates written with slashes.
        decimal: decimal mark, empty to find out.
        missing: further markers of a missing value.
        subject: identifier of the one person the table is about, where no column holds identifiers.
        at: time of the visit that the table holds, where no column holds one.
        at_unit: unit of `at`.
        layout: known layout that it follows.
        use: false to leave the table out.
    """

    file: str = ""
    sheet: str = ""
    columns: dict[str, ColumnMap | str] = msgspec.field(default_factory=dict[str, ColumnMap | str])
    scale: Literal["", "alsfrs_r", "alsfrs"] = ""
    dates: Literal["", "dmy", "mdy"] = ""
    decimal: Literal["", ".", ","] = ""
    missing: tuple[str, ...] = ()
    subject: str = ""
    at: float | None = None
    at_unit: Literal["", "day", "week", "month", "year"] = ""
    layout: str = ""
    use: bool = True

    @property
    def source(self) -> str:
        """The table as faults name it."""
        return f"{self.file} [{self.sheet}]" if self.sheet else self.file

    def maps(self) -> dict[str, ColumnMap]:
        """Every column with its meaning spelled out."""
        return {
            heading: ColumnMap(means=supplied) if isinstance(supplied, str) else supplied
            for heading, supplied in self.columns.items()
        }


class Mapping(Spec, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the tables of an input are read.

    Attributes:
        entry: what day 0 is.
        tables: every table.
    """

    entry: Literal["", "first_visit", "randomization", "enrollment", "diagnosis", "symptom_onset", "stated"] = ""
    tables: tuple[TableMap, ...] = ()

    def explain(self) -> list[dict[str, str]]:
        """One row a column: where it is, what it is taken for, how sure, why, three values; unused ones last."""
        rows = [
            {
                "table": table.source,
                "column": heading,
                "means": _meant(column),
                "confidence": "" if column.means == "ignored" else f"{column.confidence:.0%}",
                "why": column.why,
                "examples": ", ".join(column.examples),
            }
            for table in self.tables
            for heading, column in table.maps().items()
        ]
        return sorted(rows, key=lambda row: row["means"] == "not used")


def _meant(column: ColumnMap) -> str:
    if column.means == "ignored":
        return "not used"
    more = [
        column.unit,
        f"from {column.origin}" if column.origin else "",
        f"at {column.at:g} {column.at_unit}".strip() if column.at is not None else column.slot,
        f"yes = {column.yes}" if column.yes else "",
        f"excluded: {', '.join(column.exclude)}" if column.exclude else "",
        ", ".join(f"{cell} = {value or 'missing'}" for cell, value in column.values.items()),
    ]
    reported = "; ".join(part for part in more if part)
    return f"{column.means} ({reported})" if reported else column.means


def read_mapping(path: Path | str) -> Mapping:
    """A mapping from a TOML file.

    Raises:
        SpecError: the file is missing or is no mapping.
        MappingError: it names meanings that there are not; each with the line to correct.
    """
    mapping = read_toml(Mapping, path)
    check_mapping(mapping)
    return mapping


def check_mapping(mapping: Mapping) -> None:
    """Refuse names and units that mean nothing, all at once.

    Raises:
        MappingError: with the line of TOML for each.
    """
    faults: list[Fault] = []
    for table in mapping.tables:
        for heading, column in table.maps().items():
            meaning = meaning_of(column.means)
            if meaning is None:
                near = ", ".join(sorted(MEANINGS))
                faults.append(
                    unclear(table.source, heading, f'"{column.means}" is no meaning of a column.', f"One of: {near}.")
                )
            elif meaning.kind == "time" and column.unit and column.unit not in _UNITS:
                faults.append(
                    unclear(
                        table.source, heading, f'"{column.unit}" is no unit of time.', f"One of: {', '.join(_UNITS)}."
                    )
                )
    if faults:
        raise MappingError(faults)


def unclear(source: str, heading: str, message: str, how_to_fix: str, value: str = "") -> Fault:
    """A fault of the mapping itself."""
    return Fault(
        table="file",
        rule="unclear_mapping",
        source=source,
        column=heading,
        message=f"{source}: {message}",
        how_to_fix=how_to_fix,
        value=value,
    )


def line(heading: str, **fields: Any) -> str:
    """The line of TOML that settles what a column means."""
    inner = ", ".join(f"{_key(name)} = {_value(value)}" for name, value in fields.items())
    return f"{_key(heading)} = {{ {inner} }}"


def mapping_toml(mapping: Mapping, questions: Sequence[str] = ()) -> str:
    """The mapping as TOML, each guess with its reason beside it; cells of the file are never written into it.

    Args:
        mapping: the mapping.
        questions: what it leaves open, written above it as remarks.
    """
    out = [f"# To be answered: {' '.join(question.split())}" for question in questions]
    out += [
        "# How alsight reads these columns. Correct what is wrong and give this file as the mapping.",
        '# A column that is not to be used: "Heading" = "ignored".',
        f"entry = {_value(mapping.entry)}  # what day 0 is: {', '.join(ENTRIES)}",
    ]
    for table in mapping.tables:
        out += ["", "[[tables]]"]
        out += [f"{name} = {_value(value)}" for name, value in _set(table) if name != "columns"]
        out += ["[tables.columns]"]
        out += [_column_line(heading, column) for heading, column in table.maps().items()]
    return "\n".join(out) + "\n"


def write_mapping(mapping: Mapping, path: Path | str, questions: Sequence[str] = ()) -> Path:
    """Save a mapping, with the questions that it leaves open; returns the place."""
    location = Path(path)
    location.write_text(mapping_toml(mapping, questions), encoding="utf-8")
    return location


def _column_line(heading: str, column: ColumnMap) -> str:
    fields = [(name, value) for name, value in _set(column) if name not in ("confidence", "why", "examples")]
    reported = f"  # {column.confidence:.0%}: {column.why}" if column.why and column.means != "ignored" else ""
    if len(fields) == 1:
        return f"{_key(heading)} = {_value(column.means)}{reported}"
    return line(heading, **dict(fields)) + reported


def _set(spec: Spec) -> Iterable[tuple[str, Any]]:
    """Fields of a spec that differ from their default, by the name they are written under."""
    for field in msgspec.structs.fields(spec):
        value = getattr(spec, field.name)
        empty = value in ("", (), {}, None, []) or (field.name == "use" and value is True)
        if not empty:
            yield field.encode_name, value


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(str(name))} = {_value(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, int | float):
        return f"{value:g}"
    # JSON's quoting of text is TOML's, but for the one character that TOML forbids bare.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
