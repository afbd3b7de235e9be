"""Folders of results: made ready, their files written whole or not at all, and plain words when that fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import polars as pl

from alsight.base.errors import RunError, SpecError, request_field

DEFAULT: Final = "alsight-report"

OUT: Final = request_field("out")
_REASONS: Final = {
    errno.ENOSPC: f"The disk is full: free some space, or choose another folder with {OUT}.",
    errno.EDQUOT: f"Your quota of the disk is used up: free some space, or choose another folder with {OUT}.",
    errno.EACCES: f"You may not write there: choose another folder with {OUT}.",
    errno.EPERM: f"You may not write there: choose another folder with {OUT}.",
    errno.EROFS: f"That disk can only be read: choose another folder with {OUT}.",
    errno.ENAMETOOLONG: f"The name is too long for this disk: choose a shorter one with {OUT}.",
}


def make_folder(out: str, source: str = "") -> Path:
    """The folder to write to, made where it does not exist, refused where writing into it cannot be meant.

    Raises:
        SpecError: a file has that name, or it is the very folder that is read.
        RunError: the folder cannot be made or written to.
    """
    location = Path(out).expanduser()
    if location.exists() and not location.is_dir():
        raise SpecError([("out", "a folder, or a name that is free", out)])
    if source and location.exists() and Path(source).exists() and location.samefile(source):
        raise SpecError([("out", "another folder than the one that is read", out)])
    with writing(location):
        location.mkdir(parents=True, exist_ok=True)
        if not os.access(location, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(location))
    return location.resolve()


@contextmanager
def writing(location: Path) -> Generator[None]:
    """Turn what can go wrong in writing into a RunError that says what to do.

    Raises:
        RunError: with the place and how to fix it.
    """
    try:
        yield
    except OSError as error:
        code = error.errno or 0
        reason = _REASONS.get(code, f"{error.strerror or error}: choose another folder with {OUT}.")
        raise RunError(f"Could not write {location}. {reason}") from error
    except pl.exceptions.PolarsError as error:
        raise RunError(f"Could not write {location}. {str(error).splitlines()[0]}") from error


def write_whole(location: Path, write: Callable[[Path], object]) -> Path:
    """Write a file under another name first, so that a broken run leaves the old file or none, never half a one.

    Raises:
        RunError: the file could not be written; nothing of it is left.
    """
    draft = location.with_name(f".{location.name}.part")
    with writing(location):
        try:
            write(draft)
            draft.replace(location)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
    return location


def write_text(location: Path, text: str) -> Path:
    """Write text as UTF-8, whole or not at all.

    Raises:
        RunError: the file could not be written.
    """
    return write_whole(location, lambda draft: draft.write_text(text, encoding="utf-8"))


def shown(location: Path) -> str:
    """A place as a person can open it: absolute."""
    return str(location.resolve())
