"""PRO-ACT: names and spellings of every known release, and how each table becomes rows of the data dictionary."""
