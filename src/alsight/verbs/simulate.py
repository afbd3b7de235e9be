"""The `simulate` verb: a population file in, a cohort out, the same in type and files as a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import polars as pl

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import provenance
from alsight.base.spec import Spec, read_toml
from alsight.cohort.cohort import Cohort
from alsight.population.blocks import cohort_from, simulated
from alsight.population.shards import write_population
from alsight.population.spec import Given, Population, faults_of_population
from alsight.verbs.declare.calls import answered, documented

RARELY = 1_000
"""People screened for each one enrolled from which on the entry rules are said to be very narrow."""
CALM = "Simulated people are hypotheses, not predictions for any person."


class SimulateSpec(Spec, frozen=True, kw_only=True):
    """What to simulate.

    Attributes:
        population: TOML file that describes a population; without it, a register with every default.
        therapies: therapy given to all people from entry on, in addition to the file's arms.
        size: people recruited; 0 keeps the file's number.
        seed: root of all random numbers; without it, the file's.
        truth: add the hidden truth.
        workers: threads; any number gives the same result.
        out: folder to write to; without it, the cohort stays in memory.
    """

    population: str = ""
    therapies: tuple[str, ...] = ()
    size: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] = 0
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    truth: bool = False
    workers: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    out: str = ""


def read_population(file: str) -> Population:
    """A population from a TOML file.

    Raises:
        SpecError: the file is missing or a field of it makes no sense; every fault at once, each under `population`.
    """
    return read_toml(Population, file, "population")


def population_of(spec: SimulateSpec) -> Population:
    """The population of a request, checked.

    Raises:
        SpecError: the file is missing or anything in it makes no sense; every fault at once.
    """
    population = read_population(spec.population) if spec.population else Population()
    changes: dict[str, Any] = {}
    if spec.size:
        changes["size"] = spec.size
    if spec.seed is not None:
        changes["seed"] = spec.seed
    if spec.therapies:
        changes["background"] = (*population.background, *(Given(therapy=name) for name in spec.therapies))
    chosen = msgspec.structs.replace(population, **changes)
    faults = faults_of_population(chosen)
    if faults:
        first = len(population.background)
        requested = {
            f"background[{first + index}].therapy": f"therapies[{index}]" for index in range(len(spec.therapies))
        }
        raise SpecError(
            [(requested.get(path, f"population.{path}"), allowed, supplied) for path, allowed, supplied in faults]
        )
    return chosen


def run(spec: SimulateSpec, progress: Progress = silent) -> Answer:
    """Simulate a population.

    Args:
        spec: what to simulate.
        progress: called with the number of people done.

    Returns:
        Tables of the cohort (and `truth_people`, `truth_course`) when kept in memory, else the files written.

    Raises:
        SpecError: the population makes no sense; every fault at once, before anything runs.
        RunError: the files could not be written, or hardly any candidate meets the criteria.
    """
    population = population_of(spec)
    inputs = [Path(spec.population)] if spec.population else []
    request = {name: value for name, value in msgspec.to_builtins(spec).items() if name not in ("workers", "out")}
    made = provenance("simulate", request, inputs, population.seed)
    if spec.out:
        files, rows = write_population(
            population, spec.out, workers=spec.workers, truth=spec.truth, provenance=made, progress=progress
        )
        tables: dict[str, pl.DataFrame] = {}
        flow = pl.read_csv(files["flow"], schema_overrides={"rule": pl.String})
    else:
        cohort, hidden, flow = simulated(population, workers=spec.workers, truth=spec.truth, progress=progress)
        tables = cohort.frames() | {f"truth_{name}": frame for name, frame in hidden.items()} | {"flow": flow}
        files, rows = {}, {name: frame.height for name, frame in cohort.frames().items()}
    summary: dict[str, Any] = {"name": population.name, "people": rows["subjects"], "seed": population.seed}
    summary["rows"] = {name: count for name, count in rows.items() if not name.startswith(("truth", "flow"))}
    summary["flow"] = flow.fill_null("").to_dicts()
    said = f"{rows['subjects']:,} people of {population.name}: {rows['visits']:,} ratings, {rows['measures']:,} values."
    where = (f"Written to {spec.out}.",) if spec.out else ()
    return Answer(
        summary=summary,
        tables=tables,
        files=files,
        sentences=(said, *flow_sentences(flow), CALM, *where),
        provenance=made,
    )


def flow_sentences(flow: pl.DataFrame) -> tuple[str, ...]:
    """The flow of participants in words; a warning where hardly anyone passes the entry rules."""
    rows = flow.fill_null("").rows()
    number = {step: people for step, rule, people in rows if not rule}
    excluded = [(rule, people) for step, rule, people in rows if step == "excluded"]
    if not excluded:
        return ()
    by_rule = "; ".join(f"{rule.replace('_', ' ')} {people:,}" for rule, people in excluded)
    lines = [
        f"Screened: {number['screened']:,}. Excluded, by the first rule that was not met: {by_rule}. "
        f"Enrolled: {number['enrolled']:,}."
    ]
    if number["enrolled"] * RARELY < number["screened"]:
        lines.append(
            f"Warning: fewer than 1 in {RARELY:,} people screened met the entry rules "
            f"({number['enrolled']:,} of {number['screened']:,})."
        )
    return tuple(lines)


def cohort_of_answer(answer: Answer) -> Cohort:
    """The cohort that an answer kept in memory.

    Raises:
        SpecError: the answer was written to files instead.
    """
    if not answer.tables:
        raise SpecError([("answer", "an answer kept in memory", "one written to files")])
    return cohort_from(answer.tables, answer.provenance)


@documented(SimulateSpec)
def simulate(
    population: Path | str | None = None,
    /,
    *,
    therapies: tuple[str, ...] = (),
    size: int = 0,
    seed: int | None = None,
    truth: bool = False,
    workers: int = 1,
    out: Path | str = "",
    progress: Progress = silent,
) -> Answer:
    """Simulate a virtual cohort, with or without therapies."""
    return answered("simulate", locals())
