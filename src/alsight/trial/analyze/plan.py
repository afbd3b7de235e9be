"""The plan of an analysis: arms, visits, endpoint, analyses, and which is primary."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from alsight.base.spec import Spec

Positive = Annotated[float, msgspec.Meta(gt=0)]


class AnalysisPlan(Spec, frozen=True, kw_only=True):
    """What is compared, and how.

    Attributes:
        control: arm that the others are compared with; empty for an arm named placebo or control.
        arms: arms that are compared with it; all others by default.
        outcome: total that is analyzed.
        visits_months: planned visits after baseline [months]; found from the data where empty.
        window_days: days around a planned visit that count for it; half of the shortest gap where null.
        horizon_months: end of the comparison; the last planned visit where null.
        endpoint: composite of survival, a row of ENDPOINTS.
        covariates: columns of the people's table that models adjust for, on top of the score at baseline.
        analyses: names of ANALYSES; all by default.
        primary: the analysis that decides; named before the data are seen.
        responder: a row of DEFINITIONS for the analysis `responder`.
        threshold_points: smallest difference of changes that counts as a win [points].
        degrees: how small samples are treated by the mixed models.
        level: coverage of intervals [0-1].
        seed: of the random allocations of permutation tests.
    """

    control: str = ""
    arms: tuple[str, ...] = ()
    outcome: Literal["alsfrs_r_total", "alsfrs_total"] = "alsfrs_r_total"
    visits_months: tuple[Positive, ...] = ()
    window_days: Positive | None = None
    horizon_months: Positive | None = None
    endpoint: str = "death_or_permanent_ventilation"
    covariates: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    primary: str = "slope"
    responder: str = "alsight_gain_4_6"
    threshold_points: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    degrees: Literal["kenward_roger", "satterthwaite", "normal"] = "kenward_roger"
    level: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.95
    seed: int = 20260101
