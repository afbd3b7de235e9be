"""Quirks of vital capacity, vital signs, laboratory and strength tables."""

from __future__ import annotations

import re

from proact_plants import Plant, Says, no, rejected, said_of_file


def forced(name: str, columns: tuple[str, ...], says: tuple[Says, ...], *rows: dict[str, str]) -> Plant:
    full = [{"Forced_Vital_Capacity_Delta": "30", **row} for row in rows]
    return Plant(name, tuple(f"FVC.{column}" for column in columns), says, {"FVC": full})


def vitals(name: str, columns: tuple[str, ...], says: tuple[Says, ...], *rows: dict[str, str]) -> Plant:
    full = [{"Vital_Signs_Delta": "30", **row} for row in rows]
    return Plant(name, tuple(f"VITALSIGNS.{column}" for column in columns), says, {"VITALSIGNS": full})


def lab(name: str, column: str, says: tuple[Says, ...], test: str, result: str, unit: str) -> Plant:
    row = {"Test_Name": test, "Test_Result": result, "Test_Unit": unit, "Laboratory_Delta": "30"}
    return Plant(name, (f"LABS.{column}",), says, {"LABS": [row]})


def measured(measure: str, value: float, **more: object) -> Says:
    return Says("measures", {"measure": measure}, {"value": value, "day": 30, **more})


LITERS = {"Forced_Vital_Capacity_Units": "Liters"}
UNITS = "Forced_Vital_Capacity_Units"

BREATH_PLANTS = (
    forced(
        "best_of_three_trials",
        (UNITS,),
        (measured("fvc_l", 3.0), measured("fvc_pct", 75.0, method=None)),
        {
            "Subject_Liters_Trial_1": "2.0",
            "Subject_Liters_Trial_2": "3.0",
            "Subject_Liters_Trial_3": "2.5",
            "pct_of_Normal_Trial_1": "50",
            "pct_of_Normal_Trial_2": "75",
            "pct_of_Normal_Trial_3": "62",
            **LITERS,
        },
    ),
    forced(
        "percent_from_subject_normal",
        ("subject_normal",),
        (measured("fvc_pct", 75.0, method="liters / subject_normal"), said_of_file("percent_computed")),
        {"Subject_Liters_Trial_1": "3.0", "subject_normal": "4.0", **LITERS},
    ),
    forced(
        "liters_without_normal",
        ("subject_normal",),
        (measured("fvc_l", 3.0), no("measures", measure="fvc_pct")),
        {"Subject_Liters_Trial_1": "3.0", "subject_normal": "0", **LITERS},
    ),
    forced(
        "percent_in_columns_of_liters",
        (UNITS,),
        (measured("fvc_pct", 82.0), no("measures", measure="fvc_l")),
        {"Subject_Liters_Trial_1": "80", "Subject_Liters_Trial_2": "82", UNITS: "Percent Predicted"},
    ),
    forced(
        "percent_among_liters_without_unit",
        (UNITS,),
        (
            measured("fvc_pct", 85.0),
            no("measures", measure="fvc_l"),
            rejected("percent_among_liters", "corrected", value="85"),
        ),
        {"Subject_Liters_Trial_1": "85"},
    ),
    forced("liters_without_unit", (UNITS,), (measured("fvc_l", 3.1),), {"Subject_Liters_Trial_1": "3.1"}),
    forced("milliliters", (UNITS,), (measured("fvc_l", 2.5),), {"Subject_Liters_Trial_1": "2500", UNITS: "mL"}),
    forced(
        "unknown_unit_of_capacity",
        (UNITS,),
        (measured("fvc_l", 2.5), rejected("unknown_unit", "corrected", value="gallons")),
        {"Subject_Liters_Trial_1": "2.5", UNITS: "gallons"},
    ),
    forced(
        "trial_out_of_range",
        (UNITS,),
        (measured("fvc_l", 3.0), rejected("out_of_range", "rejected", value="31")),
        {"Subject_Liters_Trial_1": "31", "Subject_Liters_Trial_2": "3.0", **LITERS},
    ),
    Plant(
        "spirometry_without_day",
        ("FVC.Forced_Vital_Capacity_Delta",),
        (no("measures"), rejected("missing", "rejected", table="measures")),
        {"FVC": [{"Subject_Liters_Trial_1": "3.0", **LITERS}]},
    ),
    forced("empty_spirometry", (), (no("measures"), said_of_file("nothing_measured")), {**LITERS}),
    Plant(
        "spellings_of_svc",
        tuple(
            f"SVC.{name}"
            for name in (
                "Subject_Liters__Trial_2_",
                "Subject_Liters__Trial_3_",
                "Subject_Normal",
                "Slow_vital_Capacity_Delta",
                "Slow_Vital_Capacity_Units",
            )
        ),
        (measured("svc_l", 3.3), measured("svc_pct", 82.5)),
        {
            "SVC": [
                {
                    "Subject_Liters_Trial_1": "2.0",
                    "Subject_Liters__Trial_2_": "3.2",
                    "Subject_Liters__Trial_3_": "3.3",
                    "Subject_Normal": "4.0",
                    "Slow_vital_Capacity_Delta": "30",
                    "Slow_Vital_Capacity_Units": "Liters",
                }
            ]
        },
    ),
    Plant(
        "subject_normal_in_capitals",
        ("FVC.subject_normal",),
        (measured("fvc_pct", 75.0),),
        {
            "FVC": [
                {
                    "Subject_Liters_Trial_1": "3.0",
                    "subject_normal": "4.0",
                    "Forced_Vital_Capacity_Delta": "30",
                    **LITERS,
                }
            ]
        },
        release="2016",
    ),
)

VITAL_PLANTS = (
    vitals(
        "weight_in_pounds",
        ("Weight_Units",),
        (measured("weight_kg", 74.84),),
        {"Weight": "165", "Weight_Units": "Pounds"},
    ),
    vitals(
        "height_in_inches",
        ("Height_Units",),
        (Says("subjects", {}, {"height_cm": 177.8}),),
        {"Height": "70", "Height_Units": "Inches"},
    ),
    vitals(
        "height_in_centimeters",
        ("Height_Units",),
        (Says("subjects", {}, {"height_cm": 178.0}),),
        {"Height": "178", "Height_Units": "Centimeters"},
    ),
    vitals(
        "height_implausible",
        ("Height",),
        (Says("subjects", {}, {"height_cm": 170.0}), rejected("out_of_range", "rejected", value="65")),
        {"Height": "65", "Height_Units": "Centimeters"},
        {"Height": "170", "Height_Units": "cm"},
    ),
    vitals(
        "height_without_unit",
        ("Height_Units",),
        (Says("subjects", {}, {"height_cm": 177.8}), rejected("unit_guessed", "corrected", value="70")),
        {"Height": "70"},
    ),
    vitals(
        "weight_implausible",
        ("Weight",),
        (no("measures"), rejected("out_of_range", "rejected", value="24")),
        {"Weight": "24", "Weight_Units": "Kilograms"},
    ),
    vitals(
        "weight_with_unit_of_other_rows",
        ("Weight_Units",),
        (
            Says("measures", {"measure": "weight_kg", "day": 60}, {"value": 68.04}),
            rejected("unit_from_other_rows", "corrected", value="150"),
        ),
        {"Weight": "165", "Weight_Units": "Pounds"},
        {"Weight": "150", "Vital_Signs_Delta": "60"},
    ),
    vitals(
        "weight_without_any_unit",
        ("Weight_Units",),
        (no("measures"), rejected("no_unit", "rejected", value="150")),
        {"Weight": "150"},
    ),
    vitals(
        "other_vital_signs",
        tuple(
            f"{name}_Units"
            for name in (
                "Blood_Pressure_Diastolic",
                "Blood_Pressure_Systolic",
                "Pulse",
                "Respiratory_Rate",
                "Temperature",
            )
        ),
        (said_of_file("not_carried", value=re.compile("Standing_Pulse")), no("measures")),
        {"Standing_Pulse": "80", "Pulse_Units": "BEATS/MIN", "Temperature": "36.6", "Temperature_Units": "C"},
    ),
)

LAB_PLANTS = (
    lab(
        "lab_result_below_limit",
        "Test_Result",
        (no("measures"), rejected("beyond_limit", "rejected", value="<5")),
        "CK",
        "<5",
        "U/L",
    ),
    lab(
        "lab_result_trace",
        "Test_Result",
        (no("measures"), rejected("not_a_number", "rejected", value="Trace")),
        "CK",
        "Trace",
        "U/L",
    ),
    lab(
        "lab_result_graded",
        "Test_Result",
        (no("measures"), rejected("not_a_number", "rejected", value="1+")),
        "CK",
        "1+",
        "U/L",
    ),
    Plant(
        "lab_result_missing",
        ("LABS.Test_Result",),
        (no("measures"), no("rejected"), Says("subjects", {}, {"last_seen_day": 120})),
        {"LABS": [{"Test_Name": "CK", "Test_Result": "-", "Test_Unit": "U/L", "Laboratory_Delta": "120"}]},
    ),
    lab("lab_result_with_thousands", "Test_Result", (measured("ck_u_l", 12345.0),), "CK", "12,345", "U/L"),
    lab(
        "lab_result_with_exponent",
        "Test_Result",
        (measured("creatinine_umol_l", 75.0),),
        "Creatinine",
        "7.5e+01",
        "umol/L",
    ),
    lab(
        "lab_result_implausible",
        "Test_Result",
        (no("measures"), rejected("required_out_of_range", "rejected")),
        "Creatinine",
        "4.9e-05",
        "umol/L",
    ),
    lab("lab_name_in_capitals", "Test_Name", (measured("creatinine_umol_l", 75.0),), " CREATININE", "75", "umol/L"),
    lab("lab_unit_iu", "Test_Unit", (measured("ck_u_l", 250.0),), "CK", "250", "IU/L"),
    lab("lab_unit_mg_dl", "Test_Unit", (measured("creatinine_umol_l", 88.42),), "Creatinine", "1.0", "mg/dL"),
    lab(
        "lab_unit_unknown",
        "Test_Unit",
        (no("measures"), rejected("unknown_unit", "rejected", value="mg")),
        "Creatinine",
        "1.0",
        "mg",
    ),
    Plant(
        "neurofilament",
        (),
        (measured("nfl_pg_ml", 78.5, method="serum"), measured("pnfh_pg_ml", 900.0, method="csf")),
        {
            "NEUROFILAMENT": [
                {
                    "Analyte": "Neurofilament light chain",
                    "Matrix": "Serum",
                    "Result": "78.5",
                    "Unit": "pg/mL",
                    "Collection_Delta": "30",
                },
                {"Analyte": "pNfH", "Matrix": "CSF", "Result": "900", "Unit": "pg/mL", "Collection_Delta": "30"},
            ]
        },
    ),
)


def strength(**values: str) -> dict[str, str]:
    usual = {"Test_Category": "Muscle Strength", "Test_Unit": "Pounds", "Test_Laterality": "Left", "MS_Delta": "30"}
    return {**usual, **values}


GRIP = {"Test_Name": "Hand Grip Strength", "Test_Location": "Hand"}
FLEXION = {"Test_Name": "Isometric Muscle Strength, Flexion"}

STRENGTH_PLANTS = (
    Plant(
        "grip_in_pounds",
        tuple(f"HANDGRIPSTRENGTH.{name}" for name in ("Test_Name", "Test_Category", "Test_Unit", "Test_Laterality")),
        (
            Says("measures", {"measure": "grip_kg", "side": "left"}, {"value": 22.68, "day": 30}),
            Says("measures", {"measure": "grip_kg", "side": "right"}, {"value": 27.216}),
        ),
        {
            "HANDGRIPSTRENGTH": [
                strength(Test_Result="50", **GRIP),
                strength(Test_Result="60", **GRIP | {"Test_Laterality": "RIGHT"}),
            ]
        },
    ),
    Plant(
        "grip_trials_without_number",
        ("HANDGRIPSTRENGTH.Test_trial",),
        (
            Says("measures", {"measure": "grip_kg"}, {"value": 24.948}),
            said_of_file("best_trial", source=re.compile("GRIP")),
        ),
        {
            "HANDGRIPSTRENGTH": [
                strength(Test_Result="50", **GRIP),
                strength(Test_Result="55", **GRIP),
                strength(Test_Result="52", **GRIP),
            ]
        },
    ),
    Plant(
        "muscle_test_names",
        tuple(f"MUSCLESTRENGTH.{name}" for name in ("Test_Name", "Test_Category", "Test_Location", "Test_Unit")),
        (
            Says(
                "measures",
                {"measure": "hhd_kg", "part": "wrist joint flexion", "day": 30},
                {"value": 4.536, "side": "left", "method": "isometric"},
            ),
            Says("measures", {"measure": "hhd_kg", "part": "wrist joint flexion", "day": 60}, {"value": 9.072}),
        ),
        {
            "MUSCLESTRENGTH": [
                strength(Test_Result="10", Test_Location="Wristjoint", **FLEXION),
                strength(Test_Result="20", Test_Location="Wrist Joint", **FLEXION | {"MS_Delta": "60"}),
            ]
        },
    ),
    Plant(
        "muscle_break_test",
        (),
        (Says("measures", {"measure": "hhd_kg"}, {"method": "isometric, break test"}),),
        {"MUSCLESTRENGTH": [strength(Test_Result="10", Test_Location="Knee Joint", Test_Break="yes", **FLEXION)]},
    ),
)

MEASURE_PLANTS = (*BREATH_PLANTS, *VITAL_PLANTS, *LAB_PLANTS, *STRENGTH_PLANTS)
