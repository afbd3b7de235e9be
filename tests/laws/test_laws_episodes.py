"""What must hold of episodes whatever the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import find_episodes, judge
from alsight.episodes.rates import disagreement, episode_rates
from alsight.episodes.wilson import wilson
from episodes.naive import Person
from episodes.people import cohort_of, crowds

QUICK = settings(deadline=None, max_examples=15)


@QUICK
@given(crowds(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(people: dict[str, Person], random: object) -> None:
    cohort = cohort_of(people)
    seed = random.randrange(10**6)  # type: ignore[attr-defined]
    mixed = replace(
        cohort,
        visits=cohort.visits.sample(fraction=1.0, shuffle=True, seed=seed),
        events=cohort.events.sample(fraction=1.0, shuffle=True, seed=seed),
    )
    assert_frame_equal(find_episodes(cohort), find_episodes(mixed))


@QUICK
@given(crowds())
def test_order_and_names_of_people_do_not_matter(people: dict[str, Person]) -> None:
    renamed = {f"z{len(people) - index}": person for index, person in enumerate(people.values())}
    columns = ["definition", "eligible", "found"]
    assert_frame_equal(
        episode_rates(cohort_of(people)).select(columns), episode_rates(cohort_of(renamed)).select(columns)
    )


@QUICK
@given(crowds(), st.integers(-500, 500))
def test_day_zero_does_not_matter(people: dict[str, Person], shift: int) -> None:
    moved = {
        name: Person(
            {scale: [(day + shift, score) for day, score in visits] for scale, visits in person.visits.items()},
            [(day + shift, event) for day, event in person.events],
        )
        for name, person in people.items()
    }
    days = [pl.col(name) - shift for name in ("start_day", "end_day", "held_from_day")]
    assert_frame_equal(find_episodes(cohort_of(people)), find_episodes(cohort_of(moved)).with_columns(days))


@QUICK
@given(crowds(), st.sampled_from([-1.0, 2.0, 8.0]))
def test_level_of_the_score_does_not_matter(people: dict[str, Person], shift: float) -> None:
    moved = {
        name: Person(
            {scale: [(day, score + shift) for day, score in visits] for scale, visits in person.visits.items()},
            person.events,
        )
        for name, person in people.items()
    }
    scores = [pl.col(name) - shift for name in ("start_score", "end_score")]
    assert_frame_equal(find_episodes(cohort_of(people)), find_episodes(cohort_of(moved)).with_columns(scores))


@QUICK
@given(crowds(), crowds())
def test_people_do_not_touch_each_other(some: dict[str, Person], others: dict[str, Person]) -> None:
    others = {f"q{name}": person for name, person in others.items()}
    apart = episode_rates(cohort_of(some)), episode_rates(cohort_of(others))
    together = episode_rates(cohort_of(some | others))
    for column in ("eligible", "found"):
        assert (apart[0][column] + apart[1][column] == together[column]).all()


@QUICK
@given(crowds())
def test_looser_wordings_find_whoever_stricter_ones_find(people: dict[str, Person]) -> None:
    assessed = {one.rule.name: one for one in judge(cohort_of(people))}
    stricter = [
        *((f"vasta_exact_{months}", f"vasta_within_1_{months}") for months in (6, 12, 18)),
        *((f"bedlack_ever_floor_{months}", f"bedlack_ever_pair_{months}") for months in (6, 12, 18)),
        *((f"bedlack_visit_{months}", f"bedlack_visit_deaths_{months}") for months in (6, 12, 18)),
        *((f"vasta_exact_{longer}", f"vasta_exact_{shorter}") for longer, shorter in ((12, 6), (18, 12))),
        ("bedlack_gain_4_12_from_first", "bedlack_gain_4_12"),
        ("bedlack_gain_4_12", "bedlack_gain_4_12_ends"),
        ("bedlack_gain_4_12", "alsight_gain_4_6"),
        ("bedlack_rising_180", "bedlack_rising_180_two_visits"),
        ("slope_better_75_pct", "slope_better_50_pct"),
        ("slope_better_100_pct", "slope_better_75_pct"),
        ("msc_ntf_1_25", "msc_ntf_1_25_no_lead_in_loss"),
    ]
    for strict, loose in stricter:
        assert not (assessed[strict].found & ~assessed[loose].found).any(), (strict, loose)


@QUICK
@given(crowds())
def test_episodes_of_a_person_share_no_visit_and_are_eligible(people: dict[str, Person]) -> None:
    cohort = cohort_of(people)
    episodes = find_episodes(cohort).sort("definition", "subject", "start_day")
    before = episodes.with_columns(previous=pl.col("end_day").shift().over("definition", "subject"))
    assert before.filter(pl.col("start_day") <= pl.col("previous")).height == 0
    assert (episodes["end_day"] > episodes["start_day"]).all()
    for assessed in judge(cohort):
        assert assessed.spells.eligible[assessed.ratings.subject[assessed.spells.end]].all()


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_mirrors(found: int, others: int) -> None:
    total = found + others
    low, high = wilson(found, total)
    if total == 0:
        assert np.isnan(low)
        return
    assert 0 <= low <= found / total <= high <= 1
    mirrored = wilson(others, total)
    np.testing.assert_allclose([1 - high, 1 - low], mirrored, atol=1e-12)


@QUICK
@given(crowds(least=1))
def test_disagreement_adds_up(people: dict[str, Person]) -> None:
    table = disagreement(cohort_of(people))
    parts = table["both"] + table["only_first"] + table["only_second"] + table["neither"]
    assert (parts == table["both_eligible"]).all()
    assert table.select(pl.min_horizontal("both", "only_first", "only_second", "neither")).to_series().min() >= 0


def test_every_definition_spells_out_its_estimand() -> None:
    for rule in DEFINITIONS:
        for text in (rule.wording, rule.sustained, rule.eligible, rule.deaths, rule.dropouts):
            assert text, rule.name
