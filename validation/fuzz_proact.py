"""Throw damaged PRO-ACT folders at the reader: whatever comes, it answers with a cohort or with a DataError.

`python -m validation.fuzz_proact --minutes 15 [--seed 0]` prints how many folders were tried and every find.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from fixtures.proact.damage import attempt, seeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="store_true", help="try this one seed")
    asked = parser.parse_args()
    tried, finds = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        starts = seeds(Path(folder) / "long")
        until = time.monotonic() + 60 * asked.minutes
        while time.monotonic() < until:
            with tempfile.TemporaryDirectory(dir=folder) as location:
                found = attempt(starts, asked.seed + tried, Path(location))
            tried += 1
            if found:
                finds += 1
                print(found, flush=True)
            if asked.only:
                break
    print(f"{tried} damaged folders, {finds} crashes")


if __name__ == "__main__":
    main()
