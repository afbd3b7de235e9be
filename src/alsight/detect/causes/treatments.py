"""Treatments that ease a symptom, with the items that such relief raises, and visits under a therapy on trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from alsight.base.sources import SourceKey
from alsight.cohort.cohort import Cohort

Grade = Literal["scale", "symptom", "guideline"]


@dataclass(frozen=True)
class Relief:
    """One kind of treatment.

    Attributes:
        rule: short name, stable across versions.
        words: what it is, as a sentence names it.
        names: parts of treatment names that mean it, lower case.
        starts, stops: events that start and stop it, for what is recorded as an event.
        items: items that it may raise; empty where none was seen to.
        grade: "scale" when the items themselves rose in a trial, "symptom" when the symptom that the item asks for did,
            "guideline" when it is given for that symptom and no trial showed a rise.
        observed: what the source says.
        source: key of the reference.
    """

    rule: str
    words: str
    names: tuple[str, ...]
    items: tuple[str, ...]
    grade: Grade
    observed: str
    source: SourceKey
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


RELIEFS: Final[tuple[Relief, ...]] = (
    Relief(
        "saliva",
        "a treatment of saliva",
        ("saliva", "glycopyrr", "scopolamine", "hyoscine", "atropine", "botulinum"),
        ("q2_salivation",),
        "symptom",
        "botulinum toxin B: 6 of 9 people against 2 of 9 reported improvement; item 2 asks for it",
        SourceKey("young2022"),
    ),
    Relief(
        "dextromethorphan_quinidine",
        "dextromethorphan with quinidine",
        ("dextromethorphan", "nuedexta"),
        ("q1_speech", "q2_salivation", "q3_swallowing"),
        "scale",
        "bulbar component of the ALSFRS-R better than on placebo, crossover, 60 people, p = 0.003",
        SourceKey("smith2017"),
    ),
    Relief(
        "ventilation",
        "non-invasive ventilation",
        ("non-invasive ventilation", "niv", "bipap"),
        ("q10_dyspnea", "q11_orthopnea"),
        "symptom",
        "symptom domain of the sleep apnea index better than under standard care, 41 randomized, most for orthopnea",
        SourceKey("bourke2006"),
        ("niv_start",),
        ("niv_stop",),
    ),
    Relief(
        "spasticity",
        "a treatment of spasticity",
        ("spasticity", "baclofen", "tizanidine", "dantrolene", "nabiximols", "sativex"),
        ("q6_dressing_and_hygiene", "q7_turning_in_bed", "q8_walking", "q9_climbing_stairs"),
        "guideline",
        "nabiximols: Ashworth score -0.32 (-0.57 to -0.07) against placebo; no rise of items was reported, which ones "
        "could rise is assumed",
        SourceKey("riva2019"),
    ),
    Relief(
        "cramps",
        "a treatment of cramps",
        ("mexiletine", "quinine"),
        (),
        "scale",
        "fewer cramps, decline of the ALSFRS-R as on placebo: no item rises",
        SourceKey("weiss2016"),
    ),
)
"""Every relief; one without items explains nothing and stands here so that no one adds it by guess."""

TREATED: Final = ("tofersen",)
"""Treatments from whose start on a person's visits do not inform it, beside those on trial."""
CONTROL: Final = ("placebo", "control", "sham", "standard")
"""What the name of an arm holds whose people may inform it."""


def untreated(visits: pl.DataFrame, cohort: Cohort) -> pl.DataFrame:
    """The visits that may inform natural history: not under a drug on trial or tofersen, nor in an active arm.

    Args:
        visits: `subject`, `day`.
        cohort: the people, with arms and doses.
    """
    taken = cohort.doses.filter((pl.col("kind") == "investigational") | pl.col("treatment").is_in(TREATED))
    start = taken.group_by("subject").agg(treated_day=pl.col("day").min())
    arm = pl.col("arm").str.to_lowercase()
    free = arm.is_null() | (arm == "") | pl.any_horizontal(arm.str.contains(word, literal=True) for word in CONTROL)
    fine = cohort.subjects.filter(free).select("subject")
    accepted = visits.join(fine, on="subject", how="semi", maintain_order="left").join(
        start, on="subject", how="left", maintain_order="left"
    )
    return accepted.filter(pl.col("treated_day").is_null() | (pl.col("day") <= pl.col("treated_day"))).drop(
        "treated_day"
    )
