"""Quirks of the ALSFRS table."""

from __future__ import annotations

from proact_plants import Plant, Says, no, original, rated, rejected, said_of_file

LATER = {"day": 180}

VISIT_PLANTS = (
    Plant(
        "several_ratings",
        ("ALSFRS.subject_id",),
        (Says("visits", {}, {"alsfrs_r_total": 36.0}, 4),),
        {"ALSFRS": [rated("180"), rated("365")]},
    ),
    Plant(
        "original_scale",
        ("ALSFRS.Q10_Respiratory", "ALSFRS.ALSFRS_R_Total"),
        (
            Says(
                "visits",
                {"day": 0, "scale": "alsfrs"},
                {"alsfrs_total": 30.0, "alsfrs_r_total": None, "q10_respiratory": 3.0},
            ),
            no("visits", scale="alsfrs_r"),
        ),
        {"ALSFRS": [original("0"), original("90")]},
        instead=("ALSFRS",),
    ),
    Plant(
        "both_scales_in_one_row",
        ("ALSFRS.Q10_Respiratory",),
        (
            Says("visits", {**LATER, "scale": "alsfrs_r"}, {"alsfrs_r_total": 36.0, "q10_respiratory": None}),
            Says(
                "visits",
                {**LATER, "scale": "alsfrs"},
                {"alsfrs_total": 29.0, "q10_respiratory": 2.0, "q10_dyspnea": None},
            ),
            said_of_file("both_scales"),
        ),
        {"ALSFRS": [rated("180", Q10_Respiratory="2.0", ALSFRS_Total="29.0")]},
    ),
    Plant(
        "original_total_on_revised_row",
        ("ALSFRS.ALSFRS_Total",),
        (Says("visits", LATER, {"scale": "alsfrs_r", "alsfrs_total": None}), said_of_file("original_total_unused")),
        {"ALSFRS": [rated("180", ALSFRS_Total="30.0")]},
    ),
    Plant(
        "scale_not_told",
        (),
        (
            Says("visits", LATER, {"scale": "alsfrs", "alsfrs_total": None, "q1_speech": 3.0}),
            rejected("scale_not_told", "corrected"),
        ),
        {"ALSFRS": [original("0"), original("180", Q10_Respiratory=None, ALSFRS_Total=None)]},
        instead=("ALSFRS",),
    ),
    Plant(
        "both_cutting_items",
        ("ALSFRS.Q5a_Cutting_without_Gastrostomy",),
        (
            Says("visits", LATER, {"q5a_cutting_without_gastrostomy": None, "q5b_cutting_with_gastrostomy": None}),
            rejected("cutting_rated_twice", "rejected", 2),
            no("events", event="gastrostomy"),
        ),
        {"ALSFRS": [rated("180", Q5b_Cutting_with_Gastrostomy="1.0")]},
    ),
    Plant(
        "both_cutting_items_after_gastrostomy",
        ("ALSFRS.Q5a_Cutting_without_Gastrostomy",),
        (
            Says(
                "visits", {"day": 270}, {"q5a_cutting_without_gastrostomy": None, "q5b_cutting_with_gastrostomy": 1.0}
            ),
            Says("events", {"event": "gastrostomy"}, {"day": 180}),
        ),
        {
            "ALSFRS": [
                rated("180", Q5a_Cutting_without_Gastrostomy=None, Q5b_Cutting_with_Gastrostomy="3.0"),
                rated("270", Q5b_Cutting_with_Gastrostomy="1.0"),
            ]
        },
    ),
    Plant(
        "neither_cutting_item",
        ("ALSFRS.Q5a_Cutting_without_Gastrostomy",),
        (
            Says(
                "visits",
                LATER,
                {"q5a_cutting_without_gastrostomy": None, "q5b_cutting_with_gastrostomy": None, "alsfrs_r_total": 33.0},
            ),
        ),
        {"ALSFRS": [rated("180", Q5a_Cutting_without_Gastrostomy=None, ALSFRS_R_Total="33")]},
    ),
    Plant(
        "gastrostomy_by_item_5b",
        ("ALSFRS.Q5b_Cutting_with_Gastrostomy",),
        (
            Says("events", {"event": "gastrostomy"}, {"day": 180}),
            Says("visits", LATER, {"q5b_cutting_with_gastrostomy": 1.0, "alsfrs_r_total": 34.0}),
            no("rejected", rule="gastrostomy_not_recorded"),
        ),
        {
            "ALSFRS": [
                rated(
                    "180", Q5a_Cutting_without_Gastrostomy=None, Q5b_Cutting_with_Gastrostomy="1.0", ALSFRS_R_Total="34"
                )
            ]
        },
    ),
    Plant(
        "fractional_item",
        ("ALSFRS.ALSFRS_R_Total",),
        (
            Says("visits", LATER, {"q1_speech": 2.5, "alsfrs_r_total": 35.5}),
            rejected("half_point", "note", value="2.5"),
        ),
        {"ALSFRS": [rated("180", Q1_Speech="2.5", ALSFRS_R_Total="35.5")]},
    ),
    Plant(
        "total_differs",
        ("ALSFRS.ALSFRS_R_Total",),
        (
            Says("visits", LATER, {"alsfrs_r_total": 36.0, "total_recorded": 40.0}),
            rejected("total_differs", "note", column="ALSFRS_R_Total"),
        ),
        {"ALSFRS": [rated("180", ALSFRS_R_Total="40")]},
    ),
    Plant(
        "original_total_differs",
        ("ALSFRS.ALSFRS_Total",),
        (
            Says("visits", LATER, {"alsfrs_total": 30.0, "total_recorded": 44.0}),
            rejected("total_differs", "note", column="ALSFRS_Total"),
        ),
        {"ALSFRS": [original("0"), original("180", ALSFRS_Total="44.0")]},
        instead=("ALSFRS",),
    ),
    Plant(
        "total_missing",
        ("ALSFRS.ALSFRS_R_Total",),
        (Says("visits", LATER, {"alsfrs_r_total": 36.0, "total_recorded": None}),),
        {"ALSFRS": [rated("180", ALSFRS_R_Total=None)]},
    ),
    Plant(
        "total_without_items",
        ("ALSFRS.ALSFRS_R_Total",),
        (Says("visits", LATER, {"scale": "alsfrs_r", "alsfrs_r_total": 31.0, "q1_speech": None}),),
        {"ALSFRS": [{"ALSFRS_Delta": "180", "ALSFRS_R_Total": "31"}]},
    ),
    Plant(
        "identical_rows_of_a_day",
        ("ALSFRS.ALSFRS_Delta",),
        (Says("visits", LATER, {"alsfrs_r_total": 36.0}), rejected("repeated_row", "corrected", table="visits")),
        {"ALSFRS": [rated("180"), rated("180")]},
    ),
    Plant(
        "contradicting_rows_of_a_day",
        ("ALSFRS.ALSFRS_Delta",),
        (no("visits", **LATER), rejected("contradicting_visits", "rejected", 2), Says("visits", {}, {}, 2)),
        {"ALSFRS": [rated("180"), rated("180", Q1_Speech="1.0", ALSFRS_R_Total="34")]},
    ),
    Plant(
        "rating_without_day",
        ("ALSFRS.ALSFRS_Delta",),
        (Says("visits", {}, {}, 2), rejected("missing", "rejected", table="visits", column="ALSFRS_Delta")),
        {"ALSFRS": [rated(None)]},
    ),
    Plant(
        "rating_before_baseline",
        ("ALSFRS.ALSFRS_Delta",),
        (Says("visits", {"day": -14}, {"alsfrs_r_total": 36.0}),),
        {"ALSFRS": [rated("-14")]},
    ),
    Plant("day_as_decimal", (), (Says("visits", LATER, {"alsfrs_r_total": 36.0}),), {"ALSFRS": [rated("180.0")]}),
    Plant(
        "item_out_of_range",
        (),
        (
            Says("visits", LATER, {"q8_walking": None, "q1_speech": 3.0}),
            rejected("out_of_range", "rejected", column="Q8_Walking", value="9"),
        ),
        {"ALSFRS": [rated("180", Q8_Walking="9", ALSFRS_R_Total=None)]},
    ),
    Plant(
        "item_in_words",
        (),
        (
            Says("visits", LATER, {"q8_walking": None, "q1_speech": 3.0}),
            rejected("not_a_number", "rejected", column="Q8_Walking", value="walks"),
        ),
        {"ALSFRS": [rated("180", Q8_Walking="walks", ALSFRS_R_Total=None)]},
    ),
    Plant(
        "mode_and_responder",
        ("ALSFRS.Mode_of_Administration", "ALSFRS.ALSFRS_Responded_By"),
        (
            Says("visits", LATER, {"mode": "telephone", "responder": "caregiver"}),
            Says("visits", {"day": 0}, {"mode": None}),
        ),
        {"ALSFRS": [rated("180", Mode_of_Administration="Telephone", ALSFRS_Responded_By="Caregiver")]},
    ),
    Plant(
        "items_named_r1_r2_r3",
        (),
        (Says("visits", LATER, {"q11_orthopnea": 1.0, "alsfrs_r_total": 34.0}),),
        {"ALSFRS": [rated("180", R_2_Orthopnea="1", ALSFRS_R_Total="34")]},
        release="2025",
    ),
    Plant(
        "rating_after_death",
        (),
        (
            no("visits", **LATER),
            rejected("after_death", "rejected", value="180"),
            Says("events", {"event": "death"}, {"day": 120}),
        ),
        {"ALSFRS": [rated("180")], "DEATHDATA": [{"Subject_Died": "Yes", "Death_Days": "120"}]},
    ),
)
