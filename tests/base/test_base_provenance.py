"""Provenance names the program and digests every input."""

from __future__ import annotations

import hashlib

from alsight.base.provenance import provenance


def test_files_and_folders_are_digested(tmp_path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x")
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "b.csv").write_bytes(b"y")
    record = provenance("check", {"path": "a.csv"}, [tmp_path / "a.csv", folder], seed=3)
    assert record.inputs == {"a.csv": hashlib.sha256(b"x").hexdigest(), "b.csv": hashlib.sha256(b"y").hexdigest()}
    assert record.program.startswith("alsight ")
    assert record.seed == 3
    assert str(tmp_path) not in str(record)
