"""The generators by name: `draw` makes a cohort of any of them, on a schedule, with recoveries planted.

    made = draw("sticky", 3000, "quarterly", 0.02, seed=1)

None is the fitted model: items that step down, a tempo that switches with sticky heavy-tailed ratings and a slow
class, bent lines whose followed are selected, jumps with dips, and the mechanism.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import numpy as np
import polars as pl
from benchmarks.verdicts.made import ENDS, RECORDED, Made, gains, named, plan
from benchmarks.verdicts.mechanism import lived
from benchmarks.verdicts.numbers import BENCH, ITEMS, SIZES, Numbers, Size, changed, size_table, vector
from benchmarks.verdicts.places import CURVE, WIDTH
from benchmarks.verdicts.seeing import digest, kernel
from jaxtyping import Float64

from alsight.base.streams import Stream, mix_word, stream_key

GENERATORS: Final = ("mechanism", *BENCH)
STREAMS: Final = (Stream.COURSE, Stream.RATING, Stream.DROPOUT)
PREVALENCES: Final = (0.0, 0.005, 0.02, 0.10)
HORIZON: Final = 36
"""Months of follow-up at most."""
ONSET_LOG_SD: Final = 0.35
"""Spread of the time since onset around (48 - level) / rate; assumed."""


def root_of(generator: str, seed: int) -> int:
    """Root of a generator's draws."""
    return mix_word((seed << 32) ^ crc32(generator.encode()))


def numbers_of(
    generator: str, noise: float | None = None, autocorrelation: float | None = None, loss: float | None = None
) -> Numbers:
    """The numbers of one of the four generators that are written here.

    Raises:
        ValueError: an unknown generator.
    """
    if generator not in BENCH:
        raise ValueError(f"generator: expected one of {', '.join(BENCH)}, got {generator}")
    return changed(BENCH[generator], noise, autocorrelation, loss)


def draw(
    generator: str,
    people: int,
    schedule: str,
    prevalence: float,
    seed: int,
    *,
    noise: float | None = None,
    autocorrelation: float | None = None,
    loss: float | None = None,
    sizes: tuple[Size, ...] = SIZES,
    horizon: int = HORIZON,
) -> Made:
    """A cohort of one generator.

    Args:
        generator: one of `GENERATORS`.
        people, schedule: how many, and one of `made.SCHEDULES`.
        prevalence: share of people with a planted recovery; the number is drawn person by person.
        seed: root of everything random.
        noise: SD of one rating in a typical person [points]; None keeps the generator's.
        autocorrelation: share of its variance that is carried over (items: what is left after three months).
        loss: rate of loss during a recovery, as a share; 0 holds it up, 1 lets it go on, -1 is either; None keeps 0.
        sizes: kinds of planted gains.
        horizon: months of follow-up at most.

    Raises:
        ValueError: an unknown generator or schedule.
    """
    rng = np.random.default_rng([seed, crc32(generator.encode())])
    times = plan(schedule, people, horizon, rng)
    recovers = rng.random(people) < prevalence
    onset, recorded = rng.normal(size=people), rng.random((people, horizon)) < RECORDED
    if generator == "mechanism":
        truth, scores, ends, facts, since, _ = lived(
            times, recovers, seed, noise, autocorrelation, loss, sizes, horizon
        )
        table = people_table(named(people, "B"), recovers, times, scores, truth, ends, facts, sizes)
        table = table.with_columns(onset_months=since)
        return Made(generator, schedule, prevalence, seed, times, scores, truth, table, NO_DIPS)
    numbers = numbers_of(generator, noise, autocorrelation, loss)
    streams = np.array([stream_key(root_of(generator, seed), stream) for stream in STREAMS], np.uint64)
    truth, scores = np.empty((people, horizon + 1)), np.full(times.shape, np.nan)
    ends, facts, dips = np.empty((people, 2)), np.full((people, 8), np.nan), np.zeros((people, horizon))
    width = WIDTH if numbers.model == ITEMS else CURVE
    kernel(digest())(
        vector(numbers), size_table(sizes), recovers, streams, times, truth, scores, ends, facts, dips, width
    )
    table = people_table(named(people, "B"), recovers, times, scores, truth, ends, facts, sizes)
    table = table.with_columns(onset_months=_onset(facts, onset))
    person, month = np.nonzero(dips > 0.0)
    fell = pl.DataFrame(
        {
            "subject": table["subject"].gather(person),
            "month": month.astype(float) + 0.5,
            "depth": dips[person, month],
            "recorded": recorded[person, month],
        }
    )
    return Made(generator, schedule, prevalence, seed, times, scores, truth, table, fell)


def _onset(facts: Float64[np.ndarray, "subject 8"], drawn: Float64[np.ndarray, " subject"]) -> np.ndarray:
    guess = np.maximum(48.0 - facts[:, 7], 1.0) / np.maximum(facts[:, 6], 0.05) * np.exp(ONSET_LOG_SD * drawn)
    return np.clip(guess, 3.0, 180.0)


def people_table(
    subject: pl.Series,
    recovers: np.ndarray,
    times: np.ndarray,
    scores: np.ndarray,
    truth: np.ndarray,
    ends: np.ndarray,
    facts: np.ndarray,
    sizes: tuple[Size, ...],
) -> pl.DataFrame:
    """One row a person, as `Made.people`."""
    seen = np.isfinite(scores)
    last = np.where(seen, times, -np.inf).max(axis=1)
    kinds = np.array([size.name for size in sizes], dtype=object)
    kind = np.where(recovers, kinds[np.where(recovers, facts[:, 0], 0).astype(int)], None)
    columns = {name: np.where(recovers, facts[:, place + 1], np.nan) for place, name in enumerate(FACTS)}
    reason = pl.Series([ENDS[int(code)] for code in ends[:, 1]], dtype=pl.String)
    return pl.DataFrame(
        {
            "subject": subject,
            "kind": pl.Series(kind.tolist(), dtype=pl.String),
            **columns,
            "rate": facts[:, 6],
            "level": facts[:, 7],
            "ended": ends[:, 0],
            "reason": reason,
            "visits": seen.sum(axis=1),
            "last_visit": last,
            **gains(truth, last),
        }
    )


NO_DIPS: Final = pl.DataFrame(
    schema={"subject": pl.String, "month": pl.Float64, "depth": pl.Float64, "recorded": pl.Boolean}
)
FACTS: Final = ("start", "rise", "end", "size", "loss")
