"""What is recorded of one person: their course, who they are, and which published definitions they met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from alsight.base.units import months_of
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST
from alsight.report.page.blocks import Figure, KeyEntry, TableView, drawn, table
from alsight.report.page.charts import WIDE
from alsight.report.page.checks import EVENT_WORDS
from alsight.report.page.labels import LABELS, RULES, source_name
from alsight.report.page.timeline import PANELS, PersonCourse, small_multiples
from alsight.report.page.words import NONE, count, months, number, opening, signed

DOMAINS: Final = {
    "bulbar": "Bulbar",
    "fine_motor": "Fine motor",
    "gross_motor": "Gross motor",
    "respiratory": "Breathing",
}
MEASURES: Final = {
    "svc_pct": "SVC, %",
    "fvc_pct": "FVC, %",
    "weight_kg": "Weight, kg",
    "grip_kg": "Grip, kg",
    "nfl_pg_ml": "NfL, pg/ml",
}
OVERVIEW: Final = 12
"""People in the picture above the list."""

_DOMAIN_BEST: Final = 12.0
_ROOM: Final = 0.2
"""Least room above and below the mean of a measure, as a share of it, so that small changes look small."""

WINDOWS: Final = (
    KeyEntry("circle", "plateau", "plateau"),
    KeyEntry("circle", "rise", "held gain"),
    KeyEntry("circle", "other", "rise with another explanation"),
)

_WORDS: Final = {
    "first_visit": "first visit",
    "symptom_onset": "symptom onset",
    "stated": "the file's own day 0",
    "upper_limb": "upper limb",
    "lower_limb": "lower limb",
    "none_found": "none found",
    "sod1": "SOD1",
    "c9orf72": "C9orf72",
    "tardbp": "TARDBP",
    "fus": "FUS",
}


@dataclass(frozen=True)
class Records:
    """Everything of a cohort that person pages are made of, cut to the people who have one.

    Attributes:
        subjects: rows of SUBJECTS.
        visits: scored visits with `total` on each person's own scale.
        events: rows of EVENTS.
        doses: rows of DOSES.
        measures: rows of MEASURES.
        episodes: what `find_episodes` gave.
    """

    subjects: pl.DataFrame
    visits: pl.DataFrame
    events: pl.DataFrame
    doses: pl.DataFrame
    measures: pl.DataFrame
    episodes: pl.DataFrame

    def of(self, subject: str) -> Records:
        """The records of one person."""
        return Records(*(frame.filter(pl.col("subject") == subject) for frame in vars(self).values()))


def word(value: Any) -> str:
    """A code of the data dictionary as a reader would say it."""
    return NONE if value is None else _WORDS.get(str(value), str(value).replace("_", " "))


def overview(flags: pl.DataFrame, visits: pl.DataFrame) -> Figure:
    """The courses of the first people side by side, each numbered as its page.

    Args:
        flags: `subject`, `kind`, `held_from_day` and `end_day` of the period, one row a person.
        visits: scored visits with `total`.
    """
    numbered = flags.select(
        "subject", "kind", "held_from_day", "end_day", name=pl.format("Person {}", pl.int_range(1, pl.len() + 1))
    )
    days = visits.join(numbered, on="subject").drop_nulls("total").sort("name", "day")
    inside = pl.col("day").is_between("held_from_day", "end_day")
    order = pl.col("name").str.strip_prefix("Person ").cast(pl.Int32)
    small = days.sort(order, "day").select(
        "name",
        months_of(pl.col("day").cast(pl.Float64)).alias("months"),
        pl.col("total").alias("value"),
        low=pl.lit(0.0),
        high=pl.lit(ALSFRS_R_BEST),
        kind=pl.when(inside).then("kind"),
    )
    low, high = float(small["months"].min() or 0.0), float(small["months"].max() or 0.0)  # type: ignore[arg-type]
    reach = (min(low, 0.0), max(high, low + 1.0))
    return drawn(
        lambda width: small_multiples(small, reach, width, 6 if width >= WIDE else 3),
        f"ALSFRS-R totals of the first {flags.height} people, the period of the verdict marked",
        f"The first {flags.height}, ALSFRS-R totals from 0 to 48 over {months(reach[1])} from entry, with the first "
        "and the last value.",
        key=WINDOWS,
    )


def recorded(own: Records, definitions: Sequence[str]) -> PersonCourse:
    """What was recorded of a person, for the chart; spans are those of these definitions."""
    spans = own.episodes.filter(pl.col("definition").is_in(list(definitions)))
    return PersonCourse(
        visits=own.visits.select(months_of(pl.col("day").cast(pl.Float64)).alias("months"), "total"),
        spans=spans.select(
            start=months_of(pl.col("held_from_day").cast(pl.Float64)),
            end=months_of(pl.col("end_day").cast(pl.Float64)),
            kind="kind",
        ).unique(maintain_order=True),
        events=_events(own),
        small=pl.concat([_domains(own.visits), _measures(own.measures)]),
    )


def _events(own: Records) -> pl.DataFrame:
    """Events and treatments; a treatment that goes on lasts until the last visit or event."""
    columns = ("label", "months", "end")
    events = own.events.select(
        pl.col("event").replace(EVENT_WORDS).alias("label"),
        pl.col("day").alias("months"),
        pl.col("end_day").alias("end"),
    )
    last = max((part["day"].max() or 0 for part in (own.visits, own.events)), default=0)  # type: ignore[type-var]
    doses = own.doses.select(
        pl.col("treatment").alias("label"),
        pl.max_horizontal(pl.col("day"), pl.lit(own.visits["day"].min() or 0)).alias("months"),
        pl.max_horizontal(pl.col("end_day").fill_null(last), pl.col("day")).alias("end"),
    )
    both = pl.concat([frame.select(columns).cast({"months": pl.Int64, "end": pl.Int64}) for frame in (doses, events)])
    return both.with_columns(months_of(pl.col("months", "end").cast(pl.Float64)))


def _domains(visits: pl.DataFrame) -> pl.DataFrame:
    long = visits.unpivot(list(DOMAINS), index="day", variable_name="name", value_name="value").drop_nulls("value")
    return long.select(
        pl.col("name").replace(DOMAINS),
        months_of(pl.col("day").cast(pl.Float64)).alias("months"),
        pl.col("value").cast(pl.Float64),
        low=pl.lit(0.0),
        high=pl.lit(_DOMAIN_BEST),
        kind=pl.lit(None, pl.String),
    )


def _measures(measures: pl.DataFrame) -> pl.DataFrame:
    """The measures most often recorded, at most as many as fit in a row; sides and muscles averaged."""
    requested = measures.filter(pl.col("measure").is_in(list(MEASURES)))
    if "svc_pct" in requested["measure"]:
        requested = requested.filter(pl.col("measure") != "fvc_pct")
    often = [name for name in MEASURES if requested.filter(pl.col("measure") == name)["day"].n_unique() > 1][:PANELS]
    daily = (
        requested.filter(pl.col("measure").is_in(often))
        .group_by("measure", "day", maintain_order=True)
        .agg(pl.col("value").mean())
    )
    order = pl.col("measure").replace_strict({name: place for place, name in enumerate(MEASURES)}, return_dtype=pl.Int8)
    return daily.sort(order, "day").select(
        pl.col("measure").replace(MEASURES).alias("name"),
        months_of(pl.col("day").cast(pl.Float64)).alias("months"),
        "value",
        low=pl.min_horizontal(pl.col("value").min(), (1 - _ROOM) * pl.col("value").mean()).over("measure"),
        high=pl.max_horizontal(pl.col("value").max(), (1 + _ROOM) * pl.col("value").mean()).over("measure"),
        kind=pl.lit(None, pl.String),
    )


def facts(person: dict[str, Any], own: Records) -> tuple[tuple[str, str], ...]:
    """Who the person is, in a few lines; what is not recorded is not listed."""
    visits = own.visits.drop_nulls("total")
    first = visits.row(0, named=True) if visits.height else {}
    known = [
        ("Onset", word(person.get("onset_site"))),
        ("Sex", word(person.get("sex"))),
        ("Age at entry", _years(person.get("age_at_entry_years"))),
        ("Onset to entry", months(-months_of(person["onset_day"])) if person.get("onset_day") is not None else NONE),
        ("Rate before entry", f"{number(first.get('delta_fs'), 2)} points/month" if first.get("delta_fs") else NONE),
        ("Followed", f"{count(visits.height)} visits over {months(months_of(_span(visits)))}"),
        ("Diagnostic category", word(person.get("el_escorial"))),
        ("Phenotype", word(person.get("phenotype"))),
        ("Gene", word(person.get("genotype"))),
    ]
    return tuple((name, value) for name, value in known if value != NONE)


def _years(value: float | None) -> str:
    return NONE if value is None else f"{value:.0f} years"


def _span(visits: pl.DataFrame) -> int:
    days = visits["day"]
    return int(days[-1] - days[0]) if days.len() else 0


def fired(episodes: pl.DataFrame) -> TableView:
    """Every definition that the person met, with its period."""
    rows = [
        (
            opening(LABELS[row["definition"]]),
            source_name(RULES[row["definition"]].source),
            f"{months_of(row['start_day']):.0f} to {months_of(row['end_day']):.0f}",
            signed(row["change"]),
            count(row["visits"]),
        )
        for row in episodes.iter_rows(named=True)
    ]
    name = f"All definitions met ({len(rows)})"
    return table(name, ("definition", "source", "months", "change", "visits"), rows, (2, 3, 4), folded=True)
