"""People in words: finding, current state, reasons and next step; the most striking at a glance, all in a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from markupsafe import Markup

from alsight.base.units import months_of
from alsight.detect.kinds import VERDICTS, Kind, Verdict
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Verdicts
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.report.page.blocks import Block, Card, Cards, Prose, Section, table
from alsight.report.page.theme import svg
from alsight.report.page.timeline import small_multiples
from alsight.report.page.words import NONE, count, months, number, opening, sure
from alsight.report.verdicts.reasons import cause_words, explanation, next_step
from alsight.report.verdicts.words import kind, tone

CARDS: Final = 5
"""People at a glance."""
CARD_WIDTH: Final = 236
"""Width of their courses [px]."""
EVERYONE: Final = 500
"""People in the table of everyone; verdicts.csv lists all."""
PLAIN: Final = (Verdict.PROGRESSING.value, Verdict.UNDECIDED.value, Verdict.INSUFFICIENT_DATA.value)
"""Findings that are neither gain nor plateau."""
HEADS: Final = ("person", "verdict", "certainty", "period", "current state", "reasons", "next step")

READABLE: Final = ("person", "finding", "in_short", "period", "current_state", "why", "next_step")
"""Columns of the table of people as a reader wants it."""


def named(verdict: str | None, certainty: str | None, posterior: float | None) -> str:
    """A finding or state with its certainty: "Stable, probable (84 %)"."""
    if verdict is None:
        return NONE
    if certainty is None:
        return opening(verdict)
    share = "" if posterior is None else f" ({sure(posterior)})"
    return f"{opening(verdict)}, {certainty}{share}"


def period(start_day: int | None, end_day: int | None) -> str:
    """A period by its first and last month from entry, with its length."""
    if start_day is None or end_day is None:
        return NONE
    first, last = (round(float(months_of(day))) for day in (start_day, end_day))
    return f"month {first} to {last} ({months(float(months_of(end_day - start_day)))})"


def _points(row: Mapping[str, Any], name: str) -> str:
    """Points with their 90 % interval; `name` is the beginning of the columns' names."""
    middle = number(row[f"{name}_points"])
    low, high = number(row[f"{name}_low"]), number(row[f"{name}_high"])
    return f"{middle} point{'' if middle == '1.0' else 's'} (90 % interval {low} to {high})"


def in_short(row: Mapping[str, Any], cause: str | None) -> str:
    """The finding in one sentence of numbers.

    Args:
        row: the person's row of the verdicts, `decide.PEOPLE`.
        cause: what explains most points of a rise, in words.
    """
    kind, length = Kind(row["kind"]), months(row["months"])
    if kind in (Kind.IMPROVED, Kind.LOST_GAIN) and row["held_gain_points"] is not None:
        return f"Gained {_points(row, 'held_gain')}" + (", then lost it." if kind == Kind.LOST_GAIN else ".")
    if kind == Kind.EXPLAINED_RISE:
        return opening(cause or "a recorded cause explains the rise.")
    if kind == Kind.STABLE and row["stable_loss_points"] is not None:
        return f"Lost {_points(row, 'stable_loss')} in {length}."
    if row["loss_points"] is not None and kind != Kind.INSUFFICIENT_DATA:
        return f"Lost {_points(row, 'loss')} in {length}."
    visits = row["visits"] or 0
    return f"{visits} visit{'' if visits == 1 else 's'} that count."


def in_words(row: Mapping[str, Any], thresholds: Thresholds, cause: str | None) -> dict[str, str]:
    """One person as a row of READABLE.

    Args:
        row: the person's row of the verdicts, `decide.PEOPLE`.
        thresholds: thresholds of the verdicts.
        cause: what explains most points of a rise, in words.
    """
    return {
        "person": row["subject"],
        "finding": named(row["verdict"], row["certainty"], row["posterior"]),
        "in_short": in_short(row, cause),
        "period": period(row["start_day"], row["end_day"]),
        "current_state": named(row["current"], row["current_certainty"], row["current_posterior"]),
        "why": " ".join(explanation(row, thresholds, cause)),
        "next_step": next_step(row, thresholds),
    }


def in_order(people: pl.DataFrame) -> pl.DataFrame:
    """The verdicts, the most striking finding first, within it the most certain.

    Args:
        people: `decide.PEOPLE`.
    """
    rank = {verdict.value: index for index, verdict in enumerate(VERDICTS)}
    order = pl.col("verdict").replace_strict(rank, default=len(Verdict), return_dtype=pl.Int64)
    return people.sort(order, pl.col("posterior"), "subject", descending=[False, True, False], nulls_last=True)


def in_the_table(people: pl.DataFrame) -> pl.DataFrame:
    """The verdicts of the people whom the report lists one by one in its table.

    Args:
        people: `decide.PEOPLE`.
    """
    return in_order(people).head(EVERYONE)


def people_in_words(people: pl.DataFrame, causes: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Everyone as a row of READABLE, in the order of `in_order`.

    Args:
        people: `decide.PEOPLE`.
        causes: what `causes.explain` found.
        thresholds: thresholds of the verdicts.
    """
    known = cause_words(causes)
    rows = [in_words(row, thresholds, known.get(row["subject"])) for row in in_order(people).iter_rows(named=True)]
    return pl.DataFrame(rows, schema=dict.fromkeys(READABLE, pl.String))


def answer_section(assessed: Verdicts, visits: pl.DataFrame, anchors: Mapping[str, str]) -> Section:
    """The people whose finding is more than progression, at a glance: is it real?

    Args:
        assessed: the verdicts.
        visits: scored visits with `total`.
        anchors: person to the place of their page, for those who have one.
    """
    people = in_order(assessed.people)
    found = people.filter(~pl.col("verdict").is_in(PLAIN)) if people.height > CARDS else people
    known = cause_words(assessed.causes)
    cards = tuple(
        _card(row, visits, in_words(row, assessed.thresholds, known.get(row["subject"])), anchors)
        for row in found.head(CARDS).iter_rows(named=True)
    )
    said = (
        "A rise or a plateau counts as real where it stands out against measurement noise and natural history. The "
        "percentage is the posterior probability of the finding."
    )
    none = "No one has a gain, an explained rise or a stable period with a posterior probability of "
    possible = f"{none}{assessed.thresholds.possible * 100:.0f} % or more."
    blocks: list[Block] = [Prose(said), Cards(cards)] if cards else [Prose(possible)]
    if found.height > CARDS:
        blocks.append(Prose(f"The {CARDS} most striking people; all people are listed below.", "small"))
    return Section("answer", "Is it real?", tuple(blocks))


def _card(row: Mapping[str, Any], visits: pl.DataFrame, words: Mapping[str, str], anchors: Mapping[str, str]) -> Card:
    name, state = row["subject"], words["current_state"]
    next_said = f"Next: {words['next_step']}" if words["next_step"] else ""
    own = visits.filter(pl.col("subject") == name).drop_nulls("total").sort("day")
    chart = _course(own, row) if own.height else Markup()
    lines = tuple(line for line in (words["in_short"], f"Current state: {state}." if state else "", next_said) if line)
    return Card(_linked(name, anchors), words["finding"], tone(row["verdict"]), lines, chart)


def _course(own: pl.DataFrame, row: Mapping[str, Any]) -> Markup:
    """The totals of one person, the period of the finding marked."""
    start, end = row["start_day"], row["end_day"]
    marked = start is not None and end is not None and row["verdict"] not in PLAIN
    inside = pl.col("day").is_between(start, end) if marked else pl.lit(value=False)
    small = own.select(
        name=pl.lit("ALSFRS-R" if own["alsfrs_r_total"].null_count() < own.height else "ALSFRS"),
        months=months_of(pl.col("day").cast(pl.Float64)),
        value=pl.col("total"),
        low=pl.lit(0.0),
        high=pl.lit(ALSFRS_R_BEST),
        kind=pl.when(inside).then(pl.lit(kind(row["verdict"]))),
    )
    first, last = float(small["months"][0]), float(small["months"][-1])
    chart = small_multiples(small, (first, max(last, first + 1.0)), CARD_WIDTH, 1)
    label = f"Course of person {row['subject']}, the period of the finding marked"
    return svg(chart, label, "both")


def _linked(name: str, anchors: Mapping[str, str]) -> str | Markup:
    index = anchors.get(name)
    return Markup('<a href="#{}">{}</a>').format(index, name) if index else name


def everyone_section(assessed: Verdicts, anchors: Mapping[str, str]) -> Section:
    """Everyone in one table: finding, period, state now, reasons and next step.

    Args:
        assessed: the verdicts.
        anchors: person to the place of their page, for those who have one.
    """
    people = in_the_table(assessed.people)
    words = people_in_words(people, assessed.causes, assessed.thresholds)
    certain = dict(people.select("subject", "certainty").iter_rows())
    verdict = dict(people.select("subject", "verdict").iter_rows())
    rows = [
        (
            _linked(row["person"], anchors),
            opening(verdict[row["person"]]),
            _with_posterior(certain[row["person"]], row["finding"]),
            row["period"],
            row["current_state"],
            row["why"] or row["in_short"],
            row["next_step"] or NONE,
        )
        for row in words.iter_rows(named=True)
    ]
    title = "All people"
    said = (
        "The most striking findings come first. The verdict is about the named period, the current state about the "
        "last visits."
    )
    whole = assessed.people.height
    more = f" The first {count(words.height)} of {count(whole)} people; verdicts.csv lists all."
    intro = Prose(said + (more if whole > words.height else ""))
    if not rows:
        return Section("everyone", title, (Prose("No one was read."),))
    return Section("everyone", title, (intro, table(title, HEADS, rows)))


def _with_posterior(certainty: str | None, finding: str) -> str:
    if certainty is None:
        return NONE
    share = finding[finding.rindex("(") :] if finding.endswith(")") else ""
    return f"{certainty} {share}".strip()
