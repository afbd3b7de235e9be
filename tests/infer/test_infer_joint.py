"""The joint likelihood against a brute-force grid, its derivatives against differences, and its bad inputs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError
from alsight.base.status import Status
from alsight.infer.design import design
from alsight.infer.engines import load
from alsight.infer.joint.features import JointFrame, first_rows
from alsight.infer.joint.fit import fit_joint, joint_data
from alsight.infer.joint.likelihood import evaluate
from alsight.infer.joint.parameters import Hazard, JointLayout, JointValues, pack, unpack
from alsight.infer.joint.plan import follow_up
from alsight.infer.joint.predict import predict_joint
from alsight.models.latent.joint import Joint
from joint_cohorts import SCHEDULE, cohort, truth

BOTH = Joint(association=("value", "slope"), baseline="weibull")


def _arrays(values: JointValues, model: Joint, causes: int, entry: bool, people: int = 25):
    made = cohort(3, people, values, model.association)
    table = made.people.with_columns(entry=pl.col("end") * (0.3 if entry else 0.0))
    rows = design(made.visits, "score ~ months", random="~ months")
    follow = follow_up(table, rows, "~ bulbar", end="end", event="event", entry="entry")
    frame = JointFrame(model, rows.encoding, "months", first_rows(rows), (), float(follow.end.max()))
    layout = JointLayout(2, 2, 2, 1, len(model.association), causes)
    return layout, joint_data(frame, rows, follow)


def _shifted(values: JointValues, layout: JointLayout) -> np.ndarray:
    return pack(layout, values) + 0.05 * np.cos(np.arange(layout.size))


@pytest.mark.parametrize("causes", [1, 2])
@pytest.mark.parametrize("entry", [False, True])
def test_scores_and_information_are_derivatives_of_the_log_likelihood(causes: int, entry: bool) -> None:
    values = truth(causes, 2)
    layout, data = _arrays(values, BOTH, causes, entry)
    assert data.happened.shape[1] == causes
    working, step = _shifted(values, layout), 1e-5
    here = evaluate(layout, working, data, 11)
    for place in range(layout.size):
        change = np.zeros(layout.size)
        change[place] = step
        up, down = (evaluate(layout, working + sign * change, data, 11) for sign in (1, -1))
        slope = (up.log_likelihood - down.log_likelihood) / (2 * step)
        np.testing.assert_allclose(here.scores[:, place], slope, rtol=1e-4, atol=2e-4)
        curve = -(up.scores.sum(axis=0) - down.scores.sum(axis=0)) / (2 * step)
        np.testing.assert_allclose(here.information[place], curve, rtol=2e-4, atol=2e-3 * np.abs(curve).max())


@pytest.mark.parametrize("entry", [False, True])
def test_log_likelihood_equals_a_dense_grid(entry: bool) -> None:
    """The obvious way: both integrals over the random effects as sums over a fine grid."""
    values = truth(1, 1)
    layout, data = _arrays(values, Joint(baseline="weibull"), 1, entry, people=8)
    found = evaluate(layout, pack(layout, values), data, 15).log_likelihood
    covariance = values.factor @ values.factor.T
    first, second = (np.linspace(-8, 8, 321) * np.sqrt(covariance[k, k]) for k in range(2))
    effects = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)
    area = (first[1] - first[0]) * (second[1] - second[0])
    prior = -0.5 * np.einsum("kq,qr,kr->k", effects, np.linalg.inv(covariance), effects)
    prior -= 0.5 * np.log(np.linalg.det(2 * np.pi * covariance))
    hazard = values.hazards[0]
    for i in range(8):
        course, total = data.course, effects + values.fixed
        squares = course.yy[i] - 2 * total @ course.xy[i] + np.einsum("kq,qr,kr->k", total, course.xx[i], total)
        log = prior - 0.5 * course.count[i] * np.log(2 * np.pi * values.sd**2) - 0.5 * squares / values.sd**2
        risk = float(data.covariates[i] @ hazard.covariates)

        def cumulative(part, i=i, total=total, risk=risk):
            level = part.basis[i] @ hazard.baseline + risk + part.log_weight[i]
            return np.exp(level + hazard.association[0] * total @ part.fixed[i, :, 0].T).sum(axis=1)

        end = data.end.basis[i, 0] @ hazard.baseline + risk + hazard.association[0] * total @ data.end.fixed[i, 0, 0]
        expected = np.log(np.sum(np.exp(log + data.happened[i, 0] * end - cumulative(data.exposure))) * area)
        if data.entry is not None:
            expected -= np.log(np.sum(np.exp(prior - cumulative(data.entry))) * area)
        assert found[i] == pytest.approx(expected, abs=2e-5)


def test_working_vector_round_trips() -> None:
    values, layout = truth(2, 2), JointLayout(2, 2, 2, 1, 2, 2)
    again = unpack(layout, pack(layout, values))
    np.testing.assert_allclose(again.factor, values.factor)
    np.testing.assert_allclose(again.hazards[1].association, values.hazards[1].association)


@pytest.mark.parametrize("baseline", ["weibull", "piecewise", "spline"])
def test_fit_converges_and_saves(baseline: str, tmp_path) -> None:
    made = cohort(5, 250, truth())
    model = Joint(baseline=baseline, pieces=4)  # pyright: ignore[reportArgumentType]
    fit = fit_joint(made.visits, made.people, "score ~ months", random="~ months", hazard="~ bulbar", model=model)
    assert fit.status == Status.CONVERGED
    table = fit.check().table()
    assert np.isfinite(table["standard_error"].to_numpy()).all()
    again = load(fit.save(tmp_path / "fit.npz"))
    np.testing.assert_array_equal(again.estimates, fit.estimates)
    assert again.model == model


def test_more_nodes_change_nothing_that_matters() -> None:
    made = cohort(6, 200, truth())
    fits = [
        fit_joint(
            made.visits,
            made.people,
            "score ~ months",
            random="~ months",
            hazard="~ bulbar",
            model=Joint(baseline="weibull", points=points),
        )
        for points in (3, 5, 9, 15)
    ]
    values = [float(fit.log_likelihood) for fit in fits]
    assert abs(values[1] - values[3]) < 0.02
    assert abs(values[2] - values[3]) <= abs(values[0] - values[3]) + 1e-9
    assert np.abs(fits[1].estimates - fits[3].estimates).max() < 0.1 * np.nanmin(fits[3].errors())


def test_prediction_is_certain_at_once_and_falls_later() -> None:
    made = cohort(7, 300, truth())
    fit = fit_joint(
        made.visits,
        made.people,
        "score ~ months",
        random="~ months",
        hazard="~ bulbar",
        model=Joint(baseline="weibull"),
    )
    alive = made.people.filter(pl.col("end") > 6).with_columns(landmark=pl.lit(6.0))
    observed = made.visits.filter((pl.col("months") <= 6) & pl.col("subject").is_in(alive["subject"].implode()))
    ahead = predict_joint(fit, observed, alive, [1e-9, 3.0, 6.0, 12.0])
    wide = ahead.pivot("after", index="subject", values="survival").drop("subject").to_numpy()
    np.testing.assert_allclose(wide[:, 0], 1.0, atol=1e-6)
    assert (np.diff(wide, axis=1) < 0).all()
    assert (wide > 0).all()


def test_prediction_equals_the_ratio_of_integrals() -> None:
    """P(T > u | T > t, y) is the ratio of two joint likelihoods of the same person, censored at u and at t."""
    values = truth()
    made = cohort(8, 150, values)
    fit = fit_joint(
        made.visits,
        made.people,
        "score ~ months",
        random="~ months",
        hazard="~ bulbar",
        model=Joint(baseline="weibull"),
    )
    alive = made.people.filter(pl.col("end") > 6).with_columns(landmark=pl.lit(6.0), event=pl.lit(0.0))
    observed = made.visits.filter((pl.col("months") <= 6) & pl.col("subject").is_in(alive["subject"].implode()))
    rows = design(observed, "score ~ months", random="~ months")
    layout = JointLayout(2, 2, 2, 1, 1, 1)
    logs = []
    for until in (6.0, 10.0):
        follow = follow_up(alive.with_columns(end=pl.lit(until)), rows, "~ bulbar", end="end", event="event", entry="")
        centered = follow.covariates + follow.centers - fit.arrays["centers"]
        frame = JointFrame(Joint(baseline="weibull"), rows.encoding, "months", first_rows(rows), (), 18.0)
        data = joint_data(frame, rows, follow)
        data = type(data)(data.course, data.happened, centered, data.end, data.exposure)
        logs.append(evaluate(layout, fit.arrays["working"], data, 25).log_likelihood)
    ahead = predict_joint(fit, observed, alive, [4.0])
    np.testing.assert_allclose(ahead["survival"].to_numpy(), np.exp(logs[1] - logs[0]), atol=2e-4)


def test_no_events_ends_as_a_status() -> None:
    made = cohort(9, 60, truth())
    fit = fit_joint(
        made.visits, made.people.with_columns(event=pl.lit(0.0)), "score ~ months", random="~ months", hazard="~ bulbar"
    )
    assert fit.status == Status.NO_EVENTS


def test_faults_of_the_people_table_are_told_at_once() -> None:
    made = cohort(10, 60, truth())
    bad = made.people.with_columns(
        end=pl.when(pl.col("subject") == 0).then(-1.0).otherwise(pl.col("end")),
        event=pl.when(pl.col("subject") == 1).then(0.5).otherwise(pl.col("event")),
    )
    with pytest.raises(DataError) as caught:
        fit_joint(made.visits, bad, "score ~ months", random="~ months", hazard="~ bulbar")
    assert {fault.rule for fault in caught.value.faults} == {"no_time", "bad_event"}
    with pytest.raises(DataError, match="no column bulbar"):
        fit_joint(made.visits, bad.drop("bulbar"), "score ~ months", random="~ months", hazard="~ bulbar")


def test_a_collinear_course_is_refused_with_its_column() -> None:
    made = cohort(11, 60, truth())
    doubled = made.visits.with_columns(twice=2 * pl.col("months"))
    fit = fit_joint(doubled, made.people, "score ~ months + twice", random="~ months", hazard="~ bulbar")
    assert fit.status == Status.COLLINEAR
    assert any("twice" in note for note in fit.record.notes)


def test_visits_of_a_simulation_end_with_the_follow_up() -> None:
    made = cohort(12, 80, truth(2, 1))
    assert set(made.people["event"].unique().to_list()) == {0.0, 1.0, 2.0}
    assert (made.visits["months"] <= made.visits["end"]).all()
    assert set(made.visits["months"].unique().to_list()) <= set(SCHEDULE.tolist())
    assert isinstance(truth().hazards[0], Hazard)
