"""Definitions as a reader would say them; the exact definition stands in the table of definitions."""

from __future__ import annotations

from typing import Final

from alsight.episodes.definition import OWN, Definition, Method
from alsight.episodes.definitions import DEFINITIONS

_RULES: Final[dict[Method, str]] = {
    "epoch_visit": "not lower at {months} months",
    "epoch_slope": "slope of the first {months} months not falling",
    "epoch_floor": "no visit of the first {months} months below the first",
    "pair_apart": "any two visits {months} months apart, the later {atleast}",
    "pair_about": "any two visits {months} months apart, the later higher",
    "run_flat": "{spread} for {months} months or longer",
    "run_floor": "any {months} months without a visit below their first",
    "rising_slope": "any {months} months with a rising slope",
    "held_gain": "{points} points gained over {reference}, held {months} months",
    "slope_change": "slope after the lead-in better by {better}",
}

SOURCE_NAMES: Final = {
    "bedlack2016": "Bedlack 2016",
    "vasta2020": "Vasta 2020",
    "cudkowicz2022": "Cudkowicz 2022",
    "berry2019": "Berry 2019",
    OWN: "alsight",
}
"""Keys of references as they are cited in the report."""


def source_name(key: str) -> str:
    """A reference as author and year."""
    return SOURCE_NAMES.get(key, key)


def label(rule: Definition) -> str:
    """A definition in a few words."""
    points = f"{rule.points:g}"
    said = _RULES[rule.method].format(
        months=f"{rule.months:.0f}",
        points=points,
        atleast=f"{points} points higher" if rule.points > 0 else "not lower",
        spread="equal scores" if rule.points == 0 else f"scores within {points} point",
        reference="the first visit" if rule.reference == "first" else "an earlier low",
        better=f"{100 * rule.points:.0f} %" if rule.relative else f"{points} points/month",
    )
    if rule.deaths_decline:
        said += ", deaths as lower"
    if rule.method == "rising_slope" and rule.least_visits < 3:
        said += " (two visits are enough)"
    if rule.lead_in_loss is not None:
        said += f", {rule.lead_in_loss:g} lost before"
    return said


LABELS: Final[dict[str, str]] = {rule.name: label(rule) for rule in DEFINITIONS}
"""Name of every definition to its words."""

RULES: Final[dict[str, Definition]] = {rule.name: rule for rule in DEFINITIONS}
"""Name of every definition to the definition."""
