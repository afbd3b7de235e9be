"""Forms of PRO-ACT as rows: file names, headings, columns that are carried, and columns that tell a day.

Headings are those of the 2022 release; other spellings fold to the same key (`heading_key`) or stand as a synonym.
Source: proact2022
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final


def heading_key(heading: str) -> str:
    """A heading with everything folded that differs between releases: case, spaces, marks, the Q of items."""
    return re.sub(r"^q(?=\d)", "", re.sub(r"[^a-z0-9]", "", heading.lower()))


def own_name(heading: str) -> str:
    """The name under which a heading of the 2022 release is used here: lower case, single underscores."""
    return re.sub(r"_+", "_", heading.lower()).strip("_")


@dataclass(frozen=True)
class Form:
    """One table of PRO-ACT.

    Attributes:
        name: name in the 2022 release.
        files: further stems of its file, folded as `heading_key` does.
        carried: headings whose values reach the cohort.
        known: pattern of the folded headings that are known and have no place in the data dictionary.
        days: carried headings that tell a day on which something was recorded about the person.
        synonyms: further heading, folded, to one of `carried`.
    """

    name: str
    files: tuple[str, ...]
    carried: tuple[str, ...]
    known: str
    days: tuple[str, ...]
    synonyms: dict[str, str] = field(default_factory=dict[str, str])

    def spellings(self) -> dict[str, str]:
        """Folded heading to own name of every carried column, the subject's identifier included."""
        named = {heading_key(heading): own_name(heading) for heading in self.carried}
        return SUBJECT_KEYS | {key: own_name(heading) for key, heading in self.synonyms.items()} | named


SUBJECT_KEYS: Final = {"subjectid": "subject_id", "subject": "subject_id", "subjectuid": "subject_id"}

_FVC_TRIALS: Final = tuple(
    f"{kind}_Trial_{trial}" for trial in (1, 2, 3) for kind in ("Subject_Liters", "pct_of_Normal")
)
_STRENGTH: Final = (
    "Test_Name",
    "Test_Location",
    "Test_Laterality",
    "Test_Result",
    "Test_Unit",
    "Test_trial",
    "MS_Delta",
)

ITEM_COLUMNS: Final[dict[str, str]] = {
    "q1_speech": "Q1_Speech",
    "q2_salivation": "Q2_Salivation",
    "q3_swallowing": "Q3_Swallowing",
    "q4_handwriting": "Q4_Handwriting",
    "q5a_cutting_without_gastrostomy": "Q5a_Cutting_without_Gastrostomy",
    "q5b_cutting_with_gastrostomy": "Q5b_Cutting_with_Gastrostomy",
    "q5_cutting": "Q5_Cutting",
    "q6_dressing_and_hygiene": "Q6_Dressing_and_Hygiene",
    "q7_turning_in_bed": "Q7_Turning_in_Bed",
    "q8_walking": "Q8_Walking",
    "q9_climbing_stairs": "Q9_Climbing_Stairs",
    "q10_dyspnea": "R_1_Dyspnea",
    "q11_orthopnea": "R_2_Orthopnea",
    "q12_respiratory_insufficiency": "R_3_Respiratory_Insufficiency",
    "q10_respiratory": "Q10_Respiratory",
}
"""Item of the data dictionary to heading; R_1 to R_3 replace Q10 on the revised scale."""

FORMS: Final[tuple[Form, ...]] = (
    Form(
        "DEMOGRAPHICS",
        ("demographic",),
        ("Demographics_Delta", "Age", "Date_of_Birth", "Sex"),
        "ethnicity|race.*",
        ("Demographics_Delta",),
        {"gender": "Sex"},
    ),
    Form(
        "ALSHISTORY",
        ("subjectalshx", "subjectalshistory", "alshx", "history"),
        (
            "Site_of_Onset",
            "Site_of_Onset___Bulbar",
            "Site_of_Onset___Limb",
            "Site_of_Onset___Limb_and_Bulbar",
            "Site_of_Onset___Other",
            "Site_of_Onset___Spine",
            "Onset_Delta",
            "Diagnosis_Delta",
            "Disease_Duration",
            "Subject_ALS_History_Delta",
        ),
        "(siteofonset|symptom|location)(otherspecify)?",
        ("Subject_ALS_History_Delta",),
        {"diagdelta": "Diagnosis_Delta", "onsetsite": "Site_of_Onset"},
    ),
    Form(
        "ALSFRS",
        ("alsfrsr", "alsfrs"),
        (
            *ITEM_COLUMNS.values(),
            "ALSFRS_Delta",
            "ALSFRS_Total",
            "ALSFRS_R_Total",
            "Mode_of_Administration",
            "ALSFRS_Responded_By",
        ),
        "mouth|hands|trunk|leg|respiratory|respiratoryr",
        ("ALSFRS_Delta",),
    ),
    Form(
        "DEATHDATA",
        ("death", "deathreport"),
        ("Subject_Died", "Death_Days", "Last_Contact_Days"),
        "",
        ("Death_Days", "Last_Contact_Days"),
    ),
    Form(
        "FVC",
        ("forcedvitalcapacity",),
        (*_FVC_TRIALS, "subject_normal", "Forced_Vital_Capacity_Delta", "Forced_Vital_Capacity_Units"),
        "",
        ("Forced_Vital_Capacity_Delta",),
    ),
    Form(
        "SVC",
        ("slowvitalcapacity",),
        (*_FVC_TRIALS, "subject_normal", "Slow_vital_Capacity_Delta", "Slow_Vital_Capacity_Units"),
        "",
        ("Slow_vital_Capacity_Delta",),
    ),
    Form(
        "VITALSIGNS",
        ("vitals", "vitalsign"),
        ("Vital_Signs_Delta", "Height", "Height_Units", "Weight", "Weight_Units"),
        ".*(bp|bloodpressure|pulse|respiratoryrate|temperature).*|(baseline|endpoint)weight|bmi",
        ("Vital_Signs_Delta",),
    ),
    Form(
        "LABS",
        ("lab", "labdata", "laboratory", "laboratorydata"),
        ("Test_Name", "Test_Result", "Test_Unit", "Laboratory_Delta"),
        "",
        ("Laboratory_Delta",),
    ),
    Form(
        "NEUROFILAMENT",
        ("neurofilaments", "nfl"),
        ("Analyte", "Matrix", "Result", "Unit", "Collection_Delta"),
        "",
        ("Collection_Delta",),
        {"resultunit": "Unit", "resultunits": "Unit", "units": "Unit", "testunit": "Unit"},
    ),
    Form("RILUZOLE", ("riluzoleuse",), ("Subject_used_Riluzole", "Riluzole_use_Delta"), "", ("Riluzole_use_Delta",)),
    Form("TREATMENT", ("treatmentgroup",), ("Study_Arm", "Treatment_Group_Delta"), "", ("Treatment_Group_Delta",)),
    Form(
        "CONMEDS",
        ("concomitantmedication", "concomitantmedications", "conmed"),
        ("Medication_Coded", "Start_Delta", "Stop_Delta", "Dose", "Unit"),
        "frequency|route",
        ("Start_Delta", "Stop_Delta"),
    ),
    Form(
        "ADVERSEEVENTS",
        ("adverseevent", "ae"),
        ("Preferred_Term", "Lowest_Level_Term", "System_Organ_Class", "Outcome", "Start_Date_Delta", "End_Date_Delta"),
        "highlevel(group)?term|socabbreviation|soccode|severity",
        ("Start_Date_Delta", "End_Date_Delta"),
    ),
    Form("ELESCORIAL", ("elescorialcriteria",), ("el_escorial", "delta_days"), "", ("delta_days",)),
    Form(
        "FAMILYHISTORY",
        ("famhx", "familyhx"),
        (
            "Family_History_Delta",
            "Neurological_Disease",
            "Neurological_Disease_Other",
            "Family_Hx_of_Neuro_Disease",
            "Family_Hx_of_Neuro_Disease_Other",
        ),
        "(aunt|brother|cousin|daughter|father|grand(father|mother)|mother|nephew|niece|sibling|sister|son|uncle|other)"
        "((ma|pa)ternal|specify)?|volunteer|familyhxofalsmutation(other)?",
        ("Family_History_Delta",),
        {"neurologicaldiseaseotherspecify": "Neurological_Disease_Other"},
    ),
    Form(
        "HANDGRIPSTRENGTH",
        ("handgrip", "gripstrength"),
        (*_STRENGTH, "Test_Setting"),
        "testcategory|dominanthand",
        ("MS_Delta",),
    ),
    Form("MUSCLESTRENGTH", ("muscle",), (*_STRENGTH, "Test_Break"), "testcategory", ("MS_Delta",)),
)
"""Every form, in the order in which a person is first looked for."""

FORMS_BY_NAME: Final = {form.name: form for form in FORMS}

IGNORED_HEADINGS: Final = frozenset({"formid", ""})
"""Headings of the 2013 workbooks that say nothing about a person."""

_AFFIXES: Final = re.compile(r"^f(?=proact)|proact|\d{4}[_-]\d{1,2}[_-]\d{1,2}|(?:^|[_-])data$", re.IGNORECASE)


def form_of(file_name: str) -> Form | None:
    """The form that a file name stands for in any release; None for any other file."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,4}$", "", file_name.rsplit("/", 1)[-1])
    folded = re.sub(r"[^a-z0-9]", "", _AFFIXES.sub("", re.sub(r"^f_(?=proact)", "", stem.lower())))
    for form in FORMS:
        if folded == form.name.lower() or folded in form.files:
            return form
    return None
