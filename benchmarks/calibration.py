"""One command that makes every committed table of the calibration again, and says how long each part takes.

    python benchmarks/calibration.py                 tables of the docs and the reference, from the shipped ensemble
    python benchmarks/calibration.py --fit           fits the ensemble first (some minutes more)
    python benchmarks/calibration.py --folder DIR    writes the docs tables elsewhere and leaves the reference alone

It ends with the ratios that matter: published statistics and findings inside, the register's slowing, the trial's
quickening, and each drug's number beside its published one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from alsight.calibrate import fit, table, tabulate


def timed(name: str, work: Callable[[], object]) -> None:
    began, used = time.monotonic(), time.process_time()
    work()
    sys.stdout.write(f"{name}: {time.monotonic() - began:.0f} s, {time.process_time() - used:.0f} s of processor\n")


def told(folder: Path) -> None:
    targets, selection, drugs = (
        table.committed(name, folder) for name in ("targets", "targets_selection", "targets_drugs")
    )
    sys.stdout.write(f"{table.counted(targets)}\n")
    for row in targets.filter(targets["name"].is_in(["register_slowing", "trial_quickening"])).iter_rows(named=True):
        sys.stdout.write("{name}: {simulated:.2f} ({least:.2f} to {most:.2f})\n".format(**row))
    for row in selection.iter_rows(named=True):
        sys.stdout.write("{label}: {ratio:.2f} ({least:.2f} to {most:.2f}), error {error:.3f}\n".format(**row))
    for row in drugs.iter_rows(named=True):
        sys.stdout.write("{drug} | {population} | {quantity} | {published} | {simulated:.2f}\n".format(**row))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--starts", type=int, default=4)
    parser.add_argument("--folder", type=Path, default=table.DOCS)
    asked = parser.parse_args()
    if asked.fit:
        arguments = {"starts": asked.starts, "blocks": 8, "seed": 101, "rounds": 2, "steps": 4}
        timed("fit", lambda: fit.main(arguments))
    if asked.folder == table.DOCS:
        timed("reference", lambda: tabulate.main(tabulate.FILE, tabulate.BLOCKS))
    timed("tables", lambda: table.main(asked.folder, simulate=True))
    told(asked.folder)


if __name__ == "__main__":
    main()
