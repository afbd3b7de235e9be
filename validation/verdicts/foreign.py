"""Generators that are not the model's kin: their laws were fixed before the model was given steps and quiet spells.

Five natural histories (change points, steps, loud raters, a slow clinic, drifting raters), three that the scores alone
cannot tell from the truth (`LIMITS`), and therapies laid over any of them. Each draws true courses on a grid of
`GRID` months from the first visit on, and ratings of them. Every number is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from zlib import crc32

import numpy as np
import polars as pl
from jaxtyping import Float64

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables

GRID: Final = 0.5
"""Step of the true course [months]."""
HORIZON: Final = 36.0
"""Longest follow-up [months]."""
GONE: Final = 0.012
"""Share of people who leave in a month."""
MISSED: Final = 0.05
"""Share of visits that are missed."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Noise:
    """How ratings of a person depart from the truth: normal, with a personal size.

    Attributes:
        sd: SD of one rating in a typical person [points].
        log_sd: SD of the log size between people.
        sticky: share of the variance that is remembered.
        memory: months over which it is.
        drift: SD of a drift over a year, a random walk that everyone of a clinic shares [points].
    """

    sd: float
    log_sd: float = 0.0
    sticky: float = 0.0
    memory: float = 6.0
    drift: float = 0.0


@dataclass(frozen=True)
class Law:
    """One generator.

    Attributes:
        course: draws true courses: (people, points of the grid, rng) -> scores.
        noise: of the ratings.
        interval: months between visits.
        habit: what else befalls the ratings: (times, scores, rng) -> scores; None for nothing.
    """

    course: Callable[[int, int, Rng], Float64[np.ndarray, "person point"]]
    noise: Noise
    interval: float = 3.0
    habit: Callable[[np.ndarray, np.ndarray, Rng], np.ndarray] | None = None


def _from(level: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Courses from the level at the start and the loss in each step of the grid, within the scale."""
    lost = np.concatenate([np.zeros((len(level), 1)), np.cumsum(loss, axis=1)], axis=1)[:, : loss.shape[1]]
    return np.clip(level[:, None] - lost, 0.0, 48.0)


def _levels(people: int, rng: Rng) -> np.ndarray:
    return 48.0 - 24.0 * rng.beta(1.6, 2.4, people)


def change_points(people: int, points: int, rng: Rng) -> np.ndarray:
    """Rates that hold for a while and are then drawn anew: none at all in a quarter of the spells."""
    fresh = rng.random((people, points)) < 1 - np.exp(-GRID / 9.0)
    fresh[:, 0] = True
    personal = rng.gamma(2.2, 0.4, (people, 1))
    drawn = np.where(rng.random((people, points)) < 0.25, 0.0, personal * rng.gamma(2.0, 0.5, (people, points)))
    since = np.maximum.accumulate(np.where(fresh, np.arange(points), 0), axis=1)
    return _from(_levels(people, rng), GRID * np.take_along_axis(drawn, since, axis=1))


def steps(people: int, points: int, rng: Rng) -> np.ndarray:
    """Level stretches with sudden falls of 1 point and more, more often in some people than in others."""
    often = rng.gamma(1.6, 0.11, (people, 1))
    fall = rng.random((people, points)) < 1 - np.exp(-GRID * often)
    return _from(_levels(people, rng), fall * (1.0 + rng.exponential(2.0, (people, points))))


def bent(people: int, points: int, rng: Rng) -> np.ndarray:
    """Lines that bend a little; one in six is slow."""
    slow = rng.random((people, 1)) < 1 / 6
    rate = np.where(slow, rng.gamma(1.5, 0.06, (people, 1)), rng.gamma(2.5, 0.36, (people, 1)))
    share = np.arange(points)[None] / points
    bend = rng.uniform(-0.6, 0.6, (people, 1))
    return _from(_levels(people, rng), GRID * rate * np.maximum(1 + bend * (2 * share - 1), 0.0))


def slow(people: int, points: int, rng: Rng) -> np.ndarray:
    """People of a clinic for slow ALS: most lose a few points a year, one in five nothing for long."""
    rate = rng.gamma(1.3, 0.17, (people, 1))
    quiet = (rng.random((people, 1)) < 0.2) & (np.arange(points)[None] * GRID < rng.uniform(10, 40, (people, 1)))
    wave = 1 + 0.5 * np.sin(rng.uniform(0, 6.28, (people, 1)) + np.arange(points)[None] * GRID / 4)
    return _from(44.0 - 20.0 * rng.beta(1.5, 2.0, people), GRID * np.where(quiet, 0.0, rate * wave))


def mode_change(times: np.ndarray, scores: np.ndarray, rng: Rng) -> np.ndarray:
    """From some visit on everything is rated 2 points higher or lower in a third of people, without a record."""
    when, who = rng.uniform(3, 30, (len(times), 1)), rng.random((len(times), 1)) < 1 / 3
    return scores + np.where(who & (times >= when), rng.choice([-2.0, 2.0], (len(times), 1)), 0.0)


def practice(times: np.ndarray, scores: np.ndarray, rng: Rng) -> np.ndarray:
    """Ratings come out up to 3 points higher as people learn what is asked, over a year."""
    return scores + rng.uniform(0, 3, (len(times), 1)) * (1 - np.exp(-times / 6))


def copied(times: np.ndarray, scores: np.ndarray, rng: Rng) -> np.ndarray:
    """A third of the visits repeat the rating before."""
    again = rng.random(times.shape) < 1 / 3
    again[:, 0] = False
    since = np.maximum.accumulate(np.where(again, 0, np.arange(times.shape[1])[None]), axis=1)
    return np.take_along_axis(scores, since, axis=1)


LAWS: Final[dict[str, Law]] = {
    "change_points": Law(change_points, Noise(1.5)),
    "steps": Law(steps, Noise(1.2, log_sd=0.2)),
    "loud_raters": Law(bent, Noise(1.9, log_sd=0.35, sticky=0.5, memory=4.3)),
    "slow_clinic": Law(slow, Noise(1.4, log_sd=0.2), interval=4.0),
    "drifting_raters": Law(bent, Noise(1.3, drift=1.2)),
}
"""Natural histories without any recovery."""
LIMITS: Final[dict[str, Law]] = {
    "mode_change": Law(bent, Noise(1.4), habit=mode_change),
    "practice": Law(bent, Noise(1.4), habit=practice),
    "copied": Law(bent, Noise(1.4), habit=copied),
}
"""Where the scores alone cannot show the truth."""


@dataclass(frozen=True)
class Therapy:
    """What is given, to how many, and whether it is on record.

    Attributes:
        kind: "none", "slow" (half the loss), "halt" (none), "reverse" (a gain over half a year, then no loss).
        share: people treated [0-1].
        start: month of the start.
        recorded: whether a dose on trial is on record.
    """

    kind: str = "none"
    share: float = 0.0
    start: float = 6.0
    recorded: bool = False


@dataclass(frozen=True)
class Drawn:
    """A cohort with its truth.

    Attributes:
        times: visits [months], nan for none.
        scores: ratings.
        truth: true score on the grid.
        treated: who was treated.
        law: how the ratings came about.
        therapy: what was given.
    """

    times: np.ndarray
    scores: np.ndarray
    truth: np.ndarray
    treated: np.ndarray
    law: Law
    therapy: Therapy

    @property
    def subjects(self) -> pl.Series:
        """Identifiers."""
        return pl.Series("subject", [f"B{index:06d}" for index in range(len(self.times))])

    def cohort(self) -> Cohort:
        """The people as a checked cohort, with doses on trial where they are on record."""
        names = self.subjects
        person, visit = np.nonzero(np.isfinite(self.times))
        day = np.rint(self.times[person, visit] * DAYS_PER_MONTH).astype(np.int32)
        visits = pl.DataFrame(
            {
                "subject": names.gather(person),
                "day": day,
                "scale": ["alsfrs_r"] * len(day),
                "alsfrs_r_total": self.scores[person, visit].astype(np.float32),
            }
        )
        since = (48.0 - self.truth[:, 0]) / np.maximum((self.truth[:, 0] - self.truth[:, -1]) / HORIZON, 0.15)
        onset = -np.rint(np.clip(since, 4.0, 120.0) * DAYS_PER_MONTH).astype(np.int32)
        frames = {"subjects": pl.DataFrame({"subject": names, "onset_day": onset}), "visits": visits}
        if self.therapy.recorded and self.treated.any():
            taken = names.filter(pl.Series(self.treated))
            start = round(self.therapy.start * DAYS_PER_MONTH)
            frames["doses"] = pl.DataFrame(
                {"subject": taken, "treatment": "trial drug", "kind": "investigational", "day": start}
            ).with_columns(pl.col("day").cast(pl.Int32))
        numbered = {
            name: frame.with_columns(row=pl.int_range(2, pl.len() + 2, dtype=pl.Int64), source=pl.lit(f"{name}.csv"))
            for name, frame in frames.items()
        }
        return check(RawTables(frames=numbered, faults=()))


def treated_course(truth: np.ndarray, therapy: Therapy, treated: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """The courses under a therapy.

    Args:
        truth: untreated courses on the grid.
        therapy: what is given.
        treated: to whom.
        gain: points that `reverse` brings to each.
    """
    if therapy.kind == "none":
        return truth
    at = round(therapy.start / GRID)
    since = np.maximum(np.arange(truth.shape[1]) - at, 0) * GRID
    base = truth[:, [at]]
    later = {
        "slow": base + 0.5 * (truth - base),
        "halt": np.broadcast_to(base, truth.shape),
        "reverse": np.minimum(base + gain[:, None] * np.minimum(since / 6.0, 1.0)[None], 48.0),
    }[therapy.kind]
    return np.where(treated[:, None] & (since > 0)[None], later, truth)


def courses(law: Law, people: int, rng: Rng) -> np.ndarray:
    """True untreated courses on the grid."""
    return law.course(people, round(HORIZON / GRID) + 1, rng)


def errors(noise: Noise, times: np.ndarray, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Errors of ratings at some times, and the personal sizes."""
    people, visits = times.shape
    size = np.exp(noise.log_sd * rng.normal(size=(people, 1)))
    kept, now = np.empty(times.shape), rng.normal(size=people)
    for visit in range(visits):
        if visit:
            keep = np.exp(-np.maximum(times[:, visit] - times[:, visit - 1], 0.0) / noise.memory)
            now = keep * now + np.sqrt(1 - keep**2) * rng.normal(size=people)
        kept[:, visit] = now
    fresh = rng.normal(size=times.shape)
    made = size * noise.sd * (np.sqrt(noise.sticky) * kept + np.sqrt(1 - noise.sticky) * fresh)
    walk = np.cumsum(rng.normal(size=200)) * noise.drift / np.sqrt(12.0)
    return made + np.interp(times, np.arange(200.0), walk - walk[0]), size[:, 0]


def draw(name: str, people: int, seed: int, therapy: Therapy | None = None) -> Drawn:
    """A cohort of a generator.

    Args:
        name: a row of LAWS or LIMITS.
        people: how many.
        seed: root of everything random.
        therapy: what is given; None for nothing.
    """
    law, given = (LAWS | LIMITS)[name], Therapy() if therapy is None else therapy
    rng = np.random.default_rng([seed, crc32(name.encode())])
    truth = courses(law, people, rng)
    treated = rng.random(people) < given.share
    gain = np.exp(np.log(6.0) + 0.5 * rng.normal(size=people))
    truth = treated_course(truth, given, treated, gain)
    base = np.arange(0.0, HORIZON + 1e-9, law.interval)[None]
    times = base + np.where(base > 0, np.clip(rng.normal(0, 4.0, (people, base.shape[1])), -10, 10), 0) / DAYS_PER_MONTH
    times = np.rint(np.minimum(times, HORIZON) * DAYS_PER_MONTH) / DAYS_PER_MONTH
    grid = np.arange(truth.shape[1]) * GRID
    level = np.stack([np.interp(times[i], grid, truth[i]) for i in range(people)])
    error, _ = errors(law.noise, times, rng)
    rated = level + error
    if law.habit is not None:
        rated = law.habit(times, rated, rng)
    scores = np.clip(np.rint(rated), 0.0, 48.0)
    leaves = rng.exponential(1.0 / GONE, (people, 1))
    away = (times > leaves) | ((rng.random(times.shape) < MISSED) & (base > 0)) | (level < 1.0)
    away[:, 0] = False
    order = np.argsort(np.where(away, np.inf, times), axis=1)
    times, scores = (np.take_along_axis(np.where(away, np.nan, values), order, axis=1) for values in (times, scores))
    return Drawn(times, scores, truth, treated, law, given)


def untreated(drawn: Drawn) -> Law:
    """The law of a cohort without its habits, as an oracle assumes it."""
    return replace(drawn.law, habit=None)
