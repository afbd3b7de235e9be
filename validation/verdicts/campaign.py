"""The campaign: shards of generator x schedule x prevalence x seed x method, kept as Parquet, and the tables.

    python -m validation.verdicts.campaign plain
    python -m validation.verdicts.campaign run PLAN --out FOLDER [--methods naive oracle package.module:judge_me]
    python -m validation.verdicts.campaign tables --out FOLDER

Plans: `null`, `false`, `small`, `power`, `quick`. A shard is named by the digest of what it is and of the bench's
sources; one that exists is not run again, so a campaign that was killed goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from fixtures.verdicts.generators import GENERATORS, PREVALENCES, draw
from fixtures.verdicts.made import SCHEDULES, Made
from fixtures.verdicts.seeing import digest
from validation.verdicts import judge
from validation.verdicts.method import Info, Method
from validation.verdicts.naive import NAIVE, no_decline
from validation.verdicts.oracle import judge_by_oracle

PEOPLE: Final = 3000
FEWER: Final = 1000
"""People of a cohort in the plans that ask for the oracle."""
SMALL: Final = (60, 250)
"""People of small cohorts, without recoveries and with."""
ORACLES: Final = 100
"""People without a true held gain whom the oracle judges in a cohort, drawn by their names' hashes."""


@dataclass(frozen=True)
class Shard:
    """One cohort and one method."""

    generator: str
    schedule: str
    prevalence: float
    seed: int
    method: str
    people: int = PEOPLE
    noise: float | None = None
    autocorrelation: float | None = None
    loss: float | None = None

    def path(self, folder: Path, version: str) -> Path:
        """Where its rows are kept."""
        said = json.dumps([asdict(self), version, digest()], sort_keys=True)
        name = "".join(letter if letter.isalnum() else "_" for letter in self.method)
        return folder / f"{name}-{hashlib.sha256(said.encode()).hexdigest()[:24]}.parquet"


def cohorts(plan: str, seeds: int, schedules: Sequence[str] = SCHEDULES) -> Iterator[Shard]:
    """The cohorts of a plan, method left open; interleaved, so that an early stop covers every generator.

    Raises:
        ValueError: an unknown plan.
    """
    shared = itertools.product(range(1, seeds + 1), schedules, GENERATORS)
    if plan == "null":
        yield from (Shard(g, s, 0.0, seed, "") for seed, s, g in shared)
    elif plan == "false":
        rates = PREVALENCES[1:]
        yield from (Shard(g, s, rates[seed % len(rates)], 1000 + seed, "", loss=-1.0) for seed, s, g in shared)
    elif plan == "small":
        for (seed, s, g), people, rate in itertools.product(shared, SMALL, (0.0, PREVALENCES[-1])):
            yield Shard(g, s, rate, 4000 + seed, "", people, loss=-1.0)
    elif plan == "power":
        for seed, s, noise, sticky, g in itertools.product(
            range(1, seeds + 1), schedules, (1.2, 1.5, 1.9), (0.0, 0.5), GENERATORS
        ):
            yield Shard(g, s, PREVALENCES[-1], 2000 + seed, "", FEWER, noise=noise, autocorrelation=sticky)
    elif plan == "quick":
        for seed, g in itertools.product(range(1, seeds + 1), GENERATORS):
            yield Shard(g, "quarterly", PREVALENCES[-1], 7000 + seed, "", FEWER, loss=0.0)
    else:
        raise ValueError(f"plan: expected null, false, small, power or quick, got {plan}")


def methods_of(names: list[str]) -> dict[str, tuple[Method, str]]:
    """Methods by name with the version of their sources; `naive` is all naive rules, `a.b:c` is imported.

    A method's module may say `VERSION`; else the bytes of its file are its version.
    """
    found: dict[str, tuple[Method, str]] = {}
    for name in names:
        if name == "naive":
            found |= {rule: (method, bytes_of("naive", "method")) for rule, method in NAIVE.items()}
        elif name == "oracle":
            found[name] = (judge_by_oracle, bytes_of("oracle", "bank", "particles", "method"))
        else:
            index, function = name.split(":")
            module = import_module(index)
            source = hashlib.sha256(Path(str(module.__file__)).read_bytes()).hexdigest()
            version = str(getattr(module, "VERSION", source))
            found[name] = (getattr(module, function), version)
    return found


def bytes_of(*modules: str) -> str:
    """A digest of some files of the bench."""
    here = Path(__file__).resolve().parent
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in modules)).hexdigest()


def wanted_of(made: Made, plan: str, method: str) -> pl.Series:
    """Whose calls are asked for: everybody, but of an oracle only those who gained and some of the others."""
    people = made.people
    if method != "oracle":
        return people["subject"]
    gained = people["held_6"] >= judge.TRUE_FROM
    others = people.filter(~gained)["subject"]
    some = ORACLES if plan in ("power", "quick") else 0
    drawn = others.gather(np.argsort(others.hash(made.seed).to_numpy())[:some])
    return pl.concat([people.filter(gained)["subject"], drawn])


def run_shard(shard: Shard, method: Method, plan: str) -> pl.DataFrame:
    """Rows of `judge.rows_of` with what the shard is."""
    made = drawn(replace(shard, method=""))
    requested = wanted_of(made, plan, shard.method)
    visits = made.visits
    info = Info(shard.schedule, made, requested, shard.noise, shard.autocorrelation, shard.loss)
    start = time.perf_counter()
    calls = method(visits, info)
    seconds = time.perf_counter() - start
    what = [pl.lit(value, dtype).alias(name) for name, dtype, value in _columns(shard)]
    return judge.rows_of(made, calls).with_columns(*what, seconds=pl.lit(seconds))


def _columns(shard: Shard) -> list[tuple[str, type[pl.DataType], object]]:
    text = ("generator", "schedule", "method")
    whole = ("seed", "people")
    kinds: dict[str, type[pl.DataType]] = dict.fromkeys(text, pl.String) | dict.fromkeys(whole, pl.Int64)
    return [(name, kinds.get(name, pl.Float64), value) for name, value in asdict(shard).items()]


_LAST: dict[Shard, Made] = {}


def drawn(shard: Shard) -> Made:
    """The shard's cohort; the last one is kept, since methods follow each other on it."""
    if shard not in _LAST:
        _LAST.clear()
        _LAST[shard] = draw(
            shard.generator,
            shard.people,
            shard.schedule,
            shard.prevalence,
            shard.seed,
            noise=shard.noise,
            autocorrelation=shard.autocorrelation,
            loss=shard.loss,
        )
    return _LAST[shard]


def run(
    plan: str,
    seeds: int,
    folder: Path,
    names: list[str],
    seconds: float,
    say: Callable[[str], None],
    schedules: Sequence[str] = SCHEDULES,
    noises: Sequence[float] = (),
) -> None:
    """Run what is missing of a plan, until the time is over; only some sizes of the noise where these are given."""
    folder.mkdir(parents=True, exist_ok=True)
    methods = methods_of(names)
    asked = [one for one in cohorts(plan, seeds, schedules) if not noises or one.noise in noises]
    shards = [replace(one, method=name) for one in asked for name in methods]
    start, ran = time.perf_counter(), 0
    for index, shard in enumerate(shards):
        method, version = methods[shard.method]
        path = shard.path(folder, version)
        if path.exists():
            continue
        if time.perf_counter() - start > seconds:
            break
        rows = run_shard(shard, method, plan)
        room = path.with_suffix(f".{os.getpid()}.part")
        rows.write_parquet(room)
        room.rename(path)
        ran += 1
        say(f"{index + 1}/{len(shards)} {shard.method} {shard.generator} {shard.schedule} {rows['seconds'][0]:.1f} s")
    say(f"{ran} shards run")


def tables(folder: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every table that the shards in a folder allow."""
    rows = pl.read_parquet(folder / "*.parquet")
    some, none = rows.filter(pl.col("prevalence") > 0), rows.filter(pl.col("prevalence") == 0)
    everybody = some.filter(pl.col("method") != "oracle")
    if everybody.height:
        yield "False discoveries, all generators and schedules", judge.false_calls(everybody, ("method",))
        yield "False discoveries by generator", judge.false_calls(everybody, ("method", "generator"))
        yield "False discoveries by prevalence", judge.false_calls(everybody, ("method", "people", "prevalence"))
    if none.height:
        yield "Cohorts without recoveries: any false call", judge.null_cohorts(none)
    yield (
        "Remission-like per 1,000 people without a true gain",
        judge.remissions(rows.filter(pl.col("method") != "oracle")),
    )
    with_oracle = some.filter((pl.col("method") == "oracle").any().over(judge.COHORT))
    if with_oracle.height:
        written = with_oracle.filter(pl.col("generator") != "mechanism")  # its oracle falls short of what can be known
        for size in sorted(with_oracle["people"].unique()):
            sized = with_oracle.filter(pl.col("people") == size)
            yield f"Power in cohorts of {size}", judge.power(sized, by=("schedule",), gains=False)
        yield "Power without the mechanism", judge.power(written, by=("schedule",), gains=False)
        yield "Power by generator", judge.power(with_oracle, by=("schedule", "generator"), gains=False)
        yield "Power by gain", judge.power(with_oracle, by=("schedule", "noise", "autocorrelation"))
    alike = rows.filter(pl.col("noise").is_null())
    yield "Plateaus: sensitivity at 5 % false calls", judge.plateaus(alike)
    yield "Calibration", judge.calibration(alike)


def plain() -> pl.DataFrame:
    """Plain statistics of each generator beside the published ones, and the rule "no decline" with what was true."""
    found = []
    for generator in GENERATORS:
        made = draw(generator, 20_000, "quarterly", 0.0, 1)
        rules = pl.concat([no_decline(made, months) for months in (6, 12, 18)])
        ages = np.clip(np.rint(made.times[:, :1]), 0, 36).astype(int)
        first = made.scores[:, :1] - np.take_along_axis(made.truth, ages, axis=1)
        share = dict(zip(rules["months"], rules["called"] / rules["seen"], strict=True))
        died = made.people.filter((pl.col("reason") == "death") & (pl.col("ended") <= 12)).height / made.people.height
        found.append(
            {
                "generator": generator,
                "rate": made.people["rate"].mean(),
                "rate SD": made.people["rate"].std(),
                "rating SD": float(first.std()),
                "died by 12 months": died,
                **{f"no decline {months}": value for months, value in share.items()},
                "of them lost 3 or more": float((rules["3 or more"] / rules["called"])[1]),
            }
        )
    published = {
        "generator": "published",
        "rate": 0.95,
        "rate SD": 0.66,
        "rating SD": 1.55,
        "died by 12 months": 0.22,
        "no decline 6": 0.25,
        "no decline 12": 0.16,
        "no decline 18": 0.07,
    }
    return pl.concat([pl.DataFrame(found), pl.DataFrame([published])], how="diagonal")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("plain", "run", "tables"))
    parser.add_argument("plan", nargs="?", default="quick")
    parser.add_argument("--out", type=Path, default=Path("verdicts-campaign"))
    parser.add_argument("--methods", nargs="+", default=["naive", "oracle"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--schedules", nargs="+", default=SCHEDULES, choices=SCHEDULES)
    parser.add_argument("--noises", nargs="+", type=float, default=(), help="only these sizes, in the plan of power")
    parser.add_argument("--seconds", type=float, default=1e9)
    asked = parser.parse_args()
    if asked.task == "plain":
        print(judge.markdown(plain()))
    elif asked.task == "run":
        said = partial(print, flush=True)
        run(asked.plan, asked.seeds, asked.out, asked.methods, asked.seconds, said, asked.schedules, asked.noises)
    else:
        for title, table in tables(asked.out):
            print(f"\n### {title}\n\n{judge.markdown(table)}")


if __name__ == "__main__":
    main()
