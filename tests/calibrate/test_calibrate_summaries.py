"""Statistics of the virtual populations: small known cases, and what must hold between populations."""

import numpy as np
import pytest

from alsight.calibrate.populations import CRITERIA, Views, admitted, live_and_see
from alsight.calibrate.summaries import agreement, at_month, hazard_per_point, median_months, plateaus, summaries
from alsight.knowledge.targets import GUARDS, SHAPES, TARGETS
from alsight.population.recruit import entry_month


@pytest.fixture(scope="module")
def views() -> Views:
    return live_and_see({}, blocks=2, seed=5)


def test_every_target_has_its_statistic(views: Views) -> None:
    found = summaries(views)
    names = {row.name for row in TARGETS + GUARDS + SHAPES}
    assert names <= set(found)
    assert all(np.isfinite(found[name]) for name in names)


def test_the_same_seed_gives_the_same_numbers(views: Views) -> None:
    assert summaries(live_and_see({}, blocks=2, seed=5)) == summaries(views)


def test_the_three_views_hold_the_same_people(views: Views) -> None:
    shared = np.isin(views.trial.subjects, views.register.subjects)
    assert shared.mean() > 0.95
    frailty = dict(zip(views.register.subjects.tolist(), views.register.traits[:, 0].tolist(), strict=True))
    plain = [k for k, number in enumerate(views.trial.subjects.tolist()) if number in frailty]
    mine = views.trial.traits[plain, 0]
    theirs = np.array([frailty[number] for number in views.trial.subjects[plain].tolist()])
    assert np.mean(mine == theirs) > 0.9  # mimics of the register have traits of their own


def test_entry_rules_are_nested(views: Views) -> None:
    proact, empower = admitted(views.trial, "proact"), admitted(views.trial, "empower")
    assert np.isin(empower.subjects, proact.subjects).all()
    assert entry_month(empower.traits).max() <= CRITERIA["empower"].months_since_onset_max
    narrow = admitted(views.trial, "mci186_19")
    assert at_month(narrow, 0.0).min() >= 24.0


def test_elderly_or_late_are_the_rest(views: Views) -> None:
    main, rest = admitted(views.trial, "bensimon"), admitted(views.trial, "elderly")
    assert not np.isin(main.subjects, rest.subjects).any()


def test_median_and_agreement_of_known_cases() -> None:
    assert median_months(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.ones(5, bool)) == pytest.approx(3.0)
    one = np.array([10.0, 20.0, 30.0, 40.0])
    assert agreement(one, one - 5.0) == pytest.approx(1.0)
    assert agreement(one, one[::-1]) == pytest.approx(-1.0)


def test_a_higher_score_means_a_lower_hazard(views: Views) -> None:
    assert 0.7 < hazard_per_point(views.register) < 1.0


def test_a_looser_wording_finds_at_least_as_much(views: Views) -> None:
    rate = dict(plateaus(views).select("definition", "rate").iter_rows())
    assert rate["vasta_exact_6"] <= rate["vasta_within_1_6"]
    assert rate["vasta_exact_18"] <= rate["vasta_exact_12"] <= rate["vasta_exact_6"]
    assert rate["bedlack_visit_deaths_12"] <= rate["bedlack_visit_12"]
