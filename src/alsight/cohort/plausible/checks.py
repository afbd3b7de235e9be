"""CHECKS: what is asked of every cohort before people are assessed, and what is said where it does not hold.

Thresholds are set so that the shipped example, and cohorts made from natural history, pass every grave check.
"""

from __future__ import annotations

from typing import Final

from alsight.cohort.plausible.finding import Plausibility
from alsight.cohort.plausible.looks import (
    answer_codes,
    capacity_unit,
    carried_forward,
    copied_visits,
    dates_not_of_visits,
    dates_not_placed,
    derived_rows,
    even_steps,
    excluded_people,
    groups_as_people,
    identifiers_alike,
    items_not_found,
    items_of_five,
    no_deaths,
    no_visits,
    one_day_for_all,
    people_named_by_file,
    people_without_total,
    people_without_visits,
    scores_rise,
    totals_of_some_items,
    undated_deaths,
)

CHECKS: Final[tuple[Plausibility, ...]] = (
    Plausibility(
        name="groups_as_people",
        grave=True,
        look=groups_as_people,
        why="The column that was taken for the identifier seems to name groups, so that many people became one.",
        how_to_fix='Say in the mapping which column names the person, as `means = "subject"`.',
    ),
    Plausibility(
        name="no_visits",
        grave=True,
        look=no_visits,
        why="Every rating was excluded, usually because its date or its score could not be read.",
        how_to_fix="See the faults, and correct the column that they name.",
    ),
    Plausibility(
        name="dates_not_of_visits",
        grave=True,
        look=dates_not_of_visits,
        why="The dates that were taken for the visits' seem to be others, such as that of the first visit.",
        how_to_fix="Name in the mapping the column that holds the date or the label of each visit.",
    ),
    Plausibility(
        name="answer_codes",
        grave=True,
        look=answer_codes,
        why="Answers numbered from 1 run the other way round: every loss would count as a gain.",
        how_to_fix='Write for each item in the mapping: `values = { 1 = "4", 2 = "3", 3 = "2", 4 = "1", 5 = "0" }`.',
    ),
    Plausibility(
        name="scores_rise",
        grave=True,
        look=scores_rise,
        why="The ALSFRS-R falls in nearly everyone with ALS; totals that rise are usually answer codes or deficits.",
        how_to_fix="Check what the numbers mean: answer codes 1 to 5, points lost, or dates in reverse order.",
    ),
    Plausibility(
        name="items_not_found",
        grave=True,
        look=items_not_found,
        why="Without all items or a recorded total no total exists, and no one can be assessed.",
        how_to_fix="Name the missing items in the mapping, or the column that holds the total.",
    ),
    Plausibility(
        name="people_without_total",
        grave=True,
        look=people_without_total,
        why="People without a total cannot be assessed; a column of items or totals may not have been recognized.",
        how_to_fix="See how the columns were understood, and name in the mapping those that lack.",
    ),
    Plausibility(
        name="item_5_rated_twice",
        grave=True,
        look=items_of_five,
        why="Only one form of item 5 holds at a time; without it no total can be computed.",
        how_to_fix="Leave empty the form that does not apply, or record the gastrostomy.",
    ),
    Plausibility(
        name="capacity_unit",
        grave=True,
        look=capacity_unit,
        why="Vital capacity weighs heavily in every forecast; fractions read as percents would halve a forecast.",
        how_to_fix='Say its unit in the mapping, for example `means = "fvc_pct", unit = "fraction"`.',
    ),
    Plausibility(
        name="carried_forward",
        grave=True,
        look=carried_forward,
        why="Values carried forward look like plateaus that no one had.",
        how_to_fix='Exclude imputed rows, or name their marker in the mapping as `means = "derived"` with `exclude`.',
    ),
    Plausibility(
        name="copied_visits",
        grave=True,
        look=copied_visits,
        why="Ratings copied from the visit before look like plateaus that no one had.",
        how_to_fix="Check how the ratings were entered, and exclude copies.",
    ),
    Plausibility(
        name="even_steps",
        grave=False,
        look=even_steps,
        why="Ratings scatter; totals that change evenly are usually interpolated.",
        how_to_fix="Exclude interpolated rows.",
    ),
    Plausibility(
        name="excluded_people",
        grave=False,
        look=excluded_people,
        why="Controls and people with another disease would count as people whose ALS does not progress.",
        how_to_fix="If they belong to the cohort, write in the mapping that the column is `ignored`.",
    ),
    Plausibility(
        name="derived_rows",
        grave=False,
        look=derived_rows,
        why="Derived values are no observations.",
        how_to_fix="If they were observed, write in the mapping that the marker is `ignored`.",
    ),
    Plausibility(
        name="totals_of_some_items",
        grave=False,
        look=totals_of_some_items,
        why="Such a total is too low by the items that are missing, and looks like a loss and a recovery.",
        how_to_fix="Fill the items, or leave the total empty.",
    ),
    Plausibility(
        name="people_named_by_file",
        grave=False,
        look=people_named_by_file,
        why="If files or sheets are not one person each, people were split or merged.",
        how_to_fix="Add a column with the identifier, or write `subject` under [[tables]] in the mapping.",
    ),
    Plausibility(
        name="identifiers_alike",
        grave=False,
        look=identifiers_alike,
        why="One person under two identifiers is followed for too short a time, and counted twice.",
        how_to_fix="Spell each identifier alike.",
    ),
    Plausibility(
        name="people_without_visits",
        grave=False,
        look=people_without_visits,
        why="Identifiers may be spelled differently in the tables, so that facts and visits do not meet.",
        how_to_fix="Compare the identifiers of the tables.",
    ),
    Plausibility(
        name="no_deaths",
        grave=False,
        look=no_deaths,
        why="Without deaths no survival can be stated, and people who died look as if they had left.",
        how_to_fix="Add the dates of death, or say that no one died.",
    ),
    Plausibility(
        name="undated_deaths",
        grave=False,
        look=undated_deaths,
        why="These people count as alive at their last visit.",
        how_to_fix="Add the dates of death; a month or a year is enough.",
    ),
    Plausibility(
        name="dates_not_placed",
        grave=False,
        look=dates_not_placed,
        why="Without the first symptom there is no rate of decline and no forecast.",
        how_to_fix="Add the date of the first visit or of entry.",
    ),
    Plausibility(
        name="one_day_for_all",
        grave=False,
        look=one_day_for_all,
        why="A date that is the same in everyone is usually a default of the form.",
        how_to_fix="Correct the dates, or leave them empty.",
    ),
)
"""Every check in the order in which findings are reported, grave ones first."""
