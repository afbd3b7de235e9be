"""Disclosure control: counts of people as typed values, and the policy that decides at the end which are printed."""
