"""Lung function in percent of predicted, with z-scores, by published reference equations (computed by pyspiro)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyspiro
from jaxtyping import Float

from alsight.base.errors import SpecError
from alsight.base.sources import SourceKey
from alsight.base.units import Values

LUNG_GROUPS: Final = ("caucasian", "african_american", "northeast_asian", "southeast_asian", "other")
"""Population groups of the GLI-2012 equations, in the order of their codes from 1."""

NHANES_GROUPS: Final = ("caucasian", "african_american", "mexican_american")
"""Population groups of the NHANES III equations, in the order of their codes from 1."""


@dataclass(frozen=True)
class Equation:
    """One reference equation for forced vital capacity.

    Attributes:
        name: how the equation is called in tables and in the `method` of a measure.
        label: name in print.
        home: class of pyspiro that computes it.
        parameter: its number of forced vital capacity there.
        groups: population groups distinguished; empty for one equation for all.
        ages: ages covered [years].
        heights: note on the heights covered.
        source: key of the reference.
        anchors: two heights that every sex and group of the sample covers [cm]; set where the prediction is linear in
            the square of height, so that it can be extrapolated.
    """

    name: str
    label: str
    home: str
    parameter: int
    groups: tuple[str, ...]
    ages: tuple[float, float]
    heights: str
    source: SourceKey
    anchors: tuple[float, float] | None = None


EQUATIONS: Final[dict[str, Equation]] = {
    equation.name: equation
    for equation in (
        Equation("gli_2012", "GLI-2012", "GLI_2012", 2, LUNG_GROUPS, (3.0, 95.0), "any", SourceKey("quanjer2012")),
        Equation(
            "gli_global_2022",
            "GLI global (2022)",
            "BOWERMAN_2022",
            2,
            (),
            (3.0, 95.0),
            "any",
            SourceKey("bowerman2023"),
        ),
        Equation(
            "nhanes_3",
            "NHANES III",
            "HANKINSON_1999",
            1,
            NHANES_GROUPS,
            (8.0, 80.0),
            "those of the sample, by sex and group; adults of 145-196 cm at the widest, 136 for Mexican Americans",
            SourceKey("hankinson1999"),
            anchors=(160.0, 170.0),
        ),
    )
}
"""Equations by name. There is none for slow vital capacity: studies apply the forced one, and must say so."""

Z_OF_LIMIT: Final = 1.645
"""Standard deviations between the median and the fifth percentile in every equation here (quanjer2012)."""

# pyspiro rounds percents to two decimals: at this many liters the predicted value keeps nine digits.
_MANY_LITERS: Final = 1e6


class LungFunction(NamedTuple):
    """A measured vital capacity against its reference; all nan where the equation does not cover the person.

    Attributes:
        predicted_l: predicted value, the median of healthy people [l].
        pct: measured in percent of predicted [%].
        z: standard deviations from the healthy median, skewness taken into account.
        lower_limit_l: fifth percentile of healthy people [l].
    """

    predicted_l: Float[Values, "*#batch"]
    pct: Float[Values, "*#batch"]
    z: Float[Values, "*#batch"]
    lower_limit_l: Float[Values, "*#batch"]


@cache
def _reference(home: str) -> Any:
    """The equation's object, its small coefficient tables read once."""
    return getattr(pyspiro, home)()


def _codes(equation: Equation, group: str | np.ndarray | None, shape: tuple[int, ...]) -> Values:
    """Group codes from 1; 0 where the group is missing."""
    if not equation.groups:
        return np.ones(shape, dtype=np.int64)
    if group is None:
        raise SpecError([("group", f"a group of {equation.label}: {', '.join(equation.groups)}", group)])
    names, inverse = np.unique(np.asarray(group, dtype=np.str_), return_inverse=True)
    unknown = [name for name in names.tolist() if name not in (*equation.groups, "")]
    if unknown:
        raise SpecError([("group", f"one of {', '.join(equation.groups)}", name) for name in unknown])
    codes = np.asarray([0 if name == "" else equation.groups.index(name) + 1 for name in names.tolist()])
    return np.broadcast_to(codes[inverse.reshape(np.shape(group))], shape)


def lung_function(
    liters: Float[Values, "*#batch"],
    *,
    male: Float[Values, "*#batch"],
    age_years: Float[Values, "*#batch"],
    height_cm: Float[Values, "*#batch"],
    equation: str = "gli_global_2022",
    group: str | np.ndarray | None = None,
    extrapolate: bool = False,
) -> LungFunction:
    """Forced vital capacity against a reference equation.

    The equation's name belongs to the result: values by different equations must not be mixed within a person. Splines
    are interpolated between the quarter-years of the published tables.

    Args:
        liters: measured vital capacity [l]; nan leaves the predicted value and the limit standing.
        male: 1 male, 0 female, nan not known.
        age_years: age at the measurement [years].
        height_cm: standing height [cm].
        equation: a row of `EQUATIONS`.
        group: population group of each person, or one for all ("" where not known); equations with groups need it.
        extrapolate: use NHANES III beyond the heights of its sample, as many programs do without saying so.

    Returns:
        The comparison; nan where sex, age, height or group is missing or outside what the equation covers.

    Raises:
        SpecError: the equation or a group is not known, or a needed group was not given.

    Source: quanjer2012
    """
    if equation not in EQUATIONS:
        raise SpecError([("equation", f"one of {', '.join(EQUATIONS)}", equation)])
    row = EQUATIONS[equation]
    inputs = (np.asarray(part, dtype=np.float64) for part in (liters, male, age_years, height_cm))
    volume, sex, age, height = np.broadcast_arrays(*inputs)
    codes = _codes(row, group, volume.shape)
    known = ((sex == 0) | (sex == 1)) & np.isfinite(age) & np.isfinite(height) & (height > 0) & (codes > 0)
    people = pd.DataFrame(
        {"sex": sex[known].astype(np.int64), "age": age[known], "height": height[known], "group": codes[known]}
    )
    predicted = np.full(volume.shape, np.nan)
    limit, z = predicted.copy(), predicted.copy()
    if len(people):
        predicted[known], limit[known], z[known] = _compare(row, people, volume[known], extrapolate=extrapolate)
    return LungFunction(predicted, 100.0 * volume / predicted, np.where(volume > 0, z, np.nan), limit)


def _compare(
    row: Equation, people: pd.DataFrame, volume: Values, *, extrapolate: bool
) -> tuple[Values, np.ndarray, np.ndarray]:
    """Predicted value, lower limit and z of people whose sex, age, height and group are known."""
    predicted, limit = _normal(row, people)
    z = _column(row, people.assign(liters=volume), "zscore")
    if extrapolate and row.anchors:
        low, high = row.anchors
        share = (people["height"].to_numpy() ** 2 - low**2) / (high**2 - low**2)
        at_low, at_high = _normal(row, people.assign(height=low)), _normal(row, people.assign(height=high))
        beyond = np.isnan(predicted)
        predicted = np.where(beyond, at_low[0] + share * (at_high[0] - at_low[0]), predicted)
        limit = np.where(beyond, at_low[1] + share * (at_high[1] - at_low[1]), limit)
        z = np.where(beyond, Z_OF_LIMIT * (volume - predicted) / (predicted - limit), z)
    return predicted, limit, z


def _normal(row: Equation, people: pd.DataFrame) -> tuple[Values, np.ndarray]:
    many = people.assign(liters=_MANY_LITERS)
    return 100.0 * _MANY_LITERS / _column(row, many, "percent"), _column(row, many, "lln")


def _column(row: Equation, people: pd.DataFrame, metric: str) -> Values:
    with np.errstate(divide="ignore", invalid="ignore"):
        table = _reference(row.home).compute(
            people,
            parameter=row.parameter,
            value_col="liters",
            ethnicity_col="group" if row.groups else None,
            metrics=(metric,),
        )
    return table[metric].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
