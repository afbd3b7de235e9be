"""Mixtures of classes of linear mixed models: several starts, Newton steps on the exact likelihood, ordered classes."""
