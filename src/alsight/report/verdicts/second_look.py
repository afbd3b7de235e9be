"""People whose diagnosis deserves a second look: who, how likely a mimic is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from markupsafe import Markup

from alsight.detect.verdicts import Verdicts
from alsight.report.disclosure.nodes import Headcount, phrase
from alsight.report.page.blocks import Block, Prose, Section, table
from alsight.report.page.words import NONE, count, joined, opening, percent, signed, sure
from alsight.report.sentences.review import mimic_words, reason_words

LISTED: Final = 40
"""People in the list; all of them are in review.parquet."""

REASONS: Final = 3
"""Reasons stated in the list."""


def look_again(assessed: Verdicts) -> pl.DataFrame:
    """People to re-evaluate, the likeliest mimic first.

    Returns:
        `subject`, `verdict` and the columns of the review, one row a person.
    """
    requested = assessed.people.filter(pl.col("review").fill_null(value=False)).select("subject", "verdict")
    if not requested.height:
        return requested.with_columns(posterior=pl.lit(None, pl.Float64))
    listed = requested.join(assessed.review, on="subject", how="left", maintain_order="left")
    return listed.sort("posterior", "subject", descending=[True, False], nulls_last=True)


def second_look_section(assessed: Verdicts, anchors: Mapping[str, str], again: Headcount) -> Section:
    """The list of people to re-evaluate.

    Args:
        assessed: the verdicts.
        anchors: person to the place of their page, for those who have one.
        again: how many people there are to re-evaluate.
    """
    listed = look_again(assessed)
    title = "People to re-evaluate"
    intro = (
        "A mimic is another disease that looks like ALS. The diagnosis deserves a second look after every held gain, "
        "and where the record fits a mimic better than ALS. The table gives the posterior probability of a mimic: its "
        "probability given how common mimics are at registration, the course of the scores, and what is recorded. "
        "What is not recorded has no influence. This probability is a reason to look again, never a diagnosis."
    )
    if not listed.height:
        return Section("re-evaluate", title, (Prose(intro), Prose("No one is listed.")))
    more = phrase(f" The first {count(LISTED)} of ", again, " are listed.") if listed.height > LISTED else ""
    said = Prose(phrase("The probability and the reasons for each person are in review.parquet.", more))
    rows = [_row(row, anchors) for row in listed.head(LISTED).iter_rows(named=True)]
    heads = ("person", "verdict", "probability of a mimic", "reasons (log odds)", "mimics to consider")
    blocks: list[Block] = [Prose(intro), said, table(title, heads, rows, (2,))]
    return Section("re-evaluate", title, tuple(blocks))


def _row(row: dict[str, Any], anchors: Mapping[str, str]) -> tuple[str | Markup, ...]:
    name = row["subject"]
    index = anchors.get(name)
    return (
        Markup('<a href="#{}">{}</a>').format(index, name) if index else name,
        opening(row["verdict"] or NONE),
        sure(row.get("posterior")),
        opening(joined(reasons(row, REASONS))) or NONE,
        opening(joined(mimics(row))) or NONE,
    )


def reasons(row: dict[str, Any], most: int) -> list[str]:
    """What speaks for or against a mimic, the strongest first, each with its log odds; the prior apart."""
    reported = [part for part in row.get("reasons") or [] if part["feature"] != "prior"]
    return [f"{reason_words(part)} ({signed(part['weight'], 1)})" for part in reported[:most]]


def mimics(row: dict[str, Any]) -> list[str]:
    """Mimics to consider, with the share of each if it is one."""
    return [f"{mimic_words(part['mimic'])} ({percent(part['share'])})" for part in row.get("mimics") or []]
