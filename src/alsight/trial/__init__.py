"""Trials: how a design is watched, analyzed and repeated."""
