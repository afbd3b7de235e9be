"""Instruments: ALSFRS-R and every other scale, stage, risk score and reference equation, as array functions."""
