"""Calls into the engines that read workbooks and Parquet: whatever they throw becomes a refusal with a reason."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from alsight.base.errors import DataError
from alsight.cohort.files.sheet import refuse

Result = TypeVar("Result")


def guarded(call: Callable[[], Result], source: str, rule: str, what: str, how_to_fix: str) -> Result:
    """What a call gives.

    Raises:
        DataError: whatever the engine throws, its own panics too, which derive from BaseException alone.
    """
    try:
        with _quiet():
            return call()
    except (KeyboardInterrupt, SystemExit, GeneratorExit, DataError):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of the engine derives from nothing else
        reason = (str(error).strip().splitlines() or ["damaged"])[0][:200]
        raise refuse(source, rule, f"{what} cannot be read ({reason}).", how_to_fix) from None


@contextmanager
def _quiet() -> Generator[None]:
    """Keep an engine that panics from printing where it was: the user gets the refusal instead."""
    try:
        accepted = os.dup(2)
    except OSError:  # no such stream to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(accepted, 2)
        os.close(accepted)
        os.close(nowhere)
