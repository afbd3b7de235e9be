"""One headline a person from the posteriors: the strongest verdict ever, the state now, its window and plain words."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.base.units import days_of
from alsight.detect.thresholds import REVIEWED, Thresholds

NAMES: Final[dict[str, str]] = {
    "artefact": "artefact",
    "symptomatic": "symptomatic gain",
    "dip": "rebound after a dip",
}
"""What a rise is called whose cause is known."""
LEAST_EXPLAINED: Final = 2.0
"""Points of a rise that a cause must explain to give the verdict its name; assumed."""
WORTH_TELLING: Final = 0.1
"""Posterior of a held gain from which it is told though it is not called; assumed."""

PEOPLE: Final[dict[str, type[pl.DataType]]] = {
    "subject": pl.String,
    "verdict": pl.String,
    "current": pl.String,
    "start_day": pl.Int32,
    "end_day": pl.Int32,
    "months": pl.Float64,
    "visits": pl.Int64,
    "false": pl.Float64,
    "chance": pl.Float64,
    "gain": pl.Float64,
    "gain_low": pl.Float64,
    "gain_high": pl.Float64,
    "flat_months": pl.Float64,
    "flat": pl.Float64,
    "loss": pl.Float64,
    "loss_low": pl.Float64,
    "loss_high": pl.Float64,
    "falling": pl.Float64,
    "usual": pl.Float64,
    "cause": pl.String,
    "reasons": pl.String,
    "settle": pl.String,
    "review": pl.Boolean,
}
"""Columns of the headlines."""


def called(months: str, asked: Thresholds, prefix: str = "") -> pl.Expr:
    """Whether a gain held so long is called: it is hardly none, and its median reaches the size."""
    none, gain = pl.col(f"{prefix}p_none_{months}"), pl.col(f"{prefix}p_gain_{months}")
    return ((none >= 1 - asked.false) & (gain >= 0.5)).fill_null(value=False)


def doubted(posterior: pl.Expr, asked: Thresholds) -> pl.Expr:
    """The posterior of a flat stretch or a gain as it is told: less the share in which the model may be wrong."""
    return posterior * (1 - asked.doubt)


def _judgeable(asked: Thresholds) -> pl.Expr:
    """Whether neither the truth nor the scores lie at an end of the scale."""
    return pl.all_horizontal(
        pl.col(level).is_between(asked.floor, asked.ceiling, closed="none") for level in ("flat_level", "middle")
    )


def judged(facts: pl.DataFrame, asked: Thresholds) -> pl.DataFrame:
    """Add `verdict`, `current` and what they rest on to the facts of each person.

    Args:
        facts: one row a person: what `posterior` tells of the scores without explained rises, the same of the scores as
            recorded under `raw_` names, and what `verdicts.facts` counts in the scores themselves.
        asked: thresholds.
    """
    enough = (pl.col("visits") >= asked.visits) & (pl.col("follow") >= asked.months)
    kept = called("hold", asked) & (pl.col("p_lost_hold") < 0.5)
    lasting = called("remission", asked) & (pl.col("p_lost_remission") < 0.5)
    documented = pl.col("p_before_remission").fill_null(0.0) >= 0.5
    rise = called("0", asked)
    as_recorded = called("0", asked, "raw_") | (pl.col("raw_rise") >= asked.gain)
    explained = pl.col("cause_points").fill_null(0.0) >= LEAST_EXPLAINED
    flat_enough = (pl.col("visits") >= asked.plateau_visits) & (pl.col("follow") >= asked.flat_months)
    judgeable = _judgeable(asked)
    flat = flat_enough & judgeable & (doubted(pl.col("p_flat"), asked) >= asked.plateau)
    falling = (pl.col("p_loss") >= asked.loss) & (pl.col("visits") >= asked.visits)
    unfallen = flat_enough & judgeable & (pl.col("still_months") >= asked.flat_months)
    verdict = (
        pl.when(enough & lasting & documented)
        .then(pl.lit("remission-like"))
        .when(enough & kept)
        .then(pl.lit("reversal"))
        .when(enough & called("hold", asked))
        .then(pl.lit("lost gain"))
        .when(enough & as_recorded & explained & ~rise)
        .then(pl.col("cause").replace_strict(NAMES, default=None))
        .when(enough & rise)
        .then(pl.lit("rise, not yet confirmed"))
        .when(enough & flat & (pl.col("flat_usual") <= asked.prolonged))
        .then(pl.lit("prolonged plateau"))
        .when(enough & flat)
        .then(pl.lit("plateau"))
        .when(enough & unfallen)
        .then(pl.lit("apparent plateau"))
        .when(falling)
        .then(pl.lit("progressing"))
        .otherwise(pl.lit("cannot tell"))
    )
    gained = pl.col("verdict").is_in(["remission-like", "reversal"])
    level_lately = doubted(1 - pl.col("p_late"), asked) >= asked.plateau
    lately = (pl.col("p_late") >= asked.loss) & (pl.col("visits") >= asked.visits)
    current = (
        pl.when(lately)
        .then(pl.lit("progressing"))
        .when(gained | (pl.col("verdict") == "rise, not yet confirmed"))
        .then(pl.col("verdict"))
        .when(enough & flat_enough & judgeable & level_lately)
        .then(pl.lit("plateau"))
        .otherwise(pl.lit("cannot tell"))
    )
    return facts.with_columns(verdict=verdict).with_columns(current=current)


def told(rows: pl.DataFrame, asked: Thresholds) -> pl.DataFrame:
    """The headlines with their windows, numbers and words (PEOPLE)."""
    gain = pl.col("verdict").is_in([*REVIEWED, "rise, not yet confirmed"])
    flat = pl.col("verdict").is_in(["plateau", "prolonged plateau", "apparent plateau"])
    held = (
        pl.when(pl.col("verdict") == "remission-like")
        .then(pl.lit("remission"))
        .when(pl.col("verdict") == "rise, not yet confirmed")
        .then(pl.lit("0"))
        .otherwise(pl.lit("hold"))
    )

    def of(kind: str) -> pl.Expr:
        return (
            pl.when(held == "remission")
            .then(pl.col(f"{kind}_remission"))
            .when(held == "0")
            .then(pl.col(f"{kind}_0"))
            .otherwise(pl.col(f"{kind}_hold"))
        )

    start = pl.when(gain).then(of("mid_from")).when(flat).then(pl.col("flat_start")).otherwise(pl.col("first_month"))
    end = pl.when(flat).then(start + pl.col("flat_length")).otherwise(pl.col("last_month"))
    rows = rows.with_columns(
        from_month=start,
        to_month=end,
        false=1 - of("p_none"),
        gain=of("mid_gain"),
        gain_low=of("low_gain"),
        gain_high=of("high_gain"),
        usual=pl.when(gain).then("gain_usual").when(flat).then("flat_usual"),
    )
    day = (pl.col("first_day") + days_of(pl.col("from_month"))).round(0)
    last = (pl.col("first_day") + days_of(pl.col("to_month"))).round(0)
    rows = rows.with_columns(
        start_day=day,
        end_day=last,
        months=pl.col("to_month") - pl.col("from_month"),
        flat_months="mid_flat",
        flat=doubted(pl.col("p_flat"), asked),
        loss="mid_loss",
        loss_low="low_loss",
        loss_high="high_loss",
        falling="p_loss",
        review=pl.col("verdict").is_in(list(REVIEWED)),
    )
    return rows.with_columns(reasons=_reasons(asked), settle=_settle(asked)).select(
        pl.col(name).cast(kind) for name, kind in PEOPLE.items()
    )


def _percent(share: pl.Expr) -> pl.Expr:
    whole = (100 * share).round(1)
    return (
        pl.when(whole >= 99.9)
        .then(pl.lit("over 99.9 %"))
        .when(whole < 0.1)
        .then(pl.lit("under 0.1 %"))
        .otherwise(whole.cast(pl.String) + " %")
    )


def _points(value: pl.Expr) -> pl.Expr:
    return value.round(1).cast(pl.String)


def _reasons(asked: Thresholds) -> pl.Expr:
    """Why, in one or two sentences."""
    span = pl.format("{} to {}", _points(pl.col("gain_low")), _points(pl.col("gain_high")))
    gain = pl.format(
        "A held gain of {} points (90 % interval {}); the chance that there is none is {}.",
        _points(pl.col("gain")),
        span,
        _percent(pl.col("false")),
    )
    flat = pl.format(
        "The longest stretch with a true loss under {} point lasted {} months; the posterior of {} months or more is "
        "{}.",
        pl.lit(f"{asked.flat:g}"),
        _points(pl.col("mid_flat")),
        pl.lit(f"{asked.flat_months:g}"),
        _percent(doubted(pl.col("p_flat"), asked)),
    )
    usual = (
        pl.when(pl.col("usual").is_not_nan())
        .then(pl.format(" Natural history shows as much in {} of comparable people.", _percent(pl.col("usual"))))
        .otherwise(pl.lit(""))
    )
    loss = pl.format(
        "True loss over {} months: {} points (90 % interval {} to {}); the posterior of a loss is {}.",
        _points(pl.col("follow")),
        _points(pl.col("mid_loss")),
        _points(pl.col("low_loss")),
        _points(pl.col("high_loss")),
        _percent(pl.col("p_loss")),
    )
    few = pl.format(
        "{} {} in {} months.",
        pl.col("visits"),
        pl.when(pl.col("visits") == 1).then(pl.lit("visit")).otherwise(pl.lit("visits")),
        _points(pl.col("follow")),
    )
    chance = doubted(pl.col("p_gain_hold").fill_null(0.0), asked)
    open_gain = (
        pl.when(chance >= WORTH_TELLING)
        .then(
            pl.format(
                f" A gain of {asked.gain:g} points held for {asked.hold:g} months is possible ({{}}) but not shown.",
                _percent(chance),
            )
        )
        .otherwise(pl.lit(""))
    )
    verdict = pl.col("verdict")
    return (
        pl.when(verdict.is_in([*REVIEWED, "rise, not yet confirmed"]))
        .then(gain + usual.fill_null(""))
        .when(verdict.is_in(list(NAMES.values())))
        .then(pl.col("cause_words"))
        .when(verdict.is_in(["plateau", "prolonged plateau"]))
        .then(flat + usual.fill_null("") + open_gain)
        .when(verdict == "apparent plateau")
        .then(pl.lit("The scores did not fall, but they cannot show it. ") + flat + open_gain)
        .when(verdict == "progressing")
        .then(loss + open_gain)
        .otherwise(pl.concat_str([few, pl.lit(" "), loss, open_gain], ignore_nulls=True))
    )


def _settle(asked: Thresholds) -> pl.Expr:
    """What further data would settle it, empty where nothing is open."""
    verdict = pl.col("verdict")
    more = (asked.visits - pl.col("visits")).clip(1, None)
    return (
        pl.when(verdict.is_in(list(REVIEWED)))
        .then(
            pl.lit("Vital capacity, strength and neurofilament over the same months; the examinations of the review.")
        )
        .when(verdict == "rise, not yet confirmed")
        .then(pl.lit(f"Two more visits, 3 months apart, show whether it holds {asked.hold:g} months."))
        .when(verdict == "apparent plateau")
        .then(pl.lit("Two more visits, 3 months apart."))
        .when((verdict == "cannot tell") & (pl.col("visits") < asked.visits))
        .then(
            pl.when(more == 1)
            .then(pl.lit("One more visit, 3 months later."))
            .otherwise(pl.format("{} more visits, 3 months apart.", more))
        )
        .when((verdict == "cannot tell") & (pl.col("follow") < asked.months))
        .then(pl.lit(f"Follow-up of at least {asked.months:g} months."))
        .when((verdict == "cannot tell") & ~_judgeable(asked))
        .then(pl.lit("The scale is at its end: strength or vital capacity can tell, the score cannot."))
        .when(verdict == "cannot tell")
        .then(pl.lit("Two more visits, 3 months apart."))
        .otherwise(pl.lit(""))
    )
