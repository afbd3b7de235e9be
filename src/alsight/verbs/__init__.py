"""Verbs: what alsight can be asked, one file a verb; `table` lists them and is light, a verb's own module is not."""
