"""The policy on values: what is hidden, what a reader can work out of what is not, and the words for it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.report.disclosure.nodes import (
    SMALL_CELL,
    Breakdown,
    ByPolicy,
    Computed,
    Disclosure,
    Headcount,
    Hidden,
    Identifier,
    OnlyWith,
    ShareOf,
    WithNoun,
    collected,
    phrase,
)
from alsight.report.disclosure.policy import SMALL_REPORT, Policy
from alsight.report.disclosure.suppress import suppressed
from alsight.report.page.render import text
from alsight.report.page.words import NONE

WHOLE = Headcount(300, ("cohort",), open=True)


def parts_of(sizes: list[int], **more: object) -> list[Headcount]:
    return [Headcount(size, ("part", place), **more) for place, size in enumerate(sizes)]  # type: ignore[arg-type]


def decided(*values: object) -> Disclosure:
    return Policy().decide(300, values)


def hides(sizes: list[int]) -> list[Hidden | None]:
    parts = parts_of(sizes)
    total = Headcount(sum(sizes), ("cohort",), open=True)
    shown = decided(Breakdown(total, tuple(parts)))
    return [shown.hidden.get(part.who) for part in parts]


def test_small_counts_are_hidden_unless_identified() -> None:
    counts = [Headcount(size, ("n", size)) for size in (0, 1, 4, 5)]
    shown = decided(*counts)
    assert [text(one, shown) for one in counts] == ["0", "fewer than 5", "fewer than 5", "5"]
    assert text(counts[1], Policy(identified=True).decide(300, counts)) == "1"


def test_one_hidden_count_takes_another_with_it() -> None:
    small, second = Hidden.SMALL, Hidden.SECOND
    assert hides([50, 3, 9, 0]) == [None, small, second, None]
    assert hides([50, 30, 9, 0]) == [None, None, None, None]


def test_two_small_counts_may_still_give_each_other_away() -> None:
    # 1 and 1 of which a reader knows the sum, and 4 and 4: alone they would be certain.
    for small in ([1, 1], [4, 4]):
        assert hides([50, *small, 9]) == [None, Hidden.SMALL, Hidden.SMALL, Hidden.SECOND]
    assert hides([50, 2, 3, 9]) == [None, Hidden.SMALL, Hidden.SMALL, None]


def test_a_count_just_above_the_limit_hides_nothing() -> None:
    # 1 and 5: a reader who knows that the second is at least 5 would know the first.
    assert hides([50, 1, 5, 30]) == [None, Hidden.SMALL, Hidden.SECOND, Hidden.SECOND]


def test_people_who_are_all_listed_are_counted() -> None:
    small = Headcount(3, ("listed",), listed=3)
    some = Headcount(3, ("some",), listed=2)
    rest = Headcount(294, ("rest",))
    shown = decided(Breakdown(WHOLE, (small, some, rest)))
    assert shown.shows(small)
    assert not shown.shows(some)
    assert not shown.shows(rest)


def test_parts_of_a_small_total_that_is_public_are_all_withheld() -> None:
    total = Headcount(2, ("listed",), listed=2)
    parts = (Headcount(2, ("kept",)), Headcount(0, ("lost",)))
    shown = decided(Breakdown(total, parts))
    assert shown.shows(total)
    assert [shown.hidden[part.who] for part in parts] == [Hidden.WITHHELD] * 2
    assert text(parts[1], shown) == "hidden"


def test_a_count_is_hidden_wherever_it_stands() -> None:
    small, second, other = Headcount(2, ("small",)), Headcount(40, ("second",)), Headcount(258, ("other",))
    elsewhere = Breakdown(Headcount(100, ("total",)), (second, Headcount(60, ("more",))))
    shown = decided(Breakdown(WHOLE, (small, second, other)), elsewhere)
    assert not shown.shows(second)
    # Hidden in one table and worked out from another would be no protection.
    assert len({("total",), ("more",), ("other",)} & set(shown.hidden)) >= 1


def test_what_only_subtraction_gives_is_protected_too() -> None:
    men, women, unknown = Headcount(170, ("men",)), Headcount(127, ("women",)), Headcount(3, ("x",), implied=True)
    assert not decided(Breakdown(WHOLE, (men, women, unknown))).shows(women)
    assert decided(Breakdown(WHOLE, (men, women))).shows(women)


def test_missing_values_are_no_secret_but_may_have_to_hide_one() -> None:
    gap = Headcount(3, ("gap",), sensitive=False)
    assert decided(Breakdown(WHOLE, (gap, Headcount(297, ("known",))))).shows(gap)
    few, gap = Headcount(3, ("known",)), Headcount(297, ("gap",), sensitive=False)
    assert not decided(Breakdown(WHOLE, (few, gap))).shows(gap)


def test_two_sizes_of_the_same_people_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="same people"):
        collected([Headcount(1, ("a",)), Headcount(2, ("a",))])


@pytest.mark.parametrize(
    ("size", "shown", "said"),
    [
        (0, "sent", "0 people"),
        (1, "sent", "fewer than 5 people"),
        (1, "not anonymous", "1 person"),
        (2, "not anonymous", "2 people"),
        (1_200, "sent", "1,200 people"),
    ],
)
def test_a_count_with_its_noun(size: int, shown: str, said: str) -> None:
    people = Headcount(size, ("people",))
    hidden = {people.who: Hidden.SMALL} if shown == "sent" and 0 < size < SMALL_CELL else {}
    assert text(WithNoun(people), Disclosure(shown, hidden)) == said  # type: ignore[arg-type]


def test_words_around_a_hidden_count() -> None:
    people = Headcount(40, ("people",))
    shown = Disclosure("sent", {people.who: Hidden.SECOND})
    assert text(phrase("Of ", WithNoun(people), ", ", people, " rose."), shown) == (
        "Of a hidden number of people, a hidden number rose."
    )
    assert text(ShareOf(people, WHOLE), shown) == text(OnlyWith("12 to 18 %", (people,)), shown) == NONE
    assert text(OnlyWith(" 13 %", (people,), ""), shown) == ""
    assert text(ShareOf(people, WHOLE), decided()) == "13\u00a0%"
    assert text(ShareOf(people, Headcount(0, ("none",))), decided()) == NONE


def test_texts_for_each_kind_of_report() -> None:
    kinds = {kind: Disclosure(kind, {}) for kind in ("identified", "sent", "not anonymous")}  # type: ignore[arg-type]
    value = ByPolicy("a", "b", "c")
    assert [text(value, shown) for shown in kinds.values()] == ["a", "b", "c"]
    file = Identifier("clinic.csv", "input 1")
    assert [text(file, shown) for shown in kinds.values()] == ["clinic.csv", "input 1", "input 1"]
    assert text(Computed(lambda shown: shown.kind), kinds["sent"]) == "sent"
    assert [shown.least for shown in kinds.values()] == [1, SMALL_CELL, 1]


def test_kind_of_report_by_size() -> None:
    kinds = [Policy().decide(size).kind for size in (0, SMALL_REPORT - 1, SMALL_REPORT, None)]
    assert kinds == ["not anonymous", "not anonymous", "sent", "sent"]
    assert Policy(identified=True).decide(3).kind == "identified"


def solutions(sizes: list[int], hidden: list[Hidden | None], most: int) -> list[tuple[int, ...]]:
    """Every breakdown that a reader cannot exclude: counts printed as they are, sum and labels as they say."""
    labels = {
        Hidden.SMALL: range(1, SMALL_CELL),
        Hidden.SECOND: [0, *range(SMALL_CELL, most + 1)],
        Hidden.WITHHELD: range(most + 1),
    }
    ranges = [[size] if why is None else labels[why] for size, why in zip(sizes, hidden, strict=True)]
    return [one for one in product(*ranges) if sum(one) == sum(sizes)]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.integers(0, 12), min_size=2, max_size=5).filter(lambda sizes: sum(sizes) >= SMALL_REPORT))
def test_subtraction_tells_no_more_than_the_label(sizes: list[int]) -> None:
    hidden = hides(sizes)
    assert all(why is not None for size, why in zip(sizes, hidden, strict=True) if 0 < size < SMALL_CELL)
    possible = solutions(sizes, hidden, sum(sizes))
    for place, why in enumerate(hidden):
        values = {one[place] for one in possible}
        if why is Hidden.SMALL:
            assert values == {1, 2, 3, 4}
        elif why is Hidden.WITHHELD:
            assert len(values) > 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=3))
def test_a_table_with_both_margins(cells: list[list[int]]) -> None:
    """Rows and columns with their sums printed: every small cell stays as unknown as its label says."""
    rows, columns = len(cells), 3
    parts = [[Headcount(cells[row][col], (row, col)) for col in range(columns)] for row in range(rows)]
    total = sum(map(sum, cells))
    sums = [Breakdown(Headcount(sum(cells[row]), ("row", row)), tuple(parts[row])) for row in range(rows)]
    sums += [
        Breakdown(Headcount(sum(row[col] for row in cells), ("col", col)), tuple(row[col] for row in parts))
        for col in range(columns)
    ]
    everyone = Headcount(total, ("all",), open=True)
    sums.append(Breakdown(everyone, tuple(one.total for one in sums[:rows])))
    sums.append(Breakdown(everyone, tuple(one.total for one in sums[rows : rows + columns])))
    people, breakdowns = collected(sums)
    hidden = suppressed(people, breakdowns)
    for who, why in hidden.items():
        if why is not Hidden.SECOND and total >= SMALL_REPORT:
            low, high = attacked(who, people, breakdowns, hidden)
            assert (low, high) == (1, 4) if why is Hidden.SMALL else low < high


def attacked(who: object, people: dict, breakdowns: tuple[Breakdown, ...], hidden: dict) -> tuple[int, int]:  # type: ignore[type-arg]
    """The range of one count by integer programming over all breakdowns at once, written independently."""
    import numpy as np
    from scipy.optimize import Bounds, milp

    names = list(people)
    matrix = np.zeros((len(breakdowns), len(names)))
    rest = np.zeros(len(breakdowns))
    for line, one in enumerate(breakdowns):
        matrix[line, names.index(one.total.who)] = -1
        for part in one.parts:
            matrix[line, names.index(part.who)] += 1
        rest[line] = -one.rest
    ranges = {None: None, Hidden.SMALL: (1, 4), Hidden.SECOND: (0, 1000), Hidden.WITHHELD: (0, 1000)}
    ends = [ranges[hidden.get(name)] or (people[name].size,) * 2 for name in names]
    aim = np.array([float(name == who) for name in names])
    bounds = Bounds([end[0] for end in ends], [end[1] for end in ends])
    found = [
        milp(sign * aim, constraints=[(matrix, rest, rest)], bounds=bounds, integrality=np.ones(len(names))).fun
        for sign in (1, -1)
    ]
    return round(found[0]), round(-found[1])
