"""What a verdict asks for: every threshold in one frozen Spec, printed in every report."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from alsight.base.spec import Spec
from alsight.models.velocity import Recovery

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Points = Annotated[float, msgspec.Meta(ge=0)]
Months = Annotated[float, msgspec.Meta(gt=0)]


class Thresholds(Spec, frozen=True, kw_only=True):
    """When a verdict is given. Where no source is named the number is alsight's own and assumed.

    Attributes:
        loss: posterior of a true loss from which somebody is progressing.
        loss_points: a true loss of at least this [points].
        false: largest local false discovery rate of a gain that is called.
        none: a true held gain below this counts as none [points].
        gain: size that the median of a called gain reaches [points]; source bedlack2016.
        hold: how long a gain must be held to be a reversal [months].
        remission: how long to be remission-like [months]; source bedlack2016.
        documented: points lost before a gain that counts as documented loss.
        given_back: share of a held gain that is lost again in a lost gain.
        doubt: share of flat stretches and gains in which the model is taken to be wrong without showing it; by so much
            their posteriors are lessened before they are told. Chosen on the generators of the bench, where without it
            posteriors above 0.9 came true too seldom.
        plateau: posterior of a flat stretch, lessened by the doubt, from which it is called.
        flat: a loss below this counts as flat [points].
        flat_months: shortest plateau [months].
        prolonged: share of comparable people in whom natural history shows so long a plateau, at most.
        floor: lowest posterior mean that can be judged [points].
        ceiling: highest one [points].
        visits: fewest visits.
        plateau_visits: fewest visits in a plateau.
        months: shortest follow-up [months].
        cohort: fewest people from whom noise and the frequency of recovery are estimated.
    """

    loss: Share = 0.95
    loss_points: Points = 1.0
    false: Share = 0.05
    none: Points = 1.0
    gain: Points = 4.0
    hold: Months = 6.0
    remission: Months = 12.0
    documented: Points = 2.0
    given_back: Share = 0.5
    doubt: Share = 0.08
    plateau: Share = 0.8
    flat: Points = 1.0
    flat_months: Months = 12.0
    prolonged: Share = 0.01
    floor: Points = 4.0
    ceiling: Points = 46.0
    visits: Annotated[int, msgspec.Meta(ge=3)] = 3
    plateau_visits: Annotated[int, msgspec.Meta(ge=3)] = 5
    months: Months = 6.0
    cohort: Annotated[int, msgspec.Meta(ge=2)] = 50


RECOVERY: Final = Recovery(
    prior=0.005, median=6.0, log_sd=0.5, rise=3.0, every=3.0, held=(0.0, 14.0), held_log_sd=0.4, factor=0.0
)
"""Law of a recovery. That fewer than 1 % show four points held for a year is published (bedlack2016); half of that is
the prior probability, and the rest is assumed."""
PEOPLE_BEHIND: Final = 100.0
"""How many people the prior probability counts for when a cohort's own frequency is estimated; assumed. One striking
person among 50 does not make recovery common."""
MOST: Final = 0.1
"""Highest frequency of recovery that a cohort's own people can bring about."""

VERDICTS: Final[dict[str, str]] = {
    "remission-like": "held gain of at least 4 points for 12 months or more, after documented loss",
    "reversal": "held gain of at least 4 points for 6 to 12 months",
    "lost gain": "a gain that was held and then lost",
    "artefact": "the rise comes from an item, an outlying visit, or a change of rater, mode or scale",
    "symptomatic gain": "the rise sits in items that a recorded treatment improves",
    "rebound after a dip": "recovery to the level before a transient fall",
    "rise, not yet confirmed": "true gain likely, held under 6 months",
    "prolonged plateau": "longer than 99 % of the reference natural history would show for such a person",
    "plateau": "true loss near zero over the window; usual in natural history",
    "apparent plateau": "raw scores did not fall; noise explains it",
    "progressing": "true loss, posterior of 95 % or more",
    "cannot tell": "too little follow-up, too few visits, or scores at floor or ceiling",
}
"""The verdicts, the most striking first, with what each means."""
REVIEWED: Final = frozenset({"remission-like", "reversal", "lost gain"})
"""Verdicts that always trigger a second look at the diagnosis."""
