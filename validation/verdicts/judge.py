"""The judging: calls and truth in, tables of false calls, power, plateaus and calibration out, with their errors.

Everything starts from `rows_of`: one row a person with what was called and what was true. True means: the largest
rise of E[score] above its lowest earlier level that stayed 6 (or 12) months within follow-up.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from alsight.episodes.wilson import wilson
from fixtures.verdicts.made import Made, true_loss
from validation.verdicts.method import HELD_CALLS, NUMBERS, WINDOWS

FALSE_UNDER: Final = 1.0
TRUE_FROM: Final = 4.0
FLAT_UNDER: Final = 1.0
LOSING_FROM: Final = 3.0
FALSE_CALLS: Final = 0.05
"""Share of people truly losing 3 points or more that may be called flat."""
GAINS: Final = (4.0, 6.0, 8.0, 12.0)
"""Lower edges of the classes of true held gains [points]."""
SURE: Final = 0.9
BINS: Final = 10
COHORT: Final = ("generator", "schedule", "people", "prevalence", "noise", "autocorrelation", "loss", "seed")
CELL: Final = ("generator", "schedule", "noise", "autocorrelation")


def rows_of(made: Made, calls: pl.DataFrame) -> pl.DataFrame:
    """One row a person: the call and its numbers beside the truth. People without a call are called "none".

    Returns:
        `subject`, `kind`, `held_6`, `held_12`, `loss_12` ... (nan where followed for less), `called` and the numbers.
    """
    truth = made.people.select(
        "subject", "kind", "held_6", "held_12", *(pl.Series(f"loss_{w}", true_loss(made, w)) for w in WINDOWS)
    )
    enough = pl.col("enough") if "enough" in calls.columns else pl.lit(value=True).alias("enough")
    calls = calls.select("subject", "called", *NUMBERS, enough)
    joined = truth.join(calls, on="subject", how="left", maintain_order="left")
    return joined.with_columns(
        pl.col("called").fill_null("none"), pl.col(*NUMBERS).cast(pl.Float64), judged=pl.col("called").is_not_null()
    )


def false_calls(
    rows: pl.DataFrame, by: tuple[str, ...] = ("method", "generator", "schedule", "prevalence")
) -> pl.DataFrame:
    """False discoveries among those called reversal or remission-like, pooled over cohorts.

    Returns:
        `by`, `cohorts`, `called`, `false` (true held gain under 1 point), `overstated` (1 to 4), `short` (called
        remission-like though 4 points did not stay 12 months), `share_false` with its 95 % interval, and `any_false`:
        cohorts with one or more of them.
    """
    called = pl.col("called").is_in(["reversal", "remission-like"])
    wrong = called & (pl.col("held_6") < FALSE_UNDER)
    cohorts = rows.group_by({*by, *COHORT}).agg(
        called=called.sum(),
        false=wrong.sum(),
        overstated=(called & pl.col("held_6").is_between(FALSE_UNDER, TRUE_FROM, closed="left")).sum(),
        short=((pl.col("called") == "remission-like") & (pl.col("held_12") < TRUE_FROM)).sum(),
    )
    table = cohorts.group_by(*by).agg(
        cohorts=pl.len(),
        called=pl.sum("called"),
        false=pl.sum("false"),
        overstated=pl.sum("overstated"),
        short=pl.sum("short"),
        any_false=(pl.col("false") > 0).sum(),
    )
    return with_interval(table.sort(*by), "false", "called", "share_false")


def null_cohorts(rows: pl.DataFrame) -> pl.DataFrame:
    """Cohorts without recoveries in which anybody is called reversal, lost gain or remission-like."""
    null = rows.filter(pl.col("prevalence") == 0.0)
    by = ("method", "people", "generator", "schedule")
    cohorts = null.group_by(*by, "seed").agg(calls=pl.col("called").is_in(HELD_CALLS).sum())
    table = cohorts.group_by(*by).agg(
        cohorts=pl.len(), calls=pl.sum("calls"), with_false_call=(pl.col("calls") > 0).sum()
    )
    return with_interval(table.sort(*by), "with_false_call", "cohorts", "share")


def remissions(rows: pl.DataFrame) -> pl.DataFrame:
    """Remission-like among people whose true held gain is under 1 point, per 1,000."""
    people = rows.filter(pl.col("held_6") < FALSE_UNDER)
    table = people.group_by("method", "generator").agg(
        people=pl.len(), remission_like=(pl.col("called") == "remission-like").sum()
    )
    table = with_interval(table.sort("method", "generator"), "remission_like", "people", "share")
    return table.with_columns(pl.col("^share.*$") * 1000.0).rename(lambda name: name.replace("share", "per_1000"))


def power(
    rows: pl.DataFrame, oracle: str = "oracle", by: tuple[str, ...] = CELL, *, gains: bool = True
) -> pl.DataFrame:
    """Share of true held gains of 4 points and more that are called, by gain, and relative to the oracle.

    Only people whom the oracle judged too are counted, where it ran. The ratio's standard error is by the delta
    method on pairs.

    Args:
        rows: of `rows_of`.
        oracle: the method that the others are set beside.
        by: what makes a row.
        gains: whether each class of gains is one.

    Returns:
        `method`, `by`, `gain`, `people`, `power`, `power_se`, `oracle`, `ratio`, `ratio_se`.
    """
    true = rows.filter((pl.col("held_6") >= TRUE_FROM) & pl.col("judged"))
    edges = pl.Series(GAINS)
    index = pl.sum_horizontal([pl.col("held_6") >= edge for edge in GAINS]) - 1
    true = true.with_columns(
        gain=index.replace_strict(dict(enumerate(edges)), return_dtype=pl.Float64),
        hit=pl.col("called").is_in(HELD_CALLS).cast(pl.Float64),
    )
    keys = [*COHORT, "subject"]
    best = true.filter(pl.col("method") == oracle).select(*keys, best="hit")
    pairs = true.join(best, on=keys, how="left", nulls_equal=True)
    pairs = pairs.filter(pl.col("best").is_not_null() | (pl.lit(value=best.is_empty())))
    cell = ["method", *by, *(["gain"] if gains else [])]
    table = pairs.group_by(cell).agg(
        people=pl.len(),
        power=pl.mean("hit"),
        oracle=pl.mean("best"),
        enough=pl.mean("enough"),
        spread=((pl.col("hit") - pl.col("best") * pl.mean("hit") / pl.mean("best")) ** 2).mean(),
    )
    n = pl.col("people")
    return (
        table.with_columns(
            power_se=(pl.col("power") * (1 - pl.col("power")) / n).sqrt(),
            ratio=pl.col("power") / pl.col("oracle"),
            ratio_se=(pl.col("spread") / n).sqrt() / pl.col("oracle"),
        )
        .drop("spread")
        .sort(cell)
    )


def plateaus(rows: pl.DataFrame, by: tuple[str, ...] = ("method", "generator", "schedule")) -> pl.DataFrame:
    """Of people who truly lost under 1 point in the last so many months, the share found at 5 % false calls.

    The cut is the smallest that at most 5 % of those who truly lost 3 points or more exceed.

    Returns:
        `by`, `months`, `losing`, `flat`, `cut`, `sensitivity`, `sensitivity_se` (of both groups' sizes).
    """
    found = []
    for months in WINDOWS:
        known = rows.filter(pl.col(f"loss_{months}").is_finite() & pl.col(f"p_flat_{months}").is_finite())
        for key, some in known.group_by(*by, maintain_order=True):
            lost, score = some[f"loss_{months}"].to_numpy(), some[f"p_flat_{months}"].to_numpy()
            found.append(dict(zip(by, key, strict=True)) | {"months": months} | _sensitivity(lost, score))
    return pl.DataFrame(found, infer_schema_length=None).sort(*by, "months") if found else pl.DataFrame()


def _sensitivity(lost: np.ndarray, score: np.ndarray) -> dict[str, float]:
    losing, flat = np.sort(score[lost >= LOSING_FROM]), score[lost < FLAT_UNDER]
    if losing.size < 1.0 / FALSE_CALLS or flat.size == 0:
        nothing = float("nan")
        return {
            "losing": losing.size,
            "flat": flat.size,
            "cut": nothing,
            "sensitivity": nothing,
            "sensitivity_se": nothing,
        }
    index = losing.size - 1 - int(FALSE_CALLS * losing.size)
    share = float((flat > losing[index]).mean())
    # The cut is uncertain as well: what it would be one standard error of its rank away.
    off = max(int(np.sqrt(FALSE_CALLS * (1 - FALSE_CALLS) * losing.size)), 1)
    low, high = (float((flat > losing[min(max(index + way * off, 0), losing.size - 1)]).mean()) for way in (1, -1))
    error = np.sqrt(share * (1 - share) / flat.size + ((high - low) / 2) ** 2)
    return {
        "losing": losing.size,
        "flat": flat.size,
        "cut": float(losing[index]),
        "sensitivity": share,
        "sensitivity_se": float(error),
    }


EVENTS: Final = {
    "p_gain_4": ("held_6", TRUE_FROM, True),
    "p_gain_12": ("held_12", TRUE_FROM, True),
    "lfdr": ("held_6", FALSE_UNDER, False),
    **{f"p_flat_{months}": (f"loss_{months}", FLAT_UNDER, False) for months in WINDOWS},
}
"""Probability, the truth it is about, the threshold, and whether it is of reaching it."""


def calibration(rows: pl.DataFrame, by: tuple[str, ...] = ("method", "generator")) -> pl.DataFrame:
    """How far probabilities are from frequencies, in ten equal bins; methods that rank without them are left out.

    Returns:
        `by`, `probability`, `people`, `error` (expected calibration error) and `error_noise` (what a calibrated method
        would show of it by chance), `worst_z` (largest bin's distance in standard errors of a calibrated method),
        `sure` (people above 0.9), `sure_excess` (mean probability minus frequency among them) and `sure_se`.
    """
    found = []
    for name, (about, edge, reached) in EVENTS.items():
        known = rows.filter(pl.col(name).is_finite() & pl.col(about).is_finite())
        for key, some in known.group_by(*by, maintain_order=True):
            if not some[name].is_between(0.0, 1.0).all():
                continue
            truth = some[about].to_numpy() >= edge
            measured = _calibration(some[name].to_numpy(), truth if reached else ~truth)
            found.append(dict(zip(by, key, strict=True)) | {"probability": name} | measured)
    return pl.DataFrame(found, infer_schema_length=None).sort(*by, "probability") if found else pl.DataFrame()


def _calibration(probability: np.ndarray, happened: np.ndarray) -> dict[str, float]:
    index = np.minimum((probability * BINS).astype(int), BINS - 1)
    count = np.bincount(index, minlength=BINS)
    said = np.bincount(index, probability, BINS)
    was = np.bincount(index, happened, BINS)
    variance = np.bincount(index, probability * (1 - probability), BINS)
    full = count > 0
    z = np.abs(said - was)[full] / np.sqrt(np.maximum(variance[full], 1e-3))
    sure = probability > SURE
    excess = float((probability[sure] - happened[sure]).mean()) if sure.any() else float("nan")
    error = np.sqrt((probability[sure] * (1 - probability[sure])).sum()) / max(int(sure.sum()), 1)
    return {
        "people": probability.size,
        "error": float(np.abs(said - was).sum() / probability.size),
        "error_noise": float(np.sqrt(variance * 2 / np.pi).sum() / probability.size),
        "worst_z": float(z.max()),
        "sure": int(sure.sum()),
        "sure_excess": excess,
        "sure_se": float(error),
    }


def with_interval(table: pl.DataFrame, hits: str, of: str, name: str) -> pl.DataFrame:
    """A share and its 95 % Wilson interval beside the counts; nan without any."""
    low, high = wilson(table[hits].to_numpy(), table[of].to_numpy())
    return table.with_columns(
        (pl.col(hits) / pl.col(of)).alias(name), pl.Series(f"{name}_low", low), pl.Series(f"{name}_high", high)
    )


def markdown(table: pl.DataFrame) -> str:
    """The table as Markdown, three significant digits."""
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * table.width]
    for row in table.iter_rows():
        cells = ["" if v is None else f"{v:.3g}" if isinstance(v, float) else str(v) for v in row]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
