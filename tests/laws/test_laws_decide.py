"""Laws of the decision on evidence of any kind: it is whole, pure, and its sentences are true of the record."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.detect.decide import decide
from alsight.detect.evidence import EVIDENCE, evidence_table
from alsight.detect.kinds import REVIEWED, Cause, Certainty, Kind, Verdict
from alsight.detect.thresholds import Thresholds
from alsight.report.page.words import NONE
from alsight.report.verdicts.reasons import explanation, next_step

PEOPLE = 3000
DRAWN = {"[0-1]": (0.0, 1.0), "points": (0.0, 48.0), "months": (0.0, 40.0)}


def drawn(seed: int) -> pl.DataFrame:
    """Evidence of people at random; posteriors often near 0 or 1, gains missing in half of the people."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {"subject": [f"P{index}" for index in range(PEOPLE)]}
    without = rng.random(PEOPLE) < 0.5
    for column in EVIDENCE:
        if column.unit in DRAWN and column.dtype == pl.Float64:
            low, high = DRAWN[column.unit]
            value = rng.beta(0.3, 0.3, PEOPLE) if high == 1.0 else rng.uniform(low, high, PEOPLE)
            gain = column.name.endswith(("_any", "_hold", "_remission"))
            columns[column.name] = np.where(without & gain, np.nan, value)
    columns |= {
        "first_day": rng.integers(-100, 100, PEOPLE),
        "visits": rng.integers(0, 15, PEOPLE),
        "cause": [[None, *(one.value for one in Cause)][index] for index in rng.integers(0, 4, PEOPLE)],
    }
    return evidence_table(pl.DataFrame(columns))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_decision_is_whole(seed: int) -> None:
    evidence, thresholds = drawn(seed), Thresholds()
    people = decide(evidence, thresholds)
    assert people.equals(decide(evidence, thresholds))
    assert people["subject"].equals(evidence["subject"])
    assert set(people["verdict"]) == set(Verdict)
    assert set(people["kind"]) <= set(Kind)
    assert set(people["certainty"].drop_nulls()) <= set(Certainty)
    assert people.filter(pl.col("verdict").is_in([one.value for one in REVIEWED]))["review"].all()
    assert people["review"].equals((people["review_reasons"].list.len() > 0).alias("review"))
    undecided = people.filter(pl.col("kind").is_in([Kind.UNDECIDED.value, Kind.INSUFFICIENT_DATA.value]))
    assert undecided["certainty"].null_count() == undecided.height
    assert undecided["next_step_code"].null_count() == 0
    certain = people.filter(~pl.col("kind").is_in([Kind.UNDECIDED.value, Kind.INSUFFICIENT_DATA.value]))
    assert certain["certainty"].null_count() == 0
    assert certain["posterior"].min() >= thresholds.possible
    assert not any(people.select(pl.col(pl.Float64).is_nan().any()).row(0))


@pytest.mark.parametrize("seed", [7, 8])
def test_a_finding_is_the_first_that_is_probable_else_the_likeliest(seed: int) -> None:
    """The order, written out once more as plain comparisons over what is listed."""
    thresholds = Thresholds()
    order = [Kind.IMPROVED, Kind.LOST_GAIN, Kind.EXPLAINED_RISE, Kind.STABLE, Kind.PROGRESSING]
    for row in decide(drawn(seed), thresholds).iter_rows(named=True):
        if row["kind"] in {Kind.INSUFFICIENT_DATA.value, Kind.UNDECIDED.value}:
            assert row["also_possible"] == []
            continue
        known = {row["kind"]: row["posterior"]} | {one["kind"]: one["posterior"] for one in row["also_possible"]}
        probable = [kind.value for kind in order if known.get(kind.value, 0.0) >= thresholds.probable]
        assert row["kind"] == (
            probable[0] if probable else max(order, key=lambda kind: known.get(kind.value, 0.0)).value
        )


def test_sentences_are_whole_and_true_of_the_record() -> None:
    evidence, thresholds = drawn(3), Thresholds()
    people = decide(evidence, thresholds)
    known = {row["subject"]: row for row in evidence.iter_rows(named=True)}
    for row in people.iter_rows(named=True):
        text = " ".join((*explanation(row, thresholds), next_step(row, thresholds)))
        assert NONE not in text, text
        assert "None" not in text
        assert "1 visits" not in f" {text}".replace("11 visits", "")
        record = known[row["subject"]]
        if "The last two scores" in text:
            assert record["late_rise_points"] >= thresholds.gain
        if "probability of a gain held" in text:
            assert record["posterior_some_gain_hold"] >= 1 - thresholds.probable
            assert row["kind"] not in {Kind.IMPROVED.value, Kind.LOST_GAIN.value}


def test_order_of_people_changes_nothing() -> None:
    evidence, thresholds = drawn(4), Thresholds()
    mixed = evidence.sample(fraction=1.0, shuffle=True, seed=5)
    assert decide(mixed, thresholds).sort("subject").equals(decide(evidence, thresholds).sort("subject"))


def test_a_higher_probability_confirms_no_more_gains() -> None:
    evidence = drawn(6)
    gains = [
        decide(evidence, Thresholds(confirmed=confirmed)).select(
            (pl.col("kind") == Kind.IMPROVED.value) & (pl.col("certainty") == Certainty.CONFIRMED.value)
        )["kind"]
        for confirmed in (0.81, 0.95, 0.99)
    ]
    assert gains[0].sum() > gains[1].sum() > gains[2].sum()
    assert not (gains[1] & ~gains[0]).any()
    assert not (gains[2] & ~gains[1]).any()
