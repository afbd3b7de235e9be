"""Describe: who is in a cohort; onset, rates, stages, follow-up, survival, missingness, within-person variation."""
