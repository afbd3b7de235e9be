"""Proportional hazards: h(t) = h0(t) exp(x'beta), the baseline left free."""

from __future__ import annotations

from typing import Literal

from alsight.base.spec import Spec
from alsight.models.model import Columns, Parameter


class Cox(Spec, frozen=True):
    """Log hazard ratios of covariates, by partial likelihood.

    Attributes:
        ties: how events at the same time share their risk set.

    Source: cox1972, efron1977
    """

    ties: Literal["efron", "breslow"] = "efron"

    def parameters_of(self, columns: Columns) -> tuple[Parameter, ...]:
        """One log hazard ratio a column."""
        return tuple(Parameter(name) for name in columns.fixed)
