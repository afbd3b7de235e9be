"""Diagnostic criteria derived from recorded signs: revised El Escorial, Awaji, Gold Coast."""
