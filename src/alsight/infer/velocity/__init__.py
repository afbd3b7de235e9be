"""The velocity model: fit it, smooth a person's course by it, and weigh a recovery against none."""
