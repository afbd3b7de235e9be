"""The terminal's door: parse what was typed, call the verb, show what came back. No science.

Commands and options are made from VERBS and the Specs.

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
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer
import typer.main
from typer.core import TyperGroup

from alsight.base.answer import Answer, Exit
from alsight.base.errors import AlsightError, DataError, SpecError, with_fields
from alsight.base.progress import Progress, silent
from alsight.base.spec import Spec
from alsight.verbs.declare.options import GROUPS, Option, options
from alsight.verbs.declare.table import VERBS, Verb, ask, request

if TYPE_CHECKING:
    import polars as pl

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
SHOWN: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "analyze": {"analysis": ()},
    "check": {
        "columns": ("table", "column", "means", "confidence"),
        "rules": ("severity", "table", "rule", "entries", "how_to_fix"),
        "faults": ("source", "row", "column", "value", "message"),
    },
    "assess": {"people": ("person", "finding", "in_short", "next_step")},
    "describe": DESCRIBED,
    "forecast": {"time_to_survival": (), "time_to_kings_4": (), "encals": (), "function": ()},
    "expect": {"picking": ("step", "chance"), "published": ("wording", "published", "source", "chance")},
}
"""Tables of each verb's answer that are printed, with their columns; no columns for all of them."""

JSON: Final = tuple(GROUPS)[-1]
"""Heading under which the option that every command has stands."""

SENTENCES: Final = ("message", "how_to_fix")
"""Columns of faults that may name fields of the request."""

SHORT: Final[dict[str, str]] = {"mapping": "-m", "out": "-o", "format": "-f"}
"""Options that have a short form."""


class Verbs(TyperGroup):
    """The commands: named with one line each in the program's help, made in full only when one is asked for."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names, with the options that its verb's Spec makes."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and command_of(VERBS[command.name or ""]), rest


app = typer.Typer(
    name="alsight",
    cls=Verbs,
    help="Is a plateau, an improvement or a remission in ALS real?\n\n"
    "Research software for the study of amyotrophic lateral sclerosis; it gives no advice to a patient.",
    epilog="Start with: alsight assess --example",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def command_of(verb: Verb) -> Any:
    """The command of one verb, with the options that its Spec makes.

    Args:
        verb: a row of VERBS; its module is imported here.
    """

    def run(context: typer.Context, **supplied: Any) -> None:
        json, volume = supplied.pop("json"), str(context.find_root().obj or "")
        said = {name: value for name, value in supplied.items() if value is not False and value not in (None, [])}
        _run(verb, said, json, volume)

    rows = options(verb.spec)
    kinds: dict[str, Any] = {row.name: (_argument if row.name == verb.first else _option)(row) for row in rows}
    kinds["json"] = Annotated[bool, _named("--json", "Print the answer as JSON, and nothing else.", JSON)]
    defaults: dict[str, Any] = {row.name: False if row.kind is bool else None for row in rows} | {"json": False}
    run.__signature__ = inspect.Signature(  # pyright: ignore[reportFunctionMemberAccess]
        [inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)]
        + [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=kind)
            for name, kind in kinds.items()
        ]
    )
    run.__annotations__ = kinds | {"context": typer.Context}
    examples = "\n\n".join(f"  {line}" for line in verb.examples)
    alone = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
    about = f"{verb.summary}\n\nFor example:\n\n{examples}"
    alone.command(verb.name, help=about, no_args_is_help=verb.first == "path")(run)
    return typer.main.get_command(alone)


def _argument(row: Option) -> Any:
    """One word that stands without a flag."""
    return Annotated[str | None, typer.Argument(help=_help(row), show_default=False, metavar=row.name.upper())]


def _option(row: Option) -> Any:
    """One option as typer wants it: what is not given stays None, so that the verb's own default holds."""
    flags = f"{row.flag} {SHORT.get(row.name, '')}".strip()
    info = _named(flags, _help(row), row.group, row.value or " ")
    if row.several or issubclass(row.kind, Spec):
        return Annotated[list[str] | None, info]
    return Annotated[bool if row.kind is bool else row.kind | None, info]


def _named(flags: str, text: str, panel: str, metavar: str = " ") -> Any:
    return typer.Option(*flags.split(), help=text, rich_help_panel=panel, metavar=metavar, show_default=False)


def _help(row: Option) -> str:
    """What an option is, what may be given, whether it may be repeated, and its default."""
    allowed = f" ({row.allowed})" if row.allowed else ""
    repeated = "; may be repeated" if row.several or issubclass(row.kind, Spec) else ""
    default = f" Default: {row.standing}." if row.standing else ""
    return f"{row.description}{allowed}{repeated}.{default}".replace("[", "\\[")


for _verb in VERBS.values():
    app.command(_verb.name, help=_verb.summary)(lambda: None)


def _version(requested: bool) -> bool:
    if requested:
        from alsight.base.provenance import program  # noqa: PLC0415 - reads the installed package's record

        typer.echo(program())
        raise typer.Exit
    return requested


@app.callback()
def _alsight(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", metavar=" ", callback=_version, is_eager=True)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Report each step, and where an error arose.", metavar=" ")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.", metavar=" ")] = False,
) -> None:
    del version
    context.obj = "verbose" if verbose else "quiet" if quiet else ""


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


def _run(verb: Verb, fields: dict[str, Any], json: bool, volume: str) -> None:
    """Ask the verb, show the answer, and turn everything that can go wrong into a sentence and a code."""
    code = Exit.FINE
    try:
        with _watched(quiet=json or volume == "quiet", steps=volume == "verbose") as progress:
            answer = ask(request(verb.name, _parsed(verb, fields)), progress=progress)
        code = answer.exit
        if json:
            _print_json(answer.summary, answer.tables)
        elif volume != "quiet":
            _show(answer, SHOWN.get(verb.name, {}))
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich turns a closed pipe into SystemExit
        _leave_pipe()
    except BaseException as error:  # noqa: BLE001 - the last place that can say what happened in words
        code, message = _explained(error, verb)
        if volume == "verbose":
            traceback.print_exception(error)
        _complain(message)
        if json:
            with contextlib.suppress(OSError):
                _print_json({"error": message, "exit": int(code), "faults": _faults(error)}, {})
    raise typer.Exit(code)


def _parsed(verb: Verb, fields: dict[str, Any]) -> dict[str, Any]:
    """What was typed as the verb's fields: `--thresholds gain=6` becomes {"gain": 6.0}."""
    nested = {row.name for row in options(verb.spec) if issubclass(row.kind, Spec)}
    return {name: dict(map(_pair, value)) if name in nested else value for name, value in fields.items()}


def _pair(text: str) -> tuple[str, Any]:
    """A name and its value, a number where it reads as one."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value) if "." in value else int(value)
    except ValueError:
        return name.strip(), value


def _explained(error: BaseException, verb: Verb) -> tuple[Exit, str]:
    """Exit code and sentence for whatever ended a run; the traceback only where ALSIGHT_TRACEBACK is set."""
    if os.environ.get("ALSIGHT_TRACEBACK"):
        traceback.print_exception(error)
    if isinstance(error, SpecError):
        return Exit.USAGE, with_fields(error.lines(lambda path, *fault: _fault(verb, path, *fault)), typed)
    if isinstance(error, AlsightError):
        return Exit.FAILED, with_fields(str(error), typed) or "The run failed."
    if isinstance(error, KeyboardInterrupt):
        return Exit.FAILED, "Stopped before the end; nothing more was written."
    if isinstance(error, MemoryError):
        return Exit.FAILED, "Memory ran out: give fewer rows at once, or use a machine with more memory."
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Exit.FAILED, f"{where}{error.strerror or error}."
    return Exit.FAILED, (
        f"alsight itself failed ({type(error).__name__}: {error}). This is a fault of the program, not of your file. "
        "Set ALSIGHT_TRACEBACK=1 and run again to see where, and please report it without personal data."
    )


def _fault(verb: Verb, path: str, allowed: str, supplied: Any) -> str:
    """One fault as it was typed: `--interval: expected ...`; a field below an option stands behind it."""
    name, dot, below = path.partition(".")
    row = {row.name: row for row in options(verb.spec)}.get(name.partition("[")[0])
    if row is None:
        return f"{path}: expected {allowed}, got {supplied!r}"
    shown = row.name.upper() if row.name == verb.first else row.flag
    return f"{shown}{dot and ' '}{below}: expected {allowed}, got {supplied!r}"


def typed(name: str, value: str) -> str:
    """A field of the request that a sentence names, with its value, as it is typed."""
    return f"--{name.replace('_', '-')} {value}".rstrip()


def _faults(error: BaseException) -> list[dict[str, Any]]:
    """The faults an error carries, as plain values."""
    if isinstance(error, SpecError):
        return [
            {"field": path, "expected": with_fields(allowed, typed), "got": str(supplied)}
            for path, allowed, supplied in error.faults
        ]
    if isinstance(error, DataError):
        plain = [msgspec.to_builtins(fault) for fault in error.faults]
        return [fault | {name: with_fields(fault[name], typed) for name in SENTENCES} for fault in plain]
    return []


def _complain(message: str) -> None:
    with contextlib.suppress(OSError):  # no one reads a closed standard error
        typer.secho(message, err=True, fg=typer.colors.RED)


def _leave_pipe() -> None:
    """No one reads any more: keep the interpreter from complaining about it while it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _watched(*, quiet: bool, steps: bool = False) -> Generator[Progress]:
    """Progress on standard error: a moving bar on a terminal, nothing where no one watches; a line a step if asked."""
    if steps and not quiet:
        yield _steps()
        return
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person watches
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("starting", total=None)

        def tell(stage: str, done: int, total: int) -> None:
            bars.update(task, description=stage, completed=done, total=total or None)

        yield tell


def _steps() -> Progress:
    """One line on standard error for each new step."""
    last = ""

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal last
        del done, total
        if stage != last:
            last = stage
            sys.stderr.write(f"{stage}\n")

    return tell


def _print_json(summary: dict[str, Any], tables: dict[str, pl.DataFrame]) -> None:
    """One JSON object: the summary's fields, then each table as a list of rows, written piece by piece."""
    out = sys.stdout
    out.write(msgspec.json.encode(summary).decode()[:-1])
    for count, (name, frame) in enumerate(tables.items()):
        out.write(("," if summary or count else "") + f"\n{msgspec.json.encode(name).decode()}:[")
        for start in range(0, frame.height, 10_000):
            rows = msgspec.json.encode(_worded(frame.slice(start, 10_000)).to_dicts()).decode()
            out.write(("," if start else "") + rows[1:-1])
        out.write("]")
    out.write("}\n")


def _worded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with fields that its sentences name written as they are typed."""
    for name in SENTENCES:
        if name in frame.columns:
            texts = {text: with_fields(text, typed) for text in frame[name].unique()}
            frame = frame.with_columns(frame[name].replace(texts))
    return frame


def _show(answer: Answer, shown: dict[str, tuple[str, ...]]) -> None:
    """Tables that the command prints, then what a person wants to read, where the result is last."""
    for name, columns in shown.items():
        if name in answer.tables and answer.tables[name].height:
            frame = answer.tables[name]
            once = frame.select(columns).unique(maintain_order=True) if columns else frame
            _print_table(name.replace("_", " ").capitalize(), once)
    for sentence in answer.sentences:
        typer.echo(with_fields(sentence, typed))


def _print_table(title: str, frame: pl.DataFrame) -> None:
    """The first rows of a table, without columns that are empty throughout."""
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
    return f"{value:,.3g}" if isinstance(value, float) else with_fields(str(value), typed)
