"""What each check of plausibility looks for: what it found in the facts, as a sentence; empty when nothing."""

from __future__ import annotations

from typing import Final

import polars as pl

from alsight.cohort.plausible.finding import Facts, people
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.items import CUTTING, TWELVE

FEW: Final = 5
"""People below whose number nothing can be said of all of them together."""

RISE_POINTS: Final = 3.0
RISING_SHARE: Final = 0.6
CODE_SHARE: Final = 0.02
CARRIED_VISITS: Final = 3
CARRIED_SHARE: Final = 1 / 3
COPIED_SHARE: Final = 0.7
COPIED_PAIRS: Final = 20
EVEN_STEPS: Final = 4
EVEN_SHARE: Final = 0.5
FRACTION: Final = 3.0
LEAST_LITERS: Final = 1.3
NO_TOTAL_SHARE: Final = 0.5
UNSEEN_SHARE: Final = 0.3
DEATHS_PEOPLE: Final = 20
DEATHS_DAYS: Final = 365.0


def groups_as_people(facts: Facts) -> str:
    """Few identifiers, and more rows in contradiction with another row of the same day than rows accepted."""
    size, visits = facts.cohort.size, facts.cohort.visits.height
    clashes = facts.rejected("contradicting_visits").height
    if size > FEW or clashes <= max(visits, FEW):
        return ""
    return (
        f"{people(size)} with {visits:,} accepted visits, but {clashes:,} rows contradict another row of the same day."
    )


def no_visits(facts: Facts) -> str:
    """People, and not one visit that could be used."""
    if facts.cohort.visits.height or not facts.cohort.size:
        return ""
    return f"{people(facts.cohort.size)} were read, but not one visit."


def dates_not_of_visits(facts: Facts) -> str:
    """More rows that contradict another row of the same person and day than rows accepted, in many people."""
    size, visits = facts.cohort.size, facts.cohort.visits.height
    clashes = facts.rejected("contradicting_visits").height
    if size <= FEW or clashes <= visits:
        return ""
    return f"{clashes:,} rows contradict another row of the same person and day; {visits:,} visits were accepted."


def identifiers_alike(facts: Facts) -> str:
    """Identifiers that may be two spellings of one person."""
    groups = facts.rejected("identifiers_alike")["value"].to_list()
    return f"Identifiers that may be the same person: {'; '.join(groups[:5])}." if groups else ""


def people_named_by_file(facts: Facts) -> str:
    """People that no column names."""
    named = facts.rejected("named_by_file")["subject"].n_unique()
    return f"{people(named)} named by a file or sheet, because no column holds identifiers." if named else ""


def items_not_found(facts: Facts) -> str:
    """Items that are never filled, in a cohort of items without totals."""
    lacking = [name for name in TWELVE if facts.ratings[name].null_count() == facts.ratings.height]
    if not 1 <= len(lacking) <= len(TWELVE) // 2 or facts.courses.height:
        return ""
    return f"{len(TWELVE) - len(lacking)} of 12 items were found, and no total: {', '.join(lacking)} are never filled."


def people_without_total(facts: Facts) -> str:
    """People of whom no rating has a total."""
    rated = _with_total(facts)
    without = rated.filter(~pl.col("total")).height
    if rated.height < FEW or without < NO_TOTAL_SHARE * rated.height:
        return ""
    return f"{without:,} of {people(rated.height)} have ratings but not one total."


def _with_total(facts: Facts) -> pl.DataFrame:
    some = pl.col("alsfrs_r_total").is_not_null() | pl.col("alsfrs_total").is_not_null()
    return facts.cohort.visits.group_by("subject").agg(total=some.any())


def answer_codes(facts: Facts) -> str:
    """Items that hold 5 often and 0 never: answers numbered 1 to 5, not scores 4 to 0."""
    items = facts.ratings.select(TWELVE)
    filled = sum(items.height - items[name].null_count() for name in items.columns)
    zeros = sum(int((items[name] == 0).sum()) for name in items.columns)
    fives = facts.rejected("out_of_range").filter((pl.col("table") == "visits") & (pl.col("value") == "5")).height
    if not filled or zeros or fives < max(FEW, CODE_SHARE * filled):
        return ""
    return f"Items hold 5 in {fives:,} cells and 0 in none: they look like answers numbered 1 (normal) to 5 (lost)."


def scores_rise(facts: Facts) -> str:
    """Totals that rise in most people followed for half a year."""
    first, last = pl.col("totals").list.first(), pl.col("totals").list.last()
    span = pl.col("days").list.last() - pl.col("days").list.first()
    followed = facts.courses.filter((pl.col("totals").list.len() >= 3) & (span >= 180))
    rising = followed.filter(last - first >= RISE_POINTS).height
    if followed.height < FEW or rising < RISING_SHARE * followed.height:
        return ""
    return f"The total rises by {RISE_POINTS:g} points or more in {rising:,} of {people(followed.height)}."


def capacity_unit(facts: Facts) -> str:
    """Vital capacities that no living cohort has: fractions of predicted, or percents times a hundred."""
    reported: list[str] = []
    for name in ("fvc_pct", "svc_pct", "fvc_l", "svc_l"):
        values = facts.cohort.measures.filter(pl.col("measure") == name)["value"]
        if len(values) < FEW:
            continue
        middle = float(values.median() or 0.0)  # type: ignore[arg-type]
        most = float(values.max() or 0.0)  # type: ignore[arg-type]
        if name.endswith("pct") and middle < FRACTION:
            reported.append(f"{_SPOKEN[name]} has a median of {middle:.2f} %")
        elif name.endswith("_l") and most <= LEAST_LITERS:
            reported.append(f"{_SPOKEN[name]} is at most {most:.2f} l in everyone")
    outside = facts.rejected("required_out_of_range").filter(pl.col("table") == "measures").height
    if outside > max(FEW, facts.cohort.measures.height):
        reported.append(f"{outside:,} measurements lie outside the range of their unit")
    return f"{'; '.join(reported)}." if reported else ""


_SPOKEN: Final = {
    "fvc_pct": "Forced vital capacity",
    "svc_pct": "Slow vital capacity",
    "fvc_l": "Forced vital capacity",
    "svc_l": "Slow vital capacity",
}


def carried_forward(facts: Facts) -> str:
    """People whose last totals are all the same, too many of them: a last value carried forward."""
    long = facts.courses.filter(pl.col("totals").list.len() > CARRIED_VISITS)
    tail = pl.col("totals").list.tail(CARRIED_VISITS)
    flat = long.filter(
        (tail.list.n_unique() == 1) & (tail.list.first() < _CEILING) & (tail.list.first() > _FLOOR)
    ).height
    if long.height < 2 * FEW or flat < CARRIED_SHARE * long.height:
        return ""
    return f"The last {CARRIED_VISITS} totals or more are the same in {flat:,} of {people(long.height)}."


_CEILING: Final = ALSFRS_R_BEST
_FLOOR: Final = 4


def copied_visits(facts: Facts) -> str:
    """Visits that repeat all twelve items of the visit before, too many of them."""
    whole = facts.ratings.drop_nulls(list(TWELVE))
    same = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in TWELVE)
    pairs = whole.select("subject", same=same).filter(pl.col("subject") == pl.col("subject").shift(1))["same"]
    if len(pairs) < COPIED_PAIRS or float(pairs.mean() or 0.0) <= COPIED_SHARE:  # type: ignore[arg-type]
        return ""
    return f"{int(pairs.sum()):,} of {len(pairs):,} visits repeat all twelve items of the visit before."


def even_steps(facts: Facts) -> str:
    """Totals that fall by the same amount from visit to visit, in most people: interpolated values."""
    long = facts.courses.filter(pl.col("totals").list.len() > EVEN_STEPS + 1)
    even = _evenly(facts, long["subject"])
    if long.height < 2 * FEW or even < EVEN_SHARE * long.height:
        return ""
    return (
        f"The total changes by the same amount over {EVEN_STEPS} visits or more in {even:,} of {people(long.height)}."
    )


def _evenly(facts: Facts, subjects: pl.Series) -> int:
    """Number of some people whose total changes by the same amount, not 0, over enough visits on end."""
    known = facts.ratings.filter(pl.col("alsfrs_r_total").is_not_null() & pl.col("subject").is_in(subjects.implode()))
    step = pl.col("alsfrs_r_total").diff().over("subject")
    steps = known.select("subject", step=step).with_columns(last=pl.col("step").shift(1).over("subject"))
    same = (pl.col("step") == pl.col("last")) & (pl.col("step") != 0)
    runs = steps.with_columns(same=same.fill_null(False))
    runs = runs.with_columns(run=(~pl.col("same")).cast(pl.UInt32).cum_sum().over("subject"))
    longest = runs.group_by("subject", "run").agg(pl.col("same").sum())
    return longest.filter(pl.col("same") + 1 >= EVEN_STEPS)["subject"].n_unique()


def excluded_people(facts: Facts) -> str:
    """Rows about controls and people with another diagnosis, which were excluded."""
    rows = facts.rejected("excluded_row")
    if rows.is_empty():
        return ""
    groups = rows.group_by("column", "value").len().sort("column", "value")
    listed = "; ".join(f'"{value}" under "{column}" ({count:,} rows)' for column, value, count in groups.rows())
    return f"Rows about people without ALS were excluded: {listed}."


def derived_rows(facts: Facts) -> str:
    """Rows with derived or imputed values, which were excluded."""
    count = facts.rejected("derived_row").height
    return f"{count:,} rows with derived or imputed values were excluded." if count else ""


def totals_of_some_items(facts: Facts) -> str:
    """Totals that were summed over the items that were filled."""
    count = facts.rejected("total_of_some_items").height
    return f"{count:,} recorded totals are sums of the items that are filled; they are not used." if count else ""


def no_deaths(facts: Facts) -> str:
    """A cohort followed for a year or longer without a death."""
    events = facts.cohort.events
    span = facts.courses.select(pl.col("days").list.last() - pl.col("days").list.first()).to_series()
    followed = float(span.median() or 0.0)  # type: ignore[arg-type]
    if facts.cohort.size < DEATHS_PEOPLE or followed < DEATHS_DAYS or (events["event"] == "death").any():
        return ""
    return f"No death is recorded among {people(facts.cohort.size)}."


def undated_deaths(facts: Facts) -> str:
    """Deaths that are recorded without a day that could be used."""
    lost = facts.rejected("event_without_day").filter(pl.col("message").str.contains("death", literal=True))
    count = lost["subject"].n_unique()
    return f"The deaths of {people(count)} have no day that can be used." if count else ""


def dates_not_placed(facts: Facts) -> str:
    """First symptoms and diagnoses whose dates could not be counted from day 0."""
    count = facts.rejected("moment_without_day")["subject"].n_unique()
    return f"The dates of first symptom or diagnosis of {people(count)} could not be used." if count else ""


def one_day_for_all(facts: Facts) -> str:
    """First symptoms or diagnoses of one calendar date in everyone."""
    subjects = facts.cohort.subjects
    reported: list[str] = []
    for name, spoken in (("onset_day", "first symptoms"), ("diagnosis_day", "diagnoses")):
        dated = subjects.drop_nulls(["entry_date", name])
        days = dated.select((pl.col("entry_date").cast(pl.Int32) + pl.col(name)).alias("date"))["date"]
        if len(days) >= FEW and days.n_unique() == 1:
            reported.append(spoken)
    return f"All {' and all '.join(reported)} have the same date." if reported else ""


def people_without_visits(facts: Facts) -> str:
    """People of the cohort who were never rated."""
    rated = facts.cohort.visits["subject"].unique()
    lacking = facts.cohort.subjects.filter(~pl.col("subject").is_in(rated.implode())).height
    if facts.cohort.size < FEW or lacking < UNSEEN_SHARE * facts.cohort.size:
        return ""
    return f"{lacking:,} of {people(facts.cohort.size)} have no visit."


def items_of_five(facts: Facts) -> str:
    """Item 5 lost in most ratings because both forms of it are filled and differ."""
    lost = facts.rejected("cutting_rated_twice").height
    rated = facts.ratings.height
    if lost < max(FEW, rated) or CUTTING[0] not in facts.cohort.visits.columns:
        return ""
    return f"Item 5 was filled both without and with gastrostomy in {lost // 2:,} of {rated:,} ratings."
