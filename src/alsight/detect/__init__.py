"""Verdicts: is it a plateau, a reversal, a remission, or nothing, against natural history and noise."""
