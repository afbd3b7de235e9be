"""The published statistics, computed from virtual populations of the matching kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Bool, Float64

from alsight.base.units import months_of
from alsight.calibrate.lines import Lines, lines
from alsight.calibrate.populations import TRIAL, Views, admitted, affected_regions, group_of, rated, with_parameters
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.rates import episode_rates
from alsight.infer.survival.cox import fit_cox
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.encals import Predictors, linear_predictor
from alsight.instruments.kings import kings_stage
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import BULBAR
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.latent import Latent
from alsight.mechanism.measure.visits import COLUMNS, DAY, FED, MEASURES
from alsight.population.blocks import chosen
from alsight.population.frames import Group, predicted_liters
from alsight.population.recruit import entry_month
from alsight.population.spec import Schedule
from alsight.summary.survival import kaplan_meier, quantile, survival_at

Summary = dict[str, float]
Vector = Float64[np.ndarray, " subject"]
Table = Float64[np.ndarray, "subject visit"]

_COLUMN: Final = {name: MEASURES + place for place, (name, *_) in enumerate(COLUMNS)}
FVC, SVC, NFL = _COLUMN["fvc_pct"], _COLUMN["svc_pct"], _COLUMN["nfl_pg_ml"]
NEAR: Final = 0.5
"""How near to a stated ENCALS score a person's own may lie."""
BANDS: Final = ((90.0, 1e9), (65.0, 75.0))
"""Vital capacity at diagnosis [%] of the people whose survival is compared."""
PUBLISHED_KINDS: Final = ("bedlack2016", "vasta2020")
"""Sources whose definitions are counted."""


def total(group: Group, last: float = np.inf) -> tuple[Table, Table]:
    """Time from entry [months] and total of every visit from entry to a month; nan where missed."""
    planned = (group.plan.planned >= 0.0) & (group.plan.planned <= last)
    visits = group.observed.visits[:, planned]
    return months_of(visits[:, :, DAY]), visits[:, :, :12].sum(axis=2)


def measured(group: Group, column: int, last: float = np.inf) -> tuple[Table, Table]:
    """Time from entry [months] and value of one measure at every visit from entry to a month."""
    planned = (group.plan.planned >= 0.0) & (group.plan.planned <= last)
    visits = group.observed.visits[:, planned]
    return months_of(visits[:, :, DAY]), visits[:, :, column]


def in_liters(group: Group) -> tuple[Table, Table]:
    """Time from entry [months] and forced vital capacity [l] of a year, by the GLI global equation at entry."""
    time, pct = measured(group, FVC, 12.0)
    return time, pct / 100.0 * predicted_liters(group.traits, entry_month(group.traits))[:, None]


def at_month(group: Group, month: float) -> Vector:
    """Total at one planned visit; nan where missed."""
    place = int(np.flatnonzero(group.plan.planned == month)[0])
    return group.observed.visits[:, place, :12].sum(axis=1)


def end_of(group: Group) -> tuple[Vector, Bool[np.ndarray, " subject"]]:
    """Months from entry to death, tracheostomy or permanent ventilation, or to the end of watching; and which."""
    events = group.observed.events[:, [at.V[name] for name in ("death", "tracheostomy", "permanent")]]
    month = np.where(events >= 0.0, events, np.inf).min(axis=1) - entry_month(group.traits)
    follow = group.population.follow_up
    watched = np.full(month.size, follow.months) if follow.vital_status else group.end()
    return np.minimum(month, watched), month <= watched


def median_months(time: Vector, event: Bool[np.ndarray, " subject"]) -> float:
    """Kaplan-Meier median; nan for no one."""
    return quantile(kaplan_meier(time, event))[0] if time.size else float("nan")


def register(group: Group) -> Summary:
    """Statistics of a register: everyone from diagnosis."""
    found = {"mimic_share": revised_share(group)}
    group = chosen(group, group.traits[:, at.T["mimic"]] == 0)
    of_two_years = lines(*total(group, 24.0))
    low, high = np.quantile(-of_two_years.shrunken(), (0.025, 0.975))
    delay = np.log(group.traits[:, at.T["delay_months"]])
    loss = [float(np.nanmean(at_month(group, m) - at_month(group, m + 6.0))) for m in (0.0, 18.0)]
    found |= {
        "register_slope": -of_two_years.mean,
        "register_slope_p2_5": low,
        "register_slope_p97_5": high,
        "fvc_residual_sd": lines(*in_liters(group)).residual_sd,
        "delay_median": grouped_median(group.traits[:, at.T["delay_months"]]),
        "delay_log_sd": float(delay.std()),
        "register_slowing": loss[0] / loss[1],
    }
    return found | encals(group) | by_capacity(group) | {"hazard_per_point": hazard_per_point(group)}


def grouped_median(months: Vector) -> float:
    """Median of times that were rounded up to whole months, as if spread evenly within each."""
    middle = float(np.median(months))
    before, within = float(np.mean(months < middle)), float(np.mean(months == middle))
    return middle - 1.0 + (0.5 - before) / within if within > 0.0 else middle


def revised_share(group: Group) -> float:
    """Share of diagnoses revised while people were watched."""
    months = group.traits[:, at.T["revised_month"]] - entry_month(group.traits)
    return float(np.mean((group.traits[:, at.T["mimic"]] > 0) & (months <= group.end())))


def encals(group: Group) -> Summary:
    """Median survival from onset of people whose ENCALS score at diagnosis lies near the stated ones."""
    traits, entry = group.traits, entry_month(group.traits)
    c9 = np.array([gene.genotype == "c9orf72" for gene in GENES])[traits[:, at.T["genotype"]].astype(int)]
    score = linear_predictor(
        Predictors(
            progression_rate=(ALSFRS_R_BEST - at_month(group, 0.0)) / entry,
            delay_months=traits[:, at.T["delay_months"]],
            age_at_onset_years=traits[:, at.T["age_at_onset"]],
            fvc_pct=measured(group, FVC, 0.0)[1][:, 0],
            bulbar_onset=(traits[:, at.T["onset_pool"]] == BULBAR).astype(float),
            definite_el_escorial=(affected_regions(group) >= 3).astype(float),
            frontotemporal_dementia=np.zeros(entry.size),
            c9orf72=c9.astype(float),
        )
    )
    time, event = end_of(group)
    near = {value: np.abs(score + value) <= NEAR for value in (6, 4, 2)}
    return {f"encals_{value}": median_months((time + entry)[who], event[who]) for value, who in near.items()}


def by_capacity(group: Group) -> Summary:
    """Median survival from diagnosis of people with high over that of people with low vital capacity."""
    (time, event), capacity = end_of(group), measured(group, SVC, 0.0)[1][:, 0]
    best, least = (
        median_months(time[who], event[who]) for who in ((capacity >= low) & (capacity < high) for low, high in BANDS)
    )
    return {"graded_survival": best / least}


def hazard_per_point(group: Group) -> float:
    """Hazard ratio per point of the latest total, intervals between visits as a counting process."""
    time, score = total(group)
    stop, died = end_of(group)
    person, visit = np.nonzero(np.isfinite(score) & (time < stop[:, None]))
    start = time[person, visit]
    follows = np.append(person[1:] == person[:-1], [False])
    finish = np.where(follows, np.append(start[1:], [0.0]), np.minimum(stop[person], start + 6.0))
    event = ~follows & died[person] & (stop[person] <= start + 6.0)
    table = pl.DataFrame({"start": start, "stop": finish, "event": event, "score": score[person, visit]})
    fit = fit_cox(table.filter(pl.col("stop") > pl.col("start")), "~ score", time="stop", event="event", entry="start")
    return float(np.exp(fit.estimates[0]))


def trial(group: Group) -> Summary:
    """Statistics of trials: those who meet the entry rules."""
    proact, empower, centaur = (admitted(group, rules) for rules in ("proact", "empower", "centaur"))
    whole, own = lines(*total(proact)), lines(*total(proact), span=5.0)
    first, second = at_month(proact, 0.0), at_month(proact, 1.0)
    both = np.isfinite(second)
    six, twelve = at_month(proact, 6.0), at_month(proact, 12.0)
    stayed = np.isfinite(six) & np.isfinite(twelve)
    found = {
        "trial_slope": -whole.mean,
        "trial_ols_mean": -own.slope.mean(),
        "trial_ols_sd": own.slope.std(),
        "trial_ols_median": -float(np.median(own.slope)),
        "residual_sd": lines(*total(proact, 12.0)).residual_sd,
        "icc": agreement(first[both], second[both]),
        "centaur_slope": -lines(*total(centaur, 6.0)).mean,
        "svc_slope": -lines(*measured(empower, SVC, 12.0)).mean,
        "entry_score": float(at_month(empower, 0.0).mean()),
        "entry_capacity": float(np.nanmean(measured(empower, SVC, 0.0)[1])),
        "trial_quickening": float(np.mean((six - twelve)[stayed]) / np.mean((first - six)[stayed])),
    }
    return found | kings(proact) | leaving(proact) | event_free(empower) | neurofilament(proact, own)


def agreement(one: Vector, other: Vector) -> float:
    """Intraclass correlation of two ratings, their mean difference taken out."""
    return float(2.0 * np.cov(one, other)[0, 1] / (one.var(ddof=1) + other.var(ddof=1)))


def kings(group: Group) -> Summary:
    """Median share of the course at which people who die were first seen at stage 2, 3 and 4 or beyond."""
    planned = group.plan.planned >= 0.0
    visits = group.observed.visits[:, planned]
    time, entry = months_of(visits[:, :, DAY]), entry_month(group.traits)
    stage = kings_stage(visits[:, :, :12], visits[:, :, FED])
    death = group.observed.events[:, at.V["death"]]
    died = (death > 0.0) & (death - entry <= group.end())
    found: Summary = {}
    for level in (2, 3, 4):
        first = np.where(stage >= level, time, np.inf).min(axis=1)
        observed = died & np.isfinite(first)
        found[f"kings_{level}"] = (
            float(np.median(((first + entry) / death)[observed])) if observed.any() else float("nan")
        )
    return found


def leaving(group: Group) -> Summary:
    """Attrition: who is dead, ventilated for good or gone by 6, 12 and 18 months."""
    stop, event = end_of(group)
    gone = np.where(event, stop, group.withdrawal)
    return {f"attrition_{month}": float(np.mean(gone <= month)) for month in (6, 12, 18)}


def event_free(group: Group) -> Summary:
    """Kaplan-Meier share free of death, tracheostomy and permanent ventilation at 12 months."""
    return {"event_free_12": float(survival_at(kaplan_meier(*end_of(group)), np.array([12.0]))[0][0])}


def neurofilament(group: Group, own: Lines) -> Summary:
    """Spread of log neurofilament at entry and its correlation with the decline that follows."""
    level = np.log(measured(group, NFL, 0.0)[1][:, 0])
    level_r = np.corrcoef(level[own.accepted], -own.slope)[0, 1]
    return {
        "nfl_log_sd": float(level.std()),
        "nfl_slope_r": float(level_r),
        "nfl_median": float(np.exp(np.median(level))),
    }


def lives(latent: Latent) -> Summary:
    """Statistics of everyone from onset: survival, the end of life, spread and motor units."""
    death, trach = latent.event("death"), latent.event("tracheostomy")
    begun = latent.event("onset") >= 0.0
    month = np.minimum(np.where(death >= 0, death, np.inf), np.where(trach >= 0, trach, np.inf))
    time, event = np.minimum(month, latent.event("last")), np.isfinite(month)
    pool, kind = latent.trait("onset_pool"), latent.trait("phenotype")
    names = [row.name for row in PHENOTYPES]
    flail = np.isin(kind, [names.index("flail_arm"), names.index("flail_leg")])
    groups = {
        "limb": np.isin(pool, (1, 2, 4, 5)) & ~flail,
        "bulbar": pool == BULBAR,
        "flail_arm": kind == names.index("flail_arm"),
        "flail_leg": kind == names.index("flail_leg"),
    }
    found = {f"median_{name}": median_months(time[who & begun], event[who & begun]) for name, who in groups.items()}
    found["survival_5_years"] = float(survival_at(kaplan_meier(time[begun], event[begun]), np.array([60.0]))[0][0])
    return found | last_seen(latent, begun & (death > 4.0)) | spreading(latent, begun) | units(latent, begun)


def last_seen(latent: Latent, who: Bool[np.ndarray, " subject"]) -> Summary:
    """Total and capacity last seen before death."""
    score, capacity = latent.score[who], latent.capacity[who]
    rows = np.arange(score.shape[0])
    last = score.shape[1] - 1 - (score[:, ::-1] >= 0).argmax(axis=1)
    final = score[rows, last].astype(float)
    return {
        "score_at_death": final.mean(),
        "deaths_at_floor": float(np.mean(final <= 3)),
        "capacity_at_death": float(np.median(capacity[rows, last])),
    }


def spreading(latent: Latent, who: Bool[np.ndarray, " subject"]) -> Summary:
    """Mean time from the first to the second of bulbar, arm and leg regions."""
    weak = latent.events[:, at.V_REGION : at.V_REGION + 7]
    weak = np.where(weak == -1.0, np.inf, weak)
    three = np.sort(np.stack([weak[:, 0], weak[:, 1:3].min(axis=1), weak[:, 4:6].min(axis=1)], axis=1), axis=1)
    both = who & np.isfinite(three[:, 1])
    return {"second_region_mean": float((three[both, 1] - three[both, 0]).mean())}


def units(latent: Latent, who: Bool[np.ndarray, " subject"]) -> Summary:
    """Motor units lost a month in a year from half a year after diagnosis, and how far M50 comes before D50."""
    start = (2 * np.round(latent.trait("delay_months") / 2.0) + 6).astype(int)
    rows = np.flatnonzero(who & (start + 12 < latent.units.shape[1]))
    now, later = latent.units[rows, start[rows]], latent.units[rows, start[rows] + 12]
    both = np.isfinite(now) & np.isfinite(later)
    lost = (now[both].mean() - later[both].mean()) / now[both].mean() / 12.0 * 100.0
    half_score = (latent.score <= 24) & (latent.score >= 0)
    half_units = np.nan_to_num(latent.units, nan=1.0) <= 0.5
    reached = who & half_score.any(axis=1) & half_units.any(axis=1)
    lead = half_score.argmax(axis=1) - half_units.argmax(axis=1)
    return {"units_lost": float(lost), "m50_lead": float(np.median(lead[reached]))}


def plateaus(people: Views, definitions: tuple[Definition, ...] = DEFINITIONS) -> pl.DataFrame:
    """Rates of the published definitions, each in the kind of population that it was counted in."""
    cohorts = {
        "bedlack2016": rated(admitted(people.trial, "proact"), 18.0),
        "vasta2020": rated(chosen(people.register, people.register.traits[:, at.T["mimic"]] == 0)),
    }
    rows = [
        episode_rates(cohorts[source], [one for one in definitions if one.source == source])
        for source in PUBLISHED_KINDS
    ]
    return pl.concat(rows)


def sparser(overrides: Mapping[str, float], blocks: int, seed: int, interval: float) -> pl.DataFrame:
    """Rates of the definitions counted in trials, had people been seen only every so many months."""
    schedule = Schedule(rating=interval, capacity=interval, weight=0)
    population = msgspec.structs.replace(TRIAL, follow_up=msgspec.structs.replace(TRIAL.follow_up, schedule=schedule))
    group = group_of(with_parameters(population, overrides, seed), blocks)
    wordings = [one for one in DEFINITIONS if one.source == PUBLISHED_KINDS[0]]
    return episode_rates(rated(admitted(group, "proact"), 18.0), wordings)


def summaries(people: Views, definitions: tuple[Definition, ...] = DEFINITIONS) -> Summary:
    """Every statistic by name."""
    rates = plateaus(people, definitions)
    found: Mapping[str, float] = dict(zip(rates["definition"], rates["rate"], strict=True))
    return {**register(people.register), **trial(people.trial), **lives(people.lives), **found}
