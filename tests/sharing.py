"""Verdicts of one cohort under the same thresholds are computed once a session, for all tests and workers."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from alsight.cohort.cohort import Cohort
from alsight.detect.verdicts import Verdicts, verdicts


def _digest(cohort: Cohort, options: dict[str, Any]) -> str:
    whole = hashlib.sha256(repr(sorted(options.items())).encode())
    for name, frame in cohort.frames().items():
        whole.update(name.encode())
        whole.update(pickle.dumps(frame.to_arrow().to_pydict()))
    return whole.hexdigest()


def shared(folder: Path) -> Callable[..., Verdicts]:
    """`verdicts`, with its results kept in a folder.

    The people's tables and every option but the progress are the key. Two workers that begin at the same moment both
    compute; the later one replaces the earlier file by an equal one.

    Args:
        folder: where results are kept during one session.
    """

    def kept(cohort: Cohort, thresholds: Any = None, *, progress: Any = None, **options: Any) -> Verdicts:
        file = folder / f"{_digest(cohort, options | {'thresholds': thresholds})}.pickle"
        if not file.exists():
            more = {} if progress is None else {"progress": progress}
            made = verdicts(cohort, thresholds, **options, **more)
            draft = file.with_suffix(f".{os.getpid()}")
            draft.write_bytes(pickle.dumps(made))
            draft.replace(file)
        return replace(pickle.loads(file.read_bytes()))

    return kept
