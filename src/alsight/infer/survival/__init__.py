"""Survival in batches: Cox regression, log-rank tests and restricted means for one cohort or thousands of trials."""
