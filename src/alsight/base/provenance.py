"""Where a table came from: program, version, input digests, request. Nothing in it tells who the user is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """How a result was made.

    Attributes:
        program: "alsight" and its version.
        verb: what was asked ("assess").
        request: the spec as plain values.
        inputs: file name to SHA-256 of its bytes.
        seed: root of every random stream used, None when nothing was drawn.
    """

    program: str
    verb: str
    request: dict[str, Any]
    inputs: dict[str, str]
    seed: int | None = None


def program() -> str:
    """Name and version of this program, as printed in every report."""
    try:
        return f"alsight {version('alsight')}"
    except PackageNotFoundError:  # a source tree that was never installed
        return "alsight (not installed)"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def provenance(
    verb: str, request: Mapping[str, Any], inputs: Iterable[Path] = (), seed: int | None = None
) -> Provenance:
    """The record that travels with a result; folders are digested file by file, in name order."""
    files: list[tuple[str, Path]] = []
    for path in inputs:
        if path.is_dir():
            files += [(str(inner.relative_to(path)), inner) for inner in sorted(path.rglob("*")) if inner.is_file()]
        elif path.is_file():
            files.append((path.name, path))
    digests = {name: file_digest(index) for name, index in files}
    return Provenance(program=program(), verb=verb, request=dict(request), inputs=digests, seed=seed)
