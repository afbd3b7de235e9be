"""Smoothed courses of people by a fitted velocity model, and the evidence for a recovery against none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int
from scipy.special import expit

from alsight.base.errors import SpecError
from alsight.base.spec import Spec
from alsight.base.streams import Stream, stream_key
from alsight.infer.filter.paths import SUMMARY, WINDOW, Windows, smooth
from alsight.infer.filter.reductions import KINDS, Asked
from alsight.infer.fit import Fit
from alsight.infer.velocity.layout import kernel_numbers, make_layout
from alsight.infer.velocity.likelihood import blank_guesses, evaluate_placed, possible, predictors, spread
from alsight.infer.velocity.people import VelocityPeople, read_people
from alsight.models.latent.velocity import Recovery

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
EVIDENCE = 256
"""Particles of each half by which a recovery is evaluated against none."""
LEAST = 1e-4
"""Probability below which the courses with a recovery are not drawn."""


class Reduction(Spec, frozen=True, kw_only=True):
    """What is asked of each smoothed course, on the scale of the expected score.

    Attributes:
        kind: "level" at `start`; "loss" from `start` to `end`; "held_gain", the largest rise above the lowest score so
            far that lasted `months`, "gain_lost", how much of it was lost again by the last visit, "gain_lost_share",
            that as a share, "held_from", when it began to be held, "loss_before", how much had been lost before it;
            "flat_months", the longest time in which no more than `points` were lost, "flat_from", when it began;
            "whole_loss" from first to last visit, "late_loss" over the last `months`.
        name: how its rows are called; the kind where empty.
        start: time, in the table's [months].
        end: time [months].
        months: how long a gain must last [months].
        points: loss that still counts as flat [points].
        given: a held gain under this is excluded from what is said of one [points]; of flat periods the held gain
            from which on none counts.
        floor: a flat period that begins at this level or below does not count [points].
        ceiling: one that ends at this level or above does not count [points].
        at_least: threshold of the reported probability, in the reduction's unit.
    """

    kind: Literal[
        "level",
        "loss",
        "held_gain",
        "gain_lost",
        "held_from",
        "loss_before",
        "flat_months",
        "flat_from",
        "whole_loss",
        "late_loss",
        "gain_lost_share",
    ]
    name: str = ""
    start: float = 0.0
    end: float = 0.0
    months: Annotated[float, msgspec.Meta(ge=0)] = 6.0
    points: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    given: float | None = None
    floor: float = -1.0
    ceiling: float = 1e6
    at_least: float = 0.0


class Spans(Spec, frozen=True, kw_only=True):
    """Windows from visit to visit whose loss is reported.

    Attributes:
        months: lengths [months]; from each visit to the one nearest to so much later.
        slack: how far from it that visit may be, as a share of the length.
        flat: a loss below this counts as flat [points].
        lost: a loss of this or more counts as lost [points].
        gained: a gain of this or more counts as gained [points].
        none: with a gain of this or more a window is not flat [points].
        losing: a loss of this or more counts as losing [points].
        latest: windows from each visit to the last one are added where they are so long or longer [months]; None for
            none.
    """

    months: tuple[Annotated[float, msgspec.Meta(gt=0)], ...] = (6.0, 12.0, 18.0, 24.0, 36.0, 60.0, 90.0, 120.0)
    slack: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.25
    flat: float = 1.0
    lost: float = 3.0
    gained: float = 4.0
    none: float = 1e6
    losing: float = 1.0
    latest: float | None = None


@dataclass(frozen=True)
class Smoothed:
    """What `smooth_people` returns.

    Attributes:
        reductions: one row a person and reduction.
        windows: one row a person and window; empty where none was asked for.
        courses: one row a row of the table: subject, time, `level` (posterior mean of the expected score) and
            `level_sd`.
    """

    reductions: pl.DataFrame
    windows: pl.DataFrame
    courses: pl.DataFrame


def smooth_velocity(
    fit: Fit, visits: pl.DataFrame, reductions: list[Reduction], *, recovery: Recovery | None = None, draws: int = 1000
) -> pl.DataFrame:
    """Draw each person's course given its visits, reduce each draw, and summarize the reductions.

    Rows without an outcome extend a person's course to their time. Parameters are taken as known.

    Args:
        fit: what `fit_velocity` returned.
        visits: the people, with the columns of the fit.
        reductions: what is asked of every draw.
        recovery: allow a recovery, with this prior; without it courses never rise.
        draws: draws a person.

    Returns:
        One row a person and reduction: mean, sd, quantiles, `probability` of at least `at_least`, and `effective`
        draws. nan where a time lies outside a person's visits.

    Raises:
        DataError: a column is missing, or a score lies outside the scale.
        SpecError: nothing is asked, or too few draws.
    """
    if not reductions:
        raise SpecError([("reductions", "at least one", "none")])
    people = read_people(visits, fit.plan, fit.model, predicting=True)
    chance = np.zeros(people.count)
    if recovery is not None:
        none, gained, _ = weigh(fit, people, recovery)
        chance = expit(gained - none + np.log(recovery.prior) - np.log1p(-recovery.prior))
    return smooth_people(fit, people, reductions, chance, recovery=recovery, draws=draws).reductions


def smooth_people(
    fit: Fit,
    people: VelocityPeople,
    reductions: list[Reduction],
    chance: Float[np.ndarray, " subject"],
    *,
    recovery: Recovery | None = None,
    spans: Spans | None = None,
    draws: int = 1000,
) -> Smoothed:
    """`smooth_velocity` for people already read and evaluated, with windows.

    Args:
        fit: what `fit_velocity` returned.
        people: who, from `read_people`.
        reductions: what is asked of every draw.
        chance: posterior probability of a recovery.
        recovery: law of a recovery.
        spans: windows whose loss is reported.
        draws: draws a person, and of each of the two where a recovery is possible.

    Raises:
        SpecError: too few draws.
    """
    if draws < 20:
        raise SpecError([("draws", "20 or more", draws)])
    windows, frame = _windows(people, spans, math.ceil(fit.model.high - fit.model.low))
    reduced, lost, course = _drawn(fit, people, reductions, chance, windows, recovery, draws)
    columns = [pl.Series(name, lost[:, index]) for index, name in enumerate(WINDOW)]
    level, level_sd = course[people.row_node].T
    courses = people.table.with_columns(level=level, level_sd=level_sd)
    return Smoothed(_frame(people, reductions, reduced), frame.with_columns(columns), courses)


def _drawn(
    fit: Fit,
    people: VelocityPeople,
    reductions: list[Reduction],
    chance: Float[np.ndarray, " subject"],
    windows: Windows,
    recovery: Recovery | None,
    draws: int,
) -> tuple[
    Float[np.ndarray, "subject reduction number"], Float[np.ndarray, "window number"], Float[np.ndarray, "node two"]
]:
    """The kernels' summaries of everyone's draws: of the reductions, of the windows, and of the level at each node."""
    layout, values = make_layout(fit.model, *people.names), fit.estimates
    level, rate = predictors(people, layout, values)
    every, held = possible(recovery)
    some = np.where(chance >= LEAST, chance, 0.0)
    shares = np.stack([1 - some, some], axis=1)
    counts = np.where(shares > 0, draws, 0)
    asked, cuts = _asked(reductions)
    reduced = np.empty((people.count, len(reductions), len(SUMMARY) + len(QUANTILES)))
    lost, course = np.empty((len(windows.from_node), len(WINDOW))), np.empty((len(people.batch.step), 2))
    width = blank_guesses(people, recovery).shape[1]
    numbers, root = kernel_numbers(layout, values, recovery), np.uint64(stream_key(fit.model.seed, Stream.POSTERIOR))
    laws = (people.batch, level, rate, every, held, numbers, root, counts, shares, people.origin)
    queries = (asked, np.array(QUANTILES), cuts, windows, (*people.widths, draws), width)

    def task(first: int, last: int) -> None:
        smooth(*laws, *queries, first, last, reduced, lost, course)

    spread(task, people.count, 64)
    return reduced, lost, course


def recovery_evidence(fit: Fit, visits: pl.DataFrame, recovery: Recovery, *, particles: int = EVIDENCE) -> pl.DataFrame:
    """Marginal likelihood of each person's ratings with a recovery at an unknown time, and without.

    Args:
        fit: what `fit_velocity` returned.
        visits: the people.
        recovery: law of a recovery; its prior probability decides `probability` only.
        particles: particles of each of two halves.

    Returns:
        One row a person: `log_likelihood` without, `log_likelihood_recovery` with, `log_bayes_factor`, its Monte Carlo
        `error`, and the posterior `probability` of a recovery.

    Raises:
        DataError: a column is missing, or a score lies outside the scale.
    """
    people = read_people(visits, fit.plan, fit.model, predicting=True)
    none, gained, error = weigh(fit, people, recovery, particles=particles)
    odds = gained - none + np.log(recovery.prior) - np.log1p(-recovery.prior)
    return pl.DataFrame(
        {
            fit.plan.subject: people.subjects,
            "log_likelihood": none,
            "log_likelihood_recovery": gained,
            "log_bayes_factor": gained - none,
            "error": error,
            "probability": expit(odds),
        }
    )


def weigh(
    fit: Fit, people: VelocityPeople, recovery: Recovery, *, particles: int = EVIDENCE
) -> tuple[Float[np.ndarray, " subject"], Float[np.ndarray, " subject"], Float[np.ndarray, " subject"]]:
    """Log likelihood without a recovery and with one, and the Monte Carlo error of their difference."""
    layout = make_layout(fit.model, *people.names)
    none, gained = (
        evaluate_placed(people, layout, fit.estimates, particles, fit.model.seed, recovery=law)
        for law in (None, recovery)
    )
    return none.log_likelihood, gained.log_likelihood, np.hypot(none.error(), gained.error())


def _asked(reductions: list[Reduction]) -> tuple[Asked, Float[np.ndarray, " reduction"]]:
    columns = [np.array([getattr(one, name) for one in reductions]) for name in ("start", "end", "months", "points")]
    kinds = np.array([KINDS[one.kind] for one in reductions], dtype=np.int64)
    unbounded = {"flat_months": math.inf}
    given = [unbounded.get(one.kind, -math.inf) if one.given is None else one.given for one in reductions]
    ends = [np.array([getattr(one, name) for one in reductions]) for name in ("floor", "ceiling")]
    start, end, months, points = columns
    asked = Asked(kinds, start, end, months, points, np.array(given), ends[0], ends[1])
    return asked, np.array([one.at_least for one in reductions])


def _windows(people: VelocityPeople, spans: Spans | None, best: int) -> tuple[Windows, pl.DataFrame]:
    """Windows of every person, and their frame."""
    subject = people.subjects.name
    chosen = Spans(months=()) if spans is None else spans
    batch = people.batch
    owner = np.repeat(np.arange(people.count), np.diff(batch.visit_start))
    when = people.origin[owner] + _since_first(batch, owner)
    rows = [_pairs(owner, when, months, chosen.slack) for months in chosen.months]
    if chosen.latest is not None:
        rows.append(_to_last(owner, when, batch.visit_start, chosen.latest))
    starts = np.concatenate([row[0] for row in rows]) if rows else np.empty(0, np.int64)
    ends = np.concatenate([row[1] for row in rows]) if rows else np.empty(0, np.int64)
    lengths = [*chosen.months, *([] if chosen.latest is None else [math.inf])]
    months = np.repeat(np.array(lengths), [len(row[0]) for row in rows]) if rows else np.empty(0)
    order = np.lexsort((months, starts, owner[starts])) if len(starts) else np.empty(0, np.int64)
    starts, ends, months = starts[order], ends[order], months[order]
    edge = np.searchsorted(owner[starts], np.arange(people.count + 1)).astype(np.int64)
    cuts = (chosen.flat, chosen.lost, chosen.gained, chosen.none, chosen.losing)
    windows = Windows(edge, batch.node[starts], batch.node[ends], *cuts, best)
    latest = np.isinf(months)
    frame = pl.DataFrame(
        {
            subject: people.subjects.gather(owner[starts]),
            "months": np.where(latest, when[ends] - when[starts], months),
            "latest": latest,
            "start": when[starts],
            "end": when[ends],
            "visits": ends - starts + 1,
        }
    )
    return windows, frame


def _since_first(batch: object, owner: Int[np.ndarray, " visit"]) -> Float[np.ndarray, " visit"]:
    """Months from each person's first node to each rating."""
    step, node_start = np.asarray(batch.step), np.asarray(batch.node_start)  # pyright: ignore
    total = np.cumsum(step)
    return total[node_start[owner] + np.asarray(batch.node)] - total[node_start[owner]]  # pyright: ignore


def _pairs(
    owner: Int[np.ndarray, " visit"], when: Float[np.ndarray, " visit"], months: float, slack: float
) -> tuple[Int[np.ndarray, " window"], Int[np.ndarray, " window"]]:
    """From each visit to the same person's visit nearest to so many months later, where one is near enough."""
    if len(when) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    far = float(when.max() - when.min()) + months + 1
    line = owner * 2 * far + when - when.min()
    after = np.clip(np.searchsorted(line, line + months), 1, len(line) - 1)
    before = after - 1
    closer = np.abs(line[before] - line - months) <= np.abs(line[after] - line - months)
    nearer = np.where(closer, before, after)
    fine: Bool[np.ndarray, " visit"] = (owner[nearer] == owner) & (nearer > np.arange(len(line)))
    fine &= np.abs(when[nearer] - when - months) <= slack * months
    return np.flatnonzero(fine), nearer[fine]


def _to_last(
    owner: Int[np.ndarray, " visit"], when: Float[np.ndarray, " visit"], first: Int[np.ndarray, " edge"], least: float
) -> tuple[Int[np.ndarray, " window"], Int[np.ndarray, " window"]]:
    """From each visit to the same person's last one, where that is so many months later or more."""
    if not len(when):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    last = first[owner + 1] - 1
    fine = when[last] - when >= max(least, 1e-9)
    return np.flatnonzero(fine), last[fine]


def _frame(people: VelocityPeople, reductions: list[Reduction], out: np.ndarray) -> pl.DataFrame:
    count = people.count
    columns = {name: place for place, name in enumerate(SUMMARY)}
    quantiles = {f"q{round(100 * level):02d}": len(SUMMARY) + place for place, level in enumerate(QUANTILES)}
    return pl.DataFrame(
        {
            people.subjects.name: people.subjects.gather(np.repeat(np.arange(count), len(reductions))),
            "reduction": np.tile(np.array([one.name or one.kind for one in reductions]), count),
            **{name: out[:, :, place].ravel() for name, place in (columns | quantiles).items()},
        }
    )
