"""What an examiner, a machine or a laboratory sees of the hidden course, with its noise."""
