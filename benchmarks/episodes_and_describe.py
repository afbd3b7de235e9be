"""Seconds for all episode definitions and for the description of a cohort, beside plain loops and lifelines.

python -m benchmarks.episodes_and_describe [--people 12000]

Plain loops run on the first 300 people and are scaled up by people.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
from lifelines import KaplanMeierFitter

from alsight.cohort.cohort import Cohort, select
from alsight.cohort.tables import EVENTS, SUBJECTS, VISITS
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import episode_frame, judge
from alsight.episodes.rates import disagreement_frame, rate_frame
from alsight.instruments.items import TWELVE
from alsight.summary.cohort import describe_cohort
from alsight.summary.survival import kaplan_meier
from episodes import naive

VISITS_EACH = 8.4
LOOPED = 300


def _declared(frame: pl.DataFrame, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    supplied = set(frame.columns)
    return frame.select(
        (pl.col(name) if name in supplied else pl.lit(None)).cast(kind).alias(name) for name, kind in schema.items()
    )


def cohort(people: int, seed: int = 1) -> Cohort:
    """People seen about every 91 days, rated item by item, two in five dead at the end."""
    random = np.random.default_rng(seed)
    count = random.poisson(VISITS_EACH - 1, people) + 1
    who = np.repeat(np.arange(people), count)
    index = np.arange(who.size) - np.repeat(np.cumsum(count) - count, count)
    day = index * 91 + random.integers(-8, 9, who.size) * (index > 0)
    level = random.normal(38, 5, people)[who] - random.gamma(2, 0.45, people)[who] * day / 30.4
    scores = np.clip(np.rint(level[:, None] / 12 + random.normal(0, 0.5, (who.size, 12))), 0, 4)
    names = pl.Series("subject", np.arange(people)).cast(pl.String).str.zfill(8)
    items = {name: scores[:, column] for column, name in enumerate(TWELVE)}
    items["q5a_cutting_without_gastrostomy"] = items.pop("q5_cutting")
    visits = pl.DataFrame({"subject": names.gather(who), "day": day, **items, "alsfrs_r_total": scores.sum(axis=1)})
    subjects = pl.DataFrame({"subject": names, "onset_day": -random.integers(60, 900, people)}).with_columns(
        entry=pl.lit("first_visit"), age_at_onset_years=pl.Series(np.clip(random.normal(63, 10, people), 20, 95))
    )
    last, dead = day[np.cumsum(count) - 1], random.random(people) < 0.4
    events = pl.DataFrame({"subject": names.filter(pl.Series(dead)), "day": last[dead] + 40}).with_columns(
        event=pl.lit("death")
    )
    return Cohort(
        subjects=_declared(subjects, SUBJECTS.schema),
        visits=_declared(visits.with_columns(scale=pl.lit("alsfrs_r")), VISITS.schema).sort("subject", "day"),
        events=_declared(events, EVENTS.schema),
    )


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Best of a few runs."""
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def episodes(some: Cohort) -> None:
    assessed = judge(some)
    episode_frame(assessed)
    rate_frame(assessed)
    disagreement_frame(assessed)


def loops(some: Cohort) -> None:
    deaths = {name: [(day, "death")] for name, day in some.events.select("subject", "day").iter_rows()}
    for (name,), rated in some.visits.group_by("subject"):
        visits = list(rated.select("day", "alsfrs_r_total").iter_rows())
        person = naive.Person({"alsfrs_r": visits}, deaths.get(str(name), []))
        for rule in DEFINITIONS:
            naive.judge(person, rule)


def survival(people: int) -> tuple[float, float]:
    random = np.random.default_rng(3)
    entry = random.uniform(0, 12, people)
    time_, event = entry + random.exponential(30, people), random.random(people) < 0.6
    ours = seconds(lambda: kaplan_meier(time_, event, entry))
    return ours, seconds(lambda: KaplanMeierFitter().fit(time_, event, entry=entry))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=12_000)
    people = parser.parse_args().people
    whole = cohort(people)
    found = seconds(lambda: episodes(whole))
    some = select(whole, whole.subjects["subject"].head(LOOPED))
    slow = seconds(lambda: loops(some), times=1) * people / LOOPED
    print(f"{people:,} people, {whole.visits.height:,} visits, {len(DEFINITIONS)} definitions")
    print(f"episodes, rates, disagreement: {found:.2f} s; plain loops {slow:.0f} s; ratio {slow / found:.0f}")
    print(f"describe: {seconds(lambda: describe_cohort(whole)):.2f} s")
    ours, other = survival(people)
    print(f"Kaplan-Meier with late entry: {ours:.4f} s; lifelines {other:.3f} s; ratio {other / ours:.0f}")
    for factor in (2, 4):
        taken = seconds(partial(episodes, cohort(people * factor)))
        print(f"{factor} times the people: episodes {taken / found:.1f} times as long")


if __name__ == "__main__":
    main()
