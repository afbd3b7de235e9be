"""The verdicts on the report page: what is called, how it compares with natural history, and one dossier a person."""
