"""Analyses of a trial, one file each: from a cohort, or from arrays of many trials, to estimates."""
