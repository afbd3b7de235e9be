"""What must always hold of explained rises, whatever the cohort."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from alsight.cohort.cohort import Cohort, select
from alsight.detect.causes.explain import Explained, explain
from alsight.report.verdicts.cause_words import with_cause_words
from causes_people import cohort, visits

EVENTS = ("infection", "gastrostomy", "niv_start", "niv_stop")
TREATMENTS = ("baclofen", "glycopyrronium", "riluzole", "dextromethorphan/quinidine")


def random_cohort(seed: int, people: int = 4) -> Cohort:
    """Restless people with everything that a rule looks at."""
    rng = np.random.default_rng(seed)
    frames, events, doses = [], [], []
    for index in range(people):
        count, name = int(rng.integers(1, 12)), f"p{index}"
        steps = np.cumsum(np.append(40, rng.integers(-5, 4, count - 1)))
        said = {
            "q12_respiratory_insufficiency": rng.integers(2, 5, count),
            "mode": rng.choice(["in_person", "telephone"], count),
            "rater": rng.choice(["A", "B"], count),
            "visit": [f"visit {n}" for n in range(count)],
            "fed": (np.arange(count) >= int(rng.integers(1, 14))).tolist(),
        }
        totals = np.clip(steps + rng.integers(-3, 4, count), 9, 48).tolist()
        every, items = int(rng.integers(25, 120)), bool(rng.random() < 0.7)
        frames.append(visits(name, totals, every=every, items=items, **said))
        events += [(name, int(rng.integers(0, 800)), str(rng.choice(EVENTS))) for _ in range(2)]
        doses.append((name, int(rng.integers(0, 800)), str(rng.choice(TREATMENTS))))
    return cohort(*frames, events=events, doses=doses)


def same(first: Explained, second: Explained) -> None:
    for name in ("causes", "adjusted", "dips"):
        assert_frame_equal(getattr(first, name), getattr(second, name))


SEEDS = st.integers(0, 10**6)


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_adjusted_scores_are_never_above_the_recorded_ones_nor_below_zero(seed: int) -> None:
    reported = explain(random_cohort(seed))
    left = reported.adjusted.drop_nulls("adjusted")
    assert (left["adjusted"] <= left["score"] + 1e-9).all()
    assert (left["adjusted"] >= 0.0).all()
    assert (reported.causes["points"] >= 0.0).all()
    assert (reported.causes["start_day"] <= reported.causes["end_day"]).all()
    assert with_cause_words(reported.causes)["words"].str.ends_with(".").all()
    untouched = reported.adjusted.filter(pl.col("rule").is_null())
    assert untouched["adjusted"].equals(untouched["score"], check_names=False)


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_the_order_of_rows_and_people_does_not_matter(seed: int) -> None:
    reported = random_cohort(seed)
    mixed = replace(
        reported,
        **{name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in reported.frames().items()},
    )
    first, second = explain(reported), explain(mixed)
    same(first, replace(second, adjusted=second.adjusted.sort("subject", "day")))


@settings(max_examples=6, deadline=None)
@given(SEEDS)
def test_a_person_is_judged_alike_alone_and_among_others(seed: int) -> None:
    reported = random_cohort(seed)
    together = explain(reported)
    one = reported.subjects["subject"].head(1)
    alone = explain(select(reported, one))
    mine = pl.col("subject") == one[0]
    same(alone, Explained(together.causes.filter(mine), together.adjusted.filter(mine), together.dips.filter(mine)))


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.integers(-2000, 2000))
@example(38312, 1)  # a jump exactly as sudden as is asked for
def test_a_shift_of_all_days_shifts_the_days_and_nothing_else(seed: int, days: int) -> None:
    reported = random_cohort(seed)
    moved = replace(
        reported,
        **{
            name: getattr(reported, name).with_columns(pl.col("day", "^end_day$") + days)
            for name in ("visits", "events", "doses")
        },
    )
    first, second = explain(reported), explain(moved)
    assert_frame_equal(
        first.causes.select("subject", "rule", "points"), second.causes.select("subject", "rule", "points")
    )
    assert (first.causes["start_day"] + days).equals(second.causes["start_day"])
    assert_frame_equal(first.adjusted.select("adjusted", "rule"), second.adjusted.select("adjusted", "rule"))


@settings(max_examples=6, deadline=None)
@given(SEEDS)
def test_without_a_record_nothing_is_inferred(seed: int) -> None:
    reported = random_cohort(seed)
    items = [name for name in reported.visits.columns if name.startswith("q")]
    bare = Cohort(
        subjects=reported.subjects,
        visits=reported.visits.with_columns(pl.lit(None, pl.Float32).alias(name) for name in items),
    )
    causes = explain(bare).causes
    assert "symptomatic" not in causes["cause"].to_list()
    assert not set(causes["rule"]) & {"item_5", "item_12", "ventilation_stopped"}
