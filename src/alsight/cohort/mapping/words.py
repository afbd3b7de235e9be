"""Headings into plain words: case, accents, camel case and the vocabulary of six languages folded into one.

Further words of each language, one a row, stand in `vocabulary.csv` beside this module.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import Final

_FOLDED: Final = {
    "subject": "subj patient patients pt participant participants proband teilnehmer paziente paciente sujet sujeto "
    "soggetto deelnemer patientin person persona personne usubj pat "
    "studienteilnehmer",
    "id": "identifier identifiant identificativo n nr number nummer numero num no code codice codigo kennung uid guid "
    "pseudonym key ident kode",
    "date": "dt dat datum fecha data dates jour giorno",
    "visit": "visite visita vis visits besuch bezoek encounter encntr appointment konsultation consultation",
    "assessment": "assessed evaluation examination exam rating untersuchung evaluacion valutazione beoordeling "
    "acquisition collection completed completion administration questionnaire measurement performed",
    "day": "days tag tage jours giorni dias dagen dy dys dag",
    "month": "months mo mos mon mth mths monat monate mois mese mesi mes meses maand maanden",
    "week": "weeks wk wks woche wochen semaine semaines settimana settimane semana semanas weken",
    "year": "years yr yrs jahr jahre an ans anno anni ano anos jaar jaren",
    "time": "zeit temps tempo tiempo tijd timepoint elapsed followup",
    "total": "tot tl summe gesamt totale totaal",
    "score": "punkte punktzahl punteggio puntuacion puntos points pts wert",
    "age": "alter eta edad leeftijd alder",
    "onset": "onst beginn debut inicio begin ons",
    "symptom": "symptoms sx symptome sintomi sintomo sintomas symptomes",
    "diagnosis": "diag dx dgn diagnose diagnosi diagnostico diagnosed diagnosedat",
    "birth": "born geburt nascita nacimiento geboorte brth",
    "death": "died dead deceased exitus tod deces decesso morte muerte overlijden deced dth "
    "decease mortality verstorben gestorben fallecimiento",
    "sex": "gender geschlecht sexe sesso sexo geslacht",
    "weight": "gewicht poids peso wt wgt",
    "height": "groesse grosse taille altezza talla lengte ht hgt korpergrosse",
    "site": "center centre zentrum centro klinik clinic facility hospital",
    "baseline": "bl basline base inclusion",
    "screening": "screen scr",
    "gastrostomy": "gastrostomie gastrostomia peg rig gtube pej",
    "tracheostomy": "tracheotomy trach tracheostomie tracheotomie tracheostomia",
    "niv": "bipap nippv nippv nivtherapie vni ninvasive",
    "speech": "sprache sprechen parole lenguaje linguaggio habla spraak",
    "salivation": "salivations saliva speichelfluss speichel salivazione salivacion speekselvloed",
    "swallowing": "swallow schlucken deglutition deglutizione deglucion slikken deglution",
    "handwriting": "handwrit handschrift ecriture scrittura escritura schrijven writing",
    "cutting": "schneiden couper nahrung besteck utensils utensil cortar tagliare snijden cubiertos",
    "dressing": "ankleiden anziehen habillage vestirsi vestido aankleden dress clothing vestirse kleden vestido",
    "hygiene": "hygn hygine korperpflege igiene higiene",
    "turning": "umdrehen drehen turn retournement girarsi",
    "bed": "bett lit letto cama bedclothes bedding",
    "walking": "walk gehen marche camminare deambulation caminar lopen ambulation",
    "climbing": "climb steigen subir salire monter traplopen",
    "stairs": "stair treppe treppen escaliers escaleras escalier trappen trap",
    "dyspnea": "dyspnoea dyspnoe dyspnee dispnea kurzatmigkeit disnea dyspne kortademigheid",
    "orthopnea": "orthopnoea orthopnoe orthopnee ortopnea orthpnea",
    "respiratory": "resp respiration atmung breathing respiratoire respiratoria",
    "insufficiency": "insuff insf insuffizienz insuffisance insufficienza insuficiencia failure insuficiencia",
    "start": "started begun initiation initiated commenced commencement stdt",
    "stop": "stopped ended ceased discontinued discontinuation",
    "end": "ende fin fine einde",
    "predicted": "pred prd soll normal sollwert predetti",
    "pct": "percent percentage prozent pourcentage pc perc pp",
    "liters": "liter litres litre ltr l litri liters_",
    "fvc": "cvf",
    "forced": "forcierte forcee forzata",
    "slow": "langsame lente",
    "capacity": "vitalkapazitat kapazitat capacite capacita vc",
    "family": "familial familie familiare famhx familiality familiar familien",
    "history": "hx anamnese anamnesi anamnestic",
    "gene": "genetic genetics genotype genotyp mutation mutations genemut genes",
    "mode": "modality modus",
    "last": "latest letzte letzter dernier ultimo ultima laatste final zuletzt",
    "seen": "contact kontakt followed observed follow vu gesehen visto gezien",
    "enrollment": "enrolment enrolled einschluss enrol enroll",
    "randomization": "randomisation randomized randomised rand randomisierung",
    "treatment": "drug medication med medname medikament behandlung traitement trattamento tratamiento medicine "
    "intervention compound",
    "measure": "test parameter param analyte analysis biomarker assay measuretype testname variable",
    "value": "result wert_ valeur valore valor resultat ergebnis waarde reslt orres",
    "unit": "units einheit unite unita unidad eenheid",
    "nfl": "neurofilament nfll neurofilamente",
    "rater": "evaluator interviewer assessor examiner investigator",
}


def _vocabulary() -> dict[str, str]:
    """Words of headings to the word or words that stand for them."""
    text = files("alsight.cohort.mapping").joinpath("vocabulary.csv").read_text(encoding="utf-8")
    return {row["word"]: row["stands_for"] for row in csv.DictReader(text.splitlines())}


_VOCABULARY: Final = _vocabulary()
FOLDS: Final = {word.strip("_"): name for name, words in _FOLDED.items() for word in words.split()} | {
    word: name for word, name in _VOCABULARY.items() if " " not in name
}
"""Word to the word that stands for it."""

STOP: Final = frozenset(
    {
        *("of", "the", "at", "in", "for", "and", "to", "since", "from", "with", "as", "by", "on"),
        *("der", "die", "das", "des", "und", "seit", "ab", "du", "de", "la", "le", "et", "depuis"),
        *("el", "il", "lo", "di", "del", "della", "dello", "e", "da", "dal", "dalla", "dall", "y", "desde"),
        *("van", "het", "een", "vanaf", "den", "dem", "bei", "im", "am", "vom", "von", "zum", "zur", "durch"),
        *("au", "aux", "les", "dans", "un", "une", "los", "las", "al", "en", "con", "una"),
        *("gli", "i", "nel", "alla", "all", "dei", "delle", "op", "bij", "door", "noch", "nog", "ancora", "still"),
    }
)
"""Words that say nothing about a column."""

_COMPOUNDS: Final = {
    "datexam": "assessment date",
    "dateexam": "assessment date",
    "erfassungsdatum": "assessment date",
    "visitdt": "visit date",
    "qsdtc": "assessment date",
    "qsdt": "assessment date",
    "qsdy": "assessment day",
    "svstdtc": "visit date",
    "svdtc": "visit date",
    "adt": "assessment date",
    "ady": "assessment day",
    "visdt": "visit date",
    "svdt": "visit date",
    "onsetdt": "onset date",
    "brthdt": "birth date",
    "birthdt": "birth date",
    "dthdt": "death date",
    "deathdt": "death date",
    "diagdt": "diagnosis date",
    "firstsymptom": "first symptom date",
    "nopeg": "no gastrostomy",
    "yob": "birth year",
    "patientcode": "subject id",
    "patnum": "subject id",
    "fallnummer": "subject id",
    "beobachtungsdatum": "visit date",
    "befunddatum": "visit date",
    "visitendatum": "visit date",
    "visdy": "day",
    "studyday": "study day",
    "visitday": "visit day",
    "studientag": "study day",
    "visitdate": "visit date",
    "untersuchungsdatum": "assessment date",
    "besuchsdatum": "visit date",
    "visitedatum": "visit date",
    "erhebungsdatum": "assessment date",
    "patienten": "subject",
    "patientennummer": "subject id",
    "patientennr": "subject id",
    "patientenid": "subject id",
    "probandennummer": "subject id",
    "todesdatum": "death date",
    "sterbedatum": "death date",
    "diagnosedatum": "diagnosis date",
    "geburtsdatum": "birth date",
    "geboortedatum": "birth date",
    "overlijdensdatum": "death date",
    "diagnosezeitpunkt": "diagnosis date",
    "symptombeginn": "symptom onset",
    "krankheitsbeginn": "disease onset",
    "erkrankungsbeginn": "disease onset",
    "krankheitsdauer": "disease duration",
    "erstsymptom": "first symptom",
    "gesamtscore": "total score",
    "gesamtpunktzahl": "total score",
    "gesamtwert": "total score",
    "totalscore": "total score",
    "totaalscore": "total score",
    "summenscore": "sum score",
    "patientnummer": "subject id",
    "bezoekdatum": "visit date",
    "deelnemersnummer": "subject id",
    "onsetdate": "onset date",
    "onsetdatum": "onset date",
    "deathdate": "death date",
    "birthdate": "birth date",
    "birthdat": "birth date",
    "diagnosisdate": "diagnosis date",
    "diagdate": "diagnosis date",
    "dob": "birth date",
    "dod": "death date",
    "enroldt": "enrollment date",
    "subjid": "subject id",
    "subid": "subject id",
    "patid": "subject id",
    "patientid": "subject id",
    "subjectid": "subject id",
    "patnr": "subject id",
    "pid": "subject id",
    "naissance": "birth",
    "esordio": "onset",
    "einschlussdatum": "enrollment date",
    "onsetsite": "onset site",
    "siteofonset": "onset site",
    "krankheit": "disease",
    "maladie": "disease",
    "malattia": "disease",
    "enfermedad": "disease",
    "ziekte": "disease",
    "groep": "group",
    "gruppe": "group",
    "groupe": "group",
    "gruppo": "group",
    "grupo": "group",
    "treppensteigen": "climbing stairs",
    "ateminsuffizienz": "respiratory insufficiency",
    "koerpergewicht": "body weight",
    "korpergewicht": "body weight",
    "koerpergroesse": "height",
} | {word: name for word, name in _VOCABULARY.items() if " " in name}

_EAST_ASIAN: Final = {
    "\u60a3\u8005": "subject",
    "\u75c5\u4eba": "subject",
    "\u53d7\u8bd5\u8005": "subject",
    "\u7f16\u53f7": "id",
    "\u8bc4\u4f30": "assessment",
    "\u8bc4\u5b9a": "assessment",
    "\u968f\u8bbf": "visit",
    "\u8bbf\u89c6": "visit",
    "\u5c31\u8bca": "visit",
    "\u65e5\u671f": "date",
    "\u603b\u5206": "total",
    "\u8bc4\u5206": "score",
    "\u6027\u522b": "sex",
    "\u5e74\u9f84": "age",
    "\u6b7b\u4ea1": "death",
    "\u53d1\u75c5": "onset",
    "\u8d77\u75c5": "onset",
    "\u8bca\u65ad": "diagnosis",
    "\u51fa\u751f": "birth",
    "\u60a3\u8005\u756a\u53f7": "subject id",
    "\u756a\u53f7": "id",
    "\u8a55\u4fa1": "assessment",
    "\u8a3a\u5bdf": "visit",
    "\u65e5\u4ed8": "date",
    "\u5408\u8a08": "total",
    "\u767a\u75c7": "onset",
    "\u6027\u5225": "sex",
    "\u5e74\u9f62": "age",
    "\ud658\uc790": "subject",
    "\ubc88\ud638": "id",
    "\ub0a0\uc9dc": "date",
    "\uc77c\uc790": "date",
    "\ubc29\ubb38": "visit",
    "\ud3c9\uac00": "assessment",
    "\ucd1d\uc810": "total",
    "\uc131\ubcc4": "sex",
    "\ub098\uc774": "age",
    "\uc0ac\ub9dd": "death",
    "\ubc1c\ubcd1": "onset",
    "\uc9c4\ub2e8": "diagnosis",
}
"""Words of Chinese, Japanese and Korean headings, which stand without spaces, to the word that stands for them."""

_CAMEL: Final = re.compile(r"(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_ANSWERS: Final = re.compile(r"[(\[]\s*(?:m/[wfv](?:/[dx])?|[wfvh]/m|[hf]/[fh]|[yjos]/n|0/1|1/0)\s*[)\]]")
"""The answers that a heading offers in brackets: (m/w), (y/n), (0/1)."""

_ELIDED: Final = re.compile(r"\b(?:d|l|all|dell|nell|qu)['\u2019]\s*(?=\w)")
_UNIT: Final = re.compile(r"[(\[]\s*([^()\[\]]{1,20}?)\s*[)\]]")
_EXPAND: Final = (("%", " pct "), ("ß", "ss"), ("#", " no "), (">", " "), ("+", " "))


@lru_cache(maxsize=20_000)
def tokens(heading: str) -> tuple[str, ...]:
    """Words of a heading in their order, folded; brackets are opened, letters and digits stay together."""
    text = heading
    for mark, spelled in _EXPAND:
        text = text.replace(mark, spelled)
    if not text.isascii():
        for word, spelled in _EAST_ASIAN.items():
            text = text.replace(word, f" {spelled} ")
    text = _CAMEL.sub(" ", unaccented(text)).lower()
    text = _ELIDED.sub(" ", _ANSWERS.sub(" ", text))
    text = re.sub(r"^f\.\s*(?=[a-z])", "date ", text)
    text = re.sub(r"\bals[ _-]?frs[ _-]?r(?![a-z])", "alsfrsr", text)
    text = re.sub(r"\bals[ _-]frs", "alsfrs", text)
    text = re.sub(r"\b(?:hospital|chart|file|nhs|case|folder)[ _-]?(?:no|nr|num|number|nummer)\b", "subject id", text)
    text = re.sub(
        r"\b(?:historia|cartella|dossier) (?:clinica|clinico|medical)\b|\bnumero de dossier\b", "subject id", text
    )
    found = [word for word in re.split(r"[^a-z0-9]+", text) if word]
    found = [part for word in found for part in _COMPOUNDS.get(word, word).split()]
    return tuple(FOLDS.get(word, word) for word in found)


def unaccented(text: str) -> str:
    """Text without the marks on its letters."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))


def compact(heading: str) -> str:
    """A heading in lower case with letters and digits only, as layouts and numbered items are matched."""
    return re.sub(r"[^a-z0-9]+", "", unaccented(heading).lower().replace("%", "pct"))


def bag(heading: str) -> frozenset[str]:
    """The words of a heading that say something, their order forgotten."""
    return frozenset(word for word in tokens(heading) if word not in STOP)


def bracketed(heading: str) -> str:
    """What stands in brackets in a heading, usually a unit; empty when nothing does."""
    found = _UNIT.findall(heading)
    return str(found[-1]) if found else ""
