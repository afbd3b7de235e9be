"""Verbs of trials."""
