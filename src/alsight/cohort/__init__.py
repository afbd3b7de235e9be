"""Cohort: the one middle of alsight; people, visits, measures, events and doses, checked against a data dictionary."""
