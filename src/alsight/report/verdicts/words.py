"""Verdicts as the page shows them: their order, their colors, and numbers that speak of near certainty."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from alsight.detect.kinds import EXPLAINED, PAGES, VERDICTS, Verdict
from alsight.report.page.labels import RULES, label, source_name
from alsight.report.page.words import NONE, months, number, opening, percent

DOSSIERS: Final = PAGES
"""Verdicts that earn a page of their own."""
RISES_EXPLAINED: Final = frozenset(EXPLAINED.values())
"""Verdicts on rises that something else explains."""

_NEARLY_ALL: Final = 0.9995
_ALMOST: Final = 0.99


def tone(verdict: str) -> str:
    """The named color of a verdict: gains, plateaus, explained rises, and all else."""
    return VERDICTS[Verdict(verdict)].color


def kind(verdict: str) -> str:
    """What the window of a verdict is drawn as: plateau, reversal or, where something else explains it, responder."""
    return {"rise": "reversal", "plateau": "plateau", "other": "responder", "muted": "plateau"}[tone(verdict)]


def sure(share: float | None) -> str:
    """A posterior in percent that never reads as certain, neither way."""
    if share is None or not math.isfinite(share):
        return NONE
    if share <= 0.0:
        return "under 0.1\u00a0%"
    if share > _NEARLY_ALL:
        return "over 99.9\u00a0%"
    return f"{100.0 * share:.1f}\u00a0%" if share > _ALMOST else percent(share)


def spread(middle: float | None, low: float | None, high: float | None, digits: int = 1) -> str:
    """A number with its interval."""
    if middle is None or not math.isfinite(middle):
        return NONE
    if low is None or high is None:
        return number(middle, digits)
    return f"{number(middle, digits)} ({number(low, digits)} to {number(high, digits)})"


def sentences(value: Any) -> tuple[str, ...]:
    """Plain words that may have come as one text or as a list of them."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return ()
    parts = [value] if isinstance(value, str) else [str(part) for part in value]
    return tuple(opening(part.strip()) for part in parts if part and part.strip())


def reading_label(row: dict[str, Any]) -> str:
    """A reading of plateau or gain in words: that of its definition at this length and size, else as it is called."""
    rule = RULES.get(row.get("definition") or "")
    if rule is None:
        return opening(str(row["definition_text"]).replace("_", " "))
    asked = replace(rule, months=row["months"]) if row["kind"] == "plateau" else replace(rule, points=row["points"])
    return opening(label(asked))


def reading_family(row: dict[str, Any]) -> str:
    """The wording of a reading whatever its length or size, with its source; empty for a reading of no definition."""
    rule = RULES.get(row.get("definition") or "")
    if rule is None:
        return ""
    said = label(rule)
    if row["kind"] == "plateau":
        length = f"{rule.months:.0f} months"
        said = said.replace(f"any {length}", "a period of so many months").replace(length, "so many months")
    else:
        said = said.replace(f"{rule.points:g} points", "so many points")
    return f"{opening(said)} ({source_name(rule.source)})"


def reading_size(row: dict[str, Any]) -> str:
    """What sets a reading apart from others of its wording: its length, or the size of the gain."""
    return months(row["months"]) if row["kind"] == "plateau" else f"{number(row['points'], 0)} points"
