"""Each rule of causes: a rise that it must name, and one beside it that it must not."""

from __future__ import annotations

import polars as pl
import pytest

from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import REJECTED, VISITS
from alsight.detect.causes.explain import explain
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.treatments import RELIEFS
from alsight.detect.causes.visits import slip_table
from alsight.instruments.items import ITEM_NAMES
from causes_people import STEADY, cohort, graded, shaped, visits


def rules_of(reported: Cohort) -> list[str]:
    return explain(reported).causes["rule"].to_list()


def adjusted(reported: Cohort) -> list[float | None]:
    return explain(reported).adjusted["adjusted"].to_list()


def test_a_plain_decline_has_no_cause_and_keeps_its_scores() -> None:
    reported = explain(cohort(visits("a", STEADY)))
    assert reported.causes.is_empty()
    assert reported.dips.is_empty()
    assert reported.adjusted["adjusted"].to_list() == STEADY
    assert reported.adjusted["rule"].null_count() == len(STEADY)


def test_item_5_at_a_gastrostomy_is_chained() -> None:
    five = [3, 2, 1, 3, 3, 2]
    person = visits("a", [40, 39, 38, 37, 36, 35], q5_cutting=five, fed=[False] * 3 + [True] * 3)
    reported = explain(cohort(person))
    (row,) = reported.causes.to_dicts()
    assert (row["cause"], row["rule"], row["points"], row["items"]) == ("artefact", "item_5", 2.0, "q5_cutting")
    assert (row["start_day"], row["end_day"]) == (182, 273)
    assert (row["from_value"], row["to_value"]) == ("5a", "5b")
    taken = reported.adjusted["score"] - reported.adjusted["adjusted"]
    assert taken.to_list() == [0, 0, 0, 2, 2, 2]


def test_item_5_that_rises_without_a_switch_is_kept() -> None:
    assert rules_of(cohort(visits("a", [40, 39, 38, 37, 36], q5_cutting=[3, 2, 3, 3, 3]))) == []


def test_item_5_of_unstated_kind_needs_a_recorded_gastrostomy() -> None:
    person = visits("a", [40, 39, 38, 37], q5_cutting=[2, 2, 3, 3])
    unstated = person.with_columns(
        q5_cutting=pl.col("q5a_cutting_without_gastrostomy"), q5a_cutting_without_gastrostomy=pl.lit(None, pl.Float32)
    )
    assert rules_of(cohort(unstated)) == []
    assert rules_of(cohort(unstated, events=[("a", 150, "gastrostomy")])) == ["item_5"]


def test_item_5_back_from_5b_takes_nothing_any_longer() -> None:
    person = visits("a", [40, 40, 40, 40], q5_cutting=[1, 3, 3, 1], fed=[False, True, True, False])
    reported = explain(cohort(person)).adjusted
    assert (reported["score"] - reported["adjusted"]).to_list() == [0, 2, 2, 0]


@pytest.mark.parametrize(("events", "rule"), [([], "item_12"), ([("a", 200, "niv_stop")], "ventilation_stopped")])
def test_item_12_is_held_at_its_lowest(events: list[tuple[str, int, str]], rule: str) -> None:
    person = visits("a", [44, 43, 42, 41, 40], q12_respiratory_insufficiency=[4, 2, 2, 4, 4])
    reported = explain(cohort(person, events=events))
    assert reported.causes.select("rule", "points", "items").row(0) == (rule, 2.0, "q12_respiratory_insufficiency")
    assert (reported.adjusted["score"] - reported.adjusted["adjusted"]).to_list() == [0, 0, 0, 2, 2]


def test_item_12_that_falls_is_no_cause() -> None:
    assert rules_of(cohort(visits("a", [44, 43, 42], q12_respiratory_insufficiency=[4, 2, 2]))) == []


def test_relief_needs_the_record_and_sits_in_its_items() -> None:
    person = visits("a", [40] * 6, q2_salivation=[3, 2, 1, 3, 3, 3])
    assert rules_of(cohort(person)) == []
    reported = explain(cohort(person, doses=[("a", 200, "Glycopyrronium bromide")]))
    (row,) = reported.causes.to_dicts()
    assert (row["cause"], row["rule"], row["points"], row["items"]) == ("symptomatic", "saliva", 2.0, "q2_salivation")
    assert (reported.adjusted["score"] - reported.adjusted["adjusted"]).to_list() == [0, 0, 0, 2, 2, 2]


def test_relief_that_others_items_outdo_is_no_relief() -> None:
    # Saliva gains 1 of 8 points: the rise does not sit in what the treatment eases.
    person = visits("a", [30, 30, 30, 38, 38, 38], q2_salivation=[2, 2, 2, 3, 3, 3])
    assert "saliva" not in rules_of(cohort(person, doses=[("a", 200, "saliva drug")]))


def test_relief_ends_with_the_treatment() -> None:
    person = visits("a", [40] * 6, q2_salivation=[2, 2, 3, 3, 3, 3])
    reported = cohort(person, doses=[("a", 100, "saliva drug")])
    ended = Cohort(
        subjects=reported.subjects,
        visits=reported.visits,
        doses=reported.doses.with_columns(end_day=pl.lit(300, pl.Int32)),
    )
    frame = explain(ended).adjusted
    assert (frame["score"] - frame["adjusted"]).to_list() == [0, 0, 1, 1, 0, 0]


def test_relief_by_ventilation_runs_from_start_to_stop() -> None:
    person = visits("a", [40] * 6, q10_dyspnea=[2, 2, 3, 3, 3, 3], q11_orthopnea=[2, 2, 3, 3, 3, 3])
    events = [("a", 100, "niv_start"), ("a", 300, "niv_stop")]
    frame = explain(cohort(person, events=events)).adjusted
    assert (frame["score"] - frame["adjusted"]).to_list() == [0, 0, 2, 2, 0, 0]


def test_relief_too_late_or_of_placebo_or_of_cramps_explains_nothing() -> None:
    late = visits("a", [40] * 6, q2_salivation=[2, 2, 2, 2, 2, 3])
    assert rules_of(cohort(late, doses=[("a", 100, "saliva drug")])) == []
    prompt = visits("a", [40] * 6, q2_salivation=[2, 2, 3, 3, 3, 3])
    assert rules_of(cohort(prompt, doses=[("a", 100, "mexiletine")])) == []
    reported = cohort(prompt, doses=[("a", 100, "saliva drug")])
    placebo = reported.doses.with_columns(kind=pl.lit("placebo"))
    assert rules_of(Cohort(subjects=reported.subjects, visits=reported.visits, doses=placebo)) == []


def test_reliefs_name_items_of_the_dictionary_and_tell_each_other_apart() -> None:
    assert all(set(row.items) <= set(ITEM_NAMES) for row in RELIEFS)
    assert len({row.rule for row in RELIEFS}) == len(RELIEFS)


def test_outlying_visit_is_set_aside() -> None:
    totals = [42, 41, 40, 39, 48, 37, 36, 35, 34]
    reported = explain(cohort(visits("a", totals)))
    (row,) = reported.causes.to_dicts()
    assert (row["rule"], row["start_day"], row["end_day"]) == ("outlying_visit", 273, 364)
    assert 7.0 < row["points"] < 13.0
    assert reported.adjusted["adjusted"].to_list() == [42, 41, 40, 39, None, 37, 36, 35, 34]


def test_a_rise_that_is_held_is_no_outlier() -> None:
    reported = explain(cohort(visits("a", [38, 37, 36, 35, 34, 42, 42, 41, 42, 42])))
    assert reported.causes.is_empty()
    assert reported.adjusted["adjusted"].null_count() == 0


def test_slips_of_digits() -> None:
    table = slip_table()
    assert table[43, 34]
    assert table[44, 4]
    assert table[3, 34]
    assert table[4, 34]
    assert not table[35, 34]
    assert not table.diagonal().any()


@pytest.mark.parametrize(("totals", "meant"), [([36, 35, 34, 43, 33, 32, 31], 34), ([8, 7, 6, 5, 44, 4, 4], 4)])
def test_slip_in_the_middle(totals: list[int], meant: int) -> None:
    reported = explain(cohort(visits("a", totals, items=False)))
    (row,) = reported.causes.to_dicts()
    assert row["rule"] == "data_slip"
    assert row["expected_total"] == meant
    assert reported.adjusted["adjusted"].null_count() == 1


def test_slip_at_the_last_visit_needs_digits_that_fit() -> None:
    fits = explain(cohort(visits("a", [27, 27, 26, 25, 24, 42], items=False)))
    assert fits.causes["rule"].to_list() == ["data_slip"]
    assert rules_of(cohort(visits("a", [27, 27, 26, 25, 24, 40], items=False))) == []


def test_slip_that_makes_a_loss_at_the_last_visit_must_be_larger() -> None:
    deep = explain(cohort(visits("a", [42, 42, 41, 41, 40, 4], items=False)))
    assert deep.causes.select("rule", "points").rows() == [("data_slip", 0.0)]
    assert deep.adjusted["adjusted"].null_count() == 1
    assert rules_of(cohort(visits("a", [27, 26, 25, 24, 23, 12], items=False))) == []


def test_the_last_visit_of_a_gain_is_no_outlier() -> None:
    gained = [36, 35, 33, 31, 29, 28, 39, 39, 40, 28, 27]
    assert "outlying_visit" not in rules_of(cohort(visits("a", gained)))
    alone = [36, 35, 33, 31, 29, 28, 27, 26, 40, 24, 23]
    assert "outlying_visit" in rules_of(cohort(visits("a", alone)))


def test_items_that_sum_to_the_total_leave_no_room_for_a_slip() -> None:
    assert rules_of(cohort(visits("a", [36, 35, 34, 43, 33, 32, 31]))) == ["outlying_visit"]


def test_exchanged_dates_by_labels() -> None:
    labels = [f"month_{3 * index}" for index in (0, 1, 3, 2, 4, 5)]
    reported = explain(cohort(visits("a", [42, 41, 39, 40, 38, 37], visit=labels)))
    assert reported.causes.select("rule", "start_day", "end_day", "points").row(0) == ("exchanged_dates", 182, 273, 1.0)
    assert reported.adjusted["adjusted"].to_list() == [42, 41, None, None, 38, 37]
    assert rules_of(cohort(visits("a", STEADY[:6], visit=[f"visit {index}" for index in range(6)]))) == []


@pytest.mark.parametrize(
    ("column", "values"),
    [("mode", ("in_person", "telephone")), ("responder", ("caregiver", "self")), ("rater", ("A", "B"))],
)
def test_change_of_circumstances(column: str, values: tuple[str, str]) -> None:
    totals = [38, 37, 36, 35, 34, 42, 41, 40, 39, 38]
    said = [values[0]] * 5 + [values[1]] * 5
    reported = explain(cohort(visits("a", totals, **{column: said})))
    (row,) = reported.causes.to_dicts()
    assert (row["rule"], row["start_day"], row["end_day"]) == (column, 364, 455)
    assert 7.0 < row["points"] < 11.0
    left = reported.adjusted["adjusted"].to_list()
    assert left[:5] == totals[:5]
    assert max(left[5:]) < 36.0
    assert rules_of(cohort(visits("a", totals, **{column: [values[0]] * 10}))) == []


def test_a_change_at_which_nothing_rises_is_no_cause() -> None:
    assert rules_of(cohort(visits("a", STEADY, rater=["A"] * 4 + ["B"] * 5))) == []


def test_changes_that_disagree_explain_nothing() -> None:
    # The rise comes with one of four changes between the same raters, and none of the others moves the score.
    totals = [40, 40, 40, 40, 40, 40, 46, 46, 46, 46, 46, 46]
    raters = ["A", "A", "B", "B", "A", "A", "B", "B", "A", "A", "B", "B"]
    assert "rater" not in rules_of(cohort(visits("a", totals, rater=raters)))


def test_a_jump_back_ends_the_shift() -> None:
    totals = [40, 40, 40, 40, 47, 47, 47, 47, 40, 40, 40, 40]
    reported = explain(cohort(visits("a", totals, rater=["A"] * 4 + ["B"] * 4 + ["A"] * 4)))
    left = reported.adjusted["adjusted"].to_list()
    assert left[8:] == [40, 40, 40, 40]
    assert all(value < 42.0 for value in left[4:8])


def test_scale_is_never_mixed() -> None:
    early = visits("a", [36, 35], items=False).with_columns(
        scale=pl.lit("alsfrs"), alsfrs_total=pl.col("alsfrs_r_total"), alsfrs_r_total=pl.lit(None, pl.Float32)
    )
    late = visits("a", [42, 41, 40], items=False).with_columns(day=pl.col("day") + 182)
    reported = explain(cohort(pl.concat([early, late])))
    assert reported.causes.select("rule", "points", "start_day", "end_day").row(0) == ("scale", 7.0, 91, 182)
    assert reported.adjusted["adjusted"].to_list() == [None, None, 42, 41, 40]
    assert reported.adjusted["rule"].to_list()[:2] == ["other_scale", "other_scale"]
    assert reported.adjusted["score"].to_list() == [36, 35, 42, 41, 40]


def test_both_scales_on_the_same_days_are_no_change() -> None:
    revised = visits("a", [42, 41, 40], items=False)
    original = revised.with_columns(
        scale=pl.lit("alsfrs"), alsfrs_total=pl.col("alsfrs_r_total") - 8, alsfrs_r_total=pl.lit(None, pl.Float32)
    )
    assert rules_of(cohort(pl.concat([original, revised]))) == []


def test_totals_off_their_items_are_told_and_the_sum_counts() -> None:
    person = visits("a", [40, 39, 38], total_recorded=[40.0, 44.0, 38.0])
    reported = explain(cohort(person))
    assert reported.causes.select("rule", "points", "end_day").row(0) == ("total_off_items", 5.0, 91)
    assert reported.adjusted["adjusted"].to_list() == [40, 39, 38]


def test_faults_of_the_check_are_told_without_points() -> None:
    fault = {
        "severity": ["rejected"],
        "table": ["visits"],
        "row": [7],
        "subject": ["a"],
        "column": ["q1"],
        "value": ["44"],
        "rule": ["out_of_range"],
        "message": ["The value lies outside."],
        "source": [""],
        "how_to_fix": [""],
    }
    reported = cohort(visits("a", STEADY))
    reported = Cohort(subjects=reported.subjects, visits=reported.visits, rejected=shaped(fault, REJECTED))
    (row,) = explain(reported).causes.to_dicts()
    assert (row["rule"], row["points"], row["start_day"]) == ("out_of_range", 0.0, None)
    assert (row["faults"], row["file_row"]) == (1, 7)


def test_dip_without_a_record() -> None:
    totals = [42, 42, 41, 41, 31, 40, 40, 39, 39]
    reported = explain(cohort(visits("a", totals)))
    (row,) = reported.causes.to_dicts()
    assert (row["cause"], row["rule"], row["start_day"], row["end_day"]) == ("dip", "pattern", 273, 455)
    assert row["points"] == pytest.approx(9.0, abs=1.0)
    (dip,) = reported.dips.to_dicts()
    assert (dip["nadir_day"], dip["nadir"], dip["visits"], dip["recorded"]) == (364, 31.0, 1, None)
    assert dip["level"] == pytest.approx(41.0, abs=1.0)
    assert reported.adjusted["adjusted"].to_list() == [42, 42, 41, 41, None, 40, 40, 39, 39]


def test_recorded_illness_makes_a_smaller_dip_credible() -> None:
    totals = [42, 42, 41, 41, 37, 41, 40, 40, 39]
    assert rules_of(cohort(visits("a", totals))) == []
    reported = explain(cohort(visits("a", totals), events=[("a", 330, "fracture")]))
    assert reported.causes.select("cause", "rule").row(0) == ("dip", "fracture")
    assert reported.dips["recorded"].to_list() == ["fracture"]


def test_illness_long_before_the_fall_is_not_its_record() -> None:
    totals = [42, 42, 41, 41, 31, 40, 40, 39, 39]
    reported = explain(cohort(visits("a", totals), events=[("a", 20, "infection")]))
    assert reported.dips["recorded"].to_list() == [None]


def test_gains_are_measured_from_the_level_before_the_dip() -> None:
    # Falls by 9, comes back by 9 and stands 1 above: the points explained end at the level before.
    totals = [40, 40, 40, 40, 31, 41, 41, 41, 41]
    reported = explain(cohort(visits("a", totals)))
    assert reported.causes["points"][0] <= 9.5
    assert reported.adjusted["adjusted"].to_list()[5:] == [41, 41, 41, 41]


def test_a_lasting_gain_after_a_slow_decline_is_no_dip() -> None:
    totals = [44, 42, 40, 38, 36, 34, 40, 46, 46, 46, 46]
    assert "pattern" not in rules_of(cohort(visits("a", totals)))


def test_a_fall_that_stays_is_no_dip() -> None:
    assert rules_of(cohort(visits("a", [42, 42, 41, 41, 31, 31, 30, 30, 29]))) == []


def test_thresholds_are_those_of_the_spec() -> None:
    reported = cohort(visits("a", [42, 42, 41, 41, 31, 40, 40, 39, 39]))
    assert explain(reported, CauseRules(dip_points=20.0)).causes.is_empty()


def test_nobody_and_one_visit() -> None:
    nobody = explain(cohort())
    assert nobody.causes.is_empty()
    assert nobody.adjusted.is_empty()
    once = explain(cohort(visits("a", [40])))
    assert once.causes.is_empty()
    assert once.adjusted["adjusted"].to_list() == [40]


def test_visits_without_a_total_are_kept_as_missing() -> None:
    person = visits("a", [40, 39, 38], items=False)
    person = person.with_columns(alsfrs_r_total=pl.Series([40.0, None, 38.0], dtype=pl.Float32))
    reported = explain(cohort(person)).adjusted
    assert reported["score"].to_list() == [40, None, 38]
    assert reported["adjusted"].to_list() == [40, None, 38]


def test_original_scale_alone_is_judged_on_its_own() -> None:
    person = visits("a", [34, 34, 33, 33, 24, 32, 32, 31, 31], items=False).with_columns(
        scale=pl.lit("alsfrs"), alsfrs_total=pl.col("alsfrs_r_total"), alsfrs_r_total=pl.lit(None, pl.Float32)
    )
    assert rules_of(cohort(person)) == ["pattern"]


def test_fixture_sums_to_its_total() -> None:
    assert [sum(graded(total)) for total in (48, 40, 9, 8)] == [48, 40, 9, 8]
    assert set(visits("a", [40]).columns) == set(VISITS.schema)


def test_a_low_stretch_of_another_rater_is_the_raters() -> None:
    totals = [42, 42, 41, 41, 33, 32, 40, 40, 39, 39]
    reported = explain(cohort(visits("a", totals, rater=["A"] * 4 + ["B"] * 2 + ["A"] * 4)))
    assert reported.causes["rule"].to_list() == ["rater"]
    assert explain(cohort(visits("a", totals))).causes["rule"].to_list() == ["pattern"]
