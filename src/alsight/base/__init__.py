"""Errors, specs, status, random streams, units, provenance and sources: what every floor stands on."""
