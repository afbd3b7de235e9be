"""Infer: fits any model of `models`; maximisation, quadrature, filters, posterior, prediction, degrees of freedom."""

from alsight.base import engine as _engine

__all__: list[str] = []
del _engine
