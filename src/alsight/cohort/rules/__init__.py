"""The rules that a cohort must keep: one row a rule, with what is done, what is said and how to fix it."""
