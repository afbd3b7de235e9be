"""Broken files: each is read or refused with a message; none crashes, hangs or passes without a word.

`python -m validation.fuzz_readers` runs many more of them, each in a process of its own.
"""

from __future__ import annotations

import pytest

from alsight.base.errors import AlsightError
from alsight.cohort.read.source import Source, read
from read.mutations import broken


def _outcome(number: int, folder) -> str:
    path = broken(number, folder)
    try:
        cohort = read(Source(path=str(path)))
    except AlsightError as error:
        return "refused" if str(error).strip() else "refused without a word"
    assert cohort.rejected.height > 0
    assert not cohort.visits["subject"].null_count()
    return "read"


@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl")
@pytest.mark.parametrize("start", range(0, 120, 20))
def test_broken_files(tmp_path, start) -> None:
    outcomes = set()
    for number in range(50_000 + start, 50_020 + start):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcomes.add(_outcome(number, folder))
    assert outcomes <= {"read", "refused"}
