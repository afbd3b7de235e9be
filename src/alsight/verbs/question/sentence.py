"""The sentences that `expect` understands: "3 of 10 stable for 12 months", and run-in rules. Small and strict."""

from __future__ import annotations

import re
from typing import Any, Final

from alsight.detect.expect.outcomes import PLAIN
from alsight.detect.expect.people import RunIn

Faults = list[tuple[str, str, object]]

EXAMPLE: Final = '"3 of 10 stable for 12 months"'
SHAPE: Final = (
    '"K of N OUTCOME for T months", such as "3 of 10 stable for 12 months", "25 % of 40 stable at 6 months", '
    '"1 of 50 improved by 4 points for 12 months" or "8 of 30 responders by msc_ntf_1_25"'
)
"""What may be written."""
RUN_INS: Final = (
    '"stable for 3 months", "lost at most 2 in 3 months", "lost at least 3 in 3 months" or "lost 1 to 4 in 3 months"'
)
"""What may be written of a run-in."""
LONGEST_RUN_IN: Final = 24.0
"""Months that a run-in may last."""

_NUMBER: Final = r"\d+(?:\.\d+)?"
_COUNT: Final = re.compile(
    rf"(?P<found>{_NUMBER})(?P<percent>\s*(?:%|percent))? (?:out )?of (?P<of>{_NUMBER})"
    r"(?: (?:people|patients|persons|participants))?(?: (?:were|are|was|is|have|had|who))?\b ?"
)
_TIME: Final = re.compile(rf" ?\b(?:for|at|over|after) (?P<time>{_NUMBER}) ?(?P<unit>months?|years?)$")
_WITHIN: Final = re.compile(rf"(?P<word>stable within|improved by) (?P<points>{_NUMBER}) points?")
_RULE: Final = re.compile(r"(?:responders by |responded by |meeting |met )(?P<name>\S+)")
_RUN_IN: Final = re.compile(
    rf"(?:(?P<stable>stable for)|lost (?:at most (?P<most>{_NUMBER})|at least (?P<least>{_NUMBER})|"
    rf"(?P<low>{_NUMBER}) to (?P<high>{_NUMBER}))(?: points?)? (?:in|over)) (?P<months>{_NUMBER}) months?"
)


def parsed(sentence: str) -> tuple[dict[str, Any], Faults]:
    """The parts of a sentence by the name of their option, and everything in it that was not understood.

    A share in percent is turned into the whole number of people that it is; a share that no whole number of them can
    have been rounded to is a fault.
    """
    text = " ".join(sentence.strip().rstrip(".").lower().split())
    parts: dict[str, Any] = {}
    faults: Faults = []
    head = _COUNT.match(text)
    if head is None:
        faults.append(("sentence", f'a count first, as in "3 of 10": {SHAPE}', sentence))
    else:
        counts, wrong = _counts(head)
        parts |= counts
        faults += wrong
        text = text[head.end() :]
    time = _TIME.search(text)
    if time is not None:
        parts["months"] = float(time["time"]) * (12.0 if time["unit"].startswith("year") else 1.0)
        text = text[: time.start()]
    text = text.strip()
    within, rule = _WITHIN.fullmatch(text), _RULE.fullmatch(text)
    if within is not None:
        parts |= {"outcome": within["word"].split()[0], "points": float(within["points"])}
    elif rule is not None:
        parts["outcome"] = rule["name"]
    elif text and " " not in text:
        parts["outcome"] = text
    elif head is not None:
        known = f"{', '.join(PLAIN)}, or the name of a definition: {SHAPE}"
        faults.append(("sentence", known, text or "nothing after the count"))
    return parts, faults


def _counts(head: re.Match[str]) -> tuple[dict[str, Any], Faults]:
    """The numbers k and n at the start of a sentence."""
    size, share = float(head["of"]), float(head["found"])
    if size != int(size) or size < 1:
        return {}, [("sentence", "a whole number of people, at least 1", head["of"])]
    of = int(size)
    if head["percent"] is None:
        if share != int(share):
            return {"of": of}, [("sentence", "a whole number of people, or a share such as 25 %", head["found"])]
        return {"found": int(share), "of": of}, []
    digits = len(head["found"].partition(".")[2])
    found = round(share / 100.0 * of)
    if abs(100.0 * found / of - share) > 0.5 * 10.0**-digits + 1e-9:
        allowed = (
            f"a share that some whole number of {of} people can be ({found} of {of} is {100.0 * found / of:.3g} %)"
        )
        return {"of": of}, [("sentence", allowed, head[0].strip())]
    return {"found": found, "of": of}, []


def run_in_of(text: str) -> tuple[RunIn | None, Faults]:
    """The run-in rule of a text; None for an empty one.

    Stable means that the total did not fall from screening to entry.
    """
    plain = " ".join(text.strip().rstrip(".").lower().split())
    if not plain:
        return None, []
    match = _RUN_IN.fullmatch(plain)
    if match is None:
        return None, [("run_in", RUN_INS, text)]
    months = float(match["months"])
    if not 0.0 < months <= LONGEST_RUN_IN:
        return None, [("run_in", f"above 0 and at most {LONGEST_RUN_IN:g} months", text)]
    if match["stable"]:
        return RunIn(months, None, 0.0), []
    low, high = match["least"] or match["low"], match["most"] or match["high"]
    rule = RunIn(months, None if low is None else float(low), None if high is None else float(high))
    if rule.loss_min is not None and rule.loss_max is not None and rule.loss_min > rule.loss_max:
        return None, [("run_in", "the smaller loss first", text)]
    return rule, []
