"""Kinds of verdicts with the posterior of each, and the periods that they name."""
