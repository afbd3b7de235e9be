"""The report's content from a cohort and its verdicts: everything found once, then sections in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl

from alsight.base.progress import Progress
from alsight.base.provenance import Provenance
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import endpoints
from alsight.cohort.scores import scored_visits
from alsight.detect.kinds import REVIEWED, Verdict
from alsight.detect.verdicts import Verdicts
from alsight.episodes.find import episode_frame, judge
from alsight.episodes.rates import disagreement_frame, rate_frame
from alsight.report.flags import FLAGS, flagged
from alsight.report.page.blocks import Section
from alsight.report.page.people import Records
from alsight.report.page.portrait import stages, survival, variation, who
from alsight.report.page.render import Page
from alsight.report.page.sections import episodes_by_definition, reading, trajectories
from alsight.report.page.words import cell, count, number, opening, people
from alsight.report.texts import about, methods
from alsight.report.verdicts.criteria import criteria_section
from alsight.report.verdicts.dossier import anchors, dossier_section, look
from alsight.report.verdicts.second_look import second_look_section
from alsight.report.verdicts.statement import statement_section
from alsight.report.verdicts.summary import verdict_section
from alsight.report.verdicts.tables import counted
from alsight.report.verdicts.words import without_small
from alsight.summary.cohort import describe_cohort

TOTALS = {"alsfrs_r": "alsfrs_r_total", "alsfrs": "alsfrs_total"}


@dataclass(frozen=True)
class Findings:
    """What was found in a cohort, each table once.

    Attributes:
        cohort: the people, under the names that the report prints.
        visits: scored visits with `total`, the recorded or computed total of the visit's own scale.
        episodes: every episode under every definition.
        rates: how often each definition is met.
        pairs: how far each two definitions disagree.
        flags: people who met a striking definition, the most striking first.
        portrait: what `describe_cohort` gave.
        judged: the verdicts, under the same names.
    """

    cohort: Cohort
    visits: pl.DataFrame
    episodes: pl.DataFrame
    rates: pl.DataFrame
    pairs: pl.DataFrame
    flags: pl.DataFrame
    portrait: dict[str, pl.DataFrame]
    judged: Verdicts


def find(cohort: Cohort, judged: Verdicts, progress: Progress) -> Findings:
    """Everything that a report tells about a cohort.

    Args:
        cohort: the people, under the names that the report prints.
        judged: their verdicts, under the same names.
        progress: told how far the work is.
    """
    progress("scoring visits", 0, 0)
    visits = scored_visits(cohort).with_columns(total=pl.coalesce(list(TOTALS.values())).cast(pl.Float64))
    progress("finding episodes", 0, 0)
    met = judge(cohort)
    episodes = episode_frame(met)
    rates, pairs = rate_frame(met), disagreement_frame(met)
    progress("describing", 0, 0)
    return Findings(cohort, visits, episodes, rates, pairs, flagged(episodes), describe_cohort(cohort, visits), judged)


def page(found: Findings, record: Provenance, *, identified: bool, pages: int, name: str, progress: Progress) -> Page:
    """The report of a cohort.

    Args:
        found: what was found.
        record: how the run was made.
        identified: whether small counts and names of files may be printed.
        pages: most people with a page of their own.
        name: what the cohort is called, empty for no name.
        progress: told how far the drawing is.
    """
    progress("drawing charts", 0, 0)
    cohort = found.cohort
    accepted = {table: frame.height for table, frame in cohort.frames().items()}
    marked = [flag.definition for flag in FLAGS]
    judged = found.judged
    records = Records(cohort.subjects, found.visits, cohort.events, cohort.doses, cohort.measures, found.episodes)
    looked = look(judged, found.flags, cohort, records, tuple(marked), pages)
    sections: list[Section] = [
        about(identified=identified),
        verdict_section(judged, identified=identified),
        statement_section(judged, identified=identified),
        second_look_section(judged, anchors(looked)),
        criteria_section(judged, identified=identified),
        who(found.portrait, identified=identified),
        reading(cohort.rejected, accepted, identified=identified),
        trajectories(found.visits, found.episodes, marked),
        episodes_by_definition(found.rates, found.pairs, identified=identified),
        stages(found.portrait["stages_over_time"], identified=identified),
        survival(found.portrait, _at_risk(cohort), identified=identified),
        variation(found.portrait, identified=identified),
        dossier_section(looked, progress),
        methods(record, identified=identified),
    ]
    return Page(
        title=f"Plateaus and reversals in {people(cohort.size, identified=identified)} with ALS",
        eyebrow=" \u00b7 ".join(part for part in (record.program, "report of verdicts", name) if part),
        lead=_lead(found, identified=identified),
        figures=_figures(found, identified=identified),
        sections=tuple(sections),
        footer=f"Made by {record.program}. Nothing in this file loads anything from anywhere.",
        program=record.program,
    )


def _lead(found: Findings, *, identified: bool) -> str:
    """The whole report in a paragraph: who, what can be quoted, and how many are called what."""
    some = partial(cell, identified=identified)
    headline = counted(found.judged)["headline"]
    gains, still = sum(headline[verdict] for verdict in REVIEWED), headline[Verdict.PROLONGED_PLATEAU]
    ends = ["" if size == 1 and identified else "s" for size in (gains, still)]
    return " ".join(
        (
            f"{opening(people(found.cohort.size, identified=identified))} with {count(found.visits.height)} visits.",
            without_small(found.judged.sentence, identified=identified),
            f"Called beyond noise and natural history: {some(gains) if gains else 'no'} held or lost gain{ends[0]} and "
            f"{some(still) if still else 'no'} prolonged plateau{ends[1]}.",
        )
    )


def _at_risk(cohort: Cohort) -> pl.DataFrame:
    """Entry and time [months] of everybody at risk of the endpoint."""
    followed = endpoints(cohort).filter("at_risk")
    return followed.select(
        months_of(pl.col("entry_day").cast(pl.Float64)).alias("entry"),
        months_of(pl.col("time_day").cast(pl.Float64)).alias("time"),
    )


def _figures(found: Findings, *, identified: bool) -> tuple[tuple[str, str], ...]:
    """The numbers at the head of the page."""
    numbers = {row["quantity"]: row for row in found.portrait["numbers"].iter_rows(named=True)}
    followed = numbers.get("follow-up on ALSFRS-R") or numbers.get("follow-up on ALSFRS")
    change = numbers.get("change of ALSFRS-R over follow-up") or numbers.get("change of ALSFRS over follow-up")
    facts = found.portrait["survival_summary"].filter(pl.col("origin") == "entry", pl.col("fact") == "events")
    events = facts.filter(pl.col("endpoint") != "death")["value"]
    figures = [("people", cell(found.cohort.size, identified=identified)), ("visits", count(found.visits.height))]
    if followed:
        figures.append(("months followed, median", number(followed["median"], 0)))
    if change:
        figures.append(("points per month, median change", number(change["median"], 2)))
    if events.len():
        figures.append(("died or permanently ventilated", cell(int(events[0]), identified=identified)))
    return tuple(figures)
