"""The velocity model's likelihood against plain Monte Carlo and its linear-Gaussian cousin; scores; laws; bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtri
from scipy.stats import norm

from alsight.base.errors import DataError, SpecError
from alsight.base.status import Status
from alsight.infer.engines import load
from alsight.infer.filter.normal import beyond, expected_cut_score, log_tail, normal_quantile, normal_quantiles
from alsight.infer.velocity import likelihood
from alsight.infer.velocity.fit import fit_velocity
from alsight.infer.velocity.likelihood import blank_memos, evaluate, score
from alsight.infer.velocity.simulate import expected
from alsight.infer.velocity.smooth import Reduction, recovery_evidence, smooth_velocity
from alsight.models.catalogue import MODELS
from alsight.models.latent.velocity import Recovery, Velocity
from alsight.models.model import Scale
from montecarlo import tolerance
from velocity_people import SLOW, TRUTH, brute_log_weights, draw, engine, log_mean

COURSES = np.array([[40, 38, 37, 31.0], [48, 48, 46, 47], [20, 9, 1, 0], [33, 36, 30, 24]])
TIMES = np.array([0, 3, 6, 9.0])


def _table(scores: np.ndarray = COURSES) -> pl.DataFrame:
    people, visits = scores.shape
    return pl.DataFrame(
        {
            "subject": np.repeat(np.arange(people), visits),
            "months": np.tile(TIMES[:visits], people),
            "score": scores.ravel(),
        }
    )


def measured(table: pl.DataFrame, model: Velocity, particles: int, *, root: int = 1, **changed):
    people, layout, natural = engine(table, model, **changed)
    return evaluate(people, layout, natural, particles, root)


def by_courses(table: pl.DataFrame, model: Velocity, courses: int, *, root: int = 1, **changed):
    """By independent courses, the second time, when each person has been met."""
    people, layout, natural = engine(table, model, **changed)
    memos = blank_memos(people, layout)
    score(people, layout, natural, 128, root + 1, memos)
    return score(people, layout, natural, courses, root, memos)


def mixed(**changed: float) -> dict[str, float]:
    return {"odds_outlier": 0.1, "times_outlier": 1.0} | changed


def test_normal_law_equals_scipy() -> None:
    for p in (1e-12, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-9):
        assert normal_quantile(p) == pytest.approx(ndtri(p), rel=2e-7, abs=1e-9)
    many = np.r_[np.geomspace(1e-12, 0.5, 500), 1 - np.geomspace(1e-12, 0.5, 500)]
    found = np.empty_like(many)
    normal_quantiles(many, len(many), found)
    np.testing.assert_allclose(found, [normal_quantile(p) for p in many], rtol=1e-13, atol=1e-15)
    for x in (-9.0, 0.0, 4.0, 24.9, 25.1, 40.0, 200.0):
        assert log_tail(x) == pytest.approx(norm.logsf(x), rel=1e-4, abs=1e-12)
    chances = (np.arange(20_000) + 0.5) / 20_000
    for x in (-2.0, 1.0, 30.0):
        mean = np.mean([beyond(x, chance) for chance in chances])
        assert mean == pytest.approx(np.exp(norm.logpdf(x) - norm.logsf(x)), abs=2e-3)


def test_expected_score_is_the_mean_of_cut_noise() -> None:
    rng = np.random.default_rng(1)
    for level in (-2.0, 0.5, 20.0, 47.0, 51.0):
        noisy = np.clip(level + 1.7 * rng.normal(size=400_000), 0, 48)
        assert expected_cut_score(level, 1.7, 0.0, 48.0) == pytest.approx(noisy.mean(), abs=tolerance(1.7, 400_000))


def test_likelihood_equals_plain_monte_carlo() -> None:
    found = [measure(_table(), Velocity(), 20_000) for measure in (measured, by_courses)]
    for place, scores in enumerate(COURSES):
        value, error = log_mean(brute_log_weights(scores, TIMES, TRUTH, 1_500_000, place)[0])
        for each in found:
            own = np.ptp(each.halves[place]) / 2
            assert own < 0.05
            assert each.log_likelihood[place] == pytest.approx(value, abs=4 * error + 4 * own + 0.01)


def test_few_courses_are_not_biased() -> None:
    """Sums over people at the courses of a fit agree with many more, and with the particle filter."""
    table = draw(200, 8, 5)
    many = by_courses(table, Velocity(), 1024).log_likelihood
    for few in (by_courses(table, Velocity(), 64), measured(table, Velocity(), 256)):
        away = few.log_likelihood - many
        assert abs(away.mean()) < tolerance(float(away.std()), 200) + 0.01


def test_visits_far_apart_and_many_visits_agree_with_the_filter() -> None:
    table = draw(60, 16, 6).filter((pl.col("months") < 9) | (pl.col("months") > 24) | (pl.col("subject") % 2 == 0))
    for classes in (1, 2):
        model = Velocity(classes=classes)
        away = by_courses(table, model, 512).log_likelihood - measured(table, model, 1024).log_likelihood
        assert abs(away.mean()) < tolerance(float(away.std()), 60) + 0.01


def test_likelihood_equals_its_linear_gaussian_cousin() -> None:
    """With little spread in the log rates the level is an integrated Ornstein-Uhlenbeck path: jointly normal."""
    small = mixed(sd_log_rate=1e-4, sd_pace=2e-4, sd_log_size=1e-4, corr_level_log_rate=0.0)
    model = Velocity(low=-1e6, high=1e6, grid=0.0)
    repeats = [measured(_table(), model, 20_000, root=root, **small).log_likelihood for root in range(12)]
    found, error = np.mean(repeats, axis=0), np.std(repeats, axis=0, ddof=1) / np.sqrt(12)
    values = TRUTH | small
    rate = np.exp(values["log_rate_mean"])
    apart = np.abs(TIMES[:, None] - TIMES)
    # The trapezoid rule of the rates, as a matrix.
    whole = np.tril(np.full((4, 4), 3.0), -1)
    sums = np.zeros((4, 4))
    for k in range(1, 4):
        sums[k] = sums[k - 1]
        sums[k, k - 1 : k + 1] += 1.5
    assert np.allclose(sums.sum(axis=1), whole.sum(axis=1))
    pace = values["sd_pace"] ** 2 * np.exp(-apart / values["memory"])
    slope = rate * sums @ np.ones(4)
    covariance = rate**2 * sums @ pace @ sums.T + values["sd_log_rate"] ** 2 * np.outer(slope, slope)
    cross = values["corr_level_log_rate"] * values["sd_level"] * values["sd_log_rate"] * slope
    covariance += values["sd_level"] ** 2 - cross[:, None] - cross[None, :]
    covariance += values["sd_sticky"] ** 2 * np.exp(-apart / values["stickiness"])
    covariance += values["sd_noise"] ** 2 * np.eye(4)
    away = COURSES - (values["level_mean"] - slope)
    quadratic = np.einsum("np,pq,nq->n", away, np.linalg.inv(covariance), away)
    exact = -0.5 * (quadratic + np.linalg.slogdet(2 * np.pi * covariance)[1])
    assert (error < 0.002).all()
    assert (np.abs(found - exact) < 4 * error).all()


def test_finer_nodes_change_little() -> None:
    table = draw(200, 6, 8)
    coarse, fine = (measured(table, Velocity(step=step), 1024).log_likelihood for step in (3.0, 1.0))
    assert abs(float((coarse - fine).mean())) < 0.02


@pytest.mark.parametrize("classes", [1, 2])
def test_scores_are_derivatives(classes: int) -> None:
    """Changes of the log likelihood over a wide step, by the mean of the scores on the way."""
    table, model = draw(150, 7, 11), Velocity(classes=classes, held={})
    people, layout, natural = engine(table, model)
    working, memos = layout.working(natural), blank_memos(people, layout)
    for place, parameter in enumerate(layout.parameters):
        step = np.zeros(len(working))
        step[place] = 0.5 if parameter.scale == Scale.IDENTITY else 0.2
        ends, slopes = [], []
        for sign in (-1.0, 0.0, 1.0):
            found = score(people, layout, layout.natural(working + sign * step), 512, 3, memos)
            ends.append(found.log_likelihood)
            slopes.append(found.scores.mean(axis=0)[:, place] * step[place])
        rise = ends[2] - ends[0]
        simpson = (slopes[0] + 4 * slopes[1] + slopes[2]) / 3
        away = rise - simpson
        assert abs(float(away.mean())) < tolerance(float(away.std()), 150) + 0.01, parameter.name


def test_scores_sum_to_nothing_at_the_truth() -> None:
    table = draw(600, 8, 31)
    people, layout, natural = engine(table, Velocity(held={}))
    found = score(people, layout, natural, 256, 5)
    scale = np.sqrt(np.diagonal(found.outer()))
    assert (np.abs(found.gradient()) < 4 * scale).all()


def test_threads_and_order_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table = draw(60, 5, 2)
    model, shuffled = Velocity(), table.sample(fraction=1.0, shuffle=True, seed=1)
    whole, filtered = by_courses(table, model, 32), measured(table, model, 32)
    monkeypatch.setattr(likelihood, "CHUNK", 7)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    again = by_courses(shuffled, model, 32)
    np.testing.assert_array_equal(measured(shuffled, model, 32).halves, filtered.halves)
    np.testing.assert_array_equal(again.scores, whole.scores)
    np.testing.assert_array_equal(again.halves, whole.halves)


def test_two_classes_are_a_mixture() -> None:
    found = measured(_table(), Velocity(classes=2), 8000)
    shift = {"log_rate_mean": TRUTH["log_rate_mean"] - SLOW["slower"], "sd_log_rate": SLOW["sd_log_rate_slow"]}
    parts = [measured(_table(), Velocity(), 8000, **changed).log_likelihood for changed in ({}, shift)]
    odds = SLOW["odds_slow"]
    mixture = np.logaddexp(parts[0] - np.log1p(odds), parts[1] + np.log(odds / (1 + odds)))
    np.testing.assert_allclose(found.log_likelihood, mixture, atol=0.1)


def test_simulated_people_follow_the_law() -> None:
    made = draw(20_000, 3, 1, sd_pace=0.5)
    first = made.filter(pl.col("months") == 0)
    assert float((first["truth"] - 38).mean()) == pytest.approx(0, abs=0.15)  # the ceiling takes a little
    assert float(first["truth"].std()) == pytest.approx(5, abs=0.25)
    assert made["score"].is_between(0, 48).all()
    assert float((made["score"] - made["truth"]).mean()) == pytest.approx(0, abs=0.03)
    again = draw(20_000, 3, 1, sd_pace=0.5)
    assert again.equals(made)


@pytest.fixture(scope="module")
def fitted():
    held = {name: TRUTH[name] for name in ("memory", "stickiness", "times_outlier", "sd_sticky")}
    return fit_velocity(draw(250, 7, 21), model=Velocity(held=held, particles=64))


def test_fit_recovers_what_it_was_drawn_from(fitted) -> None:
    assert fitted.check() is fitted
    free = [place for place, name in enumerate(fitted.names) if name not in fitted.model.held]
    table = fitted.table(0.9999)
    truth = np.array([TRUTH[name] for name in fitted.names])
    inside = (table["low"].to_numpy() < truth) & (truth < table["high"].to_numpy())
    assert inside[free].all()
    assert np.isnan(fitted.errors()[[place for place in range(13) if place not in free]]).all()


def test_fit_saves_and_loads(fitted, tmp_path) -> None:
    again = load(fitted.save(tmp_path / "fit.npz"))
    assert again.model == fitted.model
    table = draw(5, 6, 3)
    asked = [Reduction(kind="loss", end=12.0)]
    assert smooth_velocity(again, table, asked).equals(smooth_velocity(fitted, table, asked))


def _at_truth(fitted):
    return replace(fitted, estimates=np.array([TRUTH[name] for name in fitted.names]))


def test_smoothed_reductions_equal_plain_monte_carlo(fitted) -> None:
    asked = [
        Reduction(kind="level", start=4.5),
        Reduction(kind="loss", start=3.0, end=9.0, at_least=4.0),
        Reduction(kind="whole_loss"),
        Reduction(kind="late_loss", months=3.0),
        Reduction(kind="flat_months", points=1.0),
        Reduction(kind="held_gain", months=3.0),
    ]
    repeats = []
    for seed in range(8):
        model = Velocity(seed=seed)
        found = smooth_velocity(replace(_at_truth(fitted), model=model), _table(), asked, draws=4000)
        repeats.append(found.select("mean", "probability").to_numpy().reshape(4, len(asked), 2))
    mean, error = np.mean(repeats, axis=0), np.std(repeats, axis=0, ddof=1) / np.sqrt(8)
    for person in (0, 3):
        weights, levels, size = brute_log_weights(COURSES[person], TIMES, TRUTH, 1_500_000, 40 + person)
        relative = np.exp(weights - weights.max())
        relative /= relative.sum()
        heavy = 1 + TRUTH["odds_outlier"] / (1 + TRUTH["odds_outlier"]) * (TRUTH["times_outlier"] ** 2 - 1)
        spread = size * np.sqrt(TRUTH["sd_sticky"] ** 2 + heavy * TRUTH["sd_noise"] ** 2)
        score = expected(levels, np.broadcast_to(spread, levels.shape), 0.0, 48.0)
        loss = score[1] - score[3]
        requested = [0.5 * (score[1] + score[2]), loss, score[0] - score[3], score[2] - score[3]]
        for row, values in enumerate(requested):
            own = np.sqrt((relative**2 * (values - relative @ values) ** 2).sum())
            assert mean[person, row, 0] == pytest.approx(
                relative @ values, abs=4 * np.hypot(own, error[person, row, 0])
            )
        share = relative @ (loss >= 4)
        own = np.sqrt((relative**2 * ((loss >= 4) - share) ** 2).sum())
        assert mean[person, 1, 1] == pytest.approx(share, abs=4 * np.hypot(own, error[person, 1, 1]))
        assert mean[person, 5, 0] <= 1e-9  # without a recovery no course ever rises


def test_evidence_equals_plain_monte_carlo(fitted) -> None:
    scores = np.array([[30, 29, 34, 35.0], [40, 38, 37, 31]])
    recovery = Recovery(prior=0.01, every=3.0, held=(0.0, 5.0), held_log_sd=0.3)
    found = recovery_evidence(_at_truth(fitted), _table(scores), recovery, particles=20_000)
    gain, many = (np.log(recovery.median), recovery.log_sd), 1_500_000
    rng = np.random.default_rng(77)
    start = rng.uniform(0, 9, many)
    held = np.where(rng.uniform(size=many) < 0.5, np.inf, 5.0 * np.exp(0.3 * rng.normal(size=many)))
    for place in range(2):
        none, none_error = log_mean(brute_log_weights(scores[place], TIMES, TRUTH, many, 9)[0])
        spell = (start, recovery.rise, held, recovery.factor)
        some, error = log_mean(brute_log_weights(scores[place], TIMES, TRUTH, many, 7, spell=spell, gain=gain)[0])
        own = float(found["error"][place])
        assert own < 0.1
        assert found["log_likelihood"][place] == pytest.approx(none, abs=4 * (none_error + own) + 0.01)
        assert found["log_likelihood_recovery"][place] == pytest.approx(some, abs=4 * (error + own) + 0.01)
    assert found["log_bayes_factor"][0] > 1 > found["log_bayes_factor"][1]


def test_smoothing_with_a_recovery_lets_courses_rise(fitted) -> None:
    scores = np.array([[30, 29, 36, 37.0]])
    asked = [Reduction(kind="held_gain", months=3.0, at_least=4.0)]
    with_gain = smooth_velocity(_at_truth(fitted), _table(scores), asked, recovery=Recovery(prior=0.1))
    assert with_gain["probability"][0] > 0.5
    assert smooth_velocity(_at_truth(fitted), _table(scores), asked)["probability"][0] == 0


def test_a_gain_is_held_between_visits_too(fitted) -> None:
    """From the first high rating to the last it is 5.8 months; that it was held for six is likely all the same.

    At the visits alone no six months hold it: each such stretch has a rating of 30 in it.
    """
    months = np.array([0, 3, 6, 9, 12.2, 15, 18, 21, 24])
    score = np.array([31, 30, 30, 30, 43, 43, 43, 30, 30.0])
    table = pl.DataFrame({"subject": 1, "months": months, "score": score})
    recovery = Recovery(prior=0.5, median=10.0, held=(8.0,))
    asked = [Reduction(kind="held_gain", months=6.0, at_least=8.0)]
    found = smooth_velocity(_at_truth(fitted), table, asked, recovery=recovery, draws=4000)
    assert found["probability"][0] > 0.5


def test_times_outside_are_nan_and_future_rows_extend(fitted) -> None:
    table = _table()
    asked = [Reduction(kind="level", start=18.0)]
    assert np.isnan(smooth_velocity(fitted, table, asked)["mean"].to_numpy()).all()
    later = pl.DataFrame({"subject": np.arange(4), "months": 18.0, "score": [None] * 4}).cast(table.schema)
    found = smooth_velocity(fitted, pl.concat([table, later]), asked)
    assert found["mean"].is_finite().all()
    assert (found["mean"].to_numpy() <= COURSES[:, 0] + 2).all()


def test_a_free_memory_is_told_to_be_weak() -> None:
    values = {name: value for name, value in TRUTH.items() if name != "memory"}
    fit = fit_velocity(draw(40, 5, 4), model=Velocity(held=values, particles=16))
    assert "memory is estimated" in fit.record.notes[-1]


def test_bad_input() -> None:
    table = draw(30, 4, 1)
    with pytest.raises(DataError, match="no column months"):
        fit_velocity(table.drop("months"))
    with pytest.raises(DataError, match="outside 0 to 48"):
        fit_velocity(table.with_columns(score=pl.col("score") + 40))
    with pytest.raises(DataError, match="no number"):
        fit_velocity(table.with_columns(score=pl.lit("many")))
    with pytest.raises(SpecError, match=r"held\.slope"):
        fit_velocity(table, model=Velocity(held={"slope": 1.0}))
    few = fit_velocity(table.filter(pl.col("months") < 4))
    assert few.status == Status.TOO_FEW_DATA
    assert "three or more visits" in few.record.notes[-1]
    flat = fit_velocity(table.with_columns(score=pl.lit(30.0)))
    assert flat.status == Status.CONSTANT
    same = fit_velocity(table.with_columns(a=pl.lit(1.0)), rate="~ 1 + a")
    assert same.status == Status.CONSTANT
    twice = fit_velocity(table.with_columns(a=pl.col("subject"), b=2.0 * pl.col("subject")), rate="~ a + b")
    assert twice.status == Status.COLLINEAR
    with pytest.raises(SpecError):
        smooth_velocity(few, table, [])


def test_a_subject_without_scores_is_named() -> None:
    table = draw(30, 5, 1).with_columns(score=pl.when(pl.col("subject") == 7).then(None).otherwise(pl.col("score")))
    held = {name: value for name, value in TRUTH.items() if name not in ("level_mean", "log_rate_mean")}
    fit = fit_velocity(table, model=Velocity(held=held, particles=16))
    assert any("excluded: 7" in note for note in fit.record.notes)
    assert fit.record.subjects == 29


def test_covariates_move_level_and_rate() -> None:
    table = draw(400, 5, 3)
    half = pl.col("subject") % 2
    shifted = table.with_columns(arm=half, score=(pl.col("score") - 4 * half).clip(0, 48))
    held = {name: value for name, value in TRUTH.items() if not name.startswith(("level_mean", "log_rate_mean"))}
    fit = fit_velocity(shifted, level="~ arm", rate="~ arm", model=Velocity(held=held, particles=16)).check()
    assert fit["level_arm"] == pytest.approx(-4, abs=2)
    assert fit["log_rate_arm"] == pytest.approx(0, abs=4 * fit.errors()[fit.names.index("log_rate_arm")])


def test_model_stands_in_the_catalogue() -> None:
    assert MODELS["velocity"] is Velocity
