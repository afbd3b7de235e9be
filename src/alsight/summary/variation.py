"""How a person's scores vary: variogram, runs of equal scores, correlation of successive slopes.

Three sources of variation leave different marks. Independent rating noise: a variogram about the own line that is flat
from the first lag, runs whose chance of going on does not grow, successive slopes correlated -1/2 and 0 further on. A
wandering rate: a variogram that rises with the lag, positive correlation of slopes further on. Sticky ratings and
rounding: a variogram that starts low, long runs, a correlation of successive slopes nearer 0.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.ratings import Ratings
from alsight.episodes.visits import ahead

LAG_MONTHS: Final = 3
"""Width of a lag class of the variogram [months]; lags are rounded to its multiples."""
MOST_LAG_MONTHS: Final = 36
"""Longest lag shown [months]."""
LEAST_FOR_A_LINE: Final = 4
"""Fewest visits of a person for residuals about an own line to say something."""
LEAST_GAP_MONTHS: Final = 1.0
MOST_GAP_MONTHS: Final = 7.0
"""Gaps between visits whose slope is taken [months]: shorter ones are noise, longer ones hide the course."""
SLOPE_LAGS: Final = (1, 2, 3, 4)
"""How many gaps apart the slopes are that are compared."""


def variogram(ratings: Ratings) -> pl.DataFrame:
    """Half the mean squared difference of two scores of one person, by the time between them.

    Two versions. `score`: the scores themselves; steady decline alone adds half the mean squared slope times the lag
    squared.
    `own_line`: residuals r about each person's least-squares line (people with 4 or more visits), as
    sum (r_i - r_j)² over sum (1 - h_ii) + (1 - h_jj) + 2 h_ij = 2 - (u_i - u_j)², u being time from the person's mean
    over the root of its sum of squares; so independent noise of variance s² gives s² at every lag. Long slow wander is
    partly taken up by the line and shows less than it is.

    Returns:
        `of`, `lag_months` (class middle), `pairs`, `people`, `semivariance` [points²], `sd` [points].

    Source: diggle2002
    """
    residual, u = _line_residuals(ratings)
    return pl.concat([_by_lag(ratings, ratings.total, None, "score"), _by_lag(ratings, residual, u, "own_line")])


def _line_residuals(ratings: Ratings) -> tuple[Float[np.ndarray, " visits"], Float[np.ndarray, " visits"]]:
    """Residuals about each person's line, nan for people with too few visits, and u as in `variogram`."""
    size, who = ratings.size, ratings.subject
    count = ratings.count.astype(np.float64)

    def sums(values: Float[np.ndarray, " visits"]) -> Float[np.ndarray, " subject"]:
        return np.bincount(who, weights=values, minlength=size).astype(np.float64)

    def centered(values: Float[np.ndarray, " visits"]) -> Float[np.ndarray, " visits"]:
        return values - (sums(values) / np.maximum(count, 1.0))[who]

    away, above = centered(ratings.since_first / DAYS_PER_MONTH), centered(ratings.total)
    spread = sums(away * away)
    spread = np.where(spread > 0, spread, np.nan)
    slope = sums(away * above) / spread
    enough = count[who] >= LEAST_FOR_A_LINE
    return np.where(enough, above - slope[who] * away, np.nan), away / np.sqrt(spread)[who]


def _by_lag(
    ratings: Ratings, value: Float[np.ndarray, " visits"], u: Float[np.ndarray, " visits"] | None, of: str
) -> pl.DataFrame:
    """Sums over all pairs of one person's visits, by lag class; class 0 takes the pairs that are not shown."""
    classes = MOST_LAG_MONTHS // LAG_MONTHS
    sums = np.zeros((3, classes + 1))
    observed = np.zeros((classes + 1, ratings.size), dtype=bool)
    starts = np.flatnonzero(~np.isnan(value))
    for _, index, second in ahead(ratings, starts):
        first = starts[index]
        months = (ratings.day[second] - ratings.day[first]) / DAYS_PER_MONTH
        lag = np.rint(months / LAG_MONTHS).astype(np.int64)
        lag = np.where(lag <= classes, lag, 0)
        squared = (value[second] - value[first]) ** 2
        weight = np.full(first.size, 2.0) if u is None else 2.0 - (u[first] - u[second]) ** 2
        for row, part in enumerate((np.ones(lag.size), squared, weight)):
            sums[row] += np.bincount(lag, weights=part, minlength=classes + 1)
        observed[lag, ratings.subject[first]] = True
    pairs, squared, weight = sums[:, 1:]
    semivariance = np.divide(squared, weight, out=np.full(classes, np.nan), where=weight > 0)
    return pl.DataFrame(
        {
            "of": [of] * classes,
            "lag_months": np.arange(1, classes + 1) * LAG_MONTHS,
            "pairs": pairs.astype(np.int64),
            "people": observed[1:].sum(axis=1),
            "semivariance": semivariance,
            "sd": np.sqrt(semivariance),
        }
    ).filter(pl.col("pairs") > 0)


def run_lengths(ratings: Ratings) -> pl.DataFrame:
    """How many visits in a row have the same total, and how often such a run goes on.

    Returns:
        One row a length that occurs: `visits` in the run, `runs`, `share` of all runs, `cut_short` (runs that reached
        the person's last visit), `mean_months` (from the first to the last visit of the run), `goes_on` (of the runs
        that reached this length and were followed by a visit, the share whose next score was the same; nan without
        any).
    """
    opens = np.ones(ratings.total.size, dtype=bool)
    opens[1:] = (np.diff(ratings.total) != 0) | (np.diff(ratings.subject) != 0)
    start = np.flatnonzero(opens)
    length = np.diff(np.append(start, ratings.total.size))
    cut = ratings.later[start + length - 1] == 0
    months = (ratings.day[start + length - 1] - ratings.day[start]) / DAYS_PER_MONTH
    most = int(length.max(initial=0)) + 1
    runs = np.bincount(length, minlength=most)
    cut_short = np.bincount(length[cut], minlength=most)
    longer = runs.sum() - np.cumsum(runs)
    followed = longer + runs - cut_short
    frame = pl.DataFrame(
        {
            "visits": np.arange(most),
            "runs": runs,
            "share": runs / max(int(runs.sum()), 1),
            "cut_short": cut_short,
            "mean_months": np.bincount(length, weights=months, minlength=most) / np.maximum(runs, 1),
            "goes_on": np.divide(longer, followed, out=np.full(most, np.nan), where=followed > 0),
        }
    )
    return frame.filter(pl.col("runs") > 0)


def slope_correlation(ratings: Ratings) -> pl.DataFrame:
    """Correlation between the slopes over gaps between visits, one, two, ... gaps apart.

    Slope k is (y_k+1 - y_k) / months; only gaps of 1 to 7 months are taken. Slopes of neighboring gaps share a visit,
    so independent noise alone gives -1/2 between them and 0 further on; rates that differ between people, or that
    last, add a positive part at every distance.

    Returns:
        `gaps_apart`, `pairs`, `people`, `correlation` (Pearson; nan under three pairs or where slopes are constant),
        `noise_alone`.
    """
    later = np.flatnonzero(ratings.later > 0)
    slope, usable = np.full(ratings.day.size, np.nan), np.zeros(ratings.day.size, dtype=bool)
    months = (ratings.day[later + 1] - ratings.day[later]) / DAYS_PER_MONTH
    slope[later] = (ratings.total[later + 1] - ratings.total[later]) / months
    usable[later] = (months >= LEAST_GAP_MONTHS) & (months <= MOST_GAP_MONTHS)
    return pl.DataFrame([_slope_row(ratings, slope, usable, apart) for apart in SLOPE_LAGS])


def _slope_row(
    ratings: Ratings, slope: Float[np.ndarray, " visits"], usable: Bool[np.ndarray, " visits"], apart: int
) -> dict[str, float]:
    first: Int[np.ndarray, " pairs"] = np.flatnonzero(usable & (ratings.later > apart))
    first = first[usable[first + apart]]
    left, right = slope[first], slope[first + apart]
    enough = first.size > 2 and left.std() > 0 and right.std() > 0
    return {
        "gaps_apart": apart,
        "pairs": first.size,
        "people": np.unique(ratings.subject[first]).size,
        "correlation": float(np.corrcoef(left, right)[0, 1]) if enough else float("nan"),
        "noise_alone": -0.5 if apart == 1 else 0.0,
    }
