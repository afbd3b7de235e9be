"""Numbers of the example cohort: how many people of each planted kind, and the constants of its generator.

The example teaches and tests; it is no calibrated natural history. A row whose source is "assumed" was chosen to look
right, and nothing may be concluded from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SEED: Final = 20_160_801
"""Root of the generator's random numbers."""

WEEKS: Final = 209
"""Weeks of the time grid, from entry to 48 months."""


@dataclass(frozen=True)
class Planted:
    """People of one kind in the example.

    Attributes:
        kind: name in the truth table.
        people: how many.
        start: earliest and latest start of the planted window [months from entry].
        length: shortest and longest window [months].
        rate: least and greatest mean loss of these people [points per month].
        gain: least and greatest planted rise [points]; zeros where none.
        meaning: one line for the docs.
    """

    kind: str
    people: int
    start: tuple[float, float]
    length: tuple[float, float]
    rate: tuple[float, float]
    gain: tuple[float, float]
    meaning: str


_NONE: Final = (0.0, 0.0)

PLANTED: Final[tuple[Planted, ...]] = (
    Planted("progressing", 206, _NONE, _NONE, _NONE, _NONE, "loses function at a personal, wandering rate"),
    Planted("slow", 10, _NONE, _NONE, (0.03, 0.12), _NONE, "SOD1 p.Asp91Ala: slow by nature, never halted"),
    Planted("plateau", 16, (3, 12), (9, 15), (0.6, 1.3), _NONE, "loss almost stops for the window, then resumes"),
    Planted("prolonged_plateau", 6, (3, 9), (24, 30), (0.6, 1.2), _NONE, "loss almost stops for two years or more"),
    Planted("rise_unconfirmed", 3, (15, 21), (4, 5), (0.6, 1.1), (5, 7), "true gain, seen for under six months"),
    Planted("reversal", 4, (9, 15), (10, 13), (0.7, 1.2), (6, 9), "true gain, held 6 to 12 months at last sight"),
    Planted("lost_gain", 4, (9, 13), (10, 13), (0.7, 1.2), (6, 9), "true gain, held, then lost within three months"),
    Planted("remission_like", 4, (9, 13), (20, 26), (0.7, 1.2), (7, 11), "true gain held 12 months or more"),
    Planted("artefact_cutting", 5, (9, 15), (9, 12), (0.05, 0.15), (2, 2.5), "item 5a becomes 5b at gastrostomy"),
    Planted(
        "artefact_ventilation", 4, (9, 15), (9, 12), (0.1, 0.25), (2, 2.3), "item 12 rises when ventilation is given up"
    ),
    Planted("artefact_outlier", 6, (9, 18), (0.3, 0.3), (0.3, 0.7), (7, 9), "one visit rated far too high"),
    Planted(
        "artefact_mode", 4, (9, 15), (12, 18), (0.3, 0.6), (4, 5), "self-rating online replaces the clinic's rating"
    ),
    Planted("symptomatic_gain", 6, (9, 15), (9, 15), (0.1, 0.3), (2.3, 2.8), "a drug for saliva lifts item 2"),
    Planted("dip_infection", 7, (9, 18), (4, 5), (0.3, 0.7), (8, 11), "chest infection: transient fall and rebound"),
    Planted("dip_fracture", 5, (9, 18), (4, 5), (0.3, 0.7), (7, 9), "fall with fracture: transient fall and rebound"),
    Planted("mimic_stable", 6, _NONE, _NONE, (0.0, 0.02), _NONE, "another disease: early loss, then no change"),
    Planted("mimic_improving", 4, (3, 9), (18, 30), (0.0, 0.02), (4, 8), "another disease: slowly improves"),
)
"""Kinds of people; windows and gains of a kind are drawn evenly between the two numbers given (all assumed)."""

GAINERS: Final = ("rise_unconfirmed", "reversal", "lost_gain", "remission_like", "mimic_improving")
"""Kinds whose function truly rises."""


@dataclass(frozen=True)
class Constant:
    """One number of the generator: value, unit, what it is, and where it comes from."""

    value: float
    unit: str
    meaning: str
    source: str = "assumed"


CONSTANTS: Final[dict[str, Constant]] = {
    "rate_mean": Constant(0.89, "points/month", "mean loss of people whose rate is not planted", source="van_eijk2025"),
    "rate_cv": Constant(0.65, "1", "SD of the personal mean loss over its mean"),
    "wander_sd": Constant(0.8, "1", "SD of the log rate about the personal mean"),
    "wander_per_month": Constant(1 / 9, "1/month", "how fast the log rate forgets"),
    "entry_loss_mean": Constant(10.0, "points", "points lost before entry, mean"),
    "entry_loss_shape": Constant(3.6, "1", "shape of the gamma distribution of points lost before entry"),
    "held_rate": Constant(0.02, "points/month", "loss while a plateau or a gain holds"),
    "ramp_months": Constant(3.0, "month", "time over which a planted gain is reached, and lost"),
    "spread_lag": Constant(7.0, "points", "how much later each next region is drawn in"),
    "item_width": Constant(27.0, "points", "how long one item takes from 4 to 0 on its own clock"),
    "item_noise": Constant(0.27, "points", "SD of a rating error of one item at one visit"),
    "day_noise": Constant(0.07, "points", "SD of the error that all items of a visit share"),
    "noise_spread": Constant(0.25, "1", "SD of the log of a person's noise relative to the others'"),
    "sticky": Constant(0.12, "points", "how far past a half-way mark a rating must go before it changes"),
    "hazard_base": Constant(0.004, "1/month", "hazard of death at 38 points and a loss of 0.9 points/month"),
    "hazard_per_point": Constant(0.085, "1/point", "log hazard per point lost"),
    "hazard_per_rate": Constant(0.5, "month/point", "log hazard per point/month lost"),
    "dropout": Constant(0.012, "1/month", "hazard of leaving before death"),
    "tracheostomy": Constant(0.08, "1", "share of deaths put off by a tracheostomy"),
    "visit_gap": Constant(91.0, "day", "planned time between visits"),
    "visit_jitter": Constant(8.0, "day", "SD of the actual about the planned day"),
    "visit_missed": Constant(0.09, "1", "share of visits missed at entry level; grows with loss"),
    "age_mean": Constant(64.7, "year", "age at onset, mean"),
    "age_sd": Constant(9.8, "year", "age at onset, SD"),
    "female": Constant(0.43, "1", "share of women"),
    "bulbar": Constant(0.308, "1", "share with bulbar onset"),
    "riluzole": Constant(0.8, "1", "share on riluzole"),
    "edaravone": Constant(0.12, "1", "share ever on edaravone"),
    "vc_per_point": Constant(1.7, "%/point", "vital capacity lost per point lost"),
    "vc_noise": Constant(5.0, "%", "SD of one reading of vital capacity"),
    "nfl_median": Constant(52.0, "pg/ml", "median plasma neurofilament light chain", source="witzel2024"),
    "nfl_log_sd": Constant(0.66, "1", "SD of its logarithm between people", source="witzel2024"),
    "nfl_rate_correlation": Constant(0.55, "1", "its correlation with the rate of loss", source="witzel2024"),
    "nfl_log_noise": Constant(0.2, "1", "SD of its logarithm within a person"),
    "nfl_mimic_median": Constant(14.0, "pg/ml", "the same in people with another disease"),
}
"""Constants by name."""


def constant(name: str) -> float:
    """Value of one constant of the generator."""
    return CONSTANTS[name].value
