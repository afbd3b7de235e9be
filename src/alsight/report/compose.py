"""The report's content from a cohort and its verdicts: everything found once, then sections in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from alsight.base.progress import Progress
from alsight.base.provenance import Provenance
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import endpoints
from alsight.cohort.ratings import TOTALS
from alsight.cohort.scores import scored_visits
from alsight.detect.kinds import Verdict
from alsight.detect.verdicts import Verdicts
from alsight.episodes.find import episode_frame, judge
from alsight.episodes.rates import disagreement_frame, rate_frame
from alsight.report.disclosure.nodes import Headcount, OnlyWith, Text, Who, WithNoun, phrase
from alsight.report.flags import FLAGS, flagged
from alsight.report.page.blocks import Section
from alsight.report.page.people import Records
from alsight.report.page.render import Page
from alsight.report.page.sections import (
    DefinitionCounts,
    definition_counts,
    episodes_by_definition,
    reading,
    trajectories,
)
from alsight.report.page.words import count, number
from alsight.report.portrait.people import who
from alsight.report.portrait.stages import stages
from alsight.report.portrait.survival import survival, survival_counts
from alsight.report.portrait.variation import variation
from alsight.report.texts import NO_ADVICE, about, methods
from alsight.report.verdicts.counts import VerdictCounts, stated_everything, statement_sums, verdict_counts
from alsight.report.verdicts.criteria import criteria_section
from alsight.report.verdicts.dossier import Looked, anchors, dossier_section, look
from alsight.report.verdicts.people import (
    answer_section,
    everyone_section,
    in_the_table,
    named,
    people_in_words,
)
from alsight.report.verdicts.second_look import LISTED, look_again, second_look_section
from alsight.report.verdicts.statement import cohort_sentence, statement_section
from alsight.report.verdicts.summary import verdict_section
from alsight.summary.cohort import describe_cohort

WHOLE: Final = 20
"""People from which on the details are open; a smaller report prints as its answers."""
NAMED_TRAITS: Final = ("onset_site", "sex", "el_escorial", "phenotype", "genotype")
"""Traits that the page of a person names."""


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
        assessed: the verdicts, under the same names.
    """

    cohort: Cohort
    visits: pl.DataFrame
    episodes: pl.DataFrame
    rates: pl.DataFrame
    pairs: pl.DataFrame
    flags: pl.DataFrame
    portrait: dict[str, pl.DataFrame]
    assessed: Verdicts


def find(cohort: Cohort, assessed: Verdicts, progress: Progress) -> Findings:
    """Everything that a report states about a cohort.

    Args:
        cohort: the people, under the names that the report prints.
        assessed: their verdicts, under the same names.
        progress: informed how far the work is.
    """
    progress("scoring visits", 0, 0)
    visits = scored_visits(cohort).with_columns(total=pl.coalesce(list(TOTALS.values())).cast(pl.Float64))
    progress("finding episodes", 0, 0)
    met = judge(cohort)
    episodes = episode_frame(met)
    rates, pairs = rate_frame(met), disagreement_frame(met)
    progress("describing", 0, 0)
    return Findings(
        cohort, visits, episodes, rates, pairs, flagged(episodes), describe_cohort(cohort, visits), assessed
    )


def page(found: Findings, record: Provenance, *, pages: int, name: str, progress: Progress) -> Page:
    """The report of a cohort; nothing in it is decided upon yet that depends on who will read it.

    Args:
        found: what was found.
        record: how the run was made.
        pages: most people with a page of their own.
        name: what the cohort is called, empty for no name.
        progress: informed how far the drawing is.
    """
    progress("drawing charts", 0, 0)
    cohort, assessed, size = found.cohort, found.assessed, found.cohort.size
    marked = [flag.definition for flag in FLAGS]
    records = Records(cohort.subjects, found.visits, cohort.events, cohort.doses, cohort.measures, found.episodes)
    looked = look(assessed, found.flags, cohort, records, tuple(marked), pages)
    listed = listed_people(found, looked)
    counts = verdict_counts(assessed, listed)
    definitions = definition_counts(found.rates, found.pairs, listed)
    places, one_by_one = anchors(looked), dossier_section(looked, counts, progress)
    answers = [
        answer_section(assessed, found.visits, places),
        statement_section(assessed),
        everyone_section(assessed, places),
        second_look_section(assessed, places, counts.review),
        about(),
    ]
    details = [verdict_section(counts, assessed.thresholds), *_details(found, listed, definitions, marked)]
    details += [criteria_section(assessed, counts), _reading(cohort), methods(record)]
    if size == 1 and one_by_one.people:
        answers, details = [one_by_one], [*answers[3:], *details]
    else:
        details = [one_by_one, *details]
    return Page(
        title=_title(found, counts),
        eyebrow=" \u00b7 ".join(part for part in (record.program, "report of verdicts", name) if part),
        lead=_lead(found, counts),
        figures=_figures(found, counts) if size > 1 else (),
        sections=(*answers, *(replace(part, folded=size < WHOLE) for part in details)),
        footer=_footer(record.program, alone=size == 1),
        program=record.program,
        size=size,
        short=size == 1,
        # The tables beside the page hold more rows than it shows, and are decided upon together with it.
        beside=(counts, definitions, stated_everything(assessed), statement_sums(assessed.statement)),
    )


def _details(
    found: Findings, listed: dict[Who, int], definitions: DefinitionCounts, marked: Sequence[str]
) -> list[Section]:
    """Who the people are, and what every definition and instrument shows."""
    return [
        who(found.portrait, found.cohort.size, listed),
        trajectories(found.visits, found.episodes, marked),
        episodes_by_definition(found.rates, found.pairs, definitions),
        stages(found.portrait["stages_over_time"]),
        survival(found.portrait, _at_risk(found.cohort)),
        variation(found.portrait),
    ]


def _footer(program: str, *, alone: bool) -> str:
    """The last line; with what the report is not, where the notice that says so is folded."""
    made = f"Made by {program}. This file loads nothing from the network."
    return f"{NO_ADVICE} {made}" if alone else made


def _reading(cohort: Cohort) -> Section:
    return reading(cohort.rejected, {table: frame.height for table, frame in cohort.frames().items()})


def _title(found: Findings, counts: VerdictCounts) -> Text:
    """The finding of one person alone, else what the report is about."""
    if found.cohort.size == 1:
        row = found.assessed.people.row(0, named=True)
        return named(row["verdict"], row["certainty"], row["posterior"])
    return phrase("Plateaus and reversals in ", WithNoun(counts.everyone), " with ALS")


def listed_people(found: Findings, looked: Looked) -> dict[Who, int]:
    """Which people to how many of them the report lists one by one, with what makes them one of these.

    The table of all people names the verdict and the state now, the list of people to re-evaluate the verdict; pages
    name traits, events, treatments and every definition met.
    """
    paged = looked.shown["subject"]
    again = look_again(found.assessed)["subject"]
    people = found.assessed.people
    shown = in_the_table(people)
    listed: dict[Who, int] = {("review",): min(again.len(), LISTED)}
    one_by_one = pl.concat([shown["subject"], again.head(LISTED)]).unique().implode()
    named = people.filter(pl.col("subject").is_in(one_by_one))
    listed |= {("verdict", verdict): size for verdict, size in _sizes(named["verdict"])}
    listed |= {("now", state): size for state, size in _sizes(shown["current"])}
    part = {name: frame.filter(pl.col("subject").is_in(paged.implode())) for name, frame in _frames(found).items()}
    for trait in NAMED_TRAITS:
        listed |= {("trait", trait, level): size for level, size in _sizes(part["subjects"][trait].cast(pl.String))}
    for table, column in (("events", "event"), ("doses", "treatment")):
        once = part[table].unique(["subject", column])
        listed |= {("event", table, name): size for name, size in _sizes(once[column])}
    met = part["episodes"].select("subject", "definition").unique()
    listed |= {("found by", name): size for name, size in _sizes(met["definition"])}
    both = met.join(met, on="subject").group_by("definition", "definition_right").agg(pl.len())
    return listed | {("found by both", first, second): size for first, second, size in both.iter_rows()}


def _frames(found: Findings) -> dict[str, pl.DataFrame]:
    cohort = found.cohort
    return {"subjects": cohort.subjects, "events": cohort.events, "doses": cohort.doses, "episodes": found.episodes}


def _sizes(values: pl.Series) -> list[tuple[str, int]]:
    return list(values.drop_nulls().value_counts(name="people").iter_rows())


def _lead(found: Findings, counts: VerdictCounts) -> Text:
    """The whole report in a paragraph: who, what can be quoted, and how many people have which verdict."""
    plateau, visits = Verdict.PROLONGED, found.visits.height
    if found.cohort.size == 1:
        words = people_in_words(found.assessed.people, found.assessed.causes, found.assessed.thresholds).row(
            0, named=True
        )
        step = f"Next: {words['next_step']}" if words["next_step"] else ""
        state = f"Current state: {words['current_state']}." if words["current_state"] else ""
        return " ".join(part for part in (words["in_short"], state, step) if part)
    gains, stable = counts.gains, counts.headline[plateau]
    return phrase(
        WithNoun(counts.everyone),
        f" with {count(visits)} {'visit' if visits == 1 else 'visits'}. ",
        cohort_sentence(found.assessed.sentence),
        " Beyond noise and natural history: ",
        WithNoun(gains, "held or lost gain", "held or lost gains") if gains.size else "no held or lost gain",
        " and ",
        WithNoun(stable, "prolonged stable period", "prolonged stable periods")
        if stable.size
        else "no prolonged stable period",
        ".",
    )


def _at_risk(cohort: Cohort) -> pl.DataFrame:
    """Entry and time [months] of everyone at risk of the endpoint."""
    followed = endpoints(cohort).filter("at_risk")
    return followed.select(
        months_of(pl.col("entry_day").cast(pl.Float64)).alias("entry"),
        months_of(pl.col("time_day").cast(pl.Float64)).alias("time"),
    )


def _figures(found: Findings, counts: VerdictCounts) -> tuple[tuple[str, Text], ...]:
    """The numbers at the head of the page."""
    numbers = {row["quantity"]: row for row in found.portrait["numbers"].iter_rows(named=True)}
    followed = numbers.get("follow-up on ALSFRS-R") or numbers.get("follow-up on ALSFRS")
    change = numbers.get("change of ALSFRS-R over follow-up") or numbers.get("change of ALSFRS over follow-up")
    summary = found.portrait["survival_summary"]
    figures: list[tuple[str, Text]] = [("people", counts.everyone), ("visits", count(found.visits.height))]
    if followed:
        figures.append(("months followed, median", number(followed["median"], 0)))
    if change:
        behind = Headcount(change["people"], ("values", change["quantity"]))
        figures.append(("points per month, median change", OnlyWith(number(change["median"], 2), (behind,))))
    if summary.filter(pl.col("origin") == "entry", pl.col("endpoint") != "death", pl.col("fact") == "events").height:
        figures.append(("died or permanently ventilated", survival_counts(summary)[0]))
    return tuple(figures)
