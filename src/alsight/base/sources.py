"""Sources: every key that a docstring or a table cites, with the reference it stands for.

The references live in `docs/references.bib`; a house test holds that each cited key exists there.
"""

from __future__ import annotations

from typing import NewType

SourceKey = NewType("SourceKey", str)
"""Key of an entry of `docs/references.bib`, such as "chio2015"."""
