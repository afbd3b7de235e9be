"""Expected complete-data information of a joint model: the first half of Louis's identity, as sums over subjects.

Source: louis1982
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from alsight.infer.joint.arrays import CourseSums, JointData, Times
from alsight.infer.joint.parameters import JointLayout, JointValues

Square = Float[np.ndarray, "parameter parameter"]


def add_course(
    information: Square,
    layout: JointLayout,
    values: JointValues,
    course: CourseSums,
    squares: Float[np.ndarray, "subject node"],
    weights: Float[np.ndarray, "subject node"],
    mean: Float[np.ndarray, "subject random"],
) -> None:
    """Add the measured values' part: fixed effects and the log residual SD.

    Args:
        information: changed in place.
        layout: where blocks lie.
        values: present parameters.
        course: sufficient statistics.
        squares: residual sum of squares at each node.
        weights: posterior weights of the nodes.
        mean: posterior mean of the random effects.
    """
    precision, beta = values.sd**-2, slice(0, layout.fixed)
    information[beta, beta] += precision * course.xx.sum(axis=0)
    residual = course.xy.sum(axis=0) - course.xx.sum(axis=0) @ values.fixed
    residual -= np.einsum("npq,nq->p", course.xz, mean)
    information[beta, layout.log_sd] += 2 * precision * residual
    information[layout.log_sd, beta] += 2 * precision * residual
    information[layout.log_sd, layout.log_sd] += 2 * precision * float((weights * squares).sum())


def add_prior(
    information: Square, layout: JointLayout, values: JointValues, second: Float[np.ndarray, "random random"]
) -> None:
    """Add the random effects' part, from the sum over subjects of their posterior second moment E[b bᵀ]."""
    inverse = np.linalg.inv(values.factor)
    moment = inverse @ second @ inverse.T
    pairs = np.stack(np.tril_indices(layout.random), axis=1)
    moves: list[Float[np.ndarray, "random random"]] = []
    for i, j in pairs:
        change = np.zeros_like(inverse)
        change[i, j] = values.factor[i, j] if i == j else 1.0
        moves.append(inverse @ change)
    start = layout.cholesky.start
    for row, first in enumerate(moves):
        for column, other in enumerate(moves):
            curved = other.T @ first + other @ first + first @ other
            information[start + row, start + column] += float((moment * curved).sum())
    for row, (i, j) in enumerate(pairs):
        if i == j:  # the diagonal is free on the log scale, which adds the first derivative
            information[start + row, start + row] -= float((moves[row].T * moment).sum())


def add_hazard(
    information: Square,
    layout: JointLayout,
    values: JointValues,
    data: JointData,
    exposure: Times,
    cause: int,
    slope: Float[np.ndarray, "subject time fixed"],
    rate: Float[np.ndarray, "subject node time"],
    effects: Float[np.ndarray, "subject node random"],
) -> None:
    """Add one cause's part.

    Args:
        information: changed in place.
        layout: where blocks lie.
        values: present parameters.
        data: subjects.
        exposure: features at the quadrature times.
        cause: which hazard.
        slope: what the hazard takes from the fixed effects.
        rate: hazard times quadrature weight times posterior weight of the node.
        effects: random effects at the nodes.
    """
    total, terms, both = _term_moments(layout, values, exposure, rate, effects)
    count, times = total.shape
    spread = np.broadcast_to(data.covariates[:, None, :], (count, times, layout.covariates))
    static = np.concatenate([slope, exposure.basis, spread], axis=2).reshape(count * times, -1)
    block = layout.hazard(cause)
    beta = np.arange(layout.fixed)
    association = np.arange(block.stop - layout.terms, block.stop)
    where = np.concatenate([beta, np.arange(block.start, block.stop - layout.terms)])
    information[np.ix_(where, where)] += static.T @ (static * total.reshape(-1, 1))
    mixed = static.T @ terms.reshape(count * times, -1)
    end = np.einsum("n,nkp->pk", data.happened[:, cause], data.end.fixed[:, 0])
    mixed[: layout.fixed] += np.einsum("nt,ntkp->pk", total, exposure.fixed) - end
    information[np.ix_(where, association)] += mixed
    information[np.ix_(association, where)] += mixed.T
    information[np.ix_(association, association)] += both


def _term_moments(
    layout: JointLayout,
    values: JointValues,
    exposure: Times,
    rate: Float[np.ndarray, "subject node time"],
    effects: Float[np.ndarray, "subject node random"],
) -> tuple[Float[np.ndarray, "subject time"], Float[np.ndarray, "subject time term"], Float[np.ndarray, "term term"]]:
    """The rate's total over nodes, the association terms weighted by it, and their products summed over everything."""
    by_time = np.swapaxes(rate, 1, 2)
    total = by_time.sum(axis=2)
    first = by_time @ effects
    size = layout.random
    pairs = (effects[..., :, None] * effects[..., None, :]).reshape(*effects.shape[:2], size * size)
    second = (by_time @ pairs).reshape(*total.shape, size, size)
    own = exposure.fixed @ values.fixed
    moved = np.einsum("ntkq,ntq->ntk", exposure.random, first)
    both = np.einsum("ntk,ntl->kl", own * total[..., None], own) + np.einsum("ntk,ntl->kl", own, moved)
    both += np.einsum("ntk,ntl->kl", moved, own)
    both += np.einsum("ntkq,ntqr,ntlr->kl", exposure.random, second, exposure.random, optimize=True)
    return total, total[..., None] * own + moved, both
