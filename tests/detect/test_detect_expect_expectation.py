"""The whole answer, recounted by hand on the same people, and the laws that it must obey."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import polars as pl
import pytest

from alsight.base.errors import RunError
from alsight.calibrate.ensemble import ensemble
from alsight.detect.expect.count import CHUNK, counted, lived
from alsight.detect.expect.expectation import Expectation, Question, expectation
from alsight.detect.expect.outcomes import NAMED, Outcome, outcome
from alsight.detect.expect.people import POPULATIONS, Observation, RunIn, as_observed
from alsight.population.blocks import cohort_from, recruit_block
from alsight.population.frames import cohort_of
from alsight.population.spec import Criteria
from montecarlo import proportion_tolerance, tolerance

PEOPLE = 600


def named(name: str, months: float | None = None) -> Outcome:
    found, faults = outcome(name, months, None)
    assert faults == []
    assert found is not None
    return found


@cache
def answered(name: str = "stable", months: float | None = 6.0, **options: object) -> Expectation:
    base = Question(outcome=named(name, months), found=3, of=10, population=POPULATIONS["trial"], people=PEOPLE)
    return expectation(replace(base, **options))  # type: ignore[arg-type]


def sums(answer: Expectation) -> tuple[int, int]:
    sets = answer.tables["sets"]
    return int(sets["found"].sum()), int(sets["eligible"].sum())


def test_recounted_by_hand_on_the_same_people() -> None:
    rule, run_in = NAMED["bedlack_visit_12"], RunIn(3.0, None, 0.0)
    population = as_observed(POPULATIONS["register"], rule, Observation(missed=0.2), run_in)
    own = lived(population, ensemble().members[0], 3)
    marks = counted(own, [rule], 12.0, run_in, 300, lambda _: None)
    found, eligible, admitted = 0, 0, 0
    for number in range(CHUNK):
        cohort = cohort_from(cohort_of(recruit_block(own, number)).frames())
        for _, person in cohort.visits.sort("day").group_by("subject", maintain_order=True):
            days, totals = person["day"].to_list(), person["alsfrs_r_total"].to_list()
            screening = [total for day, total in zip(days, totals, strict=True) if day < -15]
            scores = [(day, total) for day, total in zip(days, totals, strict=True) if day >= -15]
            if not screening or not scores or abs(scores[0][0]) > 15 or scores[0][1] < screening[0]:
                continue
            admitted += 1
            start, first = scores[0]
            end = 12 * 30.4375
            later = [(abs(day - start - end), day, total) for day, total in scores[1:]]
            near = min(later, default=(1e9, 0, 0))
            if near[0] <= 45:
                eligible += 1
                found += near[2] >= first
    assert marks.admitted.sum() == admitted
    assert (marks.admitted & marks.eligible[0]).sum() == eligible
    assert (marks.admitted & marks.found[0]).sum() == found
    assert found > 5


def test_other_people_give_the_same_within_monte_carlo_error() -> None:
    one, other = answered(), answered(seed=99)
    assert sums(one) != sums(other)
    assert abs(one.rate - other.rate) <= tolerance(np.hypot(one.error, other.error), 1)


def test_any_number_of_workers_gives_the_same() -> None:
    one, two = answered(), answered(workers=3)
    assert all(one.tables[name].equals(two.tables[name], null_equal=True) for name in one.tables)


def test_groups_of_these_people_show_it_as_often() -> None:
    answer = answered("bedlack_ever_floor", 6.0)
    found, eligible = sums(answer)
    rng = np.random.default_rng(2)
    met = np.arange(eligible) < found
    groups = 4000
    shown = met[rng.integers(eligible, size=(groups, 10))].sum(axis=1) >= 3
    between = answer.most - answer.least
    assert abs(shown.mean() - answer.chance) <= proportion_tolerance(answer.chance, groups) + 10 * between**2


@pytest.mark.parametrize("family", ["bedlack_visit", "bedlack_floor"])
def test_longer_is_rarer(family: str) -> None:
    shares = [answered(family, months, enrolled=True) for months in (6.0, 12.0, 18.0)]
    for short, long in pairwise(shares):
        assert long.rate < short.rate + 4.0 * np.hypot(short.error, long.error)
        assert long.assessed < short.assessed
    assert shares[-1].rate < shares[0].rate


def test_what_is_asked_for_more_is_likelier_never() -> None:
    chances = [answered(found=found).chance for found in (0, 1, 3, 10)]
    assert chances[0] == 1.0
    assert chances == sorted(chances, reverse=True)
    assert answered(found=1, of=1).chance == pytest.approx(answered().rate)


def test_picking_never_makes_it_less_likely() -> None:
    reported = answered()
    picked = answered(
        any_window=True,
        picked_from=8,
        tried=(named("bedlack_slope_6"), named("vasta_exact_6")),
        observed=Observation(followed=12.0),
    )
    steps = picked.tables["picking"]
    assert steps["step"].to_list()[0].startswith("one group")
    assert steps.height == 4
    assert (steps["chance"].diff().drop_nulls() >= 0.0).all()
    assert picked.picked == steps["chance"][-1]
    assert picked.picked > picked.chance
    assert picked.chance == pytest.approx(reported.chance, abs=4 * 10 * np.hypot(reported.error, picked.error))


def test_enrolled_counts_those_who_left_as_not_meeting_it() -> None:
    assessed, enrolled = answered(), answered(enrolled=True)
    assert sums(assessed)[0] == sums(enrolled)[0]
    assert sums(enrolled)[1] == enrolled.tables["sets"]["enrolled"].sum()
    assert enrolled.assessed == pytest.approx(sums(assessed)[1] / sums(enrolled)[1])


def test_a_run_in_selects_among_the_same_people() -> None:
    answer = answered(run_in=RunIn(3.0, None, 0.0))
    everybody, chosen = answer.tables["run_in"].rows(named=True)
    assert chosen["entered"] < everybody["entered"]
    assert chosen["found"] <= everybody["found"]
    assert chosen["rate"] == pytest.approx(answer.rate)
    # A run-in that everybody passes changes nothing.
    open_to_all = answered(run_in=RunIn(3.0, None, 48.0)).tables["run_in"]
    assert open_to_all.drop("people")[0].equals(open_to_all.drop("people")[1])
    assert not answered().tables["run_in"].height


def test_losers_of_a_run_in_are_stable_less_often() -> None:
    losers = answered(run_in=RunIn(3.0, 3.0, None))
    keepers = answered(run_in=RunIn(3.0, None, 2.0))
    assert losers.rate < keepers.rate


def test_readings_hold_the_asked_rule_and_the_stricter_is_rarer() -> None:
    answer = answered()
    readings = answer.tables["readings"]
    assert readings["asked"].to_list() == [True] + [False] * (readings.height - 1)
    assert readings["rate"][0] == answer.rate
    found = dict(zip(readings["definition"], readings["found"], strict=True))
    assert found["bedlack_visit_6"] >= found["bedlack_floor_6"]
    assert found["vasta_within_1_6"] >= found["vasta_exact_6"]
    assert (readings["found"] <= readings["eligible"]).all()


def test_sizes_ask_for_no_smaller_share() -> None:
    sizes = answered().tables["sizes"]
    assert (sizes["found"] / sizes["of"] >= 0.3).all()
    assert (sizes["best_of_100"] >= sizes["best_of_10"]).all()
    assert (sizes["best_of_10"] >= sizes["chance"]).all()
    assert sizes.filter(pl.col("of") == 10)["chance"][0] == answered().chance


def test_numbers_are_the_distribution() -> None:
    answer = answered()
    numbers = answer.tables["numbers"]
    assert numbers["chance"].sum() == pytest.approx(1.0)
    assert numbers["chance_or_more"][3] == pytest.approx(answer.chance)
    assert answer.fewer == pytest.approx(numbers["chance"][:4].sum())


def test_mimics_that_stay_still_add_stable_people() -> None:
    none, many = answered(observed=Observation(mimics=0.0)), answered(observed=Observation(mimics=0.5))
    assert many.rate > none.rate + 4.0 * np.hypot(none.error, many.error)


def test_nobody_enters() -> None:
    recruit = msgspec.structs.replace(POPULATIONS["trial"].recruit, criteria=Criteria(age_min=119.0))
    population = msgspec.structs.replace(POPULATIONS["trial"], recruit=recruit)
    with pytest.raises(RunError, match="candidates entered"):
        expectation(Question(outcome=named("stable", 6.0), found=3, of=10, population=population, people=PEOPLE))


def test_nobody_can_be_judged() -> None:
    with pytest.raises(RunError, match="could be assessed by msc_ntf_1_25"):
        answered("msc_ntf_1_25", None, observed=Observation(interval=6.0))
