"""People: one row each from demographics, history, El Escorial, family, arm and the last day seen in any table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from alsight.base.units import DAYS_PER_YEAR
from alsight.cohort.parse import blank, booleans
from alsight.cohort.parse.amounts import DAYS_IN
from alsight.cohort.parse.text import words
from alsight.cohort.proact.sheet import FormSheet, Told, choice, day, number
from alsight.cohort.tables import EL_ESCORIAL, ONSET_SITES, SUBJECTS

TABLE: Final = SUBJECTS.name
STUDY: Final = "PRO-ACT"
ENTRY: Final = "enrollment"

SITE_FLAGS: Final = {
    "site_of_onset_bulbar": "bulbar",
    "site_of_onset_limb": "limb",
    "site_of_onset_limb_and_bulbar": "generalized",
    "site_of_onset_spine": "limb",
    "site_of_onset_other": "other",
}
"""Flag column to site; spinal onset is onset in a limb."""

_LIMBS: Final = ("limb", "upper_limb", "lower_limb")
_DURATION: Final = r"(?i)^(\d+(?:\.\d+)?)\s*(day|week|month|year)s?$"
_RELATED: Final = r"\bals\b|amyotrophic|motor neuron|\bmnd\b|lou gehrig|fronto-?temporal|\bftd\b"
AGE_TOLERANCE_YEARS: Final = 1.5
"""An age in whole years and one from the day of birth differ by up to one year."""


def demographics(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Age at entry and sex: one row a person, and further rows where the file contradicts itself, for the check.

    A missing age is computed from the day of birth, which PRO-ACT gives in days from baseline.
    """
    born = day(sheet, "date_of_birth", TABLE, reported)
    reported.mark(
        sheet,
        "date_of_birth",
        TABLE,
        (born > 0).fill_null(False),
        "birth_after_entry",
        "The day of birth is positive; it is taken as an age in days.",
        "Write days from baseline: birth is negative.",
    )
    later = day(sheet, "demographics_delta", TABLE, reported).fill_null(0)
    stated = number(sheet, "age", TABLE, reported) - later / DAYS_PER_YEAR
    reckoned = born.abs().cast(pl.Float64) / DAYS_PER_YEAR
    apart = ((stated - reckoned).abs() > AGE_TOLERANCE_YEARS).fill_null(False)
    reported.mark(
        sheet,
        "age",
        TABLE,
        apart,
        "age_disagrees_with_birth",
        "Age and day of birth disagree; the age is used.",
        "Correct the one that is wrong.",
        "note",
    )
    frame = sheet.frame.select("subject", "row").with_columns(
        stated.zip_with(stated.is_not_null(), reckoned.round(2)).alias("age_at_entry_years"),
        choice(sheet, "sex", TABLE, "sex", ("female", "male"), reported).alias("sex"),
        source=pl.lit(sheet.source),
    )
    return frame.unique(["subject", "age_at_entry_years", "sex"], keep="first", maintain_order=True)


def history(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Onset, diagnosis and site of onset, a row a person, from all of the person's rows.

    The earliest onset and the earliest diagnosis are used; a diagnosis after baseline contradicts being in a trial.
    """
    onset = _onset(sheet, reported)
    diagnosed = day(sheet, "diagnosis_delta", TABLE, reported)
    late = (diagnosed > 0).fill_null(False)
    reported.mark(
        sheet,
        "diagnosis_delta",
        TABLE,
        late,
        "diagnosis_after_entry",
        "The diagnosis lies after the trial's baseline; the cell counts as missing.",
        "Correct the day; days before baseline are negative.",
        "rejected",
    )
    frame = sheet.frame.select("subject", "row").with_columns(
        onset.alias("onset_day"), diagnosed.set(late, None).alias("diagnosis_day")
    )
    for name, heading in (("onset_day", "onset_delta"), ("diagnosis_day", "diagnosis_delta")):
        other = frame.select((pl.col(name) > pl.col(name).min().over("subject")).fill_null(False)).to_series()
        reported.mark(
            sheet,
            heading,
            TABLE,
            other,
            "later_than_in_other_row",
            "Another row of the person gives an earlier day; the earliest is used.",
            "Keep the right day in every row.",
        )
    return (
        frame.filter(pl.col("subject").is_not_null())
        .group_by("subject", maintain_order=True)
        .agg(pl.col("onset_day", "diagnosis_day").min())
        .join(_sites(sheet, reported), on="subject", how="left", maintain_order="left")
    )


def _onset(sheet: FormSheet, reported: Told) -> pl.Series:
    onset = day(sheet, "onset_delta", TABLE, reported)
    written = words(sheet.column("disease_duration"))
    if blank(written).all():
        return onset
    parts = written.to_frame("text").select(
        amount=pl.col("text").str.extract(_DURATION, 1).cast(pl.Float64),
        unit=pl.col("text").str.extract(_DURATION, 2).str.to_lowercase().replace_strict(DAYS_IN, default=None),
    )
    lasted = (-parts["amount"] * parts["unit"]).round(0).cast(pl.Int32, strict=False)
    used = onset.is_null() & lasted.is_not_null()
    reported.mark(
        sheet,
        "disease_duration",
        TABLE,
        used,
        "onset_from_duration",
        "The day of onset is missing; it is computed from the duration of disease.",
        "Fill Onset_Delta.",
    )
    reported.mark(
        sheet,
        "disease_duration",
        TABLE,
        onset.is_null() & lasted.is_null() & ~blank(written),
        "duration_without_unit",
        "The duration of disease has no unit; it is not used.",
        "Write days, months or years behind the number.",
        "note",
    )
    return onset.zip_with(~used, lasted)


def _sites(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Site of onset by text or flag, over all rows of a person; bulbar and limb together are generalized."""
    text = choice(sheet, "site_of_onset", TABLE, "onset_site", ONSET_SITES, reported)
    parts = [sheet.frame.select("subject", "row").with_columns(text.alias("site"))]
    for flag, site in SITE_FLAGS.items():
        if flag in sheet.frame.columns:
            supplied = reported.keep(booleans(_flagged(sheet.column(flag)), sheet.where(flag, TABLE))).fill_null(False)
            parts.append(sheet.frame.select("subject", "row", pl.lit(site).alias("site")).filter(supplied))
    found = pl.concat(parts).drop_nulls("site")
    has = {site: (pl.col("site") == site).any() for site in ONSET_SITES}
    limb = pl.any_horizontal(has[site] for site in _LIMBS)
    specific = [site for site in ONSET_SITES if site not in (*_LIMBS, "other", "generalized", "bulbar")]
    people = found.group_by("subject", maintain_order=True).agg(
        onset_site=pl.when(has["generalized"] | (has["bulbar"] & limb))
        .then(pl.lit("generalized"))
        .when(has["bulbar"])
        .then(pl.lit("bulbar"))
        .when(has["upper_limb"] & ~has["lower_limb"])
        .then(pl.lit("upper_limb"))
        .when(has["lower_limb"] & ~has["upper_limb"])
        .then(pl.lit("lower_limb"))
        .when(limb)
        .then(pl.lit("limb"))
        .otherwise(pl.coalesce(*(pl.when(has[site]).then(pl.lit(site)) for site in specific), pl.lit("other"))),
        joined=has["bulbar"] & limb & ~has["generalized"],
    )
    joined = sheet.frame.join(
        people.filter("joined").select("subject", pl.lit(value=True).alias("joined")),
        on="subject",
        how="left",
        maintain_order="left",
    )["joined"].fill_null(False)
    reported.mark(
        sheet,
        "site_of_onset",
        TABLE,
        joined & sheet.frame["subject"].is_first_distinct(),
        "two_onset_sites",
        "Bulbar and limb onset are both recorded; the site is generalized.",
        "Keep the one site if one is wrong.",
    )
    return people.drop("joined")


def _flagged(supplied: pl.Series) -> pl.Series:
    # Flags are counts in some releases: 1, 1.0, or empty.
    return words(supplied).str.replace(r"\.0+$", "")


def el_escorial(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """El Escorial category of each person, the one recorded nearest to baseline."""
    frame = sheet.frame.select("subject", "row").with_columns(
        choice(sheet, "el_escorial", TABLE, "el_escorial", EL_ESCORIAL, reported).alias("el_escorial"),
        day(sheet, "delta_days", TABLE, reported).abs().alias("distance"),
    )
    several = frame.select((pl.col("el_escorial").drop_nulls().n_unique() > 1).over("subject")).to_series()
    reported.mark(
        sheet,
        "el_escorial",
        TABLE,
        several,
        "several_categories",
        "The person has several categories; the one nearest to baseline is used.",
        "Keep the category at baseline.",
    )
    ranked = frame.drop_nulls(["subject", "el_escorial"]).sort("distance", "row", nulls_last=True)
    return ranked.unique("subject", keep="first", maintain_order=True).select("subject", "el_escorial")


def family(sheet: FormSheet) -> pl.DataFrame:
    """Whether a relative has ALS or frontotemporal dementia; other diseases of relatives say nothing of it."""
    named = [
        words(sheet.column(name)).str.to_lowercase().alias(name)
        for name in (
            "neurological_disease",
            "neurological_disease_other",
            "family_hx_of_neuro_disease",
            "family_hx_of_neuro_disease_other",
        )
    ]
    frame = sheet.frame.select("subject").with_columns(named)
    related = pl.any_horizontal(pl.col(*(column.name for column in named)).str.contains(_RELATED).fill_null(False))
    denied = (pl.col("family_hx_of_neuro_disease") == "no").fill_null(False)
    return (
        frame.with_columns(related=related, denied=denied)
        .drop_nulls("subject")
        .group_by("subject", maintain_order=True)
        .agg(family_history=pl.when(pl.col("related").any()).then(True).when(pl.col("denied").any()).then(False))
    )


def arms(sheet: FormSheet, reported: Told) -> pl.DataFrame:
    """Randomized arm of each person, in lower case: the first one where a delayed start has two."""
    frame = sheet.frame.select("subject", "row").with_columns(
        words(sheet.column("study_arm")).str.to_lowercase().alias("arm"),
        day(sheet, "treatment_group_delta", TABLE, reported).alias("day"),
    )
    frame = frame.with_columns(pl.when(~blank(frame["arm"])).then("arm"))
    several = frame.select((pl.col("arm").drop_nulls().n_unique() > 1).over("subject")).to_series()
    reported.mark(
        sheet,
        "study_arm",
        TABLE,
        several,
        "several_arms",
        "The person has several arms; the first is the randomized one, all stand among the treatments.",
        "Nothing.",
    )
    ranked = frame.drop_nulls(["subject", "arm"]).sort("day", "row", nulls_last=True)
    return ranked.unique("subject", keep="first", maintain_order=True).select("subject", "arm")


def listed(sheets: Mapping[str, FormSheet]) -> pl.DataFrame:
    """Everyone who appears in any form, with the first line that tells of them."""
    parts = [
        sheet.frame.select("subject", "row", pl.lit(sheet.source).alias("source")).unique("subject", keep="first")
        for sheet in sheets.values()
    ]
    people = pl.concat(parts).drop_nulls("subject")
    return people.unique("subject", keep="first", maintain_order=True).sort("subject")


def subjects(
    sheets: Mapping[str, FormSheet], last_seen: pl.DataFrame, heights: pl.DataFrame | None, reported: Told
) -> pl.DataFrame:
    """Rows of SUBJECTS; a person has more than one only where demographics contradict themselves."""
    facts: list[pl.DataFrame] = [last_seen]
    facts += [history(sheets["ALSHISTORY"], reported)] if "ALSHISTORY" in sheets else []
    facts += [el_escorial(sheets["ELESCORIAL"], reported)] if "ELESCORIAL" in sheets else []
    facts += [family(sheets["FAMILYHISTORY"])] if "FAMILYHISTORY" in sheets else []
    facts += [arms(sheets["TREATMENT"], reported)] if "TREATMENT" in sheets else []
    facts += [heights] if heights is not None else []
    people = listed(sheets).with_columns(entry=pl.lit(ENTRY), study=pl.lit(STUDY))
    spare: list[pl.DataFrame] = []
    if "DEMOGRAPHICS" in sheets:
        stated = demographics(sheets["DEMOGRAPHICS"], reported).drop_nulls("subject")
        first = stated.group_by("subject", maintain_order=True).agg(
            pl.col("age_at_entry_years", "sex").drop_nulls().first()
        )
        facts.append(first)
        beside = stated.join(first, on="subject", suffix="_used")
        differs = pl.any_horizontal(
            (pl.col(name) != pl.col(f"{name}_used")).fill_null(False) for name in ("age_at_entry_years", "sex")
        )
        spare.append(beside.filter(differs).select(stated.columns).with_columns(entry=pl.lit(ENTRY)))
    for fact in facts:
        people = people.join(fact, on="subject", how="left", maintain_order="left")
    return pl.concat([people, *spare], how="diagonal")
