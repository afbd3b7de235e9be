"""Predictions and draws of every model through the same two functions of a fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError, NotConverged, SpecError
from alsight.base.status import Status
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.items.fit import fit_items
from alsight.infer.joint.fit import fit_joint
from alsight.infer.joint.predict import predict_joint
from alsight.infer.linear import fit_linear
from alsight.infer.mixture.fit import compare, fit_mixture, posterior_classes
from alsight.infer.sigmoid import fit_sigmoid
from alsight.infer.survival.cox import fit_cox
from alsight.infer.velocity.classes import slow_probability
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.latent.joint import Joint
from alsight.models.latent.mixture import Mixture
from alsight.models.latent.velocity import Velocity, parameters_of
from infer.item_people import SMALL, item_people
from infer.mixture_people import mixture_people
from infer.sigmoid_people import sigmoid_people
from joint_cohorts import cohort, truth
from montecarlo import proportion_tolerance, tolerance
from velocity_people import SLOW, TRUTH, brute_log_weights, draw, log_mean

HELD = {name: TRUTH[name] for name in ("memory", "stickiness", "times_outlier", "sd_sticky")}
INTERVALS = ("mean", "low", "high", "low_seen", "high_seen")


@cache
def made(name: str) -> tuple[Fit, pl.DataFrame, str, tuple[str, ...]]:
    """A fit, its table, its time and its outcomes."""
    if name == "linear":
        table = mixture_people(1, 150)
        return fit_linear(table, "score ~ months", random="~ months"), table, "months", ("score",)
    if name == "mixture":
        table = mixture_people(1, 150)
        return fit_mixture(table, "score ~ months", model=Mixture(starts=2)), table, "months", ("score",)
    if name == "sigmoid":
        table = sigmoid_people(2, 120)
        return fit_sigmoid(table), table, "months_since_onset", ("alsfrs_r_total",)
    if name == "items":
        table = item_people(3, 150, SMALL)
        return fit_items(table, rate="~ bulbar", model=SMALL), table, "months", SMALL.items
    if name == "velocity":
        table = draw(250, 7, 21).drop("truth")
        return fit_velocity(table, model=Velocity(held=HELD, particles=64)), table, "months", ("score",)
    whole = cohort(7, 300, truth())
    fit = fit_joint(
        whole.visits,
        whole.people,
        "score ~ months",
        random="~ months",
        hazard="~ bulbar",
        model=Joint(baseline="weibull"),
    )
    return fit, whole.visits.select("subject", "bulbar", "months", "score"), "months", ("score",)


MODELS = pytest.mark.parametrize("name", ["linear", "mixture", "sigmoid", "items", "velocity", "joint"])


def _hidden(table: pl.DataFrame, time: str, outcomes: tuple[str, ...]) -> tuple[pl.DataFrame, pl.Expr]:
    """The table without each person's last value, and which rows lack it."""
    last = pl.col(time) == pl.col(time).max().over("subject")
    marked = table.with_columns(hidden=last)
    return (
        marked.with_columns(pl.when("hidden").then(None).otherwise(pl.col(name)).alias(name) for name in outcomes),
        pl.col("hidden"),
    )


@MODELS
def test_hidden_values_lie_in_their_intervals(name: str) -> None:
    fit, table, time, outcomes = made(name)
    assert fit.status == Status.CONVERGED
    hidden, gone = _hidden(table, time, outcomes)
    found = fit.predict(hidden)
    assert set(INTERVALS) <= set(found.columns)
    assert set(hidden.columns) <= set(found.columns)
    assert found.height == table.height
    low, middle, high, under, over = (
        found[column].to_numpy() for column in ("low", "mean", "high", "low_seen", "high_seen")
    )
    assert np.isfinite(np.stack([low, middle, high, under, over])).all()
    assert ((under <= low + 1e-9) & (low <= middle) & (middle <= high) & (high <= over + 1e-9)).all()
    observed = table.sort("subject", time, maintain_order=True).with_columns(total=pl.sum_horizontal(outcomes))
    ahead = found.sort("subject", time, maintain_order=True).with_columns(total=observed["total"]).filter(gone)
    half = 0.5 if name in ("items", "velocity") else 0.0  # whole points
    inside = (ahead["low_seen"] - half <= ahead["total"]) & (ahead["total"] <= ahead["high_seen"] + half)
    assert float(inside.mean()) > 0.95 - proportion_tolerance(0.95, ahead.height)
    narrow = fit.predict(hidden, 0.5).filter(gone)
    assert (narrow["high"] - narrow["low"] <= ahead["high"] - ahead["low"]).all()


@MODELS
def test_a_new_person_of_whom_little_was_seen(name: str) -> None:
    """Courses of people nobody knew: nothing seen, then more and more; what is seen narrows what is ahead."""
    fit, table, time, outcomes = made(name)
    one = table.sort("subject", time).filter(pl.col("subject") == table["subject"][0])
    widths = []
    for observed in (0, 1, 3):
        some = one.with_row_index("row").with_columns(
            pl.when(pl.col("row") < observed).then(pl.col(column)).otherwise(None).alias(column) for column in outcomes
        )
        found = fit.predict(some.with_columns(subject=pl.lit("newcomer"))).sort("row")
        widths.append(float((found["high"] - found["low"])[-1]))
        assert np.isfinite(found.select(INTERVALS).to_numpy()).all()
    assert widths[0] > widths[2]
    bare = fit.predict(one.drop(outcomes))
    np.testing.assert_allclose(bare["mean"].to_numpy(), bare.sort(time)["mean"].to_numpy())


@MODELS
def test_draws_follow_their_key(name: str, tmp_path: Path) -> None:
    fit, table, time, outcomes = made(name)
    drawn = fit.simulate(jax.random.key(1), table)
    again = load(fit.save(tmp_path / "fit.npz"))
    assert again.simulate(jax.random.key(1), table).equals(drawn)
    assert again.predict(table.head(40)).equals(fit.predict(table.head(40)))
    assert not fit.simulate(jax.random.key(2), table).equals(drawn)
    many = pl.concat([table.select("subject", time, *([] if "bulbar" not in table.columns else ["bulbar"]))])
    first = many.sort("subject", time).group_by("subject", maintain_order=True).first()
    crowd = pl.concat([first.with_columns(subject=pl.int_range(pl.len()) + first.height * copy) for copy in range(15)])
    totals = fit.simulate(jax.random.key(3), crowd).select(total=pl.sum_horizontal(outcomes))["total"].drop_nulls()
    expected = fit.predict(crowd.head(first.height))["mean"]
    room = tolerance(float(totals.std()), len(totals)) + tolerance(float(totals.std()), 15 * 64)
    assert abs(float(totals.mean()) - float(expected.mean())) < room


@MODELS
def test_rows_that_cannot_be_placed_are_left_out(name: str) -> None:
    fit, table, time, _ = made(name)
    some = table.head(30)
    holes = some.with_columns(pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col(time)).alias(time))
    found = fit.predict(holes)
    assert found.height == 29
    assert np.isfinite(found.select(INTERVALS).to_numpy()).all()
    assert set(INTERVALS) <= set(fit.predict(some.head(0)).columns)
    with pytest.raises(DataError, match=f"no column {time}"):
        fit.predict(some.drop(time))


@MODELS
def test_what_cannot_be_answered_is_refused(name: str) -> None:
    fit, table, _, _ = made(name)
    with pytest.raises(SpecError, match="level"):
        fit.predict(table, 95)
    blank = replace(fit, estimates=np.full_like(fit.estimates, np.nan), status=np.array(int(Status.COLLINEAR)))
    for refused in (lambda: blank.predict(table), lambda: blank.simulate(jax.random.key(1), table)):
        with pytest.raises(NotConverged, match="collinear"):
            refused()
    if name != "joint":
        with pytest.raises(SpecError, match="people"):
            fit.predict(table, people=table)
    one = ("estimates", "covariance", "sandwich", "log_likelihood", "status", "steps")
    several = replace(fit, **{name: np.asarray(getattr(fit, name))[None] for name in one})
    with pytest.raises(SpecError, match="a batch of 1"):
        several.predict(table)


def test_a_spread_of_nothing_can_be_predicted_with() -> None:
    rng = np.random.default_rng(1)
    table = pl.DataFrame({"subject": np.repeat(np.arange(60), 5), "months": np.tile(np.arange(5.0), 60)})
    noise = rng.normal(size=300) + np.repeat(3 * rng.normal(size=60), 5)
    fit = fit_linear(table.with_columns(score=40 - pl.col("months") + noise), "score ~ months", random="~ months")
    assert fit.status == Status.BOUNDARY
    assert np.isfinite(fit.predict(table).select(INTERVALS).to_numpy()).all()
    assert np.isfinite(fit.simulate(jax.random.key(1), table)["score"].to_numpy()).all()


def test_hazards_alone_have_no_course() -> None:
    table = pl.DataFrame({"time": np.arange(1.0, 41), "event": [0, 1] * 20, "x": np.sin(np.arange(40.0))})
    fit = fit_cox(table, "x", time="time", event="event")
    with pytest.raises(SpecError, match="course"):
        fit.predict(table)


def test_joint_rows_agree_with_the_landmark_table() -> None:
    fit, table, _, _ = made("joint")
    alive = cohort(7, 300, truth()).people.filter(pl.col("end") > 6).with_columns(landmark=pl.lit(6.0))
    observed = table.filter((pl.col("months") <= 6) & pl.col("subject").is_in(alive["subject"].implode()))
    ahead = predict_joint(fit, observed, alive, [3.0], 0.95)
    asked = observed.select("subject", "bulbar").unique(maintain_order=True).with_columns(months=pl.lit(9.0))
    rows = fit.predict(pl.concat([observed, asked], how="diagonal").sort("subject", "months"), people=alive)
    rows = rows.filter(pl.col("score").is_null())
    for column in ("mean", "low", "high", "survival"):
        np.testing.assert_allclose(rows[column].to_numpy(), ahead[column].to_numpy(), rtol=1e-9)
    early = fit.predict(observed).filter(pl.col("months") < 6)
    np.testing.assert_allclose(early["survival"].to_numpy(), 1)
    with pytest.raises(DataError, match="no column bulbar"):
        fit.predict(observed.drop("bulbar"))
    with pytest.raises(DataError, match="bulbar is missing"):
        fit.predict(observed, people=alive.head(3))


def test_joint_draws_die_as_people_did() -> None:
    fit, table, _, _ = made("joint")
    people = table.select("subject", "bulbar").unique("subject", maintain_order=True)
    crowd = pl.concat([people.with_columns(pl.col("subject") + 1000 * copy) for copy in range(10)])
    plan = crowd.join(pl.DataFrame({"months": [0.0, 3.0, 6.0, 9.0]}), how="cross")
    drawn = fit.simulate(jax.random.key(5), plan)
    ended = drawn.unique("subject", maintain_order=True)
    survived = float((ended["event"] == 0).mean())
    blank = fit.predict(plan.filter(pl.col("months") == 9).head(people.height))
    assert abs(survived - float(blank["survival"].mean())) < proportion_tolerance(survived, crowd.height)
    assert (drawn["score"].is_null() == (drawn["months"] > drawn["end"])).all()


@cache
def two_classes() -> Fit:
    """A fit of two classes with the parameters that the people below were drawn with."""
    fit = made("velocity")[0]
    model = Velocity(classes=2)
    values = np.array([*(TRUTH[name] for name in fit.names), *SLOW.values()])
    blank = np.full((len(values), len(values)), np.nan)
    return replace(
        fit,
        estimates=values,
        covariance=np.eye(len(values)),  # a fit without errors is not called converged
        sandwich=blank,
        model=model,
        parameters=parameters_of(model, ("Intercept",), ("Intercept",)),
    )


def test_the_slow_class_is_weighed_as_by_plain_monte_carlo() -> None:
    fit, times = two_classes(), np.array([0, 3, 6, 9.0])
    courses = np.array([[40, 40, 39, 40.0], [40, 38, 37, 31], [37, 36, 36, 33]])
    table = pl.DataFrame({"subject": np.repeat(np.arange(3), 4), "months": np.tile(times, 3), "score": courses.ravel()})
    found = slow_probability(fit, table, particles=4000)
    slow = {"log_rate_mean": TRUTH["log_rate_mean"] - SLOW["slower"], "sd_log_rate": SLOW["sd_log_rate_slow"]}
    for number, scores in enumerate(courses):
        for column, values in (("log_likelihood", TRUTH), ("log_likelihood_slow", TRUTH | slow)):
            weights, _, _ = brute_log_weights(scores, times, values, 400_000, 5)
            expected, error = log_mean(weights)
            assert float(found[column][number]) == pytest.approx(expected, abs=4 * error + 0.05)
    log_odds = found["log_likelihood_slow"] - found["log_likelihood"] + np.log(SLOW["odds_slow"])
    np.testing.assert_allclose(found["probability"], 1 / (1 + np.exp(-log_odds.to_numpy())), rtol=1e-9)
    assert found["probability"][0] > 0.5 > found["probability"][1]


def test_probabilities_of_the_slow_class_are_calibrated() -> None:
    """Their mean over people drawn from the model is the share of slow people; a likely class is held by that many."""
    fit = two_classes()
    table = draw(1500, 7, 40, Velocity(classes=2))
    found = posterior_classes(fit, table)
    share = SLOW["odds_slow"] / (1 + SLOW["odds_slow"])
    slow = found["class2"]
    assert abs(float(slow.mean()) - share) < tolerance(float(slow.std()), 1500)
    assert (found["likeliest"] == np.where(slow.to_numpy() > 0.5, 2, 1)).all()
    np.testing.assert_allclose((found["class1"] + found["class2"]).to_numpy(), 1)
    unseen = posterior_classes(fit, table.group_by("subject", maintain_order=True).first().head(5).drop("score"))
    np.testing.assert_allclose(unseen["class2"].to_numpy(), share, atol=1e-9)
    loss = table.group_by("subject", maintain_order=True).agg(lost=pl.col("truth").first() - pl.col("truth").last())
    assert float(loss["lost"].filter(slow > 0.5).mean()) < 0.4 * float(loss["lost"].filter(slow < 0.5).mean())


def test_classes_are_asked_of_models_that_have_them() -> None:
    linear, table, _, _ = made("linear")
    with pytest.raises(SpecError, match="two classes"):
        posterior_classes(linear, table)
    one = made("velocity")[0]
    with pytest.raises(SpecError, match="classes"):
        posterior_classes(one, made("velocity")[1])
    reported = compare([one, two_classes()])
    assert reported["classes"].to_list() == [1, 2]
    assert reported["parameters"][0] == len(one.parameters) - len(HELD)
    assert float(reported["bic"][0]) == pytest.approx(
        -2 * float(one.log_likelihood) + (len(one.parameters) - len(HELD)) * np.log(250)
    )
