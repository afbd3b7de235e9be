"""Where results go, and what is said when they cannot."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from alsight.base.errors import RunError, SpecError
from alsight.report.folder import make_folder, write_text, write_whole, writing


def test_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    location = make_folder(str(tmp_path / "a" / "b"))
    assert location.is_dir()
    assert location.is_absolute()


def test_a_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(SpecError, match="a folder"):
        make_folder(str(tmp_path / "taken"))


def test_the_folder_that_is_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="another folder"):
        make_folder(str(tmp_path), source=str(tmp_path))


def test_a_parent_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="choose another folder"):
        make_folder(str(tmp_path / "file" / "sub"))


def test_a_folder_without_rights_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere, so rights cannot be taken away
    with pytest.raises(RunError, match="may not write"):
        make_folder(str(tmp_path / "locked"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "may not write"),
        (errno.EROFS, "only be read"),
        (errno.EIO, "`out=`"),
    ],
)
def test_disk_faults_become_sentences(code: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=said), writing(tmp_path):
        raise OSError(code, os.strerror(code))


def test_a_full_disk_leaves_the_old_file_and_no_half_one(tmp_path: Path) -> None:
    location = write_text(tmp_path / "report.html", "old")

    def fail(draft: Path) -> None:
        draft.write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunError, match="disk is full"):
        write_whole(location, fail)
    assert location.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_device_that_is_full() -> None:
    with pytest.raises(RunError, match="disk is full"), writing(Path("/dev/full")):
        Path("/dev/full").write_text("x" * 100_000)
