"""The maker of the example cohort: 300 synthetic people, and what was planted in them."""
