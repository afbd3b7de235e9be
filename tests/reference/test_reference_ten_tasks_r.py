"""Ten tasks of a statistician give R's numbers.

`values/ten_tasks.R` made the values, by R 4.2.2: lme4 1.1.31, lmerTest 3.1.3, pbkrtest 0.5.2, nlme 3.1.162, emmeans
1.8.4, survival 3.5.3, clubSandwich 0.5.8.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from alsight.models import cox, kaplan_meier, lmm, log_rank, mmrm, rmst

HERE = Path(__file__).parent
DATA = HERE.parent / "data"
VALUES = pl.read_csv(HERE / "values/ten_tasks.csv")


def theirs(task: int) -> dict[str, float]:
    return dict(VALUES.filter(pl.col("task") == task).select("name", "value").iter_rows())


def near(value: float | None, expected: float, rel: float = 1e-5) -> None:
    assert value == pytest.approx(expected, rel=rel, abs=1e-7)


def sleep() -> pl.DataFrame:
    return pl.read_csv(DATA / "mixed/sleepstudy.csv")


def children() -> pl.DataFrame:
    table = pl.read_csv(DATA / "mixed/Orthodont.csv")
    return table.with_columns(pl.col("Sex").cast(pl.Enum(["Male", "Female"])))


def lung() -> pl.DataFrame:
    return pl.read_csv(DATA / "survival/lung.csv", null_values="NA").rename({"ph.ecog": "ph_ecog"})


def repeated():
    table = pl.read_csv(DATA / "mixed/fev_data.csv", null_values="NA")
    return mmrm(table, "FEV1 ~ RACE + SEX + ARMCD * AVISIT", visit="AVISIT", subject="USUBJID", degrees="normal")


def test_1_a_mixed_model_with_small_sample_tests() -> None:
    fit, r = lmm(sleep(), "Reaction ~ Days", subject="Subject", random="~ Days"), theirs(1)
    for row, name in zip(fit.coefficients().iter_rows(named=True), ("(Intercept)", "Days"), strict=True):
        near(row["estimate"], r[f"{name} Estimate"])
        near(row["standard_error"], r[f"{name} Std. Error"])
        near(row["degrees"], r[f"{name} df"], 1e-4)
        near(row["t"], r[f"{name} t value"])
    near(fit.log_likelihood, r["logLik"])
    near(fit.aic, r["AIC"])
    near(fit.bic, r["BIC"])


def test_2_profile_intervals() -> None:
    fit, r = lmm(sleep(), "Reaction ~ Days", subject="Subject", random="~ Days"), theirs(2)
    found = fit.confidence_intervals(method="profile")
    for row, name in zip(found.iter_rows(named=True), ("(Intercept)", "Days"), strict=True):
        near(row["low"], r[f"{name} low"], 1e-4)
        near(row["high"], r[f"{name} high"], 1e-4)


def test_3_random_effects() -> None:
    found, r = lmm(sleep(), "Reaction ~ Days", subject="Subject", random="~ Days").random_effects(), theirs(3)
    for subject in (308, 309):
        row = found.row(by_predicate=(pl.col("Subject") == subject) & (pl.col("effect") == "intercept"), named=True)
        near(row["estimate"], r[f"{subject} intercept"], 1e-4)
        near(row["sd"], r[f"{subject} sd"], 1e-4)


def test_4_nested_models() -> None:
    fits = [
        lmm(sleep(), "Reaction ~ Days", subject="Subject", random=random, method="ml") for random in ("~ 1", "~ Days")
    ]
    last = fits[0].compare(fits[1]).row(1, named=True)
    near(last["chi_square"], theirs(4)["chi_square"])
    near(last["p"], theirs(4)["p"], 1e-4)


@pytest.mark.parametrize(("rule", "name"), [("satterthwaite", "Satterthwaite"), ("kenward_roger", "Kenward-Roger")])
def test_5_type_3_tests(rule, name: str) -> None:
    fit, r = lmm(children(), "distance ~ age * Sex", subject="Subject", random="~ age"), theirs(5)
    for row in fit.test_terms(rule=rule).iter_rows(named=True):
        near(row["f"], r[f"{name} {row['term']} F"], 1e-4)
        near(row["degrees"], r[f"{name} {row['term']} df"], 1e-4)


def test_6_means_by_visit() -> None:
    fit, r = repeated(), theirs(6)
    near(fit.log_likelihood, r["logLik"])
    for row in fit.means(["ARMCD", "AVISIT"]).iter_rows(named=True):
        name = f"{row['ARMCD']} {row['AVISIT']}"
        near(row["mean"], r[f"{name} mean"], 1e-5)
        near(row["standard_error"], r[f"{name} error"], 1e-4)


def test_7_all_pairs_of_visits() -> None:
    r = theirs(7)
    for row in repeated().contrasts("AVISIT", adjust="tukey").iter_rows(named=True):
        near(row["estimate"], r[f"{row['AVISIT']} difference"], 1e-4)
        near(row["high"], r[f"{row['AVISIT']} high"], 2e-3)  # R's integral of the multivariate t has an error too


def test_8_robust_errors() -> None:
    fit, r = lmm(children(), "distance ~ age * Sex", subject="Subject", random="~ age"), theirs(8)
    names = ("(Intercept)", "age", "SexFemale", "age:SexFemale")
    table = fit.coefficients(robust="CR2")
    order = [
        table["parameter"].to_list().index(name) for name in ("Intercept", "age", "Sex[T.Female]", "age:Sex[T.Female]")
    ]
    for spot, name in zip(order, names, strict=True):
        near(table["standard_error"][spot], r[f"{name} error"], 1e-4)
        near(table["degrees"][spot], r[f"{name} df"], 1e-4)


def test_9_cox_regression() -> None:
    fit, r = cox(lung(), "~ age + sex + ph_ecog", time="time", event="status", happened=2), theirs(9)
    for row in fit.coefficients().iter_rows(named=True):
        name = row["parameter"].replace("_", ".")
        near(row["hazard_ratio"], r[f"{name} exp(coef)"])
        near(row["hazard_ratio_low"], r[f"{name} lower .95"])
        near(row["hazard_ratio_high"], r[f"{name} upper .95"])
    for row in fit.proportional_hazards_test().iter_rows(named=True):
        near(row["chi_square"], r[f"{row['parameter'].replace('_', '.').replace('global', 'GLOBAL')} zph"])
    near(fit.concordance(), r["concordance"])
    curve = fit.survival_curves({"age": [60], "sex": [1], "ph_ecog": [1]})
    for day in (180, 365):
        last = curve.filter(pl.col("time") <= day).row(-1, named=True)
        near(last["survival"], r[f"survival {day}"])
        near(last["low"], r[f"low {day}"])


def test_10_curves_of_two_groups() -> None:
    r = theirs(10)
    medians = kaplan_meier(lung(), "time", "status", by="sex", happened=2).summary()
    means = rmst(lung(), "time", "status", 500, by="sex", happened=2)
    for spot, group in enumerate(("1", "2")):
        near(medians["median"][spot], r[f"{group} median"])
        near(medians["low"][spot], r[f"{group} 0.95LCL"])
        near(medians["high"][spot], r[f"{group} 0.95UCL"])
        near(means["estimate"][spot], r[f"{group} rmst"])
        near(means["standard_error"][spot], r[f"{group} rmst error"])
    near(log_rank(lung(), "time", "status", "sex", happened=2)["chi_square"][0], r["log-rank"])
