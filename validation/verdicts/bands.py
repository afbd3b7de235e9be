"""Truth, sight and intervals of the verdicts on generators unlike the model: one row a person, then tables.

    python -m validation.verdicts.bands run --size 0.2 --seed 1 --out FOLDER    # 1 is the whole plan
    python -m validation.verdicts.bands tables --out FOLDER

True is: `stable`, some period of 12 months (less 16 days) with a true loss under 1 point, above 4 and below 46 points,
and no gain of 1 point held 6 months; `progressing`, 1 point or more lost from the first visit to the last; `improved`,
a gain of 1 point held as long as the verdict says; `lost gain`, half of it gone; the current state, the same of its own
period. Natural histories without recovery are the null.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numba as nb
import numpy as np
import polars as pl

from alsight.base.units import DAYS_PER_MONTH
from alsight.detect.verdicts import Verdicts, verdicts
from validation.verdicts.bank_oracle import judged_by_oracle
from validation.verdicts.foreign import GRID, LAWS, LIMITS, Drawn, Therapy, draw

YEAR: Final = 12.0 - 16.0 / DAYS_PER_MONTH
HALF_YEAR: Final = 6.0 - 16.0 / DAYS_PER_MONTH
BANDS: Final = {"confirmed": (0.95, 0.88), "probable": (0.80, 0.70), "possible": (0.50, 0.45)}
"""Promise of each band, and the Wilson lower bound that every generator with 50 calls must reach."""
FEW: Final = 50
ORACLE: Final = ("stable", "current", "gain", "loss_width")


@nb.njit
def held(truth: Any, first: int, last: int, months: float) -> float:
    """Largest rise above the lowest earlier level that stays for so many months, between two points of the grid."""
    best, lowest, steps = 0.0, truth[first], int(np.ceil(months / GRID - 1e-9))
    for i in range(first + 1, last - steps + 1):
        least = truth[i]
        for j in range(i, i + steps + 1):
            least = min(least, truth[j])
        best = max(best, least - lowest)
        lowest = min(lowest, truth[i])
    return best


@nb.njit
def flat(truth: Any, first: int, last: int) -> float:
    """Longest period with a loss under 1 point that does not begin at 4 or below or stay at 46 or above [months]."""
    best = 0.0
    for i in range(first, last + 1):
        if truth[i] <= 4.0:
            continue
        j = i
        while j < last and truth[i] - truth[j + 1] < 1.0:
            j += 1
        if truth[j] < 46.0:
            best = max(best, (j - i) * GRID)
    return best


@dataclass(frozen=True)
class Cell:
    """One cohort of the plan."""

    generator: str
    people: int
    seed: int
    therapy: Therapy


def plan(size: float, seed: int) -> Iterator[Cell]:
    """Cohorts of the whole plan, smaller by a factor; natural histories of 300 people, small ones, and therapies."""
    each = max(round(300 * size), 20)
    for name in (*LAWS, *LIMITS):
        yield Cell(name, each, seed, Therapy())
    for name in LAWS:
        yield Cell(name, 25, seed + 50, Therapy())
    cells = itertools.product(("halt", "reverse", "slow"), (0.1, 0.5, 1.0))
    for (kind, share), name in zip(cells, itertools.cycle(LAWS), strict=False):
        yield Cell(name, each, seed + 100, Therapy(kind, share, recorded=share == 0.5))
    for name in LAWS:
        yield Cell(name, each, seed + 150, Therapy("reverse", 1.0))
        yield Cell(name, each, seed + 200, Therapy("halt", 1.0))


def rows_of(cell: Cell, drawn: Drawn, found: Verdicts, oracle: bool = True) -> pl.DataFrame:
    """One row a person: calls, whether they are true, intervals, and the oracle's probabilities."""
    people = found.people.join(found.evidence.select("subject", "longest_stable_months"), on="subject", how="left")
    rows = [_person(drawn, index, row) for index, row in enumerate(people.iter_rows(named=True))]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    what = {
        "generator": cell.generator,
        "people": cell.people,
        "seed": cell.seed,
        "therapy": cell.therapy.kind,
        "share": cell.therapy.share,
        "recorded": cell.therapy.recorded,
    }
    frame = frame.with_columns(*(pl.lit(value).alias(name) for name, value in what.items()))
    return frame.hstack(judged_by_oracle(drawn, held, flat)) if oracle else frame


def _person(drawn: Drawn, index: int, row: dict[str, Any]) -> dict[str, Any]:
    truth, times = drawn.truth[index], drawn.times[index]
    last = round(float(np.nanmax(times)) / GRID)
    gain, some, long = (held(truth, 0, last, months) for months in (HALF_YEAR, 0.0, YEAR))
    stable = bool(flat(truth, 0, last) >= YEAR - GRID / 2 and gain < 1.0)
    loss = float(truth[0] - truth[last])
    year = max(last - round(12.0 / GRID), 0)
    after = gain > 0 and truth[: last + 1].max() - truth[last] >= gain / 2
    true = {
        "stable": stable,
        "progressing": loss >= 1.0,
        "lost gain": gain >= 1.0 and after,
        "improved": {"remission-like": long, "reversal": gain}.get(row["verdict"], some) >= 1.0,
        "explained rise": gain < 1.0,
    }
    begin = row["current_start_day"]
    lost = None if begin is None else float(truth[min(round(begin / DAYS_PER_MONTH / GRID), last)] - truth[last])
    now = {
        "stable": lost is not None and -1.0 < lost < 1.0,
        "progressing": lost is not None and lost >= 1.0,
        "improved": gain >= 1.0,
    }
    return {
        "kind": row["kind"],
        "verdict": row["verdict"],
        "certainty": row["certainty"],
        "posterior": row["posterior"],
        "true": true.get(row["kind"]),
        "current": row["current_kind"],
        "current_certainty": row["current_certainty"],
        "current_posterior": row["current_posterior"],
        "current_true": now.get(row["current_kind"]),
        "posterior_stable": row["posterior_stable"],
        "posterior_progressing": row["posterior_progressing"],
        "is_stable": stable,
        "is_gain": gain,
        "loss": loss,
        "loss_points": row["loss_points"],
        "loss_low": row["loss_low"],
        "loss_high": row["loss_high"],
        "flat_year": bool(last * GRID >= YEAR and abs(float(truth[year] - truth[last])) < 1.0 and truth[last] > 4.0),
        "treated": bool(drawn.treated[index]),
        "held_gain_points": row["held_gain_points"],
        "held_gain_low": row["held_gain_low"],
        "held_gain_high": row["held_gain_high"],
    }


def run(size: float, seed: int, folder: Path, oracle: bool) -> None:
    """Run what is missing of the plan."""
    folder.mkdir(parents=True, exist_ok=True)
    for cell in plan(size, seed):
        therapy = f"{cell.therapy.kind}-{cell.therapy.share:g}-{int(cell.therapy.recorded)}"
        file = folder / f"{cell.generator}-{cell.people}-{cell.seed}-{therapy}.parquet"
        if file.exists():
            continue
        start = time.perf_counter()
        drawn = draw(cell.generator, cell.people, cell.seed, cell.therapy)
        found = verdicts(drawn.cohort(), unseen=False, stated=False)
        rows_of(cell, drawn, found, oracle).write_parquet(file)
        print(f"{file.stem}: {time.perf_counter() - start:.1f} s", flush=True)


def wilson(hits: int, calls: int) -> float:
    """Lower end of the 95 % Wilson interval of a share."""
    share, z = hits / calls, 1.96
    middle = share + z * z / (2 * calls)
    return (middle - z * np.sqrt(share * (1 - share) / calls + z * z / (4 * calls**2))) / (1 + z * z / calls)


def truth_table(rows: pl.DataFrame, prefix: str = "") -> pl.DataFrame:
    """Share true by kind and band, pooled and in the worst generator with 50 calls.

    Args:
        rows: one row a person.
        prefix: `current_` for the current state.
    """
    kind, certain, true = (f"{prefix}kind" if not prefix else "current"), f"{prefix}certainty", f"{prefix}true"
    found: list[dict[str, Any]] = []
    for (name, band), part in rows.drop_nulls(certain).group_by(kind, certain, maintain_order=True):
        each = part.group_by("generator").agg(calls=pl.len(), hits=pl.col(true).sum()).filter(pl.col("calls") >= FEW)
        bounds = [(wilson(row["hits"], row["calls"]), row["generator"]) for row in each.iter_rows(named=True)]
        found.append(
            {
                "kind": name,
                "certainty": band,
                "calls": part.height,
                "true_pct": round(100 * float(part[true].mean() or 0), 1),
                "promise_pct": 100 * BANDS[str(band)][0],
                "worst": min(bounds, default=(None, ""))[1],
                "worst_bound_pct": round(100 * min(bounds)[0], 1) if bounds else None,
                "asked_bound_pct": 100 * BANDS[str(band)][1],
            }
        )
    order = {"confirmed": 0, "probable": 1, "possible": 2}
    if not found:
        return pl.DataFrame()
    return pl.DataFrame(found).sort("kind", pl.col("certainty").replace_strict(order))


def sight_table(rows: pl.DataFrame) -> pl.DataFrame:
    """True ones found, probable or better, beside the oracle's, by generator and therapy."""
    likely, now = (
        pl.col("certainty").is_in(["confirmed", "probable"]),
        pl.col("current_certainty").is_in(["confirmed", "probable"]),
    )
    stable = (pl.col("kind") == "stable") & likely
    state = (pl.col("current") == "stable") & now
    gain = pl.col("kind").is_in(["improved", "lost gain"]) & likely
    return (
        rows.group_by("generator", "therapy", "share", "people", maintain_order=True)
        .agg(
            stable=pl.col("is_stable").sum(),
            stable_found=(stable & pl.col("is_stable")).sum(),
            stable_oracle=((pl.col("oracle_stable") >= 0.8) & pl.col("is_stable")).sum(),
            year_flat=pl.col("flat_year").sum(),
            current_found=(state & pl.col("flat_year")).sum(),
            current_oracle=((pl.col("oracle_current") >= 0.8) & pl.col("flat_year")).sum(),
            gains=(pl.col("is_gain") >= 4).sum(),
            gains_found=(gain & (pl.col("is_gain") >= 4)).sum(),
            gains_oracle=((pl.col("oracle_gain") >= 0.8) & (pl.col("is_gain") >= 4)).sum(),
            false_gains=(gain & (pl.col("is_gain") < 1)).sum(),
        )
        .sort("therapy", "share", "generator", "people")
    )


def interval_table(rows: pl.DataFrame) -> pl.DataFrame:
    """Share of 90 % intervals of the loss that hold it, among true losses over 1 point, and their width."""
    lost = rows.filter(pl.col("loss") > 1, pl.col("loss_low").is_not_null())
    inside = pl.col("loss").is_between(pl.col("loss_low") - 0.05, pl.col("loss_high") + 0.05)
    return lost.group_by("generator", maintain_order=True).agg(
        people=pl.len(),
        covered_pct=(100 * inside.mean()).round(1),
        width=(pl.col("loss_high") - pl.col("loss_low")).mean().round(2),
        oracle_width=pl.col("oracle_loss_width").mean().round(2),
    )


def main() -> None:
    """Run the plan, or print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("run", "tables"))
    parser.add_argument("--out", type=Path, default=Path("bands"))
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-oracle", action="store_true")
    asked = parser.parse_args()
    if asked.what == "run":
        run(asked.size, asked.seed, asked.out, not asked.without_oracle)
        return
    rows = pl.concat([pl.read_parquet(file) for file in sorted(asked.out.glob("*.parquet"))], how="diagonal_relaxed")
    flags = ("true", "current_true", "is_stable", "flat_year", "treated")
    rows = rows.with_columns(pl.col(name).cast(pl.Boolean) for name in flags)
    absent = [f"oracle_{name}" for name in ORACLE if f"oracle_{name}" not in rows.columns]
    rows = rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in absent)
    inside = rows.filter(~pl.col("generator").is_in(list(LIMITS)))
    with pl.Config(
        tbl_rows=200, tbl_cols=40, tbl_width_chars=220, tbl_formatting="MARKDOWN", tbl_hide_column_data_types=True
    ):
        for said, table in (
            ("finding", truth_table(inside)),
            ("current state", truth_table(inside, "current_")),
            ("limits: finding", truth_table(rows.filter(pl.col("generator").is_in(list(LIMITS))))),
            ("sight", sight_table(rows)),
            ("intervals of the loss", interval_table(rows)),
        ):
            print(f"\n**{said}**\n\n{table}")


if __name__ == "__main__":
    main()
