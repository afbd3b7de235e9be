"""Calibrate: fits the mechanism and the reference natural history to published targets; reports what is out of sample."""
