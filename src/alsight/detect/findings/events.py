"""The posterior of each kind of verdict, and the choice among them: the finding, and the current state."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.detect.kinds import EXPLAINED, GAINS, VERDICTS, Kind, Verdict, certainty, enough, size_reached
from alsight.detect.thresholds import DURATIONS, Thresholds

FINDINGS: Final[dict[str, Kind]] = {
    "improved": Kind.IMPROVED,
    "lost": Kind.LOST_GAIN,
    "explained": Kind.EXPLAINED_RISE,
    "stable": Kind.STABLE,
    "progressing": Kind.PROGRESSING,
}
"""Prefix of the columns of each kind to the kind, in the order in which they are tried."""


def finding(evidence: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Add `verdict` and `posterior`, and of every kind its `_verdict`, `_posterior` and `_certainty`.

    Args:
        evidence: the declared table, `evidence.EVIDENCE`.
        thresholds: thresholds of the verdicts.
    """
    rows = evidence.with_columns(_enough=enough(thresholds))
    rows = rows.with_columns(_improved(thresholds), *_lost(thresholds)).unnest("improved")
    rows = rows.with_columns(*_explained(thresholds), *_stable(thresholds), *_progressing())
    known = [pl.col(f"{name}_posterior") for name in FINDINGS]
    rows = rows.with_columns(
        certainty(pl.col(f"{name}_posterior"), thresholds).alias(f"{name}_certainty") for name in FINDINGS
    )
    highest = pl.max_horizontal(known)
    chosen = [
        *(_choice(name, pl.col(f"{name}_posterior") >= thresholds.probable) for name in FINDINGS),
        *(
            _choice(
                name, (pl.col(f"{name}_posterior") >= thresholds.possible) & (pl.col(f"{name}_posterior") >= highest)
            )
            for name in FINDINGS
        ),
    ]
    whole = pl.when("_enough").then(pl.coalesce(chosen))
    without = (
        pl.when("_enough").then(pl.lit(Verdict.UNDECIDED.value)).otherwise(pl.lit(Verdict.INSUFFICIENT_DATA.value))
    )
    return rows.with_columns(
        verdict=pl.coalesce(whole.struct.field("verdict"), without), posterior=whole.struct.field("posterior")
    )


def _choice(name: str, rule: pl.Expr) -> pl.Expr:
    return pl.when(rule).then(
        pl.struct(pl.col(f"{name}_verdict").alias("verdict"), pl.col(f"{name}_posterior").alias("posterior"))
    )


def _improved(thresholds: Thresholds) -> pl.Expr:
    """The most certain of the gains, the longest held of equally certain ones."""
    gains = [verdict for verdict in GAINS if VERDICTS[verdict].kind is Kind.IMPROVED]
    ordered = sorted(gains, key=list(VERDICTS).index)
    options: list[pl.Expr] = []
    for least in (thresholds.confirmed, thresholds.probable, thresholds.possible, 0.0):
        for verdict in ordered:
            row = VERDICTS[verdict]
            event = pl.col(f"posterior_some_gain_{row.duration}")
            options.append(
                pl.when(row.rule(thresholds) & (event >= least)).then(
                    pl.struct(pl.lit(verdict.value).alias("improved_verdict"), event.alias("improved_posterior"))
                )
            )
    return pl.coalesce(options).alias("improved")


def _lost(thresholds: Thresholds) -> tuple[pl.Expr, pl.Expr]:
    rule = VERDICTS[Verdict.LOST_GAIN].rule(thresholds)
    return (
        pl.lit(Verdict.LOST_GAIN.value).alias("lost_verdict"),
        pl.when(rule).then("posterior_lost_gain_hold").alias("lost_posterior"),
    )


def _explained(thresholds: Thresholds) -> tuple[pl.Expr, pl.Expr]:
    """A rise with a cause: the event is that no gain is left without it."""
    named = pl.coalesce(
        pl.when(VERDICTS[verdict].rule(thresholds)).then(pl.lit(verdict.value)) for verdict in EXPLAINED.values()
    )
    left = pl.when(size_reached("any")).then("posterior_some_gain_any").fill_null(0.0)
    return named.alias("explained_verdict"), pl.when(named.is_not_null()).then(1 - left).alias("explained_posterior")


def _stable(thresholds: Thresholds) -> tuple[pl.Expr, pl.Expr]:
    """Some stable period that is long enough; null where no period could be named."""
    long = VERDICTS[Verdict.PROLONGED].rule(thresholds)
    name = pl.when(long).then(pl.lit(Verdict.PROLONGED.value)).otherwise(pl.lit(Verdict.STABLE.value))
    event = pl.when(pl.col("stable_start_months").is_not_null()).then("posterior_stable")
    return name.alias("stable_verdict"), event.alias("stable_posterior")


def _progressing() -> tuple[pl.Expr, pl.Expr]:
    return (
        pl.lit(Verdict.PROGRESSING.value).alias("progressing_verdict"),
        pl.col("posterior_progressing").alias("progressing_posterior"),
    )


def of_duration(column: str) -> pl.Expr:
    """The column of the duration that the gain of the finding is held; `hold` where it has none."""
    duration = pl.col("verdict").replace_strict(
        {verdict.value: row.duration for verdict, row in VERDICTS.items()}, return_dtype=pl.String
    )
    return pl.coalesce(pl.when(duration == name).then(pl.col(f"{column}_{name}")) for name in DURATIONS)


def current_state(rows: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Add `current`, `current_posterior`, the period that it is about, and the loss over it.

    A gain that the finding names and that is still there stands, unless the last months more probably lost. Else the
    first of stable and progressing that is probable or better, else the more probable one.

    Args:
        rows: what `finding` gave.
        thresholds: thresholds of the verdicts.
    """
    recent, stable = pl.col("posterior_recent_period"), pl.col("posterior_current_stable_period")
    still = pl.col("verdict") == pl.col("improved_verdict")
    options = [
        _state(still & (recent.fill_null(0.0) < thresholds.possible), pl.col("verdict"), pl.col("posterior"), "gain"),
        _state(stable >= thresholds.probable, pl.lit(Verdict.STABLE.value), stable, "current_stable"),
        _state(recent >= thresholds.probable, pl.lit(Verdict.PROGRESSING.value), recent, "recent"),
        _state(
            (stable >= thresholds.possible) & (stable >= recent.fill_null(0.0)),
            pl.lit(Verdict.STABLE.value),
            stable,
            "current_stable",
        ),
        _state(recent >= thresholds.possible, pl.lit(Verdict.PROGRESSING.value), recent, "recent"),
        _state(stable >= thresholds.possible, pl.lit(Verdict.STABLE.value), stable, "current_stable"),
    ]
    without = (
        pl.when("_enough").then(pl.lit(Verdict.UNDECIDED.value)).otherwise(pl.lit(Verdict.INSUFFICIENT_DATA.value))
    )
    judgeable = pl.col("_enough") & pl.col("recent_start_months").is_not_null()
    without = pl.when(judgeable).then(without).otherwise(pl.lit(Verdict.INSUFFICIENT_DATA.value))
    found = pl.when(judgeable | (pl.col("_enough") & still)).then(pl.coalesce(options))
    fields = ("posterior", "start_month", "end_month", "loss_points", "loss_low", "loss_high")
    return rows.with_columns(
        pl.coalesce(found.struct.field("state"), without).alias("current"),
        *(found.struct.field(name).alias(f"current_{name}") for name in fields),
    )


def _state(rule: pl.Expr, verdict: pl.Expr, posterior: pl.Expr, period: str) -> pl.Expr:
    """A state where its rule holds, with the ends of its period and the loss over it."""
    if period == "gain":
        start, end = of_duration("gain_start_months"), pl.col("last_visit_months")
        loss = [pl.lit(None, pl.Float64).alias(name) for name in ("loss_points", "loss_low", "loss_high")]
    else:
        start, end = pl.col(f"{period}_start_months"), pl.col(f"{period}_end_months")
        loss = [pl.col(f"{period}_{name}").alias(name) for name in ("loss_points", "loss_low", "loss_high")]
    fields = (posterior.alias("posterior"), start.alias("start_month"), end.alias("end_month"))
    return pl.when(rule.fill_null(value=False)).then(pl.struct(verdict.alias("state"), *fields, *loss))
