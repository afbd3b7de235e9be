"""The generators keep what they promise: truth, ratings, plants, seeds."""

from __future__ import annotations

import numpy as np
import pytest

from fixtures.verdicts.generators import GENERATORS, draw
from fixtures.verdicts.made import SCHEDULES, cohort_of, held_gain, true_loss
from fixtures.verdicts.numbers import Size
from montecarlo import proportion_tolerance, tolerance

PEOPLE = 400


@pytest.mark.parametrize("generator", GENERATORS)
def test_truth_never_rises_without_a_recovery(generator: str) -> None:
    made = draw(generator, PEOPLE, "quarterly", 0.0, 3)
    assert np.diff(made.truth, axis=1).max() < 1e-9
    assert made.people["held_3"].max() < 1e-9
    assert made.truth.min() >= 0.0
    assert made.truth.max() <= 48.0


@pytest.mark.parametrize("generator", GENERATORS)
def test_ratings_have_the_truth_as_their_mean(generator: str) -> None:
    """Where nobody dips; the first rating and the one after a year."""
    made = draw(generator, PEOPLE * 5, "monthly", 0.0, 4)
    for month in (0, 12):
        near = np.abs(np.where(np.isfinite(made.scores), made.times, -9.0) - month) < 0.34
        person, visit = np.nonzero(near)
        grid = np.arange(made.truth.shape[1])
        truth = [np.interp(made.times[i, j], grid, made.truth[i]) for i, j in zip(person, visit, strict=True)]
        away = made.scores[person, visit] - np.array(truth)
        # Dips pull ratings down in two generators: by at most their mean depth, and by none at entry.
        dips = {"dips": 0.35, "mechanism": 0.2}.get(generator, 0.0) * (month > 0 or generator == "mechanism")
        bound = tolerance(float(away.std()), away.size)
        assert -bound - dips < away.mean() < bound


@pytest.mark.parametrize("generator", GENERATORS)
def test_plants_are_as_large_as_they_say(generator: str) -> None:
    requested = (Size("6", 6.0, 6.6, 1.0),)
    made = draw(generator, PEOPLE * 2, "quarterly", 1.0, 5, sizes=requested)
    people = made.people
    assert people["kind"].unique().to_list() == ["6"]
    start, rise, end = (people[name].to_numpy() for name in ("start", "rise", "end"))
    last, level = people["last_visit"].to_numpy(), made.truth[np.arange(len(start)), start.astype(int)]
    whole = (np.minimum(end, last) > start + rise + 7) & (level > 15) & (level < 38)
    held = people["held_6"].to_numpy()[whole]
    assert whole.sum() > 20
    # Near the ceiling a gain in grades is less in expected points.
    assert (held > 4.0).mean() > 0.95
    assert np.median(held) > 5.5
    assert held.max() < 7.6


def test_a_share_recovers_and_nobody_gains_more_than_planted() -> None:
    made = draw("sticky", 5000, "irregular", 0.1, 6)
    planted = made.people["kind"].is_not_null()
    assert abs(float(planted.mean()) - 0.1) < proportion_tolerance(0.1, 5000)
    assert made.people.filter(~planted)["held_3"].max() < 1e-9
    gained = made.people.filter(planted)
    assert (gained["held_3"] <= gained["size"] + 1e-9).all()
    assert (gained["held_12"] <= gained["held_6"]).all()


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_seed_is_a_cohort(schedule: str) -> None:
    first, again, other = (draw("dips", 50, schedule, 0.1, seed) for seed in (7, 7, 8))
    assert first.visits.equals(again.visits)
    assert not first.visits.equals(other.visits)
    assert first.visits["score"].is_between(0, 48).all()
    assert first.visits["months"].max() <= 36.0
    assert (first.visits.group_by("subject").agg(months=first.visits["months"].min())["months"] == 0.0).all()


def test_recoveries_leave_everybody_else_alone() -> None:
    none, some = (draw("item_steps", 300, "quarterly", share, 9) for share in (0.0, 0.1))
    same = some.people["kind"].is_null().to_numpy()
    assert np.array_equal(none.scores[same], some.scores[same], equal_nan=True)


def test_held_gain_counts_what_stays() -> None:
    truth = np.array([30.0, 29, 28, 31, 34, 34, 34, 34, 30, 29, 28, 27, 26])
    assert held_gain(truth, 12, 3) == 6.0
    assert held_gain(truth, 12, 6) == 1.0
    assert held_gain(truth, 12, 12) == 0.0
    assert held_gain(truth, 6, 3) == 3.0


def test_true_loss_is_over_the_last_months() -> None:
    made = draw("random_slope", 200, "quarterly", 0.0, 10)
    lost = true_loss(made, 12)
    long = made.people["last_visit"].to_numpy() >= 11.5
    assert np.array_equal(np.isfinite(lost), long)
    person = int(np.flatnonzero(long)[0])
    last = round(made.people["last_visit"][person])
    assert lost[person] == made.truth[person, last - 12] - made.truth[person, last]


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_cohort_is_accepted_whole(generator: str) -> None:
    made = draw(generator, 60, "irregular", 0.1, 11)
    cohort = cohort_of(made)
    assert cohort.size == 60
    assert cohort.visits.height == made.visits.height
    assert cohort.rejected.is_empty()
