"""Progress of long work: the core calls a small function, the doors decide how it looks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Called with what is being done and how far it is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of `stage` are finished (total 0: unknown)."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """Progress that no one watches."""
    del stage, done, total
