"""Looks: group-sequential boundaries, what they spend, and what a look says of the end."""
