"""Entry rules: what trials ask of a person at screening or at entry, one row a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from alsight.base.sources import SourceKey
from alsight.base.spec import Spec, one_of
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.items import TWELVE
from alsight.mechanism.anatomy import POOLS
from alsight.mechanism.classes import GENES, PHENOTYPES

Category = Literal["definite", "probable", "probable_laboratory_supported", "possible", "suspected"]
Use = Literal["naive", "stable", "naive_or_stable"]
Fault = tuple[str, str, object]


@dataclass(frozen=True)
class RangeRule:
    """A rule that a quantity lies between two bounds, both allowed: fields `NAME_min` and `NAME_max` of Criteria.

    Attributes:
        name: the quantity.
        unit: its unit.
        low, high: what a bound may be.
        meaning: the quantity in words.
        group: group of measures of the schedule that it is read from; empty for what every visit has.
        source: where the quantity is defined; None for a plain clinical measure.
    """

    name: str
    unit: str
    low: float
    high: float
    meaning: str
    group: str = ""
    source: SourceKey | None = None


RANGES: Final = (
    RangeRule("age", "years", 0, 120, "age"),
    RangeRule("months_since_onset", "months", 0, 600, "time since the first symptom"),
    RangeRule("months_since_diagnosis", "months", 0, 600, "time since diagnosis"),
    RangeRule("alsfrs_r", "points", 0, ALSFRS_R_BEST, "ALSFRS-R total", source=SourceKey("cedarbaum1999")),
    RangeRule("svc", "% of predicted", 0, 200, "slow vital capacity", "capacity"),
    RangeRule("fvc", "% of predicted", 0, 200, "forced vital capacity", "capacity"),
    RangeRule(
        "delta_fs",
        "points a month",
        -ALSFRS_R_BEST,
        ALSFRS_R_BEST,
        "mean loss of points since onset",
        source=SourceKey("kimura2006"),
    ),
    RangeRule(
        "run_in_loss",
        "points",
        -ALSFRS_R_BEST,
        ALSFRS_R_BEST,
        "points lost from screening to entry",
        source=SourceKey("abe2017"),
    ),
    RangeRule("weight_kg", "kg", 0, 400, "body weight", "weight"),
    RangeRule("bmi", "kg/m2", 0, 100, "body mass index", "weight"),
    RangeRule("nfl_pg_ml", "pg/ml", 0, 10_000, "plasma neurofilament light chain", "neurofilament"),
    RangeRule("regions", "regions", 0, 4, "weak body regions of four: bulbar, cervical, thoracic, lumbosacral"),
    RangeRule("tricals", "1", -30, 30, "TRICALS risk profile", "capacity", SourceKey("vaneijk2019")),
)
"""Every rule with bounds, in the order in which they are assessed."""


@dataclass(frozen=True)
class NamedRule:
    """A rule that is no range: a field of Criteria, what it may hold, where its definition stands."""

    name: str
    meaning: str
    allowed: tuple[str, ...] = ()
    source: SourceKey | None = None


GENOTYPES: Final = tuple(dict.fromkeys(name for gene in GENES for name in (gene.name, gene.genotype)))
RULES: Final = (
    NamedRule("item_min", "least grade of every item", source=SourceKey("cedarbaum1999")),
    NamedRule("items", "least grade of single items, by name", TWELVE, SourceKey("cedarbaum1999")),
    NamedRule(
        "el_escorial",
        "only these categories of the revised El Escorial criteria",
        ("definite", "probable", "probable_laboratory_supported", "possible", "suspected"),
        SourceKey("brooks2000"),
    ),
    NamedRule("sex", "only this sex", ("female", "male")),
    NamedRule("genotypes", "only these genotype classes or dictionary genotypes", GENOTYPES),
    NamedRule("genotypes_excluded", "none of these", GENOTYPES),
    NamedRule("phenotypes", "only these phenotypes", tuple(row.name for row in PHENOTYPES)),
    NamedRule("onset_regions", "only these first regions", POOLS),
    NamedRule("without_niv", "no noninvasive ventilation so far"),
    NamedRule("without_gastrostomy", "no gastrostomy so far"),
    NamedRule("drugs", "earlier use of background therapies: naive, stable or either"),
)
"""Every other rule, in the order in which they are assessed, after RANGES."""

Age = Annotated[float, msgspec.Meta(ge=0.0, le=120.0)]
Months = Annotated[float, msgspec.Meta(ge=0.0, le=600.0)]
Points = Annotated[float, msgspec.Meta(ge=0.0, le=ALSFRS_R_BEST)]
Percent = Annotated[float, msgspec.Meta(ge=0.0, le=200.0)]
Lost = Annotated[float, msgspec.Meta(ge=-ALSFRS_R_BEST, le=ALSFRS_R_BEST)]
Kilograms = Annotated[float, msgspec.Meta(ge=0.0, le=400.0)]
BodyMass = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]
Picograms = Annotated[float, msgspec.Meta(ge=0.0, le=10_000.0)]
Regions = Annotated[float, msgspec.Meta(ge=0.0, le=4.0)]
Profile = Annotated[float, msgspec.Meta(ge=-30.0, le=30.0)]
Grade = Annotated[float, msgspec.Meta(ge=0.0, le=4.0)]


class Criteria(Spec, frozen=True, kw_only=True):
    """Who may enter, assessed on what is observed at one visit; an empty field asks nothing. Bounds are allowed.

    Attributes:
        age_min, age_max: age [years].
        months_since_onset_min, months_since_onset_max: time since the first symptom [months].
        months_since_diagnosis_min, months_since_diagnosis_max: time since diagnosis [months].
        alsfrs_r_min, alsfrs_r_max: ALSFRS-R total [points, 0-48].
        svc_min, svc_max: slow vital capacity [% of predicted].
        fvc_min, fvc_max: forced vital capacity [% of predicted].
        delta_fs_min, delta_fs_max: mean loss since onset [points a month].
        run_in_loss_min, run_in_loss_max: points lost from screening to entry.
        weight_kg_min, weight_kg_max: body weight [kg].
        bmi_min, bmi_max: body mass index [kg/m2].
        nfl_pg_ml_min, nfl_pg_ml_max: plasma neurofilament light chain [pg/ml].
        regions_min, regions_max: weak body regions of four.
        tricals_min, tricals_max: TRICALS risk profile; frontotemporal dementia counts as absent.
        item_min: least grade of every item.
        items: least grade of single items, by name.
        el_escorial: only these categories of the revised El Escorial criteria.
        sex: only this sex.
        genotypes: only these genotype classes or dictionary genotypes.
        genotypes_excluded: none of these.
        phenotypes: only these phenotypes.
        onset_regions: only these first regions.
        without_niv: no noninvasive ventilation so far.
        without_gastrostomy: no gastrostomy so far.
        drugs: background therapies by name: naive (never taken so far), stable (taken for `stable_months`), or
            naive_or_stable.
        stable_months: time on a drug that counts as stable [months].
    """

    age_min: Age | None = None
    age_max: Age | None = None
    months_since_onset_min: Months | None = None
    months_since_onset_max: Months | None = None
    months_since_diagnosis_min: Months | None = None
    months_since_diagnosis_max: Months | None = None
    alsfrs_r_min: Points | None = None
    alsfrs_r_max: Points | None = None
    svc_min: Percent | None = None
    svc_max: Percent | None = None
    fvc_min: Percent | None = None
    fvc_max: Percent | None = None
    delta_fs_min: Lost | None = None
    delta_fs_max: Lost | None = None
    run_in_loss_min: Lost | None = None
    run_in_loss_max: Lost | None = None
    weight_kg_min: Kilograms | None = None
    weight_kg_max: Kilograms | None = None
    bmi_min: BodyMass | None = None
    bmi_max: BodyMass | None = None
    nfl_pg_ml_min: Picograms | None = None
    nfl_pg_ml_max: Picograms | None = None
    regions_min: Regions | None = None
    regions_max: Regions | None = None
    tricals_min: Profile | None = None
    tricals_max: Profile | None = None
    item_min: Grade | None = None
    items: dict[str, Grade] = msgspec.field(default_factory=dict)
    el_escorial: tuple[Category, ...] = ()
    sex: Literal["female", "male"] | None = None
    genotypes: tuple[str, ...] = ()
    genotypes_excluded: tuple[str, ...] = ()
    phenotypes: tuple[str, ...] = ()
    onset_regions: tuple[str, ...] = ()
    without_niv: bool = False
    without_gastrostomy: bool = False
    drugs: dict[str, Use] = msgspec.field(default_factory=dict)
    stable_months: Annotated[float, msgspec.Meta(gt=0.0, le=60.0)] = 1.0


def bounds_of(criteria: Criteria, rule: RangeRule) -> tuple[float | None, float | None]:
    """Least and largest value that a rule allows; None where it does not ask."""
    return getattr(criteria, f"{rule.name}_min"), getattr(criteria, f"{rule.name}_max")


def asked(criteria: Criteria) -> tuple[str, ...]:
    """Names of the rules that ask something, in the order in which they are assessed."""
    ranges = [rule.name for rule in RANGES if bounds_of(criteria, rule) != (None, None)]
    default = Criteria()
    named = [rule.name for rule in RULES if getattr(criteria, rule.name) != getattr(default, rule.name)]
    return (*ranges, *named)


def needed(criteria: Criteria) -> dict[str, str]:
    """Groups of measures that the rules read, each with the rule that does."""
    names = asked(criteria)
    return {rule.group: rule.name for rule in RANGES if rule.name in names and rule.group}


def faults_of_criteria(criteria: Criteria, path: str, taken: tuple[str, ...]) -> list[Fault]:
    """Everything about entry rules that field types cannot refuse by themselves.

    Args:
        criteria: the rules.
        path: where they stand in the request.
        taken: names of the background therapies.
    """
    faults: list[Fault] = []
    for rule in RANGES:
        low, high = bounds_of(criteria, rule)
        if low is not None and high is not None and low > high:
            faults.append((f"{path}.{rule.name}_max", f"at least {rule.name}_min ({low:g})", high))
    for rule in RULES:
        names = getattr(criteria, rule.name)
        if rule.allowed and isinstance(names, dict | tuple):
            faults += [
                (f"{path}.{rule.name}.{name}", one_of(name, rule.allowed), name)
                for name in names
                if name not in rule.allowed
            ]
    both = set(criteria.genotypes) & set(criteria.genotypes_excluded)
    faults += [
        (f"{path}.genotypes_excluded.{name}", "a genotype that genotypes does not ask for", name) for name in both
    ]
    for name in criteria.drugs:
        if name not in taken:
            allowed = one_of(name, taken) if taken else "a therapy of [[background]], which has none"
            faults.append((f"{path}.drugs.{name}", allowed, name))
    return faults


def markdown() -> str:
    """The rules as a Markdown table, for the docs page."""
    lines = ["| field | rule | values | read from | source |", "| --- | --- | --- | --- | --- |"]
    for rule in RANGES:
        cited = f"[@{rule.source}]" if rule.source else ""
        fields = f"`{rule.name}_min`, `{rule.name}_max`"
        values = f"{rule.low:g} to {rule.high:g} {rule.unit}"
        lines.append(f"| {fields} | {rule.meaning} | {values} | {rule.group or 'every visit'} | {cited} |")
    for rule in RULES:
        cited = f"[@{rule.source}]" if rule.source else ""
        lines.append(f"| `{rule.name}` | {rule.meaning} | {', '.join(rule.allowed)} | every visit | {cited} |")
    return "\n".join(lines)
