"""Joint models of a course and of events: quadrature over the random effects, exact scores and information."""
