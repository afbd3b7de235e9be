"""SPELLINGS: how people head their columns, in plain English; other languages are folded into it by `words`.

Each phrase is a set of words whose order does not count. Earlier phrases win over later ones. Words for a unit of
time ("months") and of a quantity ("kg") are taken out of a heading before it is looked up.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from alsight.cohort.mapping.words import bag

TREATMENTS: Final = (
    "riluzole", "edaravone", "tofersen", "masitinib", "methylcobalamin", "phenylbutyrate", "amx0035", "lithium",
    "memantine", "tamoxifen", "mexiletine", "baclofen", "dextromethorphan", "amitriptyline", "rasagiline", "fasudil",
    "ibudilast", "reldesemtiv", "tirasemtiv", "dexpramipexole", "ceftriaxone", "arimoclomol", "creatine", "celecoxib",
    "minocycline", "topiramate", "pridopidine", "verdiperstat", "zilucoplan", "trehalose",
)  # fmt: skip
"""Names of treatments that head a column of their own; any other may stand in a table with one treatment a row."""

SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "subject": (
        "subject id", "subject", "subject key", "unique subject id", "usubjid", "facpatid", "neurostamp",
        "subject name",
        "subject study id", "study subject id", "record id", "study id", "case id", "case", "id", "index",
    ),
    "time": (
        "visit date", "assessment date", "alsfrsr date", "alsfrs date", "alsfrsr assessment date", "frs date",
        "alsfrs assessment date", "alsfrsr visit date", "visit assessment date", "study date", "test date",
        "sample date", "sampling date", "date", "event date", "start date", "start", "onset date event",
        "visit time", "time visit", "time", "study time", "visit delta", "delta", "alsfrs delta", "alsfrsr delta",
        "alsfrsr time", "time assessment", "followup time", "visit age", "age assessment", "age visit",
        "alsfrsr age", "calculated age assessment",
    ),
    "end": ("end date", "end", "stop date", "stop", "end time", "end delta", "stop delta", "date resolved"),
    "alsfrs_r_total": (
        "alsfrsr total", "alsfrsr total score", "alsfrsr", "alsfrsr score", "alsfrsr sum", "alsfrsr sum score",
        "frsr total", "frsr", "frsr score", "alsfrs revised total", "alsfrs revised", "alsfrsrtotal", "alsfrsrtot",
    ),
    "total": (
        "alsfrs total", "alsfrs total score", "alsfrs", "alsfrs score", "alsfrs sum", "frs total", "frs", "frs score",
        "als total", "als score", "total score", "total", "sum score", "sum", "score", "alsfrst", "alsfrstot",
        "functional rating scale", "functional rating scale total", "als functional rating scale",
    ),
    "scale": ("scale", "instrument", "alsfrs version", "scale version"),
    "mode": ("mode", "mode administration", "mode assessment", "assessment mode", "alsfrs mode", "alsfrsr mode"),
    "responder": ("responder", "respondent", "responded", "alsfrs responded", "alsfrsr responded", "informant"),
    "rater": ("rater", "rater id", "rated", "rater name", "rater initials"),
    "visit": (
        "visit", "visit id", "visit name", "visit label", "visit code", "visit type", "event name", "redcap event name",
        "session", "visit session",
    ),
    "site": ("site", "site id", "site name", "study site", "hospital", "country site"),
    "study": ("study", "study name", "trial", "trial name", "cohort", "registry", "register", "dataset"),
    "arm": ("arm", "study arm", "treatment arm", "treatment group", "arm treatment", "randomization arm", "group",
            "randomization group", "allocation"),
    "sex": ("sex", "sex birth", "subject sex"),
    "age_at_entry_years": (
        "age baseline", "baseline age", "age entry", "age enrollment", "age inclusion", "age screening",
        "age randomization", "age first visit", "entry age",
    ),
    "age": ("age", "subject age", "age years"),
    "age_at_onset_years": ("age onset", "age symptom onset", "onset age", "age first symptom", "age disease onset"),
    "height_cm": ("height", "body height", "baseline height"),
    "onset_site": (
        "onset site", "onset site als", "onset region", "onset location", "onset type", "symptom onset site",
        "region onset", "onset form", "first region", "onset", "site first symptom", "bulbar spinal", "body onset",
        "disease onset site", "als onset", "onset body region",
    ),
    "phenotype": ("phenotype", "als phenotype", "clinical phenotype", "als type", "subtype", "motor phenotype"),
    "genotype": ("genotype", "gene", "gene status", "gene mutation", "gene result", "gene test", "mutation status"),
    "genotype_variant": ("variant", "gene variant", "mutation variant", "genotype variant"),
    "family_history": ("family history", "family history als", "family als", "family", "als family history"),
    "frontotemporal_dementia": ("ftd", "frontotemporal dementia", "ftd diagnosis", "dementia ftd", "als ftd"),
    "el_escorial": ("escorial", "escorial category", "escorial criteria", "escorial revised", "eec", "escorial class"),
    "awaji": ("awaji", "awaji category", "awaji criteria"),
    "gold_coast": ("gold coast", "gold coast criteria"),
    "revised_diagnosis": ("revised diagnosis", "final diagnosis", "other diagnosis", "diagnosis revised"),
    "onset": (
        "onset date", "symptom onset date", "date first symptom", "onset", "symptom onset", "disease onset date",
        "disease onset", "als onset date", "onset day", "onset delta", "first symptom date", "first weakness date",
        "weakness onset date", "calculated age onset", "date onset month", "onset time",
    ),
    "diagnosis": (
        "diagnosis date", "date diagnosis als", "als diagnosis date", "diagnosis", "diagnosis delta", "diagnosis day",
        "age diagnosis", "calculated age diagnosis", "als diagnosis", "diagnosis age", "diagnosis time",
    ),
    "birth": ("birth date", "birth", "subject birth date"),
    "baseline": ("baseline date", "baseline visit date", "first visit date", "entry date", "baseline"),
    "randomization": ("randomization date", "randomization", "date randomization"),
    "enrollment": ("enrollment date", "enrollment", "consent date", "informed consent date", "registration date"),
    "last_seen": (
        "last seen date", "last seen", "last visit date", "last seen up date", "last follow up date", "last follow up",
        "date last visit", "last assessment date", "censoring date", "censor date", "last known alive date",
        "last visit", "age last follow up if alive", "age last seen",
    ),
    "death": (
        "death date", "death", "death day", "death days", "age death", "calculated age death", "subject death",
        "vital status", "death delta", "alive", "survival status", "death status", "vital", "death age",
    ),
    "tracheostomy": ("tracheostomy date", "tracheostomy", "tracheostomy start date", "age tracheostomy"),
    "permanent_ventilation": (
        "permanent ventilation date", "permanent ventilation", "permanent assisted ventilation", "pav", "pav date",
        "permanent assisted ventilation date", "invasive ventilation", "invasive ventilation date", "23h niv",
        "23h niv date", "23 h niv", "age 23 h niv",
    ),
    "niv_start": (
        "niv date", "niv start date", "niv start", "niv", "non invasive ventilation", "non invasive ventilation date",
        "noninvasive ventilation", "noninvasive ventilation date", "non invasive ventialtion date", "age niv",
        "non invasive ventilation start date", "niv use", "age non invasive ventilation", "niv age", "first niv date",
    ),
    "niv_stop": ("niv stop date", "niv stop", "niv end date"),
    "gastrostomy": (
        "gastrostomy date", "gastrostomy", "gastrostomy start date", "feeding tube", "feeding tube date",
        "age gastrostomy", "gastrostomy age", "gastrostomy placement date", "feeding tube placement date",
    ),
    "withdrawal": ("withdrawal date", "withdrawal", "dropout date", "dropout"),
    "lost_to_follow_up": ("lost follow up date", "lost follow up", "ltfu date", "ltfu"),
    "diagnosis_revised": ("diagnosis revised date", "revised diagnosis date"),
    "disease_duration": (
        "disease duration", "duration", "symptom duration", "duration symptom", "onset to baseline", "illness duration",
        "disease duration baseline", "time onset to baseline", "time symptom onset to baseline",
    ),
    "diagnostic_delay": ("diagnostic delay", "onset to diagnosis", "time onset to diagnosis", "delay diagnosis",
                         "diagnosis delay"),
    "fvc_pct": ("fvc pct", "fvc pct predicted", "fvc predicted", "pct fvc", "forced vital capacity pct",
                "forced vital capacity pct predicted", "fvcp", "fvcpp"),
    "fvc_l": ("fvc liters", "forced vital capacity liters", "fvc volume", "fvcl"),
    "svc_pct": ("svc pct", "svc pct predicted", "svc predicted", "slow vital capacity pct", "svcp", "svcpp",
                "slow vital capacity pct predicted"),
    "svc_l": ("svc liters", "slow vital capacity liters", "svcl"),
    "capacity_pct": ("vital capacity pct", "vital capacity pct predicted", "capacity pct", "vital capacity predicted",
                     "capacity pct predicted"),
    "capacity_l": ("vital capacity liters", "capacity liters"),
    "capacity_kind": ("capacity type", "vital capacity type", "fvc svc", "capacity kind", "capacity measure"),
    "snip_cmh2o": ("snip", "sniff pressure", "sniff nasal inspiratory pressure", "snip best"),
    "mip_cmh2o": ("mip", "maximal inspiratory pressure", "maximum inspiratory pressure", "nif", "pimax"),
    "mep_cmh2o": ("mep", "maximal expiratory pressure", "maximum expiratory pressure", "pemax"),
    "pcf_l_min": ("pcf", "peak cough flow", "cough peak flow", "pcef"),
    "grip_kg": ("grip", "grip strength", "hand grip", "hand grip strength", "handgrip", "handgrip strength"),
    "weight_kg": ("weight", "body weight", "subject weight"),
    "bmi_kg_m2": ("bmi", "body mass index"),
    "nfl_pg_ml": ("nfl", "nfl light chain", "plasma nfl", "serum nfl", "csf nfl", "nfl plasma", "nfl serum",
        "nfl light",
                  "plasma nfl light chain", "serum nfl light chain", "csf nfl light chain"),
    "pnfh_pg_ml": ("pnfh", "phosphorylated nfl heavy chain", "nfl heavy chain", "serum pnfh", "plasma pnfh",
        "csf pnfh"),
    "creatinine_umol_l": ("creatinine", "serum creatinine", "kreatinin", "crea"),
    "ck_u_l": ("ck", "creatine kinase", "cpk"),
    "alsaq40_total": ("alsaq40", "alsaq 40", "alsaq40 total", "alsaq 40 total"),
    "alsaq5_total": ("alsaq5", "alsaq 5", "alsaq5 total", "alsaq 5 total"),
    "ecas_total": ("ecas", "ecas total", "ecas total score", "ecas score"),
    "umn_score": ("umn score", "umn", "upper motor neuron score", "penn umn score", "pumns"),
    "lmn_score": ("lmn score", "lmn", "lower motor neuron score"),
    "munix": ("munix", "munix sum", "munix score"),
    "niv_hours_per_day": ("niv hours", "niv hours per day", "niv use hours", "niv hours day"),
    "measure": ("measure", "measure name", "measure code", "quantity"),
    "value": ("value", "value numeric", "measure value", "numeric value", "score value"),
    "unit": ("unit", "value unit", "measure unit"),
    "side": ("side", "body side", "laterality"),
    "part": ("part", "muscle", "joint", "body part"),
    "method": ("method", "device", "sample type", "specimen", "matrix", "fluid"),
    "event": ("event", "event type", "event kind", "milestone", "outcome"),
    "detail": ("detail", "details", "cause death", "death cause", "event detail"),
    "treatment": ("treatment", "treatment name", "standard name"),
    "kind": ("treatment kind", "kind", "treatment type"),
    "dose": ("dose", "treatment dose", "dosage"),
    "dose_unit": ("dose unit", "unit dose", "treatment unit"),
    "blinded": ("blinded", "blind", "masked"),
}  # fmt: skip

ITEM_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "q1_speech": ("speech",),
    "q2_salivation": ("salivation",),
    "q3_swallowing": ("swallowing",),
    "q4_handwriting": ("handwriting",),
    "q5a_cutting_without_gastrostomy": (
        "cutting without gastrostomy", "cutting food without gastrostomy", "cutting wo gastr", "wo gastr", "cutting wo",
        "cutting no gastrostomy", "cutting food no gastrostomy", "cutting without", "without gastrostomy",
        "cutting food handling utensils without gastrostomy",
    ),
    "q5b_cutting_with_gastrostomy": (
        "cutting gastrostomy", "cutting food gastrostomy", "cutting w gastrostomy", "w gastr", "cutting w gastr",
        "handling fasteners", "cutting food handling utensils gastrostomy", "fasteners",
    ),
    "q5_cutting": (
        "cutting", "cutting food", "cutting food handling utensils", "feeding", "cutting food utensils",
        "cutting gastrostomy status unknown", "cutting food gastrostomy status unknown", "cutting food cutting",
    ),
    "q6_dressing_and_hygiene": ("dressing hygiene", "dressing", "hygiene dressing"),
    "q7_turning_in_bed": ("turning bed", "turning", "turning bed adjusting", "turning bed adjusting bed clothes",
                          "turning bed adjusting clothes"),
    "q8_walking": ("walking",),
    "q9_climbing_stairs": ("climbing stairs", "stairs", "climbing", "stairs climbing"),
    "q10_dyspnea": ("dyspnea",),
    "q11_orthopnea": ("orthopnea",),
    "q12_respiratory_insufficiency": ("respiratory insufficiency", "insufficiency", "respiratory insufficiency r3"),
    "q10_respiratory": ("respiratory",),
}  # fmt: skip
"""Wording of the items once "q", "item", numbers and the name of the scale are taken out of a heading."""

UNDECIDED: Final[dict[str, tuple[str, ...]]] = {
    "fvc_l or fvc_pct": ("fvc", "forced vital capacity"),
    "svc_l or svc_pct": ("svc", "slow vital capacity"),
    "capacity_l or capacity_pct": ("vital capacity", "capacity"),
}
"""Quantities whose unit a heading without one leaves open: litres run to 10, percents well above."""


@cache
def lookup() -> dict[frozenset[str], list[tuple[str, int]]]:
    """Words of a heading to the meanings that it may have, each with its rank (0 the most usual wording)."""
    found: dict[frozenset[str], list[tuple[str, int]]] = {}
    for table in (SPELLINGS, UNDECIDED):
        for name, phrases in table.items():
            for rank, phrase in enumerate(phrases):
                entries = found.setdefault(bag(phrase), [])
                if name not in {known for known, _ in entries}:
                    entries.append((name, rank))
    for drug in TREATMENTS:
        for rank, phrase in enumerate((f"{drug} start date", f"{drug} start", drug, f"{drug} use", f"{drug} date")):
            found.setdefault(bag(phrase), []).append((f"on:{drug}", rank))
        for rank, phrase in enumerate((f"{drug} stop date", f"{drug} stop", f"{drug} end date")):
            found.setdefault(bag(phrase), []).append((f"off:{drug}", rank))
    return found


@cache
def item_lookup() -> dict[frozenset[str], str]:
    """Words of a heading, fillers taken out, to the item they name."""
    return {bag(phrase): name for name, phrases in ITEM_WORDS.items() for phrase in phrases}
