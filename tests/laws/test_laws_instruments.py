"""What must always hold of instruments: monotone stages and categories, bounds, unit changes, order of people."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alsight.base.status import Status
from alsight.instruments import alsfrs_r, d50, encals, kings, mitos, rate
from alsight.instruments.criteria.el_escorial import AWAJI_ORDER, EL_ESCORIAL_ORDER, awaji, revised_el_escorial
from alsight.instruments.criteria.gold_coast import gold_coast
from alsight.instruments.criteria.signs import signs

QUICK = settings(deadline=None, max_examples=60)
SCORES = st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
RATINGS = arrays(np.float64, 12, elements=SCORES)
GAPPY = arrays(np.float64, 12, elements=st.one_of(SCORES, st.just(np.nan)))
REGIONAL = arrays(np.float64, 4, elements=st.sampled_from([0.0, 1.0]))
FINDINGS = arrays(np.float64, 4, elements=st.sampled_from([0.0, 1.0, np.nan]))


@QUICK
@given(RATINGS, st.integers(0, 11), SCORES, st.booleans(), st.booleans())
def test_stages_never_fall_when_an_item_gets_worse(
    items: np.ndarray, place: int, score: float, tube: bool, niv: bool
) -> None:
    worse = items.copy()
    worse[place] = min(items[place], score)
    flags = np.array(tube), np.array(niv)
    assert kings.kings_stage(worse, *flags) >= kings.kings_stage(items, *flags)
    assert mitos.mitos_stage(worse) >= mitos.mitos_stage(items)
    assert mitos.mitos_stage(worse, "or") >= mitos.mitos_stage(items, "or")
    assert alsfrs_r.total(worse) <= alsfrs_r.total(items)


@QUICK
@given(RATINGS)
def test_flags_never_lower_kings_and_or_never_lowers_mitos(items: np.ndarray) -> None:
    yes = np.array(True)
    assert kings.kings_stage(items, yes) == 4
    assert kings.kings_stage(items, None, yes) == 4
    assert mitos.mitos_stage(items, "or") >= mitos.mitos_stage(items)


@QUICK
@given(GAPPY, RATINGS)
def test_a_stage_given_despite_gaps_holds_for_every_filling(gappy: np.ndarray, filling: np.ndarray) -> None:
    filled = np.where(np.isnan(gappy), filling, gappy)
    for stage in (kings.kings_stage, mitos.mitos_stage):
        known = stage(gappy)
        assert np.isnan(known) or known == stage(filled)


@QUICK
@given(GAPPY)
def test_domains_add_up_and_proration_keeps_bounds(items: np.ndarray) -> None:
    for split in (alsfrs_r.FOUR_DOMAINS, alsfrs_r.THREE_DOMAINS):
        np.testing.assert_array_equal(alsfrs_r.domain_scores(items, split).sum(), alsfrs_r.total(items))
    prorated = alsfrs_r.prorated_total(items, 11)
    assert np.isnan(prorated) or 0 <= prorated <= 48 + 1e-9


@QUICK
@given(arrays(np.float64, (6, 12), elements=SCORES), st.permutations(range(6)))
def test_order_of_people_changes_nothing(items: np.ndarray, order: list[int]) -> None:
    for function in (alsfrs_r.total, kings.kings_stage, mitos.mitos_stage):
        np.testing.assert_array_equal(function(items)[order], function(items[order]))


TIMES = arrays(np.float64, 5, elements=st.integers(0, 60).map(float), unique=True)
POINTS = arrays(np.float64, 5, elements=st.integers(0, 48).map(float))


@QUICK
@given(TIMES, POINTS, st.floats(0.1, 30.0), st.floats(-20, 20))
def test_slope_follows_units_and_shifts(times: np.ndarray, points: np.ndarray, factor: float, shift: float) -> None:
    slope = rate.window_slope(times, points).per_month
    np.testing.assert_allclose(rate.window_slope(times * factor, points).per_month * factor, slope, atol=1e-9)
    np.testing.assert_allclose(rate.window_slope(times + shift, points).per_month, slope, atol=1e-9)
    np.testing.assert_allclose(rate.window_slope(times, points + shift).per_month, slope, atol=1e-9)


@QUICK
@given(TIMES, POINTS, st.permutations(range(5)))
def test_order_of_visits_changes_nothing(times: np.ndarray, points: np.ndarray, order: list[int]) -> None:
    months = np.sort(times) + 1
    first, second = d50.fit_d50(months, points), d50.fit_d50(months[order], points[order])
    assert first.status == second.status
    if first.status == Status.CONVERGED:
        np.testing.assert_allclose(first.residual_sd, second.residual_sd, rtol=1e-4, atol=1e-6)
    slopes = [
        rate.window_slope(part, values).per_month for part, values in ((months, points), (months[order], points[order]))
    ]
    np.testing.assert_allclose(*slopes, atol=1e-9)


@QUICK
@given(st.floats(-12, 3), st.floats(0.0, 300.0), st.floats(0.0, 300.0), st.floats(0.0, 120.0))
def test_survival_is_a_falling_chance(score: float, first: float, second: float, alive: float) -> None:
    early, late = sorted((first, second))
    chances = encals.survival(np.array([early, late]), np.float64(score), alive)
    assert 0 <= chances[1] <= chances[0] <= 1
    assert encals.survival(np.float64(late), np.float64(score + 0.5), alive) <= chances[1] + 1e-12
    assert chances[0] >= encals.survival(np.float64(early), np.float64(score)) - 1e-12


def rank(order: tuple[str, ...], category: np.ndarray) -> int:
    # "Suspected" is no category of the revision's scale of certainty: it counts as none.
    return max(order.index(str(category)), order.index("possible") - 1)


@QUICK
@given(REGIONAL, REGIONAL, REGIONAL, st.integers(0, 11), st.integers(0, 4))
def test_a_further_sign_never_lowers_certainty(
    upper: np.ndarray, lower: np.ndarray, emg: np.ndarray, place: int, limbs: int
) -> None:
    more = np.concatenate([upper, lower, emg])
    more[place] = 1.0
    before, after = signs(upper, lower, emg), signs(more[:4], more[4:8], more[8:])
    count = np.array(float(limbs))
    for order, criterion in (
        (EL_ESCORIAL_ORDER, lambda found: revised_el_escorial(found, count)),
        (AWAJI_ORDER, awaji),
    ):
        assert rank(order, criterion(after).category) >= rank(order, criterion(before).category)
    yes = np.array(1.0)
    assert gold_coast(after, yes, yes).met >= gold_coast(before, yes, yes).met


@QUICK
@given(FINDINGS, FINDINGS, FINDINGS, REGIONAL, REGIONAL, REGIONAL)
def test_gold_coast_given_despite_gaps_holds_for_every_filling(
    upper: np.ndarray, lower: np.ndarray, emg: np.ndarray, first: np.ndarray, second: np.ndarray, third: np.ndarray
) -> None:
    gappy = signs(upper, lower, emg)
    filled = signs(
        *(np.where(np.isnan(part), fill, part) for part, fill in zip(gappy, (first, second, third), strict=True))
    )
    yes = np.array(1.0)
    known = gold_coast(gappy, yes, yes).met
    assert np.isnan(known) or known == gold_coast(filled, yes, yes).met
