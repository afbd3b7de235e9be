"""The `assess` verb: a verdict for each person, the cohort beside natural history, and a report that can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import polars as pl

from alsight.base.answer import Answer, Exit
from alsight.base.errors import SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance, program
from alsight.cohort.cohort import Cohort
from alsight.cohort.pseudonyms import pseudonymize, pseudonyms
from alsight.cohort.read.source import Entry, Source, read_plausible
from alsight.cohort.write.folder import write_cohort
from alsight.cohort.write.guard import guarded
from alsight.detect.review.prior import Setting
from alsight.detect.thresholds import Thresholds
from alsight.detect.verdicts import Verdicts, verdicts
from alsight.report.compose import Findings, find, page
from alsight.report.disclosure.nodes import Disclosure
from alsight.report.disclosure.policy import Policy
from alsight.report.folder import DEFAULT, make_folder, shown, write_text, write_whole, writing
from alsight.report.page.render import decide, html
from alsight.report.page.words import joined
from alsight.report.privacy import salt_of, write_private
from alsight.report.reading import counts, sentences
from alsight.report.verdicts.tables import (
    OPEN,
    answer_tables,
    counted,
    printed_counts,
    printed_rates,
    renamed,
    write_verdicts,
)
from alsight.report.verdicts.words import DOSSIERS
from alsight.verbs.declare.calls import answered, documented
from alsight.verbs.question.person import person_cohort

CRITERIA: Final = Thresholds()


class AssessSpec(Source, frozen=True, kw_only=True):
    """What to assess, and where to write.

    Attributes:
        scores: one person without a file, as times and totals such as "0:41 6:41 12:40" (months, or dates; twelve
            items in place of a total).
        onset_months: first symptom to the first of these scores [months].
        age: age at the first of these scores [years].
        out: folder for the report and its tables.
        identified: keep identifiers, dates and small counts.
        salt_file: text file with your secret for the pseudonyms; without it they are derived from the visits.
        strict: end with code 1 if any row was rejected.
        pages: largest number of people with a page of their own.
        thresholds: criteria of the verdicts.
        setting: where the people come from, which decides how common mimics are among them.
    """

    scores: str = ""
    onset_months: Annotated[float, msgspec.Meta(ge=0, le=1200)] | None = None
    age: Annotated[float, msgspec.Meta(ge=0, le=120)] | None = None
    out: str = DEFAULT
    identified: bool = False
    salt_file: str = ""
    strict: bool = False
    pages: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 12
    thresholds: Thresholds = CRITERIA
    setting: Setting = "register"


SMALLEST: Final = 2
"""People from which anything is said of a cohort."""


def run(spec: AssessSpec, progress: Progress = silent, cohort: Cohort | None = None) -> Answer:
    """Write report.html, the tables of verdicts and episodes, rejected.csv, cohort/ and summary.json.

    Verdicts are given on the people as they were read, who are only then renamed: verdicts depend on raters and dates.

    Args:
        spec: what to read and where to write.
        progress: called with how far the work is.
        cohort: people already in memory, used in place of the file.

    Raises:
        DataError: the file cannot be used at all.
        SpecError: the request makes no sense.
        RunError: the files could not be written.
    """
    known = _known(spec, progress, cohort)
    folder = make_folder(spec.out, spec.path)
    record = _record(spec, known)
    salt = "" if spec.identified else salt_of(known, spec.salt_file)
    assessed = verdicts(known, spec.thresholds, setting=spec.setting, progress=progress)
    sent = known
    if not spec.identified:
        sent, assessed = pseudonymize(known, salt), renamed(assessed, pseudonyms(known.subjects["subject"], salt))
    found = find(sent, assessed, progress)
    content = page(found, record, pages=spec.pages, name=_name(spec), progress=progress)
    disclosure = decide(content, Policy(spec.identified))
    report = html(content, disclosure)
    progress("writing", 0, 0)
    files = _write(folder, found, report, disclosure)
    if not spec.identified:
        files |= write_private(known, salt, folder)
    summary = _summary(known, found, record, files, OPEN)
    written = _summary(known, found, record, files, disclosure)
    files["summary"] = write_text(
        folder / "summary.json", msgspec.json.format(msgspec.json.encode(written)).decode() + "\n"
    )
    return Answer(
        summary=summary,
        tables=answer_tables(assessed),
        files=files,
        sentences=(*sentences(counts(known)), *_said(assessed), f"The report is {shown(files['report'])}"),
        exit=Exit.REJECTED if spec.strict and summary["rejected"] else Exit.FINE,
        provenance=record,
    )


def _known(spec: AssessSpec, progress: Progress, cohort: Cohort | None) -> Cohort:
    """The people: from memory, from the file, or the one whose scores were typed."""
    if not spec.scores:
        alone = [name for name in ("onset_months", "age") if getattr(spec, name) is not None]
        if alone:
            raise SpecError([(name, "nothing without scores", getattr(spec, name)) for name in alone])
        return read_plausible(spec, progress, cohort)
    if spec.path or spec.example or cohort is not None:
        raise SpecError([("scores", "nothing beside a file, the example or a cohort", spec.scores)])
    return person_cohort(spec.scores, spec.onset_months, spec.age)


def _record(spec: AssessSpec, cohort: Cohort) -> Provenance:
    """How the run was made: the request without folders, the inputs' digests as the reader took them."""
    hidden = ("out", "salt_file", "thresholds")
    request = {name: value for name, value in msgspec.structs.asdict(spec).items() if name not in hidden}
    request["path"], request["mapping"] = Path(spec.path).name, Path(spec.mapping).name
    inputs = cohort.provenance.inputs if cohort.provenance else {}
    return Provenance(program=program(), verb="assess", request=request, inputs=inputs)


def _name(spec: AssessSpec) -> str:
    """What the cohort is called in the report: the name of a file may name people, so only where that may be."""
    if spec.example:
        return "example cohort (synthetic)"
    return Path(spec.path).name if spec.identified else ""


def _write(folder: Path, found: Findings, report: str, disclosure: Disclosure) -> dict[str, Path]:
    with writing(folder):
        write_cohort(found.cohort, folder / "cohort")
    return {
        "report": write_text(folder / "report.html", report),
        "episodes": write_whole(folder / "episodes.parquet", found.episodes.write_parquet),
        **write_verdicts(found.assessed, folder, disclosure),
        "rejected": write_whole(folder / "rejected.csv", guarded(found.cohort.rejected).write_csv),
        "cohort": folder / "cohort",
    }


def _summary(
    known: Cohort, found: Findings, record: Provenance, files: dict[str, Path], disclosure: Disclosure
) -> dict[str, Any]:
    """Counts, rates and flagged people as plain values, None for a hidden count; paths relative to the folder."""
    rates = printed_rates(found.rates, disclosure).select(
        "definition", "kind", "months", "eligible", "found", "rate", "low", "high", "published"
    )
    public = (
        record
        if "identities" not in files
        else msgspec.structs.replace(
            record,
            request={**record.request, "path": "", "mapping": "", "sheet": ""},
            inputs={f"input {index + 1}": digest for index, digest in enumerate(record.inputs.values())},
        )
    )
    return {
        **counts(known),
        "episodes": rates.with_columns(pl.col(pl.Float64).fill_nan(None)).to_dicts(),
        "flagged": found.flags.to_dicts(),
        "verdicts": {
            **printed_counts(found.assessed, disclosure),
            "thresholds": msgspec.to_builtins(found.assessed.thresholds),
        },
        "files": {name: str(file.relative_to(files["report"].parent)) for name, file in files.items()},
        "provenance": msgspec.to_builtins(public),
    }


def _said(assessed: Verdicts) -> tuple[str, ...]:
    """The counts of the striking verdicts, then what can be quoted; nothing of a cohort where there is one person."""
    if assessed.people.height < SMALLEST:
        return ()
    said = counted(assessed)
    called = joined([f"{said['headline'][verdict]:,} {verdict}" for verdict in DOSSIERS])
    again = f"{said['review']:,} to re-evaluate" if said["review"] else "no one to re-evaluate"
    return f"Findings: {called}; {again}.", said["sentence"]


@documented(AssessSpec)
def assess(
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
    scores: str = "",
    onset_months: float | None = None,
    age: float | None = None,
    out: Path | str = DEFAULT,
    identified: bool = False,
    salt_file: Path | str = "",
    strict: bool = False,
    pages: int = 12,
    thresholds: Thresholds | Mapping[str, float] = CRITERIA,
    setting: Setting = "register",
    progress: Progress = silent,
) -> Answer:
    """Find plateaus and reversals, and write a report that can be shared."""
    return answered("assess", locals())


def assess_person(
    scores: str,
    *,
    onset_months: float | None = None,
    age: float | None = None,
    out: Path | str = DEFAULT,
    thresholds: Thresholds | Mapping[str, float] = CRITERIA,
) -> Answer:
    """Assess one person from scores written by hand.

    Args:
        scores: times and totals such as "0:41 6:41 12:40" (months, or dates; twelve items in place of a total).
        onset_months: first symptom to the first score [months].
        age: age at the first score [years].
        out: folder for the report and its tables.
        thresholds: criteria of the verdicts.

    Raises:
        SpecError: a score cannot be read or is impossible; every fault at once.
        RunError: the files could not be written.
    """
    return assess(scores=scores, onset_months=onset_months, age=age, out=out, identified=True, thresholds=thresholds)
