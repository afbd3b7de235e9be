"""One file for what an engine found: arrays, and everything else as JSON beside them (no pickle)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, cast

import numpy as np

from alsight.base.errors import DataError, Fault


def write_store(path: Path | str, plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> Path:
    """Write arrays and plain values as one `.npz` file.

    Args:
        path: where.
        plain: what JSON can hold; "format" is its version.
        arrays: by name.
    """
    location = Path(path)
    reported = {"plain": np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays, **reported)
    location.write_bytes(buffer.getvalue())
    return location


def read_store(
    path: Path | str, newest: int, called: str, how_to_fix: str, needed: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Plain values and arrays that `write_store` wrote.

    Args:
        path: the file.
        newest: highest format that is understood.
        called: what the file should hold, "fit".
        how_to_fix: what to do where it does not.
        needed: arrays that must be there.

    Raises:
        DataError: the file is none such, or a newer program wrote it.
    """
    try:
        with np.load(Path(path), allow_pickle=False) as store:
            plain = cast("dict[str, Any]", json.loads(store["plain"].tobytes()))
            arrays = {name: store[name] for name in {*store.files, *needed} - {"plain"}}
    except (OSError, KeyError, ValueError) as error:
        raise _none_such(path, called, str(error), how_to_fix) from error
    if plain["format"] > newest:
        why = f"it has format {plain['format']}, this program reads up to {newest}"
        raise _none_such(path, called, why, how_to_fix)
    return plain, arrays


def _none_such(path: Path | str, called: str, why: str, how_to_fix: str) -> DataError:
    name = Path(path).name
    message = f"{name} is no saved {called} that can be read: {why}."
    return DataError([Fault(table="file", rule=f"no_{called}", source=name, message=message, how_to_fix=how_to_fix)])
