"""What a cohort tells of itself: its noise and courses, without those who gained; how common recovery is."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import polars as pl
import pytest

from alsight.detect.cohort_fit import COURSE, ENOUGH, MANY, NOISE, PARTICLES, SLOW, FitSource, fit_to_cohort
from alsight.detect.posterior import frequency, posterior_odds
from alsight.detect.prior import every_so_many, natural_history
from alsight.detect.thresholds import Thresholds
from alsight.infer.fit import Fit
from alsight.infer.velocity.fit import fit_velocity
from alsight.infer.velocity.simulate import simulate_fit
from alsight.models.latent.velocity import Velocity

ASKED = Thresholds()
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


@pytest.mark.parametrize("people", [MANY - 80, MANY + 20])
def test_noise_follows_the_cohort(people: int) -> None:
    """People rated with half the reference's noise are told to be; a small cohort keeps the reference's courses."""
    quiet = quieter(natural_history())
    fitted = fit_to_cohort(natural_history(), drawn_from(quiet, people, 4), ASKED)
    found = fitted.fit
    reference, truth = noise(natural_history()), noise(quiet)
    assert abs(np.log(noise(found) / truth)) < 0.5 * abs(np.log(reference / truth))
    assert fitted.people == people
    assert (fitted.source is FitSource.NOISE) == (people < MANY)
    assert found.plan.outcome == "score"
    moved = abs(found["log_rate_mean"] - natural_history()["log_rate_mean"]) > 1e-9
    assert bool(moved) == (people >= MANY)


def test_recoveries_pass_less_for_noise_than_in_a_plain_fit() -> None:
    """One person of ten gains ten points for good: a plain fit takes that for noise, and so finds more of it."""
    plain = drawn_from(quieter(natural_history()), ENOUGH, 9)
    gains = (pl.col("subject") % 10 == 0) & (pl.col("months") >= 9)
    gained = plain.with_columns(score=pl.when(gains).then(pl.col("score") + 10).otherwise("score").clip(0, 48))
    found = fit_to_cohort(natural_history(), gained, ASKED).fit
    free = (*NOISE, *COURSE)
    held = {name: natural_history()[name] for name in natural_history().names if name not in free}
    assert noise(found) < 0.95 * noise(fit_velocity(gained, model=Velocity(held=held, particles=PARTICLES[1])))
    evidence = posterior_odds(found, gained, (96, 512))
    risen = frequency(evidence.log_factor, ASKED).share
    evidence = posterior_odds(found, plain, (96, 512))
    assert risen > 2 * frequency(evidence.log_factor, ASKED).share


def test_a_slow_class_is_taken_where_there_is_one() -> None:
    """Half of the people lose a twentieth of what the others lose."""
    fit = natural_history()
    slow = fit.estimates.copy()
    slow[fit.names.index("log_rate_mean")] -= 3.0
    others = drawn_from(replace(fit, estimates=slow), 180, 7).with_columns(pl.col("subject") + 1000)
    mixed = pl.concat([drawn_from(fit, 180, 6), others])
    found = fit_to_cohort(fit, mixed, ASKED)
    assert found.source is FitSource.COHORT_SLOW_CLASS
    assert set(SLOW) <= set(found.fit.names)


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
