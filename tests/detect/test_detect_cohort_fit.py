"""What a cohort tells of itself: its noise and courses, without those who gained; how common recovery is."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import polars as pl

from alsight.detect.cohort_fit import FitSource, fit_to_cohort
from alsight.detect.posterior import frequency, posterior_odds
from alsight.detect.prior import every_so_many, natural_history
from alsight.infer.fit import Fit
from alsight.infer.velocity.simulate import simulate_fit

VISITS = 10


def drawn_from(fit: Fit, people: int, seed: int) -> pl.DataFrame:
    """People of a fit, seen every three months."""
    blank = pl.DataFrame(
        {
            "subject": np.repeat(np.arange(people), VISITS),
            "months": np.tile(np.arange(VISITS) * 3.0, people),
            "score": 20.0,
        }
    )
    return simulate_fit(fit, blank, seed).select("subject", "months", "score")


def quieter(fit: Fit) -> Fit:
    """Half the noise of the reference."""
    estimates = fit.estimates.copy()
    for name in ("sd_noise", "sd_sticky"):
        estimates[fit.names.index(name)] *= 0.5
    return replace(fit, estimates=estimates)


def seeded(fit: Fit, seed: int) -> Fit:
    """The same with other random numbers."""
    return replace(fit, model=msgspec.structs.replace(fit.model, seed=seed))


def noise(fit: Fit) -> float:
    return float(np.hypot(fit["sd_noise"], fit["sd_sticky"]))


def test_one_person_moves_the_reference_a_little_and_many_move_it_to_the_cohort() -> None:
    """People rated with half the reference's noise: pooled smoothly, so that no number of people is a switch."""
    quiet = quieter(natural_history())
    whole = drawn_from(quiet, 240, 4)
    reference, truth = noise(natural_history()), noise(quiet)
    moved: list[float] = []
    for people in (1, 12, 60, 240):
        fitted = fit_to_cohort(natural_history(), whole.filter(pl.col("subject") < people))
        assert fitted.source is FitSource.POOLED
        moved.append(float(np.log(reference / noise(fitted.fit)) / np.log(reference / truth)))
    assert abs(moved[0]) < 0.5
    assert moved[2] > moved[0]
    assert 0.7 < moved[3] < 1.2


def test_the_order_and_the_names_of_people_change_no_estimate() -> None:
    whole = drawn_from(natural_history(), 40, 5)
    renamed = whole.with_columns(subject=pl.lit(1000) - pl.col("subject")).sample(fraction=1.0, shuffle=True, seed=1)
    one, other = (fit_to_cohort(natural_history(), rows).fit.estimates for rows in (whole, renamed))
    np.testing.assert_array_equal(one, other)


def test_a_cohort_in_which_all_recover_does_not_explain_itself() -> None:
    """No therapy is on record; everyone gains eight points at once and keeps them."""
    plain = drawn_from(natural_history(), 120, 8)
    start = plain.filter(pl.col("months") == 9.0).select("subject", level="score")
    gained = plain.join(start, on="subject").with_columns(
        score=pl.when(pl.col("months") > 9).then((pl.col("level") + 8).clip(0, 48)).otherwise("score")
    )
    fitted = fit_to_cohort(natural_history(), gained.select("subject", "months", "score"))
    spread = float(np.hypot(fitted.fit["sd_noise"], fitted.fit["sd_sticky"]))
    assert spread < 1.5 * noise(natural_history())


def test_estimates_of_untreated_cohorts_are_plausible() -> None:
    drawn = [fit_to_cohort(natural_history(), drawn_from(natural_history(), 40, seed)) for seed in range(6)]
    assert sum(one.source is not FitSource.POOLED for one in drawn) <= 1
    assert fit_to_cohort(natural_history(), drawn_from(natural_history(), 1, 1).clear()).source is FitSource.REFERENCE


def test_recoveries_pass_less_for_noise_than_in_a_fit_to_everyone() -> None:
    """One person of ten gains ten points for good: they do not inform the noise."""
    plain = drawn_from(quieter(natural_history()), 200, 9)
    gains = (pl.col("subject") % 10 == 0) & (pl.col("months") >= 9)
    gained = plain.with_columns(score=pl.when(gains).then(pl.col("score") + 10).otherwise("score").clip(0, 48))
    found = fit_to_cohort(natural_history(), gained)
    assert found.people <= 190
    assert noise(found.fit) < 1.15 * noise(fit_to_cohort(natural_history(), plain).fit)
    evidence = posterior_odds(found.fit, gained, (96, 512))
    risen = frequency(evidence.log_factor).share
    evidence = posterior_odds(found.fit, plain, (96, 512))
    assert risen > 2 * frequency(evidence.log_factor).share


def test_those_who_did_not_rise_are_evaluated_but_never_in_favor() -> None:
    falling = pl.DataFrame(
        {
            "subject": np.repeat(np.arange(60), 3),
            "months": np.tile([0.0, 3.0, 6.0], 60),
            "score": np.tile([40.0, 38.0, 36.0], 60),
        }
    )
    still = falling.with_columns(pl.col("subject") + 100, score=pl.lit(36.0))
    found = posterior_odds(natural_history(), pl.concat([falling, still]), (32,))
    assert not found.risen.any()
    assert (found.log_factor <= 0).all()
    assert (found.log_factor < 0).mean() > 0.2
    assert (found.probability(np.zeros(120)) == 0).all()


def test_a_hard_person_is_evaluated_until_the_answer_is_sure() -> None:
    """A gain of twelve points that is lost at once: few particles find it by luck only, more are spent on it."""
    hard = pl.DataFrame(
        {
            "subject": "a",
            "months": np.arange(12) * 3.0,
            "score": [28.0, 27.0, 38.0, 41.0, 41.0, 27.0, 23.0, 20.0, 21.0, 15.0, 9.0, 1.0],
        }
    )
    fit = quieter(natural_history())
    alike = [float(posterior_odds(seeded(fit, seed), hard).log_factor[0]) for seed in range(3)]
    assert max(alike) - min(alike) < 3.0, alike
    assert min(alike) > 3.0


def test_every_so_many_spreads_over_all_and_asks_for_enough_visits() -> None:
    visits = pl.DataFrame({"subject": np.repeat(np.arange(100), np.tile([3, 5], 50)), "months": 0.0})
    some = every_so_many(visits, 10)
    assert some["subject"].n_unique() == 10
    assert (some.group_by("subject").len()["len"] == 5).all()
    assert some["subject"].max() > 80
    chosen = every_so_many(visits, 30)["subject"].unique().sort().to_list()
    assert len(chosen) == 30
    assert max(chosen) > 95
