"""One person's ratings over time as a chart."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST


def course_chart(cohort: Cohort) -> Any:
    """ALSFRS-R totals of a person by months since entry, with what happened marked by lines.

    Args:
        cohort: of one person.
    """
    rated = cohort.visits.filter(pl.col("alsfrs_r_total").is_not_null()).select(
        months=months_of(pl.col("day")), total=pl.col("alsfrs_r_total").cast(pl.Float64)
    )
    happened = cohort.events.select(months=months_of(pl.col("day")), event=pl.col("event").cast(pl.String))
    base = alt.Chart(alt.Data(values=rated.to_dicts())).encode(
        x=alt.X("months:Q", title="Months since entry"),
        y=alt.Y("total:Q", title="ALSFRS-R total (0 to 48)").scale(domain=[0, ALSFRS_R_BEST]),
    )
    chart = base.mark_line() + base.mark_circle(size=50)
    if happened.height:
        marks = alt.Chart(alt.Data(values=happened.to_dicts())).encode(x="months:Q")
        chart = (
            chart
            + marks.mark_rule(strokeDash=[4, 3])
            + marks.mark_text(align="left", dx=4, y=10).encode(text="event:N")
        )
    return chart.properties(title=str(cohort.subjects["subject"][0]))
