"""The policy of a report: who may read it, and therefore which counts, names and values are printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from alsight.report.disclosure.nodes import Disclosure, collected
from alsight.report.disclosure.suppress import suppressed

SMALL_REPORT: Final = 20
"""People in a cohort below whom hiding counts cannot make a report anonymous: a table of four groups then has a count
under 5, whatever its numbers."""


@dataclass(frozen=True)
class Policy:
    """What the reader of a report may see.

    Attributes:
        identified: whether the report stays with those who hold the data: names, and every count.
    """

    identified: bool = False

    def decide(self, size: int | None, *values: Any) -> Disclosure:
        """What is printed, decided once for everything that is written.

        Args:
            size: people in the cohort; None for a report about no cohort.
            values: the page and the tables beside it, with their counts and breakdowns.
        """
        if self.identified:
            return Disclosure("identified", {})
        if size is not None and size < SMALL_REPORT:
            return Disclosure("not anonymous", {})
        return Disclosure("sent", suppressed(*collected(values)))
