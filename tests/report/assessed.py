"""Hand-made verdicts on people of a cohort: every verdict, every table, for tests of what is shown of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.cohort.scores import scored_visits
from alsight.detect.causes.explain import explain
from alsight.detect.cohort_fit import FitSource
from alsight.detect.decide import PEOPLE, next_step, reasons
from alsight.detect.kinds import GAINS, REVIEWED, VERDICTS, Cause, Certainty, Verdict
from alsight.detect.review.review import review
from alsight.detect.statement.counts import cohort_statement
from alsight.detect.statement.model_count import QUANTITIES, STATEMENT
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Note, NoteCode, Verdicts
from alsight.report.page.labels import RULES

SHARES: Final = (2, 6, 7, 1, 12, 6, 12, 5, 30, 120, 60, 39)
"""People of 300 with each verdict, in the order of VERDICTS."""
KINDS: Final = {verdict.value: row.kind.value for verdict, row in VERDICTS.items()}
READINGS: Final = (
    ("bedlack_ever_floor_6", "plateau", 12.0, 0.22, 0.20),
    ("vasta_exact_6", "plateau", 12.0, 0.05, 0.06),
    ("vasta_within_1_6", "plateau", 18.0, 0.10, 0.09),
    ("bedlack_gain_4_12", "gain", 12.0, 0.02, 0.01),
    ("alsight_gain_4_6", "gain", 6.0, 0.03, 0.004),
)


def assessed(cohort: Cohort, thresholds: Thresholds | None = None) -> Verdicts:
    """Verdicts dealt out in turn; courses are the totals, averaged over three visits."""
    used = Thresholds() if thresholds is None else thresholds
    visits = scored_visits(cohort).select(
        "subject", pl.col("day").cast(pl.Int64), score=pl.coalesce("alsfrs_r_total", "alsfrs_total").cast(pl.Float64)
    )
    courses = visits.drop_nulls("score").with_columns(
        level=pl.col("score").rolling_mean(3, center=True, min_samples=1).over("subject"), level_sd=pl.lit(1.3)
    )
    dealt = [verdict for verdict, size in zip(VERDICTS, SHARES, strict=True) for _ in range(size)]
    spans = courses.group_by("subject", maintain_order=True).agg(
        start_day=pl.col("day").get(pl.len() // 4),
        end_day=pl.col("day").get(3 * pl.len() // 4),
        visits=pl.len() // 2 + 1,
    )
    people = cohort.subjects.select("subject").with_columns(
        verdict=pl.Series([dealt[(7 * index) % len(dealt)] for index in range(cohort.size)], dtype=pl.String)
    )
    gain = pl.col("verdict").is_in([verdict.value for verdict in GAINS])
    people = people.join(spans, on="subject", how="left", maintain_order="left").with_columns(
        kind=pl.col("verdict").replace_strict(KINDS, return_dtype=pl.String),
        certainty=pl.lit(Certainty.PROBABLE.value),
        posterior=pl.lit(0.86),
        current=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit(Verdict.PROGRESSING.value)).otherwise("verdict"),
        months=(pl.col("end_day") - pl.col("start_day")) / 30.4375,
        visits=pl.col("visits").cast(pl.Int64),
        local_false_discovery_rate=pl.when(gain).then(0.013),
        posterior_recovery=pl.lit(0.2),
        held_gain_points=pl.when(gain).then(6.24),
        held_gain_low=pl.when(gain).then(4.1),
        held_gain_high=pl.when(gain).then(8.9),
        stable_months=pl.lit(11.0),
        posterior_stable=pl.lit(0.86),
        loss_points=pl.lit(5.2),
        loss_low=pl.lit(3.0),
        loss_high=pl.lit(7.1),
        posterior_progressing=pl.lit(0.998),
        base_rate=pl.when(gain).then(0.0004).otherwise(0.06),
        cause=pl.when(pl.col("verdict") == Verdict.ARTEFACT.value).then(pl.lit(Cause.ARTEFACT.value)),
        review=pl.col("verdict").is_in([verdict.value for verdict in REVIEWED]),
        posterior_mimic=pl.lit(0.08),
    )
    people = _with_codes(people, used)
    windows = people.drop_nulls("start_day").select(
        "subject",
        "months",
        "start_day",
        "end_day",
        "visits",
        change=pl.lit(1.0),
        loss_points="loss_points",
        loss_low="loss_low",
        loss_high="loss_high",
        posterior_stable="posterior_stable",
        posterior_lost="posterior_progressing",
        posterior_gained=pl.lit(0.01),
        posterior_progressing="posterior_progressing",
        verdict="kind",
        certainty="certainty",
    )
    return Verdicts(
        people=people,
        windows=windows,
        courses=courses,
        statement=statement(cohort.size),
        sentence=cohort_statement(statement(cohort.size)),
        causes=explain(cohort).causes,
        review=review(cohort),
        sensitivity=people.filter(gain)
        .select("subject", "verdict")
        .join(pl.DataFrame({"worse": [2.0, 4.0, 8.0]}), how="cross"),
        evidence=people.select("subject", "posterior_stable"),
        thresholds=used,
        notes=(Note(NoteCode.FIT, FitSource.POOLED, 60), Note(NoteCode.SMALL_COHORT)),
    )


def _with_codes(people: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The reasons and the next step that `decide` gives such people, in the columns of PEOPLE."""
    evidence = people.with_columns(
        cause_points=pl.lit(3.0),
        follow_up_months=pl.lit(24.6),
        loss_points_low="loss_low",
        loss_points_high="loss_high",
        posterior_some_gain_hold=pl.lit(0.21),
        late_rise_points=pl.lit(4.6),
        **{f"{end}_{what}": pl.lit(30.0) for end in ("lowest", "highest") for what in ("score", "level")},
    )
    coded = evidence.with_columns(reasons=reasons(thresholds), next_step_code=next_step(thresholds))
    return coded.select(
        (pl.col(name) if name in coded.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in PEOPLE.items()
    )


def statement(size: int) -> pl.DataFrame:
    """Observed and expected numbers, for everybody and for two subgroups."""
    groups = (("", "everyone", 0.7), ("onset region", "bulbar", 0.2), ("onset region", "limb", 0.5))
    rows = [
        {
            "by": by,
            "subgroup": group,
            "definition_text": RULES[name].wording,
            "kind": kind,
            "definition": name,
            "points": 4.0 if kind == "gain" else None,
            "months": months,
            "eligible": round(size * part),
            "observed": float(round(size * part * observed)),
            "expected": size * part * expected,
            "expected_low": float(max(0, round(size * part * expected - 4))),
            "expected_high": float(round(size * part * expected + 5)),
            "upper_tail_probability": 0.2,
            "cross_fit_expected": size * part * observed * 0.95,
        }
        for by, group, part in groups
        for name, kind, months, observed, expected in READINGS
    ]
    rows += [
        {
            "by": by,
            "subgroup": group,
            "definition_text": QUANTITIES["posterior_stable"].words,
            "kind": "plateau",
            "definition": "model_flat",
            "months": 12.0,
            "eligible": round(size * part),
            "observed": 0.111 * size * part,
            "observed_low": 0.05 * size * part,
            "observed_high": 0.2 * size * part,
            "expected": 0.1 * size * part,
            "expected_low": 0.06 * size * part,
            "expected_high": 0.17 * size * part,
            "upper_tail_probability": 0.4,
        }
        for by, group, part in groups
    ]
    return pl.DataFrame(rows, schema=STATEMENT)
