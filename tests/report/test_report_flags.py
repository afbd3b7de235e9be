"""Who gets a page, and in which order."""

from __future__ import annotations

import polars as pl

from alsight.cohort.example import example_cohort
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import EPISODES, find_episodes
from alsight.report.flags import FLAGS, flagged


def row(subject: str, definition: str, start: int, held: int, end: int, size: float) -> dict[str, object]:
    kind = "plateau" if definition.startswith("vasta") else "reversal"
    plain = {"scale": "alsfrs_r", "start_score": 30.0, "end_score": 34.0, "change": 4.0, "visits": 5}
    days = {"start_day": start, "held_from_day": held, "end_day": end}
    return {"subject": subject, "definition": definition, "kind": kind, "size": size, **days, **plain}


def test_flags_are_known_definitions() -> None:
    assert {flag.definition for flag in FLAGS} <= {rule.name for rule in DEFINITIONS}


def test_the_most_striking_reason_and_person_come_first() -> None:
    episodes = pl.DataFrame(
        [
            row("slow", "vasta_within_1_18", 0, 0, 700, 1.0),
            row("small", "bedlack_gain_4_12", 100, 190, 600, 4.0),
            row("large", "alsight_gain_4_6", 0, 90, 300, 9.0),
            row("large", "bedlack_gain_4_12", 0, 90, 600, 8.0),
            row("other", "bedlack_visit_6", 0, 0, 180, 0.0),
        ],
        schema=EPISODES,
    )
    found = flagged(episodes)
    assert found["subject"].to_list() == ["large", "small", "slow"]
    assert found["definition"].to_list()[0] == "bedlack_gain_4_12"
    assert "12 months" in found["words"][0]


def test_nobody() -> None:
    assert flagged(pl.DataFrame(schema=EPISODES)).is_empty()


def test_row_order_does_not_matter() -> None:
    episodes = find_episodes(example_cohort())
    shuffled = episodes.sample(fraction=1.0, shuffle=True, seed=1)
    assert flagged(shuffled).drop("start_day").equals(flagged(episodes).drop("start_day"))
