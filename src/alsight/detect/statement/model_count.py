"""Counts by the model: how many people truly had a plateau or held a gain, beside the same model on virtual people.

The number is the sum of all posteriors. It is expected from virtual people of natural history who were assessed by the
same program, so that what the model gets wrong it gets wrong on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float
from scipy.stats import gamma

from alsight.cohort.schema import Column
from alsight.detect.statement.sums import LEVELS, SPREAD, interval_of
from alsight.detect.thresholds import Thresholds

FILE: Final = Path(__file__).parent / "model_count.parquet"
STATEMENT_COLUMNS: Final = (
    Column("by", pl.String, "what defines the subgroup; empty for the whole cohort"),
    Column("subgroup", pl.String, "the subgroup"),
    Column("definition_text", pl.String, "the published definition, or what the model counts"),
    Column("kind", pl.String, "plateau or gain"),
    Column("definition", pl.String, "name of the definition"),
    Column("months", pl.Float64, "length of the plateau, or how long the gain is held", "month"),
    Column("points", pl.Float64, "size of the gain, null for a plateau", "point"),
    Column("eligible", pl.Int64, "people who are followed for long enough"),
    Column("observed", pl.Float64, "those of them who show it, or the sum of their posteriors"),
    Column("observed_low", pl.Float64, "lower end of the 95 % interval of a sum of posteriors"),
    Column("observed_high", pl.Float64, "upper end"),
    Column("expected", pl.Float64, "number under natural history"),
    Column("expected_low", pl.Float64, "lower end of its 95 % plausible range"),
    Column("expected_high", pl.Float64, "upper end"),
    Column("upper_tail_probability", pl.Float64, "as many or more under natural history", "", 0.0, 1.0),
    Column("cross_fit_expected", pl.Float64, "number expected from a fit to the other half of the same cohort"),
)
"""Columns of the statement, one row a definition and subgroup."""
STATEMENT: Final = {column.name: column.dtype for column in STATEMENT_COLUMNS}


@dataclass(frozen=True)
class ModelCount:
    """One definition by the model.

    Attributes:
        words: what it counts.
        kind: plateau or gain.
        months: its length, and the shortest follow-up that can show it [months].
        points: size of the gain, None for a plateau [points].
        name: its name among the definitions.
    """

    words: str
    kind: str
    months: float
    points: float | None
    name: str


def _stable(flat: float, months: float) -> ModelCount:
    points = f"{flat:g} point" + ("" if flat == 1.0 else "s")
    return ModelCount(
        f"true loss under {points} for {months:g} months, by the model", "plateau", months, None, "model_flat"
    )


def _gain(points: float, months: float) -> ModelCount:
    words = f"true gain of {points:g} points held {months:g} months, by the model"
    return ModelCount(words, "gain", months, points, f"model_gain_{months:g}")


TABLED: Final = Thresholds()
"""Thresholds for which the shipped table was made."""
QUANTITIES: Final[dict[str, ModelCount]] = {
    "posterior_stable": _stable(TABLED.flat, TABLED.flat_months),
    "posterior_gain_hold": _gain(TABLED.gain, TABLED.hold),
    "posterior_gain_remission": _gain(TABLED.gain, TABLED.remission),
}
"""Column of `CohortPosterior.people` to what its sum counts at the thresholds of TABLED."""
_TABLED_FIELDS: Final = ("flat", "flat_months", "hold", "remission", "gain")
_BEHIND: Final = 20.0
"""How many people of any rate since onset stand behind each stratum, of which some have few; assumed."""
FOLLOWED: Final = (6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0)
"""Months from the first to the last visit in the reference; what lies between two is interpolated."""
_BEYOND: Final = 6.0
"""Months by which a follow-up may exceed the last of them."""
_LATE: Final = 0.5
"""Months that are added to a follow-up before it is compared, since a last visit may come somewhat early."""
_KEYS: Final = ("rate_low", "level_low", "interval_months", "follow_up_months")


@cache
def reference() -> pl.DataFrame:
    """`rate_low`, `level_low`, `interval_months`, `follow_up_months`, `quantity`, `people`, `total`, `squares`."""
    return pl.read_parquet(FILE)


def model_count_rows(
    posteriors: pl.DataFrame,
    subjects: pl.Series,
    keys: pl.DataFrame,
    follow: Float[np.ndarray, " person"],
    masks: dict[tuple[str, str], Bool[np.ndarray, " person"]],
    thresholds: Thresholds,
    few: int = 20,
) -> list[dict[str, object]]:
    """Rows of the statement for the counts by the model; none where other thresholds than the tabled are used.

    Args:
        posteriors: `CohortPosterior.people`; people whose gains were not evaluated have none.
        subjects: who is compared.
        keys: their keys of the reference, in the same order.
        follow: months from the first to the last visit and half a month more.
        masks: who is in which subgroup.
        thresholds: thresholds of the posteriors.
        few: people below whom a subgroup is not stated.
    """
    if any(getattr(thresholds, name) != getattr(TABLED, name) for name in _TABLED_FIELDS):
        return []
    columns = [name for name in QUANTITIES if name in posteriors.columns]
    known = posteriors.select("subject", *(pl.col(name).cast(pl.Float64).fill_nan(None) for name in columns))
    known = subjects.to_frame("subject").join(known, on="subject", how="left", maintain_order="left")
    rows: list[dict[str, object]] = []
    for column, counted in QUANTITIES.items():
        share = known[column].fill_null(0.0).to_numpy() if column in columns else np.zeros(len(subjects))
        mean, variance, error = between(keys, follow, column)
        fits = (follow >= counted.months) & np.isfinite(mean)
        for (by, name), mask in masks.items():
            among = fits & mask
            if among.sum() >= (few if by else 1):
                cells = keys.filter(pl.Series(among)).select(_KEYS)
                whole = float(mean[among].sum())
                shift = SPREAD * whole * (1 - whole / max(int(among.sum()), 1))
                spread = variance[among].sum() + _shared(cells, error[among]) + shift**2
                rows.append(_row(by, name, counted, share[among], whole, float(spread)))
    return rows


def between(
    keys: pl.DataFrame, follow: Float[np.ndarray, " person"], quantity: str
) -> tuple[Float[np.ndarray, " person"], Float[np.ndarray, " person"], Float[np.ndarray, " person"]]:
    """`moments` at the follow-up of each person, on the line between the two that are tabled; nan beyond them."""
    steps = np.array(FOLLOWED)
    follow = np.maximum(follow - _LATE, steps[0])
    index = np.clip(np.searchsorted(steps, follow, side="right") - 1, 0, len(steps) - 2)
    share = np.clip((follow - steps[index]) / (steps[index + 1] - steps[index]), 0.0, 1.0)
    share = np.where(follow <= steps[-1] + _BEYOND, share, np.nan)
    low, high = (
        moments(keys.with_columns(follow_up_months=pl.Series(steps[index + more])), quantity) for more in (0, 1)
    )
    mean, variance, error = (one + share * (other - one) for one, other in zip(low, high, strict=True))
    return mean, variance, error


def moments(
    keys: pl.DataFrame, quantity: str
) -> tuple[Float[np.ndarray, " person"], Float[np.ndarray, " person"], Float[np.ndarray, " person"]]:
    """Mean of the posterior in people like each, its variance between them, and the error of that mean; nan for none.

    Strata of one rate since onset are drawn toward people of any rate, as some of them hold few.
    """
    rows = reference().filter(pl.col("quantity") == quantity)
    sums = [pl.col(name).sum() for name in ("people", "total", "squares")]
    whole = (
        rows.group_by(_KEYS[1:], maintain_order=True)
        .agg(sums)
        .rename({"people": "all", "total": "all_total", "squares": "all_squares"})
    )
    one = rows.group_by(_KEYS, maintain_order=True).agg(sums)
    joined = keys.join(whole, on=_KEYS[1:], how="left", maintain_order="left")
    joined = joined.join(one, on=_KEYS, how="left", maintain_order="left")
    behind = _BEHIND / pl.col("all")
    count = pl.col("people").fill_null(0) + _BEHIND
    mean = (pl.col("total").fill_null(0.0) + behind * pl.col("all_total")) / count
    square = (pl.col("squares").fill_null(0.0) + behind * pl.col("all_squares")) / count
    found = joined.select(mean=mean, variance=square - mean**2, count=count).with_columns(
        pl.col("variance").clip(0.0, None)
    )
    found = found.with_columns(error=pl.col("variance") / pl.col("count"))
    mean_of, variance_of, error_of = (
        found[name].fill_null(np.nan).to_numpy() for name in ("mean", "variance", "error")
    )
    return mean_of, variance_of, error_of


def _shared(cells: pl.DataFrame, error: Float[np.ndarray, " person"]) -> float:
    """Variance that the reference's own error adds: people of one stratum share it."""
    if cells.is_empty():
        return 0.0
    each = (
        cells.with_columns(error=pl.Series(error))
        .group_by(_KEYS, maintain_order=True)
        .agg(pl.len(), pl.col("error").first())
    )
    return float((each["len"].cast(pl.Float64) ** 2 * each["error"]).sum())


def _row(
    by: str, subgroup: str, counted: ModelCount, share: Float[np.ndarray, " person"], mean: float, variance: float
) -> dict[str, object]:
    """One counted in one subgroup: the sum of posteriors under natural history is about gamma."""
    observed = float(share.sum())
    low, high = interval_of(share)
    if mean > 0.0 and variance > 0.0:
        law = gamma(mean**2 / variance, scale=variance / mean)
        ends, upper_tail = [float(law.ppf(level)) for level in LEVELS], float(law.sf(observed))
    else:
        ends, upper_tail = [mean, mean], 1.0
    return {
        "by": by,
        "subgroup": subgroup,
        "definition_text": counted.words,
        "kind": counted.kind,
        "definition": counted.name,
        "months": counted.months,
        "points": counted.points,
        "eligible": len(share),
        "observed": observed,
        "observed_low": float(low),
        "observed_high": float(high),
        "expected": mean,
        "expected_low": ends[0],
        "expected_high": ends[1],
        "upper_tail_probability": upper_tail,
        "cross_fit_expected": None,
    }
