"""Text columns into numbers, days, dates, booleans and choices; whatever cannot be read is reported with its line."""

from alsight.cohort.parse.amounts import days, numbers
from alsight.cohort.parse.calendar import date_order, dates, partial
from alsight.cohort.parse.codes import booleans, choices
from alsight.cohort.parse.text import Parsed, Place, blank, identifiers, words

__all__ = [
    "Parsed",
    "Place",
    "blank",
    "booleans",
    "choices",
    "date_order",
    "dates",
    "days",
    "identifiers",
    "numbers",
    "partial",
    "words",
]
