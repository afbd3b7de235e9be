"""The course's weight: exact log likelihood ratio of a mixture of mimic courses against a mixture of ALS courses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import logsumexp

from alsight.detect.review.classes import MIMIC_CLASSES, AlsCourses, CourseClass, als_courses, crossed, table
from alsight.detect.review.kernel import log_lives, log_scores
from alsight.detect.review.mimics import class_weights, shares
from alsight.detect.review.rated import COURSE_STATUS, RATED_AFTER_DEATH, Rated

COURSE_CAP: Final = 5.0
"""Largest weight of the whole course [log odds]; assumed: a factor of 150, as neither side's courses are quite
normal."""

LEAST: Final = 1e-12
"""Probability that stands for an impossible class, so that its logarithm is finite."""


@dataclass(frozen=True)
class CourseWeights:
    """What the courses say.

    Attributes:
        raw: log likelihood ratio of totals and survival, not capped, of everyone.
        scores: log likelihood ratio of the totals alone, as capped.
        life: what survival adds to it, as capped.
        total: their sum.
        log_mimics: log-likelihood of totals and survival under each mimic; 0 where the course is not assessed.
        closest: index of the course class that fits best, those of ALS after those of mimics.
        names: of the classes, those of mimics first.
    """

    raw: Float64[np.ndarray, " subject"]
    scores: Float64[np.ndarray, " subject"]
    life: Float64[np.ndarray, " subject"]
    total: Float64[np.ndarray, " subject"]
    log_mimics: Float64[np.ndarray, "subject mimic"]
    closest: Int64[np.ndarray, " subject"]
    names: tuple[str, ...]


def _mixed(each: Float64[np.ndarray, "subject course"], weights: Float64[np.ndarray, " course"]) -> np.ndarray:
    return np.asarray(logsumexp(each, axis=1, b=np.maximum(weights, LEAST)))


def course_weights(
    rated: Rated, shipped: AlsCourses | None = None, mimics: tuple[CourseClass, ...] = MIMIC_CLASSES
) -> CourseWeights:
    """Log likelihood ratio of everyone's course, softly capped.

    log LR = log sum_m share_m sum_c P(c | m) L_c - log sum_k w_k L_k, with L the exact marginal likelihood of a
    person's totals under a course class times that of being alive, or of the recorded end. The cap C makes it
    C tanh(log LR / C), which keeps the order of people. A course that is not assessed may speak against a mimic, never
    for one; someone rated after their recorded death says nothing.

    Args:
        rated: usable ratings.
        shipped: classes of ALS and ratings, the shipped ones by default.
        mimics: classes of mimics.
    """
    known = als_courses() if shipped is None else shipped
    first, second = crossed(known.classes, known.ratings), crossed(mimics, known.ratings)
    rows = table((*second, *first))
    scores = log_scores(rated.ratings, rated.onset, rows)
    lives = log_lives(rated.observed, rated.died, rows)
    count = len(second)
    by_mimic = class_weights(tuple(one.name for one in second)) * np.array([one.weight for one in second])
    of_mimics, of_als = shares() @ by_mimic, np.array([one.weight for one in first])
    alone = _mixed(scores[:, :count], of_mimics) - _mixed(scores[:, count:], of_als)
    whole_each = scores + lives
    whole = _mixed(whole_each[:, :count], of_mimics) - _mixed(whole_each[:, count:], of_als)
    capped = COURSE_CAP * np.tanh(whole / COURSE_CAP)
    assessed, dead = rated.status == 0, COURSE_STATUS[rated.status] == RATED_AFTER_DEATH
    capped = np.where(assessed, capped, np.where(dead, 0.0, np.minimum(capped, 0.0)))
    shrink = np.divide(capped, whole, out=np.zeros_like(whole), where=whole != 0.0)
    per_mimic = np.stack([_mixed(whole_each[:, :count], row) for row in by_mimic], axis=1)
    weighted = whole_each + np.log(np.maximum(np.concatenate([of_mimics, of_als]), LEAST))
    return CourseWeights(
        raw=whole,
        scores=alone * shrink,
        life=capped - alone * shrink,
        total=capped,
        log_mimics=np.where(assessed[:, None], per_mimic, 0.0),
        closest=weighted.argmax(axis=1).astype(np.int64),
        names=tuple(one.name for one in (*second, *first)),
    )
