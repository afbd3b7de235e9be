"""Where the project's files are, for the tests of its rules."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "alsight"
MODULES = sorted(SOURCE.rglob("*.py"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))
