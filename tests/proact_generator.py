"""The one generator of PRO-ACT-shaped folders, which stands with the benchmarks, made importable for tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

from fuzz_proact import attempt, seeds
from proact_folder import Tables, clean_tables
from proact_plants import USUAL, Plant, Says, planted, unsaid, write_planted
from proact_quirks import ALL, PLANTS
from proact_release import RELEASES, release_files, write_files, write_long, write_release

__all__ = [
    "ALL",
    "PLANTS",
    "RELEASES",
    "USUAL",
    "Plant",
    "Says",
    "Tables",
    "attempt",
    "clean_tables",
    "planted",
    "release_files",
    "seeds",
    "unsaid",
    "write_files",
    "write_long",
    "write_planted",
    "write_release",
]
