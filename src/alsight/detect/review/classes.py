"""Course classes: how the total of a kind of disease moves, each a linear-Gaussian course with a hazard of death.

A total at month t after the first visit is level - s t + wander + fluctuation + noise. The level at the first visit is
48 - p D with D the months since the first symptom; p and s are a person's rates of loss before and after it, drawn
together from the class's normal distribution. The rate wanders (a random walk), the level steps (a random walk), the
total fluctuates (an Ornstein-Uhlenbeck process) and ratings have independent noise. Slow ALS is a class of its own, and
so is fast ALS: the ALS classes are estimated from the calibrated natural history, the mimics' are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from jaxtyping import Float64

from alsight.base.errors import SpecError

FILE: Final = Path(__file__).parent / "als_courses.json"
"""The ALS classes, made by `python -m alsight.make courses`."""

UNANCHORED_LEVEL: Final = (38.0, 8.0)
"""Mean and spread of the first total where the onset is not recorded [points]; the same for every class, so that it
says nothing for or against any."""


@dataclass(frozen=True)
class CourseClass:
    """One linear-Gaussian course.

    Attributes:
        name: of the class.
        past: mean rate of loss from the first symptom to the first visit [points/month].
        rate: mean rate of loss from the first visit on [points/month]; negative for a gain.
        past_sd: spread of the former between people [points/month].
        rate_sd: spread of the latter [points/month].
        correlation: of the two between people.
        wander: variance that the rate gains a month [(points/month)^2/month].
        steps: variance that the level gains a month [points^2/month].
        fluctuation: spread of the fluctuation [points].
        memory: months over which a fluctuation fades to 1/e.
        noise: spread of one rating [points].
        hazard: cumulative hazard of death after the first month under watch.
        shape: power of time in the cumulative hazard; 1 for a constant hazard.
        weight: share of the class among those with ALS; 1 for mimics, whose shares are per mimic.
    """

    name: str
    past: float
    rate: float
    past_sd: float
    rate_sd: float
    correlation: float
    wander: float
    steps: float
    fluctuation: float
    memory: float
    noise: float
    hazard: float
    shape: float = 1.0
    weight: float = 0.0


@dataclass(frozen=True)
class Rating:
    """How steadily a person is rated; the same for ALS and mimics, as the same people rate them.

    Attributes:
        name: of the rating.
        noise: spread of one rating [points].
        fluctuation: spread of what stays with a person's ratings for a while [points].
        memory: months over which that fades to 1/e.
        weight: share of people rated so.
    """

    name: str
    noise: float
    fluctuation: float
    memory: float
    weight: float


@dataclass(frozen=True)
class AlsCourses:
    """The ALS classes as shipped.

    Attributes:
        command: what made them.
        ensemble: version of the ensemble that they were estimated from.
        people: virtual people.
        ratings: how steadily people are rated.
        classes: the classes, slowest first, without noise and fluctuation, which are the ratings'.
    """

    command: str
    ensemble: str
    people: int
    ratings: tuple[Rating, ...]
    classes: tuple[CourseClass, ...]


@cache
def als_courses() -> AlsCourses:
    """The shipped ALS classes."""
    return msgspec.json.decode(FILE.read_bytes(), type=AlsCourses)


BACKGROUND_HAZARD: Final = 0.001
"""Hazard of death of a mimic [per month]; assumed, about that of the ages in question."""

MIMIC_CLASSES: Final[tuple[CourseClass, ...]] = (
    CourseClass("stable", 0.30, 0.0, 0.25, 0.05, 0.0, 2e-5, 0.02, 0.0, 0.0, 0.0, BACKGROUND_HAZARD, 1.0, 1.0),
    CourseClass(
        "slowly_progressive", 0.18, 0.12, 0.15, 0.08, 0.3, 5e-5, 0.02, 0.0, 0.0, 0.0, BACKGROUND_HAZARD, 1.0, 1.0
    ),
    CourseClass("fluctuating", 0.50, 0.0, 0.40, 0.10, 0.0, 5e-5, 0.05, 4.0, 4.0, 0.0, BACKGROUND_HAZARD, 1.0, 1.0),
    CourseClass("improving", 0.50, -0.25, 0.40, 0.25, 0.0, 5e-4, 0.10, 0.0, 0.0, 0.0, BACKGROUND_HAZARD, 1.0, 1.0),
    CourseClass("stepwise", 0.40, 0.05, 0.30, 0.08, 0.0, 5e-5, 1.00, 0.0, 0.0, 0.0, BACKGROUND_HAZARD, 1.0, 1.0),
)
"""Courses of mimics; every number is assumed, none is fitted to data. Where the fluctuation is 0 it is that of the
ratings, as estimated with the ALS classes. That mimics fail to progress is what both registers named as the first
reason for revising a diagnosis.

Source: traynor2000, davenport1996
"""


def crossed(classes: tuple[CourseClass, ...], ratings: tuple[Rating, ...]) -> tuple[CourseClass, ...]:
    """Every class under every rating, weights multiplied; all ratings of the first class first.

    A class with a fluctuation of its own keeps it, and the rating's fluctuation adds to the noise.
    """
    return tuple(
        replace(
            one,
            noise=rating.noise,
            fluctuation=rating.fluctuation,
            memory=rating.memory,
            weight=one.weight * rating.weight,
        )
        if one.fluctuation == 0.0
        else replace(one, noise=math.hypot(rating.noise, rating.fluctuation), weight=one.weight * rating.weight)
        for one in classes
        for rating in ratings
    )


_ORDER: Final = (
    "past",
    "rate",
    "past_sd",
    "rate_sd",
    "correlation",
    "wander",
    "steps",
    "fluctuation",
    "memory",
    "noise",
    "hazard",
    "shape",
)


def table(classes: tuple[CourseClass, ...]) -> Float64[np.ndarray, "course number"]:
    """The numbers of some classes as the kernel reads them.

    Raises:
        SpecError: a spread is negative, a correlation is not one, or there is no noise.
    """
    faults: list[tuple[str, str, object]] = []
    for one in classes:
        spreads = ("past_sd", "rate_sd", "wander", "steps", "fluctuation", "hazard")
        faults += [(f"{one.name}.{n}", "at least 0", getattr(one, n)) for n in spreads if not getattr(one, n) >= 0.0]
        positive = ("noise", "memory", "shape")
        faults += [(f"{one.name}.{n}", "above 0", getattr(one, n)) for n in positive if not getattr(one, n) > 0.0]
        if not abs(one.correlation) <= 1.0:
            faults.append((f"{one.name}.correlation", "-1 to 1", one.correlation))
    if faults:
        raise SpecError(faults)
    return np.array([[getattr(one, name) for name in _ORDER] for one in classes], dtype=np.float64)
