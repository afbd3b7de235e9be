"""The question of `expect`: the sentence that is read, and the request checked as a whole."""
