"""How well re-evaluation finds planted mimics: AUC and recall at a fifth reviewed, on assumed courses of mimics.

python -m validation.review [--people 3000] [--cohorts 2] [--write docs/methods/review.md]

Eight in a hundred people are mimics whose courses come from families that are not the model's classes; people with ALS
come from the mechanism (register and trial) or from a plain generator with random rates and heavy-tailed noise.
Beside: slow progression alone, as the loss since onset and as the person's own line. Nobody's mimic is recognized while
watched.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from scipy.special import expit
from scipy.stats import rankdata

from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.populations import REGISTER, TRIAL, group_of, with_parameters
from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import padded
from alsight.cohort.tables import EVENTS, SUBJECTS, VISITS
from alsight.detect.review.rated import rated
from alsight.detect.review.review import review
from alsight.instruments.rate import window_slope
from alsight.mechanism import layout as at
from alsight.population.frames import cohort_of
from alsight.population.spec import Mimics

MONTH = 30.4375
SHARE = 0.08
REVIEWED = 0.2
FOLLOW = 36.0
MARK = "<!-- benchmark -->"

Random = np.random.Generator
Course = Callable[[Random, np.ndarray, np.ndarray], np.ndarray]


def slow_line(random: Random, since: np.ndarray, start: np.ndarray) -> np.ndarray:
    """A steady slow loss from the first symptom on."""
    return random.lognormal(np.log(0.15), 0.6, start.size)[:, None] * since


def halted(random: Random, since: np.ndarray, start: np.ndarray) -> np.ndarray:
    """A loss that tends to a limit."""
    limit, months = random.uniform(4, 16, start.size), random.uniform(4, 24, start.size)
    return limit[:, None] * (1 - np.exp(-since / months[:, None]))


def treated(random: Random, since: np.ndarray, start: np.ndarray) -> np.ndarray:
    """A steady loss until a treatment some months after the diagnosis gives part of it back."""
    rate, when = random.lognormal(np.log(0.5), 0.4, start.size), start + random.exponential(10, start.size)
    back, months = random.uniform(0.3, 0.9, start.size), random.uniform(2, 8, start.size)
    lost = np.minimum(rate * np.minimum(when, 40), 24)[:, None] * np.minimum(since / when[:, None], 1)
    gained = 1 - np.exp(-np.maximum(since - when[:, None], 0) / months[:, None])
    return lost * (1 - back[:, None] * gained)


def relapsing(random: Random, since: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Attacks of some months that mostly go back."""
    lost = random.uniform(0, 0.1, start.size)[:, None] * since + random.uniform(2, 8, start.size)[:, None]
    for _ in range(5):
        when, depth = random.uniform(0, 60, start.size), random.uniform(2, 10, start.size)
        after = since - when[:, None]
        rise, fade = random.uniform(0.5, 2, start.size)[:, None], random.uniform(2, 6, start.size)[:, None]
        lost += np.where(after > 0, depth[:, None] * (1 - np.exp(-after / rise)) * np.exp(-after / fade), 0)
    return lost


def stairs(random: Random, since: np.ndarray, start: np.ndarray) -> np.ndarray:
    """A few sudden steps down, nothing in between."""
    lost = random.uniform(2, 6, start.size)[:, None] + 0 * since
    for _ in range(3):
        when, depth = random.uniform(0, 72, start.size), random.uniform(1, 6, start.size)
        lost += depth[:, None] * (since > when[:, None])
    return lost


COURSES: dict[str, Course] = {
    "slow line": slow_line,
    "halted": halted,
    "treated": treated,
    "relapsing": relapsing,
    "stairs": stairs,
}


def frame(names: list[str], onset: np.ndarray, day: np.ndarray, totals: np.ndarray, died: np.ndarray) -> Cohort:
    """A cohort from arrays; totals nan where there is no visit, deaths nan where none."""
    who, index = np.nonzero(~np.isnan(totals))
    series = pl.Series("subject", names)
    visits = pl.DataFrame(
        {"subject": series.gather(who), "day": day[who, index], "alsfrs_r_total": totals[who, index]}
    ).with_columns(scale=pl.lit("alsfrs_r"))
    people = pl.DataFrame({"subject": series, "onset_day": np.rint(-onset * MONTH), "diagnosis_day": 0 * onset})
    dead = np.flatnonzero(~np.isnan(died))
    events = pl.DataFrame({"subject": series.gather(dead), "day": np.rint(died[dead] * MONTH)})
    tables = (
        (people.with_columns(entry=pl.lit("diagnosis")), SUBJECTS),
        (visits, VISITS),
        (events.with_columns(event=pl.lit("death")), EVENTS),
    )
    shaped = [
        supplied.select(
            (pl.col(n) if n in supplied.columns else pl.lit(None)).cast(kind).alias(n)
            for n, kind in table.schema.items()
        )
        for supplied, table in tables
    ]
    return Cohort(subjects=shaped[0].sort("subject"), visits=shaped[1].sort("subject", "day"), events=shaped[2])


def schedule(random: Random, people: int, gap: float) -> np.ndarray:
    """Months of visits, some days about their plan; nan after a withdrawal of 1 % a month."""
    planned = np.arange(0, FOLLOW + 0.1, gap)
    months = np.maximum(planned + random.normal(0, 0.25, (people, planned.size)) * (planned > 0), 0)
    return np.where(months <= random.exponential(100, people)[:, None], months, np.nan)


def noisy(random: Random, lost: np.ndarray) -> np.ndarray:
    """Whole-point totals with heavy-tailed, person-specific noise."""
    size = random.lognormal(np.log(1.2), 0.3, lost.shape[0])[:, None]
    return np.clip(np.rint(48 - lost + size * random.standard_t(5, lost.shape)), 0, 48)


def mimics(random: Random, kind: str, people: int, gap: float) -> Cohort:
    """People with a mimic whose course is of one family, from diagnosis on."""
    onset = random.lognormal(2.37, 0.768, people)
    months = schedule(random, people, gap)
    lost = COURSES[kind](random, onset[:, None] + months, onset)
    names = [f"M{kind[:2]}{number:06}" for number in range(people)]
    day = np.rint(np.nan_to_num(months) * MONTH).astype(int)
    return frame(names, onset, day, noisy(random, lost), np.full(people, np.nan))


def plain(random: Random, people: int, gap: float) -> Cohort:
    """ALS by a plain generator: skewed steady rates, heavy-tailed noise, death near the floor."""
    onset, rate = random.lognormal(2.37, 0.768, people), random.gamma(2.2, 0.89 / 2.2, people)
    months = schedule(random, people, gap)
    lost = rate[:, None] * (onset[:, None] + months)
    died = np.maximum(random.normal(40, 6, people) / rate - onset, 0.5)
    totals = np.where(months < died[:, None], noisy(random, lost), np.nan)
    died = np.where(died <= FOLLOW, died, np.nan)
    names = [f"A{number:06}" for number in range(people)]
    cohort = frame(names, onset, np.rint(np.nan_to_num(months) * MONTH).astype(int), totals, died)
    return accepted(cohort, cohort.visits["subject"].unique())


def accepted(cohort: Cohort, names: pl.Series) -> Cohort:
    requested = pl.col("subject").is_in(names.implode())
    return replace(cohort, **{name: table.filter(requested) for name, table in cohort.frames().items()})


def virtual(number: int, base: str, people: int, share: float) -> tuple[Cohort, set[str]]:
    """People of the mechanism, and who of them has a mimic."""
    members = ensemble().members
    seen_as = {"register": REGISTER, "trial": TRIAL}[base]
    population = with_parameters(seen_as, members[number % len(members)].parameters, 900 + number)
    group = group_of(msgspec.structs.replace(population, mimics=Mimics(share=share)), people // 800 + 1)
    cohort = cohort_of(group)
    months = FOLLOW if base == "register" else 18.0
    visits = cohort.visits.filter(pl.col("day") <= months * MONTH)
    events = cohort.events.filter(pl.col("day") <= months * MONTH, pl.col("event") != "diagnosis_revised")
    last = pl.lit(None, pl.Int32).alias("last_seen_day")
    cohort = replace(cohort, visits=visits, events=events, subjects=cohort.subjects.with_columns(last))
    names = cohort.subjects["subject"]
    false = set(names.filter(pl.Series(group.traits[:, at.T["mimic"]] > 0)))
    bare = cohort.subjects.select("subject", "entry", "onset_day", "diagnosis_day")
    people_frame = bare.select(
        (pl.col(n) if n in bare.columns else pl.lit(None)).cast(k).alias(n) for n, k in SUBJECTS.schema.items()
    )
    return replace(cohort, subjects=people_frame), false


def planted(number: int, als: str, kind: str, people: int) -> tuple[Cohort, set[str]]:
    """A cohort with 8 % mimics of one family among people with ALS of one generator."""
    random = np.random.default_rng(1000 + number)
    gap = 3.0 if als != "trial" else 1.0
    if kind == "mechanism":
        return virtual(number, als, people, SHARE)
    cohort = plain(random, people, gap) if als == "plain" else virtual(number, als, people, 0.0)[0]
    false = mimics(random, kind, round(cohort.size * SHARE / (1 - SHARE)), gap)
    both = {name: pl.concat([table, false.frames()[name]]) for name, table in cohort.frames().items()}
    return Cohort(**{n: t.sort("subject", *(["day"] if "day" in t.columns else [])) for n, t in both.items()}), set(
        false.subjects["subject"]
    )


def auc(score: np.ndarray, sick: np.ndarray) -> float:
    ranks, count = rankdata(score), sick.sum()
    return float((ranks[sick].sum() - count * (count + 1) / 2) / (count * (~sick).sum()))


def recall(score: np.ndarray, sick: np.ndarray) -> float:
    """Share of mimics among the fifth with the highest score; ties share alike."""
    ranks = rankdata(-score, method="average")
    return float(np.clip((REVIEWED * score.size - ranks + 1), 0, 1)[sick].mean())


def own_line(cohort: Cohort) -> np.ndarray:
    usable = rated(cohort).ratings
    months, totals = (padded(usable, values, fill=np.nan)[0] for values in (usable.months, usable.total))
    return window_slope(months, totals).per_month


def scores(cohort: Cohort) -> dict[str, np.ndarray]:
    """What people can be ordered by: higher for a mimic; unknown in the middle."""
    found = review(cohort)
    evidence = found["log_lr_course"] + found["log_lr_features"]
    slow = {"loss since onset": -found["rate_per_month"].fill_null(np.nan).to_numpy(), "own line": own_line(cohort)}
    filled = {name: np.where(np.isnan(values), np.nanmedian(values), values) for name, values in slow.items()}
    return {"posterior": found["posterior"].to_numpy(), "evidence": evidence.to_numpy(), **filled}


def calibration(als: str, evidence: np.ndarray, sick: np.ndarray) -> str:
    """How posteriors at the planted share compare with what is there."""
    posterior = expit(evidence + np.log(SHARE / (1 - SHARE)))
    index = np.minimum((posterior * 10).astype(int), 9)
    count = np.bincount(index, minlength=10)
    gap = np.abs(np.bincount(index, weights=posterior - sick, minlength=10))
    high = posterior > 0.5
    shares = f"{posterior[high].mean():.2f} | {sick[high].mean():.2f}"
    return f"| {als} | {gap.sum() / count.sum():.3f} | {high.mean():.3f} | {shares} |"


def table(people: int, cohorts: int) -> list[str]:
    names = ("evidence", "posterior", "loss since onset", "own line")
    lines = ["| ALS | mimics | " + " | ".join(f"{name}: AUC | recall" for name in names) + " |"]
    lines.append("| --- | --- |" + " --- | --- |" * len(names))
    checks: list[str] = []
    for als in ("register", "trial", "plain"):
        known: list[tuple[np.ndarray, np.ndarray]] = []
        for kind in COURSES if als == "plain" else ("mechanism", *COURSES):
            cells: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
            for number in range(cohorts):
                cohort, false = planted(number, als, kind, people)
                sick = cohort.subjects["subject"].is_in(list(false)).to_numpy()
                found = scores(cohort)
                known.append((found["evidence"], sick))
                for name, score in found.items():
                    cells[name].append((auc(score, sick), recall(score, sick)))
            means = [np.mean(cells[name], axis=0) for name in names]
            lines.append(f"| {als} | {kind} | " + " | ".join(f"{a:.3f} | {r:.2f}" for a, r in means) + " |")
            print(lines[-1], flush=True)
        evidence, sick = (np.concatenate(part) for part in zip(*known, strict=True))
        checks.append(calibration(als, evidence, sick))
    heads = "ALS | calibration error | share of people above 0.5 | mean posterior there | mimics among them"
    return [*lines, "", f"| {heads} |", "| --- |" + " --- |" * 4, *checks]


def speed(people: int = 12_000) -> str:
    random = np.random.default_rng(5)
    cohort = plain(random, people, 3.0)
    review(accepted(cohort, cohort.subjects["subject"].head(10)))
    start = time.perf_counter()
    review(cohort)
    taken = time.perf_counter() - start
    return f"{cohort.size:,} people, {cohort.visits.height:,} visits: {taken:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--cohorts", type=int, default=2)
    parser.add_argument("--write", type=Path)
    supplied = parser.parse_args()
    lines = table(supplied.people, supplied.cohorts)
    lines += ["", speed()]
    print("\n".join(lines))
    if supplied.write is not None:
        before, _, rest = supplied.write.read_text().partition(MARK)
        after = rest.partition(MARK)[2]
        supplied.write.write_text(before + MARK + "\n" + "\n".join(lines) + "\n" + MARK + after)


if __name__ == "__main__":
    main()
