"""Evidence for claims: each script states a claim, makes cohorts whose truth is known, and counts.

Run from the root of the repository as `python -m validation.NAME`; generators stand in `tests/fixtures`.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
