"""Criteria for each verdict, sensitivity to missing visits, and notes on how the verdicts were made."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.detect.cohort_fit import FitSource
from alsight.detect.kinds import RANK, VERDICTS, Verdict
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import SMALL, Note, NoteCode, Verdicts
from alsight.instruments.alsfrs_r import ALSFRS_BEST, ALSFRS_R_BEST
from alsight.report.disclosure.nodes import Breakdown, Computed, Headcount, Text
from alsight.report.page.blocks import Block, Heading, Prose, Section, TableView, table
from alsight.report.page.render import count_text
from alsight.report.page.words import NONE, number, opening, percent
from alsight.report.verdicts.counts import VerdictCounts

CRITERIA: Final[dict[str, tuple[str, str]]] = {
    "confirmed": ("confirmed: posterior probability, at least", "share"),
    "probable": ("probable: posterior probability, at least", "share"),
    "possible": ("possible: posterior probability, at least", "share"),
    "loss_points": ("progressing: least true loss over the period", "points"),
    "none": ("a true held gain below this counts as none", "points"),
    "gain": ("improved: median of the gain if there is one, at least", "points"),
    "hold": ("reversal: held for at least", "months"),
    "remission": ("remission-like: held for at least", "months"),
    "documented": ("remission-like: documented loss before, at least", "points"),
    "given_back": ("lost gain: share of the gain that is gone by the last visit, at least", "share"),
    "flat": ("stable: a true loss below this", "points"),
    "flat_months": ("stable: shortest period", "months"),
    "prolonged": ("stable, prolonged: share of comparable people with so long a period, at most", "share"),
    "tolerance_days": ("a period named in months may be shorter by", "days"),
    "floor": ("no verdict: level at or under, throughout", "points"),
    "ceiling": ("no verdict: level at or over, throughout", "points"),
    "visits": ("fewest visits", "visits"),
    "months": ("shortest follow-up, and shortest current state", "months"),
    "mimic": ("re-evaluation: posterior probability of a mimic, at least", "share"),
}
"""Field of `Thresholds` to what it means and its unit."""

_REFERENCE: Final = "The reference natural history gives rates of loss and the noise of ratings"
SOURCES: Final[dict[FitSource, str]] = {
    FitSource.REFERENCE: _REFERENCE + ".",
    FitSource.TREATED: _REFERENCE + "; hardly any visit of this cohort was untreated.",
    FitSource.IMPLAUSIBLE: _REFERENCE + "; what {people} people of this cohort show lies outside what it makes "
    "plausible.",
    FitSource.NOISE: _REFERENCE.replace(" and the noise of ratings", "")
    + "; those of {people} people of this cohort lie outside what it makes plausible. "
    "The noise is estimated from both.",
    FitSource.POOLED: "Rates of loss and the noise of ratings are estimated from {people} people of this cohort and "
    "the reference natural history together.",
}
"""Where rates of loss and noise come from, in words."""
SCALE_NAMES: Final = {"alsfrs_r": "ALSFRS-R", "alsfrs": "ALSFRS"}


def in_words(thresholds: Thresholds) -> dict[str, str]:
    """Each threshold with its unit."""
    return {name: _value(getattr(thresholds, name), unit) for name, (_, unit) in CRITERIA.items()}


def meaning(verdict: str, thresholds: Thresholds) -> str:
    """What a verdict means at these thresholds."""
    return VERDICTS[Verdict(verdict)].words.format(**in_words(thresholds))


def note_text(note: Note) -> Text:
    """A note on how the verdicts were made, with its count of people as a value."""
    if note.code is not NoteCode.FIT or note.value is None:
        return note_words(note)
    people = Headcount(round(note.value), ("fit", note.scale))
    return Computed(lambda shown: note_words(note, count_text(people, shown)), (people,))


def note_words(note: Note, people: str = "") -> str:
    """A note on how the verdicts were made; `people` is the number that rates and noise are estimated from."""
    number_of = people or f"{note.value or 0:,.0f}"
    said = {
        NoteCode.FIT: SOURCES.get(note.source or FitSource.REFERENCE, "").format(people=number_of),
        NoteCode.SMALL_COHORT: f"Fewer than {SMALL} people: posteriors only, no error rate of a cohort.",
        NoteCode.ORIGINAL_SCALE: "People rated on the original ALSFRS are assessed by the same natural history, scaled "
        f"from {ALSFRS_R_BEST:g} to {ALSFRS_BEST:g} points; the upper limit of assessable levels lies as far below "
        "its best score.",
        NoteCode.PRIOR_OF_RECOVERY: f"Prior probability of recovery: {percent(note.value)}.",
    }[note.code]
    return f"{SCALE_NAMES[note.scale]}: {said}" if note.scale else said


def criteria_section(assessed: Verdicts, counts: VerdictCounts) -> Section:
    """Thresholds, sensitivity to missing visits, and notes."""
    blocks: list[Block] = [
        Prose(
            "Every threshold of every verdict, as used in this report. The defaults were fixed before any record was "
            "read. The documentation states which of them have a published source and which are assumed."
        ),
        thresholds_table(assessed.thresholds),
    ]
    if assessed.sensitivity.height:
        blocks += [
            Heading("Sensitivity to missing visits"),
            Prose(
                "People miss visits when they are worse. Below, missing visits are assumed to lie a stated number of "
                "points under their expected score, and the favorable verdicts are given again. The table counts the "
                "people who keep their verdict. The result for each person is in sensitivity.parquet."
            ),
            sensitivity_table(assessed, counts),
        ]
    if assessed.notes:
        notes = (Prose(note_text(note)) for note in assessed.notes)
        blocks += [Heading("Notes on the verdicts"), *notes]
    return Section("asked", "Criteria for each verdict", tuple(blocks))


def thresholds_table(thresholds: Thresholds) -> TableView:
    """Every threshold in words, with its value."""
    rows = [(opening(words), _value(getattr(thresholds, name), unit)) for name, (words, unit) in CRITERIA.items()]
    return table("Thresholds", ("threshold", "value"), rows, (1,))


def _value(value: float, unit: str) -> str:
    """A threshold exactly as it is used, with its unit."""
    if unit == "share":
        return f"{100.0 * value:.6g}\u00a0%"
    shown = f"{value:.6g}"
    noun = {"people": "person"}.get(unit, unit.removesuffix("s")) if shown == "1" else unit
    return f"{shown} {noun}"


def sensitivity_table(assessed: Verdicts, counts: VerdictCounts) -> TableView:
    """How many people keep each favorable verdict, by how much worse missing visits are assumed to be."""
    first = assessed.people.select("subject", given="verdict")
    both = assessed.sensitivity.filter(pl.col("worse") > 0.0).join(first, on="subject")
    amounts = both["worse"].unique().sort().to_list()
    kept = both.group_by("given", "worse").agg(people=pl.len(), kept=(pl.col("verdict") == pl.col("given")).sum())
    found = {(row["given"], row["worse"]): row for row in kept.iter_rows(named=True)}
    rows: list[tuple[Text, ...]] = []
    sums: list[Breakdown] = []
    for verdict in sorted(both["given"].unique().to_list(), key=lambda name: RANK.get(name, len(RANK))):
        size = max(found[verdict, worse]["people"] for worse in amounts if (verdict, worse) in found)
        whole = counts.headline[verdict]
        given = whole if whole.size == size else Headcount(size, ("with amounts", verdict))
        sums += [] if given is whole else [Breakdown(whole, (given,))]
        cells: list[Text] = [given]
        for worse in amounts:
            row = found.get((verdict, worse))
            kept_here = None if row is None else Headcount(row["kept"], ("kept", verdict, worse))
            cells.append(NONE if kept_here is None else kept_here)
            if kept_here is not None:
                lost = Headcount(size - kept_here.size, ("not kept", verdict, worse), implied=True)
                sums.append(Breakdown(given, (kept_here, lost)))
        rows.append((opening(verdict), *cells))
    heads = ("verdict", "people", *(f"kept at {_points(worse)}" for worse in amounts))
    name = "People who keep their verdict if missing visits were worse"
    return table(name, heads, rows, tuple(range(1, len(heads))), sums=tuple(sums))


def _points(worse: float) -> str:
    shown = number(worse, 0)
    return f"{shown} point" if shown == "1" else f"{shown} points"
