"""Courses read through something unseen: two constants of a curve, a class of course, a trait behind ratings."""
