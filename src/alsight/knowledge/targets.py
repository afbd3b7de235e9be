"""TARGETS: published statistics of the natural history of ALS that a virtual population is compared with.

One row a statistic, numbered as the published finding it belongs to (6a and 6b are parts of one finding). Where the
source printed an interval it is kept; where it printed none, a band around the value says what counts as near, and the
row says that the band is assumed. Rows used to fit the mechanism say so; the rest were looked at afterwards only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from alsight.base.sources import SourceKey

Band = Literal["published", "assumed"]


@dataclass(frozen=True)
class Target:
    """One published statistic.

    Attributes:
        number: finding and part, such as "12a".
        name: name of the statistic, as the summaries compute it.
        statistic: what it is, in words.
        unit: unit of the value; "1" for a share or a ratio.
        value: as published.
        low: lower end of the interval.
        high: upper end of the interval.
        band: whether the interval was printed ("published") or is what counts as near ("assumed").
        population: whom it was counted in, with the number of people.
        imitated: kind of virtual population that stands for it.
        source: reference.
        fitted: whether the calibration used it.
        note: what was not readable, or what the simulated statistic does instead.
    """

    number: str
    name: str
    statistic: str
    unit: str
    value: float
    low: float
    high: float
    band: Band
    population: str
    imitated: str
    source: SourceKey
    fitted: bool
    note: str = ""

    @property
    def finding(self) -> str:
        """Number of the finding, without its part."""
        return self.number.rstrip("abcdefgh")


P: Final[Band] = "published"
A: Final[Band] = "assumed"
REGISTER, TRIAL, ONSET = "register", "trial", "everyone from onset"
EMPOWER, CENTAUR = "trial: onset <= 24 months, SVC >= 65 %", "trial: definite ALS, onset <= 18 months, SVC > 60 %"
PRECISION, PROACT = "7 European registers, 7,030", "PRO-ACT"
BEDLACK, VASTA = SourceKey("bedlack2016"), SourceKey("vasta2020")
_ESTIMAND: Final = "the exact estimand was not readable: one candidate stands here, all of them in their own table"
_ENCALS: Final = "median of the virtual people whose score lies within 0.5 of the value"


def _row(
    number: str,
    name: str,
    statistic: str,
    unit: str,
    band: tuple[float, float, float, Band],
    people: tuple[str, str],
    source: str,
    *,
    fitted: bool = False,
    note: str = "",
) -> Target:
    return Target(number, name, statistic, unit, *band, *people, SourceKey(source), fitted, note)


DECLINE: Final = (
    _row(
        "1a",
        "register_slope",
        "mean decline over 24 months",
        "points/month",
        (0.89, 0.80, 0.98, A),
        (PRECISION, REGISTER),
        "van_eijk2025",
        fitted=True,
    ),
    _row(
        "1b",
        "register_slope_p2_5",
        "decline, 2.5 % of people below",
        "points/month",
        (0.04, -0.10, 0.18, A),
        (PRECISION, REGISTER),
        "van_eijk2025",
        note="a joint model's personal slopes; here shrunken line slopes",
    ),
    _row(
        "1c",
        "register_slope_p97_5",
        "decline, 2.5 % of people above",
        "points/month",
        (1.96, 1.60, 2.40, A),
        (PRECISION, REGISTER),
        "van_eijk2025",
        note="a joint model's personal slopes; here shrunken line slopes",
    ),
    _row(
        "2",
        "trial_slope",
        "mean decline",
        "points/month",
        (0.99, 0.89, 1.09, A),
        (f"{PROACT}, 3,367", TRIAL),
        "thakore2018",
        fitted=True,
    ),
    _row(
        "3a",
        "trial_ols_mean",
        "mean of people's own line slopes",
        "points/month",
        (0.91, 0.82, 1.00, A),
        (PROACT, TRIAL),
        "alstracker",
    ),
    _row(
        "3b",
        "trial_ols_sd",
        "spread of people's own line slopes",
        "points/month",
        (0.66, 0.56, 0.86, A),
        (PROACT, TRIAL),
        "alstracker",
        fitted=True,
        note="a fitted skew-normal spread; the observed spread of line slopes is wider, hence the wider upper side",
    ),
    _row(
        "3c",
        "trial_ols_median",
        "median of people's own line slopes",
        "points/month",
        (0.79, 0.69, 0.89, A),
        (PROACT, TRIAL),
        "alstracker",
    ),
    _row(
        "5",
        "icc",
        "intra-rater intraclass correlation of the total, two ratings",
        "1",
        (0.95, 0.92, 0.98, P),
        ("QALS trial, 41", TRIAL),
        "kaufmann2007",
        note="two ratings a month apart, the mean change taken out",
    ),
    _row(
        "6",
        "centaur_slope",
        "mean decline under placebo over 24 weeks",
        "points/month",
        (1.66, 1.35, 1.97, P),
        ("CENTAUR placebo, 48", CENTAUR),
        "paganoni2020",
        note="interval from the printed standard error",
    ),
)

PLATEAUS: Final = (
    _row(
        "7",
        "bedlack_visit_6",
        "no decline over 6 months",
        "1",
        (0.25, 0.235, 0.265, P),
        (f"{PROACT}, 3,132", TRIAL),
        "bedlack2016",
        note=_ESTIMAND,
    ),
    _row(
        "8",
        "bedlack_visit_12",
        "no decline over 12 months",
        "1",
        (0.16, 0.145, 0.176, P),
        (f"{PROACT}, 2,105", TRIAL),
        "bedlack2016",
        note=_ESTIMAND,
    ),
    _row(
        "9",
        "bedlack_visit_18",
        "no decline over 18 months",
        "1",
        (0.07, 0.057, 0.086, P),
        (f"{PROACT}, 1,218", TRIAL),
        "bedlack2016",
        note=_ESTIMAND,
    ),
    _row(
        "10",
        "bedlack_rising_180",
        "ever a 180-day interval with a rising slope",
        "1",
        (0.14, 0.122, 0.160, P),
        (f"{PROACT}, 1,343", TRIAL),
        "bedlack2016",
        note=_ESTIMAND,
    ),
    _row(
        "11",
        "bedlack_gain_4_12",
        "ever 4 points up for at least 12 months",
        "1",
        (0.01, 0.0, 0.01, P),
        (PROACT, TRIAL),
        "bedlack2016",
        note=f"printed as under 1 %; {_ESTIMAND}",
    ),
    _row(
        "12a",
        "vasta_exact_6",
        "ever a plateau of 6 months",
        "1",
        (0.165, 0.145, 0.187, P),
        ("Piemonte, 1,214 incident", REGISTER),
        "vasta2020",
        note=_ESTIMAND,
    ),
    _row(
        "12b",
        "vasta_exact_12",
        "ever a plateau of 12 months",
        "1",
        (0.077, 0.063, 0.093, P),
        ("Piemonte, 1,214 incident", REGISTER),
        "vasta2020",
        note=_ESTIMAND,
    ),
    _row(
        "12c",
        "vasta_exact_18",
        "ever a plateau of 18 months",
        "1",
        (0.043, 0.033, 0.056, P),
        ("Piemonte, 1,214 incident", REGISTER),
        "vasta2020",
        note=_ESTIMAND,
    ),
)

STAGES: Final = (
    _row(
        "14a",
        "kings_2",
        "King's stage 2 first seen, share of the course",
        "1",
        (0.61, 0.47, 0.75, P),
        ("four datasets, 8,796", TRIAL),
        "balendra2022",
        note="interquartile range between people as printed",
    ),
    _row(
        "14b",
        "kings_3",
        "King's stage 3 first seen, share of the course",
        "1",
        (0.68, 0.56, 0.81, P),
        ("four datasets, 8,796", TRIAL),
        "balendra2022",
        note="interquartile range between people as printed",
    ),
    _row(
        "14c",
        "kings_4",
        "King's stage 4 first seen, share of the course",
        "1",
        (0.80, 0.67, 0.91, P),
        ("four datasets, 8,796", TRIAL),
        "balendra2022",
        note="interquartile range between people as printed",
    ),
    _row(
        "16a",
        "encals_6",
        "median survival at an ENCALS score of -6",
        "months from onset",
        (56.9, 48.4, 65.4, A),
        ("model of 14 centers", REGISTER),
        "precision_als_risk",
        note=_ENCALS,
    ),
    _row(
        "16b",
        "encals_4",
        "median survival at an ENCALS score of -4",
        "months from onset",
        (31.5, 26.8, 36.2, A),
        ("model of 14 centers", REGISTER),
        "precision_als_risk",
        note=_ENCALS,
    ),
    _row(
        "16c",
        "encals_2",
        "median survival at an ENCALS score of -2",
        "months from onset",
        (18.0, 15.3, 20.7, A),
        ("model of 14 centers", REGISTER),
        "precision_als_risk",
        note=_ENCALS,
    ),
)

SURVIVAL: Final = (
    _row(
        "17a",
        "median_limb",
        "median survival, limb onset",
        "months from onset",
        (35, 31, 39, A),
        ("London clinic, 1,188", ONSET),
        "wijesekera2009",
        fitted=True,
    ),
    _row(
        "17b",
        "median_bulbar",
        "median survival, bulbar onset",
        "months from onset",
        (27, 24, 31, A),
        ("London clinic, 1,188", ONSET),
        "wijesekera2009",
        fitted=True,
        note="Melbourne printed 31 for limb and 27 for bulbar onset",
    ),
    _row(
        "17c",
        "median_flail_arm",
        "median survival, flail arm",
        "months from onset",
        (61, 51, 71, A),
        ("London clinic, 1,188", ONSET),
        "wijesekera2009",
    ),
    _row(
        "17d",
        "median_flail_leg",
        "median survival, flail leg",
        "months from onset",
        (69, 57, 81, A),
        ("London clinic, 1,188", ONSET),
        "wijesekera2009",
    ),
    _row(
        "18",
        "hazard_per_point",
        "hazard ratio per ALSFRS-R point",
        "1",
        (0.936, 0.925, 0.947, P),
        ("Irish register, 526", REGISTER),
        "rooney_repository2020",
        note="a joint model's current value; here a Cox regression on the latest score",
    ),
    _row(
        "19",
        "survival_5_years",
        "alive without tracheostomy 5 years from onset",
        "1",
        (0.14, 0.079, 0.228, P),
        ("Olmsted County, 94", ONSET),
        "olmsted2010",
        fitted=True,
    ),
    _row(
        "20",
        "event_free_12",
        "event-free at 12 months in trials",
        "1",
        (0.765, 0.741, 0.807, P),
        ("three trials of 2013-2015", TRIAL),
        "vaneijk2019trials",
        fitted=True,
        note="range of three trials: death, tracheostomy or permanent ventilation",
    ),
    _row(
        "21a",
        "attrition_6",
        "attrition at 6 months",
        "1",
        (0.193, 0.145, 0.241, A),
        ("60 trials, 14,493", TRIAL),
        "vaneijk2025attrition",
        note="withdrawal at 2 % a month is an input",
    ),
    _row(
        "21b",
        "attrition_12",
        "attrition at 12 months",
        "1",
        (0.364, 0.273, 0.455, A),
        ("60 trials, 14,493", TRIAL),
        "vaneijk2025attrition",
        note="withdrawal at 2 % a month is an input",
    ),
    _row(
        "21c",
        "attrition_18",
        "attrition at 18 months",
        "1",
        (0.556, 0.417, 0.695, A),
        ("60 trials, 14,493", TRIAL),
        "vaneijk2025attrition",
        note="withdrawal at 2 % a month is an input",
    ),
)

MEASURES: Final = (
    _row(
        "22",
        "svc_slope",
        "decline of slow vital capacity",
        "% of predicted/month",
        (2.7, 2.5, 3.0, P),
        ("EMPOWER placebo, 456", EMPOWER),
        "andrews2018",
        fitted=True,
    ),
    _row(
        "23",
        "fvc_residual_sd",
        "residual spread of forced vital capacity",
        "l",
        (0.38, 0.35, 0.41, P),
        ("REVEALS, 270", REGISTER),
        "reveals_interim",
        fitted=True,
        note="percent made liters by the GLI global equation",
    ),
    _row(
        "24a",
        "nfl_log_sd",
        "spread of log neurofilament between people",
        "1",
        (0.66, 0.56, 0.76, A),
        ("rasagiline trial, 65", TRIAL),
        "witzel2024",
        fitted=True,
        note="from the printed quartiles",
    ),
    _row(
        "24b",
        "nfl_slope_r",
        "correlation of log neurofilament with decline",
        "1",
        (0.57, 0.53, 0.61, P),
        ("rasagiline and tirasemtiv trials, 327", TRIAL),
        "witzel2024",
        fitted=True,
        note="range of two trials",
    ),
    _row(
        "25a",
        "delay_median",
        "median time from onset to diagnosis",
        "months",
        (10.7, 9.6, 11.8, A),
        ("Irish register, 526", REGISTER),
        "rooney_repository2020",
        fitted=True,
    ),
    _row(
        "25b",
        "delay_log_sd",
        "spread of the log of that time",
        "1",
        (0.768, 0.69, 0.85, A),
        ("Irish register, 526", REGISTER),
        "rooney_repository2020",
        fitted=True,
    ),
    _row(
        "25c",
        "mimic_share",
        "diagnoses later revised",
        "1",
        (0.073, 0.052, 0.109, P),
        ("Irish and Scottish registers, 989", REGISTER),
        "traynor2000",
        note="the share of mimics is an input; who of them is found is simulated",
    ),
)

TARGETS: Final[tuple[Target, ...]] = DECLINE + PLATEAUS + STAGES + SURVIVAL + MEASURES
"""Every published statistic, in the order of the findings."""

GUARDS: Final = (
    _row(
        "g1",
        "score_at_death",
        "mean last total before death",
        "points",
        (20, 15, 25, A),
        ("none readable", ONSET),
        "alsight",
        fitted=True,
        note="assumed: an obligatory guard, no published value",
    ),
    _row(
        "g2",
        "capacity_at_death",
        "median last capacity before death",
        "%",
        (37, 28, 46, A),
        ("none readable", ONSET),
        "alsight",
        fitted=True,
        note="assumed: an obligatory guard, no published value",
    ),
    _row(
        "g3",
        "deaths_at_floor",
        "deaths at a total of 3 or less",
        "1",
        (0.03, 0.0, 0.08, A),
        ("none readable", ONSET),
        "alsight",
        fitted=True,
        note="assumed: an obligatory guard, no published value",
    ),
    _row(
        "g4",
        "entry_score",
        "mean total at entry",
        "points",
        (38.0, 36.5, 39.5, A),
        ("EMPOWER, 456", EMPOWER),
        "andrews2018",
        fitted=True,
    ),
    _row(
        "g5",
        "entry_capacity",
        "mean slow vital capacity at entry",
        "%",
        (89, 84, 94, A),
        ("EMPOWER, 456", EMPOWER),
        "andrews2018",
        fitted=True,
    ),
    _row(
        "g6",
        "second_region_mean",
        "first to second region",
        "months",
        (12.8, 10.8, 14.8, A),
        ("Osaka, 150", ONSET),
        "fujimurakiyono2011",
        fitted=True,
    ),
    _row(
        "g7",
        "units_lost",
        "lower motor neurons lost, share of those left",
        "%/month",
        (3.2, 2.2, 4.2, A),
        ("motor unit number index, 51", TRIAL),
        "neuwirth2015",
        fitted=True,
    ),
    _row(
        "g8",
        "residual_sd",
        "spread about people's own lines",
        "points",
        (1.8, 1.5, 2.3, A),
        ("none readable", TRIAL),
        "alsight",
        fitted=True,
        note="assumed: from reliability studies",
    ),
    _row(
        "g9",
        "nfl_median",
        "median plasma neurofilament",
        "pg/ml",
        (51.8, 44.0, 60.0, A),
        ("rasagiline trial, 65", TRIAL),
        "witzel2024",
        fitted=True,
    ),
    _row(
        "g10",
        "trial_quickening",
        "decline in months 6-12 over that in months 0-6, trial",
        "1",
        (1.13, 1.04, 1.3, A),
        (f"{PROACT}, 3,367", TRIAL),
        "thakore2018",
        fitted=True,
        note="printed as slightly accelerated; size assumed",
    ),
)
"""Guards of the fit beyond the published list: without the end of life a fit cheats, living on at a total of 0."""

SHAPES: Final = (
    _row(
        "s1",
        "register_slowing",
        "decline in months 0-6 over that in months 18-24, register",
        "1",
        (1.2, 1.0, 3.0, A),
        (PRECISION, REGISTER),
        "van_eijk2025",
        note="printed as faster first, then slower",
    ),
    _row(
        "s2",
        "m50_lead",
        "half of the motor units lost before half of the score",
        "months",
        (14, 7, 21, A),
        ("motor unit number index and D50", ONSET),
        "ebersbach2023",
    ),
    _row(
        "s3",
        "graded_survival",
        "median survival from entry, SVC > 90 % over SVC 65-75 %",
        "1",
        (1.6, 1.2, 3.0, A),
        ("direction only", EMPOWER),
        "andrews2018",
        note="printed as risk rising with lower capacity; band assumed",
    ),
)
"""Shapes that nothing was fitted to."""
