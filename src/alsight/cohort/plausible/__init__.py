"""Whether a cohort can be what it seems to be: a table of checks between reading and every other verb."""
