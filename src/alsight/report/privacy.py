"""What may be sent and what may not: pseudonyms for what is sent, the key to them in a folder of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from alsight.base.errors import SpecError
from alsight.cohort.cohort import Cohort
from alsight.cohort.pseudonyms import pseudonyms
from alsight.cohort.write.guard import guarded
from alsight.report.folder import make_folder, write_text, write_whole

PRIVATE: Final = "private"
"""Folder, inside that of the results, for what must not be sent."""

_NOTE: Final = (
    "Do not send this folder. identities.csv says who stands behind each pseudonym of the report; rejected.csv "
    "lists\nrejected rows with the file's own identifiers and values. Everything outside this folder does without "
    "them.\n"
)


def salt_of(cohort: Cohort, salt_file: str = "") -> str:
    """The secret that makes pseudonyms: a file's text, else a digest of the visits themselves.

    From the visits the same file gives the same pseudonyms, and no one without the file can make them. A salt of one's
    own keeps pseudonyms the same while a file grows.

    Raises:
        SpecError: the file cannot be read, or is empty.
    """
    if not salt_file:
        scores = cohort.visits.select("subject", "day", "scale", "alsfrs_r_total", "alsfrs_total").write_csv()
        return hashlib.blake2b(scores.encode(), person=b"alsight-salt").hexdigest()
    try:
        salt = Path(salt_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([("salt_file", "a readable text file", salt_file)]) from error
    if not salt:
        raise SpecError([("salt_file", "a file with a secret in it", salt_file)])
    return salt


def write_private(cohort: Cohort, salt: str, folder: Path) -> dict[str, Path]:
    """Write who is who, and the rejected rows as they were, where no one sends them by accident.

    Raises:
        RunError: the file could not be written.
    """
    location = make_folder(str(folder / PRIVATE))
    key = pseudonyms(cohort.subjects["subject"], salt)
    write_text(location / "do-not-send.txt", _NOTE)
    return {
        "identities": write_whole(location / "identities.csv", guarded(key).write_csv),
        "rejected_identified": write_whole(location / "rejected.csv", guarded(cohort.rejected).write_csv),
    }
