"""Make: the makers of all shipped data, one command each: `python -m alsight.make NAME`. No verb calls them."""
