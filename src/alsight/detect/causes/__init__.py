"""Causes: which rises of a person's score have an explanation other than recovery."""
