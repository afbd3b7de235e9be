"""The cohort beside natural history: observed and expected numbers, by definition and subgroup."""
