"""Compiled particle filter of the velocity model: persons in, weighted courses and their reductions out."""
