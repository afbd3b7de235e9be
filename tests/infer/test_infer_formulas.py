"""Formulas of plain names are read without the formula library, and exactly as it reads them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from formulaic import Formula, model_matrix

from alsight.infer.formulas import matrix, names_in, products

SIMPLE = (
    "a",
    "a + b",
    "a*b",
    "b*a + c",
    "a:b",
    "a:b + a",
    "1 + a",
    "0 + a",
    "a + 0",
    "a + 1",
    "a*b*c",
    "b + a:c + a",
    "a*b + c*d",
    "a + a",
    "1",
    "0",
    "~ a + b",
    "a + 0 + 1",
)
OTHER = (
    "a:b + b:a",
    "a*b:c",
    "np.log(a)",
    "C(a)",
    "bs(a, df=3)",
    "a - 1",
    "-1 + a",
    "(a + b)**2",
    "a.b",
    "I(a)",
    "a / b",
)


@pytest.mark.parametrize("formula", SIMPLE)
def test_simple_formulas_are_read_as_the_library_reads_them(formula: str) -> None:
    table = pl.DataFrame(np.random.default_rng(1).normal(size=(7, 4)), schema=list("abcd"))
    right = formula.lstrip("~ ")
    expected = model_matrix(right, table, output="numpy")
    made, names, state = matrix(table, formula, {})
    np.testing.assert_array_equal(made, np.asarray(expected))
    assert names == tuple(expected.model_spec.column_names)
    assert not state
    assert names_in(formula) == tuple(sorted(Formula(right).required_variables))


@pytest.mark.parametrize("formula", OTHER)
def test_other_formulas_are_left_to_the_library(formula: str) -> None:
    assert products(formula) is None


def test_a_plain_joint_fit_loads_no_formula_library() -> None:
    code = (
        "import sys; import alsight.infer.joint.fit; from alsight.infer.formulas import names_in; "
        "names_in('months*arm'); print([name for name in ('pandas', 'formulaic', 'scipy.interpolate') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
