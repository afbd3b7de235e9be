"""What the joint likelihood reads: sufficient statistics of the course, features of the hazard at quadrature times."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class CourseSums:
    """Sufficient statistics of each subject's measured values; the cost of a fit does not depend on the visits.

    With design X for the population's course, Z for the subject's departure and values y, all weighted alike.

    Attributes:
        xx: X'X.
        xz: X'Z.
        zz: Z'Z.
        xy: X'y.
        zy: Z'y.
        yy: y'y.
        count: number of values.
    """

    xx: Float[np.ndarray, "subject fixed fixed"]
    xz: Float[np.ndarray, "subject fixed random"]
    zz: Float[np.ndarray, "subject random random"]
    xy: Float[np.ndarray, "subject fixed"]
    zy: Float[np.ndarray, "subject random"]
    yy: Float[np.ndarray, " subject"]
    count: Float[np.ndarray, " subject"]


@dataclass(frozen=True)
class Times:
    """Features of the log hazard at some times of each subject.

    log h = basis·baseline + covariates·coefficients + Σ_k association_k (fixed_k·β + random_k·b)

    Attributes:
        basis: basis of the log baseline hazard.
        fixed: what each association term takes from the fixed effects.
        random: what each association term takes from the random effects.
        log_weight: log quadrature weight of the time, -inf for none; 0 where the times are event times.
    """

    basis: Float[np.ndarray, "subject time basis"]
    fixed: Float[np.ndarray, "subject time term fixed"]
    random: Float[np.ndarray, "subject time term random"]
    log_weight: Float[np.ndarray, "subject time"]


Part = TypeVar("Part", CourseSums, Times)


@dataclass(frozen=True)
class JointData:
    """Everything one evaluation of the joint likelihood reads.

    Attributes:
        course: statistics of the measured values.
        happened: which event ended the follow-up, one column a cause; all 0 where censored.
        covariates: baseline covariates of the hazards.
        end: features at the end of follow-up, one time a subject.
        exposure: features at quadrature times from entry's origin to the end of follow-up.
        entry: features at quadrature times up to a delayed entry; None where everyone entered at the origin.
    """

    course: CourseSums
    happened: Float[np.ndarray, "subject cause"]
    covariates: Float[np.ndarray, "subject covariate"]
    end: Times
    exposure: Times
    entry: Times | None = None

    @property
    def subjects(self) -> int:
        """Number of subjects."""
        return self.happened.shape[0]


def rows(data: JointData, start: int, stop: int) -> JointData:
    """The subjects from `start` to `stop`, as views."""
    return replace(
        data,
        course=_cut(data.course, start, stop),
        happened=data.happened[start:stop],
        covariates=data.covariates[start:stop],
        end=_cut(data.end, start, stop),
        exposure=_cut(data.exposure, start, stop),
        entry=None if data.entry is None else _cut(data.entry, start, stop),
    )


def _cut(part: Part, start: int, stop: int) -> Part:
    return replace(part, **{field.name: getattr(part, field.name)[start:stop] for field in fields(part)})
