"""The disease itself: where it starts, how it spreads, what it takes from neurons, muscles and breath."""
