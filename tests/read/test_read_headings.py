"""Headings as people write them, and the meanings they are read as."""

from __future__ import annotations

import pytest

from alsight.cohort.mapping.headings import readings
from alsight.cohort.mapping.meanings import MEANINGS, meaning_of
from alsight.cohort.mapping.spellings import ITEM_WORDS, SPELLINGS, UNDECIDED, lookup
from alsight.cohort.mapping.words import bag, compact, tokens

SPELLED = [
    (
        "subject",
        "SubjectUID | Patient ID | Patienten-ID | Pat.-Nr. | PatientID | subjid | USUBJID | participant_id | "
        "Codice paziente | Código paciente | record_id | Patiëntnummer | N° patient | Probandennummer",
    ),
    (
        "time",
        "Date | Visit date | VISIT_DT | date_visite | Datum | Untersuchungsdatum | Besuchsdatum | Date of visit | "
        "Data visita | Fecha de visita | Date de visite | Bezoekdatum | Date of Assessment | visit_time | Time",
    ),
    (
        "alsfrs_r_total",
        "ALSFRS-R total | ALSFRS_R_Total | alsfrsr | FRSRTotal | ALS-FRS-R Gesamt | "
        "ALSFRS-R Gesamtscore | alsfrs_r_total | ALSFRS-R score | ALSFRSR Total Score",
    ),
    (
        "total",
        "Total | Total score | Punteggio totale | Puntuación total | Score total | Gesamtpunktzahl | "
        "Totaalscore | ALSFRS total | frs",
    ),
    ("onset", "Date of Symptom Onset | onset_date | Symptombeginn | Data di esordio | Date de début | Onset_Delta"),
    ("diagnosis", "Date of Diagnosis | Diagnosedatum | diagnosis_date | Data diagnosi | Diagnosis_Delta"),
    ("birth", "Date of Birth | DOB | Geburtsdatum | Date de naissance | Data di nascita | Geboortedatum"),
    (
        "death",
        "Date of death | death_date | Todesdatum | Date du décès | Death_Days | Vital status | Subject_Died | DOD",
    ),
    ("sex", "Sex | gender | Geschlecht | Sexe | Sesso | Sexo | Geslacht"),
    ("onset_site", "Site of Onset | onset_site | Onset region | Onset type"),
    ("age_at_onset_years", "age_at_onset | Age at symptom onset | Onset age"),
    ("age_at_entry_years", "age_at_baseline | Age at enrollment | Baseline age"),
    ("disease_duration", "disease duration (months) | Symptom duration | Krankheitsdauer"),
    ("fvc_pct", "FVC (% predicted) | FVC % pred | fvc_pct | FVC%"),
    ("fvc_l", "FVC (L) | fvc_l | FVC liters"),
    ("weight_kg", "Weight | Weight (kg) | Gewicht | Poids | Peso | weight_lbs"),
    ("height_cm", "Height | Größe (cm) | Taille (cm)"),
    ("nfl_pg_ml", "NfL | NfL (pg/mL) | plasma_nfl | Serum NfL | Neurofilament light chain"),
    ("niv_start", "NIV start date | NIV | Date of Non-invasive Ventialtion | niv_date"),
    ("gastrostomy", "PEG | Gastrostomy date | peg_date | feeding tube date"),
    ("permanent_ventilation", ">23h NIV | Permanent ventilation date"),
    ("on:riluzole", "Riluzole | Riluzole Use | riluzole_start_date"),
    ("off:edaravone", "edaravone stop date | Edaravone end date"),
    ("mode", "Mode_of_Administration"),
    ("responder", "ALSFRS_Responded_By"),
    ("q1_speech", "1 speech | Q1_Speech | Speech | Sprache | alsfrs_q1_speech | Item 1: Speech"),
    (
        "q5a_cutting_without_gastrostomy",
        "Q5a_Cutting_without_Gastrostomy | 5 wo gastr. | Cutting food, no gastrostomy "
        "| Cutting food (5a) | Q5a cutting | Item 5a: Cutting",
    ),
    ("q5b_cutting_with_gastrostomy", "Q5b_Cutting_with_Gastrostomy | 5 w gastr. | Cutting food (5b)"),
    ("q12_respiratory_insufficiency", "R_3_Respiratory_Insufficiency | 12 resp insf | Respiratory insufficiency"),
    ("genotype", "Genotype | gene_mutation | C9orf72 status | SOD1"),
    ("el_escorial", "El Escorial | el_escorial | Escorial category"),
    ("last_seen", "Date of Last Follow Up | last_visit_date | date of last contact"),
]


@pytest.mark.parametrize(
    ("heading", "means"),
    [(heading.strip(), means) for means, headings in SPELLED for heading in headings.split("|")],
)
def test_spelling(heading, means) -> None:
    assert readings(heading)[0].means == means


@pytest.mark.parametrize(
    ("heading", "unit", "origin"),
    [
        ("Months since symptom onset", "month", "onset"),
        ("FRS Days from Onset", "day", "onset"),
        ("Monate seit Beginn", "month", "onset"),
        ("mesi da esordio", "month", "onset"),
        ("Days since baseline", "day", "entry"),
        ("weeks", "week", ""),
        ("Time (months)", "month", ""),
        ("Study Day", "day", ""),
        ("visdy", "day", ""),
        ("time from diagnosis (years)", "year", "diagnosis"),
        ("age_at_assessment", "age", ""),
    ],
)
def test_times_name_their_unit_and_origin(heading, unit, origin) -> None:
    first = readings(heading)[0]
    assert (first.means, first.unit, first.origin) == ("time", unit, origin)


@pytest.mark.parametrize(
    "heading", ["notes", "remarks", "Blood pressure", "column 7", "xyz", "Reason not done", "comment"]
)
def test_what_means_nothing_is_not_guessed(heading) -> None:
    assert not readings(heading)


def test_the_sheet_tells_what_a_score_is() -> None:
    assert readings("Score", "ALSFRS-R Score")[0].means == "alsfrs_r_total" or readings("Score")[0].means == "total"
    assert readings("Value", "Plasma NfL")[0].means in ("value", "nfl_pg_ml")


def test_a_count_of_onset_to_diagnosis_is_a_delay() -> None:
    assert readings("time from onset to diagnosis (months)")[0].means == "diagnostic_delay"


def test_every_spelling_has_a_meaning() -> None:
    assert {name for name in SPELLINGS if meaning_of(name) is None} == set()
    assert set(ITEM_WORDS) <= set(MEANINGS)
    assert all(meaning_of(part) for name in UNDECIDED for part in name.split(" or "))


def test_no_wording_is_two_things_of_equal_rank() -> None:
    """One wording may be a date or a site, which the cells tell apart; no other is shared."""
    shared = {words: found for words, found in lookup().items() if len(found) > 1}
    assert set(shared) == {bag("onset")}


def test_words_are_folded() -> None:
    assert tokens("SubjectUID") == ("subject", "id")
    assert tokens("ALS-FRS-R Gesamt") == tokens("ALSFRS_R total") == ("alsfrsr", "total")
    assert compact("Q5a_Cutting (%)") == "q5acuttingpct"
    assert bag("Date of the visit") == {"date", "visit"}
