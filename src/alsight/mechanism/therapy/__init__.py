"""Treatments: when they are given, apart from what they do to named rates."""
