"""Plant artefacts, symptomatic gains, dips and true recoveries into simulated cohorts: what is named, and what falsely.

    python -m validation.causes [--people 3000] [--seed 11]

Cohorts come from the shipped ensemble of the mechanism, with its own dips, reliefs and remote shifts switched off, so
that what is planted is all there is; care and its drugs are recorded all the same, illnesses without effect, raters and
modes that change without effect are added. Every planted person carries one plant, which counts where there was a rise
to be explained: the total rose by 4 points or more, or the items in question by 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from alsight.calibrate.ensemble import ensemble
from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import DOSES, EVENTS, VISITS
from alsight.detect.causes.explain import Explained, explain
from alsight.detect.causes.rules import DEFAULT, CauseRules
from alsight.instruments.items import CUTTING, TWELVE
from alsight.population.blocks import simulate_cohort
from alsight.population.spec import FollowUp, People, Population, Schedule

QUIET: Final = {
    "dip_per_month": 0.0,
    "niv_relief": 0.0,
    "saliva_relief": 0.0,
    "spasticity_relief": 0.0,
    "fasteners_relief": 0.0,
    "remote_sd": 0.0,
}
SCHEDULES: Final = {"monthly": (1.0, 1.0, 24.0), "3-monthly": (3.0, 1.0, 36.0), "irregular": (1.0, 0.35, 36.0)}
"""Months between planned visits, share kept, months of follow-up."""

RISE: Final = 4.0
"""Least rise of the total seen where a plant counts [points]: what a verdict might take for a gain."""


@dataclass(frozen=True)
class Base:
    """A cohort as flat arrays: items by visit, person, place of the visit, and the people fit for a plant."""

    cohort: Cohort
    items: np.ndarray
    person: np.ndarray
    place: np.ndarray
    count: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class Planted:
    """A cohort with plants: the visits each touched, by how much, and the days it spans."""

    cohort: Cohort
    people: np.ndarray
    touched: np.ndarray
    size: np.ndarray
    first: np.ndarray
    last: np.ndarray


def base(schedule: str, people: int, seed: int) -> Base:
    every, share, months = SCHEDULES[schedule]
    members = ensemble().members
    parameters = {**members[seed % len(members)].parameters, **QUIET}
    population = Population(
        size=people,
        seed=seed,
        people=People(parameters=parameters),
        follow_up=FollowUp(months=months, telephone=0.15, schedule=Schedule(rating=every, capacity=0, weight=0)),
    )
    cohort, _ = simulate_cohort(population, workers=2)
    rng = np.random.default_rng(seed)
    visits = cohort.visits
    if share < 1.0:
        keep = (rng.random(visits.height) < share) | (visits["day"] == 0).to_numpy()
        visits = visits.filter(pl.Series(keep))
    raters = rng.integers(0, 3, visits.height).astype(str)
    sticky = np.maximum.accumulate(np.where(rng.random(visits.height) < 0.2, np.arange(visits.height), 0))
    visits = visits.with_columns(rater=pl.Series(raters[sticky]))
    illness = (
        cohort.subjects.select("subject")
        .sample(fraction=0.2, seed=seed)
        .with_columns(
            day=pl.Series(rng.integers(30, int(months * 30), int(people * 0.2))).cast(pl.Int32),
            event=pl.lit("infection"),
            end_day=pl.lit(None, pl.Int32),
            detail=pl.lit(None, pl.String),
        )
    )
    events = pl.concat([cohort.events, illness.select(EVENTS.schema.keys())]).sort("subject", "day")
    cohort = replace(cohort, visits=visits, events=events)
    frame = visits.join(cohort.subjects.select("subject").with_row_index("person"), on="subject", maintain_order="left")
    person = frame["person"].to_numpy().astype(int)
    count = np.bincount(person, minlength=people)
    first = np.cumsum(count) - count
    items = visits.select(
        (pl.coalesce(CUTTING) if n == "q5_cutting" else pl.col(n)).cast(pl.Float64) for n in TWELVE
    ).to_numpy()
    return Base(cohort, items, person, np.arange(person.size) - first[person], count, visits["day"].to_numpy())


def moved(base: Base, shift: np.ndarray, rng: np.random.Generator, allowed: tuple[str, ...] = ()) -> np.ndarray:
    """Items moved by whole points, one at a time in an order of each person's own, as far as there is room."""
    names = allowed or tuple(n for n in TWELVE if n not in ("q5_cutting", "q12_respiratory_insufficiency"))
    columns = [TWELVE.index(n) for n in names]
    items = base.items.copy()
    part = items[:, columns]
    priority = rng.random((base.count.size, len(columns)))[base.person]
    left = np.rint(shift)
    for step in range(int(np.abs(left).max(initial=0)) * 1):
        going = np.abs(left) > step
        up = left > 0
        room = np.where(up[:, None], part < 4.0, part > 0.0)
        order = np.where(room, priority - 0.35 * np.abs(part - base.items[:, columns]), -9.0)
        best = order.argmax(axis=1)
        can = going & room[np.arange(best.size), best]
        part[np.flatnonzero(can), best[can]] += np.sign(left[can])
    items[:, columns] = part
    return items


def with_items(base: Base, items: np.ndarray, **columns: pl.Series) -> Cohort:
    frame = base.cohort.visits
    fed = frame[CUTTING[1]].is_not_null()
    five = pl.Series(items[:, TWELVE.index("q5_cutting")])
    if "fed" in columns:
        fed = columns.pop("fed")
    new = {n: pl.Series(items[:, k]).cast(pl.Float32) for k, n in enumerate(TWELVE) if n != "q5_cutting"}
    empty = pl.repeat(None, frame.height, dtype=pl.Float64, eager=True)
    new[CUTTING[0]], new[CUTTING[1]] = five.zip_with(~fed, empty), five.zip_with(fed, empty)
    new["alsfrs_r_total"] = pl.Series(items.sum(axis=1))
    frame = frame.with_columns(**{**new, **columns}).select(pl.col(n).cast(t) for n, t in VISITS.schema.items())
    return replace(base.cohort, visits=frame)


def totals_only(cohort: Cohort) -> Cohort:
    names = [n for n in VISITS.schema if n.startswith("q")]
    return replace(cohort, visits=cohort.visits.with_columns(pl.lit(None, pl.Float32).alias(n) for n in names))


def where_to(base: Base, rng: np.random.Generator, before: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    """For each person a visit with so many before and after it, -1 where there is none; and half of the people."""
    room = base.count - before - after
    start = np.where(room > 0, before + np.floor(rng.random(base.count.size) * np.maximum(room, 1)).astype(int), -1)
    return np.where(rng.random(base.count.size) < 0.5, start, -1), base.count


def planted(
    base: Base, cohort: Cohort, items: np.ndarray, touched: np.ndarray, least: float, names: tuple[str, ...] = ()
) -> Planted:
    """The people whose score the plant really moved by so much, and made a rise to be explained."""
    moved_by = np.where(touched, items.sum(axis=1) - base.items.sum(axis=1), 0.0)
    plant = spans(base, cohort, touched, moved_by, least)
    observed = items[:, [TWELVE.index(n) for n in names or TWELVE]].sum(axis=1)
    return replace(plant, people=plant.people & (risen(base, touched, moved_by, observed) >= (1.0 if names else RISE)))


def risen(base: Base, touched: np.ndarray, moved_by: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """What each person's score was seen to rise by: to the first touched visits, or from the nadir of a dip back."""
    falls = bool(moved_by[touched].mean() < 0.0)
    size, place = base.count.size, np.arange(touched.size)
    first, last = np.full(size, place.size), np.full(size, -1)
    np.minimum.at(first, base.person[touched], place[touched])
    np.maximum.at(last, base.person[touched], place[touched])
    there = np.flatnonzero(last >= 0)
    end = (np.cumsum(base.count) - 1)[there]
    low = np.full(size, np.inf)
    np.minimum.at(low, base.person[touched], observed[touched])
    after = last[there] + 1 if falls else first[there]
    before = low[there] if falls else observed[np.maximum(first[there] - 1, 0)]
    reached = np.maximum(observed[np.minimum(after, end)], observed[np.minimum(after + 1, end)])
    rise = np.full(size, -np.inf)
    rise[there] = np.where(after <= end, reached - before, -np.inf)
    return rise


def spans(base: Base, cohort: Cohort, touched: np.ndarray, moved_by: np.ndarray, least: float) -> Planted:
    size = np.zeros(base.count.size)
    np.maximum.at(size, base.person[touched], np.abs(moved_by[touched]))
    first, last = np.full(base.count.size, 1 << 30), np.full(base.count.size, -(1 << 30))
    np.minimum.at(first, base.person[touched], base.day[touched])
    np.maximum.at(last, base.person[touched], base.day[touched])
    people = (size >= least) & (last >= first)
    return Planted(cohort, people, touched, size, first, last)


def step(base: Base, rng: np.random.Generator, low: int, high: int, names: tuple[str, ...] = ()) -> tuple:
    start, _ = where_to(base, rng, 3, 2)
    on = (start[base.person] >= 0) & (base.place >= start[base.person])
    size = rng.integers(low, high + 1, base.count.size)
    return start, on, moved(base, np.where(on, size[base.person], 0), rng, names)


def rater(base: Base, rng: np.random.Generator) -> Planted:
    _, on, items = step(base, rng, 5, 9)
    cohort = with_items(base, items, rater=pl.Series(np.where(on, "new", "old")))
    return planted(base, cohort, items, on, 5)


def mode(base: Base, rng: np.random.Generator) -> Planted:
    _, on, items = step(base, rng, 5, 9)
    quiet = pl.Series(np.where(on, "telephone", "in_person"))
    return planted(base, with_items(base, items, mode=quiet), items, on, 5)


def responder(base: Base, rng: np.random.Generator) -> Planted:
    _, on, items = step(base, rng, 5, 9)
    said = pl.Series(np.where(on, "caregiver", "self"))
    return planted(base, with_items(base, items, responder=said), items, on, 5)


def five(base: Base, rng: np.random.Generator) -> Planted:
    start, on, items = step(base, rng, 1, 3, ("q5_cutting",))
    fed = pl.Series(np.where(start[base.person] >= 0, on, base.cohort.visits[CUTTING[1]].is_not_null().to_numpy()))
    cohort = with_items(base, items, fed=fed)
    return planted(base, cohort, items, on, 1, ("q5_cutting",))


def twelve(base: Base, rng: np.random.Generator) -> Planted:
    start, on, _ = step(base, rng, 0, 0)
    items = base.items.copy()
    r3, mine = TWELVE.index("q12_respiratory_insufficiency"), start[base.person] >= 0
    raised = np.where(on, 4.0, 2.0)
    items[mine, r3] = raised[mine]
    stop = rows_at(base, start, "niv_stop")
    cohort = with_items(base, items)
    cohort = replace(cohort, events=pl.concat([cohort.events, stop]).sort("subject", "day"))
    return spans(base, cohort, on, np.where(on, 2.0, 0.0), 1)


def rows_at(base: Base, start: np.ndarray, event: str, back: int = 5) -> pl.DataFrame:
    """One event a person some days before a visit."""
    there = np.flatnonzero(base.place == start[base.person])
    return pl.DataFrame(
        {
            "subject": base.cohort.visits["subject"].gather(there),
            "day": base.day[there] - back,
            "event": event,
            "end_day": None,
            "detail": None,
        },
        schema=EVENTS.schema,
    )


def outlier(base: Base, rng: np.random.Generator) -> Planted:
    start, _ = where_to(base, rng, 3, 3)
    on = base.place == start[base.person]
    items = moved(base, np.where(on, rng.integers(8, 15, on.size), 0), rng)
    return planted(base, with_items(base, items), items, on, 8)


def slip(base: Base, rng: np.random.Generator) -> Planted:
    start, _ = where_to(base, rng, 3, 3)
    total = base.items.sum(axis=1)
    text = total.astype(int).astype(str)
    wrong = np.array([t[::-1] if len(t) == 2 else t * 2 for t in text]).astype(float)
    cut = np.array([t[0] for t in text]).astype(float)
    wrong = np.where((rng.random(wrong.size) < 0.3) | (wrong > 48), cut, wrong)
    on = (base.place == start[base.person]) & (np.abs(wrong - total) >= 8)
    cohort = totals_only(base.cohort)
    shown = pl.Series(np.where(on, wrong, total)).cast(pl.Float32)
    cohort = replace(cohort, visits=cohort.visits.with_columns(alsfrs_r_total=shown, total_recorded=shown))
    return spans(base, cohort, on, np.where(on, wrong - total, 0.0), 8)


def dates(base: Base, rng: np.random.Generator) -> Planted:
    start, _ = where_to(base, rng, 2, 1)
    on = base.place == start[base.person]
    at = np.flatnonzero(on)
    order = np.arange(base.person.size)
    order[at], order[at - 1] = at - 1, at
    days = base.cohort.visits["day"]
    visits = base.cohort.visits[order].with_columns(day=days)
    total = base.items.sum(axis=1)
    return spans(base, replace(base.cohort, visits=visits), on, np.where(on, total[order] - total, 0.0), 0)


def scale(base: Base, rng: np.random.Generator) -> Planted:
    start, _ = where_to(base, rng, 2, 3)
    early = (start[base.person] >= 0) & (base.place < start[base.person])
    visits = base.cohort.visits
    breathing = pl.col("q10_dyspnea")
    is_early = pl.Series(early)
    ten = base.items[:, :10].sum(axis=1)
    visits = visits.with_columns(
        scale=pl.when(is_early).then(pl.lit("alsfrs")).otherwise("scale"),
        q10_respiratory=pl.when(is_early).then(breathing),
        alsfrs_total=pl.when(is_early).then(pl.Series(ten)).cast(pl.Float32),
        **{n: pl.when(~is_early).then(pl.col(n)) for n in (*TWELVE[9:], "alsfrs_r_total")},
    )
    on = base.place == start[base.person]
    jump = base.items.sum(axis=1) - np.roll(ten, 1)
    return spans(base, replace(base.cohort, visits=visits), on, np.where(on, np.maximum(jump, 0.0), 0.0), 1)


def treatment(name: str, items_named: tuple[str, ...], low: int, high: int) -> Callable[..., Planted]:
    def plant(base: Base, rng: np.random.Generator) -> Planted:
        start, on, items = step(base, rng, low, high, items_named)
        cohort = with_items(base, items)
        there = np.flatnonzero(base.place == start[base.person])
        dose = pl.DataFrame(
            {
                "subject": base.cohort.visits["subject"].gather(there),
                "day": base.day[there] - 5,
                "end_day": None,
                "treatment": name,
                "kind": "symptomatic",
                "dose": None,
                "dose_unit": None,
                "blinded": False,
            },
            schema=DOSES.schema,
        )
        if name == "niv":
            started = rows_at(base, start, "niv_start")
            cohort = replace(cohort, events=pl.concat([cohort.events, started]).sort("subject", "day"))
        else:
            cohort = replace(cohort, doses=pl.concat([cohort.doses, dose]).sort("subject", "day"))
        return planted(base, cohort, items, on, low, items_named)

    return plant


def dip(recorded: bool, low: int, high: int) -> Callable[..., Planted]:
    def plant(base: Base, rng: np.random.Generator) -> Planted:
        start, _ = where_to(base, rng, 2, 2)
        begin = np.full(base.count.size, 1 << 20)
        at = base.place == start[base.person]
        begin[base.person[at]] = base.day[at]
        lasts = rng.uniform(60.0, 150.0, base.count.size)
        since = base.day - begin[base.person]
        depth = rng.integers(low, high + 1, base.count.size)[base.person]
        part = np.clip(1.5 * (1.0 - since / lasts[base.person]), 0.0, 1.0)
        shift = np.where((since >= 0) & (start[base.person] >= 0), -np.rint(depth * part), 0.0)
        items = moved(base, shift, rng)
        cohort = with_items(base, items)
        if recorded:
            ill = rows_at(base, start, "infection")
            cohort = replace(cohort, events=pl.concat([cohort.events, ill]).sort("subject", "day"))
        return planted(base, cohort, items, shift < 0, low)

    return plant


def recovery(gain: int) -> Callable[..., Planted]:
    def plant(base: Base, rng: np.random.Generator) -> Planted:
        start, _ = where_to(base, rng, 3, 4)
        at = base.place == start[base.person]
        first = np.flatnonzero(at)
        begin, total = np.full(base.count.size, 1 << 20), base.items.sum(axis=1)
        begin[base.person[first]] = base.day[first]
        # A gain counts from the highest of the three visits before it, and the fall stops: what is gained is held.
        from_, level = np.zeros(base.count.size), np.full(base.count.size, np.inf)
        from_[base.person[first]] = total[first - 1]
        level[base.person[first]] = np.max([total[first - back] for back in (1, 2, 3)], axis=0)
        ramp = rng.uniform(30.0, 180.0, base.count.size)[base.person]
        since = base.day - begin[base.person]
        part = np.clip((since + 15) / ramp, 0.0, 1.0)
        reach = np.where(np.isfinite(level) & (level + gain <= 46.0), level + gain - from_, np.nan)
        target = from_[base.person] + reach[base.person] * part
        on = (since >= 0) & np.isfinite(target)
        noise = rng.normal(0.0, 1.2, total.size)
        shift = np.where(on, np.rint(target + noise - total), 0.0)
        items = moved(base, shift, rng)
        return planted(base, with_items(base, items), items, on, gain)

    return plant


CHANGED: Final = ("rater", "mode", "responder", "outlying_visit")
BULBAR: Final = ("q1_speech", "q2_salivation", "q3_swallowing")
LEGS: Final = ("q6_dressing_and_hygiene", "q7_turning_in_bed", "q8_walking", "q9_climbing_stairs")
PLANTS: Final[dict[str, tuple[str, tuple[str, ...], Callable[..., Planted], bool]]] = {
    "item 5, 5a to 5b": ("artefact", ("item_5",), five, False),
    "item 12, ventilation stopped": ("artefact", ("item_12", "ventilation_stopped"), twelve, False),
    "rater, +5 to 9": ("artefact", CHANGED, rater, True),
    "mode, +5 to 9": ("artefact", CHANGED, mode, True),
    "responder, +5 to 9": ("artefact", CHANGED, responder, True),
    "scale": ("artefact", ("scale",), scale, False),
    "one visit, +8 to 14": ("artefact", ("outlying_visit", "data_slip"), outlier, True),
    "slip of digits, 8 or more": ("artefact", ("data_slip", "outlying_visit"), slip, False),
    "exchanged dates": ("artefact", ("exchanged_dates",), dates, True),
    "saliva drug, +1 to 2": ("symptomatic", ("saliva",), treatment("glycopyrronium", ("q2_salivation",), 1, 2), False),
    "ventilation, +1 to 3": (
        "symptomatic",
        ("ventilation",),
        treatment("niv", ("q10_dyspnea", "q11_orthopnea"), 1, 3),
        False,
    ),
    "dextromethorphan, +1 to 3": (
        "symptomatic",
        ("dextromethorphan_quinidine",),
        treatment("dextromethorphan/quinidine", BULBAR, 1, 3),
        False,
    ),
    "baclofen, +2 to 4": ("symptomatic", ("spasticity",), treatment("baclofen", LEGS, 2, 4), False),
    "dip of 4 to 7, recorded": ("dip", (), dip(True, 4, 7), True),
    "dip of 8 to 12, recorded": ("dip", (), dip(True, 8, 12), True),
    "dip of 4 to 7, no record": ("dip", (), dip(False, 4, 7), True),
    "dip of 8 to 12, no record": ("dip", (), dip(False, 8, 12), True),
}
"""Plant: cause that must be named, rules that count, how it is planted, whether it can be seen in totals alone."""


def named(base: Base, plant: Planted, reported: Explained, cause: str, rules: tuple[str, ...]) -> float:
    """Share of planted people with a row of the right cause that reaches into the planted days."""
    rows = reported.causes.filter(pl.col("cause") == cause)
    if rules:
        rows = rows.filter(pl.col("rule").is_in(rules))
    people = base.cohort.subjects["subject"]
    frame = pl.DataFrame({"subject": people, "planted": plant.people, "first": plant.first, "last": plant.last})
    hits = rows.join(frame.filter("planted"), on="subject").filter(
        pl.col("start_day") <= pl.col("last"), pl.col("end_day") >= pl.col("first")
    )
    return hits["subject"].n_unique() / max(int(plant.people.sum()), 1)


def explained_away(base: Base, plant: Planted, reported: Explained, share: float = 0.5) -> float:
    """Share of planted people for whom so much is gone at the touched visits: points taken, or visits set aside."""
    adjusted = reported.adjusted
    score, left = adjusted["score"].to_numpy(), adjusted["adjusted"].fill_null(float("nan")).to_numpy()
    held = plant.touched & plant.people[base.person]
    size = plant.size[base.person]
    lost = np.where(np.isnan(left), 1.0, np.minimum((score - left) / np.maximum(size, 1.0), 1.0))
    mean = np.bincount(base.person[held], lost[held], base.count.size) / np.maximum(
        np.bincount(base.person[held], minlength=base.count.size), 1
    )
    return float((mean >= share)[plant.people].mean())


def false_rows(base: Base, reported: Explained, cause: str, plant: Planted | None = None) -> float:
    """Share of people with a row of a cause that nothing planted; of true recoveries, rows that reach into the rise."""
    rows = reported.causes.filter(pl.col("cause") == cause, pl.col("points") >= 1.0)
    people = base.cohort.subjects["subject"]
    if plant is None:
        return rows["subject"].n_unique() / people.len()
    frame = pl.DataFrame({"subject": people, "first": plant.first, "planted": plant.people}).filter("planted")
    rows = rows.join(frame, on="subject").filter(
        pl.col("end_day") >= pl.col("first"), pl.col("start_day") <= pl.col("first") + 180
    )
    return rows["subject"].n_unique() / max(frame.height, 1)


def by_rule(base: Base, reported: Explained) -> str:
    counts = reported.causes.group_by("cause", "rule").agg(pl.col("subject").n_unique()).sort("cause", "rule")
    size = base.cohort.subjects.height
    return ", ".join(f"{rule} {100 * n / size:.1f}" for _, rule, n in counts.iter_rows())


def table(people: int, seed: int, rules: CauseRules = DEFAULT) -> list[str]:
    bases = {name: base(name, people, seed + place) for place, name in enumerate(SCHEDULES)}
    lines = [
        "| planted | scores | " + " | ".join(f"{n}" for n in bases) + " | gone | people |",
        "|---|---|" + "---|" * (len(bases) + 2),
    ]
    pooled: dict[str, list[tuple[float, int]]] = {}
    for plant_name, (cause, count_rules, make, totals) in PLANTS.items():
        for only in (False, True) if totals else (False,):
            cells, size, gone = [], 0, 0.0
            for place, one in enumerate(bases.values()):
                plant = make(one, np.random.default_rng(seed + 100 + place))
                cohort = totals_only(plant.cohort) if only else plant.cohort
                reported, count = explain(cohort, rules), int(plant.people.sum())
                share = named(one, plant, reported, cause, count_rules)
                cells.append(f"{100 * share:.0f}")
                size, gone = size + count, gone + explained_away(one, plant, reported) * count
                pooled.setdefault(cause, []).append((share, count))
            kind = "totals" if only or make is slip else "items"
            # The early visits on the other scale are set aside, which the first visit on the new one does not show.
            away = "" if make is scale else f"{100 * gone / max(size, 1):.0f}"
            lines.append(f"| {plant_name} | {kind} | " + " | ".join(cells) + f" | {away} | {size:,} |")
    for cause, found in pooled.items():
        shares, sizes = np.array(found).T
        mean = 100 * (shares * sizes).sum() / sizes.sum()
        lines.append(f"| all of the kind {cause} | both | {mean:.0f} | | | | {int(sizes.sum()):,} |")
    lines += ["", "| nothing to explain | named | " + " | ".join(bases) + " |", "|---|---|" + "---|" * len(bases)]
    plain = {name: explain(one.cohort, rules) for name, one in bases.items()}
    for cause in ("artefact", "symptomatic", "dip"):
        cells = [f"{100 * false_rows(one, plain[name], cause):.1f}" for name, one in bases.items()]
        lines.append(f"| plain decline | {cause} | " + " | ".join(cells) + " |")
    for gain in (4, 8, 12):
        plants = {n: recovery(gain)(one, np.random.default_rng(seed + 200)) for n, one in bases.items()}
        found = {n: explain(plant.cohort, rules) for n, plant in plants.items()}
        for cause in ("artefact", "symptomatic", "dip"):
            cells = [f"{100 * false_rows(bases[n], found[n], cause, plants[n]):.1f}" for n in bases]
            lines.append(f"| held gain of {gain} | {cause} | " + " | ".join(cells) + " |")
        print(f"gain {gain}: {by_rule(bases['3-monthly'], found['3-monthly'])}", file=sys.stderr)
        cells = [f"{100 * explained_away(bases[n], plants[n], found[n]):.1f}" for n in bases]
        lines.append(f"| held gain of {gain} | half of it or more explained away | " + " | ".join(cells) + " |")
        cells = [f"{int(plants[n].people.sum()):,}" for n in bases]
        lines.append(f"| held gain of {gain} | people | " + " | ".join(cells) + " |")
    for name, one in bases.items():
        print(f"plain, {name}, % of people: {by_rule(one, plain[name])}", file=sys.stderr)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    print("\n".join(table(asked.people, asked.seed)))
    large = base("3-monthly", 12000, asked.seed)
    explain(large.cohort)
    begun = time.perf_counter()
    explain(large.cohort)
    print(f"\n12,000 people, {large.cohort.visits.height:,} visits: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
