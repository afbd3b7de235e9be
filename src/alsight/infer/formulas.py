"""Model formulas as design columns: levels and spline knots are remembered, so that new tables are coded alike."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.errors import DataError, Fault
from alsight.models.columns import determined

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
    state: dict[str, dict[Any, Any]] = field(default_factory=dict[str, dict[Any, Any]])

    def dump(self) -> str:
        """The encoding as JSON."""
        return json.dumps(self.__dict__, default=lambda value: np.asarray(value).tolist())


def parse_encoding(text: str) -> Encoding:
    """The encoding that `Encoding.dump` wrote."""
    fields = json.loads(text)
    state = {formula: _with_numbers(known) for formula, known in fields.pop("state").items()}
    return Encoding(**fields, state=state)


def _with_numbers(value: Any) -> Any:
    # JSON knows no numbers as keys; polynomials are remembered by their order.
    if isinstance(value, list):
        return [_with_numbers(one) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    known = cast("dict[str, Any]", value)
    return {int(key) if key.isdigit() else key: _with_numbers(one) for key, one in known.items()}


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
            found |= _names(factor.expr)
    return found


def _names(expression: str) -> set[str]:
    """Columns that a term of Python reads: every name but those that are called, and modules."""
    called: set[int] = set()
    found: set[str] = set()
    for node in ast.walk(_tree(expression)):
        if isinstance(node, ast.Call):
            called.add(id(node.func))
            if isinstance(node.func, ast.Name) and node.func.id == "Q" and node.args:
                found |= {str(part.value) for part in node.args if isinstance(part, ast.Constant)}
        if isinstance(node, ast.Name) and id(node) not in called and node.id not in MODULES:
            found.add(node.id)
    return found


def _tree(expression: str) -> ast.Expression:
    try:
        return ast.parse(expression.strip(), mode="eval")
    except SyntaxError as error:
        raise _bad_formula(expression, "it cannot be read") from error


def _grouped(formula: str) -> tuple[str, ...]:
    """Columns that `C()` takes as groups, whatever their type."""
    found: set[str] = set()
    for term in _terms_of(formula):
        for factor in term.factors:
            if factor.eval_method.value != "python":
                continue
            for node in ast.walk(_tree(factor.expr)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    if node.func.id == "lag":
                        raise _bad_formula(formula, "lag() would read another person's row")
                    if node.func.id in {"C", "hashed"} and node.args and isinstance(node.args[0], ast.Name):
                        found.add(node.args[0].id)
    return tuple(sorted(found))


def known(table: pl.DataFrame, name: str) -> pl.Expr:
    """Whether a column has a value: neither null nor nan."""
    there = pl.col(name).is_not_null()
    return there & pl.col(name).is_not_nan() if table.schema[name].is_float() else there


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
            raise _unknown(name, strange, known)
        casts.append(text.cast(pl.Enum(known)).alias(name))
    return table.with_columns(casts) if casts else table


def _unknown(name: str, strange: list[str], known: list[str]) -> DataError:
    fault = Fault(
        table="visits",
        rule="unknown_level",
        column=name,
        value=strange[0],
        message=f"Column {name} holds {', '.join(map(repr, strange[:5]))}, which the fit never saw.",
        how_to_fix=f"Use one of {', '.join(known)}.",
    )
    return DataError([fault])


def matrix(
    table: pl.DataFrame, formula: str, state: dict[str, Any]
) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...], dict[str, Any]]:
    """Design columns of a right side, their names, and what to remember; no rows may be missing.

    Raises:
        DataError: a term cannot be evaluated.
    """
    if not formula:
        return np.empty((table.height, 0)), (), {}
    plain = _plain(table, formula)
    if plain is not None:
        return (*plain, {})
    return _general(table, formula, state)


def _general(
    table: pl.DataFrame, formula: str, state: dict[str, Any]
) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...], dict[str, Any]]:
    from formulaic import ModelSpec  # noqa: PLC0415 - brings pandas; few formulas need it
    from formulaic.errors import FormulaicError  # noqa: PLC0415
    from formulaic.materializers import NAAction  # noqa: PLC0415

    known, fresh = dict(state.get(LEVELS, {})), LEVELS not in state
    for name in _grouped(formula):
        if fresh:
            known[name] = table[name].unique().sort().to_list()
        elif strange := [value for value in table[name].unique().to_list() if value not in known[name]]:
            raise _unknown(name, [str(value) for value in strange], [str(value) for value in known[name]])
    given = {name: value for name, value in state.items() if name not in {LEVELS, DROPPED}}
    try:
        spec = ModelSpec(
            formula=_parse([*_terms_of(formula)]), output="numpy", transform_state=given, na_action=NAAction.IGNORE
        )
        made = spec.get_model_matrix(_with_levels(table, known), context=FUNCTIONS)
    except (FormulaicError, TypeError, ValueError, NameError, IndexError, KeyError, AttributeError) as error:
        raise _bad_formula(formula, str(error).strip().splitlines()[0] if str(error).strip() else "") from error
    spec = cast("ModelSpec", made.model_spec)
    columns = np.ascontiguousarray(made, dtype=float)[: table.height]
    names, remembered = tuple(spec.column_names), dict(spec.transform_state)
    dropped = _double(columns, names) if fresh else state.get(DROPPED, [])
    keep = [spot for spot, name in enumerate(names) if name not in dropped]
    remembered |= {LEVELS: known} | ({DROPPED: dropped} if dropped else {})
    return np.ascontiguousarray(columns[:, keep]), tuple(names[spot] for spot in keep), remembered


LEVELS: Final = "levels of groups"
DROPPED: Final = "columns excluded"
"""Beside what transforms remember: values of the columns in `C()`, and columns that others of a spline determine."""
MODULES: Final = frozenset({"np", "contr", "True", "False", "None"})
FUNCTIONS: Final[dict[str, Any]] = {
    name: getattr(np, name) for name in ("sqrt", "log1p", "abs", "minimum", "maximum", "where", "sin", "cos")
}
"""Functions of formulas beside those of the library."""
CURVES: Final = ("cr(", "cc(", "cs(")
"""Splines whose columns sum to one, so that an intercept determines the last of them."""


def _with_levels(table: pl.DataFrame, known: dict[str, list[Any]]) -> pl.DataFrame:
    # Further rows, in which every group is seen, so that a table with few of them is coded as the fit's was.
    if not known or not table.height:
        return table
    most = max(len(values) for values in known.values())
    first = table.head(1)
    more = pl.concat([first] * most) if most else first.head(0)
    cycled = [
        pl.Series(name, [values[k % len(values)] for k in range(most)], dtype=table.schema[name])
        for name, values in known.items()
        if values
    ]
    return pl.concat([table, more.with_columns(cycled)])


def _double(columns: np.ndarray, names: tuple[str, ...]) -> list[str]:
    """Columns of natural splines that the others determine; R's lm leaves them out too."""
    if not any(name.startswith(CURVES) or f":{curve}" in name for name in names for curve in CURVES):
        return []
    if not np.isfinite(columns).all() or not np.abs(columns).sum(axis=0).all():
        return []
    spots = [spot for spot, _ in determined(columns)]
    return [names[spot] for spot in spots if any(curve in names[spot] for curve in CURVES)]


def _parse(terms: str | list[str | Term]) -> SimpleFormula:
    from formulaic import Formula  # noqa: PLC0415 - brings pandas; few formulas need it

    return cast("SimpleFormula", Formula(terms))  # pyright: ignore[reportAbstractUsage]


def _plain(table: pl.DataFrame, formula: str) -> tuple[Float[np.ndarray, "row column"], tuple[str, ...]] | None:
    # Most formulas are products of numbers and groups: built here, several times faster than the general way, and
    # without the library's import. Each group is coded by its levels but the first, which is the same model wherever
    # the formula also holds the product without that group; elsewhere the library decides.
    terms = products(formula)
    if terms is None:
        return None
    levels = {
        name: table.schema[name].categories.to_list()  # pyright: ignore[reportAttributeAccessIssue]
        for term in terms
        for name in term
        if isinstance(table.schema[name], pl.Enum)
    }
    held = {frozenset(term) for term in terms}
    for term in terms:
        groups = [name for name in term if name in levels]
        if any(frozenset(term) - {name} not in held for name in groups):
            return None
        if not all(table.schema[name].is_numeric() or name in levels for name in term):
            return None
    blocks: dict[str, list[tuple[str, np.ndarray]]] = {}
    for name in {name for term in terms for name in term}:
        if name in levels:
            place = table[name].to_physical().to_numpy()
            shown = enumerate(levels[name])
            blocks[name] = [(f"{name}[T.{level}]", (place == spot).astype(float)) for spot, level in shown if spot]
        else:
            blocks[name] = [(name, table[name].to_numpy().astype(float))]
    made: list[tuple[str, np.ndarray]] = []
    for term in terms:
        for chosen in product(*(blocks[name] for name in reversed(term))):
            parts = chosen[::-1]
            label = ":".join(part[0] for part in parts) if parts else "Intercept"
            made.append((label, np.prod([part[1] for part in parts], axis=0) if parts else np.ones(table.height)))
    filled = np.stack([column for _, column in made]) if made else np.empty((0, table.height))
    return filled.T, tuple(label for label, _ in made)


def _bad_formula(formula: str, why: str) -> DataError:
    fault = Fault(
        table="formula",
        rule="bad_formula",
        value=formula,
        message=f"The formula {formula!r} cannot be used: {why}.",
        how_to_fix='Write it as "outcome ~ time + covariate", with column names of the table.',
    )
    return DataError([fault])
