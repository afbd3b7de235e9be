"""The `expect` verb: how surprising is "3 of 10 stable for 12 months" under natural history, and after picking?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import provenance
from alsight.base.spec import Spec
from alsight.cohort.write.guard import guarded
from alsight.detect.expect.expectation import Expectation, Question, expectation
from alsight.detect.expect.outcomes import NAMED, outcome
from alsight.detect.expect.people import POPULATIONS, Observation, faults_of
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.population.spec import Population, faults_of_population
from alsight.report.expect_page import page
from alsight.report.expect_words import sentences
from alsight.report.folder import make_folder, shown, write_text, write_whole
from alsight.report.page.render import html
from alsight.verbs.declare.calls import answered, documented
from alsight.verbs.question.sentence import EXAMPLE, SHAPE, parsed, run_in_of
from alsight.verbs.simulate import read_population

Among = Literal["assessed", "enrolled"]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Faults = list[tuple[str, str, object]]
MOST: int = 10_000
"""Largest group that may be asked about."""
LONGEST: float = 240.0
"""Longest time that may be asked about [months]."""


class ExpectSpec(Spec, frozen=True, kw_only=True):
    """What was found, in whom, how they were observed and how it was selected. What is not given is the population's.

    Attributes:
        sentence: what was found, such as "3 of 10 stable for 12 months"; its parts may be given one by one instead.
        found: people who met the outcome.
        of: people in the group.
        outcome: what is counted, namely stable, improved, or the name of a definition, with or without its length.
        months: length of time in question [months].
        points: size of an improvement, or range of a stable period [points].
        population: kind of people, namely register, trial, or a TOML file that describes a population.
        interval: time between visits [months].
        followed: time in which periods that may start at any visit are looked for [months].
        missed: probability that a visit is missed.
        dropout: probability of withdrawal per month.
        mimics: share of people who have a disease other than ALS.
        run_in: rule of enrollment, such as "stable for 3 months".
        among: people counted, either those still assessed or all who were enrolled.
        picked_from: number of such groups of which this one could have been selected.
        any_window: the window was chosen after looking at the data.
        tried: another outcome that could have been reported instead.
        people: virtual people of each parameter set.
        seed: root of all random numbers.
        workers: threads; any number gives the same result.
        out: folder to write a page and the tables to.
    """

    sentence: str = ""
    found: Annotated[int, msgspec.Meta(ge=0)] | None = None
    of: Annotated[int, msgspec.Meta(ge=1)] | None = None
    outcome: str = ""
    months: Annotated[float, msgspec.Meta(gt=0.0)] | None = None
    points: Annotated[float, msgspec.Meta(ge=0.0, le=ALSFRS_R_BEST)] | None = None
    population: str = "register"
    interval: Annotated[float, msgspec.Meta(ge=0.25, le=24.0)] | None = None
    followed: Annotated[float, msgspec.Meta(gt=0.0, le=240.0)] | None = None
    missed: Share | None = None
    dropout: Share | None = None
    mimics: Share | None = None
    run_in: str = ""
    among: Among = "assessed"
    picked_from: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    any_window: bool = False
    tried: tuple[str, ...] = ()
    people: Annotated[int, msgspec.Meta(ge=500, le=1_000_000)] = 5000
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 1
    workers: Annotated[int, msgspec.Meta(ge=1, le=256)] = 2
    out: str = ""


def run(spec: ExpectSpec, progress: Progress = silent) -> Answer:
    """How often natural history alone gives as much, in one group named beforehand and after picking.

    Args:
        spec: what was found, in whom, how they were observed and how it was selected.
        progress: called with the number of people done.

    Returns:
        Sentences to quote, and tables: `published`, `readings`, `picking`, `picked`, `sizes`, `numbers`, `run_in`,
        `sets`.

    Raises:
        SpecError: the request makes no sense; every fault at once.
        RunError: hardly any person enters, none can be assessed, or the files could not be written.
    """
    question, name = question_of(spec)
    answer = expectation(question, progress)
    said = sentences(question, answer, name)
    request = {key: value for key, value in msgspec.structs.asdict(spec).items() if key not in ("workers", "out")}
    file = [Path(spec.population)] if spec.population not in POPULATIONS else []
    request["population"] = file[0].name if file else spec.population
    record = provenance("expect", request, file, spec.seed)
    summary = _summary(question, answer) | {"said": list(said)}
    files: dict[str, Path] = {}
    if spec.out:
        folder = make_folder(spec.out)
        whole = html(page(question, answer, said, record))
        files = {"page": write_text(folder / "expect.html", whole)} | {
            key: write_whole(folder / f"{key}.csv", guarded(frame).write_csv) for key, frame in answer.tables.items()
        }
        plain = summary | {"provenance": msgspec.to_builtins(record)}
        encoded = msgspec.json.format(msgspec.json.encode(plain)).decode() + "\n"
        files["summary"] = write_text(folder / "summary.json", encoded)
    where = (f"The page is {shown(files['page'])}",) if files else ()
    return Answer(summary=summary, tables=answer.tables, files=files, sentences=(*said, *where), provenance=record)


def question_of(spec: ExpectSpec) -> tuple[Question, str]:
    """The request, checked as a whole, and what the population is called.

    Raises:
        SpecError: every fault at once.
    """
    parts, faults = _parts(spec)
    population, wrong = _population(spec.population)
    run_in, off = run_in_of(spec.run_in)
    faults += wrong + off
    asked, tried = None, []
    if parts.get("outcome"):
        asked, off = outcome(parts["outcome"], parts.get("months"), parts.get("points"))
        faults += off
        for name in spec.tried:
            one, off = outcome(name, None if name in NAMED else parts.get("months"), None)
            faults += [("tried", allowed, supplied) for _, allowed, supplied in off]
            tried += [] if one is None else [one]
    seen = Observation(
        interval=spec.interval, followed=spec.followed, missed=spec.missed, dropout=spec.dropout, mimics=spec.mimics
    )
    if asked is not None and population is not None:
        faults += faults_of(population, asked.rule, seen, run_in)
    found, of = parts.get("found"), parts.get("of")
    if faults or asked is None or population is None or found is None or of is None:
        raise SpecError(faults)
    question = Question(
        outcome=asked,
        found=found,
        of=of,
        population=population,
        observed=seen,
        run_in=run_in,
        enrolled=spec.among == "enrolled",
        picked_from=spec.picked_from,
        any_window=spec.any_window,
        tried=tuple(tried),
        people=spec.people,
        seed=spec.seed,
        workers=spec.workers,
    )
    return question, spec.population if spec.population in POPULATIONS else population.name


def _parts(spec: ExpectSpec) -> tuple[dict[str, Any], Faults]:
    """k, n, outcome, time and points, from the sentence and the options together."""
    parts, faults = parsed(spec.sentence) if spec.sentence.strip() else ({}, [])
    options = {name: getattr(spec, name) for name in ("found", "of", "outcome", "months", "points")}
    for name, supplied in options.items():
        if supplied in (None, ""):
            continue
        if name in parts and parts[name] != supplied:
            faults.append((name, f"{parts[name]}, as the sentence says, or no sentence", supplied))
        parts.setdefault(name, supplied)
    if not faults and not parts:
        faults.append(("sentence", SHAPE, spec.sentence))
    elif not faults:
        missing = [name for name in ("found", "of", "outcome") if name not in parts]
        faults += [(name, f"a value; or a sentence such as {EXAMPLE}", None) for name in missing]
    found, of, months = parts.get("found"), parts.get("of"), parts.get("months")
    if found is not None and of is not None and found > of:
        faults.append(("found", f"at most the {of} people there are", found))
    if of is not None and of > MOST:
        faults.append(("of", f"at most {MOST:,}", of))
    if months is not None and not 0.0 < months <= LONGEST:
        faults.append(("months", f"above 0 and at most {LONGEST:g}", months))
        parts.pop("outcome", None)
    return parts, faults


def _population(name: str) -> tuple[Population | None, Faults]:
    """A population by name or from a file, or what is wrong with it."""
    if name in POPULATIONS:
        return POPULATIONS[name], []
    if not name.endswith(".toml") and not Path(name).exists():
        return None, [("population", f"one of {', '.join(POPULATIONS)}, or a TOML file", name)]
    try:
        population = read_population(name)
    except SpecError as error:
        return None, list(error.faults)
    wrong: Faults = [
        (f"population.{path}", allowed, supplied) for path, allowed, supplied in faults_of_population(population)
    ]
    return (None if wrong else population), wrong


def _summary(question: Question, answer: Expectation) -> dict[str, Any]:
    """The answer as plain values."""
    rule, numbers, known = question.outcome.rule, answer.spread, answer.tables["published"].filter("asked")
    return {
        "found": question.found,
        "of": question.of,
        "outcome": question.outcome.asked,
        "definition": rule.name,
        "months": rule.months,
        "rate": answer.rate,
        "rate_error": answer.error,
        "rate_over_sets": [answer.least, answer.most],
        "expected": numbers.mean,
        "median": numbers.median,
        "predictive_95": [numbers.low, numbers.high],
        "chance_or_more": answer.chance,
        "chance_or_fewer": answer.fewer,
        "chance_after_picking": answer.picked,
        "judged": answer.assessed,
        "chance_or_more_as_published": known["chance"][0] if known.height else None,
        "best_of_groups_as_published": known["best_of_groups"][0] if known.height else None,
        "observed": question.found / question.of,
        "observed_95": [answer.observed_low, answer.observed_high],
        "looked_for_months": answer.months,
    }


@documented(ExpectSpec)
def expect(
    sentence: str = "",
    /,
    *,
    found: int | None = None,
    of: int | None = None,
    outcome: str = "",
    months: float | None = None,
    points: float | None = None,
    population: Path | str = "register",
    interval: float | None = None,
    followed: float | None = None,
    missed: float | None = None,
    dropout: float | None = None,
    mimics: float | None = None,
    run_in: str = "",
    among: Among = "assessed",
    picked_from: int = 1,
    any_window: bool = False,
    tried: tuple[str, ...] = (),
    people: int = 5000,
    seed: int = 1,
    workers: int = 2,
    out: Path | str = "",
    progress: Progress = silent,
) -> Answer:
    """Compute how often natural history alone gives "3 of 10 stable for 12 months"."""
    return answered("expect", locals())
