"""ENCALS survival prediction and the TRICALS risk profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from alsight.base.sources import SourceKey
from alsight.base.units import Values


@dataclass(frozen=True)
class Coefficients:
    """Weights of one published linear predictor; a predictor without a weight is not asked for.

    Attributes:
        name: how the set is called.
        weights: field of `Predictors` to the weight of its transform.
        source: key of the reference.
    """

    name: str
    weights: dict[str, float]
    source: SourceKey


ENCALS: Final = Coefficients(
    "encals",
    {
        "progression_rate": -1.837,
        "delay_months": -2.373,
        "age_at_onset_years": -0.267,
        "fvc_pct": 0.477,
        "bulbar_onset": 0.269,
        "definite_el_escorial": 0.233,
        "frontotemporal_dementia": 0.388,
        "c9orf72": 0.256,
    },
    SourceKey("precision_als_risk"),
)
"""Survival prediction model of eight predictors; weights as in its investigators' public code, the paper's appendix
not having been readable (model: westeneng2018)."""

TRICALS: Final = Coefficients(
    "tricals",
    {
        "progression_rate": -1.839,
        "delay_months": -2.376,
        "age_at_onset_years": -0.264,
        "fvc_pct": 0.474,
        "bulbar_onset": 0.271,
        "definite_el_escorial": 0.238,
        "frontotemporal_dementia": 0.415,
    },
    SourceKey("precision_als_risk"),
)
"""Risk profile for trial eligibility, without C9orf72 (use: vaneijk2019)."""

COEFFICIENT_SETS: Final = {coefficients.name: coefficients for coefficients in (ENCALS, TRICALS)}

TRICALS_WINDOW: Final = (-6.0, -2.0)
"""Risk profiles that one platform trial admits, both bounds excluded (willemse2022); each trial sets its own."""

GAMMA: Final = (-6.409, 2.643, -0.546, 0.585)
"""Intercept, slope and two spline weights of the log cumulative odds in ln months (precision_als_risk)."""

KNOTS: Final = (0.081, 3.108, 3.638, 5.917)
"""Boundary, two inner and boundary knot in ln months: 1.08, 22.4, 38.0 and 371 months (precision_als_risk)."""

LEAST_RATE: Final = 0.0
"""Rates are clamped to this [points per month]: a score above 48 is a data error, not a negative loss. Our choice."""

LEAST_DELAY: Final = 0.5
"""Delays are clamped to this [months]: the transform diverges at 0. Our choice."""

_REASONS: Final = {
    "progression_rate": "progression rate (total and onset date)",
    "delay_months": "diagnostic delay (onset and diagnosis date)",
    "age_at_onset_years": "age at onset",
    "fvc_pct": "vital capacity in percent of predicted",
    "bulbar_onset": "site of onset",
    "definite_el_escorial": "El Escorial category",
    "frontotemporal_dementia": "FTD status",
    "c9orf72": "C9orf72 status",
}


class Predictors(NamedTuple):
    """What the models ask of a person at diagnosis; nan where it is not known, never a guess.

    Attributes:
        progression_rate: (48 - total) / months since onset [points per month, at least 0].
        delay_months: onset to diagnosis [months].
        age_at_onset_years: age at onset [years, above 0].
        fvc_pct: vital capacity [% of predicted, above 0].
        bulbar_onset: 1 bulbar, 0 other.
        definite_el_escorial: 1 definite by the revised El Escorial criteria, 0 other.
        frontotemporal_dementia: 1 present, 0 absent.
        c9orf72: 1 expansion found, 0 tested without; not asked for by TRICALS.
    """

    progression_rate: Float[Values, "*#batch"]
    delay_months: Float[Values, "*#batch"]
    age_at_onset_years: Float[Values, "*#batch"]
    fvc_pct: Float[Values, "*#batch"]
    bulbar_onset: Float[Values, "*#batch"]
    definite_el_escorial: Float[Values, "*#batch"]
    frontotemporal_dementia: Float[Values, "*#batch"]
    c9orf72: Float[Values, "*#batch"]


def _fields(predictors: Predictors) -> dict[str, np.ndarray]:
    arrays = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in predictors))
    return dict(zip(Predictors._fields, arrays, strict=True))


def _unusable(fields: dict[str, np.ndarray], name: str) -> Values:
    values = fields[name]
    return ~(values > 0) if name in {"age_at_onset_years", "fvc_pct"} else np.isnan(values)


def linear_predictor(predictors: Predictors, coefficients: Coefficients = ENCALS) -> Float[Values, "*batch"]:
    """Prognostic score, higher is worse; nan where any predictor of the set is missing. See `not_computable`.

    Transforms: (rate + 0.1)^-0.5; (delay/10)^-0.5 + ln(delay/10); (age/100)^-2; (VC/100)^-1 + (VC/100)^-0.5. Rates
    below 0 and delays below half a month are clamped; see `clamped`.

    Source: westeneng2018
    """
    fields = _fields(predictors)
    delay = np.maximum(fields["delay_months"], LEAST_DELAY) / 10.0
    rate = np.maximum(fields["progression_rate"], LEAST_RATE)
    with np.errstate(divide="ignore", invalid="ignore"):
        transformed = {
            **fields,
            "progression_rate": (rate + 0.1) ** -0.5,
            "delay_months": delay**-0.5 + np.log(delay),
            "age_at_onset_years": (fields["age_at_onset_years"] / 100.0) ** -2.0,
            "fvc_pct": (fields["fvc_pct"] / 100.0) ** -1.0 + (fields["fvc_pct"] / 100.0) ** -0.5,
        }
    terms = [weight * transformed[name] for name, weight in coefficients.weights.items()]
    score = np.add.reduce(terms)
    lacking = np.logical_or.reduce([_unusable(fields, name) for name in coefficients.weights])
    return np.where(lacking, np.nan, score)


def clamped(predictors: Predictors) -> Bool[Values, "*batch"]:
    """Whose rate or delay lay outside the transforms' domain and was moved to its edge."""
    fields = _fields(predictors)
    return (fields["progression_rate"] < LEAST_RATE) | (fields["delay_months"] < LEAST_DELAY)


def not_computable(predictors: Predictors, coefficients: Coefficients = ENCALS) -> Values:
    """Why a person has no score, as text: "lacks FTD status, C9orf72 status", and "" where the score exists.

    Nothing is imputed: a predictor that was not recorded leaves the score missing, and this says which.
    """
    fields = _fields(predictors)
    names = list(coefficients.weights)
    code = np.zeros(fields[names[0]].shape, dtype=np.int64)
    for index, name in enumerate(names):
        code |= _unusable(fields, name).astype(np.int64) << index
    patterns, inverse = np.unique(code, return_inverse=True)
    texts = [
        ", ".join(_REASONS[name] for index, name in enumerate(names) if pattern >> index & 1)
        for pattern in patterns.tolist()
    ]
    return np.asarray([f"lacks {text}" if text else "" for text in texts], dtype=np.str_)[inverse.reshape(code.shape)]


def log_odds(months: Float[Values, "*#batch"]) -> Float[Values, "*batch"]:
    """Baseline log cumulative odds of the end point by a time since onset; minus infinity at 0.

    A natural cubic spline in ln months. The last term carries its cube, which the public code omits; that matters only
    beyond 371 months.

    Source: precision_als_risk
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return _spline(np.log(np.asarray(months, dtype=np.float64)))


def _spline(log_months: Values) -> Values:
    first, *inner, last = KNOTS
    low, high = np.maximum(log_months - first, 0.0) ** 3, np.maximum(log_months - last, 0.0) ** 3
    value = GAMMA[0] + GAMMA[1] * log_months
    for gamma, knot in zip(GAMMA[2:], inner, strict=True):
        share = (last - knot) / (last - first)
        value = value + gamma * (np.maximum(log_months - knot, 0.0) ** 3 - share * low - (1.0 - share) * high)
    return value


def _spline_slope(log_months: Values) -> Values:
    first, *inner, last = KNOTS
    low, high = 3 * np.maximum(log_months - first, 0.0) ** 2, 3 * np.maximum(log_months - last, 0.0) ** 2
    slope = np.full_like(log_months, GAMMA[1])
    for gamma, knot in zip(GAMMA[2:], inner, strict=True):
        share = (last - knot) / (last - first)
        slope = slope + gamma * (3 * np.maximum(log_months - knot, 0.0) ** 2 - share * low - (1.0 - share) * high)
    return slope


def survival(
    months_since_onset: Float[Values, "*#batch"],
    score: Float[Values, "*#batch"],
    alive_at_months: float | Float[Values, "*#batch"] = 0.0,
) -> Float[Values, "*batch"]:
    """Probability of being free of death, tracheostomy and ventilation above 23 h/day at a time since onset.

    S(t) = 1 / (1 + exp(s(ln t) + score)), divided by S at the time a person is known to be event-free.

    Args:
        months_since_onset: time since symptom onset [months, at least 0].
        score: `linear_predictor` of the ENCALS set.
        alive_at_months: the person is known event-free up to here [months since onset]; 0 for no condition.

    Returns:
        Probability [0-1]; 1 up to `alive_at_months`, nan where the score is missing.

    Source: westeneng2018
    """
    known = np.asarray(alive_at_months, dtype=np.float64)
    times = np.maximum(np.asarray(months_since_onset, dtype=np.float64), known)
    # As a difference of logarithms, so that the far tail of a poor prognosis is not 0/0.
    with np.errstate(invalid="ignore"):
        log_survival = np.logaddexp(0.0, log_odds(known) + score) - np.logaddexp(0.0, log_odds(times) + score)
    unconditional = np.where(np.isnan(score), np.nan, 1.0)
    return np.where(times > known, np.exp(np.minimum(log_survival, 0.0)), unconditional)


_TABLE_U: Final = np.linspace(-12.0, 12.0, 4801)
_TABLE_S: Final = _spline(_TABLE_U)


def survival_quantile(
    score: Float[Values, "*#batch"],
    probability: float | Float[Values, "*#batch"] = 0.5,
    alive_at_months: float | Float[Values, "*#batch"] = 0.0,
) -> Float[Values, "*batch"]:
    """Time since onset by which the given share still is event-free; 0.5 gives the median [months].

    Inverts the survival curve by a table of its spline and Newton steps, for all people at once.

    Args:
        score: `linear_predictor` of the ENCALS set.
        probability: share still event-free among those event-free at `alive_at_months` [above 0, below 1].
        alive_at_months: the person is known event-free up to here [months since onset].

    Returns:
        Months since onset, at least `alive_at_months`; nan where the score is missing or the probability is not
        between 0 and 1.

    Source: westeneng2018
    """
    share = np.asarray(probability, dtype=np.float64)
    known = np.asarray(alive_at_months, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        # S(t) = p S(t0), so the odds of an event are (1 + odds(t0)) / p - 1, kept on the log scale.
        grown = np.logaddexp(0.0, log_odds(known) + score) - np.log(np.where((share > 0) & (share < 1), share, np.nan))
        target = grown + np.log(-np.expm1(-grown)) - score
    log_months = np.interp(target, _TABLE_S, _TABLE_U)
    for _ in range(4):
        log_months = log_months - (_spline(log_months) - target) / _spline_slope(log_months)
    return np.maximum(np.exp(log_months), known)


def tricals_risk_profile(predictors: Predictors) -> Float[Values, "*batch"]:
    """TRICALS risk profile, higher is worse; nan where a predictor is missing. C9orf72 is not used.

    Source: vaneijk2019
    """
    return linear_predictor(predictors, TRICALS)


def within_window(
    profile: Float[Values, "*#batch"], low: float = TRICALS_WINDOW[0], high: float = TRICALS_WINDOW[1]
) -> Bool[Values, "*batch"]:
    """Whether a risk profile lies strictly between two bounds; False where it is missing.

    Source: willemse2022
    """
    return (profile > low) & (profile < high)
