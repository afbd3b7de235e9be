"""DEFINITIONS: published definitions of plateau, reversal and responder, one row each, with the estimand spelled out.

Where a source's exact rule could not be read, several candidate readings stand side by side; each says what it assumes,
and none claims to replicate the source.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from alsight.base.sources import SourceKey
from alsight.base.units import months_of
from alsight.episodes.definition import OWN, Definition, Published

BEDLACK: Final = SourceKey("bedlack2016")
VASTA: Final = SourceKey("vasta2020")
CUDKOWICZ: Final = SourceKey("cudkowicz2022")
BERRY: Final = SourceKey("berry2019")

EPOCH_WINDOW: Final = 45.0
"""How far from the epoch's end a visit may lie [days]: half of a three-month gap (assumed; no source states one)."""
SPELL_SLACK: Final = 14.0
"""By how much a spell may fall short of its length [days], visits being hardly ever on the very day (assumed)."""

_PROACT: Final = "PRO-ACT trial participants, ALSFRS and ALSFRS-R"
_PIEMONTE: Final = "incident cases, Piemonte and Valle d'Aosta, diagnosed 2007-2014"
_NO_DECLINE: Final[dict[int, Published]] = {
    6: Published("25 % of 3,132", _PROACT, found=783, eligible=3132),
    12: Published("16 % of 2,105", _PROACT, found=337, eligible=2105),
    18: Published("7 % of 1,218", _PROACT, found=85, eligible=1218),
}
"""Bedlack 2016; the counts are the printed percentages of the printed denominators, rounded."""
_STABLE: Final[dict[int, Published]] = {
    6: Published("16.5 % (200 of 1,214)", _PIEMONTE, found=200, eligible=1214),
    12: Published("7.7 % (93 of 1,214)", _PIEMONTE, found=93, eligible=1214),
    18: Published("4.3 % (52 of 1,214)", _PIEMONTE, found=52, eligible=1214),
}
_RISING: Final = Published("14 % of 1,343", _PROACT, found=188, eligible=1343)
_FOUR_POINTS: Final = Published("under 1 %", _PROACT, bound=0.01)
_PLACEBO: Final = Published(
    "27.7 % (26 of 94)", "placebo arm of the phase 3 trial of MSC-NTF cells", found=26, eligible=94
)

_CANDIDATE: Final = (
    "The source's visit windows, its handling of deaths and its exact rule could not be read: one candidate reading."
)
_SPANNED: Final = "visits that span the length, up to the slack"
_NOT_SPANNED: Final = "not in the denominator unless their visits span the length"


_AT_VISIT: Final = Definition(
    name="bedlack_visit_12",
    kind="plateau",
    source=BEDLACK,
    wording="score did not decline over 12 months",
    method="epoch_visit",
    months=12,
    timing="fixed",
    points=0.0,
    window_days=EPOCH_WINDOW,
    sustained="nothing: only the first visit and the one nearest the epoch's end are compared",
    eligible="a visit within 45 days of the epoch's end, counted from the first visit",
    deaths="not in the denominator without such a visit",
    dropouts="not in the denominator without such a visit",
    scales=("alsfrs_r", "alsfrs"),
    assumed=_CANDIDATE,
    published=_NO_DECLINE[12],
)


_EPOCH_SPANNED: Final = {
    "eligible": "visits that span the epoch from the first visit, up to 45 days",
    "deaths": "not in the denominator unless their visits span the epoch",
    "dropouts": "not in the denominator unless their visits span the epoch",
}
_EVER_SPANNED: Final[dict[str, Any]] = {
    "eligible": _SPANNED,
    "deaths": _NOT_SPANNED,
    "dropouts": _NOT_SPANNED,
    "timing": "ever",
    "window_days": SPELL_SLACK,
}


def _no_decline(months: int) -> tuple[Definition, ...]:
    """Candidate readings of "did not decline over the epoch" (Bedlack 2016)."""
    at_visit = replace(
        _AT_VISIT,
        name=f"bedlack_visit_{months}",
        wording=f"score did not decline over {months} months",
        months=months,
        published=_NO_DECLINE[months],
    )
    return (
        at_visit,
        replace(
            at_visit,
            name=f"bedlack_visit_deaths_{months}",
            eligible="a visit within 45 days of the epoch's end, or death or its equivalent before it",
            deaths="in the denominator, as having declined, with tracheostomy and permanent ventilation",
            deaths_decline=True,
        ),
        replace(
            at_visit,
            **_EPOCH_SPANNED,
            name=f"bedlack_slope_{months}",
            method="epoch_slope",
            sustained="least-squares slope over all visits of the epoch is not negative",
        ),
        replace(
            at_visit,
            **_EPOCH_SPANNED,
            name=f"bedlack_floor_{months}",
            method="epoch_floor",
            sustained="no visit of the epoch is below the first",
        ),
        replace(
            at_visit,
            **_EVER_SPANNED,
            name=f"bedlack_ever_pair_{months}",
            method="pair_apart",
            sustained="nothing: any two visits that far apart, the later not below the earlier",
        ),
        replace(
            at_visit,
            **_EVER_SPANNED,
            name=f"bedlack_ever_floor_{months}",
            method="run_floor",
            sustained="no visit of the spell is below the spell's first",
        ),
    )


def _stable(months: int) -> tuple[Definition, ...]:
    """Candidate readings of "stable score lasting at least so long" (Vasta 2020)."""
    exact = Definition(
        name=f"vasta_exact_{months}",
        kind="plateau",
        source=VASTA,
        wording=f"stable ALSFRS-R score lasting at least {months} months",
        method="run_flat",
        months=months,
        timing="ever",
        points=0.0,
        window_days=SPELL_SLACK,
        sustained="all scores of the spell are equal",
        eligible="everyone rated at least once, whatever the follow-up",
        deaths="in the denominator with the visits they had; visits after a tracheostomy are excluded",
        dropouts="in the denominator with the visits they had",
        stop_at_tracheostomy=True,
        assumed="Whether stable means equal or nearly equal could not be read; here equal.",
        published=_STABLE[months],
    )
    return (
        exact,
        replace(
            exact,
            name=f"vasta_within_1_{months}",
            points=1.0,
            sustained="all scores of the spell lie within 1 point of each other",
            assumed="Whether stable means equal or nearly equal could not be read; here within 1 point.",
        ),
    )


_HELD: Final = Definition(
    name="bedlack_gain_4_12",
    kind="reversal",
    source=BEDLACK,
    wording="ever improved by 4 or more points for at least 12 months",
    method="held_gain",
    months=12,
    timing="ever",
    points=4.0,
    window_days=SPELL_SLACK,
    sustained="every visit of the 12 months is 4 or more points above the lowest earlier visit",
    eligible=_SPANNED,
    deaths=_NOT_SPANNED,
    dropouts=_NOT_SPANNED,
    scales=("alsfrs_r", "alsfrs"),
    assumed=_CANDIDATE,
    published=_FOUR_POINTS,
)
_RISING_180: Final = replace(
    _HELD,
    name="bedlack_rising_180",
    wording="some 180-day interval with a slope above zero",
    method="rising_slope",
    months=months_of(180.0),
    points=0.0,
    strict=True,
    window_days=EPOCH_WINDOW,
    least_visits=3,
    sustained="least-squares slope over all visits of an interval of 180 days, give or take 45, is above zero",
    eligible="visits that span 180 days, up to 45",
    assumed=_CANDIDATE + " At least three visits are asked for.",
    published=_RISING,
)


def _reversals() -> tuple[Definition, ...]:
    """Rising slopes and held gains (Bedlack 2016, and this project's shorter cut)."""
    return (
        _RISING_180,
        replace(
            _RISING_180,
            name="bedlack_rising_180_two_visits",
            least_visits=2,
            assumed=_CANDIDATE + " Two visits are enough.",
        ),
        replace(
            _RISING_180,
            name="bedlack_rise_180",
            method="pair_about",
            least_visits=2,
            sustained="nothing: two visits 180 days apart, give or take 45, the later above the earlier",
            assumed=_CANDIDATE,
        ),
        _HELD,
        replace(
            _HELD,
            name="bedlack_gain_4_12_from_first",
            reference="first",
            sustained="every visit of the 12 months is 4 or more points above the first visit",
        ),
        replace(
            _HELD,
            name="bedlack_gain_4_12_ends",
            method="pair_apart",
            sustained="nothing: two visits at least 12 months apart, the later 4 or more points higher",
        ),
        replace(
            _HELD,
            name="alsight_gain_4_6",
            source=OWN,
            wording="improved by 4 or more points for at least 6 months; a cut of alsight's own",
            months=6,
            sustained="every visit of the 6 months is 4 or more points above the lowest earlier visit",
            assumed="",
            published=None,
        ),
    )


_PHASE_3: Final = Definition(
    name="msc_ntf_1_25",
    kind="responder",
    source=CUDKOWICZ,
    wording="slope better by 1.25 or more points per month over 28 weeks, after losing 3 or more in a lead-in",
    method="slope_change",
    months=months_of(28 * 7.0),
    timing="fixed",
    points=1.25,
    window_days=EPOCH_WINDOW,
    sustained="least-squares slopes over the visits of the lead-in and of the follow-up, which share a visit",
    eligible="two visits in each part, the parts spanned up to 45 days, 3 or more points lost in the lead-in",
    deaths="not in the denominator unless their visits span the follow-up",
    dropouts="not in the denominator unless their visits span the follow-up",
    lead_in_months=months_of(12 * 7.0),
    lead_in_loss=3.0,
    assumed="Which visits enter the slopes could not be read; the lead-in is taken as the first 12 weeks.",
    published=_PLACEBO,
)
_UNSELECTED: Final = replace(
    _PHASE_3,
    lead_in_loss=None,
    eligible="two visits in each part, the parts spanned up to 45 days",
    published=None,
)
_SHARE: Final = replace(
    _UNSELECTED,
    source=OWN,
    relative=True,
    eligible="two visits in each part, the parts spanned up to 45 days, a falling slope in the lead-in",
    assumed="A rule in circulation whose definition and visits could not be read.",
)


def _responders() -> tuple[Definition, ...]:
    """Trials' rules on the change of slope after a lead-in; outside a trial the lead-in starts at the first visit."""
    return (
        _PHASE_3,
        replace(
            _UNSELECTED,
            name="msc_ntf_1_25_no_lead_in_loss",
            wording="the same without the loss before: what selection adds",
        ),
        replace(
            _UNSELECTED,
            name="msc_ntf_1_5",
            source=BERRY,
            wording="slope better by 1.5 points per month or more after a lead-in of 3 months",
            points=1.5,
            months=months_of(24 * 7.0),
            lead_in_months=3.0,
            assumed="Which visits enter the slopes could not be read; 24 weeks of follow-up are taken.",
        ),
        *(
            replace(
                _SHARE,
                name=f"slope_better_{percent}_pct",
                wording=f"slope less steep by {percent} % or more after the lead-in",
                points=percent / 100,
            )
            for percent in (50, 75, 100)
        ),
    )


DEFINITIONS: Final[tuple[Definition, ...]] = (
    *(row for months in (6, 12, 18) for row in _no_decline(months)),
    *(row for months in (6, 12, 18) for row in _stable(months)),
    *_reversals(),
    *_responders(),
)
"""Every definition that is counted, in the order of reports."""
