"""Ratings: frames to ragged arrays and back, and the selections."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import polars as pl
import pytest
from beartype import beartype
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import jaxtyped

from alsight.base.errors import SpecError
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import NO_DAY
from alsight.cohort.ratings import (
    ITEM_BLOCK,
    NOT_RECORDED,
    RATING_FIELDS,
    Ratings,
    before,
    chosen,
    on_main_scale,
    on_scale,
    padded,
    ratings,
    scale_names,
    subject_names,
    to_frame,
    with_total,
)
from alsight.cohort.raw import RawTables
from alsight.cohort.tables import MODES, RESPONDERS
from cohort.people import small_cohort
from cohort.rows import checked, person, rating


def test_totals() -> None:
    made = on_scale(ratings(small_cohort()), "alsfrs_r")
    outcome, mask = padded(made, made.total)
    months, there = padded(made, made.months)
    assert subject_names(made).to_list() == ["a", "b", "c", "d"]
    assert outcome.shape == months.shape == mask.shape == (4, 3)
    assert outcome.tolist() == [[48, 36, 24], [12, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert mask.sum(axis=1).tolist() == there.sum(axis=1).tolist() == made.count.tolist() == [3, 1, 0, 0]
    assert months[0].tolist() == pytest.approx([0, 91 / 30.4375, 182 / 30.4375])
    assert made.months_since_onset[0] == pytest.approx(365 / 30.4375)
    assert made.end_day.tolist() == [400, 300, NO_DAY, NO_DAY]


def test_everything_recorded_of_a_rating() -> None:
    made = ratings(small_cohort())
    assert made.size == 4
    assert made.offsets.tolist() == [0, 3, 5, 6, 6]
    assert made.line.tolist() == [0, 1, 2, 3, 4, 5]
    assert made.scale.tolist() == [0, 0, 0, 0, 0, 1]
    assert made.main_scale.tolist() == [0, 0, 1, NOT_RECORDED]
    assert made.rater.tolist() == [0, *[NOT_RECORDED] * 5]
    assert made.derived.tolist() == [True, True, True, False, True, False]
    assert np.isnan(made.total[3])
    assert made.total[5] == 31.0
    assert np.isnan(made.months_since_onset[5])
    assert made.since_first.tolist() == [0, 91, 182, 0, 91, 0]
    assert made.later.tolist() == [2, 1, 0, 1, 0, 0]


def test_items() -> None:
    made = ratings(small_cohort())
    block, mask = padded(made, made.items)
    assert block.shape == mask.shape == (4, 3, len(ITEM_BLOCK))
    assert mask[1, 0].tolist() == [False] + [True] * 11 + [False]
    assert block[0, 2, ITEM_BLOCK.index("q5_cutting")] == 2.0
    assert not mask[2].any()


def test_circumstances() -> None:
    visits = [
        rating("a", place, 4, mode=mode, responder=answered, rater=rater)
        for place, (mode, answered, rater) in enumerate(
            [("telephone", "self", "Z"), (None, "both", "A"), ("in_person", None, "Z")]
        )
    ]
    made = ratings(checked(subjects=[person("a")], visits=visits))
    assert made.mode.tolist() == [MODES.index("telephone"), NOT_RECORDED, MODES.index("in_person")]
    assert made.responder.tolist() == [RESPONDERS.index("self"), RESPONDERS.index("both"), NOT_RECORDED]
    assert made.rater[0] == made.rater[2] != made.rater[1]


def _mixed(first: str, second: str, third: str) -> Cohort:
    totals = {"alsfrs_r": {"alsfrs_r_total": 40.0}, "alsfrs": {"alsfrs_total": 35.0}}
    visits = [
        {"subject": "a", "day": 30 * place, "scale": scale, **totals[scale]}
        for place, scale in enumerate((first, second, third))
    ]
    return checked(subjects=[person("a"), person("b")], visits=visits)


def test_the_scale_rated_most() -> None:
    both = ratings(_mixed("alsfrs", "alsfrs_r", "alsfrs"))
    assert both.main_scale.tolist() == [1, NOT_RECORDED]
    assert on_main_scale(both).day.tolist() == [0, 60]
    assert on_main_scale(both, ("alsfrs_r",)).day.tolist() == [30]
    assert scale_names(on_main_scale(both).main_scale).to_list() == ["alsfrs", None]
    earlier = before(both, np.array([60, 0]))
    assert on_main_scale(earlier).day.tolist() == [30], "a tie goes to the ALSFRS-R"
    assert on_main_scale(earlier, ("alsfrs", "alsfrs_r")).day.tolist() == [0]


def test_way_back() -> None:
    cohort = small_cohort()
    made = on_scale(ratings(cohort), "alsfrs_r")
    visits = to_frame(made, {"late": np.arange(4.0)}, score=made.total)
    requested = cohort.visits.filter(pl.col("alsfrs_r_total").is_not_null())
    assert visits.select("subject", "day").equals(requested.select("subject", "day"))
    assert visits["score"].to_list() == visits["total"].to_list() == requested["alsfrs_r_total"].to_list()
    assert visits["late"].to_list() == [0.0, 0.0, 0.0, 1.0]
    whole = to_frame(ratings(cohort))
    assert whole["scale"].to_list() == cohort.visits["scale"].to_list()
    assert whole["total"].null_count() == 1
    assert whole["months_since_onset"].null_count() == 1
    with pytest.raises(SpecError, match="score") as error:
        to_frame(made, {"late": np.zeros(5)}, score=np.zeros(7))
    assert len(error.value.faults) == 2


def test_ratings_are_a_pytree_that_carries_its_subjects() -> None:
    made = ratings(small_cohort())
    doubled = jax.jit(lambda supplied: replace(supplied, items=supplied.items * 2))(made)
    assert np.asarray(doubled.items)[0, 0] == 8
    assert subject_names(doubled).to_list() == ["a", "b", "c", "d"]
    assert doubled.offsets.tolist() == made.offsets.tolist()
    assert np.asarray(doubled.end_day).tolist() == made.end_day.tolist()
    assert to_frame(doubled).equals(to_frame(made))


def test_identifiers_of_any_script() -> None:
    names = ["007", "Łódź-1", "患者", "é", " a"]
    made = ratings(checked(subjects=[person(name) for name in names], visits=[rating("é")]))
    assert subject_names(made).to_list() == sorted(names)
    assert to_frame(made)["subject"].to_list() == ["é"]


def test_empty_cohorts() -> None:
    none = ratings(check(RawTables(frames={})))
    assert (none.size, none.day.size) == (0, 0)
    assert padded(none, none.total)[0].shape == (0, 0)
    assert to_frame(none).is_empty()
    unseen = ratings(checked(subjects=[person()]))
    assert padded(unseen, unseen.total)[0].shape == (1, 0)
    assert on_main_scale(unseen).main_scale.tolist() == [NOT_RECORDED]
    assert unseen.since_first.size == unseen.later.size == 0


def test_wishes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SpecError, match="scale"):
        on_scale(ratings(small_cohort()), "mitos")


def test_shapes_are_as_annotated() -> None:
    typed = jaxtyped(typechecker=beartype)(Ratings)
    for made in (ratings(small_cohort()), on_main_scale(ratings(small_cohort())), ratings(checked())):
        typed(**{name: getattr(made, name) for name in Ratings.__dataclass_fields__})


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from("abcde"),
        st.lists(
            st.tuples(st.integers(0, 900), st.sampled_from(["alsfrs_r", "alsfrs"]), st.none() | st.integers(0, 40)),
            max_size=8,
            unique_by=lambda visit: visit[:2],
        ),
        min_size=1,
    ),
    st.integers(0, 900),
)
def test_selections_agree_with_loops(people: dict[str, list[tuple[int, str, int | None]]], stop: int) -> None:
    column = {"alsfrs_r": "alsfrs_r_total", "alsfrs": "alsfrs_total"}
    visits = [
        {"subject": name, "day": day, "scale": scale, column[scale]: None if total is None else float(total)}
        for name, rated in people.items()
        for day, scale, total in rated
    ]
    made = ratings(checked(subjects=[person(name) for name in sorted(people)], visits=visits))
    some = on_main_scale(before(made, np.full(len(people), stop)))
    requested = []
    for name in sorted(people):
        rated = [visit for visit in people[name] if visit[2] is not None and visit[0] < stop]
        counts = {scale: sum(visit[1] == scale for visit in rated) for scale in ("alsfrs_r", "alsfrs")}
        most = max(counts, key=counts.__getitem__)
        requested += [
            (name, day, scale, float(total))
            for day, scale, total in sorted(rated, key=lambda visit: visit[0])
            if scale == most and total is not None
        ]
    assert to_frame(some).select("subject", "day", "scale", "total").rows() == requested
    assert int(some.offsets[-1]) == some.day.size == len(requested)
    accepted = with_total(made)
    assert chosen(accepted, np.ones(accepted.day.size, dtype=bool)).offsets.tolist() == accepted.offsets.tolist()
    assert all(getattr(accepted, name).shape[0] == accepted.day.size for name in RATING_FIELDS)
