"""Knowledge: therapies, published trials, mimics and natural-history figures as sourced rows, no science code."""
