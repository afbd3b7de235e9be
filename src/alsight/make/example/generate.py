"""Make the example cohort: about 300 synthetic people with planted plateaus, gains, artefacts, dips and mimics.

Run `python -m alsight.make.example.generate` to write the packaged files anew; a test holds that they are what this
program makes. The generator is statistical and of the example's own: it is no part of any natural history that
alsight judges by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.random import PCG64, Generator

from alsight.base.units import DAYS_PER_MONTH, DAYS_PER_WEEK
from alsight.cohort.cohort import Cohort
from alsight.cohort.tables import SUBJECTS, VISITS
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.instruments.items import TEN, TWELVE
from alsight.make.example.course import PlantedPeople, draw_loss, draw_people, item_latents
from alsight.make.example.events import dose_frame, event_frame
from alsight.make.example.measures import measure_frame
from alsight.make.example.observe import Fates, PlantedVisits, appearance, draw_fates, draw_visits
from alsight.make.example.parameters import GAINERS, SEED, constant
from alsight.make.maker import PACKAGE, command

FOLDER = PACKAGE / "cohort" / "example"
SITES = ("A", "B", "C", "D")


def make() -> tuple[Cohort, pl.DataFrame]:
    """The example cohort and its truth, made from the fixed seed."""
    generator = Generator(PCG64(SEED))
    people = draw_people(generator)
    lost = draw_loss(people, generator)
    latents = item_latents(people, lost, generator)
    fates = draw_fates(people, lost, latents, generator)
    visits = draw_visits(people, fates, appearance(people, latents, fates), generator)
    names = pl.Series("subject", [f"EX{number:03d}" for number in range(1, people.rate.size + 1)])
    subjects = subject_frame(names, people, fates, generator)
    rated = visit_frame(names, people, fates, visits, generator)
    cohort = Cohort(
        subjects=subjects,
        visits=rated,
        measures=measure_frame(
            names, people, subjects=subjects, lost=lost, latents=latents, visits=visits, generator=generator
        ),
        events=event_frame(names, people, fates, visits, generator),
        doses=dose_frame(names, people, subjects, fates, generator),
    )
    return cohort, truth_frame(names, people, lost, visits)


def subject_frame(names: pl.Series, people: PlantedPeople, fates: Fates, generator: Generator) -> pl.DataFrame:
    """Who the people are; onset lies back in time by what was lost over the personal rate."""
    size = names.len()
    pace = np.where(people.rate > 0.02, people.rate, generator.uniform(0.2, 0.5, size))
    since_onset = np.clip(people.entry_loss / pace * np.exp(0.25 * generator.standard_normal(size)), 4.0, 110.0)
    to_diagnosis = since_onset * generator.uniform(0.6, 0.95, size)
    onset = -np.rint(since_onset * DAYS_PER_MONTH).astype(np.int64)
    age = np.clip(constant("age_mean") + constant("age_sd") * generator.standard_normal(size), 28.0, 88.0)
    female = generator.random(size) < constant("female")
    height = np.rint(np.where(female, 163.0, 176.0) + 6.5 * generator.standard_normal(size))
    slow = people.among("slow")
    gene = generator.choice(
        ["none_found", "c9orf72", "sod1", "tardbp", "fus", ""], size, p=[0.55, 0.07, 0.015, 0.01, 0.005, 0.35]
    )
    gene = np.where(slow, "sod1", np.where(people.among("mimic_stable", "mimic_improving"), "none_found", gene))
    mimic = people.among("mimic_improving") & (np.cumsum(people.among("mimic_improving")) <= 2)
    category = generator.choice(["definite", "probable", "possible"], size, p=[0.35, 0.45, 0.2])
    category = np.where(people.among("mimic_stable", "mimic_improving"), "possible", category)
    frame = pl.DataFrame(
        {
            "subject": names,
            "site": np.array(SITES)[generator.integers(0, len(SITES), size)],
            "sex": np.where(female, "female", "male"),
            "age_at_entry_years": np.round(age + since_onset / 12, 1),
            "age_at_onset_years": np.round(age, 1),
            "height_cm": height,
            "onset_day": onset,
            "diagnosis_day": onset + np.rint(to_diagnosis * DAYS_PER_MONTH).astype(np.int64),
            "onset_site": np.array(["bulbar", "upper_limb", "lower_limb"])[people.region],
            "genotype": pl.Series(gene.tolist()).replace("", None),
            "genotype_variant": pl.Series(slow.tolist()).replace_strict({True: "p.Asp91Ala", False: None}),
            "el_escorial": category,
            "revised_diagnosis": pl.Series(mimic.tolist()).replace_strict({True: "other neuropathy", False: None}),
            "last_seen_day": fates.last * int(DAYS_PER_WEEK),
        }
    )
    return _as_declared(frame.with_columns(entry=pl.lit("first_visit"), study=pl.lit("example")), SUBJECTS.schema)


def visit_frame(
    names: pl.Series, people: PlantedPeople, fates: Fates, visits: PlantedVisits, generator: Generator
) -> pl.DataFrame:
    """Ratings as a long frame; from the gastrostomy on item 5 is 5b, before it 5a.

    A few people are rated on the original ALSFRS throughout, whose one breathing item is the lowest of the three.
    """
    who, visit = np.nonzero(visits.accepted)
    size = names.len()
    items = visits.items[who, visit]
    week = visits.day[who, visit] // int(DAYS_PER_WEEK)
    fed = week >= fates.gastrostomy[who]
    original = (people.among("progressing") & (generator.random(size) < 0.04))[who]
    rater = generator.integers(1, 3, size)[who]
    remote = generator.random(who.size) < 0.08
    window = (week >= people.start_week[who]) & (week < people.end_week[who])
    online = people.among("artefact_mode")[who] & window
    mode = np.where(online, "online", np.where(remote & ~visits.outlier[who, visit], "telephone", "in_person"))
    columns = {name: pl.Series(items[:, index], dtype=pl.Float32) for index, name in enumerate(TWELVE)}
    frame = pl.DataFrame({"subject": names[who], "day": visits.day[who, visit], **columns}).with_columns(
        pl.Series("original", original),
        pl.Series("fed", fed),
        pl.Series("mode", mode),
        pl.Series("responder", np.where(online, "self", "both")),
        pl.when(pl.Series(~online)).then(pl.format("R{}", pl.Series(rater))).alias("rater"),
        visit=pl.format("M{}", pl.Series(visit * 3)),
    )
    old, new = pl.col("original"), ~pl.col("original")
    frame = frame.with_columns(
        scale=pl.when(old).then(pl.lit("alsfrs")).otherwise(pl.lit("alsfrs_r")),
        q5a_cutting_without_gastrostomy=pl.when(~pl.col("fed")).then(pl.col("q5_cutting")),
        q5b_cutting_with_gastrostomy=pl.when(pl.col("fed")).then(pl.col("q5_cutting")),
        q10_respiratory=pl.when(old).then(pl.min_horizontal(TWELVE[9:])),
        **{name: pl.when(new).then(pl.col(name)) for name in TWELVE[9:]},
    ).with_columns(
        alsfrs_r_total=pl.when(new).then(pl.sum_horizontal(TWELVE)),
        alsfrs_total=pl.when(old).then(pl.sum_horizontal(TEN)),
    )
    frame = frame.with_columns(
        total_recorded=pl.coalesce("alsfrs_r_total", "alsfrs_total"), q5_cutting=pl.lit(None, pl.Float32)
    )
    return _as_declared(frame, VISITS.schema)


def truth_frame(names: pl.Series, people: PlantedPeople, lost: np.ndarray, visits: PlantedVisits) -> pl.DataFrame:
    """What was planted in whom.

    `true_gain` is the rise of true function over the window; `planted_points` what was planted whatever its nature (the
    size of an artefact, of a drug's effect, the depth of a dip).
    """
    planted = people.start_week >= 0
    rows = np.arange(people.rate.size)
    gain = np.where(people.among(*GAINERS), people.gain, 0.0)
    days = np.where(visits.outlier, visits.day, 0).sum(axis=1)
    outlier = people.among("artefact_outlier")
    start = np.where(outlier, days, people.start_week * int(DAYS_PER_WEEK))
    end = np.where(outlier, days, people.end_week * int(DAYS_PER_WEEK))
    observed = np.where(visits.accepted, visits.day, 0).max(axis=1)
    week = np.minimum(observed // int(DAYS_PER_WEEK), lost.shape[1] - 1)
    return pl.DataFrame(
        {
            "subject": names,
            "kind": people.kind,
            "start_day": pl.Series(start, dtype=pl.Int32),
            "end_day": pl.Series(end, dtype=pl.Int32),
            "true_gain": np.round(gain, 2),
            "planted_points": np.round(people.gain, 2),
            "true_rate_per_month": np.round(people.rate, 3),
            "true_total_at_entry": np.round(ALSFRS_R_BEST - lost[:, 0], 2),
            "true_total_at_last_visit": np.round(ALSFRS_R_BEST - lost[rows, week], 2),
        }
    ).with_columns(pl.when(pl.Series(planted)).then(pl.col(name)) for name in ("start_day", "end_day"))


def _as_declared(frame: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """The frame with exactly the declared columns and types, sorted by person and day."""
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in schema.items()
    ]
    order = [name for name in ("subject", "day") if name in schema]
    return frame.select(columns).sort(order, maintain_order=True)


def make_example(folder: Path = FOLDER) -> list[Path]:
    """Make the example cohort and its truth: Parquet files with the command in their metadata."""
    cohort, truth = make()
    record = {"alsight_command": command("example"), "alsight_seed": str(SEED)}
    places: list[Path] = []
    for name, frame in {**cohort.frames(), "truth": truth}.items():
        places.append(folder / f"{name}.parquet")
        frame.write_parquet(places[-1], compression="zstd", compression_level=19, statistics=False, metadata=record)
    return places
