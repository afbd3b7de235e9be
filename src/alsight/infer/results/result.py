"""ModelFit: a fit with the table it was made of, and what a statistician asks of it next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from alsight.base.errors import SpecError
from alsight.base.status import Status
from alsight.infer.design import DesignRows, design
from alsight.infer.fit import Fit
from alsight.infer.formulas import parse_encoding
from alsight.infer.gaussian.degrees import Rule, coefficients
from alsight.infer.gaussian.degrees import contrasts as contrast_table
from alsight.infer.gaussian.grid import mean_rows
from alsight.infer.results.comparisons import (
    compared_means,
    named_row,
    side_by_side,
    tested_terms,
    with_adjustment,
)
from alsight.infer.results.frames import as_frame
from alsight.infer.results.multiplicity import Adjust
from alsight.infer.results.people import Residual, random_effects_of, residuals_of
from alsight.infer.results.printing import Format, in_format
from alsight.infer.results.profile import profile_intervals
from alsight.infer.results.robust import cr2
from alsight.infer.results.summary import Summary, facts_of
from alsight.models.linear import Linear
from alsight.models.marginal import Marginal

Robust = Literal["", "sandwich", "CR2"]
GAUSSIAN: Final = (Linear, Marginal)


@dataclass(frozen=True)
class ModelFit:
    """What `alsight.models` returns.

    Attributes:
        fit: estimates, covariance, status and plans.
        table: the table it was made of, as polars.
        title: name of the model in words.
        call: how it was asked for.
        rule: where degrees of freedom come from.
        people: table of one row a person, of joint fits.
    """

    fit: Fit
    table: pl.DataFrame = field(repr=False)
    title: str
    call: str
    rule: Rule = "normal"
    people: pl.DataFrame | None = field(default=None, repr=False)

    # How it ended ---------------------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        """How the search ended: "converged", "boundary" (a variance of zero), or what went wrong."""
        return Status(int(self.fit.status)).name.lower()

    @property
    def converged(self) -> bool:
        """Whether the numbers can be used; a variance of zero is one of the possible estimates."""
        return int(self.fit.status) in {Status.CONVERGED, Status.BOUNDARY}

    def check(self) -> ModelFit:
        """The fit itself, if its numbers can be used.

        Raises:
            NotConverged: with what happened and what to do.
        """
        self.fit.check(boundary=True)
        return self

    # Numbers --------------------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return self.fit.names

    def __getitem__(self, name: str) -> float:
        """The estimate of one parameter."""
        if name not in self.fit.names:
            raise SpecError([("parameter", f"one of {', '.join(self.fit.names)}", name)])
        return float(self.fit[name])

    @property
    def log_likelihood(self) -> float:
        """Log likelihood at the estimates; restricted under REML."""
        return float(self.fit.log_likelihood)

    @property
    def free(self) -> int:
        """Parameters that AIC and BIC count: all estimated ones.

        Under REML of a repeated-measures model those of the covariance only, as SAS and R's mmrm count.
        """
        count = len(self.fit.parameters) - len(getattr(self.fit.model, "held", ()))
        if isinstance(self.fit.model, Marginal) and self.fit.record.method == "reml":
            return count - len(self.fit.columns.fixed)
        return count

    @property
    def observations(self) -> int:
        """What BIC counts: values of a mixed model, as lme4 does; people elsewhere."""
        return self.fit.record.values if isinstance(self.fit.model, Linear) else self.fit.record.subjects

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log likelihood + 2 parameters."""
        return -2 * self.log_likelihood + 2 * self.free

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log likelihood + parameters log(observations)."""
        return -2 * self.log_likelihood + self.free * float(np.log(max(self.observations, 1)))

    def coefficients(self, level: float = 0.95, *, rule: Rule | None = None, robust: Robust = "") -> pl.DataFrame:
        """One row a coefficient: estimate, standard error, degrees of freedom, t, p and interval.

        Args:
            level: coverage of the interval.
            rule: "satterthwaite", "kenward_roger", "residual" or "normal"; None for the fit's own.
            robust: "sandwich", or "CR2" with its own degrees of freedom; empty for model-based errors.

        Raises:
            NotConverged: the fit has no estimates.
            SpecError: robust errors that the model does not have.
        """
        self.check()
        if isinstance(self.fit.model, GAUSSIAN) and "degrees_basis" in self.fit.arrays:
            if robust == "CR2":
                eye = np.eye(len(self.fit.columns.fixed))
                found = cr2(self.fit, self.rows, dict(zip(self.fit.columns.fixed, eye, strict=True)), level)
            else:
                found = coefficients(self.fit, rule or self.rule, level, robust=robust == "sandwich")
            return found.rename({"contrast": "parameter"})
        if robust == "CR2":
            raise SpecError([("robust", "'sandwich' for this model", robust)])
        table = self.fit.table(level, robust=robust == "sandwich")
        count = len(self.fit.columns.fixed)
        return (table.head(count) if isinstance(self.fit.model, Linear) else table).drop("status")

    def variance_parameters(self, level: float = 0.95) -> pl.DataFrame:
        """Standard deviations, correlations and variances with their intervals; none for other models."""
        if not isinstance(self.fit.model, GAUSSIAN):
            return pl.DataFrame()
        return self.fit.table(level).slice(len(self.fit.columns.fixed)).drop("z", "p", "status")

    def confidence_intervals(
        self, level: float = 0.95, method: Literal["wald", "profile"] = "wald", *, rule: Rule | None = None
    ) -> pl.DataFrame:
        """Intervals of the parameters: `parameter`, `estimate`, `low`, `high`.

        Args:
            level: coverage.
            method: "wald", every parameter on its own scale; or "profile", the coefficients by likelihood ratio, all
                else estimated anew by maximum likelihood.
            rule: degrees of freedom of Wald intervals of coefficients.

        Raises:
            SpecError: a model without profiles, or another method.
        """
        self.check()
        if method == "profile":
            rows = self.rows if isinstance(self.fit.model, GAUSSIAN) else None
            return profile_intervals(self.fit, rows, level)
        if method != "wald":
            raise SpecError([("method", "'wald' or 'profile'", method)])
        kept = ("parameter", "estimate", "low", "high")
        parts = [self.coefficients(level, rule=rule).select(kept)]
        if isinstance(self.fit.model, GAUSSIAN):
            parts.append(self.variance_parameters(level).select(kept))
        return pl.concat(parts)

    # Comparisons ----------------------------------------------------------------------------------------------------

    def means(
        self,
        by: str | Sequence[str],
        *,
        at: Mapping[str, Any] | None = None,
        level: float = 0.95,
        rule: Rule | None = None,
    ) -> pl.DataFrame:
        """Least-squares means: other factors averaged with equal weights, numbers held at their mean.

        Args:
            by: one column or several, whose combinations are wanted ("arm", "visit").
            at: values at which columns are held instead.
            level: coverage of the interval.
            rule: where degrees of freedom come from.

        Raises:
            SpecError: a column is not in the formula, or another model.
        """
        names = [by] if isinstance(by, str) else list(by)
        rows = mean_rows(self._plan(), self.table, names, at or {})
        found = self._contrasted({str(key): row for key, row in rows.items()}, level, rule, "")
        front = pl.DataFrame(list(rows), schema=names, orient="row") if names else pl.DataFrame()
        return pl.concat([front, found.drop("contrast").rename({"estimate": "mean"})], how="horizontal")

    def contrasts(
        self,
        by: str | Sequence[str] = (),
        *,
        compare: str = "",
        reference: Any = None,
        named: Mapping[str, Mapping[str, float] | Sequence[float]] | None = None,
        at: Mapping[str, Any] | None = None,
        adjust: Adjust = "none",
        level: float = 0.95,
        rule: Rule | None = None,
        robust: Robust = "",
    ) -> pl.DataFrame:
        """Differences of least-squares means, or named combinations of the coefficients.

        Args:
            by: columns of the means; the first is compared within each combination of the others.
            compare: another of them to compare instead.
            reference: level that all others are compared with; None for all pairs.
            named: combinations of coefficients by name, {"slope in B": {"month": 1, "month:arm[T.B]": 1}}.
            at: values at which columns are held.
            adjust: "none", "holm", "bonferroni", or "tukey", "dunnett" and "mvt" by the multivariate t; over all rows.
            level: coverage of the intervals.
            rule: where degrees of freedom come from.
            robust: "sandwich" or "CR2".

        Raises:
            SpecError: a column, level or coefficient that is not there.
        """
        if named is not None:
            rows = {name: named_row(self.fit, name, weights) for name, weights in named.items()}
            front = pl.DataFrame({"contrast": list(rows)})
        else:
            names = [by] if isinstance(by, str) else list(by)
            compared = compared_means(self._plan(), self.table, names, compare, reference, at or {}, adjust)
            rows = {str(key): row for key, row in compared.items()}
            front = pl.DataFrame(list(compared), schema=names, orient="row")
        found = self._contrasted(rows, level, rule, robust).drop("contrast")
        found = with_adjustment(self.fit, found, np.stack(list(rows.values())), adjust, level, rule or self.rule)
        return pl.concat([front, found], how="horizontal")

    def test_terms(self, *, rule: Rule | None = None) -> pl.DataFrame:
        """Type III test of each term: F with its degrees of freedom and p; chi-square where the rule is "normal".

        Raises:
            SpecError: another model.
        """
        return tested_terms(self.fit, self._plan(), self.table, rule or self.rule)

    def compare(self, *others: ModelFit) -> pl.DataFrame:
        """Fits of the same values side by side, each tested against the one before by the likelihood ratio.

        Raises:
            SpecError: fits of other values, or restricted likelihoods of different coefficients.
        """
        return side_by_side([self, *others])

    # People ---------------------------------------------------------------------------------------------------------

    def random_effects(self, level: float = 0.95) -> pl.DataFrame:
        """One row a person and effect: predicted value, its standard deviation and interval."""
        self.check()
        return random_effects_of(self.fit, self.rows, level)

    def residuals(self, kind: Residual = "marginal") -> pl.DataFrame:
        """The table's rows with `fitted` and `residual`: "marginal", "conditional" or "scaled".

        Raises:
            SpecError: a kind that the model does not have.
        """
        self.check()
        if not isinstance(self.fit.model, GAUSSIAN):
            raise SpecError([("fit", "a mixed or repeated-measures model", self.title)])
        return residuals_of(self.fit, self.rows, kind)

    def predict(self, data: Any = None, level: float = 0.95, *, people: Any = None) -> pl.DataFrame:
        """The course of new or known people, from what of them was seen; see `Fit.predict`.

        Args:
            data: table of visits; None for that of the fit.
            level: coverage of the intervals.
            people: joint fits only: one row a person.
        """
        table = self.table if data is None else as_frame(data)
        known = self.people if people is None and data is None else (None if people is None else as_frame(people))
        return self.fit.predict(table, level, **({} if known is None else {"people": known}))

    def simulate(self, seed: int = 1, data: Any = None, *, people: Any = None) -> pl.DataFrame:
        """New outcomes of new people at the rows of a table; the seed decides every number.

        Args:
            seed: root of the random numbers.
            data: table of visits; None for that of the fit.
            people: joint fits only: one row a person.
        """
        import jax  # noqa: PLC0415 - loaded where random numbers are drawn

        table = self.table if data is None else as_frame(data)
        known = self.people if people is None and data is None else (None if people is None else as_frame(people))
        return self.fit.simulate(jax.random.key(seed), table, **({} if known is None else {"people": known}))

    def plot(self, kind: str = "residuals") -> Any:
        """A diagnostic chart (Altair): "residuals", "observed", "quantiles", "random_effects".

        Raises:
            SpecError: a chart that the model does not have.
        """
        return import_module("alsight.report.diagnostics").chart(self, kind)

    # Words ----------------------------------------------------------------------------------------------------------

    def _facts(self) -> list[tuple[str, str]]:
        return facts_of(self)

    def tables(self, level: float = 0.95) -> dict[str, pl.DataFrame]:
        """The tables of the summary, by their headings; none without estimates."""
        if not self.converged:
            return {}
        found = {"Coefficients": self.coefficients(level)}
        if isinstance(self.fit.model, GAUSSIAN):
            found["Variance parameters"] = self.variance_parameters(level)
        return found

    def summary(self, level: float = 0.95) -> Summary:
        """Call, counts, method, criteria and tables, as text and HTML."""
        return Summary(tuple(self._facts()), self.tables(level), self.fit.record.notes)

    def __str__(self) -> str:
        """The summary as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().html()

    def to_table(self, format: Format = "markdown", level: float = 0.95, path: Path | str = "") -> str | bytes:  # noqa: A002 - the field's word
        """The coefficients as "markdown", "latex", "html", "text" or "docx" (bytes).

        Args:
            format: of the table.
            level: coverage of the intervals.
            path: file to write it to as well.

        Raises:
            SpecError: another format.
        """
        if format not in {"markdown", "latex", "html", "text", "docx"}:
            raise SpecError([("format", "'markdown', 'latex', 'html', 'text' or 'docx'", format)])
        self.check()
        made = in_format(next(iter(self.tables(level).values())), format, self.call)
        if path:
            Path(path).write_bytes(made if isinstance(made, bytes) else made.encode())
        return made

    # Parts ----------------------------------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> DesignRows:
        """The rows of the table that the fit was made of."""
        plan = parse_encoding(self.fit.record.encoding)
        return design(
            self.table,
            f"{plan.outcome} ~ {plan.fixed}",
            subject=plan.subject,
            random=plan.random,
            noise=plan.noise,
            visit=plan.visit,
            group=plan.group,
            weight=plan.weight,
        )

    def _plan(self) -> Any:
        self.check()
        if not isinstance(self.fit.model, GAUSSIAN) or "degrees_basis" not in self.fit.arrays:
            raise SpecError([("fit", "a mixed or repeated-measures model with normal noise", self.title)])
        return parse_encoding(self.fit.record.encoding)

    def _contrasted(self, rows: dict[str, np.ndarray], level: float, rule: Rule | None, robust: Robust) -> pl.DataFrame:
        self._plan()
        if robust == "CR2":
            return cr2(self.fit, self.rows, rows, level)
        return contrast_table(self.fit, rows, rule or self.rule, level, robust=robust == "sandwich")
