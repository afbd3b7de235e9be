"""Quirks of demographics, history, death, treatment and family tables."""

from __future__ import annotations

import re

from proact_plants import Plant, Says, no, rated, rejected, said_of_file


def demographics(name: str, columns: str, says: tuple[Says, ...], *rows: dict[str, str]) -> Plant:
    return Plant(name, (f"DEMOGRAPHICS.{columns}",), says, {"DEMOGRAPHICS": list(rows)}, instead=("DEMOGRAPHICS",))


def history(name: str, column: str, says: tuple[Says, ...], *rows: dict[str, str]) -> Plant:
    return Plant(name, (f"ALSHISTORY.{column}",), says, {"ALSHISTORY": list(rows)}, instead=("ALSHISTORY",))


def death(name: str, column: str, says: tuple[Says, ...], *rows: dict[str, str], **more: list[dict[str, str]]) -> Plant:
    return Plant(name, (f"DEATHDATA.{column}",), says, {"DEATHDATA": list(rows), **more})


def person(**values: object) -> Says:
    return Says("subjects", {}, values)


def died(day: int) -> Says:
    return Says("events", {"event": "death"}, {"day": day})


NOBODY_DIED = no("events", event="death")
MEN = {"Sex": "Male"}
FATAL = {
    "Preferred_Term": "Respiratory failure",
    "Outcome": "Death",
    "Start_Date_Delta": "280",
    "End_Date_Delta": "300",
}

DEMOGRAPHIC_PLANTS = (
    demographics(
        "age_from_day_of_birth", "Age", (person(age_at_entry_years=50.0),), {"Date_of_Birth": "-18262.5", **MEN}
    ),
    demographics(
        "day_of_birth_positive",
        "Age",
        (person(age_at_entry_years=50.0), rejected("birth_after_entry", "corrected")),
        {"Date_of_Birth": "18262", **MEN},
    ),
    demographics(
        "age_contradicts_day_of_birth",
        "Age",
        (person(age_at_entry_years=60.0), rejected("age_disagrees_with_birth", "note", value="60")),
        {"Age": "60", "Date_of_Birth": "-10957", **MEN},
    ),
    demographics(
        "age_recorded_later",
        "Demographics_Delta",
        (person(age_at_entry_years=61 - 365 / 365.25),),
        {"Age": "61", "Demographics_Delta": "365", **MEN},
    ),
    demographics(
        "two_sexes",
        "Age",
        (person(sex=None, age_at_entry_years=60.0), rejected("contradicting_person", "rejected", 2)),
        {"Age": "60", "Sex": "Male"},
        {"Age": "60", "Sex": "Female"},
    ),
    demographics(
        "sex_unknown", "Age", (person(sex=None), no("rejected", column="Sex")), {"Age": "60", "Sex": "Unknown"}
    ),
    demographics(
        "ethnicity",
        "Ethnicity",
        (said_of_file("not_carried", value=re.compile("Ethnicity")),),
        {"Age": "60", "Ethnicity": "Hispanic or Latino"},
    ),
    Plant(
        "no_demographics",
        (),
        (person(sex=None, age_at_entry_years=None, entry="enrollment"),),
        instead=("DEMOGRAPHICS",),
    ),
)

HISTORY_PLANTS = (
    history(
        "several_history_rows",
        "subject_id",
        (person(onset_day=-710, diagnosis_day=-300, onset_site="bulbar"),),
        {"Symptom": "Weakness", "Onset_Delta": "-710"},
        {"Symptom": "Atrophy", "Site_of_Onset": "Onset: Bulbar"},
        {"Symptom": "Cramps", "Diagnosis_Delta": "-300"},
    ),
    history(
        "history_rows_disagree",
        "subject_id",
        (person(onset_day=-710), rejected("later_than_in_other_row", "corrected", value="-500")),
        {"Onset_Delta": "-710"},
        {"Onset_Delta": "-500"},
    ),
    history(
        "onset_after_baseline",
        "Onset_Delta",
        (person(onset_day=None), rejected("onset_after_entry", "rejected", value="120")),
        {"Onset_Delta": "120"},
    ),
    history(
        "diagnosis_after_baseline",
        "Onset_Delta",
        (person(diagnosis_day=None, onset_day=-710), rejected("diagnosis_after_entry", "rejected", value="30")),
        {"Onset_Delta": "-710", "Diagnosis_Delta": "30"},
    ),
    history(
        "onset_and_diagnosis_swapped",
        "Onset_Delta",
        (person(onset_day=None, diagnosis_day=None), rejected("diagnosis_before_onset", "rejected", 2)),
        {"Onset_Delta": "-400", "Diagnosis_Delta": "-700"},
    ),
    history("site_with_prefix", "Site_of_Onset", (person(onset_site="bulbar"),), {"Site_of_Onset": "Onset: Bulbar"}),
    history("site_by_flag", "Site_of_Onset", (person(onset_site="bulbar"),), {"Site_of_Onset___Bulbar": "1.0"}),
    history(
        "site_by_joint_flag",
        "Site_of_Onset",
        (person(onset_site="generalized"), no("rejected", rule="two_onset_sites")),
        {"Site_of_Onset___Limb_and_Bulbar": "1"},
    ),
    history(
        "site_of_text_and_flag_united",
        "Site_of_Onset",
        (person(onset_site="generalized"), rejected("two_onset_sites", "corrected")),
        {"Site_of_Onset": "Onset: Limb"},
        {"Site_of_Onset___Bulbar": "1"},
    ),
    history(
        "site_spine",
        "Site_of_Onset",
        (person(onset_site="limb", onset_day=-650),),
        {"Site_of_Onset___Spine": "1", "Onset_Delta": "-650"},
    ),
    history(
        "site_other",
        "Site_of_Onset",
        (person(onset_site="other"),),
        {"Site_of_Onset___Other": "1", "Site_of_Onset___Other_Specify": "Generalised fatigue"},
    ),
    history(
        "duration_with_unit",
        "Disease_Duration",
        (person(onset_day=-630), rejected("onset_from_duration", "corrected", value="90 weeks")),
        {"Disease_Duration": "90 weeks"},
    ),
    history(
        "duration_without_unit",
        "Disease_Duration",
        (person(onset_day=None), rejected("duration_without_unit", "note", value="24")),
        {"Disease_Duration": "24"},
    ),
    history(
        "history_taken_later",
        "Subject_ALS_History_Delta",
        (person(last_seen_day=200),),
        {"Onset_Delta": "-700", "Subject_ALS_History_Delta": "200"},
    ),
    history(
        "location_in_words",
        "Location_Other_Specify",
        (said_of_file("not_carried", value=re.compile("Location_Other_Specify")),),
        {"Onset_Delta": "-700", "Location_Other_Specify": "left thumb"},
    ),
)

DEATH_PLANTS = (
    death("died", "Subject_Died", (died(300), person(last_seen_day=300)), {"Subject_Died": "Yes", "Death_Days": "300"}),
    death("died_in_capitals", "Subject_Died", (died(300),), {"Subject_Died": "YES", "Death_Days": "300.0"}),
    Plant(
        "no_death_row_is_not_alive",
        ("DEATHDATA.Subject_Died",),
        (NOBODY_DIED, person(last_seen_day=400)),
        {"LABS": [{"Test_Name": "Sodium", "Test_Result": "140", "Test_Unit": "mmol/L", "Laboratory_Delta": "400"}]},
    ),
    death(
        "alive_without_day",
        "Subject_Died",
        (NOBODY_DIED, person(last_seen_day=250)),
        {"Subject_Died": "No"},
        CONMEDS=[{"Medication_Coded": "OMEPRAZOLE", "Start_Delta": "250"}],
    ),
    death(
        "alive_with_day",
        "Death_Days",
        (NOBODY_DIED, person(last_seen_day=300), rejected("alive_with_death_day", "note", value="300")),
        {"Subject_Died": "No", "Death_Days": "300"},
    ),
    death(
        "died_without_day",
        "Death_Days",
        (NOBODY_DIED, person(last_seen_day=90), rejected("death_without_day", "rejected")),
        {"Subject_Died": "Yes"},
    ),
    death(
        "death_day_without_answer",
        "Subject_Died",
        (NOBODY_DIED, person(last_seen_day=300), rejected("death_day_without_answer", "note")),
        {"Death_Days": "300"},
    ),
    death(
        "two_equal_death_rows",
        "subject_id",
        (died(300), rejected("repeated_row", "corrected", table="events")),
        {"Subject_Died": "Yes", "Death_Days": "300"},
        {"Subject_Died": "Yes", "Death_Days": "300"},
    ),
    death(
        "two_days_of_death",
        "subject_id",
        (died(300), rejected("second_death", "rejected", value="60")),
        {"Subject_Died": "Yes", "Death_Days": "60"},
        {"Subject_Died": "Yes", "Death_Days": "300"},
    ),
    death(
        "died_and_alive",
        "subject_id",
        (died(300), rejected("contradicting_death", "corrected", 2)),
        {"Subject_Died": "No"},
        {"Subject_Died": "Yes", "Death_Days": "300"},
    ),
    death(
        "death_before_baseline",
        "Death_Days",
        (NOBODY_DIED, rejected("death_before_entry", "rejected", value="-5")),
        {"Subject_Died": "Yes", "Death_Days": "-5"},
    ),
    Plant(
        "death_in_adverse_events",
        ("ADVERSEEVENTS.Outcome",),
        (died(300), person(last_seen_day=300), rejected("death_by_adverse_event", "corrected", value="Death")),
        {"ADVERSEEVENTS": [FATAL]},
    ),
    Plant(
        "death_in_adverse_events_before_last_rating",
        ("ADVERSEEVENTS.Outcome",),
        (died(365), Says("visits", {"day": 365})),
        {"ADVERSEEVENTS": [FATAL], "ALSFRS": [rated("365")]},
    ),
    death(
        "death_in_adverse_events_against_form",
        "Subject_Died",
        (died(300), Says("rejected", {"rule": "death_by_adverse_event", "message": re.compile("says no")})),
        {"Subject_Died": "No"},
        ADVERSEEVENTS=[FATAL],
    ),
    death(
        "death_day_found_in_adverse_events",
        "Death_Days",
        (died(300), no("rejected", rule="death_without_day")),
        {"Subject_Died": "Yes"},
        ADVERSEEVENTS=[FATAL],
    ),
    Plant(
        "last_seen_in_medication",
        ("CONMEDS.Stop_Delta",),
        (person(last_seen_day=600),),
        {"CONMEDS": [{"Medication_Coded": "OMEPRAZOLE", "Start_Delta": "10", "Stop_Delta": "600"}]},
    ),
    Plant(
        "last_seen_at_spirometry",
        ("FVC.Forced_Vital_Capacity_Delta",),
        (person(last_seen_day=500),),
        {
            "FVC": [
                {
                    "Subject_Liters_Trial_1": "2.5",
                    "Forced_Vital_Capacity_Delta": "500",
                    "Forced_Vital_Capacity_Units": "Liters",
                }
            ]
        },
    ),
)

TREATMENT_PLANTS = (
    Plant(
        "arm_in_capitals",
        ("TREATMENT.Study_Arm",),
        (person(arm="active"), Says("doses", {"treatment": "study drug"}, {"day": 0, "kind": "investigational"})),
        {"TREATMENT": [{"Study_Arm": "ACTIVE", "Treatment_Group_Delta": "0"}]},
    ),
    Plant(
        "arm_without_day",
        ("TREATMENT.Treatment_Group_Delta",),
        (
            person(arm="placebo"),
            Says("doses", {"treatment": "placebo"}, {"day": 0, "kind": "placebo"}),
            rejected("start_taken_for_baseline", "corrected"),
        ),
        {"TREATMENT": [{"Study_Arm": "Placebo"}]},
    ),
    Plant(
        "delayed_start",
        ("TREATMENT.Treatment_Group_Delta",),
        (
            person(arm="placebo"),
            Says("doses", {"treatment": "study drug"}, {"day": 168}),
            rejected("several_arms", "corrected", 2),
        ),
        {
            "TREATMENT": [
                {"Study_Arm": "Active", "Treatment_Group_Delta": "168"},
                {"Study_Arm": "Placebo", "Treatment_Group_Delta": "0"},
            ]
        },
    ),
    Plant(
        "riluzole_used",
        ("RILUZOLE.Riluzole_use_Delta",),
        (Says("doses", {"treatment": "riluzole"}, {"day": -30, "kind": "disease_modifying"}),),
        {"RILUZOLE": [{"Subject_used_Riluzole": "Yes", "Riluzole_use_Delta": "-30"}]},
    ),
    Plant(
        "riluzole_denied_with_day",
        ("RILUZOLE.Riluzole_use_Delta",),
        (no("doses", treatment="riluzole"), rejected("day_without_use", "note", value="0")),
        {"RILUZOLE": [{"Subject_used_Riluzole": "No", "Riluzole_use_Delta": "0"}]},
    ),
    Plant(
        "riluzole_without_day",
        ("RILUZOLE.Riluzole_use_Delta",),
        (Says("doses", {"treatment": "riluzole"}, {"day": 0}), rejected("start_taken_for_baseline", "corrected")),
        {"RILUZOLE": [{"Subject_used_Riluzole": "Yes"}]},
    ),
    Plant(
        "riluzole_yes_and_no",
        ("RILUZOLE.Riluzole_use_Delta",),
        (Says("doses", {"treatment": "riluzole"}, {"day": 0}), rejected("contradicting_use", "corrected", 2)),
        {"RILUZOLE": [{"Subject_used_Riluzole": "Yes", "Riluzole_use_Delta": "0"}, {"Subject_used_Riluzole": "No"}]},
    ),
    Plant(
        "medicines_in_one_cell",
        ("CONMEDS.Medication_Coded",),
        (
            Says("doses", {"treatment": "riluzole"}, {"day": -30, "kind": "disease_modifying", "dose": None}),
            Says("doses", {"treatment": "baclofen"}, {"day": -30, "end_day": 20, "kind": None}),
        ),
        {
            "CONMEDS": [
                {"Medication_Coded": "RILUZOLE; Baclofen;", "Start_Delta": "-30", "Stop_Delta": "20", "Dose": "5"}
            ]
        },
    ),
    Plant(
        "sentinel_stop_days",
        ("CONMEDS.Stop_Delta",),
        (
            Says("doses", {"treatment": "omeprazole"}, {"end_day": None}),
            Says("doses", {"treatment": "baclofen"}, {"end_day": None}),
            rejected("sentinel_day", "corrected", 2),
            person(last_seen_day=90),
        ),
        {
            "CONMEDS": [
                {"Medication_Coded": "OMEPRAZOLE", "Start_Delta": "3", "Stop_Delta": "73299"},
                {"Medication_Coded": "BACLOFEN", "Start_Delta": "4", "Stop_Delta": "1096331"},
            ]
        },
    ),
    Plant(
        "dose_in_words",
        (),
        (
            Says("doses", {"treatment": "aspirin"}, {"dose": None}),
            Says("doses", {"treatment": "omeprazole"}, {"dose": 20.0, "dose_unit": "mg"}),
            said_of_file("dose_in_words"),
        ),
        {
            "CONMEDS": [
                {"Medication_Coded": "ASPIRIN", "Start_Delta": "3", "Dose": "81MG DAILY", "Unit": "mg"},
                {"Medication_Coded": "OMEPRAZOLE", "Start_Delta": "3", "Dose": "20", "Unit": "mg"},
            ]
        },
    ),
    Plant(
        "el_escorial_spellings",
        ("ELESCORIAL.el_escorial",),
        (person(el_escorial="probable_laboratory_supported"),),
        {"ELESCORIAL": [{"el_escorial": "Probable - Laboratory Supported", "delta_days": "0"}]},
    ),
    Plant(
        "two_el_escorial_categories",
        ("ELESCORIAL.el_escorial",),
        (person(el_escorial="possible"), rejected("several_categories", "corrected", 2)),
        {
            "ELESCORIAL": [
                {"el_escorial": "Definite", "delta_days": "300"},
                {"el_escorial": "Possible", "delta_days": "-3"},
            ]
        },
    ),
    Plant(
        "family_diseases_in_one_cell",
        ("FAMILYHISTORY.Neurological_Disease",),
        (person(family_history=True),),
        {"FAMILYHISTORY": [{"Father": "1", "Neurological_Disease": "Stroke; ALS"}]},
    ),
    Plant(
        "family_history_rows_repeated",
        ("FAMILYHISTORY.subject_id",),
        (person(family_history=True),),
        {
            "FAMILYHISTORY": [
                {"Mother": "1", "Neurological_Disease": "Alzheimer's Disease"},
                {"Uncle": "1", "Neurological_Disease": "ALS"},
                {"Uncle": "1", "Neurological_Disease": "ALS"},
            ]
        },
    ),
    Plant(
        "family_disease_specified",
        ("FAMILYHISTORY.Neurological_Disease_Other",),
        (person(family_history=True),),
        {
            "FAMILYHISTORY": [
                {"Neurological_Disease": "OTHER", "Neurological_Disease_Other_Specify": "frontotemporal dementia"}
            ]
        },
    ),
    Plant(
        "family_history_denied",
        (),
        (person(family_history=False),),
        {"FAMILYHISTORY": [{"Family_Hx_of_Neuro_Disease": "No"}]},
    ),
    Plant(
        "adverse_event_terms",
        tuple(
            f"ADVERSEEVENTS.{name}"
            for name in (
                "Preferred_Term",
                "Lowest_Level_Term",
                "High_Level_Term",
                "High_Level_Group_Term",
                "System_Organ_Class",
                "SOC_Abbreviation",
            )
        ),
        (
            Says("events", {"event": "infection", "day": 20}, {"end_day": 34, "detail": "Pneumonia aspiration"}),
            Says("events", {"event": "infection", "day": 40}),
            Says("events", {"event": "fracture", "day": 50}),
            Says("events", {"event": "tracheostomy", "day": 80}),
            no("events", day=60),
            said_of_file("not_carried", value=re.compile("High_Level_Group_Term")),
        ),
        {
            "ADVERSEEVENTS": [
                {"Preferred_Term": "Pneumonia aspiration", "Start_Date_Delta": "20", "End_Date_Delta": "34"},
                {
                    "Preferred_Term": "Nasopharyngitis",
                    "System_Organ_Class": "INFECTIONS AND INFESTATIONS",
                    "Start_Date_Delta": "40",
                    "High_Level_Group_Term": "x",
                    "SOC_Abbreviation": "Infec",
                },
                {"Lowest_Level_Term": "Wrist fracture", "Start_Date_Delta": "50"},
                {"Preferred_Term": "Tracheostomy malfunction", "Start_Date_Delta": "60"},
                {"Preferred_Term": "TRACHEOSTOMY", "Start_Date_Delta": "80"},
            ]
        },
    ),
)

PEOPLE_PLANTS = (*DEMOGRAPHIC_PLANTS, *HISTORY_PLANTS, *DEATH_PLANTS, *TREATMENT_PLANTS)
