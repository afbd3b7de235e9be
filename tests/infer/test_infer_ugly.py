"""Ordinary ugly data: right or refused, never silently wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import DataError, SpecError
from alsight.base.status import Status
from alsight.infer.formulas import matrix
from alsight.infer.gaussian.small import inverse, roots
from alsight.infer.joint.fit import fit_joint
from alsight.infer.linear import fit_linear
from alsight.infer.marginal import fit_marginal, means
from alsight.infer.survival.cox import fit_cox
from alsight.models import kaplan_meier, log_rank, rmst
from alsight.models.latent.joint import Joint
from alsight.summary.survival import kaplan_meier as curve
from joint_cohorts import cohort, truth
from validation.trials import harms, run

DATA = Path(__file__).parent.parent / "data"
FIRST = pl.int_range(pl.len()) == 3


def lung() -> pl.DataFrame:
    table = pl.read_csv(DATA / "survival/lung.csv", null_values="NA")
    died = pl.col("status").cast(pl.Float64) - 1
    return table.with_columns(died=died, time=pl.col("time").cast(pl.Float64), age=pl.col("age").cast(pl.Float64))


def hazards(table: pl.DataFrame, formula: str = "~ age + sex", **more: Any) -> Any:
    return fit_cox(table, formula, **{"time": "time", "event": "died"} | more)


@pytest.mark.parametrize("column", ["time", "died", "age"])
@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_missing_value_excludes_its_row(column: str, value: float | None) -> None:
    plain = hazards(lung().filter(~FIRST)).check()
    fit = hazards(lung().with_columns(pl.when(FIRST).then(value).otherwise(column).alias(column))).check()
    np.testing.assert_allclose(fit.estimates, plain.estimates)
    assert fit.record.dropped == 1
    assert "1 of 228 rows" in fit.record.notes[0]


@pytest.mark.parametrize("column", ["time", "age"])
def test_an_infinite_value_is_refused(column: str) -> None:
    table = lung().with_columns(pl.when(FIRST).then(float("inf")).otherwise(column).alias(column))
    if column == "time":
        with pytest.raises(DataError, match="time is infinite in row 4"):
            hazards(table)
    else:
        assert hazards(table).status == Status.NOT_FINITE


def test_events_coded_1_and_2_are_refused_or_said() -> None:
    with pytest.raises(DataError, match=r"status holds 1, 2.*happened=2"):
        hazards(lung(), event="status")
    fit = hazards(lung(), event="status", happened=2).check()
    assert fit["sex"] == pytest.approx(-0.513219, abs=1e-6)  # R: coxph(Surv(time, status) ~ age + sex, lung)
    with pytest.raises(DataError, match="they are text"):
        hazards(lung().with_columns(died=pl.col("died").cast(pl.String)))
    words = lung().with_columns(died=pl.when(pl.col("died") == 1).then(pl.lit("dead")).otherwise(pl.lit("alive")))
    np.testing.assert_allclose(hazards(words, happened="dead").estimates, fit.estimates)
    for function in (kaplan_meier, log_rank, rmst):
        more = {"horizon": 300.0} if function is rmst else {}
        with pytest.raises(DataError, match="status holds 1, 2"):
            function(lung(), "time", "status", by="sex", **more)  # type: ignore[operator]


def test_people_in_strata_of_their_own_give_no_estimate() -> None:
    fit = hazards(lung().with_row_index("id"), strata=["id"])
    assert fit.status == Status.SINGULAR
    assert np.isnan(fit.errors()).all()


def test_separation_is_said_with_the_column() -> None:
    fit = hazards(lung().with_columns(x=pl.col("died")), "~ age + x")
    assert fit.status == Status.SEPARATION
    assert any("x tells events" in note for note in fit.record.notes)
    made = cohort(4, 80, truth())
    apart = made.people.with_columns(x=pl.col("event"))
    model = Joint(baseline="weibull")
    joint = fit_joint(made.visits, apart, "score ~ months", random="~ months", hazard="~ x", model=model)
    assert joint.status == Status.SEPARATION
    assert any("x tells events" in note for note in joint.record.notes)


def test_weights_that_are_not_above_zero_are_refused() -> None:
    with pytest.raises(DataError, match="w holds -1"):
        hazards(lung().with_columns(w=pl.when(FIRST).then(-1.0).otherwise(1.0)), weight="w")
    table = pl.read_csv(DATA / "mixed/sleepstudy.csv").with_columns(w=pl.when(FIRST).then(0.0).otherwise(1.0))
    with pytest.raises(DataError, match="w holds 0 of Subject 308"):
        fit_linear(table, "Reaction ~ Days", subject="Subject", weight="w")
    with pytest.raises(DataError, match="w holds 0"):
        fit_marginal(table, "Reaction ~ Days", visit="Days", subject="Subject", structure="cs", weight="w")


def test_a_case_weight_is_a_number_of_people() -> None:
    twice = hazards(pl.concat([lung(), lung()]), ties="breslow").check()
    weighed = hazards(lung().with_columns(w=pl.lit(2.0)), weight="w", ties="breslow").check()
    np.testing.assert_allclose(weighed.estimates, twice.estimates, rtol=1e-9)
    np.testing.assert_allclose(weighed.errors(), twice.errors(), rtol=1e-9)


def test_text_visits_in_no_certain_order() -> None:
    table = pl.read_csv(DATA / "mixed/crash_183_us.csv")
    words = table.with_columns(
        pl.col("visit").replace({"V1": "Month 3", "V2": "Month 6", "V3": "Month 9", "V4": "Month 12"})
    )
    for structure in ("ar1", "toeph", "ad"):
        with pytest.raises(DataError, match="follows the order of the visits"):
            fit_marginal(words, "y ~ visit * arm + base", visit="visit", structure=structure)
        labels = ["Month 3", "Month 6", "Month 9", "Month 12"]
        ordered = words.with_columns(pl.col("visit").cast(pl.Enum(labels)))
        right = fit_marginal(table, "y ~ visit * arm + base", visit="visit", structure=structure)
        fit = fit_marginal(ordered, "y ~ visit * arm + base", visit="visit", structure=structure)
        assert float(fit.log_likelihood) == pytest.approx(float(right.log_likelihood), abs=1e-8)
    fit_marginal(words, "y ~ visit * arm + base", visit="visit").check()


def test_follow_up_that_contradicts_itself_is_refused() -> None:
    made, model = cohort(4, 40, truth()), Joint(baseline="weibull")

    def fitted(visits: pl.DataFrame, people: pl.DataFrame) -> Any:
        return fit_joint(visits, people, "score ~ months", random="~ months", model=model)

    same = pl.concat([made.people, made.people.head(2)])
    assert fitted(made.visits, same).log_likelihood == fitted(made.visits, made.people).log_likelihood
    other = pl.concat([made.people, made.people.head(1).with_columns(pl.col("end") + 1.0)])
    with pytest.raises(DataError, match="Person 0 has 2 rows that differ in end"):
        fitted(made.visits, other)
    short = made.people.with_columns(end=pl.when(pl.col("subject") == 5).then(0.5).otherwise("end"))
    with pytest.raises(DataError, match=r"Person 5 has a visit at .* after the end of follow-up at 0.5"):
        fitted(made.visits, short)
    with pytest.raises(DataError, match="no row is 0"):
        fitted(made.visits, made.people.with_columns(pl.col("event") + 1))


def test_means_leave_out_rows_that_the_fit_left_out() -> None:
    table = pl.read_csv(DATA / "mixed/crash_183_us.csv")
    holes = table.with_columns(base=pl.when(pl.int_range(pl.len()) % 5 == 0).then(float("nan")).otherwise("base"))
    fit = fit_marginal(holes, "y ~ visit * arm + base", visit="visit")
    found = means(fit, holes, ["arm", "visit"])
    np.testing.assert_allclose(found["estimate"], means(fit, holes.drop_nans(), ["arm", "visit"])["estimate"])
    assert found["estimate"].is_finite().all()
    with pytest.raises(SpecError, match="among"):
        means(fit, holes, ["nowhere"])


FORMULAS = ("bs(Days, df=4)", "poly(Days, 2)", "center(Days)", "scale(Days)", "cr(Days, df=4)", "cc(Days, df=3)")
FORMULAS += (
    "C(Days)",
    "C(half)",
    "C(half, contr.sum)",
    "np.log(Days + 1)",
    "sqrt(Days)",
    "I(Days**2)",
    "half:bs(Days, df=3)",
)


@pytest.mark.parametrize("right", FORMULAS)
def test_every_form_of_a_formula_is_fitted_averaged_and_predicted(right: str) -> None:
    table = pl.read_csv(DATA / "mixed/sleepstudy.csv").with_columns(
        half=pl.when(pl.col("Subject") % 2 == 0).then(pl.lit("even")).otherwise(pl.lit("odd"))
    )
    table = table.with_columns(Days=pl.when(pl.int_range(pl.len()) % 17 == 0).then(None).otherwise("Days"))
    fit = fit_linear(table, f"Reaction ~ {right}", subject="Subject").check()
    assert fit.record.dropped == table["Days"].null_count() * ("Days" in right)
    assert means(fit, table, []).height == 1
    whole = fit.predict(table)
    some = whole.filter(pl.col("Subject") == 330)
    alone = fit.predict(table.filter(pl.col("Subject") == 330))
    np.testing.assert_allclose(alone["mean"], some["mean"], rtol=1e-9)


@pytest.mark.parametrize(
    "formula", ["a*b", "b*a", "m*a", "a*m", "a*c", "a*b*c", "m + a + c + a:c + m:c", "a + b + c:a + c"]
)
def test_groups_are_coded_as_the_formula_library_codes_them(formula: str) -> None:
    from formulaic import model_matrix

    rng = np.random.default_rng(3)
    table = pl.DataFrame({"m": rng.normal(size=30)}).with_columns(
        a=pl.Series([["x", "y", "z"][k % 3] for k in range(30)], dtype=pl.Enum(["x", "y", "z"])),
        b=pl.Series([["p", "q"][k // 3 % 2] for k in range(30)], dtype=pl.Enum(["p", "q"])),
        c=pl.Series([["u", "v", "w"][k // 6 % 3] for k in range(30)], dtype=pl.Enum(["u", "v", "w"])),
    )
    expected = model_matrix(formula, table, output="numpy")
    made, names, _ = matrix(table, formula, {})
    assert names == tuple(expected.model_spec.column_names)
    np.testing.assert_allclose(made, np.asarray(expected))


def test_looking_at_other_rows_is_refused() -> None:
    table = pl.read_csv(DATA / "mixed/sleepstudy.csv")
    with pytest.raises(DataError, match="another person's row"):
        fit_linear(table, "Reaction ~ lag(Days)", subject="Subject")


@pytest.mark.parametrize("name", ["tiny_crash", "crash_183_us"])
def test_trials_that_ended_in_an_exception(name: str) -> None:
    table = pl.read_csv(DATA / f"mixed/{name}.csv")
    fit = fit_marginal(table, "y ~ visit * arm", visit="visit")
    if name == "crash_183_us":
        fit.check()
    else:
        assert int(fit.status) in {Status.CONVERGED, Status.MAX_STEPS, Status.SINGULAR}


def test_small_trials_end_in_an_estimate_or_a_reason() -> None:
    """The first 60 of the 20,000 trials of `python -m validation.trials`, and batches with hopeless trials in them."""
    table, failures = run(60)
    assert not failures
    assert (table["status"] == "converged").mean() > 0.9
    assert harms(batch=14) < 1e-8


def test_one_singular_matrix_harms_no_other() -> None:
    good = np.array([[2.0, 0.5], [0.5, 1.0]])
    bad = np.array([[1.0, 1.0], [1.0, 1.0]])
    nearly = np.array([[1.0, 1.0 - 1e-16], [1.0 - 1e-16, 1.0]])
    stack = np.stack([good, bad, nearly, np.full((2, 2), np.nan)])
    inverted, logdet, fine = inverse(stack)
    assert fine.tolist() == [True, False, False, False]
    np.testing.assert_allclose(inverted[0], np.linalg.inv(good))
    assert logdet[0] == pytest.approx(np.log(1.75))
    assert np.isnan(roots(stack)[3]).all()
    np.testing.assert_allclose(roots(stack)[0], np.linalg.cholesky(good))


def test_a_curve_of_missing_times_is_refused() -> None:
    with pytest.raises(DataError, match="time is missing for 1 people; the first is row 2"):
        curve(np.array([1.0, np.nan]), np.array([True, True]))
