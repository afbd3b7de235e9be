"""The command of the makers: `python -m alsight.make NAME` writes the shipped files of one maker anew.

Without `--folder` the files are written where the package reads them. The options are the keywords of the maker.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from alsight.make.courses import make_courses
from alsight.make.ensemble import make_ensemble
from alsight.make.example.generate import make_example
from alsight.make.forecast import make_forecast
from alsight.make.model_counts import make_model_counts
from alsight.make.natural_history import make_natural_history
from alsight.make.reference import make_reference
from alsight.make.targets import make_targets

MAKERS: Final[Mapping[str, Callable[..., list[Path]]]] = {
    "example": make_example,
    "ensemble": make_ensemble,
    "reference": make_reference,
    "targets": make_targets,
    "courses": make_courses,
    "natural_history": make_natural_history,
    "model_counts": make_model_counts,
    "forecast": make_forecast,
}
"""Name of a maker to its function, each before those that read what it makes."""


def parser() -> argparse.ArgumentParser:
    """One subcommand a maker, its options read from the keywords of its function."""
    whole = argparse.ArgumentParser(prog="python -m alsight.make", description="Make shipped data anew.")
    commands = whole.add_subparsers(dest="name", required=True)
    for name, function in MAKERS.items():
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        one = commands.add_parser(name, help=summary, description=summary)
        for option, row in inspect.signature(function).parameters.items():
            if option == "folder":
                one.add_argument("--folder", type=Path, default=row.default, help="where to write (default: shipped)")
            elif isinstance(row.default, bool):
                one.add_argument(f"--{option}", action="store_true")
            else:
                one.add_argument(f"--{option}", type=int, default=row.default, help="default: %(default)s")
    return whole


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Run one maker and list the files that it wrote."""
    asked: dict[str, Any] = vars(parser().parse_args(arguments))
    places = MAKERS[asked.pop("name")](**asked)
    sys.stdout.writelines(f"{index}\n" for index in places)
    return places


if __name__ == "__main__":
    main()
