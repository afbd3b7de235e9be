"""Charts that check a fit: residuals, observed against fitted values, quantiles, random effects, Cox diagnostics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import altair as alt
import numpy as np
import polars as pl
from scipy.special import ndtri

from alsight.base.errors import SpecError
from alsight.infer.results.cox import CoxFit
from alsight.infer.results.result import ModelFit
from alsight.infer.results.survival import KaplanMeier

MOST: Final = 5000
"""Points that a chart draws; of more, evenly spaced ones."""


def _values(table: pl.DataFrame) -> alt.Data:
    some = table.gather_every(max(1, -(-table.height // MOST)))
    return alt.Data(values=some.to_dicts())


def _points(table: pl.DataFrame, x: tuple[str, str], y: tuple[str, str], *, line: str = "") -> Any:
    base = alt.Chart(_values(table)).encode(
        x=alt.X(f"{x[0]}:Q", title=x[1]).scale(zero=False), y=alt.Y(f"{y[0]}:Q", title=y[1]).scale(zero=False)
    )
    marks = base.mark_circle(opacity=0.4)
    if line == "zero":
        rule = alt.Chart(alt.Data(values=[{"y": 0.0}])).mark_rule(strokeDash=[4, 3]).encode(y="y:Q")
        return marks + rule
    if line == "equal":
        ends = [float(value) for value in (table[x[0]].min(), table[x[0]].max())]  # type: ignore[arg-type]
        data = alt.Data(values=[{x[0]: end, y[0]: end} for end in ends])
        return marks + alt.Chart(data).mark_line(strokeDash=[4, 3], color="gray").encode(x=f"{x[0]}:Q", y=f"{y[0]}:Q")
    return marks


def _residuals(fit: ModelFit) -> Any:
    table = fit.residuals("scaled").select("fitted", "residual")
    return _points(table, ("fitted", "Fitted mean"), ("residual", "Scaled residual"), line="zero")


def _observed(fit: ModelFit) -> Any:
    outcome = fit.rows.encoding.outcome
    kind = "conditional" if fit.fit.columns.random else "marginal"
    table = fit.residuals(kind).select("fitted", observed=pl.col("fitted") + pl.col("residual"))
    return _points(table, ("fitted", f"Fitted {outcome}"), ("observed", f"Observed {outcome}"), line="equal")


def _quantiles(fit: ModelFit) -> Any:
    values = np.sort(fit.residuals("scaled")["residual"].to_numpy())
    expected = ndtri((np.arange(len(values)) + 0.5) / len(values))
    table = pl.DataFrame({"expected": expected, "residual": values})
    return _points(table, ("expected", "Normal quantile"), ("residual", "Scaled residual"), line="equal")


def _random_effects(fit: ModelFit) -> Any:
    table = fit.random_effects().sort("effect", "estimate").with_columns(rank=pl.int_range(pl.len()).over("effect"))
    data = _values(table.select("rank", "effect", "estimate", "low", "high"))
    base = alt.Chart(data).encode(x=alt.X("rank:Q", title="People, by their estimate"))
    layers = base.mark_rule(opacity=0.4).encode(y=alt.Y("low:Q", title="Random effect"), y2="high:Q")
    return (
        (layers + base.mark_circle().encode(y="estimate:Q"))
        .facet(row=alt.Row("effect:N", title=""))
        .resolve_scale(y="independent")
    )


def _martingale(fit: ModelFit) -> Any:
    linear = fit.predict()["linear_predictor"] if fit.fit.record.dropped == 0 else None
    values = fit.residuals("martingale")  # type: ignore[arg-type]
    place = linear if linear is not None else pl.Series(np.arange(values.height, dtype=float))
    title = "Linear predictor" if linear is not None else "Row"
    return _points(values.with_columns(place=place), ("place", title), ("residual", "Martingale residual"), line="zero")


def _schoenfeld(fit: ModelFit) -> Any:
    table = fit.residuals("scaled_schoenfeld").unpivot(index="time", variable_name="parameter")  # type: ignore[arg-type]
    base = alt.Chart(_values(table)).encode(
        x=alt.X("time:Q", title="Time"), y=alt.Y("value:Q", title="Scaled Schoenfeld residual")
    )
    smooth = base.transform_loess("time", "value", groupby=["parameter"]).mark_line(color="black")
    return (
        (base.mark_circle(opacity=0.4) + smooth)
        .facet(row=alt.Row("parameter:N", title=""))
        .resolve_scale(y="independent")
    )


def _cumulative_hazard(fit: ModelFit) -> Any:
    arrays = fit.fit.arrays
    order = np.argsort(arrays["event_times"], kind="stable")
    table = pl.DataFrame({"time": arrays["event_times"][order], "hazard": np.cumsum(arrays["hazard"][order])})
    line = alt.Chart(_values(table)).mark_line(interpolate="step-after")
    return line.encode(
        x=alt.X("time:Q", title="Time"), y=alt.Y("hazard:Q", title="Cumulative hazard where covariates are 0")
    )


COURSES: Final[dict[str, Callable[[ModelFit], Any]]] = {
    "residuals": _residuals,
    "observed": _observed,
    "quantiles": _quantiles,
    "random_effects": _random_effects,
}
HAZARDS: Final[dict[str, Callable[[ModelFit], Any]]] = {
    "residuals": _martingale,
    "schoenfeld": _schoenfeld,
    "cumulative_hazard": _cumulative_hazard,
}
"""Charts of a fit, by the name that `plot` takes."""


def chart(fit: ModelFit, kind: str) -> Any:
    """A diagnostic chart of a fit.

    Args:
        fit: what `alsight.models` returned.
        kind: name of the chart.

    Raises:
        SpecError: a chart that the model does not have.
    """
    fit.check()
    charts = HAZARDS if isinstance(fit, CoxFit) else COURSES
    if kind not in charts:
        raise SpecError([("kind", f"one of {', '.join(charts)}", kind)])
    return charts[kind](fit)


def curves_chart(curves: KaplanMeier) -> Any:
    """Kaplan-Meier curves with their limits."""
    starts = pl.DataFrame({"group": list(curves.curves), "time": 0.0, "survival": 1.0, "low": 1.0, "high": 1.0})
    table = pl.concat([starts, curves.table().select(starts.columns)]).with_columns(
        pl.col("low", "high").fill_nan(None)
    )
    base = alt.Chart(_values(table)).encode(
        x=alt.X("time:Q", title="Time"), color=alt.Color("group:N", title=curves.by)
    )
    band = base.mark_area(interpolate="step-after", opacity=0.2).encode(y="low:Q", y2="high:Q")
    return band + base.mark_line(interpolate="step-after").encode(y=alt.Y("survival:Q", title="Survival"))
