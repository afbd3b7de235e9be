"""Drug checks: no effect is exactly no effect, and each drug acts in its direction under common random numbers."""

import msgspec
import numpy as np
import pytest

from alsight.calibrate.drugs import (
    FOUR_WEEKS,
    SOD1,
    both,
    change,
    given_to,
    hazard_ratio,
    level_ratio,
    pair,
    trial_of,
)
from alsight.calibrate.populations import TRIAL, group_of
from alsight.population.spec import Given, People

SEEN = trial_of(TRIAL, 13.0)


def test_strength_zero_is_exactly_no_effect() -> None:
    control, treated = pair(SEEN, Given(therapy="riluzole", strength=0.0), 1)
    assert hazard_ratio(*both(control, treated, "bensimon"), 12.0) == pytest.approx(1.0, abs=1e-12)
    assert np.array_equal(change(control, 24), change(treated, 24), equal_nan=True)


def test_both_are_the_same_people() -> None:
    control, treated = both(*pair(SEEN, Given(therapy="edaravone"), 1), "mci186_16")
    assert np.array_equal(control.subjects, treated.subjects)


def test_riluzole_delays_death_and_edaravone_slows() -> None:
    control, treated = both(*pair(SEEN, Given(therapy="riluzole"), 3), "bensimon")
    assert hazard_ratio(control, treated, 13.0) < 1.0
    control, treated = both(*pair(SEEN, Given(therapy="edaravone"), 3), "mci186_16")
    assert np.nanmean(change(treated, 24)) > np.nanmean(change(control, 24))


def test_tofersen_lowers_neurofilament_before_function_differs() -> None:
    people = People(genotypes=SOD1)
    control, treated = pair(msgspec.structs.replace(SEEN, people=people), Given(therapy="tofersen"), 2)
    assert level_ratio(treated, 28) < 0.8 * level_ratio(control, 28)
    early, late = (np.nanmean(change(treated, w)) - np.nanmean(change(control, w)) for w in (28, 52))
    assert 0.0 < early < late


def test_a_delayed_start_changes_nothing_before_it() -> None:
    people = People(genotypes=SOD1)
    observed = msgspec.structs.replace(SEEN, people=people)
    delayed = group_of(given_to(observed, Given(therapy="tofersen", start_month=7 * FOUR_WEEKS)), 1)
    assert np.array_equal(change(delayed, 24), change(group_of(observed, 1), 24), equal_nan=True)
