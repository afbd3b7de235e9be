"""Entry rules: each one holds of everyone who enters, by a computation of its own from the recorded tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.instruments.items import TWELVE
from alsight.mechanism.anatomy import POOLS, WEAK
from alsight.population.blocks import checked, simulated
from alsight.population.criteria import RANGES, RULES, Criteria
from alsight.population.entry import CATEGORIES, SIGN
from alsight.population.spec import Population

SCHEDULE = {"rating": 3, "capacity": 3, "neurofilament": 3, "weight": 3}
BACKGROUND = [
    {"therapy": "Rilutek", "uptake": 0.4, "start_month": -8},
    {"therapy": "riluzole", "uptake": 0.3, "start_month": -1},
]
REGIONS = {"bulbar": ["bulbar"], "cervical": ["arm_left", "arm_right", "phrenic"], "thoracic": ["trunk"]} | {
    "lumbosacral": ["leg_left", "leg_right"]
}
Tables = dict[str, pl.DataFrame]


def population(size: int, **recruit: Any) -> Population:
    return checked(
        build(
            Population,
            {
                "size": size,
                "seed": 11,
                "recruit": {"kind": "trial", "lag_months": 3, "lag_spread_months": 6, "run_in_months": 3, **recruit},
                "follow_up": {"months": 1, "schedule": SCHEDULE},
                "background": BACKGROUND,
            },
        )
    )


def tables_of(chosen: Population) -> Tables:
    cohort, hidden, flow = simulated(chosen, truth=True)
    return cohort.frames() | {f"truth_{name}": frame for name, frame in hidden.items()} | {"flow": flow}


@cache
def everyone() -> Tables:
    return tables_of(population(300))


def baseline(tables: Tables, label: str = "baseline") -> pl.DataFrame:
    return tables["visits"].filter(pl.col("visit") == label).sort("subject")


def measured(tables: Tables, name: str, day: int = 0) -> np.ndarray:
    rows = tables["measures"].filter((pl.col("measure") == name) & (pl.col("day") == day))
    return tables["subjects"].select("subject").join(rows, on="subject", how="left").sort("subject")["value"].to_numpy()


def items(tables: Tables) -> np.ndarray:
    rows = baseline(tables)
    cutting = pl.coalesce("q5a_cutting_without_gastrostomy", "q5b_cutting_with_gastrostomy").alias("q5_cutting")
    return rows.with_columns(cutting).select(TWELVE).to_numpy()


def traits(tables: Tables, name: str) -> np.ndarray:
    return tables["truth_people"].sort("subject")[name].to_numpy()


def delta_fs(tables: Tables) -> np.ndarray:
    return (48.0 - baseline(tables)["alsfrs_r_total"].to_numpy()) / traits(tables, "entry_month")


def at_entry(tables: Tables) -> pl.DataFrame:
    return tables["truth_course"].filter(pl.col("months_from_entry") == 0).sort("subject")


def category(row: dict[str, float]) -> str:
    """The revised El Escorial category of one person, region by region, from the truth at entry."""

    def found(test: Callable[[str], bool]) -> list[bool]:
        return [any(test(pool) for pool in pools) for pools in REGIONS.values()]

    sick = found(lambda pool: row[f"lower_neurons_{pool}"] - row[f"lower_neurons_sick_{pool}"] < 1 - SIGN)
    lower = found(
        lambda pool: (
            row[f"lower_neurons_{pool}"] - row[f"lower_neurons_sick_{pool}"] < 1 - SIGN
            and row[f"strength_{pool}"] < WEAK
        )
    )
    upper = found(lambda pool: row[f"upper_neurons_{pool}"] < 1 - SIGN)
    both = sum(a and b for a, b in zip(lower, upper, strict=True))
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    if both >= 3:
        return "definite"
    if both >= 2 and any(upper[i] and lower[j] for i, j in pairs):
        return "probable"
    if any(upper) and sum(sick) >= 2:
        return "probable_laboratory_supported"
    if both >= 1 or sum(upper) >= 2 or any(lower[i] and upper[j] for i, j in pairs):
        return "possible"
    return "suspected"


def categories(tables: Tables) -> np.ndarray:
    return np.array([category(row) for row in at_entry(tables).iter_rows(named=True)])


def weak_regions(tables: Tables) -> np.ndarray:
    rows = at_entry(tables)
    weak = {pool: rows[f"strength_{pool}"].to_numpy() < WEAK for pool in POOLS}
    return sum(np.any([weak[pool] for pool in pools], axis=0).astype(int) for pools in REGIONS.values())


def risk(tables: Tables) -> np.ndarray:
    """The TRICALS risk profile, written out."""
    delay, capacity = traits(tables, "delay_months") / 10.0, measured(tables, "svc_pct") / 100.0
    age = traits(tables, "age_at_onset") / 100.0
    profile = -1.839 * (delta_fs(tables) + 0.1) ** -0.5 - 2.376 * (delay**-0.5 + np.log(delay)) - 0.264 * age**-2.0
    profile += 0.474 * (1 / capacity + capacity**-0.5) + 0.271 * (traits(tables, "onset_pool") == "bulbar")
    return profile + 0.238 * (categories(tables) == "definite")


def first_dose(tables: Tables) -> np.ndarray:
    doses = tables["doses"].filter(pl.col("treatment") == "riluzole").group_by("subject").agg(pl.col("day").min())
    joined = tables["subjects"].select("subject").join(doses, on="subject", how="left").sort("subject")
    return joined["day"].fill_null(10**6).to_numpy()


def before(tables: Tables, column: str) -> np.ndarray:
    month = traits(tables, column)
    return (month >= 0) & (month <= traits(tables, "entry_month"))


def bmi(tables: Tables) -> np.ndarray:
    return measured(tables, "weight_kg") / (traits(tables, "height_cm") / 100.0) ** 2


def totals(tables: Tables, label: str) -> np.ndarray:
    return baseline(tables, label)["alsfrs_r_total"].to_numpy()


CASES: dict[str, tuple[dict[str, Any], Callable[[Tables], np.ndarray]]] = {
    "age": ({"age_min": 60}, lambda t: t["subjects"].sort("subject")["age_at_entry_years"].to_numpy() >= 59.95),
    "months_since_onset": ({"months_since_onset_max": 18}, lambda t: traits(t, "entry_month") <= 18),
    "months_since_diagnosis": ({"months_since_diagnosis_max": 6}, lambda t: traits(t, "lag_months") <= 6),
    "alsfrs_r": ({"alsfrs_r_min": 40}, lambda t: totals(t, "baseline") >= 40),
    "svc": ({"svc_min": 80}, lambda t: measured(t, "svc_pct") >= 80),
    "fvc": ({"fvc_max": 80}, lambda t: measured(t, "fvc_pct") <= 80),
    "delta_fs": ({"delta_fs_min": 0.6}, lambda t: delta_fs(t) >= 0.6),
    "run_in_loss": (
        {"run_in_loss_min": 1, "run_in_loss_max": 4},
        lambda t: np.abs(totals(t, "screening") - totals(t, "baseline") - 2.5) <= 1.5,
    ),
    "weight_kg": ({"weight_kg_min": 75}, lambda t: measured(t, "weight_kg") >= 74.9),
    "bmi": ({"bmi_max": 24}, lambda t: bmi(t) <= 24.1),
    "nfl_pg_ml": ({"nfl_pg_ml_min": 60, "nfl_pg_ml_max": 120}, lambda t: np.abs(measured(t, "nfl_pg_ml") - 90) <= 30.1),
    "regions": ({"regions_min": 2, "regions_max": 3}, lambda t: np.isin(weak_regions(t), [2, 3])),
    "tricals": ({"tricals_min": -4, "tricals_max": -2}, lambda t: np.abs(risk(t) + 3) <= 1.0 + 0.02),
    "item_min": ({"item_min": 2}, lambda t: (items(t) >= 2).all(axis=1)),
    "items": (
        {"items": {"q3_swallowing": 3, "q10_dyspnea": 4}},
        lambda t: (items(t)[:, 2] >= 3) & (items(t)[:, 9] >= 4),
    ),
    "el_escorial": (
        {"el_escorial": ["definite", "probable"]},
        lambda t: np.isin(categories(t), ["definite", "probable"]),
    ),
    "sex": ({"sex": "female"}, lambda t: (t["subjects"]["sex"] == "female").to_numpy()),
    "genotypes": ({"genotypes": ["c9orf72"]}, lambda t: (t["subjects"]["genotype"] == "c9orf72").to_numpy()),
    "genotypes_excluded": (
        {"genotypes_excluded": ["none_found"]},
        lambda t: (t["subjects"]["genotype"] != "none_found").to_numpy(),
    ),
    "phenotypes": ({"phenotypes": ["flail_arm"]}, lambda t: (t["subjects"]["phenotype"] == "flail_arm").to_numpy()),
    "onset_regions": ({"onset_regions": ["bulbar"]}, lambda t: (t["subjects"]["onset_site"] == "bulbar").to_numpy()),
    "without_niv": ({"without_niv": True}, lambda t: ~before(t, "niv_month")),
    "without_gastrostomy": ({"without_gastrostomy": True}, lambda t: ~before(t, "gastrostomy_month")),
    "drugs": (
        {"drugs": {"riluzole": "naive_or_stable"}, "stable_months": 2},
        lambda t: (first_dose(t) > 0) | (first_dose(t) <= -60),
    ),
}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == {rule.name for rule in (*RANGES, *RULES)}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    """Everyone who enters meets the rule; without it some would not; the flow adds up and agrees with the tables."""
    criteria, holds = CASES[name]
    tables = tables_of(population(40, criteria=criteria))
    assert holds(tables).all()
    assert not holds(everyone()).all()
    flow = {(step, rule): people for step, rule, people in tables["flow"].iter_rows()}
    assert flow["excluded", name] > 0
    assert flow["candidates", ""] == flow["unavailable", ""] + flow["screened", ""]
    assert flow["screened", ""] == flow["excluded", name] + flow["enrolled", ""]
    assert flow["enrolled", ""] == 40 == tables["subjects"].height


def test_flow_counts_those_who_fail() -> None:
    """Among the people screened up to the last one enrolled, as many fail as a run without the rule shows."""
    tables = tables_of(population(40, criteria={"alsfrs_r_min": 40}))
    last = tables["subjects"]["subject"].max()
    free = everyone()
    failed = free["visits"].filter(
        (pl.col("visit") == "baseline") & (pl.col("alsfrs_r_total") < 40) & (pl.col("subject") <= last)
    )
    assert free["subjects"]["subject"].max() >= last
    assert tables["flow"].filter(pl.col("step") == "excluded")["people"].item() == failed.height


def test_rules_at_screening_are_judged_there() -> None:
    tables = tables_of(population(60, screening={"alsfrs_r_min": 40}))
    screened = baseline(tables, "screening")["alsfrs_r_total"]
    assert (screened >= 40).all()
    assert (baseline(tables)["alsfrs_r_total"] < 40).any()
    assert tables["flow"]["rule"].to_list()[3] == "screening: alsfrs_r"


def test_several_visits_of_a_run_in() -> None:
    chosen = population(20, run_in_visits=3)
    visits = tables_of(chosen)["visits"].filter(pl.col("day") < 0)
    assert sorted(set(visits["day"])) == [-91, -61, -30]


def test_drug_groups_do_not_overlap() -> None:
    """Each person takes riluzole in one way at most: 40 % since eight months, 30 % since one."""
    doses = everyone()["doses"].filter(pl.col("treatment") == "riluzole")
    assert doses["subject"].is_unique().all()
    long, short = ((doses["day"] < -200).sum() / 300, (doses["day"] > -40).sum() / 300)
    assert long == pytest.approx(0.4, abs=4 * (0.4 * 0.6 / 300) ** 0.5)
    assert short == pytest.approx(0.3, abs=4 * (0.3 * 0.7 / 300) ** 0.5)


@pytest.mark.parametrize(
    ("recruit", "path"),
    [
        ({"criteria": {"svc_min": 101, "svc_max": 100}}, "recruit.criteria.svc_max"),
        ({"criteria": {"items": {"q3_swalowing": 3}}}, "recruit.criteria.items.q3_swalowing"),
        ({"criteria": {"el_escorial": ["certain"]}}, "recruit.criteria.el_escorial[0]"),
        ({"criteria": {"drugs": {"riluzol": "naive"}}}, "recruit.criteria.drugs.riluzol"),
        ({"criteria": {"genotypes_excluded": ["sod2"]}}, "recruit.criteria.genotypes_excluded.sod2"),
        ({"screening": {"run_in_loss_min": 1}}, "recruit.screening.run_in_loss_min"),
        ({"run_in_months": 0, "screening": {"age_min": 18}}, "recruit.run_in_months"),
        ({"criteria": {"tricals_min": float("nan")}}, "recruit.criteria.tricals_min"),
    ],
)
def test_wrong_rules_are_refused_by_their_path(recruit: dict[str, Any], path: str) -> None:
    with pytest.raises(SpecError) as caught:
        population(10, **recruit)
    assert path in [where for where, _, _ in caught.value.faults]


def test_categories_are_those_of_the_rule() -> None:
    assert set(CATEGORIES) == set(next(rule.allowed for rule in RULES if rule.name == "el_escorial"))
    assert Criteria().el_escorial == ()
