"""Sites, raters and liters are recorded as asked for, and who rates first leaves no step in the scores."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.instruments.lung import lung_function
from alsight.population.blocks import simulate_cohort
from alsight.population.spec import Population
from montecarlo import proportion_tolerance, tolerance

FOLLOW = {"months": 18, "sites": 6, "raters": 3, "rater_change": 0.25, "liters": True, "missed": 0.0}


def cohort(follow: dict[str, object], size: int = 600, parameters: dict[str, float] | None = None) -> Cohort:
    fields = {"size": size, "seed": 4, "people": {"parameters": parameters or {}}, "follow_up": follow}
    return simulate_cohort(build(Population, fields))[0]


@pytest.fixture(scope="module")
def made() -> Cohort:
    return cohort(FOLLOW)


def test_every_visit_names_a_rater_of_the_persons_site(made: Cohort) -> None:
    visits = made.visits.join(made.subjects.select("subject", "site"), on="subject")
    assert visits["rater"].null_count() == 0
    assert visits.select(pl.col("rater").str.slice(0, 4) == pl.col("site")).to_series().all()
    assert made.subjects["site"].n_unique() == 6
    assert visits["rater"].n_unique() == 18


def test_raters_change_as_often_as_asked(made: Cohort) -> None:
    rows = made.visits.sort("subject", "day")
    accepted = rows.with_columns(before=pl.col("rater").shift(1).over("subject")).drop_nulls("before")
    share = (accepted["before"] != accepted["rater"]).mean()
    assert share == pytest.approx(0.25, abs=proportion_tolerance(0.25, accepted.height))


def test_the_check_accepts_sites_raters_and_liters(made: Cohort) -> None:
    frames = {
        name: frame.with_columns(
            pl.lit("memory").alias("source"), pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("row")
        )
        for name, frame in made.frames().items()
    }
    assert check(RawTables(frames=frames)).rejected.height == 0


def test_liters_are_percent_of_what_is_predicted(made: Cohort) -> None:
    people = made.subjects.select("subject", "sex", "height_cm", "age_at_entry_years")
    wide = made.measures.filter(pl.col("measure").is_in(["svc_pct", "svc_l"]))
    wide = wide.pivot("measure", index=["subject", "day"], values="value").join(people, on="subject")
    predicted = lung_function(
        np.full(wide.height, np.nan),
        male=(wide["sex"] == "male").to_numpy().astype(float),
        age_years=(wide["age_at_entry_years"] + wide["day"] / 365.25).to_numpy(),
        height_cm=wide["height_cm"].to_numpy(),
    ).predicted_l
    away = wide["svc_l"].to_numpy() - wide["svc_pct"].to_numpy() / 100.0 * predicted
    assert wide.height > 2000
    assert np.abs(away).max() < 0.06  # height in whole centimeters, percent in whole ones, age to a tenth of a year
    assert made.measures.filter(pl.col("measure") == "fvc_l")["method"].unique().to_list() == ["gli_global_2022"]


def test_none_asked_for_is_none_recorded() -> None:
    plain = cohort({"months": 6}, size=20)
    assert plain.subjects["site"].null_count() == 20
    assert plain.visits["rater"].null_count() == plain.visits.height
    assert plain.measures.filter(pl.col("measure").str.ends_with("_l")).is_empty()


def test_raters_without_a_site_are_refused() -> None:
    with pytest.raises(SpecError) as caught:
        cohort({"raters": 2, "rater_change": 0.1}, size=5)
    assert {path for path, *_ in caught.value.faults} == {"follow_up.sites"}
    with pytest.raises(SpecError, match="2 or more"):
        cohort({"sites": 2, "raters": 1, "rater_change": 0.1}, size=5)


def test_a_severe_rater_rates_lower() -> None:
    shifted = cohort({**FOLLOW, "rater_change": 0.0}, size=900, parameters={"rater_sd": 0.3})
    plain = cohort({**FOLLOW, "rater_change": 0.0}, size=900, parameters={"rater_sd": 0.0})
    sets = (shifted, plain)
    by_site = [
        one.visits.join(one.subjects.select("subject", "site"), on="subject")
        .group_by("site", maintain_order=False)
        .agg(pl.col("alsfrs_r_total").mean())
        .sort("site")["alsfrs_r_total"]
        .std()
        for one in sets
    ]
    assert by_site[0] > 2.0 * by_site[1]


def test_a_rater_who_knows_nothing_is_lenient_at_first_only() -> None:
    follow = {"months": 12, "missed": 0.0, "jitter_days": 0.0, "dropout_per_month": 0.0}
    known, unknown = (cohort(follow, 1500, {"known_rating_months": months}).visits for months in (3.0, 0.0))
    both = unknown.join(known, on=["subject", "visit"], suffix="_known")
    away = both.with_columns(away=pl.col("alsfrs_r_total") - pl.col("alsfrs_r_total_known"))
    first, later = (away.filter(pl.col("visit") == visit)["away"] for visit in ("baseline", "month_12"))
    assert first.mean() > 0.3 + tolerance(first.std(), first.len())
    assert abs(later.mean()) < 0.1 + tolerance(later.std(), later.len())
