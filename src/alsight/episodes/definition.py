"""What one definition of plateau, reversal or responder is, spelled out so that a program can count it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alsight.base.sources import SourceKey
from alsight.instruments.items import Scale

Kind = Literal["plateau", "reversal", "responder"]
Method = Literal[
    "epoch_visit",
    "epoch_slope",
    "epoch_floor",
    "pair_apart",
    "pair_about",
    "run_flat",
    "run_floor",
    "rising_slope",
    "held_gain",
    "slope_change",
]

OWN = SourceKey("alsight")
"""Source of a definition that is this project's own, or that is in circulation without a readable source."""


@dataclass(frozen=True)
class Published:
    """A published frequency under a definition.

    Attributes:
        text: the frequency as printed.
        people: whom it was counted in.
        found: people who met it, None where only a bound was printed.
        eligible: people it was counted among, None where not printed.
        bound: upper bound of the rate where only that was printed.
    """

    text: str
    people: str
    found: int | None = None
    eligible: int | None = None
    bound: float | None = None


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One definition with its estimand.

    Attributes:
        name: stable name, used in every table.
        kind: plateau, reversal or responder.
        source: key of the reference whose definition this is or tries to be.
        wording: the source's rule in our words.
        method: array program that finds it, a key of METHODS.
        months: length of the epoch, or the least length of a spell [months].
        timing: "fixed" when the epoch starts at the first visit, "ever" when it may start at any visit.
        points: least change that counts [points]; for a run of equal scores the range allowed; for responder rules the
            least gain in slope [points per month, or a share of the earlier slope].
        strict: whether the change must exceed `points`, not only reach it.
        reference: what a held gain is measured from: the lowest "any" earlier visit, or the "first" visit.
        window_days: how far a visit may lie from where it should be, or by how much a spell may fall short [days].
        least_visits: fewest visits that a spell must hold.
        sustained: what must hold between the ends.
        eligible: who is in the denominator.
        deaths: how people who died or had a tracheostomy are counted.
        dropouts: how people who left are counted.
        scales: scales counted; a subject counts on one only, the one they were rated on more often.
        deaths_decline: whether those who died before the epoch's end count as not meeting the rule.
        stop_at_tracheostomy: whether visits from a tracheostomy on are excluded.
        lead_in_months: time before the change of slope [months], for responder rules.
        lead_in_loss: least loss over the lead-in [points]; None for no such rule.
        relative: whether `points` is a share of the earlier slope.
        assumed: what the source did not let us read, and what was taken instead; empty when nothing.
        published: frequency printed by the source, None where there is none.
    """

    name: str
    kind: Kind
    source: SourceKey
    wording: str
    method: Method
    months: float
    timing: Literal["fixed", "ever"]
    points: float
    window_days: float
    sustained: str
    eligible: str
    deaths: str
    dropouts: str
    strict: bool = False
    reference: Literal["any", "first"] = "any"
    least_visits: int = 2
    scales: tuple[Scale, ...] = ("alsfrs_r",)
    deaths_decline: bool = False
    stop_at_tracheostomy: bool = False
    lead_in_months: float = 0.0
    lead_in_loss: float | None = None
    relative: bool = False
    assumed: str = ""
    published: Published | None = None
