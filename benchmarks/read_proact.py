"""Time and memory of reading and checking a PRO-ACT folder of full size (12,000 people, all tables).

`python -m benchmarks.read_proact [--subjects 12000] [--release 2022] [--dirty]` prints seconds, peak memory, and the
ratio of both to what is promised (15 s, 3 GB on two cores). The reading runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from fixtures.proact.folder import FULL_SIZE, clean_tables
from fixtures.proact.plants import Plant, planted
from fixtures.proact.quirks import ALL
from fixtures.proact.release import RELEASES, write_long, write_release

PROMISED_SECONDS = 15.0
PROMISED_GIGABYTES = 3.0
READING = """
import json, resource, sys, time
start = time.perf_counter()
from alsight.cohort.check import check
from alsight.cohort.read.proact import read_proact
loaded = time.perf_counter()
raw = read_proact(sys.argv[1])
read = time.perf_counter()
cohort = check(raw)
done = time.perf_counter()
used = resource.getrusage(resource.RUSAGE_SELF)
rows = {name: frame.height for name, frame in cohort.frames().items()} | {"rejected": cohort.rejected.height}
times = {"load": loaded - start, "read": read - loaded, "check": done - read, "cpu": used.ru_utime + used.ru_stime}
print(json.dumps(times | {"peak_gb": used.ru_maxrss / 1e6, "rows": rows}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=FULL_SIZE)
    parser.add_argument("--release", choices=[*RELEASES, "long"], default="2022")
    parser.add_argument("--dirty", action="store_true", help="plant every quirk of persons ten times")
    asked = parser.parse_args()
    tables = clean_tables(asked.subjects)
    if asked.dirty:
        personal = [p for p in ALL if p.tables is None and p.files is None and p.release == "2022"]
        crowd = [
            Plant(f"{plant.name} {copy}", (), (), plant.rows, plant.instead) for plant in personal for copy in range(10)
        ]
        tables, _ = planted(tables, crowd)
    with tempfile.TemporaryDirectory() as folder:
        location = Path(folder) / "release"
        write_long(tables, location) if asked.release == "long" else write_release(tables, location, asked.release)
        size = sum(file.stat().st_size for file in location.rglob("*") if file.is_file()) / 1e6
        program = [sys.executable, "-c", READING, str(location)]
        found = json.loads(subprocess.run(program, check=True, capture_output=True, text=True).stdout)
    seconds = found["load"] + found["read"] + found["check"]
    print(f"{asked.subjects} people, {size:.0f} MB, rows {found['rows']}")
    clock = ", ".join(f"{step} {found[step]:.1f} s" for step in ("load", "read", "check"))
    print(f"{clock}; {found['cpu']:.1f} s of processor time; peak {found['peak_gb']:.2f} GB")
    share = found["peak_gb"] / PROMISED_GIGABYTES
    print(f"of the promised {PROMISED_SECONDS:g} s: {seconds / PROMISED_SECONDS:.2f}; of 3 GB: {share:.2f}")


if __name__ == "__main__":
    main()
