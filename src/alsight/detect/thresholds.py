"""Thresholds of the verdicts in one frozen Spec, printed in every report, and the assumed law of a recovery."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from alsight.base.errors import SpecError
from alsight.base.spec import Spec
from alsight.base.units import months_of
from alsight.models.latent.velocity import Recovery

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Points = Annotated[float, msgspec.Meta(ge=0)]
Months = Annotated[float, msgspec.Meta(gt=0)]


class Thresholds(Spec, frozen=True, kw_only=True):
    """When a verdict is given. Where no source is named the number is alsight's own and assumed.

    Attributes:
        confirmed: posterior probability of its event from which a verdict is confirmed [0-1]; of a gain, one less the
            local false discovery rate.
        probable: the same for probable [0-1].
        possible: the same for possible [0-1].
        loss_points: least true loss over a period that counts as progressing [points].
        none: a true held gain below this counts as none [points].
        gain: least median of a called gain, given that there is one [points]; source bedlack2016.
        hold: how long a gain must be held to be a reversal [months].
        remission: how long to be remission-like [months]; source bedlack2016.
        documented: points lost before a gain that count as documented loss [points].
        given_back: share of a gain that is lost again in a lost gain [0-1].
        flat: a true loss below this counts as stable [points].
        flat_months: shortest stable period [months].
        prolonged: largest share of comparable people in whom natural history shows so long a stable period [0-1].
        tolerance_days: by how much a period named in months may be shorter, as visits come early [days].
        floor: a level at or below this is not assessed [points].
        ceiling: a level at or above this is not assessed [points of the ALSFRS-R].
        visits: fewest visits, of the record and of the current state.
        months: shortest follow-up, and shortest current state [months].
        mimic: posterior probability of a mimic from which a person is listed for re-evaluation [0-1].
    """

    confirmed: Share = 0.95
    probable: Share = 0.80
    possible: Share = 0.50
    loss_points: Points = 1.0
    none: Points = 1.0
    gain: Points = 4.0
    hold: Months = 6.0
    remission: Months = 12.0
    documented: Points = 2.0
    given_back: Share = 0.5
    flat: Points = 1.0
    flat_months: Months = 12.0
    prolonged: Share = 0.01
    tolerance_days: Annotated[float, msgspec.Meta(ge=0, le=31)] = 16.0
    floor: Points = 4.0
    ceiling: Points = 46.0
    visits: Annotated[int, msgspec.Meta(ge=3)] = 3
    months: Months = 6.0
    mimic: Share = 0.2

    def __post_init__(self) -> None:
        """Refuse certainties out of order.

        Raises:
            SpecError: confirmed, probable and possible do not fall, or a gain that counts is under one that does not.
        """
        super().__post_init__()
        faults: list[tuple[str, str, object]] = []
        if not self.possible < self.probable < self.confirmed:
            faults.append(("probable", "above possible and below confirmed", self.probable))
        if self.gain < self.none:
            faults.append(("gain", f"at least none, {self.none:g}", self.gain))
        if faults:
            raise SpecError(faults)


Duration = Literal["any", "hold", "remission"]
"""How long a gain is held: at any time, for `Thresholds.hold`, for `Thresholds.remission`."""
DURATIONS: Final[tuple[Duration, ...]] = ("any", "hold", "remission")


def held_months(duration: Duration, thresholds: Thresholds) -> float:
    """How long a gain of a duration is held at least [months]."""
    months = {"any": 0.0, "hold": thresholds.hold, "remission": thresholds.remission}[duration]
    return tolerated(months, thresholds)


def tolerated(months: float, thresholds: Thresholds) -> float:
    """The shortest period that counts as so many months [months]."""
    return max(months - months_of(thresholds.tolerance_days), 0.0)


RECOVERY: Final = Recovery(
    prior=0.005, median=6.0, log_sd=0.5, rise=3.0, every=3.0, held=(0.0, 14.0), held_log_sd=0.4, factor=0.0
)
"""Law of a recovery. That fewer than 1 % show four points held for a year is published (bedlack2016); half of that is
the prior probability, and the rest is assumed."""
PEOPLE_BEHIND: Final = 100.0
"""Number of people that the prior probability counts for when the frequency in a cohort is estimated; assumed. One
striking person among 50 does not make recovery common."""
MOST: Final = 0.1
"""Highest frequency of recovery that can be estimated from a cohort; assumed."""
