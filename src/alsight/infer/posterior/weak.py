"""Weakly informative priors scaled to the data's units, one sourced row a parameter; the defaults of `posterior`.

With sd(y) the outcome's and sd(x) a design column's standard deviation, coefficients are normal with 2.5 sd(y)/sd(x)
and residual SDs exponential with mean sd(y), as in rstanarm. Where no published default applies the row says so.

Source: gabry2020, lewandowski2009, juarez2010
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from alsight.infer.design import DesignRows
from alsight.infer.joint.arrays import JointData
from alsight.infer.posterior.priors import CORRELATIONS, Law, Prior, Priors
from alsight.models.latent.joint import Association


@dataclass(frozen=True)
class _Default:
    """A default before it is scaled: law, scale in the data's units, shape, and where it is from."""

    law: Law
    scale: float
    shape: float
    source: str


DEFAULTS: Final[dict[str, _Default]] = {
    "coefficient": _Default("normal", 2.5, 1.0, "gabry2020"),
    "residual": _Default("exponential", 1.0, 1.0, "gabry2020"),
    "deviation": _Default("exponential", 1.0, 1.0, "assumed"),
    "correlation": _Default("lkj", 1.0, 1.0, "gabry2020"),
    "degrees": _Default("gamma", 10.0, 2.0, "juarez2010"),
    "log_noise": _Default("normal", 1.0, 1.0, "assumed"),
    "log_hazard": _Default("normal", 20.0, 1.0, "assumed"),
    "log_time": _Default("normal", 2.0, 1.0, "assumed"),
    "hazard": _Default("normal", 2.5, 1.0, "gabry2020"),
    "association": _Default("normal", 2.5, 1.0, "gabry2020"),
}
"""Kind of parameter to its default; scales of `deviation` are sd(y) over the size of the effect's design column."""


def _row(kind: str, parameter: str, location: float = 0.0, unit: float = 1.0) -> Prior:
    found = DEFAULTS[kind]
    return Prior(
        parameter=parameter,
        law=found.law,
        location=location,
        scale=found.scale * unit,
        shape=found.shape,
        source=found.source,
    )


def weak_course(rows: DesignRows, *, student: bool = False) -> Priors:
    """Priors of a mixed model's coefficients, spreads and noise, in the order of `Linear.parameters_of`.

    The constant column's prior is the one that a normal prior on the mean outcome implies: center at mean(y), and
    2.5 sd(y) widened by the means of the other columns.
    """
    outcome = rows.outcome[rows.observed]
    level, unit = float(outcome.mean()), _positive(float(outcome.std()))
    design, columns = rows.fixed[rows.observed], rows.columns
    means, spreads = design.mean(axis=0), design.std(axis=0)
    moves = spreads > 1e-8 * np.maximum(np.abs(means), 1e-300)
    wide = float(np.sqrt(1 + (means[moves] ** 2 / spreads[moves] ** 2).sum()))
    found = [
        _row("coefficient", name, 0.0, unit / float(spreads[index]))
        if moves[index]
        else _row("coefficient", name, level / _positive(float(means[index])), unit * wide)
        for index, name in enumerate(columns.fixed)
    ]
    found += [
        _row("deviation", f"sd_{name}", 0.0, unit / size)
        for name, size in zip(columns.random, effect_sizes(rows), strict=True)
    ]
    found += [_row("correlation", CORRELATIONS)] if len(columns.random) > 1 else []
    found.append(_row("residual", "sd_residual", 0.0, unit))
    found += [_row("log_noise", f"log_sd_{name}") for name in columns.noise]
    found += [_row("degrees", "degrees")] if student else []
    return Priors(rows=tuple(found))


def effect_sizes(rows: DesignRows) -> list[float]:
    """Root mean square of each random effect's design column: what an effect of 1 does to the outcome."""
    return [_positive(float(size)) for size in np.sqrt((rows.random[rows.observed] ** 2).mean(axis=0))]


def weak_joint(
    rows: DesignRows, data: JointData, names: tuple[str, ...], basis: tuple[str, ...], kinds: tuple[Association, ...]
) -> Priors:
    """Priors of a joint model: the course's, then each cause's log baseline, covariates and associations.

    Args:
        rows: the course's rows.
        data: arrays of the joint likelihood.
        names: covariates of the hazards.
        basis: names of the log baseline's coefficients.
        kinds: what of the course the hazards depend on.
    """
    unit, sizes = _positive(float(rows.outcome[rows.observed].std())), effect_sizes(rows)
    exposure = float(np.exp(data.exposure.log_weight).sum())
    found = list(weak_course(rows).rows)
    causes = data.happened.shape[1]
    for cause in range(causes):
        start = "event" if causes == 1 else f"event{cause + 1}"
        rate = float(np.log(max(float(data.happened[:, cause].sum()), 0.5) / _positive(exposure)))
        found += [
            _row("log_time", f"{start}_{name}") if name == "log_time" else _row("log_hazard", f"{start}_{name}", rate)
            for name in basis
        ]
        found += [
            _row("hazard", f"{start}_{name}", 0.0, 1 / _positive(float(data.covariates[:, index].std())))
            for index, name in enumerate(names)
        ]
        for kind in kinds:
            found += _association(start, kind, rows, unit, sizes)
    return Priors(rows=tuple(found))


def _association(start: str, kind: Association, rows: DesignRows, unit: float, sizes: list[float]) -> list[Prior]:
    # A term that moves by its own standard deviation changes the log hazard by a coefficient of order 2.5 at most.
    if kind == "value":
        return [_row("association", f"{start}_value", 0.0, 1 / unit)]
    if kind == "slope":
        return [_row("association", f"{start}_slope", 0.0, sizes[-1] / unit)]
    return [
        _row("association", f"{start}_shared_{name}", 0.0, size / unit)
        for name, size in zip(rows.columns.random, sizes, strict=True)
    ]


def _positive(value: float) -> float:
    return value if np.isfinite(value) and abs(value) > 0 else 1.0
