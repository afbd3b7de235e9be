"""The oracle: calls by one who knows the generator's parameters and the prevalence exactly. Nobody can do better.

The four written generators are smoothed by particles; the mechanism by weighing a bank of its people, with the
ratings' density approximated. People whose effective number of particles stays under 30 are marked and counted, not
left out: they are those whose course is unlike the prior's, large gains among them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from alsight.base.streams import Stream, subject_key
from fixtures.verdicts.generators import SIZES, numbers_of
from fixtures.verdicts.made import ENDS
from fixtures.verdicts.mechanism import RECOVERY
from fixtures.verdicts.numbers import ITEMS, size_table, vector
from fixtures.verdicts.places import CURVE, WIDTH
from fixtures.verdicts.seeing import digest
from validation.verdicts import bank
from validation.verdicts.method import WINDOWS, Info, answer, padded
from validation.verdicts.particles import (
    ESS,
    FALSE_12,
    FLAT,
    GAIN_4,
    GAIN_12,
    KEPT,
    LFDR,
    MEDIAN_6,
    MEDIAN_12,
    P_RECOVERED,
    WIDTH_OUT,
    kernel,
)

PARTICLES: Final = (6144, 24576)
"""Particles with a recovery (a third as many without): at first, and where their effective number is too small."""
LEAST_ESS: Final = 30.0
LFDR_MOST: Final = 0.05
GAIN_LEAST: Final = 4.0
UNLIKELY: Final = 0.01
"""A kind of course less likely than this needs no effective number."""
SEED: Final = 20_000
BANKED: Final = 16
"""Courses of the bank weighed for each particle of the others."""


def judge_by_oracle(visits: pl.DataFrame, info: Info) -> pl.DataFrame:
    """Calls of the people wanted, by the same rule as is asked of everybody.

    Returns:
        As `method.answer`, with `p_recovered`, `ess_none`, `ess_recovery` and `enough`: whether the particles were.
    """
    requested = visits.filter(pl.col("subject").is_in(info.requested.implode()))
    people = padded(requested)
    out = np.empty((people.subject.len(), WIDTH_OUT))
    if people.subject.is_empty():
        return calls_of(people.subject, out)
    ends = info.made.people.select("subject", "ended", "reason")
    ended = pl.DataFrame({"subject": people.subject}).join(ends, on="subject", how="left", maintain_order="left")
    code = ended["reason"].replace_strict({name: float(index) for index, name in enumerate(ENDS)})
    finish = np.column_stack([ended["ended"].to_numpy(), code.to_numpy()])
    todo = np.arange(out.shape[0])
    for particles in PARTICLES:
        if todo.size:
            out[todo] = posterior(info, people.months[todo], people.score[todo], finish[todo], particles)
            todo = todo[~enough(out[todo])]
    return calls_of(people.subject, out)


def posterior(info: Info, months: np.ndarray, score: np.ndarray, finish: np.ndarray, particles: int) -> np.ndarray:
    """One row a person, columns as in `particles`."""
    made = info.made
    if made.generator == "mechanism":
        return banked_posterior(info, months, score, particles)
    numbers = numbers_of(made.generator, info.noise, info.autocorrelation, info.loss)
    counts = np.isfinite(score).sum(axis=1)
    keys = subject_key(made.seed + SEED, Stream.POSTERIOR, np.arange(counts.size, dtype=np.uint64))
    out = np.empty((counts.size, WIDTH_OUT))
    kernel(digest())(
        vector(numbers),
        size_table(SIZES),
        made.prevalence,
        keys,
        months,
        score,
        counts,
        finish,
        guessed_rates(months, score),
        made.truth.shape[1] - 1,
        particles,
        WIDTH if numbers.model == ITEMS else CURVE,
        out,
    )
    return out


def banked_posterior(info: Info, months: np.ndarray, score: np.ndarray, particles: int) -> np.ndarray:
    """The same of the mechanism's people."""
    made, horizon = info.made, info.made.truth.shape[1] - 1
    counts = np.isfinite(score).sum(axis=1)
    keys = subject_key(made.seed + SEED, Stream.POSTERIOR, np.arange(counts.size, dtype=np.uint64))
    out = np.empty((counts.size, WIDTH_OUT))
    recovery = RECOVERY if info.loss is None else replace(RECOVERY, loss=info.loss)
    bank.run(
        bank.bank(made.seed, info.noise, info.autocorrelation, horizon),
        vector(recovery),
        size_table(SIZES),
        made.prevalence,
        keys,
        months,
        score,
        counts,
        horizon,
        BANKED * particles,
        out,
    )
    return out


def guessed_rates(months: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Least-squares loss, kept within what a proposal can be about [points per month]."""
    seen = np.isfinite(score)
    n = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    t, y = np.where(seen, months, 0.0), np.where(seen, score, 0.0)
    away = np.where(seen, t - t.sum(axis=1, keepdims=True) / n, 0.0)
    slope = (away * (y - y.sum(axis=1, keepdims=True) / n)).sum(axis=1) / np.maximum((away**2).sum(axis=1), 1e-9)
    return np.clip(-slope, 0.05, 4.0)


def enough(out: np.ndarray) -> np.ndarray:
    """Whether every kind of course that matters has its effective number of particles."""
    chance = out[:, P_RECOVERED]
    without = (1.0 - chance < UNLIKELY) | (out[:, ESS] >= LEAST_ESS)
    return without & ((chance < UNLIKELY) | (out[:, ESS + 1] >= LEAST_ESS))


def calls_of(subject: pl.Series, out: np.ndarray) -> pl.DataFrame:
    """Verdicts from posteriors: no gain improbable enough, and the median of what was held large enough."""
    real = out[:, LFDR] <= LFDR_MOST
    long = (out[:, FALSE_12] <= LFDR_MOST) & (out[:, MEDIAN_12] >= GAIN_LEAST)
    held = real & (out[:, MEDIAN_6] >= GAIN_LEAST)
    lost = held & (out[:, KEPT] < 0.5 * (1.0 - out[:, LFDR]))
    called = np.where(real & long, "remission-like", np.where(lost, "lost gain", np.where(held, "reversal", "none")))
    called = np.where((called == "none") & real, "rise", called)
    flat = {f"p_flat_{months}": out[:, FLAT + index] for index, months in enumerate(WINDOWS)}
    found = answer(
        subject,
        called,
        lfdr=out[:, LFDR],
        gain_median=out[:, MEDIAN_6],
        p_gain_4=out[:, GAIN_4],
        p_gain_12=out[:, GAIN_12],
        **flat,
    )
    return found.with_columns(
        p_recovered=out[:, P_RECOVERED], ess_none=out[:, ESS], ess_recovery=out[:, ESS + 1], enough=enough(out)
    )
