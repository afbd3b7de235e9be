"""Infer: fits any model of `models`; maximisation, quadrature, filters, posterior, prediction, degrees of freedom."""
