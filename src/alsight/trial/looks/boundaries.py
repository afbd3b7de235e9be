"""Group-sequential boundaries: from looks and a way of spending to Z, p and effect at each look."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import polars as pl
from jaxtyping import Float
from scipy.special import ndtr, ndtri

from alsight.base.errors import SpecError
from alsight.base.spec import Spec
from alsight.trial.looks.crossing import Going, crossing, root, start
from alsight.trial.looks.spending import SPENDING, spent_by

Efficacy = Literal[
    "obrien_fleming", "pocock", "hwang_shih_decani", "power", "haybittle_peto", "wang_tsiatis", "table", "none"
]
Futility = Literal["none", "obrien_fleming", "pocock", "hwang_shih_decani", "power", "table"]
FAR: Final = 8.0
"""Z that no trial reaches: a bound where nothing may be spent."""
Probability = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Looks(Spec, frozen=True, kw_only=True):
    """When a trial is looked at, and what may stop it.

    Attributes:
        information: information of each look over the final one, rising, the last 1.
        alpha: type I error in all; of both sides together where there are two.
        sides: 1 (the therapy is better) or 2.
        efficacy: how alpha is spent, or which fixed boundary is used.
        parameter: gamma of Hwang-Shih-DeCani, rho of the power function, delta of Wang-Tsiatis, Z of Haybittle-Peto.
        alpha_spent: cumulative alpha at each look, for `table`.
        futility: how beta is spent (non-binding: boundaries for efficacy ignore it).
        beta: type II error that futility spends in all.
        futility_parameter: gamma or rho of the futility's spending.
        futility_z: Z under which each look but the last stops for futility, for `table`.
    """

    information: tuple[Probability | Literal[1], ...] = (1,)
    alpha: Annotated[float, msgspec.Meta(gt=0, le=0.5)] = 0.025
    sides: Literal[1, 2] = 1
    efficacy: Efficacy = "obrien_fleming"
    parameter: float | None = None
    alpha_spent: tuple[float, ...] = ()
    futility: Futility = "none"
    beta: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.2
    futility_parameter: float | None = None
    futility_z: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what makes no sense, every fault at once.

        Raises:
            SpecError: with the path of each field.
        """
        super().__post_init__()
        faults = [*_order_faults(self), *_parameter_faults(self), *_table_faults(self)]
        if faults:
            raise SpecError(faults)


_DEFAULT: Final[dict[str, float]] = {
    "hwang_shih_decani": -4.0,
    "power": 3.0,
    "wang_tsiatis": 0.25,
    "haybittle_peto": 3.0,
}
_RANGE: Final = {
    "hwang_shih_decani": (-20.0, 20.0),
    "power": (0.1, 20.0),
    "wang_tsiatis": (-0.5, 0.7),
    "haybittle_peto": (0.5, FAR),
}


def _order_faults(looks: Looks) -> list[tuple[str, str, object]]:
    fractions = looks.information
    rising = all(early < late for early, late in pairwise(fractions))
    if not fractions or not rising or fractions[-1] != 1:
        return [("information", "rising fractions of which the last is 1", fractions)]
    return []


def _parameter_faults(looks: Looks) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    for name, kind, value in (
        ("parameter", looks.efficacy, looks.parameter),
        ("futility_parameter", looks.futility, looks.futility_parameter),
    ):
        if value is None:
            continue
        if kind not in _RANGE:
            faults.append((name, f"nothing: '{kind}' takes none", value))
        elif not _RANGE[kind][0] <= value <= _RANGE[kind][1]:
            faults.append((name, f"{_RANGE[kind][0]:g} to {_RANGE[kind][1]:g} for '{kind}'", value))
    if looks.futility != "none" and looks.sides == 2:
        faults.append(("futility", "'none' with two sides", looks.futility))
    if looks.efficacy == "none" and looks.futility not in ("none", "table"):
        faults.append(("futility", "'none' or 'table' where efficacy is 'none'", looks.futility))
    return faults


def _table_faults(looks: Looks) -> list[tuple[str, str, object]]:
    faults: list[tuple[str, str, object]] = []
    count, spent = len(looks.information), looks.alpha_spent
    if looks.efficacy == "table":
        rising = all(0 <= early <= late for early, late in zip((0.0, *spent), spent, strict=False))
        if len(spent) != count or not rising:
            faults.append(("alpha_spent", f"{count} cumulative probabilities that do not fall", spent))
        elif spent[-1] > looks.alpha:
            faults.append(("alpha_spent", f"at most alpha = {looks.alpha:g} in all", spent))
    elif spent:
        faults.append(("alpha_spent", "nothing unless efficacy is 'table'", spent))
    if looks.futility == "table":
        if len(looks.futility_z) != count - 1 or not np.isfinite(looks.futility_z).all():
            faults.append(("futility_z", f"{count - 1} finite values, one each look but the last", looks.futility_z))
    elif looks.futility_z:
        faults.append(("futility_z", "nothing unless futility is 'table'", looks.futility_z))
    return faults


def efficacy_bounds(looks: Looks) -> Float[np.ndarray, " look"]:
    """Z at or above which each look stops for efficacy (in absolute value where there are two sides).

    Source: lan1983, haybittle1971, wang1987
    """
    fractions = np.asarray(looks.information, float)
    if looks.efficacy == "none":
        bounds = np.full(len(fractions), np.inf)
        bounds[-1] = ndtri(1 - looks.alpha / looks.sides)
        return bounds
    parameter = _DEFAULT.get(looks.efficacy, 0.0) if looks.parameter is None else looks.parameter
    if looks.efficacy == "wang_tsiatis":
        return _scaled(looks, fractions ** (parameter - 0.5))
    if looks.efficacy == "haybittle_peto":
        return _last_spends_the_rest(looks, np.full(len(fractions) - 1, parameter))
    if looks.efficacy == "table":
        spent = np.asarray(looks.alpha_spent) / looks.sides
    else:
        each = looks.alpha / looks.sides
        spent = np.array([spent_by(looks.efficacy, one, each, parameter) for one in fractions])
    return _spending_bounds(looks, spent)


def _stays(looks: Looks, going: Going, fraction: float, bound: float) -> Going:
    return going.look(fraction, -bound if looks.sides == 2 else -np.inf, bound)


def _spending_bounds(looks: Looks, spent: Float[np.ndarray, " look"]) -> Float[np.ndarray, " look"]:
    """Bounds whose upper side spends the increments of `spent`."""
    going, bounds = start(), list[float]()
    for fraction, share in zip(looks.information, np.diff(spent, prepend=0.0), strict=True):
        bounds.append(_bound(going, float(fraction), float(share)))
        going = _stays(looks, going, float(fraction), bounds[-1])
    return np.array(bounds)


def _bound(going: Going, fraction: float, share: float) -> float:
    """Z above which the trials that go on have a probability of `share`."""
    if share <= going.above(fraction, FAR):
        return np.inf
    return root(lambda z: going.above(fraction, z) - share, -FAR, FAR)


def _spent(looks: Looks, bounds: Float[np.ndarray, " look"]) -> float:
    lower = -bounds if looks.sides == 2 else None
    return float(crossing(looks.information, bounds, lower)[0].sum())


def _scaled(looks: Looks, shape: Float[np.ndarray, " look"]) -> Float[np.ndarray, " look"]:
    each = looks.alpha / looks.sides
    return shape * root(lambda scale: _spent(looks, scale * shape) - each, 0.01, FAR)


def _last_spends_the_rest(looks: Looks, early: Float[np.ndarray, " early"]) -> Float[np.ndarray, " look"]:
    each, going, spent = looks.alpha / looks.sides, start(), 0.0
    for fraction, bound in zip(looks.information, early, strict=False):
        spent += going.above(float(fraction), float(bound))
        going = _stays(looks, going, float(fraction), float(bound))
    if spent >= each:
        raise SpecError(
            [("parameter", f"so high that early looks spend under alpha = {looks.alpha:g}", looks.parameter)]
        )
    return np.array([*early, _bound(going, 1.0, each - spent)])


def futility_bounds(looks: Looks, drift: float) -> Float[np.ndarray, " look"]:
    """Z under which each look stops for futility; -inf at none, and at the last look the bound for efficacy.

    Non-binding: crossing for efficacy is computed as if no look stopped for futility, while beta is spent among trials
    that neither bound has stopped.

    Args:
        looks: the looks.
        drift: expected Z at the end under the alternative.

    Source: pampallona2001
    """
    upper = efficacy_bounds(looks)
    if looks.futility == "none":
        return np.append(np.full(len(upper) - 1, -np.inf), upper[-1])
    if looks.futility == "table":
        return np.append(np.asarray(looks.futility_z, float), upper[-1])
    lower = _beta_bounds(looks, upper, drift)
    return np.append(np.minimum(lower[:-1], upper[:-1]), upper[-1])


def _beta_bounds(looks: Looks, upper: Float[np.ndarray, " look"], drift: float) -> Float[np.ndarray, " look"]:
    """Lower bounds that spend beta at this drift, the last one included."""
    supplied = looks.futility_parameter
    parameter = _DEFAULT.get(looks.futility, 0.0) if supplied is None else supplied
    going, lower, before = start(drift), list[float](), 0.0
    for fraction, bound in zip(looks.information, upper, strict=True):
        spent = spent_by(looks.futility, float(fraction), looks.beta, parameter)
        stays = float(going.mass.sum())
        share = stays - (spent - before)
        lower.append(-np.inf if spent == before else _lower(going, float(fraction), share))
        going, before = going.look(float(fraction), lower[-1], float(bound)), spent
    return np.array(lower)


def _lower(going: Going, fraction: float, share: float) -> float:
    """Z above which the trials that go on have a probability of `share`; any drift."""
    reach = FAR + abs(going.drift)
    if share >= going.above(fraction, -reach):
        return -np.inf
    if share <= going.above(fraction, reach):
        return np.inf
    return root(lambda z: going.above(fraction, z) - share, -reach, reach)


def needed_drift(looks: Looks) -> float:
    """Expected Z at the end for a power of 1 - beta; its square over that of one look is the inflation of the size.

    Where futility spends beta, the drift at which the last bounds meet [jennison2000]; else that at which crossing for
    efficacy at any look has the probability 1 - beta.
    """
    upper = efficacy_bounds(looks)
    single = float(ndtri(1 - looks.alpha / looks.sides) + ndtri(1 - looks.beta))
    if looks.futility in SPENDING:
        return root(lambda drift: float(_beta_bounds(looks, upper, drift)[-1] - upper[-1]), 0.2, single + 6)
    lower = _power_lower(looks, upper)
    target = 1 - looks.beta

    def missing(drift: float) -> float:
        return float(crossing(looks.information, upper, lower, drift)[0].sum()) - target

    if missing(single + 6) < 0:
        raise SpecError([("futility_z", "low enough that the power can reach 1 - beta", looks.futility_z)])
    return root(missing, 0.0, single + 6)


def _power_lower(looks: Looks, upper: Float[np.ndarray, " look"]) -> list[float] | None:
    if looks.sides == 2:
        return list(-upper)
    return [*looks.futility_z, float(upper[-1])] if looks.futility == "table" else None


def boundary_table(
    looks: Looks, *, standard_error: float | None = None, drift: float | None = None, higher_is_better: bool = True
) -> pl.DataFrame:
    """The boundaries on every scale, one row a look.

    Args:
        looks: the looks.
        standard_error: of the effect at the end; gives the boundaries as effects. At information t it is
            `standard_error` / sqrt(t).
        drift: expected Z at the end for futility and for the chance of stopping; that of the power 1 - beta by default.
        higher_is_better: whether positive effects favor the therapy.

    Returns:
        `look`, `information` [0-1], `efficacy_z`, `efficacy_p` (nominal, of one or two sides), `efficacy_effect`,
        `futility_z`, `futility_p`, `futility_effect`, `alpha_spent`, and the chance of stopping for efficacy and
        futility under no effect and under the alternative. Null where there is no such boundary.
    """
    drift = needed_drift(looks) if drift is None else drift
    upper, lower = efficacy_bounds(looks), futility_bounds(looks, drift)
    fractions = np.asarray(looks.information, float)
    other = -upper if looks.sides == 2 else None
    spent = crossing(looks.information, upper, other)[0] * looks.sides
    none, alternative = (
        crossing(looks.information, upper, -upper if looks.sides == 2 else lower, at) for at in (0, drift)
    )
    sign = 1.0 if higher_is_better else -1.0
    scale = sign * (np.nan if standard_error is None else standard_error) / np.sqrt(fractions)
    columns = {
        "information": fractions,
        "efficacy_z": upper,
        "efficacy_p": looks.sides * ndtr(-upper),
        "efficacy_effect": upper * scale,
        "futility_z": lower,
        "futility_p": ndtr(-lower),
        "futility_effect": lower * scale,
        "alpha_spent": np.cumsum(spent),
        "efficacy_chance_null": none[0] * looks.sides,
        "futility_chance_null": np.zeros_like(fractions) if looks.sides == 2 else none[1],
        "efficacy_chance_alternative": alternative[0],
        "futility_chance_alternative": np.zeros_like(fractions) if looks.sides == 2 else alternative[1],
    }
    table = pl.DataFrame({"look": np.arange(1, len(fractions) + 1), **columns})
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in columns]
    table = table.with_columns(finite)
    absent = pl.col("futility_z").is_null()
    return table.with_columns(pl.when(~absent).then(pl.col("futility_p")).alias("futility_p"))
