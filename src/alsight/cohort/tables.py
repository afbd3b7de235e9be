"""The data dictionary: every table and column of a cohort, with unit, range and choices, declared once."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.cohort.measures import MEASURE_NAMES
from alsight.cohort.schema import DAY, SUBJECT, Column, Table
from alsight.instruments.alsfrs_r import ALSFRS_BEST, ALSFRS_R_BEST
from alsight.instruments.items import ITEMS

ENTRIES: Final = ("first_visit", "randomization", "enrollment", "diagnosis", "symptom_onset", "stated")
"""What day 0 is for a person; "stated" when the source gives days from an origin it does not name."""

PRECISIONS: Final = ("day", "month", "year")
ONSET_SITES: Final = ("bulbar", "upper_limb", "lower_limb", "limb", "trunk", "respiratory", "generalized", "other")
GENOTYPES: Final = ("none_found", "sod1", "c9orf72", "tardbp", "fus", "other")
PHENOTYPES: Final = (
    "classic",
    "bulbar",
    "flail_arm",
    "flail_leg",
    "respiratory",
    "umn_predominant",
    "lmn_predominant",
    "primary_lateral_sclerosis",
    "progressive_muscular_atrophy",
)
EL_ESCORIAL: Final = ("definite", "probable", "probable_laboratory_supported", "possible", "suspected")
AWAJI: Final = ("definite", "probable", "possible")

SUBJECTS: Final = Table(
    "subjects",
    "one person",
    (
        SUBJECT,
        Column("entry", pl.String, "what day 0 is for this person", choices=ENTRIES, required=True),
        Column("entry_date", pl.Date, "calendar date of day 0", identifying=True),
        Column("site", pl.String, "center that follows the person", identifying=True),
        Column("study", pl.String, "register or trial the person came from"),
        Column("arm", pl.String, "randomized arm, or empty outside a trial"),
        Column("sex", pl.String, "sex", choices=("female", "male")),
        Column("age_at_entry_years", pl.Float64, "age on day 0", "year", 0.0, 120.0),
        Column("age_at_onset_years", pl.Float64, "age at first weakness or bulbar symptom", "year", 0.0, 120.0),
        Column("height_cm", pl.Float64, "standing height", "cm", 80.0, 250.0),
        Column("onset_day", pl.Int32, "first symptom, days from entry, normally negative", "day", -36525, 36525),
        Column(
            "onset_precision",
            pl.String,
            "how exactly the first symptom is dated; a month or year stands at its middle",
            choices=PRECISIONS,
        ),
        Column("diagnosis_day", pl.Int32, "diagnosis, days from entry", "day", -36525, 36525),
        Column("onset_site", pl.String, "region of first symptom", choices=ONSET_SITES),
        Column("phenotype", pl.String, "clinical phenotype", choices=PHENOTYPES),
        Column("genotype", pl.String, "gene found, none_found when tested and negative", choices=GENOTYPES),
        Column("c9orf72", pl.Boolean, "C9orf72 expansion, false when tested and not found"),
        Column("genotype_variant", pl.String, "variant as recorded, such as p.Asp91Ala"),
        Column("family_history", pl.Boolean, "a relative with ALS or frontotemporal dementia"),
        Column("frontotemporal_dementia", pl.Boolean, "frontotemporal dementia diagnosed"),
        Column("el_escorial", pl.String, "revised El Escorial category as recorded", choices=EL_ESCORIAL),
        Column("awaji", pl.String, "Awaji category as recorded", choices=AWAJI),
        Column("gold_coast", pl.Boolean, "Gold Coast criteria met, as recorded"),
        Column("revised_diagnosis", pl.String, "diagnosis that later replaced ALS, empty when none did"),
        Column("last_seen_day", pl.Int32, "last day anything was recorded about the person", "day", -36525, 36525),
    ),
    key=("subject",),
)

MODES: Final = ("in_person", "telephone", "video", "online")
RESPONDERS: Final = ("self", "caregiver", "both")

VISITS: Final = Table(
    "visits",
    "one rating of function on one day, on one scale",
    (
        SUBJECT,
        DAY,
        Column(
            "scale",
            pl.String,
            "ALSFRS-R (12 items) or the original ALSFRS (10 items)",
            choices=("alsfrs_r", "alsfrs"),
            required=True,
        ),
        *(Column(item.name, pl.Float32, f"{item.label}, 4 normal to 0", "point", 0.0, 4.0) for item in ITEMS),
        Column(
            "alsfrs_r_total", pl.Float32, "sum of the 12 items, else the recorded total", "point", 0.0, ALSFRS_R_BEST
        ),
        Column("alsfrs_total", pl.Float32, "sum of the 10 items, else the recorded total", "point", 0.0, ALSFRS_BEST),
        Column(
            "total_recorded",
            pl.Float32,
            "total as written in the source, before any recomputation",
            "point",
            0.0,
            ALSFRS_R_BEST,
        ),
        Column("mode", pl.String, "how the rating was taken", choices=MODES),
        Column("responder", pl.String, "who answered", choices=RESPONDERS),
        Column("rater", pl.String, "who rated", identifying=True),
        Column("visit", pl.String, "visit label of the source"),
    ),
    key=("subject", "day", "scale"),
)

MEASURES_TABLE: Final = Table(
    "measures",
    "one measurement of one quantity on one day",
    (
        SUBJECT,
        DAY,
        Column("measure", pl.String, "quantity, a row of MEASURES", choices=MEASURE_NAMES, required=True),
        Column("value", pl.Float64, "value in the measure's unit", required=True),
        Column("side", pl.String, "body side", choices=("left", "right")),
        Column("part", pl.String, "muscle, joint or sub-score"),
        Column("method", pl.String, "device, assay or reference equation"),
    ),
)

EVENT_KINDS: Final = (
    "death",
    "tracheostomy",
    "permanent_ventilation",
    "niv_start",
    "niv_stop",
    "gastrostomy",
    "withdrawal",
    "lost_to_follow_up",
    "diagnosis_revised",
    "infection",
    "fracture",
    "hospitalization",
    "mood_episode",
    "intercurrent_illness",
)

EVENTS: Final = Table(
    "events",
    "one thing that happened to a person on one day",
    (
        SUBJECT,
        DAY,
        Column("event", pl.String, "what happened", choices=EVENT_KINDS, required=True),
        Column("end_day", pl.Int32, "last day of an episode that lasts", "day", -36525, 36525),
        Column("detail", pl.String, "cause, place or text of the source", identifying=True),
    ),
)

EXPOSURES: Final = ("disease_modifying", "symptomatic", "investigational", "placebo", "supplement", "other")

DOSES: Final = Table(
    "doses",
    "one period of time on one treatment; a start without a stop has no end_day",
    (
        SUBJECT,
        DAY,
        Column("end_day", pl.Int32, "last day on it; empty while it goes on or is not known", "day", -36525, 36525),
        Column("treatment", pl.String, "treatment name, lower case (riluzole, edaravone, tofersen ...)", required=True),
        Column("kind", pl.String, "why it is given", choices=EXPOSURES),
        Column("dose", pl.Float64, "dose per administration", "in dose_unit", 0.0, None),
        Column("dose_unit", pl.String, "unit of the dose"),
        Column("blinded", pl.Boolean, "whether the person and rater did not know"),
    ),
)

TABLES: Final[dict[str, Table]] = {table.name: table for table in (SUBJECTS, VISITS, MEASURES_TABLE, EVENTS, DOSES)}
"""Every table of a cohort by name."""

REJECTED: Final = Table(
    "rejected",
    "one fault of one row: what was wrong, what was done, how to fix it",
    (
        Column("severity", pl.String, "rejected, corrected or note", choices=("rejected", "corrected", "note")),
        Column("table", pl.String, "table of the dictionary"),
        Column("source", pl.String, "file the row came from"),
        Column("row", pl.Int64, "line of that file, the heading being line 1; 0 when not about one row"),
        Column("subject", pl.String, "the person", identifying=True),
        Column("column", pl.String, "column as the file spells it"),
        Column("value", pl.String, "offending value as text"),
        Column("rule", pl.String, "short name of the rule"),
        Column("message", pl.String, "what is wrong"),
        Column("how_to_fix", pl.String, "how to fix it"),
    ),
)
"""Shape of `rejected.csv`; mirrors base.errors.Fault."""
