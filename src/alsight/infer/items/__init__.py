"""Longitudinal graded response: importance sampling at each person's mode, exact scores and information."""
