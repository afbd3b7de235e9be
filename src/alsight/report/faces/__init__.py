"""Faces of verbs that have parts of their own: the sentence that is read, the request, the page that is written."""
