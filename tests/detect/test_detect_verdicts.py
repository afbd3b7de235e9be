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
from alsight.detect.base_rate import base_rates, reference_keys
from alsight.detect.decide import NextStep, Reason, decide
from alsight.detect.evidence import SCHEMA, evidence_table
from alsight.detect.flat_runs import flat_runs
from alsight.detect.kinds import REVIEWED, VERDICTS, Verdict
from alsight.detect.posterior import REDUCED, posterior, reductions, rises
from alsight.detect.prior import natural_history, on_scale
from alsight.detect.sensitivity import missing_visits, worse
from alsight.detect.statement.counts import cohort_statement, statement
from alsight.detect.statement.sums import number_of
from alsight.detect.thresholds import RECOVERY, Thresholds
from alsight.detect.verdicts import NoteCode, verdicts
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
    assert said["B-two"] == said["D-floor"] == said["F-ceiling"] == "insufficient data"
    certain = dict(found.people.select("subject", "certainty").iter_rows())
    assert certain["C-equal"] in {"possible", None}
    assert said["E-gain"] == "remission-like"
    assert said["G-lost"] not in {"reversal", "remission-like"}
    assert found.people.filter(pl.col("subject") == "G-lost")["current"].item() == "progressing"
    gain = found.people.filter(pl.col("subject") == "E-gain").row(0, named=True)
    assert gain["local_false_discovery_rate"] <= 1 - ASKED.confirmed
    assert gain["held_gain_low"] < 9 < gain["held_gain_high"] + 3
    assert gain["review"]
    assert gain["reasons"][0]["code"] == Reason.HELD_GAIN
    assert gain["reasons"][0]["points"] == gain["held_gain_points"]
    assert (gain["kind"], gain["certainty"]) == ("improved", "confirmed")


RISE = {f"posterior_{kind}_{held}": 0.99 for kind in ("some_gain", "gain") for held in ("any", "hold", "remission")}
KEPT = {f"posterior_lost_gain_{held}": 0.05 for held in ("any", "hold", "remission")}
FLAT = {
    "posterior_stable": 0.9,
    "posterior_progressing": 0.4,
    "loss_points": 0.8,
    "base_rate_stable": 0.2,
    "stable_start_months": 3.0,
    "stable_end_months": 17.0,
}
CAUSED = {"recorded_rise_points": 6.0, "cause_points": 5.0, "posterior_progressing": 0.99}
CASES = {
    "remission-like": RISE | KEPT | {"posterior_earlier_loss_remission": 0.9},
    "reversal": RISE | KEPT,
    "improved, not yet confirmed by time": RISE
    | {"posterior_some_gain_hold": 0.7, "posterior_some_gain_remission": 0.1},
    "lost gain": RISE | dict.fromkeys(KEPT, 0.9),
    "artefact": CAUSED | {"cause": "artefact"},
    "symptomatic gain": CAUSED | {"cause": "symptomatic"},
    "recovery after a dip": CAUSED | {"cause": "dip"},
    "stable, prolonged": FLAT | {"base_rate_stable": 0.005},
    "stable": FLAT,
    "progressing": FLAT | {"posterior_stable": 0.6, "posterior_progressing": 0.99},
    "undecided": FLAT | {"posterior_stable": 0.45},
    "insufficient data": {"visits": 2, **RISE, **KEPT},
}
KINDS = {
    "remission-like": ("improved", "confirmed", 0.99),
    "reversal": ("improved", "confirmed", 0.99),
    "improved, not yet confirmed by time": ("improved", "confirmed", 0.99),
    "lost gain": ("lost gain", "probable", 0.9),
    "artefact": ("explained rise", "probable", 1.0),
    "symptomatic gain": ("explained rise", "probable", 1.0),
    "recovery after a dip": ("explained rise", "probable", 1.0),
    "stable, prolonged": ("stable", "probable", 0.9),
    "stable": ("stable", "probable", 0.9),
    "progressing": ("progressing", "confirmed", 0.99),
    "undecided": ("undecided", None, None),
    "insufficient data": ("insufficient data", None, None),
}
BLANK = {
    "visits": 12,
    "follow_up_months": 30.0,
    "last_visit_months": 30.0,
    "lowest_score": 28.0,
    "highest_score": 34.0,
    "lowest_level": 29.0,
    "highest_level": 33.0,
    "cause": None,
}


def evidence_with(**values: object) -> pl.DataFrame:
    """Declared evidence of people named A, B, ... with some values; one value stands for all."""
    columns = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    count = max(len(value) for value in columns.values())
    wide = {name: value * count if len(value) < count else value for name, value in columns.items()}
    return evidence_table(pl.DataFrame({"subject": [chr(65 + index) for index in range(count)], **wide}))


@pytest.mark.parametrize("verdict", CASES)
def test_each_verdict_follows_from_its_evidence(verdict: str) -> None:
    decided = decide(evidence_with(**BLANK | CASES[verdict]), ASKED)
    assert decided["verdict"].to_list() == [verdict]
    assert decided["review"].to_list() == [verdict in REVIEWED]
    assert decided.select("kind", "certainty", "posterior").row(0) == KINDS[verdict]
    assert len(decided["reasons"][0]) >= 1


def test_what_is_possible_beside_the_finding_is_named() -> None:
    decided = decide(evidence_with(**BLANK | CASES["progressing"]), ASKED)
    (beside,) = decided["also_possible"][0]
    assert beside == {
        "verdict": "stable",
        "kind": "stable",
        "certainty": "possible",
        "posterior": 0.6,
        "months": pytest.approx(14.0),
    }
    assert decide(evidence_with(**BLANK | CASES["insufficient data"]), ASKED)["also_possible"][0].to_list() == []


def test_the_first_probable_kind_is_found_else_the_likeliest() -> None:
    gain = {f"posterior_{kind}_hold": [0.81, 0.79, 0.6, 0.4] for kind in ("some_gain", "gain")}
    rows = decide(evidence_with(**BLANK, **gain, posterior_progressing=[0.99, 0.99, 0.55, 0.45]), ASKED)
    assert rows["verdict"].to_list() == ["reversal", "progressing", "reversal", "undecided"]
    assert rows["certainty"].to_list() == ["probable", "confirmed", "possible", None]
    assert rows["review_reasons"].to_list() == [["gain"], ["gain"], ["gain"], []]


def test_the_current_state_names_its_own_period() -> None:
    state = {
        "recent_start_months": 18.0,
        "recent_end_months": 30.0,
        "posterior_recent_period": [0.9, 0.3, 0.55, 0.9],
        "current_stable_start_months": [24.0, 12.0, 18.0, None],
        "current_stable_end_months": [30.0, 30.0, 30.0, None],
        "posterior_current_stable_period": [0.85, 0.96, 0.6, None],
        "current_stable_loss_points": 0.4,
        "recent_loss_points": 2.0,
    }
    rows = decide(evidence_with(**BLANK, **state, posterior_progressing=0.99), ASKED)
    assert rows["current"].to_list() == ["stable", "stable", "stable", "progressing"]
    assert rows["current_certainty"].to_list() == ["probable", "confirmed", "possible", "probable"]
    assert rows["current_months"].to_list() == [6.0, 18.0, 12.0, 12.0]
    assert rows["current_loss_points"].to_list() == [0.4, 0.4, 0.4, 2.0]
    assert rows["verdict"].to_list() == ["progressing"] * 4


def test_a_likely_mimic_is_listed_with_the_reason() -> None:
    rows = decide(evidence_with(**BLANK, posterior_progressing=0.99, posterior_mimic=[0.1, 0.3, None]), ASKED)
    assert rows["review"].to_list() == [False, True, False]
    assert rows["review_reasons"].to_list() == [[], ["mimic"], []]
    strict = msgspec.structs.replace(ASKED, mimic=0.4)
    assert not decide(evidence_with(**BLANK, posterior_mimic=0.3), strict)["review"].any()


def test_nothing_that_is_not_known_is_certain() -> None:
    """Two visits in three months cannot hold a gain for six."""
    found = verdicts(cohort_of({"A": [30, 40], "B": [30, 30, 40]}), unseen=False, stated=False)
    for frame in (found.people, found.evidence, found.windows, found.courses):
        assert not any(frame.select(pl.col(pl.Float64).is_nan().any()).row(0))
    assert found.people["verdict"].to_list() == ["insufficient data", found.people["verdict"][1]]
    assert found.people["local_false_discovery_rate"][0] is None
    assert found.people["posterior"][0] is None


@pytest.mark.parametrize("hold", [9.0, 12.0, 15.0])
def test_any_length_of_holding_can_be_asked_for(hold: float) -> None:
    chosen = msgspec.structs.replace(ASKED, hold=hold)
    found = verdicts(
        cohort_of({name: PEOPLE[name] for name in ("B-two", "E-gain")}), chosen, unseen=False, stated=False
    )
    assert found.people["verdict"].to_list() == ["insufficient data", "remission-like"]


def test_every_verdict_has_a_row_and_a_case() -> None:
    assert list(VERDICTS) == list(Verdict)
    assert set(CASES) == set(KINDS) == set(VERDICTS)


def test_a_decision_needs_declared_evidence() -> None:
    assert evidence_with(visits=3, follow_up_months=9.0, loss_points=float("nan"))["loss_points"].to_list() == [None]
    with pytest.raises(ValueError, match="not declared: \\['p_flat'\\]"):
        evidence_with(visits=3, follow_up_months=9.0, p_flat=0.5)
    with pytest.raises(ValueError, match="needed and missing: \\['follow_up_months'\\]"):
        evidence_with(visits=3)
    with pytest.raises(pl.exceptions.InvalidOperationError):
        evidence_with(visits=3, follow_up_months="many")
    twice = pl.DataFrame({"subject": ["A", "A"], "visits": 3, "follow_up_months": 9.0})
    with pytest.raises(ValueError, match="more than one row"):
        evidence_table(twice)


def test_every_reduced_statistic_is_declared(found) -> None:
    assert set(REDUCED.values()) <= set(SCHEMA)
    assert found.evidence.schema == pl.Schema(SCHEMA)
    floats = found.evidence.select(pl.col(pl.Float64).is_nan().any())
    assert not any(floats.row(0))


def test_everybody_has_one_row_and_a_known_verdict(found) -> None:
    assert found.people["subject"].to_list() == list(PEOPLE)
    assert set(found.people["verdict"]) | set(found.people["current"]) <= set(VERDICTS)
    assessed = found.people.filter(pl.col("verdict").is_in(list(REVIEWED)))
    assert assessed["review"].all()
    assert found.people.filter(pl.col("verdict") == "insufficient data")["next_step_code"].null_count() == 0
    assert NoteCode.SMALL_COHORT in [note.code for note in found.notes]


def test_windows_and_courses_lie_within_the_follow_up(found) -> None:
    last = found.courses.group_by("subject").agg(pl.col("day").max().alias("last"))
    windows = found.windows.join(last, on="subject")
    assert (windows["start_day"] >= 0).all()
    assert (windows["end_day"] <= windows["last"]).all()
    assert windows.select((pl.col("loss_low") <= pl.col("loss_points") + 0.1).all()).item()
    assert windows.select(
        pl.col("posterior_stable", "posterior_lost", "posterior_gained").is_between(0, 1 + 1e-9).all()
    ).row(0) == (True, True, True)
    near = found.courses.filter(pl.col("subject") == "A-decline")
    assert float((near["score"] - near["level"]).abs().max()) < 4


def test_change_in_a_window_is_that_of_the_scores(found) -> None:
    scores = {(name, 91 * visit): score for name, scores in PEOPLE.items() for visit, score in enumerate(scores)}
    windows = found.windows.select("subject", "start_day", "end_day", "change").rows()
    assert len(windows) > 50
    assert [row[3] for row in windows] == [scores[row[0], row[2]] - scores[row[0], row[1]] for row in windows]


def test_a_course_at_an_end_of_the_scale_is_not_assessed() -> None:
    """Of nothing but zeros the model concludes a higher start; the scores themselves are at the end of the scale."""
    rated = {"A": [0] * 6, "B": [48] * 6, "C": [3] * 6, "D": [3, 2, 2, 1, 2, 1, 1]}
    found = verdicts(cohort_of(rated), unseen=False, stated=False)
    assert found.people["verdict"].to_list() == ["insufficient data"] * 4
    assert found.people["current"].to_list() == ["insufficient data"] * 4
    assert found.people["next_step_code"].to_list() == [NextStep.OTHER_MEASURES] * 4
    assert set(found.windows["verdict"]) == {"insufficient data"}


def test_the_decision_follows_from_the_published_evidence(found) -> None:
    again = decide(found.evidence, found.thresholds).sort("subject")
    assert again.equals(found.people.sort("subject"))


def test_a_possible_gain_and_a_late_rise_are_reasons() -> None:
    evidence = evidence_with(
        **BLANK, posterior_progressing=0.99, posterior_some_gain_hold=[0.1, 0.43], late_rise_points=[5.0, None]
    )
    reasons = decide(evidence, ASKED)["reasons"].to_list()
    assert [one["code"] for one in reasons[0]] == [Reason.LATE_RISE]
    assert reasons[0][0]["points"] == 5.0
    assert [one["code"] for one in reasons[1]] == [Reason.POSSIBLE_GAIN]
    assert reasons[1][0]["probability"] == pytest.approx(0.43)


def test_order_of_rows_changes_nothing(found) -> None:
    whole = cohort_of(PEOPLE)
    mixed = Cohort(subjects=whole.subjects, visits=whole.visits.sample(fraction=1.0, shuffle=True, seed=3))
    again = verdicts(mixed)
    assert again.people.equals(found.people)


def test_names_and_copies_change_nothing() -> None:
    """The same visits under other names, in another order, and twice: every copy has the same verdict."""
    some = {name: PEOPLE[name] for name in ("A-decline", "E-gain", "C-equal")}
    renamed = {"z": some["A-decline"], "y": some["E-gain"], "x": some["C-equal"]}
    twice = {"1": some["E-gain"], "2": some["E-gain"], "3": some["C-equal"]}
    first, second, third = (
        verdicts(cohort_of(people), unseen=False, stated=False).people for people in (some, renamed, twice)
    )
    named = ["verdict", "certainty", "current"]
    numbers = [name for name, kind in first.schema.items() if kind == pl.Float64]
    for name, other in zip(some, renamed, strict=True):
        one, same = (people.filter(pl.col("subject") == who) for people, who in ((first, name), (second, other)))
        assert one.select(named).equals(same.select(named))
        np.testing.assert_allclose(
            one.select(numbers).to_numpy().astype(float), same.select(numbers).to_numpy().astype(float), rtol=1e-9
        )
    copies = [third[place].select(numbers).to_numpy().astype(float) for place in (0, 1)]
    np.testing.assert_allclose(*copies, rtol=1e-9)
    assert third[0].select(named).equals(third[1].select(named))


def test_worse_missing_visits_never_help(found) -> None:
    accepted = found.sensitivity.filter(pl.col("subject") == "E-gain").sort("worse")
    assert accepted["worse"].to_list() == [0.0, 4.0, 8.0]
    rank = {name: place for place, name in enumerate(VERDICTS)}
    assert rank[accepted["verdict"][0]] <= rank[accepted["verdict"][2]]


def test_the_original_scale_is_judged_on_its_own_points() -> None:
    people = {"A": [38, 36, 33, 31, 28, 26, 24], "B": [40, 40, 40, 40, 40, 40, 40]}
    found = verdicts(cohort_of(people, scale="alsfrs"))
    said = dict(found.people.select("subject", "verdict").iter_rows())
    assert said == {"A": "progressing", "B": "insufficient data"}
    assert on_scale(natural_history(), "alsfrs").model.high == 40


def test_a_slip_is_no_reversal() -> None:
    people = {"slip": [40, 38, 4, 35, 33, 31, 30], "later": [40, 37, 4, 44, 34, 32, 30]}
    said = verdicts(cohort_of(people)).people["verdict"].to_list()
    assert not set(said) & REVIEWED


def test_a_cohort_without_visits_can_be_asked() -> None:
    whole = cohort_of({"A": [40, 38]})
    empty = Cohort(subjects=whole.subjects, visits=whole.visits.clear())
    assert verdicts(empty).people["verdict"].to_list() == ["insufficient data"]


def _drawn(people: int, seed: int, visits: int = 13) -> pl.DataFrame:
    """People of natural history, seen every three months for three years."""
    months = np.tile(np.arange(visits) * 3.0, people)
    blank = pl.DataFrame({"subject": np.repeat(np.arange(people), visits), "months": months, "score": 20.0})
    return simulate_fit(natural_history(), blank, seed)


def test_posteriors_are_calibrated_on_the_models_own_data() -> None:
    """Losses over each window, of people drawn from the fitted model, in five bins of their posterior."""
    drawn = _drawn(1500, 11, visits=7)
    none = drawn.select("subject").unique().with_columns(prior_log_odds=pl.lit(-20.0))
    found = posterior(natural_history(), drawn.select("subject", "months", "score"), ASKED, before=none)
    truth = drawn.select("subject", "truth", start=pl.col("months").round(3))
    windows = found.windows.with_columns(pl.col("start", "end").round(3))
    windows = windows.join(truth, on=["subject", "start"]).join(
        truth.rename({"start": "end"}), on=["subject", "end"], suffix="_end"
    )
    windows = (
        windows.filter(pl.col("months") == 12, ~pl.col("latest"))
        .sort("subject", "start")
        .unique("subject", keep="first", maintain_order=True)
    )
    loss = (windows["truth"] - windows["truth_end"]).to_numpy()
    assessed = 0
    for name, true in (("flat", loss < ASKED.flat), ("lost", loss >= 3.0)):
        said = windows[name].to_numpy()
        for low in np.arange(0, 1, 0.2):
            among = (said >= low) & (said <= low + 0.2)
            if among.sum() >= 30:
                wrong = true[among] - said[among]
                assessed += 1
                assert abs(wrong.mean()) < tolerance(float(np.std(wrong)), int(among.sum())), (name, low)
    assert assessed >= 6


def test_recoveries_are_not_found_where_there_are_none() -> None:
    drawn = _drawn(800, 12)
    found = posterior(natural_history(), drawn.select("subject", "months", "score"), ASKED)
    assert found.frequency < RECOVERY.prior * 2
    known = [
        pl.col(name) for name in ("posterior_some_gain_hold", "posterior_gain_hold") if name in found.people.columns
    ]
    some, large = known or (pl.lit(0.0), pl.lit(0.0))
    called = found.people.filter((some >= ASKED.confirmed) & (large >= 0.5))
    assert called.height <= 1


def test_every_reduction_has_its_own_name() -> None:
    names = [one.name or one.kind for one in reductions(ASKED, recovery=True)]
    assert len(names) == len(set(names))


def test_rises_and_flat_runs_equal_plain_loops() -> None:
    rng = np.random.default_rng(5)
    rows = [
        (f"{person}", 3.0 * visit + rng.uniform(), float(rng.integers(20, 40)))
        for person in range(20)
        for visit in range(rng.integers(1, 9))
    ]
    table = pl.DataFrame(rows, schema=["subject", "months", "score"], orient="row").sort("subject", "months")
    quick, rise = flat_runs(table), rises(table)
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


def test_base_rates_equal_the_references_own_lookup() -> None:
    first = pl.DataFrame(
        {
            "score": [41.0, 33.0, 46.0],
            "onset_months": [10.0, 14.0, 30.0],
            "interval": [3.0, 1.0, 6.0],
            "follow": [13.0, 24.5, 40.0],
        }
    )
    quick = base_rates(reference_keys(first), "run_floor", pl.Series([12.4, 7.0, 18.0]))
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
    assert (rows["expected_low"] <= rows["expected_high"]).all()
    assert rows.select(pl.col("upper_tail_probability").is_between(-1e-9, 1 + 1e-9).all()).item()
    said = cohort_statement(rows)
    assert said is not None
    assert (said.definition, said.months, said.eligible) == ("bedlack_ever_floor_6", 12.0, 60)
    assert said.observed == overall["observed"][0]
    assert said.low <= said.expected <= said.high
    assert cohort_statement(rows.clear()) is None


def test_missing_visits_fill_gaps_and_follow_the_last() -> None:
    courses = pl.DataFrame({"subject": ["A"] * 4, "months": [0.0, 3.0, 6.0, 15.0], "level": [40.0, 38.0, 36.0, 30.0]})
    assert missing_visits(courses)["months"].to_list() == [10.5, 18.0]
    visits = courses.select("subject", "months", score="level")
    assert worse(visits, courses, 4.0, 48.0)["score"].to_list() == [40.0, 38.0, 36.0, 29.0, 30.0, 26.0]
