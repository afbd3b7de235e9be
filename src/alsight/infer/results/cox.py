"""CoxFit: a Cox regression with what is asked of it next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import chdtrc

from alsight.base.errors import SpecError
from alsight.infer.gaussian.degrees import Rule
from alsight.infer.results.frames import as_frame
from alsight.infer.results.result import ModelFit, Robust
from alsight.infer.survival.curves import (
    CoxResidual,
    Transform,
    concordance,
    cox_residuals,
    proportional_hazards,
    survival_curves,
)


@dataclass(frozen=True)
class CoxFit(ModelFit):
    """What `alsight.models.hazards` returns; the tables add hazard ratios."""

    def coefficients(self, level: float = 0.95, *, rule: Rule | None = None, robust: Robust = "") -> pl.DataFrame:
        """One row a coefficient: log hazard ratio, error, z, p and interval, and the hazard ratio with its interval.

        Args:
            level: coverage of the intervals.
            rule: not used: partial likelihoods are tested by the normal.
            robust: "sandwich", over clusters where the fit names them; empty for model-based errors.

        Raises:
            NotConverged: the fit has no estimates.
            SpecError: CR2, which is not defined here.
        """
        found = super().coefficients(level, rule=rule, robust=robust)
        return found.with_columns(
            hazard_ratio=pl.col("estimate").exp(),
            hazard_ratio_low=pl.col("low").exp(),
            hazard_ratio_high=pl.col("high").exp(),
        )

    @property
    def events(self) -> int:
        """Rows that ended with the event."""
        return int(self.fit.arrays["event"].sum())

    @property
    def observations(self) -> int:
        """What BIC counts: events."""
        return self.events

    def survival_curves(self, people: Any, level: float = 0.95) -> pl.DataFrame:
        """Survival over time of people with some covariates, with limits; one row a person and event time.

        Args:
            people: one row a person, with the covariates of the formula.
            level: coverage of the limits.

        Raises:
            SpecError: a fit with strata.
        """
        return survival_curves(self.fit, as_frame(people, "people"), level)

    def concordance(self) -> float:
        """Harrell's concordance: how often of two people the one with the higher risk had the event first."""
        self.check()
        return concordance(self.fit)

    def proportional_hazards_test(self, transform: Transform = "km") -> pl.DataFrame:
        """Score test of each log hazard ratio against a change with time, and of all together."""
        return proportional_hazards(self.fit, transform)

    def residuals(self, kind: CoxResidual = "martingale") -> pl.DataFrame:  # type: ignore[override]
        """Residuals: "martingale", "deviance", "score", "schoenfeld" or "scaled_schoenfeld"."""
        self.check()
        return cox_residuals(self.fit, kind)

    def likelihood_ratio_test(self) -> pl.DataFrame:
        """Test of all coefficients together against none."""
        self.check()
        null, count = float(self.fit.arrays["null_log_likelihood"]), len(self.fit.columns.fixed)
        ratio = 2 * (self.log_likelihood - null)
        return pl.DataFrame({"chi_square": [ratio], "degrees": [count], "p": [float(chdtrc(count, ratio))]})

    def predict(self, data: Any = None, level: float = 0.95, *, people: Any = None) -> pl.DataFrame:
        """Linear predictor and hazard ratio of people against the mean of those of the fit.

        Args:
            data: one row a person; None for the table of the fit.
            level: not used.
            people: not used.

        Raises:
            SpecError: people were given apart.
        """
        del level
        if people is not None:
            raise SpecError([("people", "none: a Cox regression reads one table", "a table")])
        from alsight.infer.survival.curves import covariates_of  # noqa: PLC0415 - next to its use

        table = self.table if data is None else as_frame(data)
        self.check()
        linear = (covariates_of(self.fit, table) - self.fit.arrays["columns"].mean(axis=0)) @ self.fit.estimates
        return table.with_columns(linear_predictor=pl.Series(linear), hazard_ratio=pl.Series(np.exp(linear)))

    def _facts(self) -> list[tuple[str, str]]:
        facts = super()._facts()
        place = next(spot for spot, (name, _) in enumerate(facts) if name == "Values")
        facts[place] = ("Events", str(self.events) if "event" in self.fit.arrays else "0")
        facts[place - 1] = ("Rows", str(self.fit.record.values) + _excluded(self.fit.record.dropped))
        if self.converged:
            facts.append(("Concordance", f"{self.concordance():.4f}"))
        return facts


def _excluded(rows: int) -> str:
    return f" ({rows} rows excluded)" if rows else ""
