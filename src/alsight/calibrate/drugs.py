"""Drug checks: one effect of each drug, looked at under every trial's own entry rules.

Control and treated people are the same people with the same draws, so that a difference is the drug's and the
selection's, not chance. Hazard ratios compare the two as if they were arms.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Bool, Float64

from alsight.base.units import DAYS_PER_MONTH
from alsight.calibrate.ensemble import Ensemble
from alsight.calibrate.populations import TRIAL, admitted, group_of
from alsight.calibrate.summaries import NFL
from alsight.infer.survival.compare import log_rank
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.knowledge.trials import (
    BENSIMON,
    LACOMBLEZ,
    POOLED,
    VALOR_FAST,
    VALOR_FUNCTION,
    VALOR_NEUROFILAMENT,
    VALOR_YEAR,
    Interval,
    SurvivalTrial,
    interval_of_p,
    ratio_of_shares,
)
from alsight.mechanism import layout as at
from alsight.mechanism.classes import GENES
from alsight.population.blocks import chosen
from alsight.population.frames import Group
from alsight.population.recruit import entry_month
from alsight.population.spec import Care, FollowUp, Given, People, Population, Recruit, Schedule

SEED: Final = 11
FOUR_WEEKS: Final = round(28.0 / DAYS_PER_MONTH, 6)
"""Months between a trial's visits."""
RUN_IN: Final = 3 * FOUR_WEEKS
BLOCKS: Final = 6
"""Candidates of each check, in blocks of 1024; half as many more for the narrow trial, half for one gene."""
QUICK_BLOCKS: Final = 2
SAMPLES: Final = 8
"""Samples of the quick size whose spread says what chance does to a recomputation."""
SOD1: Final = {gene.name: gene.share for gene in GENES if gene.genotype == "sod1"}
WHOLE_LIFE: Final = 120.0
EDARAVONE_STRENGTHS: Final = (0.0, 0.4, 0.8, 1.0)
"""Strengths of one and the same effect, none among them; 0.8 is the catalog's."""
CATALOG_EDARAVONE: Final = 0.8
SELECTED_ARMS: Final = (69, 68)
"""People randomized in the selected trial. Source: abe2017"""
UNSELECTED_ARMS: Final = (102, 104)
"""People randomized in the unselected trial. Source: abe2014"""

Vector = Float64[np.ndarray, " subject"]


@dataclass(frozen=True)
class Row:
    """One comparison: what was published and what one set of the ensemble gives."""

    drug: str
    population: str
    quantity: str
    published: str
    simulated: float
    note: str = ""


def given_to(population: Population, supplied: Given) -> Population:
    """The population with a therapy that everyone gets."""
    return msgspec.structs.replace(population, background=(supplied,))


def pair(population: Population, supplied: Given, blocks: int) -> tuple[Group, Group]:
    """The same people without and with a therapy from entry on."""
    return group_of(population, blocks), group_of(given_to(population, supplied), blocks)


def both(control: Group, treated: Group, rules: str) -> tuple[Group, Group]:
    """Those who meet the entry rules, in both; entry is seen before the therapy acts."""
    chosen_control = admitted(control, rules)
    who = np.isin(treated.subjects, chosen_control.subjects)
    return chosen_control, chosen(treated, who)


def death_month(group: Group) -> Vector:
    """Months from entry to death or tracheostomy; infinite where neither happened."""
    events = group.observed.events[:, [at.V["death"], at.V["tracheostomy"]]]
    return np.where(events >= 0.0, events, np.inf).min(axis=1) - entry_month(group.traits)


def hazard_ratio(control: Group, treated: Group, months: float) -> float:
    """Ratio of observed to expected deaths between treated and control within so many months."""
    time = np.concatenate([death_month(control), death_month(treated)])
    arm = np.repeat([0, 1], [control.subjects.size, treated.subjects.size])
    found = log_rank(np.minimum(time, months), time <= months, arm)
    ratio = found.observed[0] / found.expected[0]
    return float(ratio[1] / ratio[0])


def riluzole(population: Population, blocks: int) -> list[Row]:
    """Hazard ratios under each trial's own entry rules at its horizons, those excluded, and over whole lives."""
    schedule = Schedule(rating=12, capacity=12, weight=0)
    follow = FollowUp(months=WHOLE_LIFE, dropout_per_month=0.0, schedule=schedule)
    long = msgspec.structs.replace(population, follow_up=follow, care=Care(niv=0.0))
    control, treated = pair(long, Given(therapy="riluzole"), blocks)
    rows: list[Row] = []
    for trial, rules in ((BENSIMON, "bensimon"), (LACOMBLEZ, "lacomblez")):
        arms = both(control, treated, rules)
        rows += survival_rows(trial, arms)
    late = both(control, treated, "elderly")
    name = "Bensimon 2002: over 75, FVC under 60 % or onset over 5 years ago"
    return [
        *rows,
        Row(
            "riluzole",
            name,
            "hazard ratio at 18 months",
            "no difference, p = 0.93, 168 people [@bensimon2002]",
            hazard_ratio(*late, 18.0),
            "too small to show one, as its authors say",
        ),
    ]


def alive_rows(trial: SurvivalTrial, arms: tuple[Group, Group]) -> list[Row]:
    """Shares of the control arm alive at the times that a trial's paper gives."""
    where, cite = f"{trial.name}: {trial.rules}", f"[@{trial.source}]"
    rows: list[Row] = []
    for shares in trial.shares:
        (lived, n), (_, months) = shares.control, (0, shares.months)
        ours = 100.0 * float(np.mean(death_month(arms[0]) > months))
        rows.append(
            Row(
                "riluzole",
                where,
                f"alive at {months:.0f} months, control [%]",
                f"{100.0 * lived / n:.0f} {cite}",
                ours,
                "people of the 1990s; here no one is ventilated, and they still die later",
            )
        )
    return rows


def survival_rows(trial: SurvivalTrial, arms: tuple[Group, Group]) -> list[Row]:
    """One trial: every ratio that its paper gives beside ours at the same time, shares alive, and all time apart."""
    where, cite = f"{trial.name}: {trial.rules}", f"[@{trial.source}]"
    rows = [
        Row(
            "riluzole",
            where,
            f"hazard ratio at {shares.months:.0f} months",
            f"{ratio_of_shares(shares).text()}, from shares alive {cite}",
            hazard_ratio(*arms, shares.months),
            within(ratio_of_shares(shares), hazard_ratio(*arms, shares.months)),
        )
        for shares in trial.shares
    ]
    eighteen = hazard_ratio(*arms, 18.0)
    rows += [
        Row(
            "riluzole",
            where,
            f"hazard ratio at 18 months, {what}",
            f"{interval_of_p(ratio, p).text()} {cite}",
            eighteen,
            within(interval_of_p(ratio, p), eighteen),
        )
        for what, ratio, p in trial.ratio
    ]
    rows.append(
        Row(
            "riluzole",
            where,
            "hazard ratio at 18 months, two trials pooled",
            f"{POOLED.text()} [@miller2012]",
            eighteen,
            within(POOLED, eighteen),
        )
    )
    rows += alive_rows(trial, arms)
    whole = hazard_ratio(*arms, WHOLE_LIFE)
    rows.append(Row("riluzole", where, "hazard ratio, all time", "none", whole, "no trial followed so long"))
    return rows


def within(interval: Interval, value: float) -> str:
    """Whether a value lies inside a published interval, in words."""
    return "inside" if interval.holds(value) else "outside"


def change(group: Group, weeks: int) -> Vector:
    """Change of the total from entry to a visit so many weeks later; nan where it was missed or never came."""
    base = int(np.flatnonzero(group.plan.planned == 0.0)[0])
    place = int(np.argmin(np.abs(group.plan.planned - weeks / 4 * FOUR_WEEKS)))
    totals = group.observed.visits[:, :, :12].sum(axis=2)
    return totals[:, place] - totals[:, base]


def trial_of(population: Population, months: float = 13.0, **changes: object) -> Population:
    """The population seen every four weeks after a run-in of twelve."""
    follow = FollowUp(
        months=months,
        dropout_per_month=0.01,
        missed=0.02,
        schedule=Schedule(rating=FOUR_WEEKS, capacity=FOUR_WEEKS, neurofilament=FOUR_WEEKS, weight=0),
    )
    recruit = Recruit(kind="trial", lag_months=3.0, lag_spread_months=3.4, run_in_months=RUN_IN)
    return msgspec.structs.replace(population, follow_up=follow, recruit=recruit, **changes)


def edaravone(population: Population, blocks: int) -> list[Row]:
    """One effect at several strengths, in the selected and in the unselected trial."""
    rows: list[Row] = []
    seen = trial_of(population, 6.0)
    selected = "MCI186-19: items >= 2, FVC >= 80 %, onset <= 24 months, run-in loss 1-4"
    unselected = "MCI186-16: FVC >= 70 %, onset <= 36 months, any run-in loss"
    control = group_of(seen, blocks)
    for strength in EDARAVONE_STRENGTHS:
        supplied = Given(therapy="edaravone", strength=strength / CATALOG_EDARAVONE)
        treated = group_of(given_to(seen, supplied), blocks) if strength > 0.0 else control
        for rules, trial, reported, arms, seen_difference in (
            ("mci186_19", selected, "-7.50 v -5.01: 2.49 (0.99 to 3.98) [@abe2017]", SELECTED_ARMS, 2.49),
            ("mci186_16", unselected, "-6.35 v -5.70: 0.65, standard error 0.78 [@abe2014]", UNSELECTED_ARMS, 0.65),
        ):
            without, with_it = (change(group, 24) for group in both(control, treated, rules))
            label = f"{trial}; strength {strength:g}"
            gain = float(np.nanmean(with_it) - np.nanmean(without))
            error = float(np.nanstd(without)) * float(np.sqrt(sum(1.0 / arm for arm in arms)))
            rows += [
                Row("edaravone", label, "change in 24 weeks, control", reported, float(np.nanmean(without))),
                Row("edaravone", label, "difference in 24 weeks [points]", reported, gain),
                Row("edaravone", label, "share of the loss prevented", reported, -gain / float(np.nanmean(without))),
                Row(
                    "edaravone",
                    label,
                    f"chance of {seen_difference} points or more",
                    "seen",
                    1.0 - NormalDist(gain, error).cdf(seen_difference),
                    f"{arms[0]} v {arms[1]} people",
                ),
            ]
    return rows


def faster(group: Group) -> Bool[np.ndarray, " subject"]:
    """Faster progression at entry: the fast mutation, or 0.7 points a month and more lost since onset (assumed)."""
    fast = [gene.name for gene in GENES].index("sod1_fast")
    base = int(np.flatnonzero(group.plan.planned == 0.0)[0])
    rate = (ALSFRS_R_BEST - group.observed.visits[:, base, :12].sum(axis=1)) / entry_month(group.traits)
    return (group.traits[:, at.T["genotype"]] == fast) | (rate >= 0.7)


def level_ratio(group: Group, weeks: int) -> float:
    """Geometric mean of neurofilament so many weeks after entry over that at entry."""
    base = int(np.flatnonzero(group.plan.planned == 0.0)[0])
    place = int(np.argmin(np.abs(group.plan.planned - weeks / 4 * FOUR_WEEKS)))
    return float(np.exp(np.nanmean(np.log(group.observed.visits[:, place, NFL] / group.observed.visits[:, base, NFL]))))


def mixed(fast: float, slow: float) -> float:
    """A mean over both groups of the trial in its own proportion."""
    return VALOR_FAST * fast + (1.0 - VALOR_FAST) * slow


def tofersen(population: Population, blocks: int) -> list[Row]:
    """Neurofilament first, function later: 28 weeks against placebo, 52 weeks early against delayed start."""
    people = msgspec.structs.replace(population.people, genotypes=SOD1)
    seen = trial_of(population, 13.0, people=people)
    control, treated = pair(seen, Given(therapy="tofersen"), blocks)
    delayed = group_of(given_to(seen, Given(therapy="tofersen", start_month=7 * FOUR_WEEKS)), blocks)
    everyone = [admitted(group, "valor") for group in (control, treated, delayed)]
    quick = [chosen(group, faster(group)) for group in everyone]
    rest = [chosen(group, ~faster(group)) for group in everyone]
    no, yes = (float(np.nanmean(change(group, 28))) for group in quick[:2])
    year = [mixed(*(float(np.nanmean(change(two, 52))) for two in pairs)) for pairs in zip(quick, rest, strict=True)]
    level = [
        float(np.exp(mixed(*(np.log(level_ratio(two, 28)) for two in pairs))))
        for pairs in zip(quick, rest, strict=True)
    ]
    return tofersen_rows((no, yes), level_ratio(quick[1], 28), level, year)


def tofersen_rows(weeks_28: tuple[float, float], level_fast: float, level: list[float], year: list[float]) -> list[Row]:
    """What the tofersen trial published beside what was simulated: changes [points] and ratios of neurofilament."""
    no, yes = weeks_28
    fast, whole = "SOD1, SVC >= 65 %, faster progression", "SOD1, SVC >= 65 %, 60 of 108 faster"
    cite = "[@miller2022]"
    return [
        Row("tofersen", fast, "change in 28 weeks, placebo", f"-8.14 {cite}", no),
        Row("tofersen", fast, "change in 28 weeks, tofersen", f"-6.98 {cite}", yes),
        Row(
            "tofersen",
            fast,
            "difference in 28 weeks [points]",
            f"{VALOR_FUNCTION.text()} {cite}",
            yes - no,
            within(VALOR_FUNCTION, yes - no),
        ),
        Row(
            "tofersen",
            fast,
            "neurofilament at 28 weeks over entry, tofersen",
            "none readable",
            level_fast,
        ),
        Row(
            "tofersen",
            whole,
            "neurofilament at 28 weeks over entry, tofersen",
            f"{VALOR_NEUROFILAMENT[0]} {cite}",
            level[1],
        ),
        Row(
            "tofersen",
            whole,
            "neurofilament at 28 weeks over entry, placebo",
            f"{VALOR_NEUROFILAMENT[1]} {cite}",
            level[0],
            "published levels rose; here they follow the neurons still being lost",
        ),
        Row(
            "tofersen",
            whole,
            "early over delayed start, 52 weeks [points]",
            f"{VALOR_YEAR.text()} {cite}",
            year[1] - year[2],
            f"{within(VALOR_YEAR, year[1] - year[2])}; delayed start at 28 weeks",
        ),
        Row("tofersen", whole, "change in 52 weeks, early start", f"-6.0 {cite}", year[1]),
        Row("tofersen", whole, "change in 52 weeks, delayed start", f"-9.5 {cite}", year[2]),
    ]


def checks(parameters: dict[str, float], blocks: int = BLOCKS, seed: int = SEED) -> list[Row]:
    """Every drug check of one parameter set."""
    population = msgspec.structs.replace(TRIAL, seed=seed, people=People(parameters=dict(parameters)))
    return [
        *riluzole(population, blocks),
        *edaravone(population, blocks + blocks // 2),
        *tofersen(population, max(blocks // 2, 1)),
    ]


def drug_table(shipped: Ensemble, blocks: int = BLOCKS, samples: int = SAMPLES) -> pl.DataFrame:
    """Every drug check: mean and range over the sets, and what a test needs to recompute it from a small sample."""
    sets = [checks(member.parameters, blocks) for member in shipped.members]
    small = [quick(shipped, seed) for seed in range(SEED + 1, SEED + 1 + samples)]
    values = np.array([[row.simulated for row in rows] for rows in sets])
    spread = np.array([[row.simulated for row in rows] for rows in small]).std(axis=0, ddof=1)
    texts = {name: [getattr(row, name) for row in sets[0]] for name in ("drug", "population", "quantity", "published")}
    numbers = {"simulated": values.mean(axis=0), "least": values.min(axis=0), "most": values.max(axis=0)}
    held = {"best_set": values[0], "quick_sd": spread}
    return pl.DataFrame({**texts, **numbers, **held, "note": [row.note for row in sets[0]]})


def quick(shipped: Ensemble, seed: int) -> list[Row]:
    """Every drug check of the best set in a small sample of its own people; what the tests recompute."""
    return checks(shipped.members[0].parameters, QUICK_BLOCKS, seed)
