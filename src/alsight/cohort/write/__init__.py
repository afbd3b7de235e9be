"""Writers: a Cohort becomes Parquet, CSV or Excel, and can be read back unchanged."""
