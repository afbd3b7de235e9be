"""Throw damaged PRO-ACT folders at the reader: whatever comes, it answers with a cohort or with a DataError.

`python benchmarks/fuzz_proact.py --minutes 15 [--seed 0]` prints how many folders were tried and every find.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from proact_folder import clean_tables
from proact_plants import planted
from proact_quirks import ALL
from proact_release import RELEASES, release_files, write_files, write_long

from alsight.base.errors import DataError
from alsight.cohort.check import check
from alsight.cohort.read.proact import is_proact, read_proact
from alsight.cohort.tables import REJECTED, TABLES

Files = dict[str, bytes]
Mutation = Callable[[np.random.Generator, Files], Files]

CELLS = (
    "",
    " ",
    "NA",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "99999999999999999999",
    "-0",
    "0x10",
    "1,5",
    "1.234,5",
    "1e999",
    "2014-03-31",
    "31.12.2014",
    "Ja",
    "\u00e9",
    "\U0001f600",
    "\u202etxt",
    "\ufeff",
    "\x00",
    '"',
    '""',
    "'",
    ";",
    "|",
    "\t",
    "a" * 5000,
    "-",
    "--",
    "#REF!",
    "True",
    "None",
    "[1]",
    "{}",
    "36525",
    "36526",
    "-40000",
    "2147483648",
    "4294967296",
    "5.5",
    "\\N",
    "%s",
    "=1+1",
)
HEADINGS = (
    "",
    " ",
    "subject",
    "row",
    "source",
    "(line)",
    "day",
    "value",
    "measure",
    "subject_id",
    "SubjectID",
    "Q1 Speech",
    "q1_speech",
    "ALSFRS_Delta",
    "alsfrs_delta_duplicated_0",
    "column_1",
    "a\nb",
    "\U0001f600",
    "Unit",
    "Units",
    "status",
    "time_event",
    "1",
    "feature_name",
    "form_name",
    "feature_value",
)
SUFFIXES = (".csv", ".CSV", ".txt", ".tsv", ".xlsx", ".xls", ".zip", ".gz", "", ".json", ".parquet")


def _pick(rng: np.random.Generator, files: Files) -> str:
    return str(rng.choice(sorted(files)))


def _lines(rng: np.random.Generator, files: Files, change: Callable[[list[bytes]], list[bytes]]) -> Files:
    name = _pick(rng, files)
    return {**files, name: b"\n".join(change(files[name].split(b"\n")))}


def _cells(rng: np.random.Generator, files: Files, change: Callable[[list[list[str]]], list[list[str]]]) -> Files:
    name = _pick(rng, files)
    try:
        rows = [line.split(",") for line in files[name].decode().split("\n")]
    except UnicodeDecodeError:
        return files
    return {**files, name: "\n".join(",".join(row) for row in change(rows)).encode(errors="surrogatepass")}


def drop_column(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        place = int(rng.integers(0, max(1, len(rows[0]))))
        return [row[:place] + row[place + 1 :] for row in rows]

    return _cells(rng, files, change)


def rename_column(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        rows[0][int(rng.integers(0, len(rows[0])))] = str(rng.choice(HEADINGS))
        return rows

    return _cells(rng, files, change)


def repeat_column(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        place = int(rng.integers(0, len(rows[0])))
        return [[*row, row[place]] if place < len(row) else row for row in rows]

    return _cells(rng, files, change)


def shuffle_columns(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        order = rng.permutation(len(rows[0]))
        return [[row[place] for place in order if place < len(row)] for row in rows]

    return _cells(rng, files, change)


def odd_cells(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        for _ in range(int(rng.integers(1, 30))):
            row = rows[int(rng.integers(0, len(rows)))]
            row[int(rng.integers(0, len(row)))] = str(rng.choice(CELLS))
        return rows

    return _cells(rng, files, change)


def odd_column(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        place, cell = int(rng.integers(0, len(rows[0]))), str(rng.choice(CELLS))
        return [rows[0], *([*row[:place], cell, *row[place + 1 :]] for row in rows[1:])]

    return _cells(rng, files, change)


def swap_columns(rng: np.random.Generator, files: Files) -> Files:
    def change(rows: list[list[str]]) -> list[list[str]]:
        one, two = rng.integers(0, len(rows[0]), 2)
        rows[0][one], rows[0][two] = rows[0][two], rows[0][one]
        return rows

    return _cells(rng, files, change)


def rename_file(rng: np.random.Generator, files: Files) -> Files:
    name, other = _pick(rng, files), _pick(rng, files)
    stem = Path(str(rng.choice([name, other, "data.csv", "sub/folder/deep/er/x.csv", ".hidden.csv"])))
    target = stem.with_name((stem.stem or "x") + str(rng.choice(SUFFIXES))).as_posix()
    return {**{key: value for key, value in files.items() if key != name}, target: files[name]}


def delete_file(rng: np.random.Generator, files: Files) -> Files:
    name = _pick(rng, files)
    return {key: value for key, value in files.items() if key != name} or files


def swap_files(rng: np.random.Generator, files: Files) -> Files:
    one, two = _pick(rng, files), _pick(rng, files)
    return {**files, one: files[two], two: files[one]}


def cut_short(rng: np.random.Generator, files: Files) -> Files:
    name = _pick(rng, files)
    return {**files, name: files[name][: int(rng.integers(0, len(files[name]) + 1))]}


def headings_only(rng: np.random.Generator, files: Files) -> Files:
    return _lines(rng, files, lambda lines: lines[:1])


def no_headings(rng: np.random.Generator, files: Files) -> Files:
    return _lines(rng, files, lambda lines: lines[1:])


def repeat_lines(rng: np.random.Generator, files: Files) -> Files:
    return _lines(rng, files, lambda lines: lines + lines[1 : int(rng.integers(2, 20))])


def scatter_bytes(rng: np.random.Generator, files: Files) -> Files:
    name = _pick(rng, files)
    content = bytearray(files[name])
    for _ in range(int(rng.integers(1, 20))) if content else ():
        content[int(rng.integers(0, len(content)))] = int(rng.integers(0, 256))
    return {**files, name: bytes(content)}


def insert_bytes(rng: np.random.Generator, files: Files) -> Files:
    name = _pick(rng, files)
    place = int(rng.integers(0, len(files[name]) + 1))
    extra = (
        b"\x00",
        b"\xef\xbb\xbf",
        b'"',
        b"\r",
        b"\n\n\n",
        b",,,,,,",
        b"\xff\xfe",
        b"\x1a",
        rng.bytes(50),
        b"(3 row(s) affected)",
    )
    return {**files, name: files[name][:place] + extra[int(rng.integers(0, len(extra)))] + files[name][place:]}


def recode(rng: np.random.Generator, files: Files) -> Files:
    name = _pick(rng, files)
    content = files[name]
    ways = (
        b"\xef\xbb\xbf" + content,
        content.replace(b"\n", b"\r\n"),
        content.replace(b"\n", b"\r"),
        content.replace(b",", b";"),
        content.replace(b",", b"\t"),
        content.replace(b",", b"|"),
        content.decode("latin-1").encode("utf-16"),
        gzip.compress(content),
        b"",
        b"\n",
        b" ",
        rng.bytes(200),
        content.upper(),
        b"sep=,\n" + content,
        content.replace(b".", b","),
    )
    return {**files, name: ways[int(rng.integers(0, len(ways)))]}


MUTATIONS: Mapping[str, Mutation] = {
    make.__name__: make
    for make in (
        drop_column,
        rename_column,
        repeat_column,
        shuffle_columns,
        odd_cells,
        odd_column,
        swap_columns,
        rename_file,
        delete_file,
        swap_files,
        cut_short,
        headings_only,
        no_headings,
        repeat_lines,
        scatter_bytes,
        insert_bytes,
        recode,
    )
}


def seeds(place: Path) -> list[Files]:
    """Folders to start from: every release, and the long form, of a few people with every quirk among them."""
    plants = [plant for plant in ALL if plant.tables is None and plant.files is None and plant.release == "2022"]
    rich, _ = planted(clean_tables(3, 5), plants)
    small = clean_tables(3, 6)
    starts = [release_files(rich, "2022"), *(release_files(small, release) for release in RELEASES)]
    write_long(small, place)
    return [*starts, {file.name: file.read_bytes() for file in place.iterdir()}]


def attempt(starts: list[Files], seed: int, place: Path) -> str:
    """One damaged folder; what went wrong, empty when nothing did."""
    rng = np.random.default_rng(seed)
    files = dict(starts[int(rng.integers(0, len(starts)))])
    done: list[str] = []
    for _ in range(int(rng.integers(1, 5))):
        name = str(rng.choice(sorted(MUTATIONS)))
        files = MUTATIONS[name](rng, files)
        done.append(name)
    try:
        release = write_files(files, place / "release", packed=bool(rng.random() < 0.2))
    except OSError:
        return ""  # two files claim one name, or a folder and a file do
    if release.suffix == ".zip" and rng.random() < 0.2:
        content = release.read_bytes()
        release.write_bytes(content[: int(rng.integers(0, len(content)))])
    try:
        is_proact(release)
        cohort = check(read_proact(release))
    except DataError:
        return ""
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"seed {seed}, {' + '.join(done)}:\n{traceback.format_exc(limit=-4)}"
    for name, frame in {**cohort.frames(), "rejected": cohort.rejected}.items():
        declared = REJECTED.schema if name == "rejected" else TABLES[name].schema
        if dict(frame.schema) != declared:
            return f"seed {seed}, {' + '.join(done)}: {name} has another schema"
    return ""


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
            with tempfile.TemporaryDirectory(dir=folder) as place:
                found = attempt(starts, asked.seed + tried, Path(place))
            tried += 1
            if found:
                finds += 1
                print(found, flush=True)
            if asked.only:
                break
    print(f"{tried} damaged folders, {finds} crashes")


if __name__ == "__main__":
    main()
