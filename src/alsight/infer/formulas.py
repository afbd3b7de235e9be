"""Model formulas as design columns: levels and spline knots are remembered, so that new tables are coded alike."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

import numpy as np
import polars as pl
from formulaic import Formula, ModelSpec, SimpleFormula
from formulaic.errors import FormulaicError
from formulaic.parser.types import Term
from jaxtyping import Float

from alsight.base.errors import DataError, Fault


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
def terms_of(formula: str) -> tuple[Term, ...]:
    """Terms of a right side, the intercept implied unless "0" or "-1" is given.

    Raises:
        DataError: the text is no formula.
    """
    try:
        return tuple(_parse(formula.partition("~")[2] if "~" in formula else formula))
    except FormulaicError as error:
        raise _bad_formula(formula, str(error).strip().splitlines()[0]) from error


@lru_cache(maxsize=256)
def names_in(formula: str) -> tuple[str, ...]:
    """Columns that a right side reads, in name order."""
    if not formula:
        return ()
    return tuple(sorted({str(name) for term in terms_of(formula) for name in _reads(term)}))


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
        text = pl.Series(name, ["True" if value else "False" for value in column]) if column.dtype == pl.Boolean else (
            column.cast(pl.String)
        )  # fmt: skip
        strange = sorted(set(text.drop_nulls().unique().to_list()) - set(known))
        if strange:
            raise DataError([
                Fault(
                    table="visits", rule="unknown_level", column=name, value=strange[0],
                    message=f"Column {name} holds {', '.join(map(repr, strange[:5]))}, which the fit never saw.",
                    cure=f"Use one of {', '.join(known)}.",
                )
            ])  # fmt: skip
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
    terms = terms_of(formula)
    if plain := _plain(table, terms):
        return (*plain, {})
    try:
        spec = ModelSpec(formula=_parse([*terms]), output="numpy", transform_state=dict(state))
        made = spec.get_model_matrix(table)
    except (FormulaicError, TypeError, ValueError, NameError) as error:
        raise _bad_formula(formula, str(error).strip().splitlines()[0]) from error
    spec = cast("ModelSpec", made.model_spec)
    return np.ascontiguousarray(made, dtype=float), tuple(spec.column_names), dict(spec.transform_state)


def _parse(terms: str | list[str | Term]) -> SimpleFormula:
    return cast("SimpleFormula", Formula(terms))  # pyright: ignore[reportAbstractUsage]


def _plain(
    table: pl.DataFrame, terms: tuple[Term, ...]
) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...]] | None:
    # Most formulas are products of number columns: built here, several times faster than the general way.
    columns: list[np.ndarray | float] = []
    names: list[str] = []
    for term in terms:
        product: np.ndarray | float = 1.0
        for factor in term.factors:
            if factor.expr == "1":
                continue
            if factor.eval_method.value != "lookup" or not table.schema[factor.expr].is_numeric():
                return None
            product = product * table[factor.expr].to_numpy().astype(float, copy=False)
        columns.append(product)
        names.append("Intercept" if str(term) == "1" else str(term))
    filled = np.empty((len(columns), table.height))
    for place, column in enumerate(columns):
        filled[place] = column
    return filled.T, tuple(names)


def _bad_formula(formula: str, why: str) -> DataError:
    fault = Fault(
        table="formula", rule="bad_formula", value=formula,
        message=f"The formula {formula!r} cannot be used: {why}.",
        cure='Write it as "outcome ~ time + covariate", with column names of the table.',
    )  # fmt: skip
    return DataError([fault])
