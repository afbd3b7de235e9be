"""TARGETS: published statistics of the natural history of ALS that a virtual population is compared with.

The rows stand in `targets.csv` beside this module: one a statistic, numbered as the published finding it belongs to
(6a and 6b are parts of one finding). Where the source printed an interval it is kept; where it printed none, a band
around the value says what counts as near, and the row says that the band is assumed. Rows used to fit the mechanism
say so; the rest were looked at afterwards only.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal

from alsight.base.sources import SourceKey

Band = Literal["published", "assumed"]


@dataclass(frozen=True)
class Target:
    """One published statistic.

    Attributes:
        number: finding and part, such as "12a".
        name: name of the statistic, as the summaries compute it.
        statistic: what it is, in words.
        unit: unit of the value; "1" for a share or a ratio.
        value: as published.
        low: lower end of the interval.
        high: upper end of the interval.
        band: whether the interval was printed ("published") or is what counts as near ("assumed").
        population: whom it was counted in, with the number of people.
        imitated: kind of virtual population that stands for it.
        source: reference.
        fitted: whether the calibration used it.
        note: what was not readable, or what the simulated statistic does instead.
    """

    number: str
    name: str
    statistic: str
    unit: str
    value: float
    low: float
    high: float
    band: Band
    population: str
    imitated: str
    source: SourceKey
    fitted: bool
    note: str = ""

    @property
    def finding(self) -> str:
        """Number of the finding, without its part."""
        return self.number.rstrip("abcdefgh")


Table = Literal["target", "guard", "shape"]
_BANDS: Final[dict[str, Band]] = {"published": "published", "assumed": "assumed"}


def _target(row: dict[str, str]) -> Target:
    """One row of the file as a target, its numbers and its band checked by their types."""
    return Target(
        number=row["number"],
        name=row["name"],
        statistic=row["statistic"],
        unit=row["unit"],
        value=float(row["value"]),
        low=float(row["low"]),
        high=float(row["high"]),
        band=_BANDS[row["band"]],
        population=row["population"],
        imitated=row["imitated"],
        source=SourceKey(row["source"]),
        fitted={"yes": True, "no": False}[row["fitted"]],
        note=row["note"],
    )


def _rows(table: Table) -> tuple[Target, ...]:
    """Rows of one table of `targets.csv`, in the order of the file."""
    text = files("alsight.knowledge").joinpath("targets.csv").read_text(encoding="utf-8")
    return tuple(_target(row) for row in csv.DictReader(text.splitlines()) if row["table"] == table)


TARGETS: Final = _rows("target")
"""Every published statistic, in the order of the findings."""

GUARDS: Final = _rows("guard")
"""Guards of the fit beyond the published list: without the end of life a fit cheats, living on at a total of 0."""

SHAPES: Final = _rows("shape")
"""Shapes that nothing was fitted to."""
