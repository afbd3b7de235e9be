"""Single visits that mislead: outliers, slips of digits, exchanged dates, another scale, and faults of the file."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.cohort.cohort import Cohort
from alsight.cohort.ratings import SCALE_ITEMS, Ratings, to_frame, with_total
from alsight.detect.causes.effect import Effect, declared_causes, effect, rows
from alsight.detect.causes.excursion import Stretches, clearest, stretches
from alsight.detect.causes.items import named
from alsight.detect.causes.rules import CauseRules
from alsight.detect.causes.series import Series, shifted, side
from alsight.instruments.alsfrs_r import ALSFRS_R_BEST

FAULTS: Final = (
    "out_of_range",
    "not_a_score",
    "wrong_type",
    "total_impossible",
    "total_differs",
    "contradicting_visits",
    "cutting_rated_twice",
    "after_death",
)
"""Rules of the check whose faults in the visits were corrected before any score was used."""

_TOTALS: Final = int(ALSFRS_R_BEST) + 1


def slip_table() -> Bool[np.ndarray, "written meant"]:
    """Which total may have been written for which by one slip of digits: exchanged, excluded, or typed twice."""
    table = np.zeros((_TOTALS, _TOTALS), dtype=bool)
    for meant in range(_TOTALS):
        text = str(meant)
        slips = {text[::-1], text * 2} if len(text) == 1 else {text[::-1], text[0], text[1]}
        for slip in slips - {text}:
            if not slip.startswith("0") and int(slip) < _TOTALS:
                table[int(slip), meant] = True
    return table


def outliers(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Visits that stand off from both sides: any above them, and those below them that a slip of digits explains.

    A visit departs when its total lies further from the smoothed levels before and after than `outlier_points` and
    `outlier_errors`, and off the very visits beside it too: the last visit of a gain is none. Other low visits are the
    business of dips. Slips are looked for only where the total was not added up from items. A first or last visit has
    one side only; it counts when a slip explains a larger departure.
    """
    del cohort
    high, low = (_standing_off(series, rules, direction) for direction in (1, -1))
    index = np.concatenate([high.first, low.first])
    expected = np.concatenate([high.before, low.before])
    points = np.concatenate([np.minimum(high.away, high.back), low.back])
    above = np.arange(index.size) < high.first.size
    meant = _meant(series, rules, index, expected)
    keep = above | (meant >= 0)
    edge, edge_meant, edge_points = _edges(series, rules)
    index, meant = np.concatenate([index[keep], edge]), np.concatenate([meant[keep], edge_meant])
    points = np.concatenate([points[keep], edge_points])
    slip = meant >= 0
    previous, has_previous = shifted(series.ratings, -1)
    start = np.where(has_previous[index], series.ratings.day[previous[index]], series.ratings.day[index])
    found = rows(
        series,
        index,
        cause="artefact",
        rule=pl.Series(np.where(slip, "data_slip", "outlying_visit"), dtype=pl.String),
        start=start,
        end=series.ratings.day[index],
        points=points,
        recorded_total=pl.Series(np.where(slip, np.rint(series.ratings.total[index]), np.nan)).fill_nan(None),
        expected_total=pl.Series(np.where(slip, meant, np.nan)).fill_nan(None),
    )
    dropped = np.zeros(series.ratings.subject.size, dtype=bool)
    dropped[index] = True
    ruled = np.full(series.ratings.subject.size, "", dtype=object)
    ruled[index] = np.where(slip, "data_slip", "outlying_visit")
    return effect(series, found, dropped=dropped, ruled=pl.Series(ruled, dtype=pl.String))


def _standing_off(series: Series, rules: CauseRules, direction: Literal[1, -1]) -> Stretches:
    """Single visits above (1) or below (-1) the levels on both sides and the very visits beside them."""
    found = stretches(series, rules, direction, 1, rules.dip_days, rules.outlier_points)
    before, after = (shifted(series.ratings, step)[0][found.first] for step in (-1, 1))
    beside = np.maximum(direction * series.ratings.total[before], direction * series.ratings.total[after])
    alone = direction * series.ratings.total[found.first] - beside >= rules.outlier_alone * np.minimum(
        found.away, found.back
    )
    best = clearest(series, found.chosen(alone))
    return best.chosen(best.errors >= rules.outlier_errors)


def _meant(
    series: Series, rules: CauseRules, index: Int[np.ndarray, " found"], expected: Float[np.ndarray, " found"]
) -> Int[np.ndarray, " found"]:
    """The total nearest to the expected one that a slip may have turned into the written one; -1 for none."""
    written = series.ratings.total[index]
    whole = (written == np.rint(written)) & (written >= 0) & (written < _TOTALS)
    whole &= np.isnan(series.ratings.items[index][:, list(SCALE_ITEMS["alsfrs_r"])]).any(axis=1)
    lawful = slip_table()[np.where(whole, written, 0).astype(np.int64)]
    distance = np.where(lawful, np.abs(np.arange(_TOTALS) - expected[:, None]), np.inf)
    nearest = distance.argmin(axis=1) if index.size else np.zeros(0, dtype=np.int64)
    near = distance.min(axis=1, initial=np.inf) <= rules.slip_points
    return np.where(whole & near, nearest, -1)


def _edges(
    series: Series, rules: CauseRules
) -> tuple[Int[np.ndarray, " edges"], Int[np.ndarray, " edges"], Float[np.ndarray, " edges"]]:
    """First and last visits that a slip explains: place, total meant, points of the rise that it makes, 0 for a loss.

    A last visit too low or a first one too high must depart twice as far, since people do lose suddenly.
    """
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for step in (-1, 1):
        course = side(series, rules, step)
        index, same = shifted(series.ratings, step)
        _, other = shifted(series.ratings, -step)
        edge = np.flatnonzero(same & ~other & (course.count[index] > 1))
        expected, _ = course.at(index[edge], series.ratings.months[edge], series.noise[edge])
        off = series.ratings.total[edge] - expected
        meant = _meant(series, rules, edge, expected)
        rise = -step * off
        slip = (meant >= 0) & ((rise >= rules.slip_edge_points) | (-rise >= 2 * rules.slip_edge_points))
        found.append((edge[slip], meant[slip], np.maximum(rise[slip], 0.0)))
    places, meant, points = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return places, meant, points


def exchanged_dates(cohort: Cohort, series: Series, rules: CauseRules) -> Effect:
    """Visits whose labels count backwards while their days count on: one of the two dates is wrong, both are excluded.

    A label is read as its words and its first number; two labels are compared when their words are the same.
    """
    del rules
    label = cohort.visits["visit"].gather(series.ratings.line)
    number = label.str.extract(r"(\d+(?:\.\d+)?)").cast(pl.Float64).fill_null(float("nan")).to_numpy()
    words = label.str.replace(r"\d+(?:\.\d+)?", "#").fill_null("")
    previous, same = shifted(series.ratings, -1)
    alike = (words == words.gather(previous)).to_numpy()
    wrong = np.flatnonzero(
        same & alike & (number < number[previous]) & (series.ratings.day > series.ratings.day[previous])
    )
    before = previous[wrong]
    dropped = np.zeros(series.ratings.subject.size, dtype=bool)
    dropped[wrong] = dropped[before] = True
    found = rows(
        series,
        wrong,
        cause="artefact",
        rule="exchanged_dates",
        start=series.ratings.day[before],
        end=series.ratings.day[wrong],
        points=np.maximum(series.ratings.total[wrong] - series.ratings.total[before], 0.0),
        from_value=label.gather(before),
        to_value=label.gather(wrong),
    )
    return effect(series, found, dropped=dropped, ruled=named("exchanged_dates", dropped))


def other_scale(whole: Ratings, series: Series) -> Effect:
    """Rises between two visits on different scales, where only one of the two was rated on each day.

    The ALSFRS ends at 40 points, the ALSFRS-R at 48; no exact conversion is known, so visits on the scale that a person
    was rated on less often do not count at all.
    """
    once = to_frame(with_total(whole)).filter(pl.len().over("subject", "day") == 1)
    change = once.with_columns(pl.col("day", "scale", "total").shift(1).over("subject").name.prefix("last_")).filter(
        pl.col("scale") != pl.col("last_scale"), pl.col("total") > pl.col("last_total")
    )
    found = change.select(
        "subject",
        pl.lit("artefact").alias("cause"),
        pl.lit("scale").alias("rule"),
        start_day="last_day",
        end_day="day",
        points=pl.col("total") - pl.col("last_total"),
        items=pl.lit(""),
        from_value="last_scale",
        to_value="scale",
    )
    return effect(series, declared_causes(found))


def faults(cohort: Cohort) -> pl.DataFrame:
    """Faults of the file that made no rise because the check settled them: they carry no day and no points."""
    found = cohort.rejected.filter(
        pl.col("table") == "visits",
        pl.col("rule").is_in(FAULTS),
        pl.col("subject").is_in(cohort.subjects["subject"].implode()),
    )
    grouped = found.group_by("subject", "rule", maintain_order=True).agg(
        faults=pl.len(), file_row=pl.col("row").min(), message=pl.col("message").first()
    )
    return declared_causes(grouped.with_columns(cause=pl.lit("artefact"), points=pl.lit(0.0), items=pl.lit("")))


def totals_off(cohort: Cohort, series: Series) -> Effect:
    """Visits whose written total differs from the sum of all twelve items; the sum counts."""
    written = (
        cohort.visits.select(pl.coalesce("total_recorded", "alsfrs_r_total").cast(pl.Float64).fill_null(float("nan")))
        .to_series()
        .to_numpy()[series.ratings.line]
    )
    whole = series.ratings.items[:, list(SCALE_ITEMS["alsfrs_r"])].sum(axis=1)
    off = np.flatnonzero(np.isfinite(whole) & np.isfinite(written) & (np.abs(written - whole) > 0.01))
    previous, has_previous = shifted(series.ratings, -1)
    found = rows(
        series,
        off,
        cause="artefact",
        rule="total_off_items",
        start=np.where(has_previous[off], series.ratings.day[previous[off]], series.ratings.day[off]),
        end=series.ratings.day[off],
        points=np.maximum(written[off] - whole[off], 0.0),
        recorded_total=written[off],
        expected_total=whole[off],
    )
    return effect(series, found)
