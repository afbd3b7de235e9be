"""Does decline slow down or speed up? The same people under every entry rule and every way of asking.

Each estimand compares later months after entry with months 0 to 6; above one people speed up. The register, the
candidates of a trial and those whom entry rules admit are the same people with the same draws, so that only selection
and the origin of time differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float64

from alsight.calibrate.ensemble import Ensemble
from alsight.calibrate.lines import curve
from alsight.calibrate.populations import CRITERIA, REGISTER, TRIAL, admitted, group_of, with_parameters
from alsight.mechanism import layout as at
from alsight.population.blocks import chosen
from alsight.population.frames import Group
from alsight.population.recruit import eligible
from alsight.population.spec import Criteria, Population, Schedule

SEED: Final = 31
BLOCKS: Final = 12
"""Candidates of each set, in blocks of 1024."""
QUICK_BLOCKS: Final = 3
HALF: Final = 6.0
"""Length of what is compared [months]."""
MODELLED: Final = 18.0
"""Months of visits that the mixed model takes."""
EVERY: Final = 3.0
"""Months between the visits compared, in registers and trials alike."""
NO_NOISE: Final = {"day_sd": 0.0, "item_sd": 0.0, "anchoring": 0.0}
"""What makes the rating exact, so that only the course is left."""

RULES: Final[dict[str, tuple[str, Criteria | None]]] = {
    "register": ("register: everyone from diagnosis", None),
    "candidates": ("everyone alive at a trial's entry", Criteria()),
    "onset_36": ("onset <= 36 months", Criteria(months_since_onset_max=36)),
    "onset_18": ("onset <= 18 months", Criteria(months_since_onset_max=18)),
    "svc_60": ("SVC >= 60 %", Criteria(svc_min=60)),
    "svc_80": ("SVC >= 80 %", Criteria(svc_min=80)),
    "items_2": ("every item >= 2", Criteria(item_min=2)),
    "slope_half": ("lost 0.5 points a month or more since onset", Criteria(delta_fs_min=0.5)),
    "run_in": ("lost 1 to 4 points in a run-in of 12 weeks", Criteria(run_in_loss_min=1, run_in_loss_max=4)),
    "proact": ("age 18-80, onset <= 36 months, SVC >= 60 % (the pooled trials)", None),
    "empower": ("age 18-80, onset <= 24 months, SVC >= 65 %", None),
    "bensimon": ("age 20-75, onset <= 60 months, SVC >= 60 %", None),
    "mci186_16": ("age 20-75, onset <= 36 months, SVC >= 70 %", None),
    "mci186_19": ("age 20-75, onset <= 24 months, SVC >= 80 %, items >= 2, run-in loss 1-4, two regions", None),
    "centaur": ("definite ALS, onset <= 18 months, SVC >= 60 %", None),
}
"""Entry rules by name: single ones, then those of trials (`populations.CRITERIA`)."""

Table = Float64[np.ndarray, "subject visit"]


@dataclass(frozen=True)
class Ratio:
    """Decline in months 6-12 over that in months 0-6.

    Attributes:
        early, late: mean decline in each [points a month].
        value: their ratio.
        error: its Monte-Carlo standard error.
        people: people it rests on.
    """

    early: float
    late: float
    value: float
    error: float
    people: int


def _ratio(early: Float64[np.ndarray, " subject"], late: Float64[np.ndarray, " subject"]) -> Ratio:
    """Ratio of two means over the same people, with its error by the delta method."""
    mean, value = float(early.mean()), float(late.mean() / early.mean())
    error = float(np.std(late - value * early) / (abs(mean) * np.sqrt(max(early.size, 1))))
    return Ratio(mean, float(late.mean()), value, error, early.size)


def halves(group: Group) -> Table:
    """Loss of points in each half year from entry over two years; nan where an end of it was missed."""
    places = [int(np.flatnonzero(group.plan.planned == month)[0]) for month in np.arange(0.0, 24.1, HALF)]
    return -np.diff(group.observed.visits[:, places, :12].sum(axis=2), axis=1)


def of_the_same(group: Group) -> Ratio:
    """Months 6-12 over months 0-6 of those seen at 0, 6 and 12 months."""
    lost = halves(group)[:, :2]
    accepted = lost[np.isfinite(lost).all(axis=1)] / HALF
    return _ratio(accepted[:, 0], accepted[:, 1])


def of_a_model(group: Group) -> tuple[float, float]:
    """Slope at 9 months over slope at 3 months in a mixed model with a curved mean, and its standard error."""
    first = (group.plan.planned >= 0.0) & (group.plan.planned <= MODELLED)
    scores = group.observed.visits[:, first, :12].sum(axis=2)
    return curve(group.plan.planned[first], scores).ratio(0.5 * HALF, 1.5 * HALF)


def of_available(group: Group, half: int) -> float:
    """A later half year over months 0-6, of whoever was seen at both ends of each: deaths thin out the fast."""
    lost = halves(group)
    return float(np.nanmean(lost[:, half]) / np.nanmean(lost[:, 0]))


def under(rule: str, group: Group) -> Group:
    """Those of a trial's candidates whom one of `RULES` admits."""
    if rule in CRITERIA:
        return admitted(group, rule)
    criteria = RULES[rule][1]
    assert criteria is not None
    return chosen(group, eligible(group.observed, group.traits, group.plan, criteria))


def sparse(population: Population) -> Population:
    """The population seen every three months for two years, so that register and trial are seen alike."""
    schedule = Schedule(rating=EVERY, capacity=EVERY, weight=0)
    follow = msgspec.structs.replace(population.follow_up, months=24.0, schedule=schedule)
    return msgspec.structs.replace(population, follow_up=follow)


@dataclass(frozen=True)
class Shape:
    """How one rule's people decline: those seen throughout the first year, a mixed model, and whoever was seen."""

    same: Ratio
    model: tuple[float, float]
    second: float
    fourth: float


def shapes(parameters: dict[str, float], blocks: int, seed: int = SEED) -> dict[str, Shape]:
    """Every rule's shape in one parameter set."""
    register, trial = (group_of(with_parameters(sparse(one), parameters, seed), blocks) for one in (REGISTER, TRIAL))
    register = chosen(register, register.traits[:, at.T["mimic"]] == 0)
    groups = {rule: register if rule == "register" else under(rule, trial) for rule in RULES}
    return {
        rule: Shape(of_the_same(group), of_a_model(group), of_available(group, 1), of_available(group, 3))
        for rule, group in groups.items()
    }


def selection_table(shipped: Ensemble, blocks: int = BLOCKS) -> pl.DataFrame:
    """Every rule: mean and range over the sets, the best set's value and error, the course without rating noise."""
    sets = [shapes(one.parameters, blocks) for one in shipped.members]
    exact = [shapes({**one.parameters, **NO_NOISE}, blocks) for one in shipped.members]
    rows: list[dict[str, object]] = []
    for rule, (label, _) in RULES.items():
        found, pure = [one[rule] for one in sets], [one[rule] for one in exact]
        same = [shape.same for shape in found]
        values = np.array([ratio.value for ratio in same])
        rows.append(
            {
                "rule": rule,
                "label": label,
                "people": int(np.mean([ratio.people for ratio in same])),
                "early": float(np.mean([ratio.early for ratio in same])),
                "late": float(np.mean([ratio.late for ratio in same])),
                "ratio": float(values.mean()),
                "least": float(values.min()),
                "most": float(values.max()),
                "error": float(np.sqrt(np.sum([ratio.error**2 for ratio in same])) / len(same)),
                "model": float(np.mean([shape.model[0] for shape in found])),
                "model_least": float(np.min([shape.model[0] for shape in found])),
                "model_most": float(np.max([shape.model[0] for shape in found])),
                "model_error": float(np.sqrt(np.sum([shape.model[1] ** 2 for shape in found])) / len(same)),
                "second": float(np.mean([shape.second for shape in found])),
                "fourth": float(np.mean([shape.fourth for shape in found])),
                "exact_rating": float(np.mean([shape.same.value for shape in pure])),
                "exact_fourth": float(np.mean([shape.fourth for shape in pure])),
                "best_set": same[0].value,
                "best_error": same[0].error,
            }
        )
    return pl.DataFrame(rows)
