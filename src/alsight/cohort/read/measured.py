"""Measurements and treatments out of parsed tables: one a column, or one a row."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.base.errors import Fault
from alsight.base.units import factor
from alsight.cohort.mapping.headings import readings
from alsight.cohort.mapping.meanings import MEANINGS
from alsight.cohort.mapping.spec import line, unclear
from alsight.cohort.mapping.words import bag
from alsight.cohort.measures import MEASURE_NAMES, MEASURES_BY_NAME
from alsight.cohort.read.anchor import Anchors, placed
from alsight.cohort.read.apply import Rows

_FLUIDS: Final = ("plasma", "serum", "csf")


def measures(rows: Rows, people: Anchors) -> tuple[pl.DataFrame | None, list[Fault]]:
    """The table's measurements, one quantity a column or one measurement a row."""
    day = placed(rows, "time", people)
    faults: list[Fault] = []
    pieces: list[pl.DataFrame] = []
    for name in [name for name in rows.frame.columns if name in MEANINGS and MEANINGS[name].part == "measure"]:
        piece = pl.concat([rows.frame.select("subject", "row", value=name), day], how="horizontal")
        if name.startswith("capacity_"):
            kinds, reported = _capacity(rows, name)
            faults += reported
            piece = piece.with_columns(kinds.alias("measure"))
            piece = piece.filter(pl.col("measure").is_not_null())
        else:
            piece = piece.with_columns(measure=pl.lit(name))
        fluid = next(iter(sorted(set(_FLUIDS) & bag(rows.headings.get(name, "")))), None)
        piece = piece.with_columns(method=pl.lit(fluid, pl.String))
        pieces.append(piece.filter(pl.col("value").is_not_null()))
    if rows.has("measure") and rows.has("value"):
        piece, reported = _listed(rows, day)
        faults += reported
        pieces.append(piece)
    return (pl.concat(pieces, how="diagonal_relaxed") if pieces else None), faults


def _capacity(rows: Rows, name: str) -> tuple[pl.Series, list[Fault]]:
    """Forced or slow, by the column that says so; a vital capacity of unknown kind is excluded and reported."""
    unit = name.removeprefix("capacity_")
    nothing = pl.repeat(None, rows.frame.height, dtype=pl.String, eager=True)
    if not rows.has("capacity_kind"):
        heading = rows.headings.get(name, name)
        fault = unclear(
            rows.table.source,
            heading,
            f'nothing states whether "{heading}" is forced or slow; it was excluded.',
            f"Say it in the mapping: `{line(heading, means=f'fvc_{unit}')}` or `{line(heading, means=f'svc_{unit}')}`.",
        )
        return nothing, [fault]
    kind = rows.frame["capacity_kind"].str.to_lowercase()
    forced, slow = kind.str.contains("fvc|forced|forcée|forcierte"), kind.str.contains("svc|slow|lente|langsam")
    named = pl.select(
        pl.when(forced & ~slow).then(pl.lit(f"fvc_{unit}")).when(slow & ~forced).then(pl.lit(f"svc_{unit}"))
    ).to_series()
    return named, []


def _listed(rows: Rows, day: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """Measurements one a row: the quantity by its name, the value into the dictionary's unit."""
    frame = pl.concat(
        [rows.frame.select("subject", "row", "measure", "value", *rows.has("unit", "side", "part", "method")), day],
        how="horizontal",
    )
    unit = pl.col("unit") if "unit" in frame.columns else pl.lit(None, pl.String)
    frame = frame.with_columns(unit.fill_null("").alias("unit"))
    kinds = frame.select("measure", "unit").unique()
    rules = [(*kind, *_quantity(*kind)) for kind in kinds.rows()]
    faults = [
        unclear(
            rows.table.source,
            rows.headings.get("measure", "measure"),
            f'"{name}"{f" in {unit}" if unit else ""} is no quantity of the data dictionary; its rows were excluded.',
            f"Name it as one of: {', '.join(MEASURE_NAMES)}; or give its unit.",
            str(name),
        )
        for name, unit, quantity, _ in sorted(rules, key=str)
        if not quantity and name is not None
    ]
    table = pl.DataFrame(
        rules,
        schema={"measure": pl.String, "unit": pl.String, "quantity": pl.String, "ratio": pl.Float64},
        orient="row",
    )
    frame = frame.join(table, on=["measure", "unit"], how="left", maintain_order="left", nulls_equal=True)
    frame = frame.filter(pl.col("quantity") != "").with_columns(
        value=pl.col("value") * pl.col("ratio"), measure="quantity"
    )
    return frame.drop("quantity", "ratio", "unit"), faults


def _quantity(name: str | None, unit: str) -> tuple[str, float]:
    """The dictionary's quantity that a name and a unit stand for, and the factor into its unit; "" for none."""
    if not name:
        return "", 1.0
    found = (
        [name]
        if name in MEASURE_NAMES
        else [reading.means for reading in readings(f"{name} ({unit})" if unit else name)]
    )
    for means in found:
        for candidate in means.split(" or "):
            if candidate in MEASURES_BY_NAME:
                ratio = factor(unit, MEASURES_BY_NAME[candidate].unit) if unit else 1.0
                if " or " in means and not unit:
                    continue
                if ratio is not None:
                    return candidate, ratio
    return "", 1.0


def doses(rows: Rows, people: Anchors) -> tuple[pl.DataFrame | None, list[Fault]]:
    """The table's treatments: starts and stops by name of the column, or one treatment a row."""
    notes: list[Fault] = []
    pieces: list[pl.DataFrame] = []
    drugs = {name.split(":")[1].partition("@")[0] for name in rows.frame.columns if name.startswith("on:")}
    for drug in sorted(drugs):
        start, stop = f"on:{drug}", f"off:{drug}"
        piece = pl.concat(
            [
                rows.frame.select("subject", "row", *rows.has(f"{start}@flag")),
                placed(rows, start, people),
                placed(rows, "time", people).rename({"day": "seen"}),
                placed(rows, stop, people).rename({"day": "end_day"}),
            ],
            how="horizontal",
        )
        if f"{start}@flag" in piece.columns:
            on = pl.col(f"{start}@flag").fill_null(False)
            timed = any(name.startswith("time@") for name in rows.frame.columns)
            seen = pl.col("seen") if timed else pl.lit(0, pl.Int32)
            if piece.select((on & pl.col("day").is_null()).any()).item():
                notes.append(_unstarted(rows, drug))
            piece = piece.with_columns(day=pl.coalesce("day", pl.when(on).then(seen))).drop(f"{start}@flag")
        piece = piece.filter(pl.col("day").is_not_null()).sort("day", maintain_order=True)
        piece = piece.unique("subject", keep="first", maintain_order=True).with_columns(treatment=pl.lit(drug))
        pieces.append(piece.drop("seen"))
    if rows.has("treatment"):
        named = rows.has("treatment", "kind", "dose", "dose_unit", "blinded")
        piece = pl.concat(
            [
                rows.frame.select("subject", "row", *named),
                placed(rows, "time", people),
                placed(rows, "end", people).rename({"day": "end_day"}),
            ],
            how="horizontal",
        )
        pieces.append(
            piece.with_columns(pl.col("treatment").str.to_lowercase()).filter(pl.col("treatment").is_not_null())
        )
    return (pl.concat(pieces, how="diagonal_relaxed") if pieces else None), notes


def _unstarted(rows: Rows, drug: str) -> Fault:
    heading = rows.headings.get(f"on:{drug}@flag", drug)
    return Fault(
        table="doses",
        rule="start_assumed",
        severity="note",
        source=rows.table.source,
        column=heading,
        value=drug,
        message=f"Who is on {drug} is recorded but not since when; the first such visit stands for its start.",
        how_to_fix="Add a column with the date of its start.",
    )
