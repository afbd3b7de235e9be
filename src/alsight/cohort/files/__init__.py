"""Files into sheets: delimited text, workbooks and Parquet, folders and zips, read as they are; nothing about ALS."""
