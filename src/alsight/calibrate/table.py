"""The committed table of targets: `python -m alsight.calibrate.table` writes docs/targets.md and docs/targets.csv.

Every set of the ensemble is simulated with people that no fit has seen; the table shows the mean over the sets and
their range beside the published value. Means inside the interval count as inside.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from alsight.calibrate.drugs import drug_table
from alsight.calibrate.ensemble import Ensemble, ensemble
from alsight.calibrate.misses import MISSES
from alsight.calibrate.populations import live_and_see
from alsight.calibrate.selection import selection_table
from alsight.calibrate.summaries import Summary, plateaus, sparser, summaries
from alsight.knowledge.targets import GUARDS, SHAPES, TARGETS, Target

SEED: Final = 7
"""Root seed of the people of the table; no fit uses it."""
BLOCKS: Final = 16
"""Candidates of each set, in blocks of 1024."""
SAMPLES: Final = 24
APART: Final = 100
"""Samples of the quick size whose spread the table holds, and their first block, beyond everybody else's."""
QUICK_BLOCKS: Final = 2
"""Candidates of the quick recomputation that a test makes."""
DOCS: Final = Path(__file__).parents[3] / "docs"
ROWS: Final[tuple[Target, ...]] = TARGETS + GUARDS + SHAPES


@dataclass(frozen=True)
class Simulated:
    """What the ensemble gives.

    Attributes:
        sets: every statistic of every parameter set.
        quick_sd: spread of every statistic between samples of the quick size, best set.
        rates: rates of the published wordings, mean over the sets.
    """

    sets: list[Summary]
    quick_sd: Summary
    rates: pl.DataFrame


def simulated(shipped: Ensemble, blocks: int = BLOCKS, seed: int = SEED) -> Simulated:
    """Simulate every set of the ensemble, and the best one in samples of the quick size."""
    sets: list[Summary] = []
    rates: list[pl.DataFrame] = []
    for member in shipped.members:
        people = live_and_see(member.parameters, blocks, seed)
        sets.append(summaries(people))
        rates.append(plateaus(people))
    samples = [quick(shipped, APART + place * QUICK_BLOCKS) for place in range(SAMPLES)]
    spread = {name: float(np.nanstd([one[name] for one in samples], ddof=1)) for name in samples[0]}
    mean = pl.concat(rates).group_by("definition", maintain_order=True)
    columns = ("published", "published_text", "published_in", "sustained", "timing")
    shares = pl.col("rate").mean(), pl.col("rate").min().alias("least"), pl.col("rate").max().alias("most")
    return Simulated(sets, spread, mean.agg(*shares, *(pl.col(name).first() for name in columns)))


def with_quarterly(rates: pl.DataFrame, shipped: Ensemble, blocks: int = BLOCKS, seed: int = SEED) -> pl.DataFrame:
    """Rates with one more column: what the trial's people would show if seen every three months."""
    each = [sparser(member.parameters, blocks, seed, 3.0) for member in shipped.members]
    mean = pl.concat(each).group_by("definition").agg(pl.col("rate").mean().alias("quarterly"))
    return rates.join(mean, on="definition", how="left", maintain_order="left")


def quick(shipped: Ensemble, first: int = 0) -> Summary:
    """Every statistic of the best set in a small sample; what the tests recompute."""
    return summaries(live_and_see(shipped.members[0].parameters, QUICK_BLOCKS, SEED, first))


def target_frame(found: Simulated) -> pl.DataFrame:
    """One row a target: published, simulated, verdict."""
    values = {row.name: np.array([one[row.name] for one in found.sets]) for row in ROWS}
    inside = [bool(row.low <= values[row.name].mean() <= row.high) for row in ROWS]
    return pl.DataFrame(
        {
            "number": [row.number for row in ROWS],
            "name": [row.name for row in ROWS],
            "published": [float(row.value) for row in ROWS],
            "low": [float(row.low) for row in ROWS],
            "high": [float(row.high) for row in ROWS],
            "band": [row.band for row in ROWS],
            "fitted": [row.fitted for row in ROWS],
            "simulated": [float(values[row.name].mean()) for row in ROWS],
            "least": [float(values[row.name].min()) for row in ROWS],
            "most": [float(values[row.name].max()) for row in ROWS],
            "best_set": [float(values[row.name][0]) for row in ROWS],
            "quick_sd": [found.quick_sd[row.name] for row in ROWS],
            "inside": inside,
        }
    )


def with_reasons(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with the reason of every miss; empty where none is written down, which a test refuses."""
    reason = pl.col("name").replace_strict(MISSES, default="", return_dtype=pl.String)
    return frame.with_columns(reason=pl.when(pl.col("inside")).then(pl.lit("")).otherwise(reason))


def counted(frame: pl.DataFrame) -> dict[str, int]:
    """Published statistics and findings inside; a finding is inside when all of its parts are."""
    names = {row.name: row.finding for row in TARGETS}
    published = frame.filter(pl.col("name").is_in(list(names)))
    findings = published.with_columns(finding=pl.col("name").replace_strict(names)).group_by("finding")
    whole = findings.agg(all=pl.col("inside").all(), any=pl.col("inside").any())
    return {
        "statistics": published.height,
        "statistics_inside": int(published["inside"].sum()),
        "findings": whole.height,
        "findings_inside": int(whole["all"].sum()),
        "findings_partly": int(whole["any"].sum()),
    }


def page(
    frame: pl.DataFrame, rates: pl.DataFrame, drugs: pl.DataFrame, selection: pl.DataFrame, shipped: Ensemble
) -> str:
    """The page of targets in Markdown."""
    count = counted(frame)
    parts = [
        "# Targets: published natural history beside the virtual population\n",
        f"Ensemble {shipped.version}: {len(shipped.members)} parameter sets, {BLOCKS * 1024:,} candidates each, people "
        f"that no fit has seen. Made by `python -m alsight.calibrate.table`; methods in "
        f"[calibration](methods/calibration.md). **{count['statistics_inside']} of {count['statistics']} published "
        f"statistics are inside their interval; of {count['findings']} findings {count['findings_inside']} with all "
        f"their parts and {count['findings_partly']} with at least one.** Intervals marked * were not printed and are "
        "assumed. *Fitted* rows were used by the fit; *new* ones were only looked at.\n",
        "## Published statistics\n",
        _lines(frame, TARGETS),
        "## Guards of the fit\n",
        "Without the end of life a fit cheats. Rows without a readable source are assumed.\n",
        _lines(frame, GUARDS),
        "## Shapes that nothing was fitted to\n",
        _lines(frame, SHAPES),
        "## Every candidate reading of the published plateau rates\n",
        "The exact rules were not readable. *Near*: the simulated share lies within a fifth of the published one, seen "
        "monthly (registers: quarterly); *quarterly*: it does when the trial's people are seen every three months.\n",
        _candidates(rates),
        "## Slowing down and speeding up, by selection alone\n",
        "Decline in later months after entry over that in months 0 to 6, in the same people with the same draws, all "
        "seen every three months; above 1 they speed up. *Same people*: those seen at 0, 6 and 12 months, with the "
        "Monte-Carlo standard error of the mean over the sets. *Mixed model*: slope at 9 over slope at 3 months, a "
        "curved mean with people's own lines, 18 months, missing at random (error). *Whoever was seen*: at both ends "
        "of each half year, so that the deaths of the fast pull it down; months 6-12 and 18-24. *Exact rating*: same "
        "people, and months 18-24 of whoever was seen, without rating noise and anchoring: course and selection "
        "alone.\n",
        _selection(selection),
        "## Drugs, one effect each\n",
        _drugs(drugs),
    ]
    return "\n".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _lines(frame: pl.DataFrame, targets: Sequence[Target]) -> str:
    rows = {row["name"]: row for row in frame.iter_rows(named=True)}
    return _table(
        ("", "statistic", "population", "published", "interval", "simulated (range)", "", "verdict"),
        [
            (
                one.number,
                f"{one.statistic} [{one.unit}]",
                f"{one.population}{_cited(one)}",
                f"{one.value:.3g}",
                f"{one.low:.3g} to {one.high:.3g}{'*' if one.band == 'assumed' else ''}",
                "{simulated:.3g} ({least:.3g} to {most:.3g})".format(**rows[one.name]),
                "fitted" if one.fitted else "new",
                "inside" if rows[one.name]["inside"] else f"**missed**: {rows[one.name]['reason']}",
            )
            for one in targets
        ],
    )


def _cited(one: Target) -> str:
    """The source as the docs cite it; nothing for a guard without one."""
    return "" if one.source == "alsight" else f" [@{one.source}]"


def _candidates(rates: pl.DataFrame) -> str:
    rows = [
        (
            f"`{row['definition']}`",
            row["published_text"],
            f"{100 * row['rate']:.1f} %",
            f"{100 * row['least']:.1f} to {100 * row['most']:.1f} %",
            "" if row["quarterly"] is None else f"{100 * row['quarterly']:.1f} %",
            ", ".join(text for name, text in (("rate", "near"), ("quarterly", "quarterly")) if _near(row, name)),
            row["sustained"],
        )
        for row in rates.iter_rows(named=True)
    ]
    return _table(("reading", "published", "simulated", "range", "seen quarterly", "", "what is asked"), rows)


def _near(row: dict[str, object], name: str) -> bool:
    """Whether a share lies within a fifth of the published one; under one percent where only that was printed."""
    published, rate = row["published"], row[name]
    if not isinstance(rate, float):
        return False
    return rate < 0.01 if not isinstance(published, float) else abs(rate / published - 1.0) <= 0.2


def _drugs(drugs: pl.DataFrame) -> str:
    rows = [
        (
            row["drug"],
            row["population"],
            row["quantity"],
            row["published"],
            f"{row['simulated']:.2f} ({row['least']:.2f} to {row['most']:.2f})",
            row["note"],
        )
        for row in drugs.iter_rows(named=True)
    ]
    return _table(("drug", "population", "quantity", "published", "simulated (range)", "note"), rows)


def _selection(selection: pl.DataFrame) -> str:
    rows = [
        (
            row["label"],
            f"{row['people']:,}",
            f"{row['early']:.2f}",
            f"{row['late']:.2f}",
            f"{row['ratio']:.2f} ({row['least']:.2f} to {row['most']:.2f})",
            f"{row['error']:.3f}",
            f"{row['model']:.2f} ({row['model_error']:.3f})",
            f"{row['second']:.2f}, {row['fourth']:.2f}",
            f"{row['exact_rating']:.2f}, {row['exact_fourth']:.2f}",
        )
        for row in selection.iter_rows(named=True)
    ]
    heads = (
        "who",
        "people a set",
        "months 0-6",
        "months 6-12",
        "same people (range)",
        "error",
        "mixed model",
        "whoever was seen",
        "exact rating",
    )
    return _table(heads, rows)


def main(folder: Path, *, simulate: bool) -> None:
    """Simulate unless told not to, and write the machine-readable tables and the page made from them."""
    if simulate:
        shipped = ensemble()
        found = simulated(shipped)
        frames = {
            "targets": target_frame(found),
            "targets_plateaus": with_quarterly(found.rates, shipped),
            "targets_drugs": drug_table(shipped),
            "targets_selection": selection_table(shipped),
        }
        for name, frame in frames.items():
            frame.with_columns(pl.col(pl.Float64).round(6)).write_csv(folder / f"{name}.csv")
    with_reasons(committed("targets", folder)).write_csv(folder / "targets.csv")
    (folder / "targets.md").write_text(committed_page(folder))
    sys.stderr.write(f"{counted(committed('targets', folder))}\n")


def committed(name: str, folder: Path = DOCS) -> pl.DataFrame:
    """One of the committed machine-readable tables; empty texts stay empty, not null."""
    frame = pl.read_csv(folder / f"{name}.csv", schema_overrides={"number": pl.String})
    return frame.with_columns(pl.col(pl.String).fill_null("")) if name != "targets_plateaus" else frame


def committed_page(folder: Path = DOCS) -> str:
    """The page as made from the committed tables."""
    targets, plateau_rates, drugs, selection = (
        committed(name, folder) for name in ("targets", "targets_plateaus", "targets_drugs", "targets_selection")
    )
    return page(targets, plateau_rates, drugs, selection, ensemble())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the table of targets.")
    parser.add_argument("--folder", type=Path, default=DOCS)
    parser.add_argument("--page-only", action="store_true", help="write the page from the tables as they are")
    arguments = parser.parse_args()
    main(arguments.folder, simulate=not arguments.page_only)
