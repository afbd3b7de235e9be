"""A population to disk in bounded memory: one shard a block and table, named by digest, then one file a table.

A shard is written beside its place and moved there, so a shard that exists is whole; a run that was killed goes on with
the shards it has. The files are the same bytes for any number of workers, and a cohort folder like any other.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import polars as pl

from alsight.base.compiled import ahead
from alsight.base.errors import RunError, SpecError
from alsight.base.progress import Progress, silent
from alsight.base.provenance import Provenance, file_digest, program
from alsight.base.spec import to_json
from alsight.cohort.cohort import fault_frame
from alsight.cohort.tables import REJECTED, TABLES
from alsight.cohort.write.folder import MANIFEST, VERSION, Manifest, TableFile
from alsight.mechanism.latent import source_digest
from alsight.population.allocation import Allocation
from alsight.population.blocks import BLOCK, Block, allocate, block_of, checked, flow_of, give_up
from alsight.population.spec import Population

SHELF: Final = ".shards"
SCREENED: Final = "screened"
"""Shards of who was a candidate and why each did not enter."""
FLOW: Final = "flow.csv"
"""Flow of participants, beside the cohort's tables."""
TRUTH: Final = "truth"
"""Folder of the hidden tables, beside the cohort's."""


def digest_of(population: Population, *, truth: bool) -> str:
    """A name for everything that decides the bytes: the request, the program and its kernels."""
    said = b"|".join([to_json(population), program().encode(), str((source_digest(), BLOCK, truth)).encode()])
    return hashlib.sha256(said).hexdigest()[:16]


def write_population(
    population: Population,
    folder: Path | str,
    *,
    workers: int = 1,
    truth: bool = False,
    provenance: Provenance | None = None,
    progress: Progress = silent,
) -> tuple[dict[str, Path], dict[str, int]]:
    """Simulate straight to a cohort folder.

    Args:
        population: what to simulate.
        folder: a new folder, an empty one, one that holds a cohort (replaced), or one where this run was interrupted.
        workers: threads; any number gives the same bytes.
        truth: whether to write the hidden tables too, to `truth/`.
        provenance: kept in the manifest.
        progress: told of people done.

    Returns:
        Files by name and rows by table.

    Raises:
        SpecError: the population makes no sense or the folder holds something else.
        RunError: the file could not be written, or hardly any candidate meets the criteria.
    """
    checked(population)
    location = Path(folder)
    _refuse(location)
    shelf = location / SHELF / digest_of(population, truth=truth)
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        counts = _fill(population, shelf, workers, truth, progress)
        files, rows = _merge(population, shelf, location, counts, truth)
        _manifest(location, rows, provenance)
        shutil.rmtree(location / SHELF)
    except OSError as error:
        raise RunError(
            f"{location} could not be written: {error.strerror or error}. Finished shards are kept."
        ) from error
    return files | {"manifest": location / MANIFEST}, rows


def _refuse(location: Path) -> None:
    known = {MANIFEST, SHELF}
    if location.exists() and not location.is_dir():
        raise SpecError([("out", "a folder, not a file", str(location))])
    if location.is_dir() and any(location.iterdir()) and not any((location / name).exists() for name in known):
        raise SpecError([("out", "a new or empty folder, or one that holds a cohort", str(location))])


def _name(table: str, number: int) -> str:
    return f"{table}-{number:07d}.parquet"


def _store(shelf: Path, block: Block) -> int:
    """Write one block's shards; the last of them says that all are there."""
    frames = {f"{TRUTH}-{name}": frame for name, frame in block.truth.items()} | block.frames
    frames[SCREENED] = block.screened
    order = [name for name in frames if name != "subjects"] + ["subjects"]
    for table in order:
        path = shelf / _name(table, block.number)
        frames[table].write_parquet(path.with_suffix(".part"), compression="zstd")
        os.replace(path.with_suffix(".part"), path)
    return block.people


def _block(population: Population, shelf: Path, truth: bool, allocation: Allocation | None, number: int) -> int:
    """People of one block, made now or found whole."""
    done = shelf / _name("subjects", number)
    if done.is_file():
        return int(pl.scan_parquet(done).select(pl.len()).collect().item())
    return _store(shelf, block_of(population, number, truth=truth, allocation=allocation))


def _fill(population: Population, shelf: Path, workers: int, truth: bool, progress: Progress) -> list[int]:
    """Make or find blocks until enough people have entered; the people of each block, the last one cut."""
    counts: list[int] = []
    allocation = allocate(population, workers=workers)
    with closing(ahead(partial(_block, population, shelf, truth, allocation), workers)) as made:
        for people in made:
            counts.append(min(people, population.size - sum(counts)))
            progress("people", sum(counts), population.size)
            give_up(sum(counts), len(counts) * BLOCK)
            if sum(counts) >= population.size:
                break
    return counts


def _cut(shelf: Path, table: str, counts: list[int]) -> pl.LazyFrame:
    """One table over all blocks in order; of the last block only the people who still belong."""
    last = len(counts) - 1
    first = pl.read_parquet(shelf / _name("subjects", last)).head(counts[last])["subject"]
    shards = [pl.scan_parquet(shelf / _name(table, number)) for number in range(last + 1)]
    shards[last] = shards[last].filter(pl.col("subject").is_in(first.to_list()))
    return pl.concat(shards)


def _merge(
    population: Population, shelf: Path, location: Path, counts: list[int], truth: bool
) -> tuple[dict[str, Path], dict[str, int]]:
    """Shards to one file a table, streaming."""
    (location / MANIFEST).unlink(missing_ok=True)
    files: dict[str, Path] = {}
    rows: dict[str, int] = {}
    hidden: Iterable[str] = ("people", "course") if truth else ()
    for table in (*TABLES, *(f"{TRUTH}-{name}" for name in hidden)):
        path = location / table.replace(f"{TRUTH}-", f"{TRUTH}/")
        path = path.with_suffix(".parquet")
        path.parent.mkdir(exist_ok=True)
        _cut(shelf, table, counts).sink_parquet(path, compression="zstd", maintain_order=True, row_group_size=100_000)
        files[table] = path
        rows[table] = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    flow = _flow(population, shelf, counts)
    files["flow"] = location / FLOW
    flow.write_csv(files["flow"])
    rows["flow"] = flow.height
    return files, rows


def _flow(population: Population, shelf: Path, counts: list[int]) -> pl.DataFrame:
    """Flow of participants, up to the last one who entered."""
    last = len(counts) - 1
    enrolled = pl.read_parquet(shelf / _name("subjects", last)).head(counts[last])["subject"]
    whole = pl.scan_parquet([shelf / _name(SCREENED, number) for number in range(last + 1)])
    bound = int(str(enrolled[-1])[1:])
    table = whole.filter(pl.col("candidate") <= bound).group_by("reason").len().collect()
    return flow_of(population, {int(reason): int(count) for reason, count in table.iter_rows()})


def _manifest(location: Path, rows: dict[str, int], provenance: Provenance | None) -> None:
    """The same manifest that a written cohort has, put down last."""
    fault_frame([]).write_parquet(location / f"{REJECTED.name}.parquet", compression="zstd")
    names = {**{name: rows[name] for name in TABLES}, REJECTED.name: 0}
    manifest = Manifest(
        version=VERSION,
        program=program(),
        format="parquet",
        tables={name: TableFile(file=f"{name}.parquet", rows=count) for name, count in names.items()},
        digests={f"{name}.parquet": file_digest(location / f"{name}.parquet") for name in sorted(names)},
        provenance=provenance,
    )
    draft = location / f"{MANIFEST}.part"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    os.replace(draft, location / MANIFEST)
