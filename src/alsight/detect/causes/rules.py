"""Thresholds of every rule that explains a rise, in one printed request."""

from __future__ import annotations

from typing import Annotated

import msgspec

from alsight.base.spec import Spec
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

Points = Annotated[float, msgspec.Meta(ge=0.5, le=ALSFRS_R_BEST)]
Errors = Annotated[float, msgspec.Meta(ge=0.5, le=20.0)]
Days = Annotated[int, msgspec.Meta(ge=0, le=3650)]
Share = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


class CauseRules(Spec, frozen=True, kw_only=True):
    """When a rise counts as explained; what has no source was chosen by `benchmarks/causes.py`.

    Attributes:
        noise_sd: SD of one rating about the person's course [points]; SD 7 between people and a reliability of 0.95
            (kaufmann2007) give 7 sqrt(1 - 0.95).
        noise_visits: how many own visits that SD weighs as much as (assumed).
        noise_days: time in which the noise of a rating is forgotten (assumed; the mechanism carries 0.57 over a month).
        slope_mean, slope_sd: prior of the slope on one side of a visit [points per month] (alstracker).
        neighbors: visits on each side that make a smoothed level (assumed).
        neighbor_days: how far such a visit may lie from the nearest one (assumed).
        item_points: least rise of item 5 or 12 that is named [points] (one grade).
        change_points, change_errors: least jump at a change of mode, responder or rater [points], [standard errors]
            (assumed).
        change_sudden: least share of the jump that the two visits beside it must show (assumed).
        outlier_points, outlier_errors: least departure of one visit from both sides (assumed).
        outlier_alone: least share of that departure by which it stands off from the very visits beside it (assumed).
        slip_points: how near the corrected total must lie to the neighbors' level [points] (assumed).
        slip_edge_points: least departure of a first or last visit that a slip of digits may explain, half of what is
            asked where that visit makes a loss [points] (assumed).
        relief_points: least net rise of a treatment's items that is named [points] (one grade).
        relief_share: least share of the rise of the whole score that sits in these items (assumed).
        relief_days: within how many days of the start that rise must be seen (assumed: two visits 3 months apart).
        before_days: how old the last rating before a treatment may be (assumed).
        carry_over_days: how long relief outlasts the treatment (assumed).
        dip_points, dip_errors: least depth of a dip without a record (assumed).
        dip_recorded_points, dip_recorded_errors: the same where an illness is recorded (assumed).
        dip_days: longest time from the last visit before a dip to the first one after it (assumed).
        dip_brief_days: the same without a record (assumed).
        dip_before: least number of visits before a dip without a record (assumed).
        dip_gap_days: longest gap between visits for a fall to be called sudden (assumed).
        dip_return: least share that the fall and the return must be of each other (assumed).
        dip_sudden: least share of the depth that the first visit of the dip must show, unless recorded (assumed).
        illness_lag_days: how far the recorded start of an illness may lie outside the gap of the fall (assumed).

    Source: kaufmann2007, alstracker
    """

    noise_sd: Annotated[float, msgspec.Meta(ge=0.2, le=10.0)] = 1.57
    noise_visits: Annotated[float, msgspec.Meta(gt=0.0, le=1000.0)] = 10.0
    noise_days: Annotated[float, msgspec.Meta(gt=0.0, le=1000.0)] = 55.0
    slope_mean: Annotated[float, msgspec.Meta(ge=-10.0, le=0.0)] = -0.91
    slope_sd: Annotated[float, msgspec.Meta(gt=0.0, le=10.0)] = 0.66
    neighbors: Annotated[int, msgspec.Meta(ge=1, le=12)] = 3
    neighbor_days: Days = 200
    item_points: Points = 1.0
    change_points: Points = 2.5
    change_errors: Errors = 1.7
    change_sudden: Share = 0.4
    outlier_points: Points = 5.0
    outlier_errors: Errors = 2.2
    outlier_alone: Share = 0.5
    slip_points: Points = 2.5
    slip_edge_points: Points = 8.0
    relief_points: Points = 1.0
    relief_share: Share = 0.5
    relief_days: Days = 200
    before_days: Days = 200
    carry_over_days: Days = 30
    dip_points: Points = 3.5
    dip_errors: Errors = 2.2
    dip_recorded_points: Points = 1.0
    dip_recorded_errors: Errors = 1.0
    dip_days: Days = 370
    dip_brief_days: Days = 330
    dip_before: Annotated[int, msgspec.Meta(ge=1, le=12)] = 2
    dip_gap_days: Days = 200
    dip_return: Share = 0.45
    dip_sudden: Share = 0.9
    illness_lag_days: Days = 14


DEFAULT: CauseRules = CauseRules()
"""The thresholds used unless others are asked for."""
