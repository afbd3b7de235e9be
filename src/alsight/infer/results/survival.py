"""Kaplan-Meier curves, log-rank tests and restricted means of the groups of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.special import ndtr, ndtri

from alsight.base.errors import DataError, Fault, SpecError
from alsight.infer.formulas import known
from alsight.infer.results.frames import as_frame
from alsight.infer.results.printing import as_html, as_text
from alsight.infer.survival.coding import Happened, events_of, numbers
from alsight.infer.survival.compare import log_rank as compare_arms
from alsight.summary.survival import Limits, SurvivalCurve, restricted_mean, survival_at
from alsight.summary.survival import kaplan_meier as curve_of
from alsight.summary.survival import quantile as quantile_of


@dataclass(frozen=True)
class FollowUpRows:
    """Rows of a table with time, event and group.

    Attributes:
        time: end of follow-up.
        event: whether it ended with the event.
        entry: start of follow-up; None where everyone was there from the start.
        group: group of each row, counted from 0.
        labels: names of the groups.
        stratum: stratum of each row; None for one.
        dropped: rows excluded because a value is missing.
    """

    time: Float[np.ndarray, " row"]
    event: Bool[np.ndarray, " row"]
    entry: Float[np.ndarray, " row"] | None
    group: np.ndarray
    labels: tuple[str, ...]
    stratum: np.ndarray | None
    dropped: int


def read_follow_up(
    data: Any, time: str, event: str, by: str, entry: str, strata: str, happened: Happened
) -> FollowUpRows:
    """The rows of a table that have every value.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
    """
    table = as_frame(data)
    used = [name for name in dict.fromkeys((time, event, by, entry, strata)) if name]
    if missing := [name for name in used if name not in table.columns]:
        how_to_fix = f"Name one of {', '.join(table.columns[:20])}."
        raise DataError([_fault("no_column", n, f"There is no column {n}.", how_to_fix) for n in missing])
    whole = table.with_row_index("row of the table").filter(pl.all_horizontal(known(table, name) for name in used))
    end, start = numbers(whole, time), numbers(whole, entry) if entry else None
    if start is not None and (wrong := start >= end).any():
        row = int(whole["row of the table"][int(np.argmax(wrong))]) + 1
        raise DataError([_fault("ends_before_it_begins", time, f"Row {row} ends before it begins.", "Correct it.")])
    labels = whole[by].cast(pl.String) if by else pl.Series(["all"] * whole.height, dtype=pl.String)
    names = _levels(whole[by]) if by else ["all"]
    place = {name: spot for spot, name in enumerate(names)}
    stratum = whole[strata].rank("dense").cast(pl.Int64).to_numpy() if strata else None
    group = np.array([place[label] for label in labels], dtype=int)
    return FollowUpRows(
        end, events_of(whole[event], happened), start, group, tuple(names), stratum, table.height - whole.height
    )


def _levels(column: pl.Series) -> list[str]:
    present = {str(value) for value in column.unique()}
    if isinstance(column.dtype, pl.Enum):
        return [level for level in column.dtype.categories if level in present]
    return [str(value) for value in column.unique().sort()]


def _fault(rule: str, column: str, message: str, how_to_fix: str) -> Fault:
    return Fault(table="survival", rule=rule, column=column, message=message, how_to_fix=how_to_fix)


@dataclass(frozen=True)
class KaplanMeier:
    """Kaplan-Meier curves of the groups of a table.

    Attributes:
        curves: by the groups' names.
        by: column of the groups, empty for one.
        dropped: rows excluded because a value is missing.
    """

    curves: dict[str, SurvivalCurve] = field(repr=False)
    by: str
    dropped: int

    def table(self) -> pl.DataFrame:
        """One row a group and event time: people at risk, events, survival, its error and limits."""
        columns = ("time", "at_risk", "events", "survival", "error", "low", "high")
        parts = [
            pl.DataFrame({"group": [name] * len(curve.time), **{c: getattr(curve, c) for c in columns}})
            for name, curve in self.curves.items()
        ]
        return pl.concat(parts).rename({"error": "standard_error"})

    def at(self, times: list[float]) -> pl.DataFrame:
        """Survival with limits at some times; null after the last observation."""
        parts: list[pl.DataFrame] = []
        for name, curve in self.curves.items():
            survival, low, high = survival_at(curve, np.asarray(times, dtype=float))
            parts.append(
                pl.DataFrame(
                    {"group": [name] * len(times), "time": times, "survival": survival, "low": low, "high": high}
                ).with_columns(pl.col("survival", "low", "high").fill_nan(None))
            )
        return pl.concat(parts)

    def quantile(self, share: float = 0.5) -> pl.DataFrame:
        """Time by which a share of people had the event, with limits; null where the curve does not reach it."""
        rows = [(name, *quantile_of(curve, share)) for name, curve in self.curves.items()]
        made = pl.DataFrame(rows, schema=["group", "time", "low", "high"], orient="row")
        return made.with_columns(pl.col("time", "low", "high").cast(pl.Float64).fill_nan(None))

    def summary(self) -> pl.DataFrame:
        """One row a group: people, events, median survival with limits."""
        counts = pl.DataFrame(
            {
                "group": list(self.curves),
                "people": [curve.people for curve in self.curves.values()],
                "events": [int(curve.events.sum()) for curve in self.curves.values()],
            }
        )
        return counts.join(self.quantile(), on="group", maintain_order="left").rename({"time": "median"})

    def __str__(self) -> str:
        """The summary as text."""
        return as_text(self.summary())

    def _repr_html_(self) -> str:
        return as_html(self.summary(), "Kaplan-Meier")


def kaplan_meier(
    data: Any,
    time: str,
    event: str,
    *,
    by: str = "",
    entry: str = "",
    happened: Happened = None,
    limits: Limits = "log",
    level: float = 0.95,
) -> KaplanMeier:
    """Kaplan-Meier curves of the groups of a table.

    Args:
        data: one row a person.
        time: column of the end of follow-up.
        event: column that says whether it ended with the event, 1 or true.
        by: column of groups; empty for one curve.
        entry: column of a delayed start.
        happened: value of `event` that means it happened, for other codings.
        limits: scale on which limits are symmetric: "log" (as R's survfit), "log_log" or "plain".
        level: coverage of the limits.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
        SpecError: no table.

    Examples:
        >>> table = {"months": [3.0, 5.0, 8.0, 9.0], "died": [1, 0, 1, 1]}
        >>> kaplan_meier(table, "months", "died").quantile()["time"].to_list()
        [8.0]
    """
    rows = read_follow_up(data, time, event, by, entry, "", happened)
    curves: dict[str, SurvivalCurve] = {}
    for number, name in enumerate(rows.labels):
        mine = rows.group == number
        begin = None if rows.entry is None else rows.entry[mine]
        curves[name] = curve_of(rows.time[mine], rows.event[mine], begin, limits=limits, level=level)
    return KaplanMeier(curves, by, rows.dropped)


def log_rank(
    data: Any,
    time: str,
    event: str,
    by: str,
    *,
    strata: str = "",
    entry: str = "",
    happened: Happened = None,
    rho: float = 0.0,
) -> pl.DataFrame:
    """Log-rank test that the hazards of groups are equal.

    Args:
        data: one row a person.
        time: column of the end of follow-up.
        event: column that says whether it ended with the event, 1 or true.
        by: column of groups.
        strata: column of strata within which groups are compared.
        entry: column of a delayed start.
        happened: value of `event` that means it happened, for other codings.
        rho: weight S(t-)^rho of each event time; 0 log-rank, 1 Peto and Peto.

    Returns:
        One row: `chi_square`, `degrees`, `p`, and per group the events observed and expected.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
        SpecError: fewer than two groups, or no event.
    """
    rows = read_follow_up(data, time, event, by, entry, strata, happened)
    if len(rows.labels) < 2:
        raise SpecError([("by", "a column with two groups or more", by)])
    if not rows.event.any():
        raise SpecError([("event", "a column with at least one event", event)])
    found = compare_arms(rows.time, rows.event, rows.group, entry=rows.entry, stratum=rows.stratum, rho=rho)
    columns = {"chi_square": [float(found.statistic[0])], "degrees": [len(rows.labels) - 1], "p": [float(found.p[0])]}
    for spot, name in enumerate(rows.labels):
        columns[f"observed_{name}"] = [float(found.observed[0, spot])]
        columns[f"expected_{name}"] = [float(found.expected[0, spot])]
    return pl.DataFrame(columns)


def rmst(
    data: Any,
    time: str,
    event: str,
    horizon: float,
    *,
    by: str = "",
    entry: str = "",
    happened: Happened = None,
    level: float = 0.95,
) -> pl.DataFrame:
    """Restricted mean survival time up to a horizon, of each group, and differences from the first.

    Args:
        data: one row a person.
        time: column of the end of follow-up.
        event: column that says whether it ended with the event, 1 or true.
        horizon: end of the area under the curve, in the unit of `time`.
        by: column of groups; empty for one mean.
        entry: column of a delayed start.
        happened: value of `event` that means it happened, for other codings.
        level: coverage of the intervals.

    Returns:
        One row a group and a difference: `group`, `estimate`, `standard_error`, `low`, `high`, `p` of differences.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
        SpecError: a horizon that is not above 0, or later than the last observation of a group.
    """
    rows = read_follow_up(data, time, event, by, entry, "", happened)
    if not horizon > 0:
        raise SpecError([("horizon", "a number above 0", horizon)])
    width = float(ndtri(0.5 + level / 2))
    listed: list[tuple[str, float, float, float | None]] = []
    for number, name in enumerate(rows.labels):
        mine = rows.group == number
        begin = None if rows.entry is None else rows.entry[mine]
        curve = curve_of(rows.time[mine], rows.event[mine], begin)
        if horizon > curve.last and (not len(curve.survival) or curve.survival[-1] > 0):
            raise SpecError([("horizon", f"at most {curve.last:g}, the last time in group {name}", horizon)])
        listed.append((name, *restricted_mean(curve, horizon), None))
    base = listed[0]
    for other in listed[1 : len(rows.labels)]:
        error = float(np.hypot(other[2], base[2]))
        p = float(2 * ndtr(-abs(other[1] - base[1]) / error)) if error > 0 else None
        listed.append((f"{other[0]} - {base[0]}", other[1] - base[1], error, p))
    made = pl.DataFrame(listed, schema=["group", "estimate", "standard_error", "p"], orient="row")
    reach = width * pl.col("standard_error")
    return made.with_columns(low=pl.col("estimate") - reach, high=pl.col("estimate") + reach).select(
        "group", "estimate", "standard_error", "low", "high", pl.col("p").cast(pl.Float64)
    )
