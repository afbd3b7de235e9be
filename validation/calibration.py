"""Claim: the virtual population shows the published natural history that it was not fitted to.

    python -m validation.calibration                 ratios from the shipped tables
    python -m validation.calibration --again DIR     makes the tables of targets anew in a folder first, and times it
    python -m validation.calibration --fit DIR       fits the ensemble anew in a folder, and times it

It ends with the ratios that matter: published statistics and findings inside, the register's slowing, the trial's
quickening, and each drug's number beside its published one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from alsight.calibrate import table
from alsight.make.ensemble import make_ensemble
from alsight.make.targets import make_targets


def timed(name: str, work: Callable[[], object]) -> None:
    began, used = time.monotonic(), time.process_time()
    work()
    sys.stdout.write(f"{name}: {time.monotonic() - began:.0f} s, {time.process_time() - used:.0f} s of processor\n")


def report(folder: Path) -> None:
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
    parser.add_argument("--fit", type=Path, metavar="DIR")
    parser.add_argument("--again", type=Path, metavar="DIR")
    supplied = parser.parse_args()
    if supplied.fit:
        timed("fit", lambda: make_ensemble(supplied.fit, starts=4))
    if supplied.again:
        timed("tables", lambda: make_targets(supplied.again))
    report(supplied.again or table.FOLDER)


if __name__ == "__main__":
    main()
