"""Compiled kernels: their options, the digest that keeps their cache true, and loops over threads."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar
from zlib import crc32

Made = TypeVar("Made")

STRICT: Final[Any] = {"fastmath": {"contract", "nsz"}, "error_model": "numpy"}
"""Compiler options: no reordering of sums, so that results depend on nothing but the inputs."""

_BASE: Final = Path(__file__).parents[1]


def sources_digest(*places: Path) -> int:
    """A number that changes with any source file of some kernels, for the cache of compiled programs.

    Streams and numerics, which every kernel is compiled with, always count.

    Args:
        places: files, and folders whose Python files count, those of folders within too.
    """
    files = [*sorted(_BASE.glob("streams*.py")), *sorted(Path(__file__).parent.glob("*.py"))]
    for location in places:
        files += sorted(location.rglob("*.py")) if location.is_dir() else [location]
    return crc32(b"".join(file.read_bytes() for file in files))


def ahead(task: Callable[[int], Made], workers: int) -> Generator[Made, None, None]:
    """Results of a task for 0, 1, 2 ... in order, as many at work ahead as there are workers; ends with its reader.

    Args:
        task: what is done for each number.
        workers: threads.
    """
    waiting: list[Future[Made]] = []
    numbers = count()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            while True:
                while len(waiting) < workers:
                    waiting.append(pool.submit(task, next(numbers)))
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()


def on_threads(task: Callable[[int], Made], numbers: Iterable[int], workers: int) -> list[Made]:
    """Results of a task for each of some numbers, in their order.

    Args:
        task: what is done for each number.
        numbers: the numbers.
        workers: threads.
    """
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(task, numbers))
