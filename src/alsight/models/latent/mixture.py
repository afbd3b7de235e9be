"""A mixture of classes of straight (or curved) courses: progressive, slow, stable ... each with its own mean course.

People belong to a class that no one sees; covariates shift the odds, and the scores tell who is likely where.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from alsight.base.spec import Spec
from alsight.models.covariance import factor_of, from_working, spread_names, to_working
from alsight.models.model import Columns, Parameter, Scale, Visits

FARTHEST = 1e8
"""Largest squared course, relative to the mean squared values, at which sums over visits are exact enough."""


class Sums(NamedTuple):
    """What each person's values contribute: with designs X and Z and values y, all unseen visits excluded.

    Attributes:
        xx: X'X.
        zx: Z'X.
        zz: Z'Z.
        xy: X'y.
        zy: Z'y.
        yy: y'y.
        size: number of values.
        member: covariates of class membership.
    """

    xx: Float[Array, "subject fixed fixed"]
    zx: Float[Array, "subject random fixed"]
    zz: Float[Array, "subject random random"]
    xy: Float[Array, "subject fixed"]
    zy: Float[Array, "subject random"]
    yy: Float[Array, "*_ subject"]
    size: Float[Array, "*_ subject"]
    member: Float[Array, "subject member"]


class MixtureValues(NamedTuple):
    """The parameters by class.

    Attributes:
        fixed: coefficients of the whole fixed design, common ones repeated.
        spread: SDs and correlations of the random effects.
        sd: residual SD.
        logit: log odds of each class against the first, whose own are 0.
    """

    fixed: Float[Array, "kind fixed"]
    spread: Float[Array, "kind element"]
    sd: Float[Array, ""]
    logit: Float[Array, "kind member"]


class Mixture(Spec, frozen=True, kw_only=True):
    """y_ij = x_ij'b_k + w_ij'g + z_ij'u_i + e_ij in class k, u_i ~ N(0, G_k), P(k | v_i) ~ exp(v_i'a_k), a_1 = 0.

    Parameters, in order: b of each class; g; SDs and correlations of u (of each class where `spread` is "own");
    residual SD; a of each class after the first. In `Visits` the fixed design holds x and w and the noise design v,
    read at the person's first visit. Classes stand in the order of their coefficient of `time`, steepest loss first.

    Attributes:
        classes: number of classes.
        time: design column whose coefficient orders the classes.
        common: columns of the fixed design whose coefficients the classes share.
        spread: whether classes share the covariance of the random effects.
        starts: places from which the search begins; mixtures have many maxima.
        seed: root of the random starts.

    Source: verbeke1996, proustlima2017
    """

    classes: Annotated[int, msgspec.Meta(ge=1, le=8)] = 2
    time: str = "months"
    common: tuple[str, ...] = ()
    spread: Literal["common", "own"] = "common"
    starts: Annotated[int, msgspec.Meta(ge=1, le=200)] = 8
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1

    def parameters_of(self, columns: Columns) -> tuple[Parameter, ...]:
        """Courses of the classes, common coefficients, spread, noise, membership."""
        own = [name for name in columns.fixed if name not in self.common]
        found = [Parameter(f"class{k + 1}_{name}") for k in range(self.classes) for name in own]
        found += [Parameter(name) for name in columns.fixed if name in self.common]
        spread = spread_names(columns.random)
        if self.spread == "own":
            found += [Parameter(f"class{k + 1}_{p.name}", p.scale) for k in range(self.classes) for p in spread]
        else:
            found += spread
        found.append(Parameter("sd_residual", Scale.LOG))
        found += [Parameter(f"class{k + 1}_logit_{name}") for k in range(1, self.classes) for name in columns.noise]
        return tuple(found)

    def working(self, columns: Columns, parameters: Float[Array, "*_ parameter"]) -> Float[Array, "*_ free"]:
        """Natural values as unconstrained ones: log-Cholesky for each G, the log of the residual SD."""
        fixed, spread, rest = self._parts(columns, parameters)
        turned = jnp.concatenate([to_working(part, len(columns.random)) for part in spread])
        return jnp.concatenate([fixed, turned, jnp.log(rest[:1]), rest[1:]])

    def natural(self, columns: Columns, working: Float[Array, "*_ free"]) -> Float[Array, "*_ parameter"]:
        """Unconstrained values as natural ones."""
        fixed, spread, rest = self._parts(columns, working)
        turned = jnp.concatenate([from_working(part, len(columns.random)) for part in spread])
        return jnp.concatenate([fixed, turned, jnp.exp(rest[:1]), rest[1:]])

    def values(self, columns: Columns, parameters: Float[Array, "*_ parameter"]) -> MixtureValues:
        """The parameters by class."""
        fixed, spread, rest = self._parts(columns, parameters)
        place = {name: spot for spot, name in enumerate(self._own(columns))}
        shared = {name: spot for spot, name in enumerate(n for n in columns.fixed if n in self.common)}
        own = len(place)
        index = [
            [k * own + place[name] if name in place else self.classes * own + shared[name] for name in columns.fixed]
            for k in range(self.classes)
        ]
        whole = fixed[np.array(index, dtype=int).reshape(self.classes, len(columns.fixed))]
        every = jnp.stack(spread * self.classes if len(spread) == 1 else spread)
        logit = rest[1:].reshape(self.classes - 1, len(columns.noise))
        return MixtureValues(whole, every, rest[0], jnp.concatenate([jnp.zeros((1, len(columns.noise))), logit]))

    def vector(self, columns: Columns, values: MixtureValues) -> Float[Array, "*_ parameter"]:
        """Natural parameters from values by class; the inverse of `values`, odds taken against the first class."""
        own = np.array([name not in self.common for name in columns.fixed])
        spread = values.spread if self.spread == "own" else values.spread[:1]
        logit = (values.logit - values.logit[:1])[1:]
        parts = (values.fixed[:, own], values.fixed[0, ~own], spread, values.sd[None], logit)
        return jnp.concatenate([part.ravel() for part in parts])

    def log_density(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "*_ subject"]:
        """Log density of each person's values, classes and random effects integrated out exactly."""
        return logsumexp(self.joint(columns, parameters, sums(visits)), axis=1)

    def joint(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], supplied: Sums
    ) -> Float[Array, "subject kind"]:
        """Log density of each person's values together with each class."""
        values = self.values(columns, parameters)
        each = [_normal(supplied, values.fixed[k], values.spread[k], values.sd) for k in range(self.classes)]
        return jnp.stack(each, axis=1) + jax.nn.log_softmax(supplied.member @ values.logit.T, axis=1)

    def posterior(
        self, columns: Columns, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject kind"]:
        """Probability of each class given a person's covariates and values."""
        return jax.nn.softmax(self.joint(columns, jnp.asarray(parameters), sums(visits)), axis=1)

    def mean(
        self, columns: Columns, parameters: Float[Array, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """Expected value of each visit over people who share its covariates, whatever their class."""
        values = self.values(columns, jnp.asarray(parameters))
        share = jax.nn.softmax(visits.noise[:, 0] @ values.logit.T, axis=1)
        return jnp.einsum("svp,kp,sk->sv", visits.fixed, values.fixed, share)

    def predict(
        self, columns: Columns, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> tuple[Float[Array, "subject visit"], Float[Array, "subject visit"], Float[Array, "subject visit"]]:
        """Each person's true course given what was seen, its SD over classes too, and the SD of a new measurement."""
        values, supplied = self.values(columns, jnp.asarray(parameters)), sums(visits)
        share = self.posterior(columns, parameters, visits)
        courses: list[Array] = []
        spreads: list[Array] = []
        for k in range(self.classes):
            root = factor_of(values.spread[k], len(columns.random))
            middle = jnp.eye(root.shape[0]) + root.T @ supplied.zz @ root / values.sd**2
            covariance = root @ jnp.linalg.solve(middle, jnp.broadcast_to(root.T, middle.shape))
            pull = (supplied.zy - supplied.zx @ values.fixed[k]) / values.sd**2
            effect = jnp.einsum("sqr,sr->sq", covariance, pull)
            courses.append(visits.fixed @ values.fixed[k] + jnp.einsum("svq,sq->sv", visits.random, effect))
            spreads.append(jnp.einsum("svq,sqr,svr->sv", visits.random, covariance, visits.random))
        course, spread = jnp.stack(courses), jnp.stack(spreads)
        mean = jnp.einsum("ksv,sk->sv", course, share)
        variance = jnp.einsum("ksv,sk->sv", spread + (course - mean) ** 2, share)
        return mean, jnp.sqrt(variance), jnp.sqrt(variance + values.sd**2)

    def simulate(
        self, columns: Columns, key: Array, parameters: Float[np.ndarray, "*_ parameter"], visits: Visits
    ) -> Float[Array, "subject visit"]:
        """New values at every visit, from new people with the same covariates and classes drawn anew."""
        values = self.values(columns, jnp.asarray(parameters))
        for_class, for_effects, for_noise = jax.random.split(key, 3)
        people, width = visits.outcome.shape
        kind = jax.random.categorical(for_class, visits.noise[:, 0] @ values.logit.T, axis=1)
        roots = jnp.stack([factor_of(values.spread[k], len(columns.random)) for k in range(self.classes)])
        normal = jax.random.normal(for_effects, (people, len(columns.random)))
        effects = jnp.einsum("sqr,sr->sq", roots[kind], normal)
        course = jnp.einsum("svp,sp->sv", visits.fixed, values.fixed[kind])
        course = course + jnp.einsum("svq,sq->sv", visits.random, effects)
        return course + values.sd * jax.random.normal(for_noise, (people, width))

    def _own(self, columns: Columns) -> tuple[str, ...]:
        return tuple(name for name in columns.fixed if name not in self.common)

    def _parts(self, columns: Columns, vector: Array) -> tuple[Array, list[Array], Array]:
        own = len(self._own(columns))
        fixed = self.classes * own + len(columns.fixed) - own
        random = len(columns.random)
        size, blocks = random * (random + 1) // 2, self.classes if self.spread == "own" else 1
        spread = [vector[fixed + k * size : fixed + (k + 1) * size] for k in range(blocks)]
        return vector[:fixed], spread, vector[fixed + blocks * size :]


def sums(visits: Visits) -> Sums:
    """Sums over each person's visits; nothing else of the values enters the likelihood."""
    observed = visits.observed[..., None]
    x, z = jnp.where(observed, visits.fixed, 0.0), jnp.where(observed, visits.random, 0.0)
    y = jnp.where(visits.observed, visits.outcome, 0.0)
    return Sums(
        jnp.einsum("svp,svq->spq", x, x),
        jnp.einsum("svq,svp->sqp", z, x),
        jnp.einsum("svq,svr->sqr", z, z),
        jnp.einsum("svp,sv->sp", x, y),
        jnp.einsum("svq,sv->sq", z, y),
        (y**2).sum(axis=1),
        visits.observed.sum(axis=1).astype(float),
        visits.noise[:, 0],
    )


def _normal(supplied: Sums, fixed: Array, spread: Array, sd: Array) -> Array:
    # Log density of y = X b + Z u + e from the sums, by the determinant lemma; matrices a person are unrolled.
    root = factor_of(spread, supplied.zz.shape[-1])
    size = jnp.einsum("spq,p,q->s", supplied.xx, fixed, fixed)
    square = supplied.yy - 2 * supplied.xy @ fixed + size
    pull = (supplied.zy - supplied.zx @ fixed) @ root
    middle = root.T @ supplied.zz @ root / sd**2
    logdet, inner = jnp.zeros_like(square), jnp.zeros_like(square)
    lower: list[list[Array]] = []
    half: list[Array] = []
    for row in range(root.shape[0]):
        line: list[Array] = []
        for column in range(row):
            line.append(
                (middle[:, row, column] - sum(line[m] * lower[column][m] for m in range(column)))
                / lower[column][column]
            )
        line.append(jnp.sqrt(1 + middle[:, row, row] - sum(part**2 for part in line)))
        half.append((pull[:, row] - sum(line[m] * half[m] for m in range(row))) / line[row])
        lower.append(line)
        logdet, inner = logdet + 2 * jnp.log(line[row]), inner + half[row] ** 2
    logdet = logdet + supplied.size * jnp.log(2 * jnp.pi * sd**2)
    value = -0.5 * (logdet + (square - inner / sd**2) / sd**2)
    # Far off, the sums cancel to rounding errors: nothing may be gained there.
    return jnp.where(size < FARTHEST * (supplied.yy.mean() + sd**2), value, -jnp.inf)
