"""The public functions that fit a model to a table of any library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from alsight.infer.gaussian.degrees import Rule
from alsight.infer.items.fit import fit_items
from alsight.infer.joint.fit import fit_joint
from alsight.infer.linear import fit_linear
from alsight.infer.marginal import fit_marginal
from alsight.infer.mixture.fit import fit_mixture
from alsight.infer.results.cox import CoxFit
from alsight.infer.results.frames import as_frame
from alsight.infer.results.result import ModelFit
from alsight.infer.sigmoid import fit_sigmoid
from alsight.infer.survival.coding import Happened
from alsight.infer.survival.cox import Ties, fit_cox
from alsight.infer.velocity.fit import fit_velocity
from alsight.models.latent.items import Items
from alsight.models.latent.joint import Joint
from alsight.models.latent.mixture import Mixture
from alsight.models.latent.sigmoid import Sigmoid
from alsight.models.latent.velocity import Velocity

Method = Literal["reml", "ml"]


def lmm(
    data: Any,
    formula: str,
    *,
    subject: str = "subject",
    random: str = "~ 1",
    noise: str = "",
    weight: str = "",
    tail: Literal["normal", "student"] = "normal",
    method: Method | Literal[""] = "",
    degrees: Rule = "satterthwaite",
) -> ModelFit:
    """Linear mixed model.

    Args:
        data: one row a visit; polars, pandas, Arrow, or columns by name.
        formula: "alsfrs_r_total ~ months * arm".
        subject: column that tells people apart.
        random: formula of the random effects ("~ months": intercept and slope, correlated).
        noise: formula of the log residual SD ("~ arm"), empty for equal noise.
        weight: column of precision weights [above 0].
        tail: law of the noise; Student noise is fitted by maximum likelihood.
        method: "reml" or "ml"; empty for REML, and ML with Student noise.
        degrees: where degrees of freedom come from: "satterthwaite", "kenward_roger", "residual" or "normal".

    Returns:
        The fit; its `status` says what happened where the data do not allow one.

    Raises:
        DataError: a column is missing or of the wrong kind, a weight is not above 0.
        SpecError: `data` is no table.

    Examples:
        >>> table = {
        ...     "subject": [1, 1, 1, 2, 2, 2, 3, 3, 3],
        ...     "months": [0.0, 3.0, 6.0] * 3,
        ...     "total": [40.0, 37.0, 35.0, 44.0, 43.0, 40.0, 38.0, 33.0, 31.0],
        ... }
        >>> fit = lmm(table, "total ~ months")
        >>> fit.status, round(fit["months"], 3)
        ('converged', -0.889)
    """
    table = as_frame(data)
    chosen: Method = method or ("ml" if tail == "student" else "reml")
    fit = fit_linear(
        table, formula, subject=subject, random=random, noise=noise, weight=weight, tail=tail, method=chosen
    )
    call = f"lmm({formula!r}, random={random!r}, subject={subject!r})"
    return ModelFit(fit, table, "Linear mixed model", call, degrees)


def mmrm(
    data: Any,
    formula: str,
    *,
    visit: str,
    subject: str = "subject",
    structure: str = "us",
    group: str = "",
    weight: str = "",
    coordinates: Sequence[str] = (),
    method: Method = "reml",
    degrees: Rule = "kenward_roger",
) -> ModelFit:
    """Mixed model for repeated measures: a mean for every visit and a structured covariance between visits.

    Args:
        data: one row a visit; polars, pandas, Arrow, or columns by name.
        formula: "change ~ baseline + arm * visit".
        visit: column of planned visits; numbers, or categories in the order of time.
        subject: column that tells people apart.
        structure: "us", "cs", "csh", "ar1", "ar1h", "toep", "toeph", "ad", "adh", "sp_exp" or "sp_gau".
        group: column whose levels have covariances of their own.
        weight: column of precision weights [above 0].
        coordinates: columns whose distances a spatial structure reads.
        method: "reml" or "ml".
        degrees: where degrees of freedom come from: "kenward_roger", "satterthwaite", "residual" or "normal".

    Returns:
        The fit; its `status` says what happened where the data do not allow one.

    Raises:
        DataError: a column is missing or of the wrong kind, or the order of the visits is not known.
        SpecError: no such structure, or `data` is no table.
    """
    table = as_frame(data)
    fit = fit_marginal(
        table,
        formula,
        visit=visit,
        subject=subject,
        structure=structure,
        group=group,
        weight=weight,
        coordinates=coordinates,
        method=method,
    )
    call = f"mmrm({formula!r}, visit={visit!r}, subject={subject!r}, structure={structure!r})"
    return ModelFit(fit, table, "Mixed model for repeated measures", call, degrees)


def cox(
    data: Any,
    formula: str,
    *,
    time: str,
    event: str,
    entry: str = "",
    strata: Sequence[str] | str = (),
    cluster: str = "",
    weight: str = "",
    happened: Happened = None,
    ties: Ties = "efron",
) -> CoxFit:
    """Cox proportional-hazards regression.

    Args:
        data: one row a person or interval; polars, pandas, Arrow, or columns by name.
        formula: covariates, "~ age + arm".
        time: column of the end of follow-up.
        event: column that says whether it ended with the event, 1 or true.
        entry: column of a delayed start.
        strata: columns whose combinations have baseline hazards of their own.
        cluster: column of people whose rows belong together in robust errors.
        weight: column of case weights [above 0].
        happened: value of `event` that means it happened, for other codings (2, "dead").
        ties: "efron" or "breslow".

    Returns:
        The fit; its `status` says what happened where the data do not allow one.

    Raises:
        DataError: a column is missing, the coding of the event is not clear, or a row ends before it begins.
        SpecError: `data` is no table.
    """
    table = as_frame(data)
    named = (strata,) if isinstance(strata, str) and strata else tuple(strata)
    fit = fit_cox(
        table,
        formula,
        time=time,
        event=event,
        entry=entry,
        strata=named,
        cluster=cluster,
        weight=weight,
        happened=happened,
        ties=ties,
    )
    call = f"cox({formula!r}, time={time!r}, event={event!r}, ties={ties!r})"
    return CoxFit(fit, table, "Cox proportional-hazards regression", call)


def joint(
    visits: Any,
    people: Any,
    formula: str,
    *,
    random: str = "~ months",
    hazard: str = "",
    time: str = "months",
    end: str = "end",
    event: str = "event",
    entry: str = "",
    subject: str = "subject",
    happened: Happened = None,
    model: Joint | None = None,
) -> ModelFit:
    """Joint model of a course and of events; see the page of the joint model for its arguments.

    Args:
        visits: one row a visit.
        people: one row a person.
        formula: course, "total ~ months".
        random: a person's own departure from it.
        hazard: covariates of the hazard.
        time: time column of the visits.
        end: column of the end of follow-up.
        event: column of what ended it: 0 none, 1, 2 ... causes.
        entry: column of a delayed start.
        subject: column that tells people apart, in both tables.
        happened: value of `event` that means it happened, for other codings.
        model: association, baseline and quadrature.

    Raises:
        DataError: a column is missing, follow-up contradicts itself, or a visit is after its end.
        SpecError: no tables.
    """
    table, persons = as_frame(visits, "visits"), as_frame(people, "people")
    fit = fit_joint(
        table,
        persons,
        formula,
        random=random,
        hazard=hazard,
        time=time,
        end=end,
        event=event,
        entry=entry,
        subject=subject,
        happened=happened,
        model=model,
    )
    call = f"joint({formula!r}, random={random!r}, hazard={hazard!r})"
    return ModelFit(fit, table, "Joint model of course and event", call, people=persons)


def velocity(
    data: Any,
    *,
    time: str = "months",
    outcome: str = "score",
    subject: str = "subject",
    level: str = "~ 1",
    rate: str = "~ 1",
    model: Velocity | None = None,
) -> ModelFit:
    """Velocity model: a rate of loss that wanders and is never negative.

    Args:
        data: one row a visit.
        time: months since any origin.
        outcome: the score.
        subject: column that tells people apart.
        level: formula of the level at the first visit.
        rate: formula of the log rate of loss.
        model: scale, classes, parameters held, draws.

    Raises:
        DataError: a column is missing or no number, or a score lies outside the scale.
        SpecError: `data` is no table, or a parameter is held that the model does not have.
    """
    table = as_frame(data)
    fit = fit_velocity(table, time=time, outcome=outcome, subject=subject, level=level, rate=rate, model=model)
    return ModelFit(fit, table, "Velocity model", f"velocity(outcome={outcome!r}, rate={rate!r}, level={level!r})")


def items(
    data: Any,
    *,
    time: str = "months",
    subject: str = "subject",
    level: str = "~ 1",
    rate: str = "~ 1",
    model: Items | None = None,
) -> ModelFit:
    """Longitudinal graded response of the items of a scale.

    Args:
        data: one row a visit, one column an item.
        time: months since any origin.
        subject: column that tells people apart.
        level: formula of the latent level.
        rate: formula of the latent rate.
        model: traits and items.

    Raises:
        DataError: a column is missing or no number.
        SpecError: `data` is no table.
    """
    table = as_frame(data)
    given = {} if model is None else {"model": model}
    fit = fit_items(table, time=time, subject=subject, level=level, rate=rate, **given)
    return ModelFit(fit, table, "Graded response of items over time", f"items(level={level!r}, rate={rate!r})")


def sigmoid(
    data: Any,
    *,
    time: str = "months_since_onset",
    outcome: str = "alsfrs_r_total",
    subject: str = "subject",
    d50: str = "~ 1",
    dx: str = "~ 1",
    model: Sigmoid | None = None,
) -> ModelFit:
    """Sigmoid course from onset: D50 and dx of each person.

    Args:
        data: one row a visit.
        time: months since onset.
        outcome: the score.
        subject: column that tells people apart.
        d50: formula of log D50.
        dx: formula of log dx.
        model: best score, law of the noise, quadrature.

    Raises:
        DataError: a column is missing or no number.
        SpecError: `data` is no table.
    """
    table = as_frame(data)
    fit = fit_sigmoid(table, time=time, outcome=outcome, subject=subject, d50=d50, dx=dx, model=model)
    return ModelFit(fit, table, "Sigmoid course", f"sigmoid(outcome={outcome!r}, d50={d50!r}, dx={dx!r})")


def mixture(
    data: Any,
    formula: str,
    *,
    random: str = "~ months",
    common: str = "",
    member: str = "~ 1",
    subject: str = "subject",
    model: Mixture | None = None,
) -> ModelFit:
    """Mixture of classes with courses of their own.

    Args:
        data: one row a visit.
        formula: course of each class, "total ~ months".
        random: a person's own departure from the class's course.
        common: terms whose coefficients the classes share.
        member: covariates of the odds of the classes.
        subject: column that tells people apart.
        model: number of classes, spread, starts.

    Raises:
        DataError: a column is missing or of the wrong kind.
        SpecError: `data` is no table.
    """
    table = as_frame(data)
    fit = fit_mixture(table, formula, random=random, common=common, member=member, subject=subject, model=model)
    return ModelFit(fit, table, "Mixture of courses", f"mixture({formula!r}, member={member!r})")
