"""INSTRUMENTS: one row a scale, stage, rate, score or criterion that alsight computes; the docs page is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from alsight.base.sources import SourceKey


@dataclass(frozen=True)
class Instrument:
    """One instrument.

    Attributes:
        name: what the result is called.
        measures: what it tells.
        inputs: what it asks for.
        output: what comes back, with its unit.
        range: values it can take.
        function: module below `alsight.instruments` and function, "kings.kings_stage".
        source: key of the reference; empty for plain arithmetic without a published rule.
        page: docs page of its family, relative to `docs/`.
    """

    name: str
    measures: str
    inputs: str
    output: str
    range: str
    function: str
    source: SourceKey
    page: str

    def load(self) -> Any:
        """The function itself, its module imported only now."""
        module, _, function = self.function.rpartition(".")
        return getattr(import_module(f"alsight.instruments.{module}"), function)


_SCALES: Final = "instruments/functional-scales.md"
_STAGES: Final = "instruments/stages.md"
_RATES: Final = "instruments/rates.md"
_D50: Final = "instruments/d50.md"
_SURVIVAL: Final = "instruments/survival-prediction.md"
_LUNG: Final = "instruments/lung-function.md"
_QUALITY: Final = "instruments/quality-of-life.md"
_BLOOD: Final = "instruments/neurofilament.md"
_CRITERIA: Final = "instruments/diagnostic-criteria.md"

_TWELVE: Final = "12 ALSFRS-R items"
_SIGNS: Final = "upper and lower motor neuron signs in 4 regions"


def _row(name: str, function: str, measures: str, inputs: str, output: str, *rest: str) -> Instrument:
    bounds, source, page = rest
    return Instrument(name, measures, inputs, output, bounds, function, SourceKey(source), page)


INSTRUMENTS: Final[tuple[Instrument, ...]] = (
    _row(
        "item 5",
        "alsfrs_r.coalesce_cutting",
        "cutting food, or fasteners with gastrostomy",
        "items 5a, 5b, unstated",
        "score, gastrostomy, conflict",
        "0 to 4",
        "cedarbaum1999",
        _SCALES,
    ),
    _row("alsfrs_r_total", "alsfrs_r.total", "function", _TWELVE, "points", "0 to 48", "cedarbaum1999", _SCALES),
    _row(
        "alsfrs_total",
        "alsfrs_r.alsfrs_total",
        "function, original scale",
        "10 ALSFRS items",
        "points",
        "0 to 40",
        "cedarbaum1999",
        _SCALES,
    ),
    _row(
        "items missing",
        "alsfrs_r.items_missing",
        "completeness of a rating",
        "items of either scale",
        "count",
        "0 to 12",
        "",
        _SCALES,
    ),
    _row(
        "prorated total",
        "alsfrs_r.prorated_total",
        "function, missing items set to the mean of the others",
        _TWELVE,
        "points",
        "0 to 48",
        "",
        _SCALES,
    ),
    _row(
        "approximate ALSFRS",
        "alsfrs_r.approximate_alsfrs_total",
        "original total guessed from the revised items",
        _TWELVE,
        "points",
        "0 to 40",
        "",
        _SCALES,
    ),
    _row(
        "domain scores",
        "alsfrs_r.domain_scores",
        "function by domain, 4 or 3 domains",
        "12 or 10 items",
        "points",
        "0 to 12 (motor of 3 domains: 24)",
        "bakker2017",
        _SCALES,
    ),
    _row(
        "kings_stage",
        "kings.kings_stage",
        "regions involved, feeding tube, respiratory failure",
        f"{_TWELVE}, gastrostomy, ventilation",
        "stage",
        "0 to 4 (5 dead)",
        "balendra2014",
        _STAGES,
    ),
    _row(
        "King's detail",
        "kings.kings",
        "regions, 4A and 4B apart",
        f"{_TWELVE}, gastrostomy, ventilation",
        "stage and flags",
        "0 to 4",
        "balendra2014",
        _STAGES,
    ),
    _row(
        "mitos_stage",
        "mitos.mitos_stage",
        "functional domains lost",
        _TWELVE,
        "stage",
        "0 to 4 (5 dead)",
        "chio2015",
        _STAGES,
    ),
    _row(
        "MiToS detail",
        "mitos.mitos",
        "which domains are lost",
        _TWELVE,
        "stage and flags",
        "0 to 4",
        "chio2015",
        _STAGES,
    ),
    _row(
        "delta_fs",
        "rate.delta_fs",
        "mean rate of decline since onset",
        "total, months since onset",
        "points per month lost",
        "0 and above",
        "kimura2006",
        _RATES,
    ),
    _row(
        "window slope",
        "rate.window_slope",
        "rate of change over a window",
        "times and scores",
        "points per month",
        "any",
        "",
        _RATES,
    ),
    _row(
        "two-point change",
        "rate.two_point_change",
        "change between two visits",
        "two scores, months between",
        "points per month",
        "any",
        "",
        _RATES,
    ),
    _row(
        "D50",
        "d50.fit_d50",
        "months from onset to half of function, and how drawn out the loss is",
        "3 or more totals, months since onset",
        "months",
        "above 0",
        "stubendorff2017",
        _D50,
    ),
    _row(
        "local loss",
        "d50.local_loss",
        "rate of loss on the fitted course",
        "D50, dx, time",
        "points per month lost",
        "0 and above",
        "stubendorff2017",
        _D50,
    ),
    _row(
        "aggressiveness",
        "d50.aggressiveness",
        "group of D50",
        "D50",
        "high, intermediate, low",
        "-",
        "dreger2021",
        _D50,
    ),
    _row(
        "ENCALS score",
        "encals.linear_predictor",
        "prognosis at diagnosis",
        "8 predictors",
        "score, higher is worse",
        "about -10 to 0",
        "westeneng2018",
        _SURVIVAL,
    ),
    _row(
        "ENCALS survival",
        "encals.survival",
        "chance of being event-free by a time",
        "score, months since onset",
        "probability",
        "0 to 1",
        "westeneng2018",
        _SURVIVAL,
    ),
    _row(
        "ENCALS quantile",
        "encals.survival_quantile",
        "median or other quantile of event-free time",
        "score",
        "months since onset",
        "above 0",
        "westeneng2018",
        _SURVIVAL,
    ),
    _row(
        "TRICALS risk profile",
        "encals.tricals_risk_profile",
        "prognosis for trial eligibility",
        "7 predictors",
        "score, higher is worse",
        "about -10 to 0",
        "vaneijk2019",
        _SURVIVAL,
    ),
    _row(
        "vital capacity",
        "lung.lung_function",
        "vital capacity against healthy people",
        "liters, sex, age, height, equation",
        "% of predicted, z, limit",
        "pct 0 and above",
        "quanjer2012",
        _LUNG,
    ),
    _row(
        "ALSAQ-40 dimensions",
        "quality_of_life.alsaq40_dimensions",
        "quality of life in five dimensions",
        "40 answers",
        "points",
        "0 best to 100",
        "jenkinson1999",
        _QUALITY,
    ),
    _row(
        "alsaq40_total",
        "quality_of_life.alsaq40_total",
        "quality of life, one index",
        "40 answers",
        "points",
        "0 best to 100",
        "jenkinson2003",
        _QUALITY,
    ),
    _row(
        "ALSAQ-5 dimensions",
        "quality_of_life.alsaq5_dimensions",
        "quality of life, one answer a dimension",
        "5 answers",
        "points",
        "0 best to 100",
        "jenkinson2001",
        _QUALITY,
    ),
    _row(
        "alsaq5_total",
        "quality_of_life.alsaq5_total",
        "quality of life, one index",
        "5 answers",
        "points",
        "0 best to 100",
        "jenkinson2003",
        _QUALITY,
    ),
    _row(
        "NfL against limit",
        "biomarker.nfl_times_limit",
        "plasma neurofilament light against its limit for age",
        "pg/ml, age",
        "multiple of the limit",
        "above 0",
        "bornhorst2022",
        _BLOOD,
    ),
    _row(
        "revised El Escorial",
        "criteria.el_escorial.revised_el_escorial",
        "certainty of the diagnosis",
        f"{_SIGNS}, limbs on electromyography",
        "category and reasons",
        "5 categories",
        "brooks2000",
        _CRITERIA,
    ),
    _row(
        "Awaji",
        "criteria.el_escorial.awaji",
        "certainty of the diagnosis",
        _SIGNS,
        "category and reasons",
        "3 categories",
        "decarvalho2008",
        _CRITERIA,
    ),
    _row(
        "Gold Coast",
        "criteria.gold_coast.gold_coast",
        "whether ALS can be diagnosed",
        f"{_SIGNS}, progression, exclusion",
        "met or not, and reasons",
        "0, 1",
        "shefner2020",
        _CRITERIA,
    ),
)
"""Every instrument, in the order of the docs page."""

_HEAD: Final = """# Instruments

Made from `alsight.instruments.catalogue`; do not edit by hand. Every function takes and returns NumPy arrays of any
leading shape, and treats nan as missing. Functions live below `alsight.instruments`; the pages by family say the rules,
edge cases and limits.

| instrument | tells | from | gives | range | function | source |
|---|---|---|---|---|---|---|
"""

_TAIL: Final = """
Excluded for want of a readable source: FT9 stages, the relative D50 and its phases, z-scores of neurofilament, and any
exact conversion between ALSFRS and ALSFRS-R.
"""


def catalogue_page() -> str:
    """The docs page of all instruments, in Markdown."""
    lines = [
        f"| [{row.name}]({row.page}) | {row.measures} | {row.inputs} | {row.output} | {row.range} | `{row.function}` | "
        f"{f'[@{row.source}]' if row.source else 'convention'} |\n"
        for row in INSTRUMENTS
    ]
    return _HEAD + "".join(lines) + _TAIL
