"""Dossiers: what a reader needs who looks again at one person: timeline, second measures, exposures, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.base.errors import SpecError
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort, select
from alsight.cohort.ratings import ratings, to_frame
from alsight.cohort.scores import scored_visits
from alsight.detect.review.features import AGE, observed_findings
from alsight.detect.review.rated import restoring_days
from alsight.detect.review.review import declared
from alsight.detect.review.rows import FINDINGS
from alsight.instruments.alsfrs_r import FOUR_DOMAINS

TIMELINE: Final[dict[str, Any]] = {
    "subject": pl.String,
    "day": pl.Int64,
    "months": pl.Float64,
    "kind": pl.String,
    "what": pl.String,
    "value": pl.Float64,
    "end_day": pl.Int64,
    "mode": pl.String,
}
SECOND: Final[dict[str, Any]] = {
    "subject": pl.String,
    "measure": pl.String,
    "side": pl.String,
    "part": pl.String,
    "method": pl.String,
    "before": pl.Float64,
    "before_values": pl.Int64,
    "after": pl.Float64,
    "after_values": pl.Int64,
    "change": pl.Float64,
    "relative": pl.Float64,
    "direction": pl.String,
}
EXPOSURE: Final[dict[str, Any]] = {
    "subject": pl.String,
    "treatment": pl.String,
    "kind": pl.String,
    "start_day": pl.Int64,
    "end_day": pl.Int64,
    "months_before": pl.Float64,
    "ongoing": pl.Boolean,
}
FINDING: Final[dict[str, Any]] = {"subject": pl.String, "finding": pl.String, "value": pl.Float64}

BETTER: Final[dict[str, int]] = {
    "fvc_l": 1,
    "fvc_pct": 1,
    "svc_l": 1,
    "svc_pct": 1,
    "snip_cmh2o": 1,
    "mip_cmh2o": 1,
    "mep_cmh2o": 1,
    "pcf_l_min": 1,
    "mrc_grade": 1,
    "grip_kg": 1,
    "hhd_kg": 1,
    "munix": 1,
    "cmap_mv": 1,
    "weight_kg": 1,
    "bmi_kg_m2": 1,
    "nfl_pg_ml": -1,
    "pnfh_pg_ml": -1,
    "alsaq40_total": -1,
    "alsaq5_total": -1,
    "niv_hours_per_day": -1,
}
"""Second measures, and whether more of it (1) or less (-1) speaks for a true gain."""

NEARLY: Final = 0.05
"""Relative change under which a second measure is reported as unchanged; alsight's own. No test: too few values a
person."""


@dataclass(frozen=True)
class Dossiers:
    """What is recorded of the people asked for.

    Attributes:
        timeline: ratings, events and treatments in the order of days (TIMELINE).
        second: each second measure before and after the turn (SECOND).
        exposures: treatments, and how long before the turn each began (EXPOSURE).
        domains: the four domain scores at every visit (`subject`, `day`, `months` and the domains).
        findings: findings that were recorded, `value` 1 present, 0 absent, or the age at onset [years] (FINDING).
    """

    timeline: pl.DataFrame
    second: pl.DataFrame
    exposures: pl.DataFrame
    domains: pl.DataFrame
    findings: pl.DataFrame


def dossiers(cohort: Cohort, subjects: Mapping[str, int]) -> Dossiers:
    """Dossiers of some people.

    Args:
        cohort: a checked cohort.
        subjects: person to the day of the turn: when the gain, the plateau or the loss of a gain began.

    Raises:
        SpecError: people who are not in the cohort, all at once.
    """
    known = set(cohort.subjects["subject"])
    faults = [(f"subjects.{name}", "a person of the cohort", name) for name in subjects if name not in known]
    if faults:
        raise SpecError(faults)
    some = select(declared(cohort), pl.Series(list(subjects), dtype=pl.String))
    turns = pl.DataFrame(
        {"subject": list(subjects), "turn": list(subjects.values())}, schema={"subject": pl.String, "turn": pl.Int64}
    )
    domains = scored_visits(some).select("subject", pl.col("day").cast(pl.Int64), "months", *FOUR_DOMAINS.names)
    return Dossiers(_timeline(some), _second(some, turns), _exposures(some, turns), domains, _findings(some))


def _timeline(some: Cohort) -> pl.DataFrame:
    whole = ratings(some)
    rated = to_frame(whole).with_columns(mode=some.visits["mode"].gather(whole.line))
    rows = [
        rated.select("subject", "day", kind=pl.lit("rating"), what="scale", value="total", mode="mode"),
        some.events.select("subject", "day", kind=pl.lit("event"), what=pl.col("event"), end_day="end_day"),
        some.doses.select("subject", "day", kind=pl.lit("treatment"), what=pl.col("treatment"), end_day="end_day"),
    ]
    timeline = pl.concat(rows, how="diagonal").with_columns(months=months_of(pl.col("day").cast(pl.Float64)))
    return _shaped(timeline, TIMELINE).sort("subject", "day", "kind", "what", maintain_order=True)


def _second(some: Cohort, turns: pl.DataFrame) -> pl.DataFrame:
    """Medians before and from the turn on, each muscle, side and method by itself."""
    taken = some.measures.join(turns, on="subject").filter(pl.col("measure").is_in(list(BETTER)))
    early, value = pl.col("day") < pl.col("turn"), pl.col("value")
    keys = ("subject", "measure", "side", "part", "method")
    both = taken.group_by(keys).agg(
        before=value.filter(early).median(),
        before_values=early.sum().cast(pl.Int64),
        after=value.filter(~early).median(),
        after_values=(~early).sum().cast(pl.Int64),
    )
    change = pl.col("after") - pl.col("before")
    relative = pl.when(pl.col("before") != 0.0).then(change / pl.col("before").abs())
    better = relative * pl.col("measure").replace_strict(BETTER, default=0, return_dtype=pl.Float64)
    said = (
        pl.when(better.is_null())
        .then(pl.lit("not comparable"))
        .when(better.abs() < NEARLY)
        .then(pl.lit("about the same"))
        .when(better > 0.0)
        .then(pl.lit("better"))
        .otherwise(pl.lit("worse"))
    )
    return _shaped(both.with_columns(change=change, relative=relative, direction=said), SECOND).sort(keys)


def _exposures(some: Cohort, turns: pl.DataFrame) -> pl.DataFrame:
    supplied = some.doses.join(turns, on="subject").with_columns(start_day=pl.col("day").cast(pl.Int64))
    ahead = months_of((pl.col("turn") - pl.col("start_day")).cast(pl.Float64))
    reaches = pl.col("end_day").is_null() | (pl.col("end_day") >= pl.col("turn"))
    ongoing = (pl.col("start_day") <= pl.col("turn")) & reaches
    return _shaped(supplied.with_columns(months_before=ahead, ongoing=ongoing), EXPOSURE).sort(
        "subject", "start_day", "treatment"
    )


def _findings(some: Cohort) -> pl.DataFrame:
    seen = observed_findings(some, restoring_days(some)).with_columns(some.subjects["subject"])
    names = (*(row.name for row in FINDINGS), AGE)
    long = seen.unpivot(names, index="subject", variable_name="finding", value_name="value")
    return _shaped(long.filter(pl.col("value").is_not_nan()), FINDING).sort("subject", "finding")


def _shaped(frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """Exactly these columns, absent ones empty."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    )
