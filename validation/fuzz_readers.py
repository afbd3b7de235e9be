"""Broken files at the reader: `python -m validation.fuzz_readers [cases] [first]`.

Each case must be read or refused with an AlsightError within its time; anything else is printed with the number that
makes the case again (`tests/read/mutations.py`). Cases run in a process of their own, so that one
that kills it is seen.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

SECONDS = 60
"""Longest time for one case."""


MEMORY = 8 << 30
"""Most memory for the process [byte]; a case that wants more fails there and not on its neighbours."""


class Late(BaseException):
    """A case took too long."""


def outcome(number: int) -> str:
    """How the reader dealt with one case."""
    from alsight.base.errors import AlsightError
    from alsight.cohort.read.source import Source, read
    from read.mutations import broken

    def late(*_: object) -> None:
        raise Late

    signal.signal(signal.SIGALRM, late)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = broken(number, Path(folder))
        warnings.simplefilter("error")
        signal.alarm(SECONDS)
        try:
            cohort = read(Source(path=str(path)))
            return "read" if cohort.rejected.height > 0 else "CRASH read without a word"
        except AlsightError as error:
            return "refused" if str(error).strip() else "CRASH refusal without a word"
        except Late:
            return "HUNG"
        except BaseException as error:  # noqa: BLE001 - every other end is a find
            return f"CRASH {type(error).__name__}: {str(error).splitlines()[0][:150] if str(error) else ''}"
        finally:
            signal.alarm(0)


def _work(numbers: range, pipe) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for number in numbers:
        pipe.send((number, None))
        pipe.send((number, outcome(number)))
    pipe.send(None)


def main() -> None:
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    at, end = first, first + cases
    while at < end:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        worker = multiprocessing.get_context("spawn").Process(
            target=_work, args=(range(at, min(end, at + 500)), theirs)
        )
        worker.start()
        theirs.close()
        current = at
        try:
            while (message := ours.recv()) is not None:
                current, found = message
                if found is not None:
                    counts[found.split(" ")[0]] += 1
                    at = current + 1
                    if found not in ("read", "refused"):
                        print(f"case {current}: {found}", flush=True)
        except EOFError:
            counts["KILLED"] += 1
            print(f"case {current}: KILLED the process (exit {worker.exitcode})", flush=True)
            at = current + 1
        worker.join()
        spent = time.perf_counter() - started
        print(f"{at - first:,} of {cases:,} in {spent:,.0f} s: {dict(counts)}", flush=True)


if __name__ == "__main__":
    main()
