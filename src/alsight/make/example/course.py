"""True courses of the example: who the people are, how fast they lose function, and what was planted in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.random import Generator

from alsight.base.units import DAYS_PER_MONTH, DAYS_PER_WEEK
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.make.example.parameters import GAINERS, PLANTED, WEEKS, constant

WEEK_MONTHS = DAYS_PER_WEEK / DAYS_PER_MONTH
KINDS = np.array([row.kind for row in PLANTED])


@dataclass(frozen=True)
class PlantedPeople:
    """Traits drawn once a person, one value each.

    Attributes:
        kind: planted kind.
        start_week: first week of the planted window, -1 where none.
        end_week: last week of it, -1 where none.
        gain: planted size [points], 0 where none.
        rate: mean loss [points/month].
        entry_loss: points lost before entry.
        region: region of onset, 0 bulbar, 1 upper limb, 2 lower limb.
        noise: size of the person's rating noise relative to the others'.
    """

    kind: np.ndarray
    start_week: Int[np.ndarray, " people"]
    end_week: Int[np.ndarray, " people"]
    gain: Float[np.ndarray, " people"]
    rate: Float[np.ndarray, " people"]
    entry_loss: Float[np.ndarray, " people"]
    region: Int[np.ndarray, " people"]
    noise: Float[np.ndarray, " people"]

    def among(self, *kinds: str) -> Bool[np.ndarray, " people"]:
        """Who is of one of these kinds."""
        return np.isin(self.kind, kinds)


def draw_people(generator: Generator) -> PlantedPeople:
    """Traits of everyone, kinds in shuffled order."""
    index = np.repeat(np.arange(len(PLANTED)), [row.people for row in PLANTED])
    index = generator.permutation(index)

    def between(field: str) -> Float[np.ndarray, " people"]:
        low, high = np.array([getattr(row, field) for row in PLANTED])[index].T
        return low + (high - low) * generator.random(index.size)

    start, length, planted_rate, gain = (between(field) for field in ("start", "length", "rate", "gain"))
    kind = KINDS[index]
    natural = constant("rate_mean") * generator.gamma(constant("rate_cv") ** -2, constant("rate_cv") ** 2, index.size)
    region = generator.choice(3, index.size, p=[constant("bulbar"), *2 * [(1 - constant("bulbar")) / 2]])
    region[np.isin(kind, ("symptomatic_gain", "artefact_cutting"))] = 0
    shape = constant("entry_loss_shape")
    entry_loss = np.clip(generator.gamma(shape, constant("entry_loss_mean") / shape, index.size), 2.0, 26.0)
    moved = np.isin(kind, GAINERS) | np.isin(kind, ("symptomatic_gain", "dip_infection", "dip_fracture"))
    entry_loss[moved] = np.clip(entry_loss[moved], 8.0, 14.0)
    entry_loss[np.isin(kind, ("artefact_outlier", "artefact_mode"))] += 6.0
    entry_loss[np.isin(kind, ("artefact_cutting", "artefact_ventilation"))] = 20.0
    start_week = np.where(length > 0, np.rint(start / WEEK_MONTHS), -1).astype(np.int64)
    gap = int(constant("visit_gap") / DAYS_PER_WEEK)
    dips = np.isin(kind, ("dip_infection", "dip_fracture"))
    start_week[dips] = (start_week[dips] // gap) * gap - 3
    return PlantedPeople(
        kind=kind,
        start_week=start_week,
        end_week=np.where(length > 0, start_week + np.rint(length / WEEK_MONTHS), -1).astype(np.int64),
        gain=gain,
        rate=np.where(planted_rate > 0, planted_rate, np.where(np.char.startswith(kind, "mimic"), 0.0, natural)),
        entry_loss=entry_loss,
        region=region,
        noise=np.exp(constant("noise_spread") * generator.standard_normal(index.size)),
    )


def in_window(people: PlantedPeople) -> Bool[np.ndarray, "people weeks"]:
    """Weeks that lie in each person's planted window."""
    week = np.arange(WEEKS)
    return (week >= people.start_week[:, None]) & (week < people.end_week[:, None])


def draw_loss(people: PlantedPeople, generator: Generator) -> Float[np.ndarray, "people weeks"]:
    """Points lost since health, week by week from entry [points, 0-47].

    The log of the rate wanders about the personal mean (Ornstein-Uhlenbeck), so the rate is never negative outside a
    planted gain. Held windows have the rate `held_rate`; gains are taken off over a ramp from the window's start, and
    given back over a ramp after the window by those who lose them.
    """
    spread, memory = constant("wander_sd"), np.exp(-constant("wander_per_month") * WEEK_MONTHS)
    shocks = generator.standard_normal((people.rate.size, WEEKS)) * np.sqrt(1 - memory**2)
    log_rate = np.empty_like(shocks)
    log_rate[:, 0] = generator.standard_normal(people.rate.size)
    for week in range(1, WEEKS):
        log_rate[:, week] = memory * log_rate[:, week - 1] + shocks[:, week]
    steady = ~people.among("progressing", "slow")
    spread_of = np.where(steady, 0.25 * spread, spread)[:, None]
    rate = people.rate[:, None] * np.exp(spread_of * log_rate - spread_of**2 / 2)
    held = in_window(people) & people.among("plateau", "prolonged_plateau", *GAINERS)[:, None]
    rate = np.where(held, np.minimum(rate, constant("held_rate")), rate)
    lost = people.entry_loss[:, None] + np.concatenate(
        [np.zeros((rate.shape[0], 1)), np.cumsum(rate[:, :-1] * WEEK_MONTHS, axis=1)], axis=1
    )
    return np.clip(lost - _gained(people), 0.0, 47.0)


def _gained(people: PlantedPeople) -> Float[np.ndarray, "people weeks"]:
    """Points given back by a planted gain, week by week."""
    week = np.arange(WEEKS)[None, :]
    ramp = np.full(people.gain.size, constant("ramp_months") / WEEK_MONTHS)
    slow = people.among("mimic_improving")
    ramp[slow] = (people.end_week - people.start_week)[slow]
    up = np.clip((week - people.start_week[:, None]) / ramp[:, None], 0.0, 1.0)
    down = np.clip((week - people.end_week[:, None]) / ramp[:, None], 0.0, 1.0) * people.among("lost_gain")[:, None]
    size = np.where(people.among(*GAINERS), people.gain, 0.0)
    return size[:, None] * (up - down)


def item_latents(
    people: PlantedPeople, lost: Float[np.ndarray, "people weeks"], generator: Generator
) -> Float[np.ndarray, "people weeks 12"]:
    """Latent value of each of the twelve items [0-4], whose sum is 48 minus the points lost.

    Each item falls straight from 4 to 0 on the person's own clock; regions away from the onset start later, breathing
    last. The clock is chosen so that the items together have lost exactly the given number of points.
    """
    size = people.rate.size
    lag = constant("spread_lag")
    order = np.argsort(generator.random((size, 3)) + 10.0 * (np.arange(3) != people.region[:, None]), axis=1)
    rank = np.argsort(order, axis=1).astype(np.float64)
    rank = np.concatenate([rank, np.full((size, 1), 3.2)], axis=1)
    begin = lag * np.repeat(rank, 3, axis=1) + 5.0 * generator.random((size, 12))
    clock = np.linspace(0.0, 80.0, 321)

    def scores(time: Float[np.ndarray, "people times"]) -> Float[np.ndarray, "people times 12"]:
        return 4.0 * (1.0 - np.clip((time[:, :, None] - begin[:, None, :]) / constant("item_width"), 0.0, 1.0))

    sums = ALSFRS_R_BEST - scores(np.broadcast_to(clock, (size, clock.size))).sum(axis=-1)
    sums += 1e-9 * clock
    upper = np.clip((sums[:, None, :] < lost[:, :, None]).sum(axis=-1), 1, clock.size - 1)
    high, low = np.take_along_axis(sums, upper, axis=1), np.take_along_axis(sums, upper - 1, axis=1)
    return scores(clock[upper - 1] + (clock[upper] - clock[upper - 1]) * (lost - low) / (high - low))
