"""The `forecast` verb: function, King's stage 4 and survival of everyone still under observation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import polars as pl

from alsight.base.answer import Answer, Exit
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.cohort.cohort import Cohort
from alsight.cohort.read.source import Entry, Source, read_plausible
from alsight.cohort.write.guard import guarded
from alsight.infer.forecast.ahead import enough, fit_forecast, forecast_function, forecast_time
from alsight.infer.forecast.encals import encals_forecast
from alsight.infer.forecast.reference import reference_fit
from alsight.infer.forecast.tables import EVENTS, Event, Tables, landmarked, tables_of
from alsight.infer.forecast.unknown import spread_of
from alsight.report.folder import make_folder, shown, write_whole
from alsight.report.reading import counts
from alsight.verbs.declare.calls import answered, documented

CALM = "A forecast is a statement about people like this one, not a promise to anybody."


class ForecastSpec(Source, frozen=True, kw_only=True):
    """What to forecast.

    Attributes:
        subject: identifier of one person; without it, all people who are still under observation.
        reference: forecast from the shipped reference even where the cohort is large enough for its own fit.
        out: folder to write the tables to as CSV.
        strict: end with code 1 if any row was rejected.
    """

    subject: str = ""
    reference: bool = False
    out: str = ""
    strict: bool = False


def run(spec: ForecastSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Ratings 3 to 24 months ahead, and the time to King's stage 4 and to the event, from each person's last day seen.

    Args:
        spec: what to read, whom to forecast, where to write.
        progress: called with how far the work is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense, or no one has that identifier.
        NotConverged: the cohort's own fit cannot vouch for itself.
        RunError: the files could not be written.
    """
    known = read_plausible(spec, progress, cohort)
    if spec.subject and spec.subject not in known.subjects["subject"]:
        raise SpecError([("subject", "the identifier of a person in the file", spec.subject)])
    tables: dict[str, pl.DataFrame] = {}
    notes: list[str] = []
    for event in EVENTS:
        progress(f"forecasting {event}", 0, 0)
        found, reported = _one(known, event, spec)
        tables |= found
        notes += reported
    observed = tables["function"].unique("subject", maintain_order=True).select("subject", landmark="landmark_months")
    tables["encals"] = encals_forecast(known, observed)
    tables["not_forecast"] = _not_forecast(tables)
    files: dict[str, Path] = {}
    if spec.out:
        folder = make_folder(spec.out, spec.path)
        files = {name: write_whole(folder / f"{name}.csv", guarded(frame).write_csv) for name, frame in tables.items()}
    summary: dict[str, Any] = {**counts(known), "forecast": tables["function"]["subject"].n_unique(), "notes": notes}
    computed = tables["encals"].filter(pl.col("encals_reason") == "").height
    done = any(not table.is_empty() for name, table in tables.items() if name.startswith("time_to_"))
    first = (
        f"{_persons(summary['forecast'])} still under observation and {_have(summary['forecast'])} a forecast; ENCALS "
        f"could be computed for {computed} of them."
    )
    return Answer(
        summary=summary,
        tables=tables,
        files=files,
        sentences=(
            first if done else "Nothing could be forecast.",
            *_why(tables["not_forecast"], spec.subject),
            *notes,
            CALM,
            *((f"The tables are in {shown(Path(spec.out))}",) if spec.out else ()),
        ),
        exit=_exit(done, spec.strict and bool(summary["rejected"])),
        provenance=known.provenance,
    )


def _one(cohort: Cohort, event: Event, spec: ForecastSpec) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """Tables for one event, and what a reader must know."""
    tables = tables_of(cohort, event)
    own = enough(tables) and not spec.reference
    fit = fit_forecast(tables).check() if own else reference_fit(event)
    few = "the cohort is small" if not enough(tables, recorded=False) else "too few have age and site of onset recorded"
    whence = "this cohort" if own else f"the shipped simulated register, since {few}"
    if spec.reference:
        whence = "the shipped simulated register, as asked"
    notes = (f"Time to {EVENTS[event]}: from a joint model of {whence}.",)
    spread = spread_of(fit, tables)
    ahead = landmarked(tables)
    if spec.subject:
        chosen = pl.col("subject") == spec.subject
        ahead = Tables(ahead.visits.filter(chosen), ahead.people.filter(chosen), (), ahead.lacking.filter(chosen))
    reasons = {f"reason_{event}": ahead.lacking}
    if ahead.people.is_empty():
        return _nobody(event) | reasons, notes
    found = {f"time_to_{event}": forecast_time(fit, ahead, spread)} | reasons
    if event == "survival":
        found["function"] = forecast_function(fit, ahead, spread=spread)
        notes = (*notes, *_averaged(ahead.people))
    return found, notes


def _averaged(people: pl.DataFrame) -> tuple[str, ...]:
    """Whose age or onset is not recorded, so that the forecast is an average."""
    words = {"age_at_entry_years": "age", "bulbar": "site of onset"}
    counts_of = {word: people[name].null_count() for name, word in words.items()}
    lacking = " and ".join(f"{word} of {count}" for word, count in counts_of.items() if count)
    if not lacking:
        return ()
    return (f"Not recorded: {lacking}. These forecasts are averaged over the values that other people have.",)


def _not_forecast(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Who has no forecast of what, and why; the parts are taken out of the tables."""
    parts = [
        tables.pop(f"reason_{event}").select("subject", pl.lit(event).alias("event"), "reason") for event in EVENTS
    ]
    return pl.concat(parts).sort("event", "subject", descending=[True, False])


def _why(reasons: pl.DataFrame, subject: str) -> tuple[str, ...]:
    """How many have no forecast for each reason; of one person, the reasons themselves."""
    first = reasons.filter(pl.col("event") == "survival")
    if subject:
        return tuple(f"No forecast of {subject}: {reason}." for reason in first["reason"])
    counted = first.group_by("reason", maintain_order=True).len()
    return tuple(f"No forecast of {_people(count)}: {reason}." for reason, count in counted.iter_rows())


def _exit(done: bool, rejected: bool) -> Exit:
    if not done:
        return Exit.FAILED
    return Exit.REJECTED if rejected else Exit.FINE


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _persons(count: int) -> str:
    return f"{_people(count)} {'is' if count == 1 else 'are'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _nobody(event: Event) -> dict[str, pl.DataFrame]:
    text, number = pl.String, pl.Float64
    names = ("low_90", "low_50", "median", "high_50", "high_90")
    found = {f"time_to_{event}": pl.DataFrame(schema={"subject": text, **dict.fromkeys(names, number)})}
    if event == "survival":
        columns = (
            "landmark_months",
            "after_months",
            "mean",
            "sd",
            "low_50",
            "high_50",
            "low_90",
            "high_90",
            "survival",
        )
        found["function"] = pl.DataFrame(schema={"subject": text, **dict.fromkeys(columns, number)})
    return found


@documented(ForecastSpec)
def forecast(
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
    subject: str = "",
    reference: bool = False,
    out: Path | str = "",
    strict: bool = False,
    progress: Progress = silent,
) -> Answer:
    """Forecast function, King's stage 4 and survival."""
    return answered("forecast", locals())
