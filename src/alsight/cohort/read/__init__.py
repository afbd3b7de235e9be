"""Readers: any visits table, PRO-ACT folders, mapped layouts and alsight's own files become a Cohort."""
