"""The page of targets: published natural history beside the virtual population, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from alsight.calibrate.ensemble import Ensemble, ensemble
from alsight.calibrate.table import BLOCKS, FOLDER, TABLES, committed, counted
from alsight.knowledge.targets import GUARDS, SHAPES, TARGETS, Target


def page(
    frame: pl.DataFrame, rates: pl.DataFrame, drugs: pl.DataFrame, selection: pl.DataFrame, shipped: Ensemble
) -> str:
    """The page of targets in Markdown."""
    count = counted(frame)
    parts = [
        "# Targets: published natural history beside the virtual population\n",
        f"Ensemble {shipped.version}: {len(shipped.members)} parameter sets, {BLOCKS * 1024:,} candidates each, people "
        f"that no fit has seen. Made by `python -m alsight.make targets`; methods in "
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


def committed_page(folder: Path = FOLDER) -> str:
    """The page as made from the shipped tables."""
    targets, plateau_rates, drugs, selection = (committed(name, folder) for name in TABLES)
    return page(targets, plateau_rates, drugs, selection, ensemble())
