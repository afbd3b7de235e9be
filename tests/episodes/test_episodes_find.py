"""The array programs against the slow, obvious versions, and episodes that can be checked by eye."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings

from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import EPISODES, episode_frame, find_episodes, judge
from alsight.episodes.methods import METHODS
from episodes import naive
from episodes.naive import Person
from episodes.people import cohort_of, crowds

BY_NAME = {rule.name: rule for rule in DEFINITIONS}


@settings(deadline=None, max_examples=50)
@given(crowds())
def test_array_programs_agree_with_loops(people: dict[str, Person]) -> None:
    cohort = cohort_of(people)
    names = cohort.subjects["subject"].to_list()
    for assessed in judge(cohort):
        rule = assessed.rule
        slow = [naive.judge(people[name], rule) for name in names]
        assert assessed.spells.eligible.tolist() == [eligible for eligible, _, _ in slow], rule.name
        assert assessed.found.tolist() == [bool(days) for _, _, days in slow], rule.name
        expected = [(name, *day) for name, (_, _, days) in zip(names, slow, strict=True) for day in days]
        got = list(episode_frame([assessed]).select("subject", "start_day", "held_from_day", "end_day").iter_rows())
        assert got == expected, rule.name


def _line(scores: list[float], gap: int = 91) -> Person:
    return Person({"alsfrs_r": [(index * gap, score) for index, score in enumerate(scores)]})


def _days(scores: list[float], name: str) -> list[tuple[int, int]]:
    frame = find_episodes(cohort_of({"a": _line(scores)}), [BY_NAME[name]])
    return list(frame.select("start_day", "end_day").iter_rows())


@pytest.mark.parametrize(
    ("scores", "name", "days"),
    [
        ([40, 40, 40, 38], "vasta_exact_6", [(0, 182)]),
        ([40, 40, 39, 38], "vasta_exact_6", []),
        ([40, 40, 39, 38], "vasta_within_1_6", [(0, 182)]),
        ([40, 38, 40, 37], "bedlack_visit_6", [(0, 182)]),
        ([40, 38, 40, 37], "bedlack_floor_6", []),
        ([40, 38, 39, 37], "bedlack_visit_6", []),
        ([40, 36, 30, 35, 35, 36, 34, 34], "bedlack_gain_4_12", [(182, 637)]),
        ([40, 36, 30, 35, 35, 33, 34, 34], "bedlack_gain_4_12", []),
        ([40, 36, 30, 35, 35, 34, 30, 30], "alsight_gain_4_6", [(182, 455)]),
        ([30, 33, 34, 35, 36, 34, 34], "bedlack_gain_4_12_from_first", [(0, 546)]),
        ([40, 36, 36, 36, 36], "msc_ntf_1_25", [(91, 273)]),
        ([40, 38, 38, 38, 38], "msc_ntf_1_25", []),
        ([40, 38, 37, 36, 35], "slope_better_50_pct", [(91, 273)]),
        ([40, 38, 37, 36, 35], "slope_better_75_pct", []),
    ],
)
def test_by_eye(scores: list[float], name: str, days: list[tuple[int, int]]) -> None:
    assert _days(scores, name) == days


def test_two_plateaus_of_one_person_are_two_rows() -> None:
    assert _days([40, 40, 40, 36, 34, 34, 34, 30], "vasta_exact_6") == [(0, 182), (364, 546)]


def test_scales_are_never_mixed_within_a_person() -> None:
    both = Person(
        {
            "alsfrs_r": [(0, 40.0), (91, 36.0), (182, 30.0)],
            "alsfrs": [(45, 30.0), (136, 30.0), (227, 30.0), (318, 30.0)],
        }
    )
    cohort = cohort_of({"a": both})
    pooled = find_episodes(cohort, [BY_NAME["bedlack_visit_6"]])
    assert pooled.select("scale", "start_day", "end_day").row(0) == ("alsfrs", 45, 227)
    assert find_episodes(cohort, [BY_NAME["vasta_exact_6"]]).height == 0


def test_visits_after_a_tracheostomy_are_left_out_where_the_source_does() -> None:
    person = _line([40, 40, 40, 40])
    person.events = [(150, "tracheostomy")]
    assert find_episodes(cohort_of({"a": person}), [BY_NAME["vasta_exact_6"]]).height == 0


def test_deaths_count_as_decline_only_where_said() -> None:
    people = {"a": _line([40, 40, 40]), "b": Person({"alsfrs_r": [(0, 40.0)]}, [(100, "death")])}
    for name, eligible in (("bedlack_visit_6", 1), ("bedlack_visit_deaths_6", 2)):
        assessed = judge(cohort_of(people), [BY_NAME[name]])[0]
        assert assessed.spells.eligible.sum() == eligible
        assert assessed.found.tolist() == [True, False]


def test_empty_cohort_gives_empty_tables_of_the_same_shape() -> None:
    frame = find_episodes(cohort_of({}))
    assert frame.schema == pl.Schema(EPISODES)
    assert frame.height == 0
    assert find_episodes(cohort_of({"a": Person()})).height == 0


def test_no_definitions_give_an_empty_table() -> None:
    assert find_episodes(cohort_of({"a": _line([40, 40])}), []).schema == pl.Schema(EPISODES)


def test_every_method_is_used_and_every_name_is_unique() -> None:
    assert {rule.method for rule in DEFINITIONS} == set(METHODS)
    assert len(BY_NAME) == len(DEFINITIONS)
