"""Gaussian models in closed form: sufficient statistics a subject, restricted likelihood, analytic derivatives."""
