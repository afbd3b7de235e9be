"""What verbs are declared with: the table of all, options from a Spec, and the door of Python."""
