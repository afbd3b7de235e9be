"""Model formulas as design columns: levels and spline knots are remembered, so that new tables are coded alike."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.errors import DataError, Fault

if TYPE_CHECKING:
    from formulaic import SimpleFormula
    from formulaic.parser.types import Term


@dataclass(frozen=True)
class Encoding:
    """How a table becomes arrays; plain values, so that a saved fit codes new tables as it was fitted.

    Attributes:
        outcome: column (or transform of one) to the left of the formula.
        fixed: right side of the population's formula.
        random: formula of the random effects, empty for none.
        noise: formula of the log residual SD, empty for equal noise.
        subject: column of identifiers.
        visit: column of planned visits, empty where visits have only a time.
        group: column of covariance strata, empty for one.
        weight: column of precision weights, empty for none.
        levels: categories of each text column, the reference first.
        state: knots and bounds of splines and other remembered transforms, by formula.
    """

    outcome: str
    fixed: str
    random: str = ""
    noise: str = ""
    subject: str = "subject"
    visit: str = ""
    group: str = ""
    weight: str = ""
    levels: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    state: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def dump(self) -> str:
        """The encoding as JSON."""
        return json.dumps(self.__dict__, default=float)


def parse_encoding(text: str) -> Encoding:
    """The encoding that `Encoding.dump` wrote."""
    return Encoding(**json.loads(text))


@lru_cache(maxsize=256)
def split(formula: str) -> tuple[str, str]:
    """The outcome and the right side of "outcome ~ terms".

    Raises:
        DataError: it is no formula, or nothing stands to its left.
    """
    left, tilde, right = formula.partition("~")
    if not tilde or not left.strip():
        raise _bad_formula(formula, "it needs an outcome, a tilde and terms")
    return left.strip(), right.strip()


@lru_cache(maxsize=256)
def products(formula: str) -> tuple[tuple[str, ...], ...] | None:
    """Columns multiplied in each term of a right side made of names, "+", ":", "*", 0 and 1; None for any other.

    Such formulas need no formula library, whose import takes longer than most fits. Terms stand as the library puts
    them: the constant, names, then products by their number of names.
    """
    found: dict[tuple[str, ...], None] = {(): None}
    for part in formula.rpartition("~")[2].split("+"):
        names = [name.strip() for name in part.replace("*", ":").split(":")]
        if names in (["0"], ["1"]):
            found = {(): None, **found} if names == ["1"] else {term: None for term in found if term}
            continue
        if not all(name.isidentifier() for name in names) or len(set(names)) < len(names) or {"*", ":"} <= set(part):
            return None
        sizes = range(1, len(names) + 1) if "*" in part else (len(names),)
        found |= dict.fromkeys(term for size in sizes for term in combinations(names, size))
    same = {frozenset(term) for term in found}
    return tuple(sorted(found, key=len)) if len(same) == len(found) else None


@lru_cache(maxsize=256)
def names_in(formula: str) -> tuple[str, ...]:
    """Columns that a right side reads, in name order.

    Raises:
        DataError: the text is no formula.
    """
    if not formula:
        return ()
    if (simple := products(formula)) is not None:
        return tuple(sorted({name for term in simple for name in term}))
    return tuple(sorted({str(name) for term in _terms_of(formula) for name in _reads(term)}))


@lru_cache(maxsize=256)
def _terms_of(formula: str) -> tuple[Term, ...]:
    from formulaic.errors import FormulaicError  # noqa: PLC0415 - brings pandas; few formulas need it

    try:
        return tuple(_parse(formula.partition("~")[2] if "~" in formula else formula))
    except FormulaicError as error:
        raise _bad_formula(formula, str(error).strip().splitlines()[0]) from error


def _reads(term: Term) -> set[str]:
    found: set[str] = set()
    for factor in term.factors:
        if factor.eval_method.value == "lookup":
            found.add(factor.expr)
        elif factor.eval_method.value == "python":
            found |= {str(name) for name in _parse(factor.expr).required_variables}
    return found


def levels_of(table: pl.DataFrame, names: set[str]) -> dict[str, list[str]]:
    """Categories of the text columns among `names`: an Enum's own order, else sorted; the first is the reference."""
    levels: dict[str, list[str]] = {}
    for name in sorted(names):
        column = table[name]
        if isinstance(column.dtype, pl.Enum):
            present = set(column.drop_nulls().unique().to_list())
            levels[name] = [level for level in column.dtype.categories.to_list() if level in present]
        elif isinstance(column.dtype, (pl.String, pl.Categorical, pl.Boolean)):
            levels[name] = sorted(str(level) for level in column.drop_nulls().unique().to_list())
    return levels


def coded(table: pl.DataFrame, levels: dict[str, list[str]]) -> pl.DataFrame:
    """The table with text columns as categories in their remembered order.

    Raises:
        DataError: a value was never seen when the levels were taken.
    """
    casts: list[pl.Series] = []
    for name, known in levels.items():
        if name not in table.columns:
            continue
        column = table[name]
        text = (
            pl.Series(name, ["True" if value else "False" for value in column])
            if column.dtype == pl.Boolean
            else (column.cast(pl.String))
        )
        strange = sorted(set(text.drop_nulls().unique().to_list()) - set(known))
        if strange:
            raise DataError(
                [
                    Fault(
                        table="visits",
                        rule="unknown_level",
                        column=name,
                        value=strange[0],
                        message=f"Column {name} holds {', '.join(map(repr, strange[:5]))}, which the fit never saw.",
                        how_to_fix=f"Use one of {', '.join(known)}.",
                    )
                ]
            )
        casts.append(text.cast(pl.Enum(known)).alias(name))
    return table.with_columns(casts) if casts else table


def matrix(
    table: pl.DataFrame, formula: str, state: dict[str, Any]
) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...], dict[str, Any]]:
    """Design columns of a right side, their names, and what to remember; no rows may be missing.

    Raises:
        DataError: a term cannot be evaluated.
    """
    if not formula:
        return np.empty((table.height, 0)), (), {}
    if plain := _plain(table, formula):
        return (*plain, {})
    return _general(table, formula, state)


def _general(
    table: pl.DataFrame, formula: str, state: dict[str, Any]
) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...], dict[str, Any]]:
    from formulaic import ModelSpec  # noqa: PLC0415 - brings pandas; few formulas need it
    from formulaic.errors import FormulaicError  # noqa: PLC0415

    terms = _terms_of(formula)
    try:
        spec = ModelSpec(formula=_parse([*terms]), output="numpy", transform_state=dict(state))
        made = spec.get_model_matrix(table)
    except (FormulaicError, TypeError, ValueError, NameError) as error:
        raise _bad_formula(formula, str(error).strip().splitlines()[0]) from error
    spec = cast("ModelSpec", made.model_spec)
    return np.ascontiguousarray(made, dtype=float), tuple(spec.column_names), dict(spec.transform_state)


def _parse(terms: str | list[str | Term]) -> SimpleFormula:
    from formulaic import Formula  # noqa: PLC0415 - brings pandas; few formulas need it

    return cast("SimpleFormula", Formula(terms))  # pyright: ignore[reportAbstractUsage]


def _plain(table: pl.DataFrame, formula: str) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...]] | None:
    # Most formulas are products of number columns: built here, several times faster than the general way.
    terms = products(formula)
    if terms is None or not all(table.schema[name].is_numeric() for term in terms for name in term):
        return None
    filled = np.ones((len(terms), table.height))
    for index, term in enumerate(terms):
        for name in term:
            filled[index] *= table[name].to_numpy()
    return filled.T, tuple(":".join(term) if term else "Intercept" for term in terms)


def _bad_formula(formula: str, why: str) -> DataError:
    fault = Fault(
        table="formula",
        rule="bad_formula",
        value=formula,
        message=f"The formula {formula!r} cannot be used: {why}.",
        how_to_fix='Write it as "outcome ~ time + covariate", with column names of the table.',
    )
    return DataError([fault])
