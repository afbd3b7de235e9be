"""Makes the tables of targets, published statistics beside simulated ones: `python -m alsight.make targets`."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl

from alsight.calibrate.drugs import BLOCKS as DRUG_BLOCKS
from alsight.calibrate.drugs import SAMPLES as DRUG_SAMPLES
from alsight.calibrate.drugs import drug_table
from alsight.calibrate.ensemble import Ensemble
from alsight.calibrate.selection import BLOCKS as SELECTION_BLOCKS
from alsight.calibrate.selection import selection_table
from alsight.calibrate.table import (
    BLOCKS,
    FOLDER,
    RECORD,
    SAMPLES,
    committed,
    simulated,
    target_frame,
    with_quarterly,
    with_reasons,
)
from alsight.make.maker import MEMBERS, best_sets, command


def make_targets(
    folder: Path = FOLDER,
    *,
    members: int = MEMBERS,
    blocks: int = BLOCKS,
    samples: int = SAMPLES,
    drug_blocks: int = DRUG_BLOCKS,
    drug_samples: int = DRUG_SAMPLES,
    selection_blocks: int = SELECTION_BLOCKS,
    reasons_only: bool = False,
) -> list[Path]:
    """Simulate every published statistic, plateau rate, drug check and selection effect: four tables.

    Args:
        folder: where to write.
        members: parameter sets of the ensemble, best first.
        blocks: candidates of each set, in blocks of 1024.
        samples: samples of the quick size whose spread the table holds.
        drug_blocks: candidates of each drug check.
        drug_samples: samples of the quick size of the drug checks.
        selection_blocks: candidates of each entry rule.
        reasons_only: simulate nothing, and write the reasons of misses anew into the table as it is.
    """
    if reasons_only:
        with_reasons(committed("targets", folder)).write_csv(folder / "targets.csv")
        return [folder / "targets.csv"]
    shipped = best_sets(members)
    result = simulated(shipped, blocks, samples=samples)
    frames = {
        "targets": with_reasons(rounded(target_frame(result))),
        "targets_plateaus": rounded(with_quarterly(result.rates, shipped, blocks)),
        "targets_drugs": rounded(drug_table(shipped, drug_blocks, drug_samples)),
        "targets_selection": rounded(selection_table(shipped, selection_blocks)),
    }
    places: list[Path] = []
    for name, frame in frames.items():
        places.append(folder / f"{name}.csv")
        frame.write_csv(places[-1])
    line = command(
        "targets",
        members=members,
        blocks=blocks,
        samples=samples,
        drug_blocks=drug_blocks,
        drug_samples=drug_samples,
        selection_blocks=selection_blocks,
    )
    return [*places, written_record(folder, shipped, line)]


def rounded(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with six decimals."""
    return frame.with_columns(pl.col(pl.Float64).round(6))


def written_record(folder: Path, shipped: Ensemble, line: str) -> Path:
    """Write the version and the command that the tables were made by."""
    record = {"alsight_version": shipped.version, "alsight_command": line, "alsight_ensemble": shipped.command}
    location = folder / RECORD
    location.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    return location
