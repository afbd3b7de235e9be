"""Re-evaluation: the posterior of a mimic for each person, its reasons by weight, and dossiers."""
