"""What `alsight.models` gives: fits of any table, and what they are asked next."""
