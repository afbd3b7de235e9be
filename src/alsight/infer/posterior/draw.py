"""Sample the posterior of a fitted linear or joint model: the same density, priors added, chains of draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl

from alsight.base.errors import DataError, Fault, SpecError
from alsight.base.status import Status
from alsight.base.streams import Stream
from alsight.infer.design import DesignRows, design
from alsight.infer.fit import Fit
from alsight.infer.formulas import parse_encoding
from alsight.infer.gaussian.general import without_level
from alsight.infer.joint.arrays import JointData
from alsight.infer.joint.features import JointFrame, first_rows
from alsight.infer.joint.fit import joint_data
from alsight.infer.joint.plan import follow_up, layout_of
from alsight.infer.posterior.joint import JointDensity, joint_density, sample_joint
from alsight.infer.posterior.linear import begin_of, linear_density, sample_linear
from alsight.infer.posterior.posterior import Posterior
from alsight.infer.posterior.priors import Arranged, Priors, arrange
from alsight.infer.posterior.sample import Draws
from alsight.infer.posterior.weak import weak_course, weak_joint
from alsight.models.catalogue import model_name
from alsight.models.latent.joint import basis_names

Start = tuple[Priors, Callable[..., tuple[Draws, Any]]]
"""Priors in force, and what samples under them: (key, chains, draws, warmup) to draws and natural values."""
ENDED: Final = frozenset({Status.CONVERGED, Status.BOUNDARY, Status.MAX_STEPS})
"""How a fit may have ended for its density to be sampled; variances of zero are no obstacle to a posterior."""


def posterior(
    fit: Fit,
    visits: pl.DataFrame,
    people: pl.DataFrame | None = None,
    *,
    priors: Priors | None = None,
    chains: int = 4,
    draws: int = 1000,
    warmup: int = 500,
    seed: int = 0,
) -> Posterior:
    """Full posterior of a linear or joint model's parameters, random effects integrated out, by NUTS.

    The likelihood is that of the maximum-likelihood fit (under REML, the unrestricted one): exact for the linear
    model, adaptive quadrature for Student noise and joint models.

    Args:
        fit: a single fit by `fit_linear` or `fit_joint`; it says model, formulas and where to begin.
        visits: the table it was fitted to.
        people: one row a person, for joint models.
        priors: one row a parameter; weakly informative defaults otherwise. `default_priors(...)` gives rows to change.
        chains: independent chains [1 or more; 4 for R-hat].
        draws: kept draws a chain [at least 4].
        warmup: draws a chain before them, for adaptation [at least 20].
        seed: decides every draw.

    Returns:
        Draws on the natural scale; where the fit failed, nan with the fit's status.

    Raises:
        SpecError: a model without a posterior here, faulty counts, or priors that do not match the parameters.
        DataError: a column is missing, or the table's design is not the fit's.

    Source: hoffman2014, cabezas2024
    """
    _refuse(fit, chains, draws, warmup)
    if Status(int(fit.status)) not in ENDED:
        return _nothing(fit, priors, (chains, draws), seed)
    chosen, run = _prepare(fit, visits, people, priors)
    key = jax.random.fold_in(jax.random.key(seed), int(Stream.POSTERIOR))
    found, natural = run(key, chains, draws, warmup)
    return _packed(fit, chosen, found, natural, seed)


def _packed(fit: Fit, priors: Priors, found: Draws, natural: Any, seed: int) -> Posterior:
    return Posterior(
        draws=np.asarray(natural),
        log_density=np.asarray(found.log_density),
        divergent=np.asarray(found.divergent),
        leaps=np.asarray(found.leaps),
        step=np.asarray(found.step),
        ended=Status.CONVERGED,
        priors=priors,
        seed=seed,
        parameters=fit.parameters,
        columns=fit.columns,
        model=fit.model,
        record=replace(fit.record, method="posterior"),
    )


def default_priors(fit: Fit, visits: pl.DataFrame, people: pl.DataFrame | None = None) -> Priors:
    """The weakly informative priors that `posterior` would use, as rows to read or change.

    Raises:
        SpecError: a model without a posterior here.
        DataError: a column is missing, or the table's design is not the fit's.
    """
    _refuse(fit, 1, 4, 20)
    return _prepare(fit, visits, people, None)[0]


def _prepare(fit: Fit, visits: pl.DataFrame, people: pl.DataFrame | None, priors: Priors | None) -> Start:
    return SAMPLED[model_name(fit.model)](fit, visits, people, priors)


def _linear(fit: Fit, visits: pl.DataFrame, people: pl.DataFrame | None, priors: Priors | None) -> Start:
    del people
    rows = _rows(fit, visits)
    model, columns, student = fit.model, rows.columns, fit.model.noise == "student"
    chosen = weak_course(rows, student=student) if priors is None else priors
    arranged = arrange(chosen, fit.parameters)
    density = linear_density(model, columns, arranged)
    begin = begin_of(model, columns, fit.estimates)
    placed = model.nodes(columns, model.natural(columns, begin), rows.visits) if student else None
    supplied = (rows.visits, jnp.asarray(arranged.numbers), placed)

    def run(key: jax.Array, chains: int, draws: int, warmup: int) -> tuple[Draws, Any]:
        found = sample_linear(density, supplied, begin, key, chains=chains, draws=draws, warmup=warmup)
        return found, jax.vmap(jax.vmap(density.natural))(found.working)

    return chosen, run


def _joint(fit: Fit, visits: pl.DataFrame, people: pl.DataFrame | None, priors: Priors | None) -> Start:
    if people is None:
        raise SpecError([("people", "the table with one row a person", "nothing")])
    chosen, density, held, arranged = joint_target(fit, visits, people, priors)

    def run(key: jax.Array, chains: int, draws: int, warmup: int) -> tuple[Draws, Any]:
        start = np.asarray(fit.arrays["working"])
        found = sample_joint(density, held, arranged.numbers, start, key, chains=chains, draws=draws, warmup=warmup)
        return found, jax.vmap(jax.vmap(density.natural))(found.working)

    return chosen, run


def joint_target(
    fit: Fit, visits: pl.DataFrame, people: pl.DataFrame, priors: Priors | None
) -> tuple[Priors, JointDensity, JointData, Arranged]:
    """What is sampled for a joint fit: priors in force, density, the arrays it reads, priors in their order.

    Raises:
        SpecError: priors that do not match the parameters.
        DataError: a column is missing, or the table's design is not the fit's.
    """
    rows, plan, layout = _rows(fit, visits), fit.plan, layout_of(fit)
    follow = follow_up(people, rows, plan.hazard, end=plan.end, event=plan.event, entry=plan.entry)
    centered = follow.covariates + follow.centers - fit.arrays["centers"]
    knots = tuple(float(knot) for knot in fit.arrays["knots"])
    frame = JointFrame(fit.model, rows.encoding, plan.time, first_rows(rows), knots, float(fit.arrays["horizon"]))
    held = joint_data(frame, rows, replace(follow, covariates=centered))
    weak = weak_joint(rows, held, follow.names, basis_names(fit.model, knots), fit.model.association)
    chosen = weak if priors is None else priors
    arranged = arrange(chosen, fit.parameters)
    return chosen, joint_density(layout, fit.model.points, arranged), held, arranged


SAMPLED: Final[dict[str, Callable[..., Start]]] = {"linear": _linear, "joint": _joint}
"""Models whose posterior can be sampled, by their name."""


def _rows(fit: Fit, visits: pl.DataFrame) -> DesignRows:
    plan = parse_encoding(fit.record.encoding)
    rows = design(
        visits,
        f"{plan.outcome} ~ {plan.fixed}",
        subject=plan.subject,
        random=plan.random,
        noise=plan.noise,
        visit=plan.visit,
        group=plan.group,
        weight=plan.weight,
    )
    if "Intercept" in rows.columns.noise:
        rows = without_level(rows)[0]
    if rows.columns != fit.columns:
        fault = Fault(
            table="visits",
            rule="other_design",
            message="The table's design columns are not those of the fit.",
            how_to_fix="Give the table that was fitted, or fit again with this one.",
        )
        raise DataError([fault])
    return rows


def _refuse(fit: Fit, chains: int, draws: int, warmup: int) -> None:
    faults: list[tuple[str, str, Any]] = []
    if model_name(fit.model) not in SAMPLED:
        faults.append(("fit", "a fit of " + " or ".join(SAMPLED), model_name(fit.model)))
    if fit.estimates.ndim != 1:
        faults.append(("fit", "a single fit", f"a batch of {len(fit.estimates)}"))
    least = {"chains": (chains, 1), "draws": (draws, 4), "warmup": (warmup, 20)}
    faults += [(name, f"at least {low}", supplied) for name, (supplied, low) in least.items() if supplied < low]
    if faults:
        raise SpecError(faults)


def _nothing(fit: Fit, priors: Priors | None, counts: tuple[int, int], seed: int) -> Posterior:
    blank = np.full(counts, np.nan)
    return Posterior(
        draws=np.full((*counts, len(fit.parameters)), np.nan),
        log_density=blank,
        step=blank[:, 0].copy(),
        divergent=np.zeros(counts, dtype=bool),
        leaps=np.zeros(counts, dtype=int),
        ended=Status(int(fit.status)),
        priors=Priors(rows=()) if priors is None else priors,
        seed=seed,
        record=replace(fit.record, method="posterior"),
        parameters=fit.parameters,
        columns=fit.columns,
        model=fit.model,
    )
