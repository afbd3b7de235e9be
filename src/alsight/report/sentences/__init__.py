"""Sentences of causes and of re-evaluations, from the codes and values that `detect` gives."""
