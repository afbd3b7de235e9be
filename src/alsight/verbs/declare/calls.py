"""The door of Python: a typed function a verb, its arguments made into the request, its faults named as arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from alsight.base.answer import Answer
from alsight.base.errors import SpecError
from alsight.base.progress import Progress
from alsight.base.spec import Spec, build
from alsight.cohort.cohort import Cohort
from alsight.verbs.declare.options import options
from alsight.verbs.declare.table import VERBS

Function = TypeVar("Function", bound=Callable[..., Answer])


def documented(spec: type[Spec]) -> Callable[[Function], Function]:
    """Adds to a verb's docstring what each of its arguments is, as the Spec documents it.

    Args:
        spec: the class of the request whose fields are the function's arguments.
    """

    def add(function: Function) -> Function:
        lines = [f"        {option.name}: {option.description}{_allowed(option.allowed)}." for option in options(spec)]
        lines.append("        progress: Called with how far long work is.")
        function.__doc__ = f"{function.__doc__}\n\n    Args:\n" + "\n".join(lines)
        return function

    return add


def _allowed(words: str) -> str:
    return f" ({words})" if words else ""


def answered(name: str, arguments: dict[str, Any]) -> Answer:
    """Answer a call of a verb's public function.

    Args:
        name: a key of VERBS.
        arguments: every argument of the call by name: the fields of the Spec, and `progress`. The first one may be a
            Cohort in place of a path.

    Raises:
        SpecError: the request makes no sense; every fault at once, each named as the argument it is.
        DataError: the input cannot be used at all.
        RunError: the result could not be written.
    """
    verb = VERBS[name]
    fields = {key: str(value) if isinstance(value, Path) else value for key, value in arguments.items()}
    del fields["progress"]
    progress: Progress = arguments["progress"]
    first = fields.pop(verb.first)
    cohort = first if isinstance(first, Cohort) else None
    if cohort is None and first is not None:
        fields[verb.first] = first
    try:
        spec = build(verb.spec, fields)
        return verb.run(spec, progress) if cohort is None else verb.run(spec, progress, cohort)
    except SpecError as error:
        raise SpecError(error.faults, as_argument) from error.__cause__


def as_argument(path: str, allowed: str, supplied: Any) -> str:
    """One fault as Python names it: the argument with what was given, then what is allowed."""
    return f"{path}={supplied!r}: expected {allowed}"
