"""The cohort beside natural history: subgroups, the fit to the other half, readings by the model, slow carriers."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from alsight.calibrate.reference import expected
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.cohort.tables import DOSES
from alsight.detect.base_rate import base_rates, genes_of, reference_keys
from alsight.detect.prior import natural_history
from alsight.detect.statement.counts import first_visits, reached, statement
from alsight.detect.statement.cross_fit import cross_fit_shares, described, untreated
from alsight.detect.statement.groups import PARTITIONS, UNKNOWN
from alsight.detect.statement.model_count import FOLLOWED, QUANTITIES, between, model_count_rows, moments, reference
from alsight.detect.statement.sums import interval_of, number_of, quantiles
from alsight.detect.thresholds import Thresholds
from alsight.infer.velocity.simulate import simulate_fit

VISITS = 9
PEOPLE = 320


def cohort_of(scores: pl.DataFrame, **columns: list[object]) -> Cohort:
    """A checked cohort from `subject`, `day`, `alsfrs_r_total`, with columns of the people."""
    names = scores["subject"].unique().sort()
    visits = scores.with_columns(
        pl.col("day").cast(pl.Int32),
        pl.col("alsfrs_r_total").cast(pl.Float32),
        scale=pl.lit("alsfrs_r"),
        source=pl.lit("test"),
        row=pl.arange(1, scores.height + 1, eager=True).cast(pl.UInt32),
    )
    subjects = pl.DataFrame({"subject": names, **columns}).with_columns(source=pl.lit("test"), row=pl.lit(1, pl.UInt32))
    return check(RawTables(frames={"subjects": subjects, "visits": visits}, faults=()))


@pytest.fixture(scope="module")
def natural() -> Cohort:
    """People of the model of natural history, every three months for two years."""
    months = np.tile(np.arange(VISITS) * 3.0, PEOPLE)
    names = np.repeat([f"P{index:04d}" for index in range(PEOPLE)], VISITS)
    drawn = simulate_fit(natural_history(), pl.DataFrame({"subject": names, "months": months, "score": 20.0}), 17)
    scores = drawn.select(
        "subject", day=(pl.col("months") * 30.4375).round(0), alsfrs_r_total=pl.col("score").round(0).clip(0, 48)
    )
    index = np.arange(PEOPLE)
    site = np.where(index % 3 == 0, "bulbar", "upper_limb").tolist()
    return cohort_of(scores, onset_day=(-200 - 3 * index).tolist(), onset_site=[*site[:-40], *[None] * 40])


@pytest.fixture(scope="module")
def stated(natural: Cohort) -> pl.DataFrame:
    return statement(natural)


def test_groups_of_a_partition_add_up_to_everyone(stated: pl.DataFrame) -> None:
    key = ["definition", "months", "points"]
    whole = stated.filter(pl.col("by") == "")
    found = stated["by"].unique().to_list()
    assert {"onset region", "loss since onset"} <= set(found)
    assert UNKNOWN in stated.filter(pl.col("by") == "onset region")["subgroup"].to_list()
    for by in set(found) & set(PARTITIONS):
        part = stated.filter(pl.col("by") == by)
        sums = part.group_by(key).agg(pl.col("eligible", "observed", "expected", "cross_fit_expected").sum())
        joined = whole.join(sums, on=key, nulls_equal=True, suffix="_sum")
        full = joined.filter(pl.col("eligible") == pl.col("eligible_sum"))
        for name in ("observed", "expected", "cross_fit_expected"):
            assert np.allclose(full[name], full[f"{name}_sum"])
        assert by != "onset region" or full.height == whole.height
    assert (stated.filter(pl.col("by") != "")["eligible"] >= 20).all()


def test_the_other_half_expects_what_this_half_shows(stated: pl.DataFrame) -> None:
    """On the model's own data what a fit to the other half expects lies within four errors of what is seen."""
    rows = stated.filter(pl.col("by") == "", pl.col("kind") == "plateau", pl.col("cross_fit_expected") >= 10.0)
    assert rows.height >= 4
    share = rows["cross_fit_expected"] / rows["eligible"]
    # Twice the variance of a count: the fit to 160 people is about as uncertain as the people seen.
    error = (2.0 * rows["eligible"] * share * (1.0 - share)).sqrt()
    assert ((rows["observed"] - rows["cross_fit_expected"]).abs() <= 4.0 * error).all()
    small = stated.filter(pl.col("by") == "", pl.col("kind") == "gain")
    assert ((small["cross_fit_expected"] >= 0.0) & (small["cross_fit_expected"] <= small["eligible"])).all()


def test_too_few_people_are_not_fitted(natural: Cohort) -> None:
    some = natural.visits.filter(pl.col("subject") < "P0080")
    scores = some.select("subject", "day", score=pl.col("alsfrs_r_total").cast(pl.Float64))
    first = first_visits(scores, natural.subjects)
    few = Cohort(subjects=natural.subjects.head(80), visits=some)
    assert cross_fit_shares(few, first, few, reached).columns == []
    assert statement(few)["cross_fit_expected"].null_count() == statement(few).height


def test_treated_visits_do_not_inform(natural: Cohort) -> None:
    names = natural.subjects["subject"]
    doses = pl.DataFrame(
        {"subject": names[:2], "day": [200, 0], "treatment": ["tofersen", "drug x"], "kind": [None, "investigational"]}
    )
    arms = pl.Series(["Placebo", "active", ""] + [None] * (names.len() - 3), dtype=pl.String)
    treated = Cohort(
        subjects=natural.subjects.with_columns(arm=arms),
        visits=natural.visits,
        doses=pl.concat([DOSES.empty(), doses.cast({"day": pl.Int32})], how="diagonal"),
    )
    scores = natural.visits.select("subject", "day", score=pl.col("alsfrs_r_total").cast(pl.Float64))
    visits = described(natural, first_visits(scores, natural.subjects))
    left = untreated(visits, treated)
    assert left.filter(pl.col("subject") == names[0])["day"].max() <= 200
    assert names[1] not in left["subject"].to_list()
    assert left["subject"].n_unique() == names.len() - 1


def test_readings_by_the_model_are_sums_of_posteriors() -> None:
    rng = np.random.default_rng(4)
    names = pl.Series("subject", [f"P{index}" for index in range(60)])
    evidence = pl.DataFrame(
        {"subject": names, "posterior_stable": rng.uniform(0, 0.4, 60), "posterior_gain_hold": [math.nan] * 60}
    )
    like = reference_keys(
        pl.DataFrame({"score": [40.0] * 60, "onset_months": [12.0] * 60, "interval": [3.0] * 60, "follow": [24.5] * 60})
    )
    follow = np.full(60, 24.5)
    everyone = {("", "everyone"): np.ones(60, bool)}
    rows = {row["definition"]: row for row in model_count_rows(evidence, names, like, follow, everyone, Thresholds())}
    assert set(rows) == {one.name for one in QUANTITIES.values()}
    flat = rows["model_flat"]
    assert flat["observed"] == pytest.approx(evidence["posterior_stable"].sum())
    assert flat["observed_low"] <= flat["observed"] <= flat["observed_high"]
    assert flat["expected_low"] < flat["expected"] < flat["expected_high"]
    assert rows["model_gain_6"]["observed"] == 0.0
    assert rows["model_gain_6"]["upper_tail_probability"] == pytest.approx(1.0)
    assert not model_count_rows(evidence, names, like, follow, everyone, Thresholds(gain=6.0))


def test_the_reference_of_posteriors_is_interpolated() -> None:
    like = reference_keys(
        pl.DataFrame({"score": [40.0] * 3, "onset_months": [12.0] * 3, "interval": [3.0] * 3, "follow": [24.5] * 3})
    )
    ends = [moments(like.with_columns(follow_up_months=pl.lit(at)), "posterior_stable")[0][0] for at in (24.0, 36.0)]
    mean, variance, error = between(like, np.array([24.5, 30.5, 36.5]), "posterior_stable")
    assert mean == pytest.approx([ends[0], np.mean(ends), ends[1]])
    assert ((variance > 0) & (error > 0) & (error < variance)).all()
    assert np.isnan(between(like, np.array([FOLLOWED[-1] + 12.0] * 3), "posterior_stable")[0]).all()
    rows = reference()
    assert (rows["squares"] <= rows["total"] + 1e-9).all()
    assert (rows["total"] <= rows["people"] + 1e-9).all()
    long = (
        rows.filter(pl.col("quantity") == "posterior_stable")
        .group_by("follow_up_months")
        .agg(mean=pl.col("total").sum() / pl.col("people").sum())
        .sort("follow_up_months")["mean"]
    )
    assert (long.diff().drop_nulls() > 0).all()


def test_the_interval_of_a_sum_of_posteriors() -> None:
    share = np.random.default_rng(1).uniform(0, 1, 400)
    exact = quantiles(number_of(share))
    assert np.abs(np.subtract(interval_of(share), exact)).max() <= 1


def test_the_number_of_many_people_equals_the_binomial() -> None:
    found = number_of(np.full(5000, 0.1))
    exact = binom.pmf(np.arange(5001), 5000, 0.1)
    assert np.abs(found - exact).max() < 1e-12
    assert found.sum() == pytest.approx(1.0)
    assert number_of(np.array([0.0, 1.0, 1.0])) == pytest.approx([0.0, 0.0, 1.0, 0.0])


def test_carriers_of_a_slow_mutation_are_held_against_carriers() -> None:
    subjects = pl.DataFrame(
        {
            "subject": ["A", "B", "C"],
            "onset_day": [-720] * 3,
            "genotype": ["sod1", "c9orf72", None],
            "genotype_variant": ["p.Asp91Ala", "p.Asp91Ala", None],
        }
    )
    assert genes_of(subjects)["genes"].to_list() == ["sod1_slow", "any", "any"]
    like = reference_keys(
        pl.DataFrame(
            {
                "score": [40.0] * 2,
                "onset_months": [24.0] * 2,
                "interval": [3.0] * 2,
                "follow": [24.5] * 2,
                "genes": ["sod1_slow", "any"],
            }
        )
    )
    got = base_rates(like, "run_floor", pl.Series([12.0, 12.0]))
    requested = [expected(8 / 24, 40, 3, 24, "run_floor", 12.0, kind).probability for kind in ("sod1_slow", "any")]
    assert got == pytest.approx(requested)
    assert got[0] > got[1]
