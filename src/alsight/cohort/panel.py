"""Panel: a cohort as padded arrays, the only bridge from frames to arrays, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np
import polars as pl
from jaxtyping import Array, Bool, Float, Int, UInt8

from alsight.base.errors import SpecError
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import DEFAULT, endpoints
from alsight.cohort.measures import MEASURES_BY_NAME
from alsight.cohort.scores import SCORED, item_matrix, scored_visits
from alsight.cohort.tables import SUBJECTS, VISITS
from alsight.instruments.items import ITEM_NAMES, TWELVE

Numbers = Array | np.ndarray

ITEMS_OUTCOME: Final = "items"
"""Outcome that asks for the twelve items as a last axis."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Panel:
    """People and their visits as arrays of equal length; places without a visit hold zeros and a false mask.

    Every array follows its person, so a panel can be cut, reordered or batched along the subject axis as a whole.

    Attributes:
        identifier: the person's identifier as UTF-8 bytes, padded with zeros.
        day: day of each visit since entry [days].
        months: the same [months of 30.4375 days].
        outcome: the score or measure, (*batch, subject, visit) or, for items, (*batch, subject, visit, item).
        mask: whether that outcome was observed, of the same shape.
        onset_months: first symptom to entry [months, normally above 0]; nan where not recorded.
        entry_months: start of observation since entry, 0 unless the person entered late [months].
        time_months: endpoint or last sign since entry [months].
        event: whether the endpoint was reached.
        covariates: columns of the subjects table that were asked for, as numbers; nan where missing.
    """

    identifier: UInt8[Numbers, "*batch subject byte"]
    day: Int[Numbers, "*batch subject visit"]
    months: Float[Numbers, "*batch subject visit"]
    outcome: Float[Numbers, "*values"]
    mask: Bool[Numbers, "*values"]
    onset_months: Float[Numbers, "*batch subject"]
    entry_months: Float[Numbers, "*batch subject"]
    time_months: Float[Numbers, "*batch subject"]
    event: Bool[Numbers, "*batch subject"]
    covariates: Float[Numbers, "*batch subject covariate"]


def panel(
    cohort: Cohort,
    outcome: str = "alsfrs_r_total",
    *,
    endpoint: str | Sequence[str] = DEFAULT,
    covariates: Sequence[str] = (),
) -> Panel:
    """The arrays of a cohort for one outcome.

    Args:
        cohort: a checked cohort.
        outcome: a numeric column of `scored_visits`, "items" for the twelve ALSFRS-R items, or a measure
            ("svc_pct"), repeats on one day being averaged.
        endpoint: event that ends follow-up, as in `endpoints`.
        covariates: numeric or yes-or-no columns of the subjects table.

    Returns:
        Every person of the cohort in its order, those without an observed outcome with an empty mask.

    Raises:
        SpecError: no such outcome, or a covariate that is no number.
    """
    _refuse(outcome, covariates)
    people, ended = cohort.subjects, endpoints(cohort, endpoint)
    keys, values = _observations(cohort, outcome)
    size, lines, places = people.height, *_places(keys, people)
    longest = int(places.max(initial=-1)) + 1
    day = np.zeros((size, longest), np.int32)
    observed = np.zeros((size, longest, *values.shape[1:]))
    mask = np.zeros(observed.shape, bool)
    day[lines, places] = keys["day"].to_numpy()
    seen = ~np.isnan(values)
    observed[lines, places] = np.where(seen, values, 0.0)
    mask[lines, places] = seen
    return Panel(
        identifier=_bytes(people["subject"]),
        day=day,
        months=months_of(day.astype(np.float64)),
        outcome=observed,
        mask=mask,
        onset_months=months_of(-_numbers(people.select("onset_day"))[:, 0]),
        entry_months=months_of(_numbers(ended.select("entry_day"))[:, 0]),
        time_months=months_of(_numbers(ended.select("time_day"))[:, 0]),
        event=ended["event"].to_numpy(),
        covariates=_numbers(people.select(list(covariates))).reshape(size, len(covariates)).astype(np.float64),
    )


def panel_table(source: Panel, **columns: Any) -> pl.DataFrame:
    """Results beside the people and visits they belong to.

    Args:
        source: the panel that the results were computed from, without batch axes.
        columns: name to array (subject,) or (subject, visit).

    Returns:
        One row a person where every array is (subject,); else one row a visit with any observed outcome, in time
        order, values of a person repeated over the visits. NaN stays NaN.

    Raises:
        SpecError: an array has another shape.
    """
    day, mask = np.asarray(source.day), np.asarray(source.mask)
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    size = day.shape[0]
    faults = [
        (name, f"an array of shape ({size},) or {day.shape}", values.shape)
        for name, values in arrays.items()
        if values.shape not in {(size,), day.shape}
    ]
    if faults:
        raise SpecError(faults)
    subjects = identifiers(source)
    if all(values.shape == (size,) for values in arrays.values()):
        return pl.DataFrame({"subject": subjects, **arrays})
    filled = mask if mask.ndim == 2 else mask.any(axis=tuple(range(2, mask.ndim)))
    lines, places = np.nonzero(filled)
    picked = {name: values[lines] if values.ndim == 1 else values[lines, places] for name, values in arrays.items()}
    return pl.DataFrame({"subject": subjects.gather(lines), "day": day[lines, places], **picked})


def identifiers(source: Panel) -> pl.Series:
    """The people of a panel, in its order."""
    raw = np.ascontiguousarray(np.asarray(source.identifier))
    if raw.size == 0:
        return pl.Series("subject", [""] * raw.shape[0], pl.String)
    return pl.Series("subject", np.char.decode(raw.view(f"S{raw.shape[1]}")[:, 0], "utf-8").astype(object), pl.String)


def _bytes(subjects: pl.Series) -> np.ndarray:
    if subjects.is_empty():
        return np.zeros((0, 1), np.uint8)
    encoded = np.char.encode(subjects.to_numpy().astype(np.str_), "utf-8")
    return encoded.view(np.uint8).reshape(len(subjects), -1)


def _numbers(frame: pl.DataFrame) -> np.ndarray:
    return frame.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _refuse(outcome: str, covariates: Sequence[str]) -> None:
    faults: list[tuple[str, str, Any]] = []
    scores = [column.name for column in VISITS.columns if column.dtype.is_numeric() and column.name != "day"]
    if outcome not in {ITEMS_OUTCOME, *scores, *SCORED, *MEASURES_BY_NAME}:
        faults.append(("outcome", "items, a score of the visits, or a measure", outcome))
    faults += [
        ("covariates", "numeric or yes-or-no columns of the subjects table", name)
        for name in covariates
        if name not in SUBJECTS.by_name or not _is_number(SUBJECTS.by_name[name].dtype)
    ]
    if faults:
        raise SpecError(faults)


def _is_number(dtype: Any) -> bool:
    return dtype == pl.Boolean or dtype.is_numeric()


def _observations(cohort: Cohort, outcome: str) -> tuple[pl.DataFrame, np.ndarray]:
    keys = ["subject", "day"]
    if outcome in MEASURES_BY_NAME:
        rows = cohort.measures.filter(pl.col("measure") == outcome)
        found = rows.group_by(keys).agg(pl.col("value").mean()).sort(keys)
        return found.select(keys), found["value"].to_numpy()
    if outcome == ITEMS_OUTCOME:
        rows = cohort.visits.filter(pl.col("scale") == "alsfrs_r", pl.any_horizontal(pl.col(ITEM_NAMES).is_not_null()))
        return rows.select(keys), item_matrix(rows).reshape(-1, len(TWELVE))
    visits = scored_visits(cohort) if outcome in SCORED or outcome == "q5_cutting" else cohort.visits
    found = visits.filter(pl.col(outcome).is_not_null())
    return found.select(keys), found[outcome].cast(pl.Float64).to_numpy()


def _places(keys: pl.DataFrame, people: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    # Keys are sorted by person and day, so a visit's place is its distance from the person's first one.
    order = people.select("subject").with_row_index("line")
    lines = keys.select("subject").join(order, on="subject", how="left", maintain_order="left")["line"].to_numpy()
    lines = lines.astype(np.int64)
    first = np.concatenate([[True], lines[1:] != lines[:-1]]) if lines.size else np.zeros(0, bool)
    starts = np.maximum.accumulate(np.where(first, np.arange(lines.size), 0)) if lines.size else lines
    return lines, np.arange(lines.size) - starts
