"""The page of `expect`: the answer, the numbers behind it, published rates, picking, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from alsight.base.provenance import Provenance
from alsight.detect.expect.expectation import Expectation, Question
from alsight.report.expect_words import chances, often
from alsight.report.page import charts
from alsight.report.page.blocks import Block, Heading, Notice, Prose, Section, TableView, drawn, table
from alsight.report.page.labels import source_name
from alsight.report.page.render import Page
from alsight.report.page.theme import color
from alsight.report.page.words import NONE, count, interval, percent
from alsight.report.texts import NO_ADVICE, REFERENCES

DRAWN: float = 1e-4
"""Numbers less likely than this are not drawn."""


def page(question: Question, answer: Expectation, said: Sequence[str], record: Provenance) -> Page:
    """The whole page.

    Args:
        question: what was asked.
        answer: what came out.
        said: the sentences, the headline first.
        record: how it was made.
    """
    asked = f"{question.found:,} of {question.of:,} {question.outcome.said}"
    picked = answer.tables["picking"].height > 1
    tens = answer.tables["picked"].filter(pl.col("groups") == 10)["chance"][0]
    figures = (
        ("found", f"{question.found:,} of {question.of:,}"),
        ("expected", f"{answer.spread.median:,} ({answer.spread.low:,} to {answer.spread.high:,})"),
        ("chance of as many or more", chances(answer.chance)),
        ("chance of as many or fewer", chances(answer.fewer))
        if answer.fewer < answer.chance
        else ("after picking", chances(answer.picked))
        if picked
        else ("as the best of 10", chances(tens)),
    )
    return Page(
        title=f"How surprising is: {asked}?",
        eyebrow=f"{record.program} \u00b7 natural history and picking",
        lead=said[0],
        figures=figures,
        sections=(
            _answer(question, answer, said),
            _published(answer),
            _picking(answer),
            _readings(answer),
            _sizes(answer),
            _made(answer, record),
        ),
        footer=f"Made by {record.program}. Nothing in this file loads anything from anywhere.",
        program=record.program,
    )


def _answer(question: Question, answer: Expectation, said: Sequence[str]) -> Section:
    numbers = answer.tables["numbers"].filter(pl.col("chance") >= DRAWN)
    bins = numbers.select(
        start=pl.col("number") - 0.5,
        end=pl.col("number") + 0.5,
        share="chance",
        color=pl.when(pl.col("number") >= question.found).then(pl.lit(color("main"))).otherwise(pl.lit(color("muted"))),
    )
    title = f"How many of {question.of:,} natural history gives"
    rows = [
        (count(row["number"]), chances(row["chance"]), chances(row["chance_or_more"]))
        for row in numbers.head(200).iter_rows(named=True)
    ]
    figure = drawn(
        lambda width: _bars(bins, width - 60, title),
        title,
        f"The chance of each number in one group named beforehand; {question.found:,} or more, as was found, in color.",
        table=table(
            f"Show the numbers: {title}", ("people", "chance", "as many or more"), rows, (0, 1, 2), folded=True
        ),
    )
    blocks: list[Block] = [*(Prose(text) for text in said[1:-1]), figure, Notice((said[-1], NO_ADVICE))]
    return Section("answer", "The answer", tuple(blocks))


def _bars(bins: pl.DataFrame, width: int, title: str) -> alt.TopLevelMixin:
    """Chances of numbers, those that were asked about in color."""
    drawn_bins = alt.Chart(charts.rows(bins), title=title).mark_bar(binSpacing=1)
    return drawn_bins.encode(
        x=alt.X("start:Q", bin="binned", title="people", axis=alt.Axis(tickCount=6, format="d")),
        x2="end:Q",
        y=alt.Y("share:Q", axis=alt.Axis(format="~%", tickCount=4)),
        color=alt.Color("color:N", scale=None),
    ).properties(width=width, height=130)


def _published(answer: Expectation) -> Section:
    rows = [
        (
            row["wording"] + (" (asked)" if row["asked"] else ""),
            f"{row['published']}, {row['people']}",
            NONE if row["chance_at_most"] else interval(row["low"], row["high"]),
            ("at most " if row["chance_at_most"] else "") + often(row["chance"]),
            source_name(row["source"]),
        )
        for row in answer.tables["published"].iter_rows(named=True)
    ]
    heads = ("wording", "published", "95 % interval", "as many or more, at that frequency", "source")
    text = (
        "Frequencies as printed, with Wilson's interval where counts were printed. The chance beside each is that of "
        "as many or more in a group of this size where that frequency holds."
    )
    return Section("published", "What was published", (Prose(text), table("Published frequencies", heads, rows)))


def _picking(answer: Expectation) -> Section:
    steps = [
        (row["step"], NONE if row["rate"] is None else percent(row["rate"]), chances(row["chance"]))
        for row in answer.tables["picking"].iter_rows(named=True)
    ]
    groups = [(count(row["groups"]), chances(row["chance"])) for row in answer.tables["picked"].iter_rows(named=True)]
    blocks: list[Block] = [
        Prose(
            "A result is picked where it could have been another one: the best of several centers or subgroups, the "
            "best window, the best of several rules. Each row stands on those above it."
        ),
        table("Picking", ("what was reported", "expected share", "chance of as many or more"), steps, (1, 2)),
        Heading("The best of so many groups"),
        table("The best of so many groups", ("groups", "chance of as many or more in the best"), groups, (0, 1)),
    ]
    rows = answer.tables["run_in"]
    if rows.height:
        selected = [
            (row["people"], count(row["entered"]), percent(row["rate"]), chances(row["chance"]))
            for row in rows.iter_rows(named=True)
        ]
        heads = ("people", "virtual people", "expected share", "chance of as many or more")
        blocks += [Heading("What the run-in does"), table("What the run-in does", heads, selected, (1, 2, 3))]
    return Section("picking", "After picking", tuple(blocks))


def _readings(answer: Expectation) -> Section:
    rows = [
        (
            row["definition"].replace("_", "_\u200b") + (" (asked)" if row["asked"] else ""),
            f"{row['wording']}; {row['holds']}",
            percent(row["rate"]),
            f"{row['expected']} ({row['low']} to {row['high']})",
            chances(row["chance"]),
            row["published"] or NONE,
        )
        for row in answer.tables["readings"].iter_rows(named=True)
    ]
    heads = ("definition", "rule, and what must hold", "expected", "of this many", "as many or more", "published")
    text = "The same virtual people under every definition of the kind: how much the definition alone decides."
    return Section("readings", "Under other definitions", (Prose(text), table("Wordings", heads, rows, (2, 3, 4))))


def _sizes(answer: Expectation) -> Section:
    rows = [
        (
            f"{row['found']:,} of {row['of']:,}",
            f"{row['expected']} ({row['low']} to {row['high']})",
            chances(row["chance"]),
            chances(row["best_of_10"]),
            chances(row["best_of_100"]),
        )
        for row in answer.tables["sizes"].iter_rows(named=True)
    ]
    heads = ("found", "expected", "one group", "best of 10", "best of 100")
    text = (
        "The same share, or the next larger one, in groups of other sizes: a high share is less surprising in a small "
        "group."
    )
    return Section("sizes", "In groups of other sizes", (Prose(text), table("Sizes", heads, rows, (1, 2, 3, 4))))


def _made(answer: Expectation, record: Provenance) -> Section:
    sets: TableView = table(
        "Parameter sets",
        ("set", "virtual people enrolled", "in the denominator", "met the rule", "share"),
        [
            (row["set"], count(row["enrolled"]), count(row["eligible"]), count(row["found"]), percent(row["rate"]))
            for row in answer.tables["sets"].iter_rows(named=True)
        ],
        (1, 2, 3, 4),
    )
    rows = [("program", record.program), ("command", record.verb)]
    rows += [
        (name.replace("_", " "), str(value))
        for name, value in record.request.items()
        if value not in ("", False, None, (), [])
    ]
    rows += [(f"SHA-256 of {name}", digest) for name, digest in record.inputs.items()]
    cited = sorted({row["source"] for row in answer.tables["published"].iter_rows(named=True)})
    blocks: list[Block] = [
        Prose(
            "Natural history is simulated by the mechanism under every parameter set that fits the published natural "
            "history of ALS; the rule is the very program that finds episodes in real cohorts. The chance of k or more "
            "is a binomial one, averaged over the sets and over their Monte Carlo error. Groups are assumed to be "
            "drawn at random from such people: a center that sees slower people than these will see more plateaus."
        ),
        sets,
        Heading("How this file was made"),
        table("How this file was made", ("what", "value"), rows),
        Heading("References"),
        *(Prose(REFERENCES[key], "small") for key in cited if key in REFERENCES),
    ]
    return Section("methods", "Methods, limits and provenance", tuple(blocks))
