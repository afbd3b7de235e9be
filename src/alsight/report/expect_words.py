"""What `expect` says: sentences that a clinician can quote, with the definition, the error and the published rate."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.detect.expect.expectation import Expectation, Question
from alsight.detect.expect.outcomes import PLAIN
from alsight.detect.expect.people import SAID, as_observed
from alsight.report.page.labels import source_name
from alsight.report.page.words import interval, joined, opening, percent

CALM: Final = "This says what chance and natural history do in groups like these; it says nothing about any one person."
_KINDS: Final = {"plateau": "a plateau", "reversal": "a reversal", "responder": "a responder"}


def chances(chance: float) -> str:
    """A chance in percent; never 100 % where it is not certain."""
    return "over 99 %" if 0.995 <= chance < 1.0 else percent(chance)


def often(chance: float) -> str:
    """A chance as a share of groups, or as one in so many where it is small."""
    if chance >= 0.01:
        return f"{chances(chance)} of such groups"
    if chance < 1e-6:
        return "fewer than 1 in 1,000,000 such groups"
    return f"about 1 in {float(f'{1.0 / chance:.2g}'):,.0f} such groups"


def headline(question: Question, answer: Expectation) -> str:
    """The answer in one sentence."""
    numbers, rows = answer.spread, answer.tables["published"]
    beside = ""
    if rows.height and rows["asked"][0]:
        most = "at most " if rows["chance_at_most"][0] else ""
        share = often(rows["chance"][0]).removesuffix(" of such groups").removesuffix(" such groups")
        beside = f", and in {most}{share} where the published {rows['published'][0]} holds"
    of = "1 person" if question.of == 1 else f"{question.of:,} people"
    supplied = f"{numbers.median:,} ({numbers.low:,} to {numbers.high:,}) {question.outcome.said}"
    if question.found == 0:
        happens = f"none happens in {often(answer.fewer)}"
    else:
        happens = f"{question.found:,} or more happens in {often(answer.chance)}{beside}"
        if answer.fewer < answer.chance:
            happens += f"; {question.found:,} or fewer happens in {often(answer.fewer)}"
    return f"Of {of} like these, natural history alone gives {supplied}; {happens}."


def sentences(question: Question, answer: Expectation, name: str) -> tuple[str, ...]:
    """Everything worth saying, the answer first.

    Args:
        question: what was asked.
        answer: what came out.
        name: what the population is called.
    """
    said = [
        headline(question, answer),
        _shares(question, answer),
        _published(question, answer),
        *_picked(question, answer),
        *_selected(answer),
        _meaning(question, answer),
        _people(question, answer, name),
        _others(question, answer),
        CALM,
    ]
    return tuple(text for text in said if text)


def _shares(question: Question, answer: Expectation) -> str:
    found = percent(question.found / question.of)
    return (
        f"Expected: {percent(answer.rate)} (parameter sets {interval(answer.least, answer.most)}, Monte Carlo error "
        f"{100.0 * answer.error:.2g} points of percent). Found: {found} (95 % interval "
        f"{interval(answer.observed_low, answer.observed_high)})."
    )


def _published(question: Question, answer: Expectation) -> str:
    """The published frequency of the definition, and whether the simulation agrees with it."""
    rows = answer.tables["published"]
    if not rows.height:
        return "No frequency of this kind was published."
    row = rows.row(0, named=True)
    whence = f"{row['published']} ({source_name(row['source'])}: {row['people']})"
    most = "at most " if row["chance_at_most"] else ""
    beside = (
        f"; {question.found:,} or more of {question.of:,} happens in {most}{often(row['chance'])} where that frequency "
        "holds"
        if question.found
        else ""
    )
    if not row["asked"]:
        return (
            f'Published for this definition and length: nothing. Nearest: "{row["wording"]}", {whence}{beside}, '
            "but it is another question."
        )
    if row["low"] <= answer.most and answer.least <= row["high"]:
        return f"Published: {whence}{beside}."
    side = "less" if answer.most < row["low"] else "more"
    why = " among those the rule can judge" if question.enrolled else ""
    return (
        f"Published: {whence}{beside}. The simulation of these people gives {side} than was published{why}: take "
        "the two as a range, and be surprised only by what surprises under both."
    )


def _picked(question: Question, answer: Expectation) -> list[str]:
    """What picking makes of it; nothing where no one was found, which every group shows as much as."""
    if question.found == 0:
        return []
    rows = answer.tables["picking"]
    if rows.height > 1:
        steps = [f"{row['step']}: {chances(row['chance'])}" for row in rows.tail(-1).iter_rows(named=True)]
        said = f"After picking, one on top of the other, the chance is: {'; '.join(steps)}."
    else:
        tens = {row["groups"]: row["chance"] for row in answer.tables["picked"].iter_rows(named=True)}
        said = (
            f"As the best of 10 such groups it would happen with a chance of {chances(tens[10])}, of 100 with "
            f"{chances(tens[100])}."
        )
    if question.any_window and question.outcome.rule.timing == "ever":
        said += " The rule itself looks at any window, so picking the window adds nothing."
    elif question.any_window and not any(step.startswith("any window") for step in rows["step"]):
        said += " For this rule no version looks at any window, so picking the window is not counted."
    known = answer.tables["published"].filter("asked")
    if question.picked_from > 1 and known.height:
        most = "at most " if known["chance_at_most"][0] else ""
        said += (
            f" Where the published frequency holds, the best of {question.picked_from:,} such groups shows as much "
            f"with a chance of {most}{chances(known['best_of_groups'][0])}."
        )
    return [said]


def _selected(answer: Expectation) -> list[str]:
    rows = answer.tables["run_in"]
    if not rows.height:
        return []
    everyone, chosen = rows.row(0, named=True), rows.row(1, named=True)
    return [
        f"The run-in lets {percent(chosen['entered'] / everyone['entered'])} through; expected without it "
        f"{percent(everyone['rate'])}, with it {percent(chosen['rate'])}."
    ]


def _meaning(question: Question, answer: Expectation) -> str:
    rule, asked = question.outcome.rule, question.outcome.asked
    asked = opening(asked) if asked in PLAIN else "The rule"
    among = (
        "everyone enrolled, deaths and losses counted as not meeting it"
        if question.enrolled
        else f"{rule.eligible} ({percent(answer.assessed)} of those enrolled)"
    )
    looked = f" Looked for in {answer.months:g} months." if rule.timing == "ever" else ""
    assumed = f" {rule.assumed}" if rule.assumed else ""
    return (
        f'{asked} is {rule.name} here: "{rule.wording}". What must hold: {rule.sustained}. '
        f"Counted among: {among}.{looked}{assumed}"
    )


def _people(question: Question, answer: Expectation, name: str) -> str:
    population = as_observed(question.population, question.outcome.rule, question.observed, question.run_in)
    follow, sets = population.follow_up, answer.tables["sets"]
    mimics = f"{percent(population.mimics.share)} of them with something else" if population.mimics.share else ""
    every = follow.schedule.rating
    seen = ["seen every month" if every == 1.0 else f"seen every {every:g} months"]
    seen += [f"{percent(follow.missed)} of visits missed, more when disabled"] if follow.missed else []
    seen += [f"withdrawal of {percent(follow.dropout_per_month)} a month"] if follow.dropout_per_month else []
    seen += [mimics] if mimics else []
    return (
        f"People like these: {SAID.get(name, name)}, {joined(seen)}; {sets['enrolled'].sum():,} virtual people under "
        f"{sets.height} parameter sets (natural-history ensemble {sets['version'][0]})."
    )


def _others(question: Question, answer: Expectation) -> str:
    others = answer.tables["readings"].filter(~pl.col("asked"))
    length = question.outcome.rule.months
    alike = others.filter(pl.col("definition").str.ends_with(f"_{length:g}"))
    if not alike.height:
        return ""
    low, high = alike["rate"].min(), alike["rate"].max()
    assert isinstance(low, float)
    assert isinstance(high, float)
    share = percent(low) if percent(low) == percent(high) else f"{percent(low)} to {percent(high)}"
    return (
        f"The definition decides: {alike.height} other definitions of {_KINDS[question.outcome.rule.kind]} of "
        f"{length:g} months give {share} in the same people."
    )
