"""Entry rules assessed: what the screening and entry visits show, and which rule each person fails first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from alsight.base.errors import SpecError
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.encals import TRICALS, Predictors, linear_predictor
from alsight.instruments.items import TWELVE
from alsight.mechanism import layout as at
from alsight.mechanism.anatomy import BULBAR, POOLS, WEAK
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.measure.visits import COLUMNS, FED, MEASURES
from alsight.mechanism.therapy.act import Therapy, gated
from alsight.population.criteria import RANGES, Criteria, asked, bounds_of
from alsight.population.kernel import Observations, Plan

FVC, SVC, NEUROFILAMENT, WEIGHT = (
    MEASURES + next(index for index, row in enumerate(COLUMNS) if row[0] == name)
    for name in ("fvc_pct", "svc_pct", "nfl_pg_ml", "weight_kg")
)
BODY_REGIONS: Final[dict[str, tuple[int, ...]]] = {
    "bulbar": (BULBAR,),
    "cervical": (1, 2, 6),
    "thoracic": (3,),
    "lumbosacral": (4, 5),
}
"""Pools of each body region of the El Escorial criteria, from the head down; the phrenic neurons lie in the neck."""
SIGN: Final = 0.10
"""Share of a pool's neurons lost (or, of lower ones, sick) from which on upper signs are seen and electromyography is
abnormal; assumed. A lower sign without electromyography is weakness as the mechanism marks it."""
CATEGORIES: Final = ("definite", "probable", "probable_laboratory_supported", "possible", "suspected")


@dataclass(frozen=True)
class Seen:
    """What one visit shows of some people.

    Attributes:
        row: the visit's items and values.
        state: the true month of that visit; empty where it was not kept.
        month: time of the visit [months from entry].
        lost: points lost since screening.
        events: milestones.
        traits: traits.
        therapies: therapies given, with `assigned` saying to whom.
        assigned: 1 where a person gets a therapy.
    """

    row: Float64[np.ndarray, "subject column"]
    state: Float64[np.ndarray, "subject quantity"]
    month: float
    lost: Float64[np.ndarray, " subject"]
    events: Float64[np.ndarray, "subject event"]
    traits: Float64[np.ndarray, "subject trait"]
    therapies: tuple[Therapy, ...] = ()
    assigned: Float64[np.ndarray, "subject therapy"] | None = None

    @property
    def months_since_onset(self) -> Float64[np.ndarray, " subject"]:
        """Time of the visit [months since onset]."""
        return entry_month(self.traits) + self.month

    @property
    def total(self) -> Float64[np.ndarray, " subject"]:
        """ALSFRS-R total at the visit."""
        return self.row[:, :12].sum(axis=1)

    @property
    def delta_fs(self) -> Float64[np.ndarray, " subject"]:
        """Mean loss since onset [points a month]."""
        return (ALSFRS_R_BEST - self.total) / np.maximum(self.months_since_onset, 1.0)


def entry_month(traits: Float64[np.ndarray, "subject trait"]) -> Float64[np.ndarray, " subject"]:
    """Entry of each person [months since onset]."""
    return traits[:, at.T["delay_months"]] + traits[:, at.T["lag_months"]]


def seen_at(
    observed: Observations,
    traits: Float64[np.ndarray, "subject trait"],
    plan: Plan,
    *,
    screening: bool = False,
    therapies: tuple[Therapy, ...] = (),
    assigned: Float64[np.ndarray, "subject therapy"] | None = None,
) -> Seen:
    """What the entry visit shows, or the screening visit, the first of all."""
    base = int(np.flatnonzero(plan.planned == 0.0)[0])
    visit = 0 if screening else base
    row, first = observed.visits[:, visit], observed.visits[:, 0]
    state = observed.states[:, visit] if observed.states.shape[1] > visit else np.zeros((row.shape[0], 0))
    lost = first[:, :12].sum(axis=1) - row[:, :12].sum(axis=1)
    return Seen(row, state, float(plan.planned[visit]), lost, observed.events, traits, therapies, assigned)


def signs(state: Float64[np.ndarray, "subject quantity"]) -> dict[str, Bool[np.ndarray, "subject region"]]:
    """Signs in the four body regions: weakness (`lower`), electromyography (`laboratory`) and upper signs (`upper`)."""
    if state.shape[1] == 0:
        raise SpecError([("criteria", "rules on scores and values, as true states were not kept", "regions of signs")])

    def any_pool(sign: Bool[np.ndarray, "subject pool"]) -> Bool[np.ndarray, "subject region"]:
        return np.stack([sign[:, list(pools)].any(axis=1) for pools in BODY_REGIONS.values()], axis=1)

    healthy = state[:, at.UNITS : at.UNITS + 7] - state[:, at.SICK : at.SICK + 7]
    weak = state[:, at.STRENGTH : at.STRENGTH + 7] < WEAK
    denervated = healthy < 1.0 - SIGN
    return {
        "lower": any_pool(weak & denervated),
        "laboratory": any_pool(denervated),
        "upper": any_pool(state[:, at.UMN_UNITS : at.UMN_UNITS + 7] < 1.0 - SIGN),
        "weak": any_pool(weak),
    }


def el_escorial(state: Float64[np.ndarray, "subject quantity"]) -> Int64[np.ndarray, " subject"]:
    """Category of the revised El Escorial criteria, a place in CATEGORIES.

    Definite: upper and lower signs in three regions. Probable: in two, with upper signs above lower ones. Probable,
    laboratory-supported: upper and lower signs in one region, or upper signs alone in one, and an abnormal
    electromyography in two. Possible: upper and lower signs in one region, or upper signs in two, or lower signs above
    upper ones. Suspected: anything less.

    Source: brooks2000
    """
    found = signs(state)
    lower, upper, laboratory = found["lower"], found["upper"], found["laboratory"]
    both = (lower & upper).sum(axis=1)
    above = np.logical_or.accumulate(upper, axis=1)[:, :-1] & lower[:, 1:]
    below = np.logical_or.accumulate(lower, axis=1)[:, :-1] & upper[:, 1:]
    rules = [
        both >= 3,
        (both >= 2) & above.any(axis=1),
        (upper.sum(axis=1) >= 1) & (laboratory.sum(axis=1) >= 2),
        (both >= 1) | (upper.sum(axis=1) >= 2) | below.any(axis=1),
    ]
    return np.select(rules, np.arange(4), 4)


def tricals(seen: Seen) -> Float64[np.ndarray, " subject"]:
    """TRICALS risk profile at a visit; frontotemporal dementia, which is not simulated, counts as absent."""
    traits = seen.traits
    none = np.zeros(traits.shape[0])
    predictors = Predictors(
        progression_rate=seen.delta_fs,
        delay_months=traits[:, at.T["delay_months"]],
        age_at_onset_years=traits[:, at.T["age_at_onset"]],
        fvc_pct=seen.row[:, SVC],
        bulbar_onset=(traits[:, at.T["onset_pool"]] == BULBAR).astype(np.float64),
        definite_el_escorial=(el_escorial(seen.state) == 0).astype(np.float64),
        frontotemporal_dementia=none,
        c9orf72=none,
    )
    return linear_predictor(predictors, TRICALS)


QUANTITIES: Final[dict[str, Callable[[Seen], Float64[np.ndarray, " subject"]]]] = {
    "age": lambda seen: seen.traits[:, at.T["age_at_onset"]] + seen.months_since_onset / 12.0,
    "months_since_onset": lambda seen: seen.months_since_onset,
    "months_since_diagnosis": lambda seen: seen.traits[:, at.T["lag_months"]] + seen.month,
    "alsfrs_r": lambda seen: seen.total,
    "svc": lambda seen: seen.row[:, SVC],
    "fvc": lambda seen: seen.row[:, FVC],
    "delta_fs": lambda seen: seen.delta_fs,
    "run_in_loss": lambda seen: seen.lost,
    "weight_kg": lambda seen: seen.row[:, WEIGHT],
    "bmi": lambda seen: seen.row[:, WEIGHT] / (seen.traits[:, at.T["height_cm"]] / 100.0) ** 2,
    "nfl_pg_ml": lambda seen: seen.row[:, NEUROFILAMENT],
    "regions": lambda seen: signs(seen.state)["weak"].sum(axis=1).astype(np.float64),
    "tricals": tricals,
}
"""Each quantity of RANGES at a visit; nan where it was not measured."""


def verdicts(seen: Seen, criteria: Criteria) -> dict[str, Bool[np.ndarray, " subject"]]:
    """Whether each person meets each rule that asks something; what was not measured cannot be met."""
    names = asked(criteria)
    met: dict[str, Bool[np.ndarray, " subject"]] = {}
    for rule in RANGES:
        if rule.name in names:
            low, high = bounds_of(criteria, rule)
            values = QUANTITIES[rule.name](seen)
            met[rule.name] = (values >= (-np.inf if low is None else low)) & (
                values <= (np.inf if high is None else high)
            )
    for name, judge in _NAMED.items():
        if name in names:
            met[name] = judge(seen, criteria)
    return met


def _items(seen: Seen, criteria: Criteria) -> Bool[np.ndarray, " subject"]:
    floors = np.array([criteria.items.get(name, 0.0) for name in TWELVE])
    return np.logical_and.reduce(seen.row[:, :12] >= floors, axis=1)


def _is_genotype(seen: Seen, names: tuple[str, ...]) -> Bool[np.ndarray, " subject"]:
    rows = np.array([{gene.name, gene.genotype} & set(names) != set() for gene in GENES])
    return rows[seen.traits[:, at.T["genotype"]].astype(int)]


def _is_phenotype(seen: Seen, criteria: Criteria) -> Bool[np.ndarray, " subject"]:
    rows = np.array([row.name in criteria.phenotypes for row in PHENOTYPES])
    return rows[seen.traits[:, at.T["phenotype"]].astype(int)]


def _began(seen: Seen, criteria: Criteria) -> Bool[np.ndarray, " subject"]:
    pools = [index for index, name in enumerate(POOLS) if name in criteria.onset_regions]
    return np.isin(seen.traits[:, at.T["onset_pool"]].astype(int), pools)


def _not_ventilated(seen: Seen, criteria: Criteria) -> Bool[np.ndarray, " subject"]:
    del criteria
    since = seen.events[:, at.V["niv"]]
    return (since < 0.0) | (since > seen.months_since_onset)


def _not_fed(seen: Seen, criteria: Criteria) -> Bool[np.ndarray, " subject"]:
    del criteria
    return ~(seen.row[:, FED] > 0.0)


def drug_starts(seen: Seen, name: str) -> Float64[np.ndarray, " subject"]:
    """First month in which each person takes a therapy [months from entry]; infinite for people who never do."""
    start = np.full(seen.traits.shape[0], np.inf)
    origins = {"entry": 0.0, "onset": -entry_month(seen.traits), "diagnosis": -seen.traits[:, at.T["lag_months"]]}
    for place, therapy in enumerate(seen.therapies):
        if therapy.name == name and seen.assigned is not None:
            takes = (seen.assigned[:, place] > 0.0) & (gated(therapy, seen.traits) > 0.0)
            start = np.where(takes, np.minimum(start, origins[therapy.origin] + therapy.start_month), start)
    return start


def _drugs(seen: Seen, criteria: Criteria) -> Bool[np.ndarray, " subject"]:
    met = np.ones(seen.traits.shape[0], bool)
    for name, use in criteria.drugs.items():
        start = drug_starts(seen, name)
        naive, stable = start > seen.month, start <= seen.month - criteria.stable_months
        met &= {"naive": naive, "stable": stable, "naive_or_stable": naive | stable}[use]
    return met


_NAMED: Final[dict[str, Callable[[Seen, Criteria], Bool[np.ndarray, " subject"]]]] = {
    "item_min": lambda seen, criteria: seen.row[:, :12].min(axis=1) >= (criteria.item_min or 0.0),
    "items": _items,
    "el_escorial": lambda seen, criteria: np.isin(
        el_escorial(seen.state), [CATEGORIES.index(name) for name in criteria.el_escorial]
    ),
    "sex": lambda seen, criteria: (seen.traits[:, at.T["male"]] > 0.0) == (criteria.sex == "male"),
    "genotypes": lambda seen, criteria: _is_genotype(seen, criteria.genotypes),
    "genotypes_excluded": lambda seen, criteria: ~_is_genotype(seen, criteria.genotypes_excluded),
    "phenotypes": _is_phenotype,
    "onset_regions": _began,
    "without_niv": _not_ventilated,
    "without_gastrostomy": _not_fed,
    "drugs": _drugs,
}
"""Each rule of RULES at a visit."""

UNAVAILABLE: Final = "unavailable"
"""Reason of candidates who are dead, have a tracheostomy or a revised diagnosis, or withdrew, before entry."""
ENROLLED: Final = "enrolled"
SCREENING: Final = "screening: "


def reasons_of(screening: Criteria, criteria: Criteria) -> tuple[str, ...]:
    """Every reason that a candidate may have, in the order in which they are assessed; the last one is to enter."""
    return (UNAVAILABLE, *(SCREENING + name for name in asked(screening)), *asked(criteria), ENROLLED)


def first_reason(
    available: Bool[np.ndarray, " subject"], entry: Seen, first: Seen, screening: Criteria, criteria: Criteria
) -> Int64[np.ndarray, " subject"]:
    """The first reason that holds of each candidate, a place in `reasons_of`."""
    tables = [~available]
    tables += [~met for met in verdicts(first, screening).values()]
    tables += [~met for met in verdicts(entry, criteria).values()]
    return np.argmax(np.stack([*tables, np.ones_like(available)], axis=1), axis=1)
