"""The `analyze` verb: a trial's analyses side by side, each with its estimand and what it does with deaths."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import polars as pl

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import provenance
from alsight.base.spec import build, read_toml
from alsight.cohort.cohort import Cohort
from alsight.cohort.read.source import Entry, Source, read_plausible
from alsight.cohort.write.guard import guarded
from alsight.report.folder import make_folder, shown, write_text, write_whole
from alsight.report.page.render import html
from alsight.report.trial_page import page, said, shown_table
from alsight.trial.analyze.catalogue import ANALYSES, analyze_trial
from alsight.trial.analyze.plan import AnalysisPlan
from alsight.verbs.declare.calls import answered, documented


class AnalyzeSpec(Source, frozen=True, kw_only=True):
    """The trial, and how it is analyzed. What the options state is taken over the plan.

    Attributes:
        plan: TOML file of the analysis plan; without it, every analysis with its defaults.
        control: arm that the others are compared with; empty for the plan's, or an arm named placebo or control.
        analyses: analyses to run, all by default.
        primary: the analysis that decides, named before the data are seen.
        covariates: columns of the people's table that models adjust for.
        out: folder to write a page and the tables to.
    """

    plan: str = ""
    control: str = ""
    analyses: tuple[str, ...] = ()
    primary: str = ""
    covariates: tuple[str, ...] = ()
    out: str = ""


def plan_of(spec: AnalyzeSpec) -> AnalysisPlan:
    """The plan of a request.

    Raises:
        SpecError: the file is missing or a field of it makes no sense; every fault at once.
    """
    try:
        plan = read_toml(AnalysisPlan, spec.plan) if spec.plan else AnalysisPlan()
    except SpecError as error:
        whole = str(Path(spec.plan))
        faults = [
            ("plan" if path == whole else f"plan.{path}", allowed, value) for path, allowed, value in error.faults
        ]
        raise SpecError(faults) from error
    stated = {name: getattr(spec, name) for name in ("control", "analyses", "primary", "covariates")}
    fields = msgspec.to_builtins(plan) | {name: value for name, value in stated.items() if value}
    if stated["analyses"] and not stated["primary"] and fields["primary"] not in stated["analyses"]:
        fields["primary"] = stated["analyses"][0]
    return build(AnalysisPlan, fields)


def run(spec: AnalyzeSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Every analysis of a plan, each arm against the control.

    Args:
        spec: the trial, and how it is analyzed.
        progress: called with how far the work is.
        cohort: a trial already in memory, in place of the file.

    Returns:
        Tables: `estimates` (one row an analysis, arm and quantity) and `analyses` (their estimands).

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the plan makes no sense or does not fit the trial.
        RunError: the files could not be written.
    """
    plan = plan_of(spec)
    known = read_plausible(spec, progress, cohort)
    progress("analyzing", 0, 0)
    estimates, trial = analyze_trial(known, plan)
    tables = {"estimates": estimates, "analyses": _analyses(plan)}
    request = {name: value for name, value in msgspec.structs.asdict(spec).items() if name != "out"}
    record = provenance("analyze", request | {"plan": msgspec.to_builtins(plan)}, [])
    sentences = said(estimates, trial, plan)
    files: dict[str, Path] = {}
    if spec.out:
        folder = make_folder(spec.out, spec.path)
        files = {"page": write_text(folder / "analysis.html", html(page(estimates, trial, plan, sentences, record)))}
        files |= {name: write_whole(folder / f"{name}.csv", guarded(frame).write_csv) for name, frame in tables.items()}
    where = (f"The page is {shown(files['page'])}",) if files else ()
    summary: dict[str, Any] = {
        "control": trial.control,
        "arms": list(trial.arms),
        "people": trial.people.height,
        "horizon_months": trial.horizon,
        "primary": plan.primary,
        "notes": list(trial.notes),
    }
    return Answer(
        summary=summary,
        tables={"analysis": shown_table(estimates)} | tables,
        files=files,
        sentences=(*sentences, *where),
        provenance=record,
    )


def _analyses(plan: AnalysisPlan) -> pl.DataFrame:
    names = plan.analyses or tuple(ANALYSES)
    return pl.DataFrame(
        {
            "analysis": names,
            "title": [ANALYSES[name].title for name in names],
            "estimand": [ANALYSES[name].estimand for name in names],
            "deaths": [ANALYSES[name].deaths for name in names],
            "primary": [name == plan.primary for name in names],
        }
    )


@documented(AnalyzeSpec)
def analyze(
    path: Cohort | Path | str | None = None,
    /,
    *,
    example: bool = False,
    mapping: Path | str = "",
    entry: Entry = "",
    sheet: str = "",
    scale: Literal["", "alsfrs_r", "alsfrs"] = "",
    dates: Literal["", "dmy", "mdy"] = "",
    decimal: Literal["", ".", ","] = "",
    time_unit: Literal["", "day", "week", "month", "year"] = "",
    missing: tuple[str, ...] = (),
    encoding: str = "",
    accept: tuple[str, ...] = (),
    plan: Path | str = "",
    control: str = "",
    analyses: tuple[str, ...] = (),
    primary: str = "",
    covariates: tuple[str, ...] = (),
    out: Path | str = "",
    progress: Progress = silent,
) -> Answer:
    """Analyze a trial by several methods side by side."""
    return answered("analyze", locals())
