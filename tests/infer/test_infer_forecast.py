"""Forecasts: what goes in, what comes out, and the scores that judge them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.cohort.example import example_cohort
from alsight.infer.forecast.ahead import HORIZONS, fit_forecast, forecast_function, forecast_time
from alsight.infer.forecast.encals import encals_forecast
from alsight.infer.forecast.judge import assessed, auc, brier, crps_normal
from alsight.infer.forecast.reference import reference_fit
from alsight.infer.forecast.tables import EVENTS, Tables, landmarked, tables_of
from alsight.verbs.forecast import forecast


@pytest.fixture(scope="module")
def tables() -> Tables:
    return tables_of(example_cohort(), "survival")


def test_visits_end_with_the_follow_up(tables: Tables) -> None:
    joined = tables.visits.join(tables.people.select("subject", "end"), on="subject")
    assert (joined["months"] <= joined["end"]).all()
    assert (joined["months"] >= 0).all()


def test_people_at_stage_4_at_entry_are_left_out() -> None:
    later = tables_of(example_cohort(), "kings_4")
    sooner = tables_of(example_cohort(), "survival")
    assert later.people.height < sooner.people.height
    ends = later.people.join(sooner.people.select("subject", whole="end"), on="subject")
    assert (ends["end"] <= ends["whole"]).all()


def test_a_landmark_sees_nothing_of_later(tables: Tables) -> None:
    observed = landmarked(tables, 6.0)
    assert (observed.visits["months"] <= 6.0).all()
    assert (observed.people["end"] > 6.0).all()


def test_forecast_is_made_of_proper_distributions(tables: Tables) -> None:
    fit = fit_forecast(tables).check()
    ahead = forecast_function(fit, landmarked(tables))
    assert set(ahead["after_months"].unique().to_list()) == set(HORIZONS)
    assert ((ahead["low_90"] <= ahead["low_50"]) & (ahead["low_50"] <= ahead["high_50"])).all()
    assert ahead["survival"].is_between(0, 1).all()
    wide = ahead.pivot("after_months", index="subject", values="survival").drop("subject").to_numpy()
    assert (np.diff(wide, axis=1) <= 0).all()
    when = forecast_time(fit, landmarked(tables)).drop_nulls()
    assert ((when["low_90"] <= when["median"]) & (when["median"] <= when["high_90"])).all()


@pytest.mark.parametrize("event", EVENTS)
def test_the_reference_is_a_fit_that_vouches_for_itself(event) -> None:
    fit = reference_fit(event).check()
    assert fit["event_value"] < 0
    assert -1.5 < fit["months"] < -0.5


def test_encals_gives_a_median_or_a_reason() -> None:
    cohort = example_cohort()
    landmarks = cohort.subjects.select("subject", landmark=pl.lit(6.0))
    found = encals_forecast(cohort, landmarks)
    assert found.height == cohort.size
    assert ((found["encals_reason"] == "") == found["encals_score"].is_not_null()).all()


def test_encals_of_a_complete_person_is_the_published_curve() -> None:
    cohort = example_cohort()
    whole = cohort.subjects.head(1).with_columns(
        onset_day=pl.lit(-365, pl.Int32),
        diagnosis_day=pl.lit(-30, pl.Int32),
        age_at_onset_years=pl.lit(60.0),
        el_escorial=pl.lit("probable"),
        frontotemporal_dementia=pl.lit(False),
        genotype=pl.lit("none_found"),
    )
    from dataclasses import replace

    from alsight.instruments.encals import survival

    one = replace(cohort, subjects=whole)
    found = encals_forecast(one, whole.select("subject", landmark=pl.lit(0.0)))
    assert found["encals_reason"].item() == ""
    onset = 365 / (365.25 / 12)
    after, score = found["encals_median_months"].item(), found["encals_score"].item()
    assert survival(np.array(onset + after), np.array(score), onset) == pytest.approx(0.5, abs=1e-6)


def test_one_person_and_small_cohorts_use_the_reference() -> None:
    answer = forecast(example=True, subject="EX005", reference=True)
    assert answer.tables["function"]["subject"].unique().to_list() == ["EX005"]
    assert any("as asked" in sentence for sentence in answer.sentences)
    with pytest.raises(SpecError, match="identifier of a person"):
        forecast(example=True, subject="nobody")


def test_crps_of_a_normal_equals_its_integral() -> None:
    grid = np.linspace(-30, 60, 200_001)
    from scipy.stats import norm

    for outcome, mean, sd in [(3.0, 10.0, 4.0), (12.0, 10.0, 0.5)]:
        square = (norm.cdf(grid, mean, sd) - (grid >= outcome)) ** 2
        expected = float(np.trapezoid(square, grid))
        assert crps_normal(np.array(outcome), np.array(mean), np.array(sd)) == pytest.approx(expected, abs=1e-3)


def test_scores_without_censoring_are_the_plain_ones() -> None:
    rng = np.random.default_rng(4)
    chance, time = rng.uniform(size=200), rng.exponential(10, 200)
    happened = np.ones(200, dtype=bool)
    assert brier(chance, time, happened, 8.0) == pytest.approx(np.mean(((time > 8) - chance) ** 2))
    case, control = chance[time <= 8], chance[time > 8]
    plain = np.mean((case[:, None] < control) + 0.5 * (case[:, None] == control))
    assert auc(chance, time, happened, 8.0) == pytest.approx(plain)


def test_censoring_leaves_the_brier_score_unbiased() -> None:
    """Weighted scores of censored follow-up agree with the score of the whole follow-up, over many cohorts."""
    rng = np.random.default_rng(5)
    gaps = []
    for _ in range(200):
        hazard = np.exp(rng.normal(-2.5, 0.8, 150))
        time = rng.exponential(1 / hazard)
        chance = np.exp(-8 * hazard)
        censored = rng.uniform(2, 25, 150)
        whole = np.mean(((time > 8) - chance) ** 2)
        gaps.append(brier(chance, np.minimum(time, censored), time <= censored, 8.0) - whole)
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / np.sqrt(len(gaps))


def test_judging_takes_the_rating_nearest_to_the_horizon(tables: Tables) -> None:
    fit = fit_forecast(tables)
    observed = landmarked(tables, 6.0)
    table = assessed(forecast_function(fit, observed), tables.visits, tables.people)
    assert table["after_months"].to_list() == list(HORIZONS)
    assert (table["ratings"] > 0).any()
    assert table["auc"].drop_nans().is_between(0.5, 1).all()
