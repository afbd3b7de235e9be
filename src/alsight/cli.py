"""The terminal's door: parse what was typed, call the verb, show what came back. No science.

Exit codes: 0 fine, 1 rows were rejected and `--strict` was given, 2 the command makes no sense, 3 the run failed.
Results go to standard output; progress and complaints go to standard error. Nothing heavy is imported for `--help`.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from alsight.base.answer import Answer, Exit
from alsight.base.errors import AlsightError, DataError, SpecError
from alsight.base.progress import Progress, silent
from alsight.verbs import VERBS, ask

if TYPE_CHECKING:
    import polars as pl

_READING, _WRITING, _SHOWING, _MAKING = "What to read", "What to write", "What to show", "What to make"
_ASKING, _PEOPLE, _PICKING = (
    "What was found, in place of the sentence",
    "In whom, and how they were seen",
    "How it was picked",
)


def _info(panel: str, flag: str, text: str, metavar: str) -> Any:
    """How typer is told of one option that is neither a text nor a flag."""
    return typer.Option(flag, help=text, rich_help_panel=panel, metavar=metavar, show_default=False)


def _option(panel: str, flags: str, text: str, metavar: str = "", default: str | bool = "") -> Any:
    """One option as typer wants it: a default and an annotated type."""
    names = flags.split()
    info = typer.Option(*names, help=text, rich_help_panel=panel, metavar=metavar or " ", show_default=bool(default))
    return default, Annotated[type(default), info]


def _number(panel: str, flag: str, text: str, kind: type[int] | type[float]) -> Any:
    """One number as typer wants it; where it is not given, the verb's own default stands."""
    return None, Annotated[kind | None, _info(panel, flag, text, "N")]


def _several(panel: str, flag: str, text: str) -> Any:
    """One option that may be repeated."""
    return [], Annotated[list[str], _info(panel, flag, f"{text}; may be repeated.", "NAME")]


def _argument(text: str) -> Any:
    """One word that stands without a flag."""
    return "", Annotated[str, typer.Argument(help=text, show_default=False)]


OPTIONS: Final[dict[str, tuple[Any, Any]]] = {
    "path": _argument("A visits table (CSV, Excel or Parquet) or a folder."),
    "example": _option(_READING, "--example", "Use the example cohort that comes with alsight.", default=False),
    "mapping": _option(_READING, "--mapping -m", "Column mapping, as saved by check --save-mapping.", "FILE"),
    "entry": _option(_READING, "--entry", "What day 0 is: first_visit, diagnosis, symptom_onset ...", "NAME"),
    "sheet": _option(_READING, "--sheet", "Sheet of a workbook.", "NAME"),
    "scale": _option(_READING, "--scale", "Scale of totals that do not say it: alsfrs_r or alsfrs.", "NAME"),
    "dates": _option(_READING, "--dates", "What comes first in dates with slashes: dmy or mdy.", "ORDER"),
    "decimal": _option(_READING, "--decimal", "Decimal mark: . or a comma; found out by default.", "MARK"),
    "time_unit": _option(_READING, "--time-unit", "Unit of times without one: day, week, month, year.", "UNIT"),
    "out": _option(_WRITING, "--out -o", "Folder to write to.", "DIR"),
    "setting": _option(_READING, "--setting", "Where people come from: register, referral, clinic or trial.", "NAME"),
    "identified": _option(_WRITING, "--identified", "Keep identifiers, dates and small counts.", default=False),
    "format": _option(_WRITING, "--format -f", "parquet, csv or excel.", "NAME"),
    "pseudonymize": _option(_WRITING, "--pseudonymize", "Hash identifiers, leave out dates.", default=False),
    "salt_file": _option(_WRITING, "--salt-file", "Text file with your secret for the pseudonyms.", "FILE"),
    "save_mapping": _option(_WRITING, "--save-mapping", "Save how the columns were understood, to correct.", "FILE"),
    "show_mapping": _option(_SHOWING, "--show-mapping", "Print how the columns were understood.", default=False),
    "population": _argument("A population file (TOML); without one, a register."),
    "name": _argument("One therapy; all of them without."),
    "therapies": _several(_MAKING, "--therapies", "Give this therapy to everybody"),
    "size": _number(_MAKING, "--size", "People recruited; else the file says.", int),
    "seed": _number(_MAKING, "--seed", "Root of all random numbers.", int),
    "workers": _number(_MAKING, "--workers", "Threads; any number gives the same bytes.", int),
    "truth": _option(_MAKING, "--truth", "Write the hidden truth too.", default=False),
    "subject": _option(_READING, "--subject", "One person's identifier; everybody without.", "ID"),
    "reference": _option(_MAKING, "--reference", "Use the shipped reference, not the cohort's fit.", default=False),
    "sentence": _argument('What was found: "3 of 10 stable for 12 months".'),
    "found": _number(_ASKING, "--found", "People who met it.", int),
    "of": _number(_ASKING, "--of", "People among whom.", int),
    "outcome": _option(_ASKING, "--outcome", "stable, improved, or the name of a definition.", "NAME"),
    "months": _number(_ASKING, "--months", "The time asked about.", float),
    "points": _number(_ASKING, "--points", "Size of a gain, or range of a stable run.", float),
    "interval": _number(_PEOPLE, "--interval", "Months between visits.", float),
    "followed": _number(_PEOPLE, "--followed", "Months in which spells are looked for.", float),
    "missed": _number(_PEOPLE, "--missed", "Chance that a visit is missed [0-1].", float),
    "dropout": _number(_PEOPLE, "--dropout", "Withdrawal per month [0-1].", float),
    "mimics": _number(_PEOPLE, "--mimics", "Share with something else than ALS [0-1].", float),
    "run_in": _option(_PEOPLE, "--run-in", 'Who was enrolled: "stable for 3 months".', "RULE"),
    "among": _option(_PEOPLE, "--among", "Counted among those assessed or all enrolled.", "NAME", "assessed"),
    "picked_from": _number(_PICKING, "--picked-from", "Groups that could have been told about.", int),
    "any_window": _option(_PICKING, "--any-window", "The window was chosen after looking.", default=False),
    "tried": _several(_PICKING, "--tried", "Another outcome that was tried"),
    "people": _number(_MAKING, "--people", "Virtual people of each parameter set.", int),
    "strict": _option(_SHOWING, "--strict", "End with code 1 if any row was rejected.", default=False),
    "json": _option(_SHOWING, "--json", "Print the answer as JSON, and nothing else.", default=False),
}
"""Every option of every command, once. An empty text or an absent flag means that nothing was said."""

ROWS_SHOWN: Final = 24
DESCRIBED: Final[dict[str, tuple[str, ...]]] = {
    "numbers": ("quantity", "unit", "people", "q1", "median", "q3"),
    "traits": ("trait", "level", "people", "share"),
    "happenings": ("name", "people", "share"),
    "stages_at_entry": ("system", "stage", "people", "share"),
    "survival_summary": ("endpoint", "origin", "fact", "value", "low", "high"),
    "variogram": ("scale", "of", "lag_months", "pairs", "semivariance", "sd"),
    "run_lengths": ("scale", "visits", "runs", "share", "goes_on"),
    "slope_correlation": ("scale", "gaps_apart", "pairs", "correlation", "noise_alone"),
}
"""Tables and columns that `describe` prints; `--json` and `--out` give all of them."""
_READ: Final = ("path", "example", "mapping", "entry", "sheet", "scale", "dates", "decimal", "time_unit")

_EXPECTING: Final = (
    "sentence",
    "found",
    "of",
    "outcome",
    "months",
    "points",
    "population",
    "interval",
    "followed",
    "missed",
    "dropout",
    "mimics",
    "run_in",
    "among",
    "picked_from",
    "any_window",
    "tried",
    "people",
    "seed",
    "workers",
    "out",
    "json",
)


@dataclass(frozen=True)
class Command:
    """How a verb is typed and shown.

    Attributes:
        options: keys of OPTIONS in order.
        examples: lines of its help.
        tables: tables of the answer to print, with their columns; no columns for all of them.
        own: options of this command that another one spells in another way.
    """

    options: tuple[str, ...]
    examples: tuple[str, ...]
    tables: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    own: dict[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])


COMMANDS: Final[dict[str, Command]] = {
    "check": Command(
        (*_READ, "save_mapping", "show_mapping", "strict", "json"),
        ("alsight check visits.csv", "alsight check clinic.xlsx --save-mapping columns.toml"),
        {
            "rules": ("severity", "table", "rule", "entries", "how_to_fix"),
            "faults": ("source", "row", "column", "value", "message"),
        },
    ),
    "convert": Command(
        (*_READ, "out", "format", "pseudonymize", "salt_file", "strict", "json"),
        ("alsight convert visits.csv --out cohort --format excel", "alsight convert --example --out cohort"),
    ),
    "describe": Command(
        (*_READ, "out", "strict", "json"),
        ("alsight describe visits.csv", "alsight describe --example --json"),
        DESCRIBED,
    ),
    "assess": Command(
        (*_READ, "setting", "out", "identified", "salt_file", "strict", "json"),
        ("alsight assess --example", "alsight assess visits.csv --out report"),
    ),
    "forecast": Command(
        (*_READ, "subject", "reference", "out", "strict", "json"),
        ("alsight forecast visits.csv --out forecast", "alsight forecast --example --subject E001"),
        {"time_to_survival": (), "time_to_kings_4": (), "encals": (), "function": ()},
    ),
    "expect": Command(
        _EXPECTING,
        (
            'alsight expect "3 of 10 stable for 12 months"',
            'alsight expect "25 % of 40 stable at 6 months" --population trial --picked-from 12',
        ),
        {"picking": ("step", "chance"), "published": ("wording", "published", "source", "chance")},
        {"population": _option(_PEOPLE, "--population", "register, trial or a TOML file.", "NAME", "register")},
    ),
    "simulate": Command(
        ("population", "therapies", "size", "seed", "truth", "workers", "out", "json"),
        (
            "alsight simulate examples/trial.toml --out trial",
            "alsight simulate --size 1000 --therapies riluzole --json",
        ),
    ),
    "therapies": Command(("name", "json"), ("alsight therapies", "alsight therapies tofersen --json")),
}

app = typer.Typer(
    name="alsight",
    help="Is a plateau, an improvement or a remission in ALS real?\n\n"
    "Research software for the study of amyotrophic lateral sclerosis; it gives no advice to a patient.",
    epilog="Start with: alsight assess --example",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _command(name: str, command: Command) -> Callable[..., None]:
    """The function that typer calls for one verb, with the signature that its options make."""

    def run(**given: Any) -> None:
        json = given.pop("json")
        said = {option: value for option, value in given.items() if value not in ("", None) and value is not False}
        _run(name, said, json)

    parameters = [
        inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for option, (default, kind) in (
            (option, command.own.get(option, OPTIONS[option])) for option in command.options
        )
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


for _name, _row in COMMANDS.items():
    _examples = "\n\n".join(f"  {line}" for line in _row.examples)
    app.command(
        _name, help=f"{VERBS[_name].summary}\n\nFor example:\n\n{_examples}", no_args_is_help="path" in _row.options
    )(_command(_name, _row))


def _version(asked: bool) -> None:
    if asked:
        from alsight.base.provenance import program  # noqa: PLC0415 - reads the installed package's record

        typer.echo(program())
        raise typer.Exit


@app.callback()
def _alsight(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", metavar=" ", callback=_version, is_eager=True)
    ] = False,
) -> None:
    del version


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program as the terminal does, always ending in SystemExit with one of the four codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter must not end the run
    try:
        app(args=None if arguments is None else list(arguments), prog_name="alsight")
    except KeyboardInterrupt:
        _complain("Stopped.")
        sys.exit(Exit.FAILED)
    except BrokenPipeError:
        _leave_pipe()
        sys.exit(Exit.FINE)


def _run(name: str, fields: dict[str, Any], json: bool) -> None:
    """Ask the verb, show the answer, and turn everything that can go wrong into a sentence and a code."""
    code = Exit.FINE
    try:
        with _watched(quiet=json) as progress:
            answer = ask(name, progress=progress, **fields)
        code = answer.exit
        _print_json(answer.summary, answer.tables) if json else _show(answer, COMMANDS[name])
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich turns a closed pipe into SystemExit
        _leave_pipe()
    except BaseException as error:  # noqa: BLE001 - the last place that can say what happened in words
        code, message = _explained(error)
        _complain(message)
        if json:
            with contextlib.suppress(OSError):
                _print_json({"error": message, "exit": int(code), "faults": _faults(error)}, {})
    raise typer.Exit(code)


def _explained(error: BaseException) -> tuple[Exit, str]:
    """Exit code and sentence for whatever ended a run; the traceback only where ALSIGHT_TRACEBACK is set."""
    if os.environ.get("ALSIGHT_TRACEBACK"):
        traceback.print_exception(error)
    if isinstance(error, SpecError):
        return Exit.USAGE, str(error)
    if isinstance(error, AlsightError):
        return Exit.FAILED, str(error) or "The run failed."
    if isinstance(error, KeyboardInterrupt):
        return Exit.FAILED, "Stopped before the end; nothing more was written."
    if isinstance(error, MemoryError):
        return Exit.FAILED, "Memory ran out: give fewer rows at once, or use a machine with more memory."
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Exit.FAILED, f"{where}{error.strerror or error}."
    return Exit.FAILED, (
        f"alsight itself failed ({type(error).__name__}: {error}). This is a fault of the program, not of your file. "
        "Set ALSIGHT_TRACEBACK=1 and run again to see where, and please report it without data of persons."
    )


def _faults(error: BaseException) -> list[dict[str, Any]]:
    """The faults an error carries, as plain values."""
    if isinstance(error, SpecError):
        return [{"field": path, "expected": allowed, "got": str(given)} for path, allowed, given in error.faults]
    if isinstance(error, DataError):
        return [msgspec.to_builtins(fault) for fault in error.faults]
    return []


def _complain(message: str) -> None:
    with contextlib.suppress(OSError):  # a closed standard error leaves nobody to tell
        typer.secho(message, err=True, fg=typer.colors.RED)


def _leave_pipe() -> None:
    """Nobody reads any more: keep the interpreter from complaining about it while it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _watched(*, quiet: bool) -> Generator[Progress]:
    """Progress on standard error: a moving bar on a terminal, nothing where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - only where somebody watches
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("starting", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            bars.update(task, description=stage, completed=done, total=total or None)

        yield tell


def _print_json(summary: dict[str, Any], tables: dict[str, pl.DataFrame]) -> None:
    """One JSON object: the summary's fields, then each table as a list of rows, written piece by piece."""
    out = sys.stdout
    out.write(msgspec.json.encode(summary).decode()[:-1])
    for count, (name, frame) in enumerate(tables.items()):
        out.write(("," if summary or count else "") + f"\n{msgspec.json.encode(name).decode()}:[")
        for start in range(0, frame.height, 10_000):
            rows = msgspec.json.encode(frame.slice(start, 10_000).to_dicts()).decode()
            out.write(("," if start else "") + rows[1:-1])
        out.write("]")
    out.write("}\n")


def _show(answer: Answer, command: Command) -> None:
    """Tables that the command prints, then what a person wants to read, the place of the result last."""
    for name, columns in command.tables.items():
        if name in answer.tables and answer.tables[name].height:
            frame = answer.tables[name]
            once = frame.select(columns).unique(maintain_order=True) if columns else frame
            _print_table(name.replace("_", " ").capitalize(), once)
    for sentence in answer.sentences:
        typer.echo(sentence)


def _print_table(title: str, frame: pl.DataFrame) -> None:
    """The first rows of a table, columns that are empty throughout left out."""
    from rich.console import Console  # noqa: PLC0415 - not needed for JSON
    from rich.table import Table  # noqa: PLC0415

    shown = frame.head(ROWS_SHOWN)
    columns = [name for name in shown.columns if any(value not in (None, "") for value in shown[name])]
    if "source" in columns and frame["source"].n_unique() == 1:
        columns.remove("source")
        title = f"{title} in {frame['source'][0]}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim", pad_edge=False)
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right" if shown[name].dtype.is_numeric() else "left")
    for row in shown.select(columns).iter_rows():
        table.add_row(*(_cell(value) for value in row))
    console = Console()
    with console.capture() as captured:
        console.print(table)
        if frame.height > ROWS_SHOWN:
            console.print(f"... and {frame.height - ROWS_SHOWN:,} more; --json prints them all.", style="dim")
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.3g}" if isinstance(value, float) else str(value)
