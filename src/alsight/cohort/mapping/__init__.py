"""What the columns of a file mean: guessed, shown, saved as TOML, corrected and used again."""
