"""Sentences of a verdict: why it is given, and what further data would decide, from the codes that `detect` gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import polars as pl

from alsight.detect.decide import NextStep, Reason
from alsight.detect.evidence import largest_causes
from alsight.detect.kinds import VERDICTS, Verdict
from alsight.detect.thresholds import Thresholds
from alsight.report.page.words import count, number, opening, sure
from alsight.report.sentences.causes import with_cause_words
from alsight.report.verdicts.criteria import in_words

Sentence = Callable[[Mapping[str, Any], Mapping[str, str]], str]


def _interval(reason: Mapping[str, Any]) -> str:
    """Points with their noun and 90 % interval."""
    noun = "point" if number(reason["points"]) == "1.0" else "points"
    low, high = number(reason["points_low"]), number(reason["points_high"])
    return f"{number(reason['points'])} {noun} (90 % interval {low} to {high})"


def _held_gain(reason: Mapping[str, Any], words: Mapping[str, str]) -> str:
    held = f" held for {words['held']} or more" if words["held"] else ""
    none = f"no gain of {words['none']} was held so long" if held else f"there was no gain of {words['none']}"
    false = f"{sure(reason['probability'])} (local false discovery rate)"
    return f"Gain of {_interval(reason)}{held}; the probability that {none} is {false}."


def _base_rate(reason: Mapping[str, Any], _: Mapping[str, str]) -> str:
    return f"Natural history shows as much in {sure(reason['probability'])} of comparable people."


def _explained(reason: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return words["cause"] or f"A recorded cause explains {number(reason['points'])} points of the rise."


def _stable_period(reason: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return (
        f"The true loss is under {words['flat']} for {number(reason['months'])} months; the posterior probability of "
        f"some such period of {words['flat_months']} or more is {sure(reason['probability'])}."
    )


def _loss(reason: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return (
        f"True loss over {number(reason['months'])} months: {_interval(reason)}; the posterior probability of a loss "
        f"of {words['loss_points']} or more is {sure(reason['probability'])}."
    )


def _record(reason: Mapping[str, Any], _: Mapping[str, str]) -> str:
    noun = "visit" if reason["visits"] == 1 else "visits"
    return f"{count(reason['visits'])} {noun} in {number(reason['months'])} months."


def _possible_gain(reason: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return f"The posterior probability of a gain held for {words['hold']} is {sure(reason['probability'])}."


def _late_rise(reason: Mapping[str, Any], _: Mapping[str, str]) -> str:
    return f"The last two scores lie {number(reason['points'])} points or more above the lowest score before."


SENTENCES: Final[dict[Reason, Sentence]] = {
    Reason.HELD_GAIN: _held_gain,
    Reason.BASE_RATE: _base_rate,
    Reason.EXPLAINED_RISE: _explained,
    Reason.STABLE_PERIOD: _stable_period,
    Reason.LOSS: _loss,
    Reason.RECORD: _record,
    Reason.POSSIBLE_GAIN: _possible_gain,
    Reason.LATE_RISE: _late_rise,
}
"""Code of a reason to its sentence, from the reason's numbers and the thresholds in words."""

STEPS: Final[dict[NextStep, str]] = {
    NextStep.RE_EVALUATE: "Compare vital capacity, strength and neurofilament over the same months, and make the "
    "examinations that the review names.",
    NextStep.CONFIRM_HELD: "Two more visits, 3 months apart, show whether the gain is held for {hold}.",
    NextStep.MORE_VISITS: "Two more visits, 3 months apart.",
    NextStep.FEWEST_VISITS: "{more}",
    NextStep.LONGER_FOLLOW_UP: "Follow-up of at least {months}.",
    NextStep.OTHER_MEASURES: "The scale is at its end: measure strength or vital capacity, which can still change.",
}
"""Code of a next step to its sentence, with thresholds by name."""


def explanation(row: Mapping[str, Any], thresholds: Thresholds, cause: str | None = None) -> tuple[str, ...]:
    """Why a person has their verdict, the main reason first.

    Args:
        row: the person's row of the verdicts, `decide.PEOPLE`.
        thresholds: thresholds of the verdicts.
        cause: what explains most points of a rise, in words; None where nothing does.
    """
    words = in_words(thresholds)
    held = words.get(VERDICTS[Verdict(row["verdict"])].duration, "")
    words |= {"held": held, "cause": opening(cause or "")}
    return tuple(SENTENCES[Reason(reason["code"])](reason, words) for reason in row["reasons"] or ())


def next_step(row: Mapping[str, Any], thresholds: Thresholds) -> str:
    """What further data would decide; empty where nothing is open.

    Args:
        row: the person's row of the verdicts, `decide.PEOPLE`.
        thresholds: thresholds of the verdicts.
    """
    if not row["next_step_code"]:
        return ""
    more = max(thresholds.visits - (row["visits"] or 0), 1)
    said = "One more visit, 3 months later." if more == 1 else f"{more} more visits, 3 months apart."
    return STEPS[NextStep(row["next_step_code"])].format(**in_words(thresholds), more=said)


def cause_words(causes: pl.DataFrame) -> dict[str, str]:
    """Subject to what explains most points of a rise, in words.

    Args:
        causes: what `causes.explain` found.
    """
    return dict(with_cause_words(largest_causes(causes)).select("subject", "words").iter_rows())


def with_sentences(people: pl.DataFrame, causes: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """The verdicts with their `explanation` and `next_step` in words beside the codes.

    Args:
        people: `decide.PEOPLE`.
        causes: what `causes.explain` found.
        thresholds: thresholds of the verdicts.
    """
    known = cause_words(causes)
    rows = list(people.iter_rows(named=True))
    return people.with_columns(
        explanation=pl.Series(
            [" ".join(explanation(row, thresholds, known.get(row["subject"]))) for row in rows], dtype=pl.String
        ),
        next_step=pl.Series([next_step(row, thresholds) for row in rows], dtype=pl.String),
    )
