"""Population: recruitment, visits, dropout and care; a true course becomes a cohort as registers and trials see it."""
