"""Outcomes by name: plain words, families at any length, sizes, and names that nobody knows."""

from __future__ import annotations

import pytest

from alsight.detect.expect.outcomes import FAMILIES, NAMED, PLAIN, names, outcome, readings, wider
from alsight.detect.expect.people import POPULATIONS, Observation, RunIn, as_observed, faults_of
from alsight.detect.expect.published import published
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.wilson import wilson


@pytest.mark.parametrize("rule", DEFINITIONS, ids=lambda rule: rule.name)
def test_every_definition_is_an_outcome(rule: object) -> None:
    name = rule.name  # type: ignore[attr-defined]
    found, faults = outcome(name, None, None)
    assert faults == []
    assert found is not None
    assert found.rule is NAMED[name]


def test_plain_words_stand_for_named_rules() -> None:
    stable, _ = outcome("stable", 12.0, None)
    improved, _ = outcome("improved", 12.0, None)
    within, _ = outcome("stable", 12.0, 1.0)
    assert stable is not None
    assert improved is not None
    assert within is not None
    assert stable.rule is NAMED["bedlack_visit_12"]
    assert improved.rule is NAMED["bedlack_gain_4_12"]
    assert within.rule is NAMED["vasta_within_1_12"]
    assert (stable.said, improved.said) == ("stable at 12 months", "improved by 4 points for 12 months")


@pytest.mark.parametrize("family", FAMILIES)
def test_another_length_is_the_same_rule_without_its_frequency(family: str) -> None:
    found, faults = outcome(family, 9.0, None)
    assert faults == []
    assert found is not None
    assert found.rule.months == 9.0
    assert found.rule.published is None
    assert found.rule.method == FAMILIES[family].method
    assert "9 months" in found.rule.wording
    assert all(f"{length} months" not in found.rule.wording + found.rule.sustained for length in (6, 12, 18))


def test_another_size_changes_rule_and_words() -> None:
    found, _ = outcome("improved", 6.0, 2.0)
    assert found is not None
    assert found.rule.points == 2.0
    assert "2 or more points" in found.rule.wording
    assert found.said == "improved by 2 points for 6 months"


@pytest.mark.parametrize(
    ("name", "months", "points", "path", "said"),
    [
        ("stabel", 12.0, None, "outcome", "near: stable"),
        ("bedlack_vist_12", None, None, "outcome", "bedlack_visit_12"),
        ("stable", None, None, "months", "no length"),
        ("bedlack_visit_12", 6.0, None, "months", "bedlack_visit"),
        ("bedlack_visit_12", None, 3.0, "points", "fixed"),
        ("msc_ntf_1_25", 12.0, None, "months", "6.44"),
    ],
)
def test_what_makes_no_sense(name: str, months: float | None, points: float | None, path: str, said: str) -> None:
    found, faults = outcome(name, months, points)
    assert found is None
    assert [fault[0] for fault in faults] == [path]
    assert said in faults[0][1]


def test_names_are_unique() -> None:
    assert len(names()) == len(set(names()))
    assert not PLAIN.keys() & NAMED.keys()


def test_readings_start_with_the_asked_rule_and_stay_in_its_kind() -> None:
    for name in names():
        found, _ = outcome(name, None if name in NAMED else 7.0, None)
        assert found is not None
        rules = readings(found)
        assert rules[0] == found.rule
        assert {rule.kind for rule in rules} == {found.rule.kind}
        assert len({rule.name for rule in rules}) == len(rules)


def test_any_window_is_asked_of_an_ever_rule_of_the_same_length() -> None:
    for name in FAMILIES:
        found, _ = outcome(name, 9.0, None)
        assert found is not None
        wide = wider(found)
        if wide is not None:
            assert (found.rule.timing, wide.timing, wide.months) == ("fixed", "ever", 9.0)


def test_visits_outside_the_schedule_are_faults() -> None:
    stable, _ = outcome("stable", 12.0, None)
    assert stable is not None
    register = POPULATIONS["register"]
    cases = {
        "followed": Observation(followed=6.0),
        "months": Observation(interval=7.0),
        "interval": Observation(interval=20.0),
    }
    for path, seen in cases.items():
        assert [fault[0] for fault in faults_of(register, stable.rule, seen, None)] == [path]
    trial_long, _ = outcome("stable", 24.0, None)
    assert trial_long is not None
    assert [fault[0] for fault in faults_of(POPULATIONS["trial"], trial_long.rule, Observation(), None)] == ["months"]
    assert faults_of(POPULATIONS["trial"], trial_long.rule, Observation(followed=24.0), None) == []


def test_a_run_in_is_watched_before_entry() -> None:
    stable, _ = outcome("stable", 12.0, None)
    assert stable is not None
    population = as_observed(
        POPULATIONS["register"], stable.rule, Observation(interval=2.0, dropout=0.03), RunIn(6.0, None, 0.0)
    )
    assert population.recruit.run_in_months == population.recruit.lag_months == 6.0
    assert population.follow_up.schedule.rating == 2.0
    assert population.follow_up.dropout_per_month == 0.03
    assert population.recruit.criteria.run_in_loss_max is None


def test_published_rows_are_the_printed_ones_the_asked_first() -> None:
    stable, _ = outcome("stable", 12.0, None)
    assert stable is not None
    rows = published(stable, 3, 10)
    first = rows.row(0, named=True)
    assert (first["asked"], first["source"], first["published"]) == (True, "bedlack2016", "16 % of 2,105")
    assert first["rate"] == pytest.approx(337 / 2105)
    assert (first["low"], first["high"]) == pytest.approx(tuple(float(end) for end in wilson(337, 2105)))
    assert rows["asked"].sum() == 1
    assert first["best_of_groups"] == first["chance"]
    assert first["chance"] < published(stable, 3, 10, groups=5)["best_of_groups"][0] < 5 * first["chance"]
    assert rows.select("source", "published", "months").is_unique().all()
    improved, _ = outcome("improved", 12.0, None)
    assert improved is not None
    bound = published(improved, 3, 10).row(0, named=True)
    assert (bound["rate"], bound["chance_at_most"]) == (0.01, True)
    other, _ = outcome("stable", 9.0, None)
    assert other is not None
    assert not published(other, 3, 10)["asked"].any()
