"""The cohort beside natural history: observed and expected numbers, by reading and subgroup."""
