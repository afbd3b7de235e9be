"""PRO-ACT-shaped tables of any size about invented people, free of faults; no value comes from a real person.

`proact_release.py` writes them as a release would, `proact_plants.py` plants each known quirk by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl

Tables = dict[str, pl.DataFrame]
"""Table name to a frame of texts, spelled as in the 2022 release."""

FULL_SIZE = 12_000
ROWS_AT_FULL_SIZE: Mapping[str, int] = MappingProxyType(
    {
        "ALSFRS": 100_000,
        "FVC": 50_000,
        "SVC": 10_000,
        "VITALSIGNS": 72_000,
        "LABS": 2_000_000,
        "CONMEDS": 110_000,
        "ADVERSEEVENTS": 100_000,
        "HANDGRIPSTRENGTH": 30_000,
        "MUSCLESTRENGTH": 60_000,
        "NEUROFILAMENT": 3_600,
    }
)
"""Rows of each visit table among 12,000 people; near the counts reported of one download (docs/methods/proact.md)."""

SHARES: Mapping[str, float] = MappingProxyType(
    {
        "DEMOGRAPHICS": 0.9,
        "ALSHISTORY": 0.85,
        "DEATHDATA": 0.4,
        "RILUZOLE": 0.75,
        "TREATMENT": 0.8,
        "FVC": 0.6,
        "ELESCORIAL": 0.29,
        "FAMILYHISTORY": 0.08,
        "SVC": 0.13,
        "HANDGRIPSTRENGTH": 0.2,
        "MUSCLESTRENGTH": 0.2,
        "NEUROFILAMENT": 0.07,
    }
)
"""Share of people who appear in a table; 1 where not listed."""

ITEMS = (
    "Q1_Speech",
    "Q2_Salivation",
    "Q3_Swallowing",
    "Q4_Handwriting",
    "Q5a_Cutting_without_Gastrostomy",
    "Q6_Dressing_and_Hygiene",
    "Q7_Turning_in_Bed",
    "Q8_Walking",
    "Q9_Climbing_Stairs",
)
LABORATORY = (
    ("Creatinine", "umol/L", 40, 110),
    ("CK", "U/L", 50, 700),
    ("Albumin", "g/L", 35, 50),
    ("Sodium", "mmol/L", 135, 145),
    ("Potassium", "mmol/L", 3, 5),
    ("Glucose", "mmol/L", 4, 8),
    ("Hemoglobin", "g/L", 120, 170),
    ("Hematocrit", "%", 36, 50),
    ("Platelets", "10E9/L", 150, 400),
    ("White Blood Cell (WBC)", "10E9/L", 4, 10),
    ("ALT(SGPT)", "U/L", 10, 60),
    ("AST(SGOT)", "U/L", 10, 50),
    ("Bilirubin (Total)", "umol/L", 4, 20),
    ("Urine Ph", "", 5, 8),
    ("Calcium", "mmol/L", 2, 3),
    ("Chloride", "mmol/L", 98, 107),
    ("Uric Acid", "umol/L", 200, 420),
    ("Total Cholesterol", "mmol/L", 3, 7),
    ("Triglycerides", "mmol/L", 1, 3),
    ("Urine Protein", "", 0, 3),
)
MEDICINES = (
    "PARACETAMOL",
    "IBUPROFEN",
    "OMEPRAZOLE",
    "ASCORBIC ACID",
    "TOCOPHEROL",
    "BACLOFEN",
    "AMITRIPTYLINE",
    "RILUZOLE",
    "GLYCOPYRRONIUM; LORAZEPAM",
    "LISINOPRIL",
    "SIMVASTATIN",
    "ACETYLSALICYLIC ACID",
)
COMPLAINTS = (
    ("Headache", "Nervous system disorders"),
    ("Fall", "Injury, poisoning and procedural complications"),
    ("Nausea", "Gastrointestinal disorders"),
    ("Fatigue", "General disorders and administration site conditions"),
    ("Nasopharyngitis", "Infections and infestations"),
    ("Constipation", "Gastrointestinal disorders"),
    ("Back pain", "Musculoskeletal and connective tissue disorders"),
    ("Insomnia", "Psychiatric disorders"),
)


@dataclass(frozen=True)
class People:
    """The invented people behind the tables: identifiers, follow-up [days], speed, and who appears where."""

    identifier: np.ndarray
    follow_up: np.ndarray
    speed: np.ndarray
    revised: np.ndarray
    rng: np.random.Generator

    def listed(self, table: str) -> np.ndarray:
        """Indices of the people who appear in a table."""
        return np.flatnonzero(self.rng.random(self.identifier.size) < SHARES.get(table, 1.0))

    def visits(self, table: str) -> tuple[np.ndarray, np.ndarray]:
        """Person index and day of every row of a visit table, days distinct within a person."""
        listed = self.listed(table)
        listed = listed if listed.size else np.array([0])
        wanted = max(listed.size, round(ROWS_AT_FULL_SIZE[table] * self.identifier.size / FULL_SIZE))
        each = np.full(listed.size, wanted // listed.size)
        each[: wanted % listed.size] += 1
        person = np.repeat(listed, each)
        order = np.arange(person.size) - np.repeat(np.cumsum(each) - each, each)
        step = np.maximum(1.0, self.follow_up[person] / np.maximum(1, np.repeat(each, each) - 1))
        return person, np.floor(order * step).astype(np.int64)


def people(subjects: int, seed: int) -> People:
    rng = np.random.default_rng(seed)
    return People(
        identifier=np.sort(rng.choice(np.arange(1, max(10, subjects * 40)), subjects, replace=False)),
        follow_up=rng.integers(330, 1100, subjects),
        speed=rng.gamma(1.8, 0.45, subjects),
        revised=rng.random(subjects) < 0.6,
        rng=rng,
    )


def texts(columns: Mapping[str, object]) -> pl.DataFrame:
    """Columns of any kind as a frame of texts; nan and None become empty."""
    frame = pl.DataFrame(dict(columns), nan_to_null=True, strict=False)
    return frame.select(pl.all().cast(pl.String))


def clean_tables(subjects: int, seed: int = 1) -> Tables:
    """All tables of `subjects` people without any planted fault; the same bytes for the same seed."""
    who = people(subjects, seed)
    makers = (
        ("ALSFRS", _alsfrs),
        ("ALSHISTORY", _history),
        ("DEMOGRAPHICS", _demographics),
        ("DEATHDATA", _deaths),
        ("FVC", _forced),
        ("SVC", _slow),
        ("RILUZOLE", _riluzole),
        ("TREATMENT", _treatment),
        ("VITALSIGNS", _vitals),
        ("LABS", _labs),
        ("ADVERSEEVENTS", _adverse),
        ("CONMEDS", _medicines),
        ("FAMILYHISTORY", _family),
        ("ELESCORIAL", _el_escorial),
        ("HANDGRIPSTRENGTH", _grip),
        ("MUSCLESTRENGTH", _muscle),
        ("NEUROFILAMENT", _neurofilament),
    )
    return {name: make(who) for name, make in makers}


def _alsfrs(who: People) -> pl.DataFrame:
    person, day = who.visits("ALSFRS")
    lead = who.rng.uniform(-0.6, 0.4, (len(ITEMS) + 3, who.identifier.size))[:, person]
    loss = who.speed[person] * (day + 400) / 365.25 * 0.8
    scores = np.clip(np.rint(4.0 + lead - loss), 0, 4)
    nine, three, revised = scores[: len(ITEMS)], scores[len(ITEMS) :], who.revised[person]
    fed = nine[2] <= 1  # a gastrostomy once swallowing fails; the item for cutting is then 5b
    columns: dict[str, object] = {"subject_id": who.identifier[person]}
    for name, item in zip(ITEMS, nine, strict=True):
        columns[name] = np.where(fed, np.nan, item) if "5a" in name else item
        if "5a" in name:
            columns["Q5b_Cutting_with_Gastrostomy"] = np.where(fed, item, np.nan)
    columns["Q10_Respiratory"] = np.where(revised, np.nan, three[0])
    columns["ALSFRS_Delta"] = day
    columns["ALSFRS_Total"] = np.where(revised, np.nan, nine.sum(0) + three[0])
    columns["ALSFRS_R_Total"] = np.where(revised, nine.sum(0) + three.sum(0), np.nan)
    for name, item in zip(("R_1_Dyspnea", "R_2_Orthopnea", "R_3_Respiratory_Insufficiency"), three, strict=True):
        columns[name] = np.where(revised, item, np.nan)
    columns["Mode_of_Administration"] = [None] * person.size
    columns["ALSFRS_Responded_By"] = [None] * person.size
    return texts(columns)


def _history(who: People) -> pl.DataFrame:
    person = who.listed("ALSHISTORY")
    onset = -who.rng.integers(250, 1200, person.size)
    site = pl.Series(["Onset: Limb", "Onset: Bulbar", "Onset: Limb and Bulbar", "Onset: Other"])
    chosen = site.gather(who.rng.choice(4, person.size, p=[0.68, 0.22, 0.07, 0.03]))
    by_flag = who.rng.random(person.size) < 0.3
    frame = pl.DataFrame(
        {
            "subject_id": who.identifier[person],
            "flag": by_flag,
            "Site_of_Onset": chosen,
            "Onset_Delta": onset,
            "Diagnosis_Delta": np.floor(onset * who.rng.uniform(0.2, 0.8, person.size)).astype(np.int64),
        }
    )
    named = {
        "Bulbar": "Onset: Bulbar",
        "Limb": "Onset: Limb",
        "Limb_and_Bulbar": "Onset: Limb and Bulbar",
        "Other": "Onset: Other",
    }
    flags = [
        pl.when(pl.col("flag") & (pl.col("Site_of_Onset") == text)).then(pl.lit("1")).alias(f"Site_of_Onset___{name}")
        for name, text in named.items()
    ]
    return frame.select(
        "subject_id",
        *flags,
        pl.lit(None).alias("Site_of_Onset___Other_Specify"),
        pl.lit(None).alias("Site_of_Onset___Spine"),
        pl.lit("0").alias("Subject_ALS_History_Delta"),
        pl.lit(None).alias("Disease_Duration"),
        pl.lit("Weakness").alias("Symptom"),
        pl.lit(None).alias("Symptom_Other_Specify"),
        pl.lit(None).alias("Location"),
        pl.when(~pl.col("flag")).then(pl.col("Site_of_Onset")).alias("Site_of_Onset"),
        "Onset_Delta",
        "Diagnosis_Delta",
    ).cast(pl.String)


def _demographics(who: People) -> pl.DataFrame:
    person = who.listed("DEMOGRAPHICS")
    age = np.round(who.rng.normal(57, 11, person.size).clip(20, 88), 1)
    return texts(
        {
            "subject_id": who.identifier[person],
            "Demographics_Delta": np.zeros(person.size, int),
            "Age": age,
            "Date_of_Birth": -np.rint(age * 365.25).astype(int),
            "Race_Asian": [None] * person.size,
            "Race_Caucasian": np.ones(person.size, int),
            "Race_Other_Specify": [None] * person.size,
            "Sex": pl.Series(["Male", "Female"]).gather(who.rng.choice(2, person.size, p=[0.62, 0.38])),
        }
    )


def _deaths(who: People) -> pl.DataFrame:
    person = who.listed("DEATHDATA")
    died = who.rng.random(person.size) < 0.7
    day = who.follow_up[person] + who.rng.integers(1, 90, person.size)
    return texts(
        {
            "subject_id": who.identifier[person],
            "Subject_Died": pl.Series(["No", "Yes"]).gather(died.astype(int)),
            "Death_Days": pl.select(pl.when(pl.Series(died)).then(pl.Series(day))).to_series(),
        }
    )


def _breaths(who: People, table: str) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    person, day = who.visits(table)
    normal = np.round(who.rng.uniform(3.0, 5.5, who.identifier.size), 2)[person]
    best = normal * np.clip(1.0 - who.speed[person] * day / 365.25 * 0.25, 0.15, 1.1)
    return person, day, [np.round(best - short, 2) for short in (0.1, 0.0, 0.05)], normal


def _forced(who: People) -> pl.DataFrame:
    person, day, liters, normal = _breaths(who, "FVC")
    percent = [np.round(100 * trial / normal, 1) for trial in liters]
    columns: dict[str, object] = {"subject_id": who.identifier[person]}
    for trial in range(3):
        columns[f"Subject_Liters_Trial_{trial + 1}"] = liters[trial]
        columns[f"pct_of_Normal_Trial_{trial + 1}"] = percent[trial]
    columns |= {"subject_normal": normal, "Forced_Vital_Capacity_Delta": day}
    return texts(columns | {"Forced_Vital_Capacity_Units": ["Liters"] * day.size})


def _slow(who: People) -> pl.DataFrame:
    person, day, liters, normal = _breaths(who, "SVC")
    columns: dict[str, object] = {"subject_id": who.identifier[person]}
    for trial, name in enumerate(("Subject_Liters_Trial_1", "Subject_Liters__Trial_2_", "Subject_Liters__Trial_3_")):
        columns[name] = liters[trial]
        columns[f"pct_of_Normal_Trial_{trial + 1}"] = np.round(100 * liters[trial] / normal, 1)
    columns |= {"Subject_Normal": normal, "Slow_vital_Capacity_Delta": day}
    return texts(columns | {"Slow_Vital_Capacity_Units": ["Liters"] * day.size})


def _riluzole(who: People) -> pl.DataFrame:
    person = who.listed("RILUZOLE")
    used = who.rng.random(person.size) < 0.75
    return texts(
        {
            "subject_id": who.identifier[person],
            "Subject_used_Riluzole": pl.Series(["No", "Yes"]).gather(used.astype(int)),
            "Riluzole_use_Delta": pl.select(pl.when(pl.Series(used)).then(0)).to_series(),
        }
    )


def _treatment(who: People) -> pl.DataFrame:
    person = who.listed("TREATMENT")
    arm = pl.Series(["Active", "Placebo"]).gather(who.rng.choice(2, person.size, p=[0.7, 0.3]))
    return texts({"subject_id": who.identifier[person], "Study_Arm": arm, "Treatment_Group_Delta": [0] * person.size})


def _vitals(who: People) -> pl.DataFrame:
    person, day = who.visits("VITALSIGNS")
    pounds = (who.rng.random(who.identifier.size) < 0.4)[person]
    height = np.round(who.rng.normal(171, 9, who.identifier.size).clip(145, 200), 1)[person]
    weight = np.round(who.rng.normal(75, 13, who.identifier.size).clip(42, 130), 1)[person]
    lost = np.round(np.where(pounds, weight / 0.45359237, weight) * (1 - 0.02 * day / 365.25), 1)
    inches = np.round(height / 2.54, 1)
    first = day == 0
    beats = who.rng.integers(55, 100, (5, day.size))
    return texts(
        {
            "subject_id": who.identifier[person],
            "Vital_Signs_Delta": day,
            "Blood_Pressure_Diastolic": beats[0],
            "Blood_Pressure_Diastolic_Units": ["MMHG"] * day.size,
            "Blood_Pressure_Systolic": beats[1] + 50,
            "Blood_Pressure_Systolic_Units": ["MMHG"] * day.size,
            "Pulse": beats[2],
            "Pulse_Units": ["BEATS/MIN"] * day.size,
            "Respiratory_Rate": beats[3] // 4,
            "Respiratory_Rate_Units": ["BREATHS/MIN"] * day.size,
            "Temperature": 36 + beats[4] / 100,
            "Temperature_Units": ["C"] * day.size,
            "Height": np.where(first, np.where(pounds, inches, height), np.nan),
            "Height_Units": pl.select(
                pl.when(pl.Series(first)).then(
                    pl.when(pl.Series(pounds)).then(pl.lit("Inches")).otherwise(pl.lit("Centimeters"))
                )
            ).to_series(),
            "Weight": lost,
            "Weight_Units": pl.Series(["Kilograms", "Pounds"]).gather(pounds.astype(int)),
        }
    )


def _labs(who: People) -> pl.DataFrame:
    person, order = who.visits("LABS")
    tests = len(LABORATORY)
    test = np.arange(person.size) % tests
    day = order - order % 28  # a draw of all tests shares a day
    low, high = np.array([row[2] for row in LABORATORY])[test], np.array([row[3] for row in LABORATORY])[test]
    value = np.round(low + (high - low) * who.rng.random(person.size), 1)
    written = pl.Series(value).cast(pl.String)
    words = pl.Series(["Trace", "1+", "-", "<5"]).gather(who.rng.integers(0, 4, person.size))
    protein = pl.Series(test == tests - 1)
    return pl.DataFrame({"value": written, "word": words, "protein": protein}).select(
        pl.Series("subject_id", who.identifier[person]).cast(pl.String),
        pl.Series("Test_Name", [row[0] for row in LABORATORY]).gather(test),
        pl.when("protein").then("word").otherwise("value").alias("Test_Result"),
        pl.Series("Test_Unit", [row[1] for row in LABORATORY]).gather(test),
        pl.Series("Laboratory_Delta", day).cast(pl.String),
    )


def _adverse(who: People) -> pl.DataFrame:
    person, day = who.visits("ADVERSEEVENTS")
    which = who.rng.integers(0, len(COMPLAINTS), day.size)
    term = pl.Series([row[0] for row in COMPLAINTS]).gather(which)
    return texts(
        {
            "subject_id": who.identifier[person],
            "Lowest_Level_Term": term,
            "Preferred_Term": term,
            "System_Organ_Class": pl.Series([row[1] for row in COMPLAINTS]).gather(which),
            "SOC_Code": 10010000 + which,
            "Severity": ["MILD"] * day.size,
            "Outcome": ["Recovered/Resolved"] * day.size,
            "Start_Date_Delta": day,
            "End_Date_Delta": np.minimum(day + 7, who.follow_up[person]),
        }
    )


def _medicines(who: People) -> pl.DataFrame:
    person, day = who.visits("CONMEDS")
    goes_on = who.rng.random(day.size) < 0.6
    stop = np.minimum(day + 30, who.follow_up[person])
    return texts(
        {
            "subject_id": who.identifier[person],
            "Medication_Coded": pl.Series(MEDICINES).gather(who.rng.integers(0, len(MEDICINES), day.size)),
            "Start_Delta": day - 60,
            "Stop_Delta": pl.select(pl.when(~pl.Series(goes_on)).then(pl.Series(stop))).to_series(),
            "Dose": who.rng.integers(1, 500, day.size),
            "Unit": ["mg"] * day.size,
            "Frequency": ["QD"] * day.size,
            "Route": ["Oral"] * day.size,
        }
    )


def _family(who: People) -> pl.DataFrame:
    person = who.listed("FAMILYHISTORY")
    disease = pl.Series(["ALS", "Alzheimer's Disease", "Stroke"]).gather(who.rng.integers(0, 3, person.size))
    return texts(
        {
            "subject_id": who.identifier[person],
            "Family_History_Delta": [0] * person.size,
            "Father": [1] * person.size,
            "Mother": [None] * person.size,
            "Neurological_Disease": disease,
        }
    )


def _el_escorial(who: People) -> pl.DataFrame:
    person = who.listed("ELESCORIAL")
    words = pl.Series(["Definite", "Probable", "Probable Laboratory Supported", "Possible", "Suspected"])
    chosen = words.gather(who.rng.integers(0, len(words), person.size))
    return texts({"subject_id": who.identifier[person], "el_escorial": chosen, "delta_days": [0] * person.size})


def _strength(who: People, table: str, name: str, category: str, places: tuple[str, ...]) -> dict[str, object]:
    person, order = who.visits(table)
    day = order - order % 182  # several trials of both sides share a session
    row = np.arange(day.size)
    return {
        "subject_id": who.identifier[person],
        "Test_Name": [name] * day.size,
        "Test_Category": [category] * day.size,
        "Test_Location": pl.Series(places).gather(row // 2 % len(places)),
        "Test_Unit": ["Pounds"] * day.size,
        "Test_Laterality": pl.Series(["Left", "Right"]).gather(row % 2),
        "Test_Result": np.round(who.rng.uniform(4, 90, day.size), 1),
        "Test_trial": row // 2 // len(places) % 3 + 1,
        "MS_Delta": day,
    }


def _grip(who: People) -> pl.DataFrame:
    columns = _strength(who, "HANDGRIPSTRENGTH", "Hand Grip Strength", "Muscle Strength", ("Hand",))
    return texts(
        columns
        | {"Test_Setting": ["2"] * len(columns["subject_id"]), "DominantHand": ["Right"] * len(columns["subject_id"])}
    )


def _muscle(who: People) -> pl.DataFrame:
    name = "Isometric Muscle Strength, Flexion"
    columns = _strength(who, "MUSCLESTRENGTH", name, "Muscle Strength", ("Elbow Joint", "Wrist Joint", "Knee Joint"))
    return texts(columns | {"Test_Break": [None] * len(columns["subject_id"])})


def _neurofilament(who: People) -> pl.DataFrame:
    person, day = who.visits("NEUROFILAMENT")
    return texts(
        {
            "subject_id": who.identifier[person],
            "Analyte": ["Neurofilament light chain"] * day.size,
            "Matrix": pl.Series(["Serum", "CSF"]).gather(who.rng.choice(2, day.size, p=[0.97, 0.03])),
            "Result": np.round(who.rng.lognormal(4.3, 0.6, day.size), 1),
            "Unit": ["pg/mL"] * day.size,
            "Collection_Delta": day,
        }
    )
