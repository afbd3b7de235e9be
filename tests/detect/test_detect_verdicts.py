"""Verdicts: people whose answer is known, laws, calibration on the model's own data, and the pieces they rest on."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest

from alsight.calibrate.reference import expected
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.raw import RawTables
from alsight.detect.headline import judged, told
from alsight.detect.posterior import asked_of, posterior, rises
from alsight.detect.prior import natural_history, on_scale
from alsight.detect.sensitivity import unseen, worse
from alsight.detect.statement.counts import cohort_statement, statement
from alsight.detect.statement.sums import number_of
from alsight.detect.still import still
from alsight.detect.thresholds import RECOVERY, REVIEWED, VERDICTS, Thresholds
from alsight.detect.usual import likes, shares
from alsight.detect.verdicts import _nothing, _with_missing, verdicts
from alsight.infer.velocity.simulate import simulate_fit
from montecarlo import tolerance

ASKED = Thresholds()
PEOPLE = {
    "A-decline": [44, 41, 39, 36, 34, 31, 29, 26],
    "B-two": [44, 40],
    "C-equal": [40, 40, 40, 40],
    "D-floor": [3, 2, 1, 1, 0, 0, 0, 0],
    "E-gain": [40, 36, 33, 30, 40, 41, 40, 41, 40, 41, 40, 40],
    "F-ceiling": [48, 48, 48, 47, 48, 48, 48, 48],
    "G-lost": [42, 38, 34, 31, 42, 43, 42, 43, 31, 28, 26, 24],
}


def cohort_of(people: dict[str, list[int]], *, scale: str = "alsfrs_r", apart: int = 91) -> Cohort:
    rows = [(name, apart * visit, score) for name, scores in people.items() for visit, score in enumerate(scores)]
    total = f"{scale}_total"
    visits = pl.DataFrame(rows, schema={"subject": pl.String, "day": pl.Int32, total: pl.Float32}, orient="row")
    visits = visits.with_columns(
        scale=pl.lit(scale), source=pl.lit("test"), row=pl.arange(1, len(rows) + 1, eager=True).cast(pl.UInt32)
    )
    subjects = pl.DataFrame(
        {"subject": list(people), "onset_day": [-360] * len(people)}, schema_overrides={"onset_day": pl.Int32}
    ).with_columns(source=pl.lit("test"), row=pl.lit(1, pl.UInt32))
    return check(RawTables(frames={"subjects": subjects, "visits": visits}, faults=()))


@pytest.fixture(scope="module")
def found():
    return verdicts(cohort_of(PEOPLE))


def test_people_whose_answer_is_known(found) -> None:
    said = dict(found.people.select("subject", "verdict").iter_rows())
    assert said["A-decline"] == "progressing"
    assert said["B-two"] == said["C-equal"] == "cannot tell"
    assert said["D-floor"] in {"cannot tell", "progressing"}
    assert said["F-ceiling"] == "cannot tell"
    assert said["E-gain"] == "remission-like"
    assert said["G-lost"] not in {"reversal", "remission-like"}
    assert found.people.filter(pl.col("subject") == "G-lost")["current"].item() == "progressing"
    gain = found.people.filter(pl.col("subject") == "E-gain").row(0, named=True)
    assert gain["false"] <= ASKED.false
    assert gain["gain_low"] < 9 < gain["gain_high"] + 3
    assert gain["review"]
    assert "held gain" in gain["reasons"]


RISE = {f"p_{kind}_{held}": 0.99 for kind in ("none", "gain") for held in ("0", "hold", "remission")}
KEPT = {f"p_lost_{held}": 0.05 for held in ("0", "hold", "remission")}
FLAT = {"p_flat": 0.9, "p_loss": 0.4, "p_late": 0.1, "flat_usual": 0.2, "still_months": 14.0}
CASES = {
    "remission-like": RISE | KEPT | {"p_before_remission": 0.9},
    "reversal": RISE | KEPT | {"p_gain_remission": 0.2},
    "lost gain": RISE | dict.fromkeys(KEPT, 0.9),
    "rise, not yet confirmed": {"p_none_0": 0.99, "p_gain_0": 0.9},
    "artefact": {"raw_rise": 6.0, "cause": "artefact", "cause_points": 5.0},
    "symptomatic gain": {"raw_rise": 6.0, "cause": "symptomatic", "cause_points": 3.0},
    "rebound after a dip": {"raw_rise": 6.0, "cause": "dip", "cause_points": 5.0},
    "prolonged plateau": FLAT | {"flat_usual": 0.005},
    "plateau": FLAT,
    "apparent plateau": FLAT | {"p_flat": 0.3},
    "progressing": FLAT | {"p_flat": 0.0, "p_loss": 0.99, "still_months": 0.0},
    "cannot tell": {"visits": 2, **RISE, **KEPT},
}


@pytest.mark.parametrize("verdict", CASES)
def test_each_verdict_follows_from_its_evidence(verdict: str) -> None:
    blank = {"visits": 12, "follow": 30.0, "flat_level": 30.0, "middle": 30.0, "cause": None, "p_late": 0.5}
    facts = _with_missing(_nothing(pl.DataFrame({"subject": ["A"]})))
    given = blank | CASES[verdict]
    facts = facts.with_columns(pl.lit(value, facts.schema[name]).alias(name) for name, value in given.items())
    rows = judged(facts, ASKED)
    assert rows["verdict"].to_list() == [verdict]
    assert told(rows, ASKED)["review"].to_list() == [verdict in REVIEWED]


def test_everybody_has_one_row_and_a_known_verdict(found) -> None:
    assert found.people["subject"].to_list() == list(PEOPLE)
    assert set(found.people["verdict"]) | set(found.people["current"]) <= set(VERDICTS)
    judged = found.people.filter(pl.col("verdict").is_in(list(REVIEWED)))
    assert judged["review"].all()
    assert found.people.filter(pl.col("verdict") == "cannot tell")["settle"].str.len_chars().min() > 0
    assert any("Under 50 people" in note for note in found.notes)


def test_windows_and_courses_lie_within_the_follow_up(found) -> None:
    last = found.courses.group_by("subject").agg(pl.col("day").max().alias("last"))
    windows = found.windows.join(last, on="subject")
    assert (windows["start_day"] >= 0).all()
    assert (windows["end_day"] <= windows["last"]).all()
    assert windows.select((pl.col("loss_low") <= pl.col("loss") + 0.1).all()).item()
    assert windows.select(pl.col("flat", "lost", "gained").is_between(0, 1 + 1e-9).all()).row(0) == (True, True, True)
    near = found.courses.filter(pl.col("subject") == "A-decline")
    assert float((near["score"] - near["level"]).abs().max()) < 4


def test_change_in_a_window_is_that_of_the_scores(found) -> None:
    scores = {(name, 91 * visit): score for name, scores in PEOPLE.items() for visit, score in enumerate(scores)}
    windows = found.windows.select("subject", "start_day", "end_day", "change").rows()
    assert len(windows) > 50
    assert [row[3] for row in windows] == [scores[row[0], row[2]] - scores[row[0], row[1]] for row in windows]


def test_a_course_at_the_floor_cannot_be_told() -> None:
    """Nothing but zeros: the posterior of the level is far off, the scores themselves are at the end of the scale."""
    found = verdicts(cohort_of({"A": [0] * 6, "B": [48] * 6}))
    assert found.people["verdict"].to_list() == ["cannot tell"] * 2
    assert found.people["settle"].str.contains("scale is at its end").all()


def test_a_flat_stretch_is_told_with_doubt() -> None:
    facts = _with_missing(_nothing(pl.DataFrame({"subject": ["A", "B"]}))).with_columns(
        visits=12,
        follow=30.0,
        flat_level=30.0,
        middle=30.0,
        p_flat=pl.Series([0.88, 0.86]),
        p_late=0.12,
        flat_usual=0.2,
        mid_flat=14.0,
    )
    rows = told(judged(facts, ASKED), ASKED)
    assert rows["flat"].to_list() == pytest.approx([0.88 * 0.92, 0.86 * 0.92])
    assert rows["verdict"].to_list() == ["plateau", "cannot tell"]
    assert "is 81.0 %" in rows["reasons"][0]


def test_evidence_is_told_with_doubt(found) -> None:
    sure = verdicts(cohort_of(PEOPLE), msgspec.structs.replace(ASKED, doubt=0.0), unseen=False, stated=False)
    for name in ("p_flat", "p_gain_hold", "raw_p_gain_0"):
        assert found.evidence[name].to_list() == pytest.approx((sure.evidence[name] * 0.92).to_list(), nan_ok=True)
    for name in ("p_none_hold", "p_loss", "p_flat_from", "mid_gain_hold"):
        assert found.evidence[name].equals(sure.evidence[name])
    np.testing.assert_allclose(found.windows["gained"], sure.windows["gained"] * 0.92)
    assert "gain" in found.windows.filter(pl.col("subject") == "E-gain")["verdict"].to_list()


def test_a_gain_that_may_be_is_told() -> None:
    facts = _with_missing(_nothing(pl.DataFrame({"subject": ["A", "B"]}))).with_columns(
        visits=pl.Series([1, 2]), p_gain_hold=pl.Series([0.0, 0.465])
    )
    reasons = told(judged(facts, ASKED), ASKED)["reasons"].to_list()
    assert reasons[0].startswith("1 visit in")
    assert "possible" not in reasons[0]
    assert "4 points held for 6 months is possible (42.8 %) but not shown" in reasons[1]


def test_order_of_rows_changes_nothing(found) -> None:
    whole = cohort_of(PEOPLE)
    mixed = Cohort(subjects=whole.subjects, visits=whole.visits.sample(fraction=1.0, shuffle=True, seed=3))
    again = verdicts(mixed)
    assert again.people.equals(found.people)


def test_worse_unseen_visits_never_help(found) -> None:
    kept = found.sensitivity.filter(pl.col("subject") == "E-gain").sort("worse")
    assert kept["worse"].to_list() == [0.0, 4.0, 8.0]
    rank = {name: place for place, name in enumerate(VERDICTS)}
    assert rank[kept["verdict"][0]] <= rank[kept["verdict"][2]]


def test_the_original_scale_is_judged_on_its_own_points() -> None:
    people = {"A": [38, 36, 33, 31, 28, 26, 24], "B": [40, 40, 40, 40, 40, 40, 40]}
    found = verdicts(cohort_of(people, scale="alsfrs"))
    said = dict(found.people.select("subject", "verdict").iter_rows())
    assert said == {"A": "progressing", "B": "cannot tell"}
    assert on_scale(natural_history(), "alsfrs").model.high == 40


def test_a_slip_is_no_reversal() -> None:
    people = {"slip": [40, 38, 4, 35, 33, 31, 30], "later": [40, 37, 4, 44, 34, 32, 30]}
    said = verdicts(cohort_of(people)).people["verdict"].to_list()
    assert not set(said) & REVIEWED


def test_a_cohort_without_visits_can_be_asked() -> None:
    whole = cohort_of({"A": [40, 38]})
    empty = Cohort(subjects=whole.subjects, visits=whole.visits.clear())
    assert verdicts(empty).people["verdict"].to_list() == ["cannot tell"]


def _drawn(people: int, seed: int, visits: int = 13) -> pl.DataFrame:
    """People of natural history, seen every three months for three years."""
    months = np.tile(np.arange(visits) * 3.0, people)
    blank = pl.DataFrame({"subject": np.repeat(np.arange(people), visits), "months": months, "score": 20.0})
    return simulate_fit(natural_history(), blank, seed)


def test_posteriors_are_calibrated_on_the_models_own_data() -> None:
    """Losses over each window, of people drawn from the fitted model, in five bins of their posterior."""
    drawn = _drawn(1500, 11, visits=7)
    none = drawn.select("subject").unique().with_columns(log_odds=pl.lit(-20.0))
    found = posterior(natural_history(), drawn.select("subject", "months", "score"), ASKED, before=none)
    truth = drawn.select("subject", "truth", start=pl.col("months").round(3))
    windows = found.windows.with_columns(pl.col("start", "end").round(3))
    windows = windows.join(truth, on=["subject", "start"]).join(
        truth.rename({"start": "end"}), on=["subject", "end"], suffix="_end"
    )
    windows = (
        windows.filter(pl.col("months") == 12)
        .sort("subject", "start")
        .unique("subject", keep="first", maintain_order=True)
    )
    loss = (windows["truth"] - windows["truth_end"]).to_numpy()
    judged = 0
    for name, true in (("flat", loss < ASKED.flat), ("lost", loss >= 3.0)):
        said = windows[name].to_numpy()
        for low in np.arange(0, 1, 0.2):
            among = (said >= low) & (said <= low + 0.2)
            if among.sum() >= 30:
                wrong = true[among] - said[among]
                judged += 1
                assert abs(wrong.mean()) < tolerance(float(np.std(wrong)), int(among.sum())), (name, low)
    assert judged >= 6


def test_recoveries_are_not_found_where_there_are_none() -> None:
    drawn = _drawn(800, 12)
    found = posterior(natural_history(), drawn.select("subject", "months", "score"), ASKED)
    assert found.frequency < RECOVERY.prior * 2
    called = _with_missing(found.people).filter(
        (pl.col("p_none_hold") >= 1 - ASKED.false) & (pl.col("p_gain_hold") >= 0.5)
    )
    assert called.height <= 1


def test_every_reduction_has_its_own_name() -> None:
    names = [one.name or one.kind for one in asked_of(ASKED, recovery=True)]
    assert len(names) == len(set(names))


def test_rises_and_still_equal_plain_loops() -> None:
    rng = np.random.default_rng(5)
    rows = [
        (f"{person}", 3.0 * visit + rng.uniform(), float(rng.integers(20, 40)))
        for person in range(20)
        for visit in range(rng.integers(1, 9))
    ]
    table = pl.DataFrame(rows, schema=["subject", "months", "score"], orient="row").sort("subject", "months")
    quick, rise = still(table), rises(table)
    for place, (_, person) in enumerate(table.group_by("subject", maintain_order=True)):
        months, score = person["months"].to_numpy(), person["score"].to_numpy()
        pairs = [(i, j) for i in range(len(score)) for j in range(i, len(score))]
        runs = [months[j] - months[i] for i, j in pairs if (score[i : j + 1] >= score[i]).all()]
        spans = [months[j] - months[i] for i, j in pairs if score[j] >= score[i]]
        assert quick.row(place)[1:] == (pytest.approx(max(runs)), pytest.approx(max(spans)))
        assert rise[place] == max(score[j] - score[i] for i, j in pairs)


def test_number_of_equals_the_convolution() -> None:
    share = np.array([0.1, 0.1, 0.5, 0.9, 0.0, 1.0])
    exact = np.array([1.0])
    for p in share:
        exact = np.convolve(exact, [1 - p, p])
    np.testing.assert_allclose(number_of(share), exact, atol=1e-12)


def test_shares_equal_the_references_own_lookup() -> None:
    first = pl.DataFrame(
        {
            "score": [41.0, 33.0, 46.0],
            "onset_months": [10.0, 14.0, 30.0],
            "interval": [3.0, 1.1, 5.9],
            "follow": [13.0, 24.5, 40.0],
        }
    )
    quick = shares(likes(first), "run_floor", pl.Series([12.4, 7.0, 18.0]))
    for place, row in enumerate(first.iter_rows(named=True)):
        rate = (48 - row["score"]) / row["onset_months"]
        threshold = (12.0, 6.0, 18.0)[place]
        slow = expected(rate, row["score"], row["interval"], row["follow"], "run_floor", threshold)
        assert quick[place] == pytest.approx(slow.probability)


def test_statement_counts_what_was_seen() -> None:
    rng = np.random.default_rng(8)
    people = {
        f"P{i:03d}": np.clip(44 - 2.2 * np.arange(9) + rng.normal(0, 1, 9), 0, 48).round().astype(int).tolist()
        for i in range(60)
    }
    rows = statement(cohort_of(people))
    overall = rows.filter(pl.col("by") == "", pl.col("definition") == "bedlack_ever_floor_6", pl.col("months") == 12)
    assert overall["eligible"].to_list() == [60]
    assert overall["observed"][0] <= overall["expected"][0] + 6
    assert (rows["low"] <= rows["high"]).all()
    assert rows.select(pl.col("surprise").is_between(-1e-9, 1 + 1e-9).all()).item()
    said = cohort_statement(rows)
    assert said is not None
    assert (said.definition, said.months, said.eligible) == ("bedlack_ever_floor_6", 12.0, 60)
    assert said.observed == overall["observed"][0]
    assert said.low <= said.expected <= said.high
    assert cohort_statement(rows.clear()) is None


def test_unseen_visits_fill_gaps_and_follow_the_last() -> None:
    courses = pl.DataFrame({"subject": ["A"] * 4, "months": [0.0, 3.0, 6.0, 15.0], "level": [40.0, 38.0, 36.0, 30.0]})
    assert unseen(courses)["months"].to_list() == [10.5, 18.0]
    visits = courses.select("subject", "months", score="level")
    assert worse(visits, courses, 4.0, 48.0)["score"].to_list() == [40.0, 38.0, 36.0, 29.0, 30.0, 26.0]
