"""The evidence on the page of one person: numbers, reasons, other explanations, measures, treatments, mimics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.base.units import months_of
from alsight.detect.kinds import GAINS, PLATEAUS, REVIEWED
from alsight.detect.thresholds import Thresholds
from alsight.report.page.blocks import Part, TableView, table
from alsight.report.page.words import NONE, count, joined, months, number, opening, percent, signed, spread, sure
from alsight.report.sentences.causes import with_cause_words
from alsight.report.sentences.review import examination_words
from alsight.report.verdicts.reasons import explanation, next_step
from alsight.report.verdicts.second_look import mimics, reasons

LOOKED_FOR: Final = (
    "items 5 and 12, relief of symptoms by a treatment, single visits far off the course, exchanged dates, changes of "
    "rater, mode, respondent or scale, and dips with an illness"
)

MIMIC_REASONS: Final = 6
"""Reasons for and against a mimic on a person's page."""

SECOND: Final[dict[str, str]] = {
    "svc_pct": "slow vital capacity, %",
    "fvc_pct": "forced vital capacity, %",
    "svc_l": "slow vital capacity, l",
    "fvc_l": "forced vital capacity, l",
    "snip_cmh2o": "sniff pressure, cmH2O",
    "mip_cmh2o": "inspiratory pressure, cmH2O",
    "mep_cmh2o": "expiratory pressure, cmH2O",
    "pcf_l_min": "peak cough flow, l/min",
    "grip_kg": "grip, kg",
    "hhd_kg": "muscle force, kg",
    "mrc_grade": "muscle strength, MRC grade",
    "munix": "motor unit number index",
    "cmap_mv": "muscle action potential, mV",
    "weight_kg": "weight, kg",
    "bmi_kg_m2": "body mass index, kg/m2",
    "nfl_pg_ml": "neurofilament light, pg/ml",
    "pnfh_pg_ml": "neurofilament heavy, pg/ml",
    "alsaq40_total": "ALSAQ-40",
    "alsaq5_total": "ALSAQ-5",
    "niv_hours_per_day": "ventilation, hours a day",
}
"""Second measures in words, in the order in which they are reported."""

_IN_LITRES: Final = {"svc_pct": ("svc_l", "fvc_pct", "fvc_l"), "fvc_pct": ("fvc_l",)}
"""Measure to those that say the same less well."""


@dataclass(frozen=True)
class PersonEvidence:
    """Everything that the page of one person reports.

    Attributes:
        verdict: the person's row of the verdicts.
        causes: rises of theirs that something else explains.
        review: their row of the review, None where there is none.
        second: second measures before and after the turn.
        exposures: treatments, and how long before the turn each began.
        people: size of the cohort, for the base rate.
        checks: facts of the record to look at.
        thresholds: thresholds of the verdicts.
        cause: what explains most points of a rise, in words; None where nothing does.
    """

    verdict: dict[str, Any]
    causes: pl.DataFrame
    review: dict[str, Any] | None
    second: pl.DataFrame
    exposures: pl.DataFrame
    people: int
    checks: Sequence[str]
    thresholds: Thresholds
    cause: str | None = None


def numbers(row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Posterior, local false discovery rate, size with interval and base rate: what stands on the page."""
    verdict = row["verdict"]
    gained = (
        (
            "posterior probability of a true held gain",
            sure(None if row["local_false_discovery_rate"] is None else 1.0 - row["local_false_discovery_rate"]),
        ),
        ("local false discovery rate", percent(row["local_false_discovery_rate"])),
        ("held gain, points (90 %)", spread(row["held_gain_points"], row["held_gain_low"], row["held_gain_high"])),
    )
    flat = (
        ("posterior probability of a period without loss", sure(row["posterior_stable"])),
        ("longest such period, median", months(row["stable_months"])),
    )
    lost = (
        ("posterior probability of a true loss", sure(row["posterior_progressing"])),
        ("loss over follow-up, points (90 %)", spread(row["loss_points"], row["loss_low"], row["loss_high"])),
    )
    base = (("base rate: natural history shows as much in", percent(row["base_rate"])),)
    if verdict in GAINS:
        reported = (*gained, *base)
    elif verdict in PLATEAUS:
        reported = (*flat, lost[1], *base)
    else:
        reported = (*lost, *(gained[1:2] if row["local_false_discovery_rate"] is not None else ()), *base)
    return tuple((name, value) for name, value in reported if value != NONE)


def parts(about: PersonEvidence) -> tuple[Part, ...]:
    """The parts of the page of a person, in reading order; a heading with nothing under it is not printed."""
    row = about.verdict
    step = next_step(row, about.thresholds)
    reported = (
        Part("Reasons for the verdict", explanation(row, about.thresholds, about.cause)),
        Part("Base rate", _unusual(row, about.people)),
        Part("Other explanations", _causes(about.causes, row)),
        Part("Other measures", _second(about.second), _second_table(about.second)),
        Part("Treatments", _exposures(about.exposures)),
        Part("Possible mimics of ALS", _mimic(about.review, row["verdict"])),
        Part("Next step", (step,) if step else ()),
        Part("Remarks on the record", tuple(about.checks)),
    )
    return tuple(part for part in reported if part.said or part.table)


def _unusual(row: dict[str, Any], people: int) -> tuple[str, ...]:
    base_rate = row["base_rate"]
    if base_rate is None or not math.isfinite(base_rate) or row["verdict"] not in GAINS | PLATEAUS:
        return ()
    if base_rate <= 0.0:
        return ("No comparable simulated person showed as much under natural history.",)
    expected = base_rate * people
    many = "fewer than one person" if expected < 1.0 else f"about {number(expected, 0)} people"
    # What is rare in one person is expected in some of many.
    return (f"In a cohort of {count(people)} such people, natural history alone would show as much in {many}.",)


def _causes(causes: pl.DataFrame, row: dict[str, Any]) -> tuple[str, ...]:
    """Rises with another explanation, those inside the window first, or that none was found."""
    if not causes.height:
        return (f"None was found. Searched for: {LOOKED_FOR}.",)
    start, end = row["start_day"], row["end_day"]
    inside = pl.lit(value=False) if start is None else (pl.col("end_day") >= start) & (pl.col("start_day") <= end)
    ordered = causes.with_columns(inside=inside).sort("inside", "start_day", descending=[True, False], nulls_last=True)
    said = [text for text in with_cause_words(ordered)["words"].to_list() if text]
    taken = "The points that these explain were subtracted before gains were evaluated."
    return (*said, f"{taken} Searched for: {LOOKED_FOR}.")


def _chosen(second: pl.DataFrame) -> pl.DataFrame:
    """Comparable measures, each quantity once."""
    there = second.filter(pl.col("direction") != "not comparable", pl.col("measure").is_in(list(SECOND)))
    found = set(there["measure"])
    told_better = {poorer for name, others in _IN_LITRES.items() if name in found for poorer in others}
    order = pl.col("measure").replace_strict({name: n for n, name in enumerate(SECOND)}, return_dtype=pl.Int32)
    return there.filter(~pl.col("measure").is_in(list(told_better))).sort(order, "side", "part", nulls_last=True)


def _second(second: pl.DataFrame) -> tuple[str, ...]:
    """Measures by direction, before and after the turn."""
    rows = _chosen(second)
    if not rows.height:
        return ("No other measure was recorded both before and after the turn.",)
    said: list[str] = []
    for direction in ("better", "about the same", "worse"):
        part = rows.filter(pl.col("direction") == direction)
        named = [
            f"{_name(row)} {number(row['before'], _digits(row))} \u2192 {number(row['after'], _digits(row))}"
            for row in part.iter_rows(named=True)
        ]
        said += [f"{opening(direction)}: {joined(named)}."] if named else []
    return tuple(said)


def _name(row: dict[str, Any]) -> str:
    where = " ".join(str(row[name]).replace("_", " ") for name in ("side", "part") if row[name])
    return SECOND[row["measure"]] + (f" ({where})" if where else "")


def _digits(row: dict[str, Any]) -> int:
    return 0 if abs(row["before"] or 0.0) >= 20.0 else 1


def _second_table(second: pl.DataFrame) -> TableView | None:
    rows = [
        (
            opening(_name(row)),
            number(row["before"], _digits(row)),
            count(row["before_values"]),
            number(row["after"], _digits(row)),
            count(row["after_values"]),
            row["direction"],
        )
        for row in _chosen(second).iter_rows(named=True)
    ]
    heads = ("measure", "before", "times", "after", "times", "direction")
    name = f"Medians before and after the turn ({len(rows)})"
    return table(name, heads, rows, (1, 2, 3, 4), folded=True) if rows else None


def _exposures(exposures: pl.DataFrame) -> tuple[str, ...]:
    said: list[str] = []
    for row in exposures.sort("start_day", "treatment").iter_rows(named=True):
        ahead = row["months_before"]
        if ahead is None:
            when = "start not recorded"
        else:
            when = f"from {months(abs(ahead))} {'before' if ahead >= 0 else 'after'} the turn"
        state = ", ongoing at the turn" if row["ongoing"] and (ahead is None or ahead > 0) else ""
        kind = f" ({row['kind'].replace('_', ' ')})" if row["kind"] else ""
        said.append(f"{opening(row['treatment'])}{kind}: {when}{state}.")
    return tuple(dict.fromkeys(said)) or ("None is recorded.",)


def _mimic(review: dict[str, Any] | None, verdict: str) -> tuple[str, ...]:
    """Posterior probability of a mimic, its reasons, the mimics to consider, and the examination that would decide."""
    if review is None or review.get("posterior") is None:
        return ()
    always = " The diagnosis deserves a second look after every held gain." if verdict in REVIEWED else ""
    prior = f" At registration, before the record, it was {percent(review['prior'])}." if review.get("prior") else ""
    said = [f"Posterior probability of a mimic: {sure(review['posterior'])}.{prior}{always}"]
    evaluated = reasons(review, MIMIC_REASONS)
    if evaluated:
        said.append(f"Reasons in log odds, + for a mimic: {joined(evaluated)}. Total {signed(_total(review), 1)}.")
    if mimics(review):
        said.append(f"If it is one, consider {joined(mimics(review))}.")
    if review.get("mimics"):
        said.append(f"Examinations that would distinguish them: {examination_words(review['mimics'])}.")
    return tuple(said)


def _total(review: dict[str, Any]) -> float:
    return sum(part["weight"] for part in review["reasons"] if part["feature"] != "prior")


def window_words(row: dict[str, Any]) -> str:
    """The window of a verdict in words, and the state now where it differs."""
    said: list[str] = []
    if row["start_day"] is not None and row["end_day"] is not None:
        start, end = months_of(float(row["start_day"])), months_of(float(row["end_day"]))
        visits = f", {count(row['visits'])} visits" if row["visits"] is not None else ""
        said.append(f"Month {number(start, 0)} to {number(end, 0)} after entry{visits}.")
    if row["current"] and row["current"] != row["verdict"]:
        said.append(f"Now: {row['current']}.")
    return " ".join(said)
