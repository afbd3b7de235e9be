"""A simulated cohort is a cohort: it passes the check, obeys its request, and is the same for any dealing out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.cohort.read.native import read_cohort
from alsight.cohort.tables import TABLES
from alsight.population import shards
from alsight.population.blocks import simulate_cohort
from alsight.population.shards import write_population
from alsight.population.spec import Population
from montecarlo import proportion_tolerance, tolerance

TRIAL = {
    "name": "trial",
    "size": 400,
    "seed": 3,
    "recruit": {
        "kind": "trial",
        "lag_months": 3,
        "lag_spread_months": 4,
        "run_in_months": 3,
        "criteria": {
            "months_since_onset_max": 24,
            "svc_min": 65,
            "alsfrs_r_min": 30,
            "alsfrs_r_max": 46,
            "item_min": 1,
            "run_in_loss_min": 0,
            "run_in_loss_max": 6,
            "age_max": 80,
            "onset_regions": ["bulbar", "arm_left", "leg_left"],
        },
    },
    "follow_up": {
        "months": 12,
        "dropout_per_month": 0.03,
        "telephone": 0.1,
        "vital_status": True,
        "schedule": {
            "rating": 1,
            "capacity": 3,
            "strength": 3,
            "electrophysiology": 6,
            "umn": 6,
            "neurofilament": 3,
            "creatinine": 3,
            "weight": 1,
            "quality": 3,
        },
    },
    "mimics": {"share": 0.1},
    "background": [{"therapy": "riluzole", "uptake": 0.7}],
    "arms": [{"name": "placebo"}, {"name": "active", "ratio": 2, "gives": [{"therapy": "slow", "stop_month": 6}]}],
}


def population(**changes: object) -> Population:
    return build(Population, TRIAL | changes)


@pytest.fixture(scope="module")
def made() -> tuple[Cohort, dict[str, pl.DataFrame]]:
    return simulate_cohort(population(), truth=True)


def test_tables_are_those_of_the_dictionary(made) -> None:
    for name, frame in made[0].frames().items():
        assert frame.schema == pl.Schema(TABLES[name].schema)
        assert frame.height > 0


def test_the_check_finds_nothing(made) -> None:
    frames = {
        name: frame.with_columns(
            pl.lit("memory").alias("source"), pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias("row")
        )
        for name, frame in made[0].frames().items()
    }
    again = check(RawTables(frames=frames))
    assert again.rejected.height == 0
    for name, frame in again.frames().items():
        assert frame.height == made[0].frames()[name].height


def test_everybody_met_the_criteria(made) -> None:
    cohort = made[0]
    base = cohort.visits.filter(pl.col("visit") == "baseline")
    assert base.height == cohort.size == 400
    total = base["alsfrs_r_total"]
    assert total.min() >= 30
    assert total.max() <= 46
    svc = cohort.measures.filter(pl.col("measure") == "svc_pct", pl.col("day") == 0)
    assert svc["value"].min() >= 64.5
    screened = cohort.visits.filter(pl.col("visit") == "screening").join(base, on="subject")
    loss = screened["alsfrs_r_total"] - screened["alsfrs_r_total_right"]
    assert loss.min() >= 0
    assert loss.max() <= 6
    assert set(cohort.subjects["onset_site"]) <= {"bulbar", "upper_limb", "lower_limb"}
    assert made[1]["people"]["entry_month"].max() <= 24


def test_arms_background_and_mimics_have_their_shares(made) -> None:
    cohort, hidden = made
    active = (cohort.subjects["arm"] == "active").mean()
    assert abs(active - 2 / 3) < proportion_tolerance(2 / 3, 400)
    on = cohort.doses.filter(pl.col("treatment") == "riluzole")["subject"].n_unique() / 400
    assert abs(on - 0.7) < proportion_tolerance(0.7, 400)
    slow = cohort.doses.filter(pl.col("treatment") == "slow")
    assert set(slow["subject"]) <= set(cohort.subjects.filter(pl.col("arm") == "active")["subject"])
    assert slow["end_day"].drop_nulls().unique().to_list() == [183]
    assert 0 < (hidden["people"]["mimic"] != "").sum() < 120


def test_nothing_is_seen_after_death_or_withdrawal(made) -> None:
    cohort = made[0]
    for kind in ("death", "withdrawal"):
        ends = cohort.events.filter(pl.col("event") == kind).select("subject", pl.col("day").alias("end"))
        assert ends.height > 5
        late = cohort.visits.join(ends, on="subject").filter(pl.col("day") > pl.col("end") + 15)
        assert late.height == 0
    died = cohort.events.filter(pl.col("event") == "death").select("subject", pl.col("day").alias("end"))
    assert cohort.visits.join(died, on="subject").filter(pl.col("day") > pl.col("end")).height == 0


def test_care_decides_its_items(made) -> None:
    cohort = made[0]
    fed = cohort.events.filter(pl.col("event") == "gastrostomy").select("subject", pl.col("day").alias("from"))
    visits = cohort.visits.join(fed, on="subject", how="left")
    after, before = pl.col("day") > pl.col("from") + 31, pl.col("from").is_null() | (pl.col("day") < pl.col("from"))
    assert visits.filter(after)["q5b_cutting_with_gastrostomy"].null_count() == 0
    assert visits.filter(after)["q3_swallowing"].max() <= 1
    assert visits.filter(before)["q5a_cutting_without_gastrostomy"].null_count() == 0
    aired = cohort.events.filter(pl.col("event") == "niv_start").select("subject", pl.col("day").alias("from"))
    visits = cohort.visits.join(aired, on="subject", how="left")
    assert visits.filter(after)["q12_respiratory_insufficiency"].max() <= 3
    cut = cohort.events.filter(pl.col("event") == "tracheostomy")["subject"]
    unaided = visits.filter(before, ~pl.col("subject").is_in(cut.implode()))
    assert unaided["q12_respiratory_insufficiency"].min() == 4


def test_calls_have_no_measurements_but_questions(made) -> None:
    cohort = made[0]
    calls = cohort.visits.filter(pl.col("mode") == "telephone").select("subject", "day")
    assert calls.height > 100
    measured = cohort.measures.join(calls, on=["subject", "day"])
    assert set(measured["measure"]) == {"alsaq5_total"}


def test_truth_explains_the_cohort(made) -> None:
    cohort, hidden = made
    assert hidden["people"]["subject"].to_list() == cohort.subjects["subject"].to_list()
    course = hidden["course"].filter(pl.col("months_from_entry") == 0)
    base = cohort.visits.filter(pl.col("visit") == "baseline").join(course, on="subject")
    strength = base.select(pl.mean_horizontal(pl.col("^strength_.*$"))).to_series()
    assert np.corrcoef(strength, base["alsfrs_r_total"])[0, 1] > 0.5
    fractions = hidden["course"].select(pl.col("^(strength|lower_neurons|fibers|upper_neurons)_.*$"))
    assert fractions.min().to_numpy().min() >= 0
    assert fractions.max().to_numpy().max() <= 1


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_workers_gives_the_same_tables(made, workers: int) -> None:
    again, hidden = simulate_cohort(population(), workers=workers, truth=True)
    for name, frame in again.frames().items():
        assert frame.equals(made[0].frames()[name])
    assert all(frame.equals(made[1][name]) for name, frame in hidden.items())


def test_a_smaller_size_is_the_beginning_of_a_larger_one(made) -> None:
    few, _ = simulate_cohort(population(size=37))
    assert few.subjects.equals(made[0].subjects.head(37))


def test_a_therapy_of_strength_zero_changes_no_score(made) -> None:
    without = [{"name": "placebo"}, {"name": "active", "ratio": 2}]
    nothing = [without[0], {**without[1], "gives": [{"therapy": "slow", "strength": 0.0}]}]
    one, two = (simulate_cohort(population(arms=arms))[0] for arms in (without, nothing))
    for name in ("subjects", "visits", "measures", "events"):
        assert one.frames()[name].equals(two.frames()[name])


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_files_are_the_same_bytes_for_any_workers_and_read_back(made, tmp_path: Path) -> None:
    for workers in (1, 3):
        write_population(population(), tmp_path / str(workers), workers=workers, truth=True)
    assert digests(tmp_path / "1") == digests(tmp_path / "3")
    assert not (tmp_path / "1" / shards.SHELF).exists()
    cohort = read_cohort(tmp_path / "1")
    for name, frame in cohort.frames().items():
        assert frame.equals(made[0].frames()[name])
    assert pl.read_parquet(tmp_path / "1" / "truth" / "course.parquet").equals(made[1]["course"])


def test_a_killed_run_goes_on_with_its_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_population(population(), tmp_path / "whole")
    real, calls = shards.block_of, []

    def counted(*supplied, **named):
        calls.append(supplied[1])
        if len(calls) == 2 and not allowed:
            raise KeyboardInterrupt
        return real(*supplied, **named)

    monkeypatch.setattr(shards, "block_of", counted)
    allowed = False
    with pytest.raises(KeyboardInterrupt):
        write_population(population(), tmp_path / "killed")
    assert list((tmp_path / "killed" / shards.SHELF).rglob("subjects-0000000.parquet"))
    allowed = True
    write_population(population(), tmp_path / "killed")
    assert calls.count(0) == 1
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(SpecError, match="new or empty folder"):
        write_population(population(), tmp_path)


def test_dropout_follows_its_rate() -> None:
    follow = {"months": 12, "dropout_per_month": 0.05, "dropout_by_rate": 0.0, "schedule": {"rating": 6, "capacity": 0}}
    cohort, _ = simulate_cohort(build(Population, {"size": 1500, "follow_up": follow}))
    left = cohort.events.filter(pl.col("event").is_in(["withdrawal"]))
    months = left["day"].to_numpy() / 30.4375
    early = (months < 3).sum() / 1500
    # People who die within three months can no longer withdraw, so a little below the plain rate is expected.
    rate = 1 - np.exp(-0.15)
    assert early < rate + proportion_tolerance(rate, 1500)
    assert early > 0.93 * rate - proportion_tolerance(rate, 1500)


def test_mimics_do_not_die_and_are_recognized() -> None:
    cohort, hidden = simulate_cohort(
        build(
            Population, {"size": 300, "mimics": {"share": 1.0}, "follow_up": {"months": 36, "dropout_per_month": 0.0}}
        ),
        truth=True,
    )
    assert (hidden["people"]["mimic"] != "").all()
    assert (cohort.events["event"] == "death").sum() == 0
    assert cohort.subjects["revised_diagnosis"].null_count() < 100
    treated = hidden["course"].join(
        hidden["people"].filter(pl.col("mimic") == "myasthenia_gravis").select("subject", "revised_month"), on="subject"
    )
    late = treated.filter(pl.col("months_since_onset") > pl.col("revised_month") + 10)["strength_bulbar"].mean()
    peak = treated.filter((pl.col("months_since_onset") - pl.col("revised_month")).abs() <= 1)["strength_bulbar"].mean()
    assert late > peak + 0.1


def test_register_entry_is_diagnosis_and_delay_is_as_asked() -> None:
    cohort, hidden = simulate_cohort(build(Population, {"size": 1200, "follow_up": {"months": 1}}), truth=True)
    assert (cohort.subjects["diagnosis_day"] == 0).all()
    assert (cohort.subjects["onset_day"] < 0).all()
    months = -cohort.subjects["onset_day"].to_numpy() / 30.4375
    truth = hidden["people"]["entry_month"].to_numpy()
    assert abs((months - truth).mean()) < tolerance(0.3, 1200) + 0.02
