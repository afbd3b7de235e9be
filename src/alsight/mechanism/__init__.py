"""Mechanism: the disease acted out, from motor neurons to muscle to scores, with therapies on named rates."""
