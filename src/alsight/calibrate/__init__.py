"""Calibrate: fits mechanism and reference natural history to published targets; reports what is out of sample."""
