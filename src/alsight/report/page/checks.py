"""Remarks on the record behind an observed rise or plateau: plain facts about one period of one person.

Nothing here decides anything. Each function looks at one person's own rows and returns a sentence, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.base.units import days_of, months_of
from alsight.instruments.items import ITEMS, TWELVE
from alsight.report.page.words import joined, months, number, signed

OUTLYING: Final = 4.0
"""How far off the line through its neighbors a visit is worth a look [points]: two single ratings of a person who has
not changed differ by up to about this much (from the reliability in kaufmann2007)."""

FLOOR, CEILING = 4.0, 46.0
"""Mean totals at or beyond which a plateau cannot be assessed [points]: the scale cannot move further."""

LOOK_BACK: Final = days_of(3.0)
"""How long before a period an illness or a new treatment is still mentioned [days]; one visit interval, assumed."""

FEW_VISITS: Final = 4
"""A period that rests on fewer visits than this says so."""

EVENT_WORDS: Final = {
    "death": "death",
    "tracheostomy": "tracheostomy",
    "permanent_ventilation": "permanent ventilation",
    "niv_start": "non-invasive ventilation started",
    "niv_stop": "non-invasive ventilation stopped",
    "gastrostomy": "gastrostomy",
    "withdrawal": "withdrew",
    "lost_to_follow_up": "lost to follow-up",
    "diagnosis_revised": "diagnosis revised",
    "infection": "infection",
    "fracture": "fracture",
    "hospitalization": "in hospital",
    "mood_episode": "mood episode",
    "intercurrent_illness": "illness",
}
"""Events as a reader would say them."""

_ILLNESS: Final = ("infection", "fracture", "hospitalization", "mood_episode", "intercurrent_illness")
_LABELS: Final = {item.name: item.label.lower() for item in ITEMS} | {"q5_cutting": "cutting food (item 5)"}


@dataclass(frozen=True)
class Period:
    """One period of one person, with everything recorded about them.

    Attributes:
        kind: plateau or reversal.
        start_day: first day.
        end_day: last day.
        visits: the person's scored visits, all of them, sorted by day.
        events: the person's events.
        doses: the person's treatments.
        measures: the person's measurements.
        person: the person's row of the subjects table.
    """

    kind: str
    start_day: int
    end_day: int
    visits: pl.DataFrame
    events: pl.DataFrame
    doses: pl.DataFrame
    measures: pl.DataFrame
    person: dict[str, Any]

    @property
    def inside(self) -> pl.DataFrame:
        """Visits of the period."""
        return self.visits.filter(pl.col("day").is_between(self.start_day, self.end_day))


Check = Callable[[Period], str]


def few_visits(period: Period) -> str:
    """How few visits the period rests on."""
    size = period.inside.height
    if size >= FEW_VISITS:
        return ""
    return f"It rests on {size} {'visit' if size == 1 else 'visits'} only; another visit after three months would help."


def item_five(period: Period) -> str:
    """Whether item 5 changed from 5a to 5b, or back, inside the period."""
    columns = ("q5a_cutting_without_gastrostomy", "q5b_cutting_with_gastrostomy")
    if not set(columns) <= set(period.visits.columns):
        return ""
    both = period.inside.select(pl.col(columns).is_not_null().any()).row(0)
    if not all(both):
        return ""
    return (
        "Item 5 was rated as 5a (cutting food) and as 5b (with a gastrostomy) within this period. The two have "
        "different wording, so that the score can rise at the change without any recovery."
    )


def item_twelve(period: Period) -> str:
    """Whether item 12 rose, as it does when ventilation is given up."""
    scores = period.inside["q12_respiratory_insufficiency"].drop_nulls()
    if scores.len() < 2 or scores[-1] <= scores[0]:
        return ""
    return (
        f"Item 12 (respiratory insufficiency) went from {scores[0]:.0f} to {scores[-1]:.0f}. It rises when a person "
        "stops using ventilation, whatever the reason."
    )


def gaining_items(period: Period) -> str:
    """Which items the rise consists of."""
    if period.kind != "reversal":
        return ""
    inside = period.inside.select(item for item in TWELVE if item in period.visits.columns)
    if inside.height < 2:
        return ""
    ends = inside.select((pl.all().last() - pl.all().first()).cast(pl.Float64)).row(0, named=True)
    up = sorted(((change, name) for name, change in ends.items() if change and change > 0), reverse=True)
    down = [name for name, change in ends.items() if change and change < 0]
    if not up:
        return ""
    said = joined([f"{_LABELS[name]} ({signed(change)})" for change, name in up])
    fell = f" Meanwhile {joined([_LABELS[name] for name in down])} fell." if down else ""
    return f"From the first to the last visit of the period, the rise is in {said}.{fell}"


def way_of_rating(period: Period) -> str:
    """Whether mode, rater, respondent or scale changed inside the period."""
    words = {"mode": "way of rating", "responder": "person who answers", "rater": "rater", "scale": "scale"}
    changed = [
        word
        for column, word in words.items()
        if column in period.visits.columns and period.inside[column].drop_nulls().n_unique() > 1
    ]
    if not changed:
        return ""
    return f"The {joined(changed)} changed within this period; that alone can change the score."


def outlying_visit(period: Period) -> str:
    """The visit of the period that lies furthest off the line through its neighbors, where that is far."""
    gap = pl.col("day").shift(-1) - pl.col("day").shift(1)
    weight = (pl.col("day") - pl.col("day").shift(1)) / gap
    line = pl.col("total").shift(1) + weight * (pl.col("total").shift(-1) - pl.col("total").shift(1))
    off = period.visits.drop_nulls("total").with_columns(off=pl.col("total") - line).drop_nulls("off")
    far = off.filter(pl.col("day").is_between(period.start_day, period.end_day), pl.col("off").abs() >= OUTLYING)
    if not far.height:
        return ""
    worst = far.sort(pl.col("off").abs(), descending=True).row(0, named=True)
    side = "above" if worst["off"] > 0 else "below"
    return (
        f"The visit at {months(months_of(worst['day']))} lies {number(abs(worst['off']), 0)} points {side} the line "
        "between its neighbors. Check whether the period holds without it."
    )


def scale_end(period: Period) -> str:
    """Whether the scores are so near the end of the scale that it cannot move."""
    mean = period.inside["total"].mean()
    if not isinstance(mean, float) or FLOOR < mean < CEILING:
        return ""
    end = "top" if mean >= CEILING else "bottom"
    return f"The scores lie at the {end} of the scale (mean {number(mean)} of 48), where a plateau cannot be assessed."


def illness(period: Period) -> str:
    """Illness before or inside the period: a rise may be recovery from it."""
    near = period.events.filter(
        pl.col("event").is_in(_ILLNESS),
        pl.col("day").is_between(period.start_day - LOOK_BACK, period.end_day),
    )
    if not near.height:
        return ""
    said = joined(_dated(near, "event", EVENT_WORDS))
    return f"Recorded around it: {said}. A rise may be recovery from it; compare with the score before it."


def treatment(period: Period) -> str:
    """Treatments and devices started shortly before or inside the period."""
    window = pl.col("day").is_between(period.start_day - LOOK_BACK, period.end_day)
    devices = period.events.filter(window, pl.col("event").is_in(["niv_start", "niv_stop", "gastrostomy"]))
    started = period.doses.filter(window)
    said = _dated(devices, "event", EVENT_WORDS) + _dated(started, "treatment", {})
    if not said:
        return ""
    return f"Started or changed around it: {joined(said)}."


def diagnosis(period: Period) -> str:
    """Whether the diagnosis was revised, or a gene is known whose disease is slow or treatable."""
    revised = period.person.get("revised_diagnosis")
    if revised or period.events.filter(pl.col("event") == "diagnosis_revised").height:
        return f"The diagnosis was later revised{f' to {revised}' if revised else ''}."
    if period.person.get("genotype") == "sod1":
        return "A SOD1 variant is recorded: some progress slowly, and tofersen is a treatment for them."
    return ""


CHECKS: Final[tuple[Check, ...]] = (
    diagnosis,
    few_visits,
    gaining_items,
    item_five,
    item_twelve,
    outlying_visit,
    way_of_rating,
    scale_end,
    illness,
    treatment,
)
"""Every check, in the order in which its remark is printed."""


def checks(period: Period) -> tuple[str, ...]:
    """Every sentence that applies to a period."""
    return tuple(said for said in (check(period) for check in CHECKS) if said)


def _dated(frame: pl.DataFrame, column: str, words: dict[str, str]) -> list[str]:
    """Entries with their month."""
    return [
        f"{words.get(row[column], row[column])} at {months(months_of(row['day']))}"
        for row in frame.sort("day").unique([column, "day"], keep="first", maintain_order=True).iter_rows(named=True)
    ]
