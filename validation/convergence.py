"""Does every model end its fit on cohorts that its own generator did not make?

Each model is fitted to the example cohort and to five simulated cohorts of 300 people: the mechanism, courses that fall
in steps, courses with dips, lines rated with heavy tails, and courses that bend after a plateau. A fit that takes
more than 10 s of one core runs again, so that its time is without compilation. `convergence.csv` has one row a model
and cohort.

    python -m validation.convergence [MODEL ...]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from alsight.base.status import ADVICE, Status
from alsight.cohort.cohort import Cohort
from alsight.cohort.example import example_cohort
from alsight.cohort.scores import scored_visits
from alsight.infer.engines import ENGINES
from alsight.infer.fit import Fit
from alsight.infer.forecast.tables import tables_of
from alsight.models.latent.items import ONE, Items
from alsight.models.latent.mixture import Mixture
from alsight.models.latent.velocity import Velocity
from alsight.population.blocks import simulate_cohort
from alsight.population.spec import Population

RESULT: Final = Path(__file__).with_suffix(".csv")
PEOPLE: Final = 300
SLOTS: Final = 6
"""Planned visits of the marginal model: the first ones."""
LONG: Final = 10.0
"""Seconds of one core within which every fit should end."""
ITEMS: Final = Items(traits=ONE)


@dataclass(frozen=True)
class Tables:
    """What the models read: one row a visit, and one row a person."""

    visits: pl.DataFrame
    people: pl.DataFrame


def cohort_tables(cohort: Cohort) -> Tables:
    """Tables of a cohort, those with age, site of onset and follow-up."""
    joint = tables_of(cohort)
    scored = scored_visits(cohort).filter(pl.col("scale") == "alsfrs_r", pl.col("alsfrs_r_total").is_not_null())
    scored = scored.with_columns(total=pl.col("alsfrs_r_total").cast(pl.Float64))
    visits = scored.join(joint.people.select("subject", "end", "bulbar"), on="subject", maintain_order="left")
    inside = (pl.col("months") >= 0) & (pl.col("months") <= pl.col("end"))
    visits = visits.filter(inside).select("subject", "months", "months_since_onset", "total", "bulbar", *ITEMS.items)
    return Tables(visits, joint.people.filter(pl.col("subject").is_in(visits["subject"].unique().implode())))


def drawn_tables(kind: str, people: int = PEOPLE, seed: int = 1) -> Tables:
    """People whose true courses and ratings follow one of `KINDS`, rated every two months for two years."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    months = 2.0 * np.arange(13) + rng.uniform(-0.4, 0.4, (people, 13)) * (np.arange(13) > 0)
    bulbar = (rng.random(people) < 0.3).astype(float)
    slope = np.exp(rng.normal(np.log(0.7) + 0.3 * bulbar, 0.6))
    level = np.clip(rng.normal(39.0, 4.0, people), 20.0, 48.0)
    loss, noise = KINDS[kind](rng, months, slope)
    hazard = 0.012 * (slope / 0.7) ** 0.8
    died = rng.exponential(1 / hazard)
    left = rng.uniform(14.0, 40.0, people)
    end = np.minimum(np.minimum(died, left), 25.0)
    truth = np.clip(level[:, None] - loss, 0.0, 48.0)
    # Twelve items share the loss unevenly, each rated on its own.
    share = rng.dirichlet(np.full(12, 6.0), people)[:, None, :]
    items = np.rint(np.clip(4 - (48 - truth)[..., None] * share + noise, 0, 4))
    onset = rng.uniform(6.0, 24.0, people)
    present = months <= end[:, None]
    columns: dict[str, Any] = {
        "subject": np.repeat(np.arange(people), 13),
        "months": months.ravel(),
        "months_since_onset": (months + onset[:, None]).ravel(),
        "total": items.sum(axis=2).ravel(),
        "bulbar": np.repeat(bulbar, 13),
    }
    columns |= {name: items[..., k].ravel() for k, name in enumerate(ITEMS.items)}
    visits = pl.DataFrame(columns).filter(pl.Series(present.ravel()))
    happened = ((died <= left) & (died <= 25.0)).astype(float)
    age = rng.normal(60.0, 10.0, people)
    who = np.arange(people)
    table = {"subject": who, "end": end, "event": happened, "age_at_entry_years": age, "bulbar": bulbar}
    known = pl.col("subject").is_in(visits["subject"].unique().implode())
    return Tables(visits, pl.DataFrame(table).filter(known))


def _noise(rng: np.random.Generator, months: np.ndarray, size: float = 0.35) -> np.ndarray:
    return rng.normal(0.0, size, (*months.shape, 12))


def _steps(rng: np.random.Generator, months: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    falls = rng.poisson(slope[:, None] * np.diff(months, axis=1, prepend=0.0).clip(0.0) / 3.0)
    return 3.0 * np.cumsum(falls, axis=1), _noise(rng, months)


def _dips(rng: np.random.Generator, months: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    dip = (rng.random(months.shape) < 0.1) * rng.exponential(5.0, months.shape)
    return slope[:, None] * months + dip, _noise(rng, months)


def _tails(rng: np.random.Generator, months: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    together = 0.08 * rng.standard_t(2.5, (*months.shape, 1))
    return slope[:, None] * months, _noise(rng, months, 0.3) + together


def _bends(rng: np.random.Generator, months: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    begin = rng.uniform(0.0, 16.0, len(slope))[:, None]
    length = rng.uniform(3.0, 9.0, len(slope))[:, None]
    return slope[:, None] * (months - np.clip(months - begin, 0.0, length)), _noise(rng, months)


KINDS: Final[dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]]] = {
    "steps": _steps,
    "dips": _dips,
    "tails": _tails,
    "bends": _bends,
}
"""Generators of (loss, noise of each item) from random numbers, visit times and slopes."""

COHORTS: Final[dict[str, Callable[[], Tables]]] = {
    "example": lambda: cohort_tables(example_cohort()),
    "mechanism": lambda: cohort_tables(simulate_cohort(Population(size=PEOPLE, seed=7))[0]),
    **{kind: (lambda kind=kind: drawn_tables(kind)) for kind in KINDS},
}
"""Cohort by its name."""


def _planned(tables: Tables) -> pl.DataFrame:
    slot = pl.int_range(pl.len()).over("subject") + 1
    numbered = tables.visits.sort("subject", "months").with_columns(slot=slot).filter(pl.col("slot") <= SLOTS)
    return numbered.with_columns(slot=pl.col("slot").cast(pl.String))


FITS: Final[dict[str, Callable[[Tables], Fit]]] = {
    "linear": lambda t: ENGINES["linear"].fit(t.visits, "total ~ months * bulbar", random="~ months"),
    "marginal": lambda t: ENGINES["marginal"].fit(_planned(t), "total ~ slot + bulbar", visit="slot"),
    "cox": lambda t: ENGINES["cox"].fit(t.people, "~ age_at_entry_years + bulbar", time="end", event="event"),
    "joint": lambda t: ENGINES["joint"].fit(
        t.visits, t.people, "total ~ months", random="~ months", hazard="~ age_at_entry_years + bulbar"
    ),
    "velocity": lambda t: ENGINES["velocity"].fit(t.visits, outcome="total", rate="~ bulbar", model=Velocity()),
    "sigmoid": lambda t: ENGINES["sigmoid"].fit(t.visits, outcome="total"),
    "mixture": lambda t: ENGINES["mixture"].fit(t.visits, "total ~ months", model=Mixture(classes=2)),
    "items": lambda t: ENGINES["items"].fit(t.visits, model=ITEMS),
}
"""One fit of each model of `ENGINES`."""


def measured(model: str, cohort: str, tables: Tables) -> dict[str, Any]:
    """One row of the result."""
    for _ in range(2):
        cpu = time.process_time()
        fit = FITS[model](tables)
        cpu = time.process_time() - cpu
        if cpu < LONG:
            break
    status = Status(int(fit.status))
    why = "" if status == Status.CONVERGED else " ".join([ADVICE[status], *fit.record.notes])
    row: dict[str, Any] = {"model": model, "cohort": cohort, "people": tables.people.height}
    row |= {
        "status": status.name.lower(),
        "steps": int(fit.steps),
        "log_likelihood": round(float(fit.log_likelihood), 3),
    }
    return row | {"cpu_seconds": round(cpu, 2), "note": why}


def main(models: list[str]) -> None:
    """Fit everything, or the named models, and write each row as it comes."""
    schema = {"model": pl.String, "cohort": pl.String, "people": pl.Int64, "status": pl.String, "steps": pl.Int64}
    schema |= {"log_likelihood": pl.Float64, "cpu_seconds": pl.Float64, "note": pl.String}
    rows = pl.read_csv(RESULT, schema=schema).to_dicts() if RESULT.exists() else []
    for cohort, make in COHORTS.items():
        tables = make()
        for model in models or FITS:
            row = measured(model, cohort, tables)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
            others = [one for one in rows if (one["model"], one["cohort"]) != (model, cohort)]
            rows = sorted([*others, row], key=lambda one: (list(FITS).index(one["model"]), one["cohort"]))
            pl.DataFrame(rows, schema=schema).write_csv(RESULT)


if __name__ == "__main__":
    main(sys.argv[1:])
