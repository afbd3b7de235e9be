"""The joint log likelihood with exact scores and information, by adaptive Gauss-Hermite quadrature.

For subject i with random effects b, values y and event time T,

    L_i = ∫ p(y | b) p(T, d | b) p(b) db / ∫ S(entry | b) p(b) db

Nodes are centered at the mode of the integrand and scaled by its curvature. Fisher's identity gives the score as the
posterior mean of the complete-data score g, Louis's identity the observed information as
E[-∂²l] - Cov[g], both as moments over the nodes; nothing is differentiated numerically.

Source: rizopoulos2012, louis1982
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alsight.infer.joint.arrays import CourseSums, JointData, Times, rows
from alsight.infer.joint.information import add_course, add_hazard, add_prior
from alsight.infer.joint.parameters import JointLayout, JointValues, unpack

CHUNK = 1024
"""Subjects evaluated together: temporary arrays stay in the processor's cache and memory stays bounded."""

HIGHEST = 50.0
"""Log hazards above this are cut while modes are sought, so that a bad trial step ends as a low likelihood."""


@dataclass(frozen=True)
class ProductRule:
    """A product Gauss-Hermite rule for a standard normal: nodes and log weights (with the density divided out)."""

    nodes: Float[np.ndarray, "node random"]
    log_weights: Float[np.ndarray, " node"]


def rule(points: int, random: int) -> ProductRule:
    """The product rule with `points` nodes an axis; ∫ f(b) db ≈ Σ exp(log_weight) f(node)."""
    node, weight = np.polynomial.hermite_e.hermegauss(points)
    nodes = np.stack(np.meshgrid(*[node] * random, indexing="ij"), axis=-1).reshape(-1, random)
    weights = np.stack(np.meshgrid(*[np.log(weight)] * random, indexing="ij"), axis=-1).reshape(-1, random)
    return ProductRule(nodes, weights.sum(axis=-1) + 0.5 * (nodes**2).sum(axis=-1))


@dataclass(frozen=True)
class JointEvaluation:
    """One evaluation at a working vector.

    Attributes:
        log_likelihood: of each subject.
        scores: of each subject.
        information: observed information of all subjects together; zeros when it was not asked for.
        modes: of each subject's random effects, to start the next evaluation from.
    """

    log_likelihood: Float[np.ndarray, " subject"]
    scores: Float[np.ndarray, "subject parameter"]
    information: Float[np.ndarray, "parameter parameter"]
    modes: Float[np.ndarray, "subject random"]


def evaluate(
    layout: JointLayout,
    working: Float[np.ndarray, " parameter"],
    data: JointData,
    points: int,
    modes: Float[np.ndarray, "subject random"] | None = None,
    *,
    curvature: bool = True,
) -> JointEvaluation:
    """Log likelihood, scores and observed information (zeros without `curvature`); cost linear in subjects."""
    values, grid = unpack(layout, working), rule(points, layout.random)
    start = np.zeros((data.subjects, layout.random)) if modes is None else modes
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            parts = [
                _chunk(layout, values, rows(data, i, i + CHUNK), grid, start[i : i + CHUNK], curvature)
                for i in range(0, data.subjects, CHUNK)
            ]
    except np.linalg.LinAlgError:  # a trial step far off
        parts = [_nothing(data.subjects, layout)]
    return JointEvaluation(
        np.concatenate([part.log_likelihood for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.sum([part.information for part in parts], axis=0),
        np.concatenate([part.modes for part in parts]),
    )


def _nothing(subjects: int, layout: JointLayout) -> JointEvaluation:
    """Not a number everywhere, which the optimizer refuses."""
    return JointEvaluation(
        np.full(subjects, np.nan),
        np.full((subjects, layout.size), np.nan),
        np.full((layout.size, layout.size), np.nan),
        np.zeros((subjects, layout.random)),
    )


def _chunk(
    layout: JointLayout,
    values: JointValues,
    data: JointData,
    grid: ProductRule,
    start: Float[np.ndarray, "subject random"],
    curvature: bool,
) -> JointEvaluation:
    observed = _integral(layout, values, data, data.exposure, grid, start, curvature)
    if data.entry is None:
        return observed
    waited = _integral(layout, values, _only_waiting(data), data.entry, grid, np.zeros_like(start), curvature)
    return JointEvaluation(
        observed.log_likelihood - waited.log_likelihood,
        observed.scores - waited.scores,
        observed.information - waited.information,
        observed.modes,
    )


def _only_waiting(data: JointData) -> JointData:
    """The same subjects with nothing measured and nothing happened: what entering late conditions on."""
    course = CourseSums(*(np.zeros_like(getattr(data.course, name)) for name in CourseSums.__dataclass_fields__))
    return JointData(course, np.zeros_like(data.happened), data.covariates, data.end, data.exposure)


@dataclass(frozen=True)
class EffectsPosterior:
    """Each subject's random effects given what was seen of it, as weighted nodes.

    Attributes:
        effects: nodes.
        weights: posterior weights, summing to 1 for each subject.
        log_likelihood: log of the integral over the random effects.
        modes: posterior modes.
    """

    effects: Float[np.ndarray, "subject node random"]
    weights: Float[np.ndarray, "subject node"]
    log_likelihood: Float[np.ndarray, " subject"]
    modes: Float[np.ndarray, "subject random"]


def posterior(
    layout: JointLayout, working: Float[np.ndarray, " parameter"], data: JointData, points: int
) -> EffectsPosterior:
    """Random effects of each subject given its values and its follow-up; all subjects in one piece."""
    values = unpack(layout, working)
    slopes = _slopes(values, data.exposure)
    start = np.zeros((data.subjects, layout.random))
    return _posterior(values, data, slopes, rule(points, layout.random), start)[0]


def _posterior(
    values: JointValues, data: JointData, slopes: _Slopes, grid: ProductRule, start: Float[np.ndarray, "subject random"]
) -> tuple[EffectsPosterior, _Hazards, Float[np.ndarray, "subject node"]]:
    modes, spread, log_spread = _centers(values, data, slopes, start)
    effects = modes[:, None, :] + grid.nodes @ np.swapaxes(spread, 1, 2)
    hazards = _hazards(values, data, slopes, effects)
    squares = _squares(values, data.course, effects)
    log_joint = _log_course(values, data.course, squares) + _log_prior(values, effects) + hazards.log_density
    log_terms = log_joint + grid.log_weights + log_spread[:, None]
    highest = log_terms.max(axis=1)
    weights = np.exp(log_terms - highest[:, None])
    total = weights.sum(axis=1)
    return EffectsPosterior(effects, weights / total[:, None], highest + np.log(total), modes), hazards, squares


def _integral(
    layout: JointLayout,
    values: JointValues,
    data: JointData,
    exposure: Times,
    grid: ProductRule,
    start: Float[np.ndarray, "subject random"],
    curvature: bool,
) -> JointEvaluation:
    slopes = _slopes(values, exposure)
    found, hazards, squares = _posterior(values, data, slopes, grid, start)
    effects, weights = found.effects, found.weights
    gradients = _gradients(layout, values, data, exposure, slopes, effects, hazards, squares)
    scores = np.einsum("nk,nkp->np", weights, gradients)
    information = np.zeros((layout.size, layout.size))
    if not curvature:
        return JointEvaluation(found.log_likelihood, scores, information, found.modes)
    mean = np.einsum("nk,nkq->nq", weights, effects)
    add_course(information, layout, values, data.course, squares, weights, mean)
    flat_effects = effects.reshape(-1, layout.random)
    add_prior(information, layout, values, flat_effects.T @ (flat_effects * weights.reshape(-1, 1)))
    for cause, rate in enumerate(hazards.rates):
        weighted = rate * weights[..., None]
        add_hazard(information, layout, values, data, exposure, cause, slopes.fixed[cause], weighted, effects)
    flat = gradients.reshape(-1, layout.size)
    information -= flat.T @ (flat * weights.reshape(-1, 1)) - scores.T @ scores
    return JointEvaluation(found.log_likelihood, scores, information, found.modes)


@dataclass(frozen=True)
class _Slopes:
    """What the hazards take from the fixed and random effects at the association's present size, one a cause."""

    fixed: list[Float[np.ndarray, "subject time fixed"]]
    random: list[Float[np.ndarray, "subject time random"]]
    constant: list[Float[np.ndarray, "subject time"]]


def _slopes(values: JointValues, exposure: Times) -> _Slopes:
    fixed = [np.einsum("k,ntkp->ntp", hazard.association, exposure.fixed) for hazard in values.hazards]
    random = [np.einsum("k,ntkq->ntq", hazard.association, exposure.random) for hazard in values.hazards]
    constant = [
        exposure.basis @ hazard.baseline + slope @ values.fixed + exposure.log_weight
        for hazard, slope in zip(values.hazards, fixed, strict=True)
    ]
    return _Slopes(fixed, random, constant)


def _centers(
    values: JointValues,
    data: JointData,
    slopes: _Slopes,
    start: Float[np.ndarray, "subject random"],
) -> tuple[
    Float[np.ndarray, "subject random"], Float[np.ndarray, "subject random random"], Float[np.ndarray, " subject"]
]:
    """Mode of each integrand by Newton steps, Cholesky factor of the inverse curvature there, its log determinant."""
    inverse = np.linalg.inv(values.factor @ values.factor.T)
    precision = values.sd**-2
    linear = precision * (data.course.zy - np.einsum("npq,p->nq", data.course.xz, values.fixed))
    quadratic = precision * data.course.zz + inverse
    for cause, hazard in enumerate(values.hazards):
        at_end = np.einsum("k,nkq->nq", hazard.association, data.end.random[:, 0])
        linear = linear + data.happened[:, cause, None] * at_end
    modes = start
    curvature = quadratic
    for step in range(25):
        gradient = linear - np.einsum("nqr,nr->nq", quadratic, modes)
        curvature = quadratic.copy()
        for cause, hazard in enumerate(values.hazards):
            slope = slopes.random[cause]
            level = slopes.constant[cause] + (data.covariates @ hazard.covariates)[:, None]
            rate = np.exp(np.minimum(level + np.einsum("ntq,nq->nt", slope, modes), HIGHEST))
            gradient -= np.einsum("nt,ntq->nq", rate, slope)
            curvature += np.einsum("nt,ntq,ntr->nqr", rate, slope, slope, optimize=True)
        move = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        size = np.sqrt(np.einsum("nq,nqr,nr->n", move, curvature, move)).max(initial=0.0)
        if size < 1e-3 and step > 0:
            break
        modes = modes + move
    root = np.linalg.cholesky(curvature)
    spread = np.swapaxes(np.linalg.inv(root), 1, 2)
    return modes, spread, -np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)


def _log_course(
    values: JointValues, course: CourseSums, squares: Float[np.ndarray, "subject node"]
) -> Float[np.ndarray, "subject node"]:
    return -0.5 * (course.count * np.log(2 * np.pi * values.sd**2))[:, None] - 0.5 * squares / values.sd**2


def _squares(
    values: JointValues, course: CourseSums, effects: Float[np.ndarray, "subject node random"]
) -> Float[np.ndarray, "subject node"]:
    """Residual sum of squares of each subject at each node."""
    beta = values.fixed
    own = course.yy - 2 * course.xy @ beta + np.einsum("p,npr,r->n", beta, course.xx, beta)
    cross = course.zy - np.einsum("npq,p->nq", course.xz, beta)
    return own[:, None] - 2 * np.einsum("nkq,nq->nk", effects, cross) + _dots(effects @ course.zz, effects)


def _log_prior(
    values: JointValues, effects: Float[np.ndarray, "subject node random"]
) -> Float[np.ndarray, "subject node"]:
    scaled = effects @ np.linalg.inv(values.factor).T
    size = effects.shape[-1]
    return -0.5 * _dots(scaled, scaled) - np.log(np.diag(values.factor)).sum() - 0.5 * size * np.log(2 * np.pi)


@dataclass(frozen=True)
class _Hazards:
    """Events at every node: log density, of each cause the rate times weight and its sum, the association's terms."""

    log_density: Float[np.ndarray, "subject node"]
    rates: list[Float[np.ndarray, "subject node time"]]
    totals: list[Float[np.ndarray, "subject node"]]
    end_terms: Float[np.ndarray, "subject node term"]


def _hazards(
    values: JointValues,
    data: JointData,
    slopes: _Slopes,
    effects: Float[np.ndarray, "subject node random"],
) -> _Hazards:
    end = data.end
    end_terms = (end.fixed[:, 0] @ values.fixed)[:, None, :] + effects @ np.swapaxes(end.random[:, 0], 1, 2)
    log_density = np.zeros(effects.shape[:2])
    rates: list[Float[np.ndarray, "subject node time"]] = []
    totals: list[Float[np.ndarray, "subject node"]] = []
    for cause, hazard in enumerate(values.hazards):
        risk = data.covariates @ hazard.covariates
        level = slopes.constant[cause] + risk[:, None]
        rate = np.exp(level[:, None, :] + effects @ np.swapaxes(slopes.random[cause], 1, 2))
        at_end = (end.basis[:, 0] @ hazard.baseline + risk)[:, None] + end_terms @ hazard.association
        totals.append(np.einsum("nkt->nk", rate))
        log_density += data.happened[:, cause, None] * at_end - totals[-1]
        rates.append(rate)
    return _Hazards(log_density, rates, totals, end_terms)


def _dots(
    one: Float[np.ndarray, "subject node random"], other: Float[np.ndarray, "subject node random"]
) -> Float[np.ndarray, "subject node"]:
    """Scalar products over the last axis; einsum, since summing over a short axis is several times slower."""
    return np.einsum("nkq,nkq->nk", one, other)


def _gradients(
    layout: JointLayout,
    values: JointValues,
    data: JointData,
    exposure: Times,
    slopes: _Slopes,
    effects: Float[np.ndarray, "subject node random"],
    hazards: _Hazards,
    squares: Float[np.ndarray, "subject node"],
) -> Float[np.ndarray, "subject node parameter"]:
    """Complete-data score of every subject at every node."""
    course, precision = data.course, values.sd**-2
    gradients = np.zeros((*effects.shape[:2], layout.size))
    residual = course.xy - course.xx @ values.fixed
    beta = precision * (residual[:, None, :] - effects @ np.swapaxes(course.xz, 1, 2))
    gradients[..., layout.cholesky] = _prior_gradient(values, effects)
    gradients[..., layout.log_sd] = precision * squares - course.count[:, None]
    for cause, hazard in enumerate(values.hazards):
        rate, total, happened = hazards.rates[cause], hazards.totals[cause], data.happened[:, cause]
        at_end = np.einsum("k,nkp->np", hazard.association, data.end.fixed[:, 0])
        beta = beta + (happened[:, None] * at_end)[:, None, :] - rate @ slopes.fixed[cause]
        block = gradients[..., layout.hazard(cause)]
        first, second = layout.basis, layout.basis + layout.covariates
        block[..., :first] = (happened[:, None] * data.end.basis[:, 0])[:, None, :] - rate @ exposure.basis
        block[..., first:second] = (happened[:, None] - total)[..., None] * data.covariates[:, None, :]
        block[..., second:] = happened[:, None, None] * hazards.end_terms - _weighted_terms(
            values, exposure, effects, rate
        )
    gradients[..., : layout.fixed] = beta
    return gradients


def _weighted_terms(
    values: JointValues,
    exposure: Times,
    effects: Float[np.ndarray, "subject node random"],
    rate: Float[np.ndarray, "subject node time"],
) -> Float[np.ndarray, "subject node term"]:
    """Σ_t rate_t (fixed_t·β + random_t·b) of each association term at each node."""
    own = rate @ (exposure.fixed @ values.fixed)
    moved = np.stack([_dots(rate @ exposure.random[:, :, k], effects) for k in range(exposure.random.shape[2])], axis=2)
    return own + moved


def _prior_gradient(
    values: JointValues, effects: Float[np.ndarray, "subject node random"]
) -> Float[np.ndarray, "subject node free"]:
    """Score of log N(b; 0, L L') by the working entries of L: (L⁻ᵀ u uᵀ)ᵢⱼ with u = L⁻¹ b, log diagonal minus one."""
    inverse = np.linalg.inv(values.factor)
    scaled = effects @ inverse.T
    outer = scaled @ inverse
    i, j = np.tril_indices(effects.shape[-1])
    free = outer[..., i] * scaled[..., j]
    diagonal = np.diag(values.factor)[i]
    return np.where(i == j, free * diagonal - 1.0, free)
