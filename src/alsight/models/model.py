"""What a model is: a law over the visits of many subjects, with a log density, a mean and a way to simulate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import jax
from jaxtyping import Array, Bool, Float, Int


class Scale(StrEnum):
    """On which scale a parameter's estimate is nearly normal, so that its interval is made there.

    IDENTITY for coefficients, LOG for standard deviations and rates, ATANH for correlations.
    """

    IDENTITY = "identity"
    LOG = "log"
    ATANH = "atanh"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model, as printed.

    Attributes:
        name: printed name ("month", "sd_intercept", "corr_intercept_month").
        scale: scale of its interval.
        unit: unit of the estimate, empty where it follows the columns' units.
    """

    name: str
    scale: Scale = Scale.IDENTITY
    unit: str = ""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Visits:
    """What was seen of many subjects, padded to one number of visits; the array form every density reads.

    Attributes:
        outcome: measured value; 0 where not seen.
        fixed: design of the population's course; 0 where not seen.
        random: design of a subject's own departure; 0 where not seen.
        noise: design of the log residual SD; 0 columns for equal noise.
        observed: whether this visit has a value.
        slot: planned visit of a value, counted from 0; -1 where not seen.
        group: stratum whose covariance a subject follows, 0 when there is one only.
        weight: multiplies a value's residual precision; 1 where none was given.
    """

    outcome: Float[Array, "*batch subject visit"]
    fixed: Float[Array, "*batch subject visit fixed"]
    random: Float[Array, "*batch subject visit random"]
    noise: Float[Array, "*batch subject visit noise"]
    observed: Bool[Array, "*batch subject visit"]
    slot: Int[Array, "*batch subject visit"]
    group: Int[Array, "*batch subject"]
    weight: Float[Array, "*batch subject visit"]


@dataclass(frozen=True)
class Columns:
    """Names of the columns of `Visits`, in their order; static, so that compiled programs depend on them.

    Attributes:
        outcome: name of the measured value.
        fixed: names of the population's design columns.
        random: names of the random effects.
        noise: names of the residual SD's design columns.
        slots: labels of the planned visits.
        groups: labels of the covariance strata.
    """

    outcome: str
    fixed: tuple[str, ...]
    random: tuple[str, ...] = ()
    noise: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    groups: tuple[str, ...] = ("all",)


@dataclass(frozen=True)
class Record:
    """What was fitted to what; static, so equal for every fit of a batch.

    Attributes:
        method: "reml", "ml" or "posterior".
        subjects: people who contributed at least one value.
        values: measured values used.
        dropped: rows excluded because a value was missing.
        notes: sentences for a reader, each naming the subject or column it is about.
        encoding: how a table becomes design columns (formulas, levels, knots), as plain values.
    """

    method: str
    subjects: int = 0
    values: int = 0
    dropped: int = 0
    notes: tuple[str, ...] = ()
    encoding: str = "{}"


@runtime_checkable
class Model(Protocol):
    """A law over visits. `parameters` are natural values in the order of `parameters_of`.

    `working` maps them to the whole real line and `natural` back; optimizers and samplers move on that scale.
    """

    def parameters_of(self, columns: Columns) -> tuple[Parameter, ...]:
        """Every parameter in its order."""
        ...

    def working(self, columns: Columns, parameters: Float[Array, "*batch parameter"]) -> Float[Array, "*batch free"]:
        """Natural values as unconstrained ones."""
        ...

    def natural(self, columns: Columns, working: Float[Array, "*batch free"]) -> Float[Array, "*batch parameter"]:
        """Unconstrained values as natural ones."""
        ...

    def log_density(
        self, columns: Columns, parameters: Float[Array, "*batch parameter"], visits: Visits
    ) -> Float[Array, "*batch subject"]:
        """Log density of each subject's values; 0 for a subject without any."""
        ...

    def mean(
        self, columns: Columns, parameters: Float[Array, "*batch parameter"], visits: Visits
    ) -> Float[Array, "*batch subject visit"]:
        """Expected value of each visit, over subjects who share its covariates."""
        ...

    def simulate(
        self, columns: Columns, key: Array, parameters: Float[Array, "*batch parameter"], visits: Visits
    ) -> Float[Array, "*batch subject visit"]:
        """New values at the visits that were seen; 0 elsewhere."""
        ...
