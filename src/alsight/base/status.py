"""How a numerical procedure ended: a value in a column, never an exception."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """Outcome of one fit; arrays of trials carry one per trial. `ADVICE` says what a user can do about each."""

    CONVERGED = 0
    MAX_STEPS = 1
    SINGULAR = 2
    BOUNDARY = 3
    TOO_FEW_DATA = 4
    NO_EVENTS = 5
    SEPARATION = 6
    COLLINEAR = 7
    CONSTANT = 8
    NOT_FINITE = 9
    DIVERGENT = 10
    NOT_MIXED = 11
    FEW_DRAWS = 12


ADVICE: dict[Status, str] = {
    Status.CONVERGED: "The optimum was found.",
    Status.MAX_STEPS: "The step limit was reached: start from simpler estimates or allow more steps.",
    Status.SINGULAR: "The information matrix is singular: the data do not identify all parameters; simplify.",
    Status.BOUNDARY: "A variance went to zero: drop that random effect, or report the boundary estimate as such.",
    Status.TOO_FEW_DATA: "Too few visits or people for this model: ask for fewer parameters or more follow-up.",
    Status.NO_EVENTS: "No event was observed: a survival model cannot be fitted.",
    Status.SEPARATION: "A covariate separates events from non-events: merge its levels or penalise it.",
    Status.COLLINEAR: "Two columns of the design say the same: drop one of them.",
    Status.CONSTANT: "A column has one value only: drop it.",
    Status.NOT_FINITE: "The likelihood was not finite at the start: check for extreme values and units.",
    Status.DIVERGENT: "The sampler left a narrow part of the posterior out: tighten priors or simplify the model.",
    Status.NOT_MIXED: "Chains disagree: warm up longer, or tighten the priors of what the data do not identify.",
    Status.FEW_DRAWS: "Too few effective draws for stable intervals: ask for more draws.",
}
