"""The cohort in the report: who is in it, stages, survival, and how scores vary."""
