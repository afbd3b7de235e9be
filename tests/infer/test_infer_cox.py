"""Cox regression: a slow second version, batches, and data that cannot be fitted."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError
from alsight.base.status import Status
from alsight.infer.survival.compare import log_rank, restricted_mean
from alsight.infer.survival.cox import fit_cox, fit_cox_trials

RNG = np.random.default_rng(11)
TIMES = np.ceil(RNG.exponential(10, (4, 60)) * 2) / 2
EVENTS = RNG.random((4, 60)) < 0.7
X = RNG.normal(size=(4, 60, 2))
ENTRY = np.where(RNG.random((4, 60)) < 0.4, np.floor(TIMES * RNG.uniform(0, 0.9, (4, 60)) * 2) / 2, 0.0)


def slow(x: np.ndarray, time: np.ndarray, event: np.ndarray, entry: np.ndarray, beta: np.ndarray, ties: str) -> float:
    """Partial log likelihood by its definition, one event time after another."""
    total, risk = 0.0, np.exp(x @ beta)
    for moment in np.unique(time[event]):
        tied = event & (time == moment)
        there = (time >= moment) & (entry < moment)
        total += (x[tied] @ beta).sum()
        for location in range(int(tied.sum())):
            share = location / tied.sum() if ties == "efron" else 0.0
            total -= np.log(risk[there].sum() - share * risk[tied].sum())
    return float(total)


def table(trial: int) -> pl.DataFrame:
    columns = {"time": TIMES[trial], "event": EVENTS[trial], "entry": ENTRY[trial]}
    return pl.DataFrame({**columns, "a": X[trial, :, 0], "b": X[trial, :, 1]})


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_maximizes_the_partial_likelihood(ties: str) -> None:
    fit = fit_cox(table(0), "~ a + b", time="time", event="event", entry="entry", ties=ties).check()
    supplied = (X[0], TIMES[0], EVENTS[0], ENTRY[0])
    centered = (X[0] - X[0].mean(0), *supplied[1:])
    assert float(fit.log_likelihood) == pytest.approx(slow(*centered, fit.estimates, ties), abs=1e-9)
    step = 1e-4
    for location in range(2):
        move = step * np.eye(2)[location]
        up, down = slow(*supplied, fit.estimates + move, ties), slow(*supplied, fit.estimates - move, ties)
        middle = slow(*supplied, fit.estimates, ties)
        assert (up - down) / (2 * step) == pytest.approx(0.0, abs=5e-5)
        inverse = np.linalg.inv(fit.covariance)
        assert -(up - 2 * middle + down) / step**2 == pytest.approx(inverse[location, location], rel=1e-4)
    assert fit.arrays["martingale"].sum() == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(fit.arrays["scores"].sum(0), 0.0, atol=5e-5)


def test_batch_equals_single_fits() -> None:
    batch = fit_cox_trials(X, TIMES, EVENTS, ("a", "b"), entry=ENTRY)
    for trial in range(4):
        one = fit_cox(table(trial), "~ a + b", time="time", event="event", entry="entry")
        np.testing.assert_allclose(batch.estimates[trial], one.estimates, rtol=1e-7)
        np.testing.assert_allclose(batch.sandwich[trial], one.sandwich, rtol=1e-7)
        assert float(batch.log_likelihood[trial]) == pytest.approx(float(one.log_likelihood), abs=1e-8)


def test_score_test_of_one_arm_is_the_log_rank_test() -> None:
    arm = np.arange(60) % 2
    distinct = TIMES[0] + np.arange(60) * 1e-6  # without ties both variances agree
    found = log_rank(distinct, EVENTS[0], arm)
    from alsight.infer.survival.cox import partial
    from alsight.infer.survival.risk import risk_sets

    sets = risk_sets(distinct, EVENTS[0])
    at = partial(sets, arm[:, None].astype(float), EVENTS[0], np.zeros(60, dtype=int), np.zeros((1, 1)))
    assert found.statistic[0] == pytest.approx(at.score[0, 0] ** 2 / at.information[0, 0, 0], rel=1e-9)


def test_batched_tests_equal_single_ones() -> None:
    arm = np.tile(np.arange(60) % 2, 4)
    trial = np.repeat(np.arange(4), 60)
    whole = log_rank(TIMES.ravel(), EVENTS.ravel(), arm, trial=trial, rho=0.5)
    mean, error = restricted_mean(TIMES.ravel(), EVENTS.ravel(), 8.0, trial=trial)
    for each in range(4):
        one = log_rank(TIMES[each], EVENTS[each], arm[:60], rho=0.5)
        assert whole.statistic[each] == pytest.approx(one.statistic[0], rel=1e-9)
        alone = restricted_mean(TIMES[each], EVENTS[each], 8.0)
        assert (mean[each], error[each]) == pytest.approx((alone[0][0], alone[1][0]), rel=1e-12)


def test_restricted_mean_without_censoring_is_a_mean() -> None:
    mean, error = restricted_mean(TIMES[0], np.ones(60, dtype=bool), 12.0)
    cut = np.minimum(TIMES[0], 12.0)
    assert mean[0] == pytest.approx(cut.mean(), rel=1e-12)
    assert error[0] == pytest.approx(cut.std() / np.sqrt(60), rel=1e-9)


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"event": pl.lit(value=False)}, Status.NO_EVENTS, "event is never 1"),
        ({"a": pl.lit(2.0)}, Status.CONSTANT, "a has the same value"),
        ({"b": pl.col("a") * 3}, Status.COLLINEAR, "b is determined by a"),
        ({"a": pl.col("event").cast(pl.Float64)}, Status.SEPARATION, ""),
    ],
)
def test_faulty_data(change: dict[str, pl.Expr], status: Status, named: str) -> None:
    fit = fit_cox(table(0).with_columns(**change), "~ a + b", time="time", event="event")
    assert fit.status == status
    assert any(named in note for note in fit.record.notes) or not named


def test_interval_that_ends_before_it_begins() -> None:
    bad = table(0).with_columns(entry=pl.col("time") + 1)
    with pytest.raises(DataError, match="Row 1 runs"):
        fit_cox(bad, "~ a", time="time", event="event", entry="entry")


def test_trial_without_events_is_a_status() -> None:
    events = EVENTS.copy()
    events[2] = False
    batch = fit_cox_trials(X, TIMES, events, ("a", "b"))
    assert batch.status.tolist() == [0, 0, Status.NO_EVENTS, 0]
    assert np.isfinite(batch.errors()[[0, 1, 3]]).all()
