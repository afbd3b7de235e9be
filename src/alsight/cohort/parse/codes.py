"""Codes: yes and no, and the choices of the data dictionary with the words people use for them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Final

import polars as pl

from alsight.cohort.parse.text import Parsed, Place, blank, tell, words

TRUE: Final[tuple[str, ...]] = (
    "yes",
    "y",
    "true",
    "t",
    "1",
    "1.0",
    "x",
    "ja",
    "j",
    "oui",
    "o",
    "si",
    "sí",
    "sì",
    "s",
    "sim",
    "present",
    "positive",
    "positiv",
    "positif",
    "positivo",
    "positiva",
    "positief",
    "pos",
    "checked",
    "detected",
    "done",
)
FALSE: Final[tuple[str, ...]] = (
    "no",
    "n",
    "false",
    "f",
    "0",
    "0.0",
    "nein",
    "non",
    "não",
    "nao",
    "nee",
    "absent",
    "negative",
    "negativ",
    "négatif",
    "negatif",
    "negativo",
    "negativa",
    "negatief",
    "not detected",
    "neg",
    "unchecked",
    "never",
)

SYNONYMS: Final[dict[str, dict[str, str]]] = {
    "sex": {
        "f": "female",
        "woman": "female",
        "w": "female",
        "weiblich": "female",
        "femme": "female",
        "femmina": "female",
        "femenino": "female",
        "mujer": "female",
        "vrouw": "female",
        "v": "female",
        "donna": "female",
        "fem": "female",
        "frau": "female",
        "girl": "female",
        "m": "male",
        "man": "male",
        "männlich": "male",
        "homme": "male",
        "maschio": "male",
        "masculino": "male",
        "hombre": "male",
        "h": "male",
        "uomo": "male",
        "varón": "male",
        "mann": "male",
        "masc": "male",
        "boy": "male",
    },
    "scale": {
        "alsfrs_r": "alsfrs_r",
        "alsfrsr": "alsfrs_r",
        "als_frs_r": "alsfrs_r",
        "revised": "alsfrs_r",
        "alsfrs_revised": "alsfrs_r",
        "als_frs": "alsfrs",
        "original": "alsfrs",
    },
    "onset_site": {
        "b": "bulbar",
        "bulb": "bulbar",
        "onset_bulbar": "bulbar",
        "bulbar_onset": "bulbar",
        "speech": "bulbar",
        "speech_or_swallowing": "bulbar",
        "arm": "upper_limb",
        "arms": "upper_limb",
        "upper": "upper_limb",
        "hand": "upper_limb",
        "hands": "upper_limb",
        "upper_extremity": "upper_limb",
        "ul": "upper_limb",
        "leg": "lower_limb",
        "legs": "lower_limb",
        "lower": "lower_limb",
        "foot": "lower_limb",
        "lower_extremity": "lower_limb",
        "ll": "lower_limb",
        "onset_limb": "limb",
        "limb_onset": "limb",
        "spinal": "limb",
        "spine": "limb",
        "onset_spine": "limb",
        "s": "limb",
        "extremity": "limb",
        "l": "limb",
        "axial": "trunk",
        "thoracic": "trunk",
        "resp": "respiratory",
        "r": "respiratory",
        "breathing": "respiratory",
        "onset_limb_and_bulbar": "generalized",
        "limb_and_bulbar": "generalized",
        "generalised": "generalized",
        "diffuse": "generalized",
        "mixed": "generalized",
        "onset_other": "other",
        "cognitive": "other",
        "ftd": "other",
    },
    "el_escorial": {
        "definite_als": "definite",
        "clinically_definite": "definite",
        "clinically_definite_als": "definite",
        "probable_als": "probable",
        "clinically_probable": "probable",
        "clinically_probable_als": "probable",
        "probable_laboratory": "probable_laboratory_supported",
        "lab_supported": "probable_laboratory_supported",
        "probable_lab_supported": "probable_laboratory_supported",
        "probable_laboratory_supported_als": "probable_laboratory_supported",
        "laboratory_supported_probable": "probable_laboratory_supported",
        "clinically_probable_laboratory_supported": "probable_laboratory_supported",
        "clinically_probable_laboratory_supported_als": "probable_laboratory_supported",
        "possible_als": "possible",
        "clinically_possible": "possible",
        "suspected_als": "suspected",
    },
    "awaji": {"definite_als": "definite", "probable_als": "probable", "possible_als": "possible"},
    "genotype": {
        "c9": "c9orf72",
        "c9orf": "c9orf72",
        "c9orf_72": "c9orf72",
        "c9orf72_expansion": "c9orf72",
        "tdp43": "tardbp",
        "tdp_43": "tardbp",
        "sod_1": "sod1",
        "wild_type": "none_found",
        "wt": "none_found",
        "negative": "none_found",
        "no_mutation": "none_found",
        "none": "none_found",
        "no": "none_found",
    },
    "phenotype": {
        "classical": "classic",
        "als": "classic",
        "pls": "primary_lateral_sclerosis",
        "pma": "progressive_muscular_atrophy",
        "flail_arm_syndrome": "flail_arm",
        "flail_leg_syndrome": "flail_leg",
        "predominant_upper_motor_neuron": "umn_predominant",
        "pumn": "umn_predominant",
        "plmn": "lmn_predominant",
    },
    "mode": {
        "in_clinic": "in_person",
        "clinic": "in_person",
        "face_to_face": "in_person",
        "on_site": "in_person",
        "office": "in_person",
        "phone": "telephone",
        "telefon": "telephone",
        "by_phone": "telephone",
        "telemedicine": "video",
        "televisit": "video",
        "virtual": "video",
        "web": "online",
        "internet": "online",
        "app": "online",
    },
    "responder": {
        "patient": "self",
        "participant": "self",
        "subject": "self",
        "caretaker": "caregiver",
        "carer": "caregiver",
        "proxy": "caregiver",
        "family": "caregiver",
        "patient_and_caregiver": "both",
    },
    "side": {"l": "left", "r": "right", "lt": "left", "rt": "right", "links": "left", "rechts": "right"},
    "event": {
        "died": "death",
        "dead": "death",
        "deceased": "death",
        "exitus": "death",
        "trach": "tracheostomy",
        "tracheotomy": "tracheostomy",
        "niv": "niv_start",
        "bipap": "niv_start",
        "non_invasive_ventilation": "niv_start",
        "peg": "gastrostomy",
        "rig": "gastrostomy",
        "feeding_tube": "gastrostomy",
        "pav": "permanent_ventilation",
        "permanent_assisted_ventilation": "permanent_ventilation",
        "invasive_ventilation": "permanent_ventilation",
        "imv": "permanent_ventilation",
        "ltfu": "lost_to_follow_up",
        "lost": "lost_to_follow_up",
        "withdrawn": "withdrawal",
        "hospitalisation": "hospitalization",
        "pneumonia": "infection",
        "depression": "mood_episode",
    },
    "entry": {
        "baseline": "first_visit",
        "first": "first_visit",
        "randomisation": "randomization",
        "randomized": "randomization",
        "enrolment": "enrollment",
        "diagnosed": "diagnosis",
        "onset": "symptom_onset",
    },
}
"""Column to folded words to the dictionary's choice; only words that mean one thing in ALS records stand here."""


def _population() -> dict[str, str]:
    text = files("alsight.cohort.parse").joinpath("population.csv").read_text(encoding="utf-8")
    return {row["word"]: row["group"] for row in csv.DictReader(text.splitlines())}


POPULATION: Final[dict[str, str]] = _population()
"""Folded words for who a person is: with ALS, or another (control, carrier, other disease)."""


def folded(text: pl.Series) -> pl.Series:
    """Text in lower case with everything but letters and digits folded to one underscore."""
    return words(text).str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "_").str.strip_chars("_")


def booleans(supplied: pl.Series, index: Place) -> Parsed:
    """Yes and no in the words and codes people use; anything else is reported and missing."""
    if supplied.dtype == pl.Boolean:
        return Parsed(
            supplied, tell(index, pl.repeat(False, len(supplied), eager=True), supplied, "", "", ""), "yes or no"
        )
    text = words(supplied).str.to_lowercase()
    coding = {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}
    values = text.replace_strict(coding, default=None, return_dtype=pl.Boolean)
    bad = values.is_null() & ~blank(text)
    faults = tell(
        index,
        bad,
        supplied,
        "not_yes_or_no",
        "This is neither yes nor no.",
        "Write yes or no, or leave the cell empty.",
    )
    return Parsed(values.alias(supplied.name), faults, "yes or no")


def choices(
    supplied: pl.Series,
    index: Place,
    allowed: Sequence[str],
    *,
    column: str = "",
    synonyms: Mapping[str, str] | None = None,
) -> Parsed:
    """One of the dictionary's choices, in any case and spacing, or by a synonym.

    Args:
        supplied: cells as text, or codes as numbers where `synonyms` names them ("1").
        index: where they stand.
        allowed: the dictionary's choices.
        column: dictionary column whose usual synonyms hold.
        synonyms: further words of this file, folded or not, to a choice; they win over the usual ones.

    Returns:
        Values as String; a word that is no choice is reported and missing.
    """
    own = {_fold(word): choice for word, choice in (synonyms or {}).items()}
    coding = {_fold(choice): choice for choice in allowed}
    coding = {word: choice for word, choice in SYNONYMS.get(column, {}).items() if choice in allowed} | coding | own
    text = folded(_whole(supplied))
    values = text.replace_strict(coding, default=None, return_dtype=pl.String)
    bad = values.is_null() & ~blank(supplied.cast(pl.String, strict=False))
    faults = tell(
        index,
        bad,
        supplied,
        "not_a_choice",
        f"This is none of: {', '.join(allowed)}.",
        "Write one of these words, or map the file's own code to one of them.",
    )
    return Parsed(values.alias(supplied.name), faults, "choice")


def _fold(word: str) -> str:
    return str(folded(pl.Series([str(word)]))[0])


def _whole(supplied: pl.Series) -> pl.Series:
    # A code that a spreadsheet stored as 1.0 is the code 1.
    if supplied.dtype.is_float() and bool((supplied.drop_nulls() == supplied.drop_nulls().round()).all()):
        return supplied.cast(pl.Int64, strict=False).cast(pl.String)
    return supplied
