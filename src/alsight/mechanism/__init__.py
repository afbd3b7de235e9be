"""Mechanism: the disease simulateed, from motor neurons to muscle to scores, with therapies on named rates."""
