"""People with a page of their own: those whose verdict is striking, then those who met a definition that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl
from markupsafe import Markup

from alsight.base.progress import Progress
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.detect.kinds import GAINS, PLATEAUS, RANK
from alsight.detect.review.dossier import Dossiers, dossiers
from alsight.detect.verdicts import Verdicts
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.report.disclosure.nodes import Breakdown, Headcount, WithNoun, phrase
from alsight.report.page.blocks import KeyEntry, PersonPage, Prose, Section, table
from alsight.report.page.checks import Period, checks
from alsight.report.page.people import Records, facts, fired, overview, recorded
from alsight.report.page.theme import svg
from alsight.report.page.timeline import SPAN, PersonCourse, timeline
from alsight.report.page.words import NONE, count, number, opening
from alsight.report.verdicts.counts import VerdictCounts
from alsight.report.verdicts.evidence import PersonEvidence, numbers, parts, window_words
from alsight.report.verdicts.reasons import cause_words
from alsight.report.verdicts.words import DOSSIERS, RISES_EXPLAINED, kind, tone

OVERVIEW: Final = 12
"""People in the picture above the list."""
WIDTH_90: Final = 1.645
"""Standard deviations to each side that hold 90 % of a normal distribution."""


@dataclass(frozen=True)
class Looked:
    """People who have a page, and everything that their pages are made of.

    Attributes:
        shown: one row a person, in the order of their pages: `subject`, `verdict`, `words` (of the definition met, null
            where none), `kind`, `start_day`, `held_from_day`, `end_day`.
        called: people whose verdict earns a page, shown or not.
        met: people who met a definition that earns one, shown or not.
        total: people who earn a page in either way.
        records: what is recorded.
        dossiers: second measures and exposures around the turn.
        assessed: the verdicts.
        definitions: those that earn a page.
        size: people in the cohort.
    """

    shown: pl.DataFrame
    called: int
    met: int
    total: int
    records: Records
    dossiers: Dossiers
    assessed: Verdicts
    definitions: tuple[str, ...]
    size: int


def look(
    assessed: Verdicts, flags: pl.DataFrame, cohort: Cohort, records: Records, definitions: tuple[str, ...], pages: int
) -> Looked:
    """Choose who has a page: striking verdicts first, the rarest first among them, then definitions met.

    One person alone has a page whatever the verdict.

    Args:
        assessed: the verdicts, under the names of the cohort.
        flags: people who met a striking definition, one row each.
        cohort: the people.
        records: their scored visits and episodes.
        definitions: those that earn a page.
        pages: most people with one.
    """
    alone = assessed.people.height == 1
    first = assessed.people.filter(pl.col("verdict").is_in(DOSSIERS) | alone)
    rank = pl.col("verdict").replace_strict(RANK, default=len(RANK), return_dtype=pl.Int32)
    ordered = first.sort(
        rank, "base_rate", "months", "subject", descending=[False, False, True, False], nulls_last=True
    )
    called = ordered.select(
        "subject",
        "verdict",
        "start_day",
        "end_day",
        held_from_day="start_day",
        kind=pl.col("verdict").replace_strict({name: kind(name) for name in RANK}, default="plateau"),
    ).join(flags.select("subject", "words"), on="subject", how="left", maintain_order="left")
    others = (
        flags.join(called, on="subject", how="anti", maintain_order="left")
        .drop("definition", "size")
        .join(assessed.people.select("subject", "verdict"), on="subject", how="left", maintain_order="left")
    )
    days = ("start_day", "held_from_day", "end_day")
    columns = ["subject", "verdict", "words", "kind", *days]
    both = pl.concat([frame.select(columns).cast(dict.fromkeys(days, pl.Int64)) for frame in (called, others)])
    shown = both.drop_nulls("start_day").head(pages)
    turns = dict(zip(shown["subject"], shown["start_day"], strict=True))
    whole = (called.height, flags.height, called.height + others.height)
    return Looked(shown, *whole, records, dossiers(cohort, turns), assessed, definitions, cohort.size)


def anchors(looked: Looked) -> dict[str, str]:
    """Person to the place of their page."""
    return {name: f"person-{index + 1}" for index, name in enumerate(looked.shown["subject"])}


def dossier_section(looked: Looked, counts: VerdictCounts, progress: Progress) -> Section:
    """The people who have a page in one list and one picture, then the pages.

    Args:
        looked: who has a page.
        counts: people by verdict.
        progress: informed how far the drawing is.
    """
    title = "People one by one"
    intro = (
        "First come people whose verdict is remission-like, reversal, lost gain or a prolonged stable period, the "
        "rarest first. Then come people whose raw scores met a striking published definition without such a verdict, "
        "with the reason why not. A held gain is rare in ALS: an error, an illness that passed or another disease must "
        "be considered first."
    )
    shown = looked.shown
    if not looked.called + looked.met:
        none = Prose("No one has such a verdict, or met such a definition.")
        return Section("people", title, (Prose(intro), none))
    pages = _pages(looked, progress)
    if looked.size == 1 and pages:
        return Section("people", "Finding", (), (replace(pages[0], title=f"Person {shown['subject'][0]}"),))
    rows = [
        (
            Markup('<a href="#{}">{}</a>').format(page.anchor, page.title.replace("Person ", "")),
            opening(row["verdict"] or NONE),
            f"{number(months_of(float(row['held_from_day'])), 0)} to {number(months_of(float(row['end_day'])), 0)}",
            row["words"] or NONE,
        )
        for page, row in zip(pages, shown.iter_rows(named=True), strict=True)
    ]
    striking = Breakdown(_called(looked), tuple(counts.headline[verdict] for verdict in DOSSIERS))
    listed = table(title, ("person", "verdict", "months", "published definition met"), rows, (2,), sums=(striking,))
    picture = (overview(shown.head(OVERVIEW), looked.records.visits),) if shown.height else ()
    return Section("people", title, (Prose(intro), _how_many(looked), *picture, listed), pages)


def _called(looked: Looked) -> Headcount:
    """People with a verdict that earns a page."""
    listed = looked.shown.filter(pl.col("verdict").is_in(DOSSIERS)).height
    return Headcount(looked.called, ("striking verdict",), listed)


def _how_many(looked: Looked) -> Prose:
    """How many people earn a page in either way, and how many have one."""
    shown = looked.shown
    striking = shown.filter(pl.col("verdict").is_in(DOSSIERS)).height
    met = shown.drop_nulls("words").height
    cut = f" The {count(shown.height)} most striking have a page here." if shown.height < looked.total else ""
    said = phrase(
        "With a striking verdict: ",
        WithNoun(_called(looked)),
        ". With a striking published definition met: ",
        WithNoun(Headcount(looked.met, ("striking definition",), met)),
        f". Pages are given for {count(striking)} and {count(shown.height - striking)} of "
        f"them.{cut} The verdict of each person is in verdicts.parquet, and every episode is in episodes.parquet.",
    )
    return Prose(said)


def _pages(looked: Looked, progress: Progress) -> tuple[PersonPage, ...]:
    """One page for each person shown, in their order."""
    chosen = pl.col("subject").is_in(looked.shown["subject"].implode())
    near = Records(*(frame.filter(chosen) for frame in vars(looked.records).values()))
    assessed = looked.assessed
    rows = {row["subject"]: row for row in assessed.people.filter(chosen).iter_rows(named=True)}
    reviewed = {row["subject"]: row for row in assessed.review.filter(chosen).iter_rows(named=True)}
    causes, courses = assessed.causes.filter(chosen), assessed.courses.filter(chosen)
    known = cause_words(causes)
    pages: list[PersonPage] = []
    for index, flag in enumerate(looked.shown.iter_rows(named=True)):
        progress("drawing people", index, looked.shown.height)
        name = flag["subject"]
        own, mine = near.of(name), pl.col("subject") == name
        about = PersonEvidence(
            verdict=rows[name],
            causes=causes.filter(mine),
            review=reviewed.get(name),
            second=looked.dossiers.second.filter(mine),
            exposures=looked.dossiers.exposures.filter(mine),
            people=looked.size,
            checks=checks(_period(flag, own)),
            thresholds=assessed.thresholds,
            cause=known.get(name),
        )
        pages.append(_page(index + 1, about, own, courses.filter(mine), looked.definitions))
    return tuple(pages)


def _period(flag: dict[str, Any], own: Records) -> Period:
    person = own.subjects.row(0, named=True)
    return Period(
        flag["kind"], flag["start_day"], flag["end_day"], own.visits, own.events, own.doses, own.measures, person
    )


def _page(
    index: int, about: PersonEvidence, own: Records, smoothed: pl.DataFrame, definitions: tuple[str, ...]
) -> PersonPage:
    row = about.verdict
    course = drawn_course(recorded(own, definitions), row, smoothed)
    label = (
        f"Course of person {row['subject']}: recorded ALSFRS-R totals, the smoothed course with its interval, the "
        "window of the verdict, events, domains and measures"
    )
    return PersonPage(
        anchor=f"person-{index}",
        title=f"{index}. Person {row['subject']}",
        verdict=opening(row["verdict"]),
        tone=tone(row["verdict"]),
        reason=window_words(row),
        evidence=numbers(row),
        facts=facts(own.subjects.row(0, named=True), own),
        chart=svg(timeline(course), label, "both"),
        key=_key(course.window.height > 0, course.band.height > 0, course.spans, tone(row["verdict"])),
        parts=parts(about),
        fired=fired(own.episodes),
    )


def _key(window: bool, band: bool, spans: pl.DataFrame, color: str) -> tuple[KeyEntry, ...]:
    entries = [KeyEntry("circle", "ink", "recorded")]
    entries += [KeyEntry("band", "main", "smoothed, 90 %")] if band else []
    entries += [KeyEntry("wash", color, "window of the verdict")] if window else []
    names = {"plateau": ("plateau", "flat by definition"), "reversal": ("rise", "gain by definition")}
    kinds = spans["kind"].unique().to_list()
    entries += [KeyEntry("bar", *names[name]) for name in names if name in kinds]
    return tuple(entries)


def drawn_course(course: PersonCourse, row: dict[str, Any], smoothed: pl.DataFrame) -> PersonCourse:
    """A recorded course with its smoothed level and the window of the verdict.

    Args:
        course: what was recorded.
        row: the person's row of the verdicts.
        smoothed: `day`, `level` and `level_sd`, one row a visit; visits without a level are excluded.
    """
    known = smoothed.filter(pl.col("level").is_finite(), pl.col("level_sd").is_finite()).sort("day")
    level, half = pl.col("level"), WIDTH_90 * pl.col("level_sd")
    band = known.select(
        months=months_of(pl.col("day").cast(pl.Float64)),
        level=level.clip(0.0, ALSFRS_R_BEST),
        low=(level - half).clip(0.0, ALSFRS_R_BEST),
        high=(level + half).clip(0.0, ALSFRS_R_BEST),
    )
    start, end = row["start_day"], row["end_day"]
    reported = start is not None and end is not None and row["verdict"] in GAINS | PLATEAUS | RISES_EXPLAINED
    window = pl.DataFrame(
        {
            "start": [months_of(float(start or 0))] if reported else [],
            "end": [months_of(float(end or 0))] if reported else [],
            "kind": [kind(row["verdict"])] if reported else [],
        },
        schema=SPAN,
    )
    return replace(course, band=band, window=window)
