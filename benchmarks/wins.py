"""Pairwise comparison: processor time of cohorts of 240 and 1,000 people."""

from __future__ import annotations

import sys
import time

import numpy as np

from alsight.trial.analyze.pairs import compare_pairs


def main() -> int:
    """Print milliseconds of processor a cohort, the best of seven rounds."""
    random = np.random.default_rng(1)
    for people in (240, 1000):
        change = np.round(-np.cumsum(random.gamma(1, 1, (1, people, 8)), axis=2))
        change[random.random(change.shape) < 0.2] = np.nan
        data = (
            change,
            random.exponential(20, (1, people)),
            random.random((1, people)) < 0.4,
            (np.arange(people) % 2 == 0)[None],
        )
        rounds: list[float] = []
        for _ in range(8):
            start = time.process_time()
            compare_pairs(*data)
            rounds.append(time.process_time() - start)
        sys.stdout.write(f"{people:,} people: {1000 * min(rounds[1:]):.2f} ms\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
