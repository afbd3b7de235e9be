"""Timings, ours beside those of peers: `python -m benchmarks.NAME` from the root of the repository."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
