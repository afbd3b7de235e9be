"""Rises that come with a change of how, by whom or of whom the rating was taken."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Int

from alsight.cohort.cohort import Cohort
from alsight.detect.causes.effect import Effect, cumulated, effect, rows
from alsight.detect.causes.items import named
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, shifted, side

CIRCUMSTANCES: Final = {"mode": "the way it was rated", "responder": "the person who answered", "rater": "the rater"}
"""Columns that may change between two visits, and what the sentence calls them."""


def changes(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Jumps of the smoothed level where mode, responder or rater change.

    The level of up to three visits on each side, none beyond another change, with the person's own slope taken out. A
    jump up that is large enough is subtracted from there on, until a jump down as clear takes it back. A value that is
    missing on one side is no change.

    Source: kaufmann2007
    """
    changed, group = _changed(cohort, series)
    past, past_count = side(series, rules, -1, group)
    future, future_count = side(series, rules, 1, group)
    previous, _ = shifted(series, -1)
    jump = future - past[previous]
    errors = jump / (series.noise * np.sqrt(1.0 / future_count + 1.0 / past_count[previous]))
    clear = changed.any(axis=1) & (np.abs(errors) >= rules.change_errors) & (np.abs(jump) >= rules.change_points)
    taken = np.maximum(cumulated(series.person, np.where(clear, jump, 0.0)), 0.0)
    # A visit that a shift leaves below 0 has lost nothing it did not have.
    taken = np.minimum(taken, series.score)
    there = np.flatnonzero(clear & (jump > 0.0) & (series.score > series.score[previous]))
    which = changed[there].argmax(axis=1) if there.size else np.zeros(0, dtype=np.int64)
    names = np.array(list(CIRCUMSTANCES))
    found = rows(
        series, there, cause="artefact", rule=pl.Series(names[which], dtype=pl.String),
        start=series.day[previous[there]], end=series.day[there], points=jump[there],
        what=np.array(list(CIRCUMSTANCES.values()))[which],
        words=pl.format(
            "The level rose by {} between days {} and {}, where {} changed.",
            "points_said", "start_day", "end_day", "what",
        ),
    )  # fmt: skip
    return effect(series, found, taken, ruled=named("change", taken > 0.0))


def _changed(
    cohort: Cohort, series: Series
) -> tuple[Bool[np.ndarray, "visits circumstances"], Int[np.ndarray, " visits"]]:
    """What changed since the visit before, and the running number of the stretch without a change."""
    values = cohort.visits.select(pl.col(name).fill_null("") for name in CIRCUMSTANCES)
    columns = [values[name].gather(series.line) for name in CIRCUMSTANCES]
    previous, same = shifted(series, -1)
    changed = np.stack(
        [
            ((column != column.gather(previous)) & (column != "") & (column.gather(previous) != "")).to_numpy() & same
            for column in columns
        ],
        axis=1,
    )
    return changed, np.cumsum(changed.any(axis=1) | ~same)
