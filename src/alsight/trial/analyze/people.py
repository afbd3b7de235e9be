"""One trial as its analyses read it: people with arm, baseline and follow-up, and ratings at planned visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Float

from alsight.base.errors import SpecError
from alsight.base.units import DAYS_PER_MONTH, DAYS_PER_WEEK
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import endpoints
from alsight.trial.analyze.plan import AnalysisPlan

CONTROLS: Final = ("placebo", "control", "sham", "standard of care", "standard_of_care")
"""Names by which an arm is known for the control."""
SHORTEST_GAP_DAYS: Final = 14
"""Planned visits that are found from the data are at least so far apart; assumed."""
MONTHLY: Final = 0.06
"""A median gap so near to whole months, as a share, is taken for whole months; assumed."""


@dataclass(frozen=True)
class TrialPeople:
    """A trial's people, one row each, and their ratings after baseline.

    Attributes:
        people: `subject`, `arm`, `baseline` [points], `baseline_day`, `months` [followed for the endpoint], `event`,
            and the covariates.
        ratings: `subject`, `arm`, `months` since baseline, `total`, `change`, `baseline`, covariates, and `visit`, the
            planned visit in months (null outside every window); the rating at baseline among them, at 0.
        control: the control arm.
        arms: the other arms, in order.
        visits: planned visits [months].
        horizon: end of the comparison [months].
        notes: what had to be assumed, and who was excluded for what.
    """

    people: pl.DataFrame
    ratings: pl.DataFrame
    control: str
    arms: tuple[str, ...]
    visits: tuple[float, ...]
    horizon: float
    notes: tuple[str, ...]

    def against(self, arm: str) -> TrialPeople:
        """The people of one arm and of the control alone."""
        both = pl.col("arm").is_in([self.control, arm])
        return TrialPeople(
            self.people.filter(both),
            self.ratings.filter(both),
            self.control,
            (arm,),
            self.visits,
            self.horizon,
            self.notes,
        )

    def sizes(self) -> tuple[int, int]:
        """Number of people on the therapy and on the control."""
        on = self.people["arm"] != self.control
        return int(on.sum()), int((~on).sum())

    def changes(self) -> Float[np.ndarray, "subject visit"]:
        """Change from baseline at each planned visit [points], nan where there is none."""
        order = self.people.select("subject").with_row_index("row")
        rated = self.ratings.drop_nulls("visit").join(order, on="subject")
        grid = np.full((self.people.height, len(self.visits)), np.nan)
        slot = np.searchsorted(np.asarray(self.visits), rated["visit"].to_numpy())
        grid[rated["row"].to_numpy(), slot] = rated["change"].to_numpy()
        return grid


def trial_people(cohort: Cohort, plan: AnalysisPlan) -> TrialPeople:
    """A cohort as a trial: who is compared with whom, from which score, over which time.

    Baseline is the last rating up to day 0 (randomization), else the first one within a visit's window; who has none
    is excluded and counted. Follow-up for the endpoint ends at the horizon. A rating belongs to the nearest planned
    visit within its window, the one nearest in time where there are several; ratings after the endpoint do not count.

    Args:
        cohort: a checked cohort with `arm` in its subjects.
        plan: the plan.

    Raises:
        SpecError: there are no two arms, or an arm, covariate, endpoint or visit of the plan does not exist.
    """
    control, arms = _arms(cohort, plan)
    people = cohort.subjects.filter(pl.col("arm").is_in([control, *arms])).select(
        "subject", "arm", *_covariates(cohort, plan)
    )
    rated = cohort.visits.select("subject", "day", total=pl.col(plan.outcome).cast(pl.Float64)).drop_nulls("total")
    rated = rated.join(people.select("subject"), on="subject", how="semi").sort("subject", "day")
    visits, inferred = _planned(rated, plan)
    window = _window(visits, plan)
    people, excluded = _with_baseline(people, rated, window)
    horizon = plan.horizon_months or (visits[-1] if visits else 0.0)
    follow = _follow_up(cohort, people, plan, horizon)
    ratings = _at_visits(rated, follow, visits, window, horizon)
    return TrialPeople(follow, ratings, control, arms, visits, horizon, (*inferred, *excluded))


def _arms(cohort: Cohort, plan: AnalysisPlan) -> tuple[str, tuple[str, ...]]:
    named = sorted(set(cohort.subjects["arm"].drop_nulls().to_list()) - {""})
    shown = ", ".join(named) or "none"
    if len(named) < 2:
        raise SpecError([("path", "people of two arms or more (column `arm` of the subjects)", f"arms: {shown}")])
    known = [name for name in named if name.lower() in CONTROLS]
    control = plan.control or (known[0] if len(known) == 1 else "")
    faults: list[tuple[str, str, object]] = []
    if control not in named:
        faults.append(("control", f"one of {shown}", plan.control or "nothing"))
    faults += [
        ("arms", f"of {shown}, without the control", one) for one in plan.arms if one not in named or one == control
    ]
    if faults:
        raise SpecError(faults)
    return control, plan.arms or tuple(name for name in named if name != control)


def _covariates(cohort: Cohort, plan: AnalysisPlan) -> list[str]:
    usable = [name for name in cohort.subjects.columns if name not in ("subject", "arm")]
    faults = [
        ("covariates", "columns of the subjects: " + ", ".join(usable), one)
        for one in plan.covariates
        if one not in usable
    ]
    if faults:
        raise SpecError(faults)
    return list(plan.covariates)


def _planned(rated: pl.DataFrame, plan: AnalysisPlan) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Planned visits, and a note where they were found from the data."""
    if plan.visits_months:
        return tuple(sorted(set(plan.visits_months))), ()
    gaps = rated.select(pl.col("day").diff().over("subject")).to_series().drop_nulls()
    gaps = gaps.filter(gaps >= SHORTEST_GAP_DAYS)
    if gaps.is_empty():
        return (), ("No one has a rating after baseline.",)
    gap, unit = _gap(float(gaps.median()))  # type: ignore[arg-type]
    last = plan.horizon_months * DAYS_PER_MONTH if plan.horizon_months else float(rated["day"].quantile(0.95) or 0.0)
    count = max(1, round(last / gap))
    many = "1 visit" if count == 1 else f"{count:,} visits"
    note = f"Planned visits were not stated; the ratings suggest {many}, {unit} apart."
    return tuple(gap * one / DAYS_PER_MONTH for one in range(1, count + 1)), (note,)


def _gap(days: float) -> tuple[float, str]:
    """The gap of a schedule near a median gap, in days and in words: whole months where they fit, else whole weeks."""
    months = max(1, round(days / DAYS_PER_MONTH))
    if abs(days / (months * DAYS_PER_MONTH) - 1) < MONTHLY:
        return months * DAYS_PER_MONTH, "a month" if months == 1 else f"{months} months"
    weeks = max(2, round(days / DAYS_PER_WEEK))
    return weeks * DAYS_PER_WEEK, f"{weeks} weeks"


def _window(visits: tuple[float, ...], plan: AnalysisPlan) -> float:
    """Days around a planned visit that count for it."""
    if plan.window_days is not None or not visits:
        return plan.window_days or 0.0
    return float(np.diff([0.0, *visits]).min()) * DAYS_PER_MONTH / 2


def _with_baseline(people: pl.DataFrame, rated: pl.DataFrame, window: float) -> tuple[pl.DataFrame, tuple[str, ...]]:
    before = rated.filter(pl.col("day") <= 0).group_by("subject").last()
    after = rated.filter((pl.col("day") > 0) & (pl.col("day") <= window)).group_by("subject").first()
    first = pl.concat([before, after]).unique("subject", keep="first", maintain_order=True)
    joined = people.join(first.select("subject", baseline="total", baseline_day="day"), on="subject", how="left")
    lacking = joined.filter(pl.col("baseline").is_null())
    notes = tuple(
        f"{arm}: {len(who):,} excluded, no rating at baseline."
        for (arm,), who in lacking.group_by("arm", maintain_order=True)
    )
    return joined.drop_nulls("baseline").sort("subject"), notes


def _follow_up(cohort: Cohort, people: pl.DataFrame, plan: AnalysisPlan, horizon: float) -> pl.DataFrame:
    """The people with their follow-up for the endpoint, cut at the horizon."""
    end = endpoints(cohort, plan.endpoint).select("subject", "time_day", "event")
    joined = people.join(end, on="subject", how="left").with_columns(
        months=(pl.col("time_day").fill_null(0) / DAYS_PER_MONTH).clip(lower_bound=0.0)
    )
    late = pl.col("months") > horizon
    return joined.with_columns(
        event=pl.col("event").fill_null(value=False) & ~late, months=pl.when(late).then(horizon).otherwise("months")
    ).drop("time_day")


def _at_visits(
    rated: pl.DataFrame, people: pl.DataFrame, visits: tuple[float, ...], window: float, horizon: float
) -> pl.DataFrame:
    """Ratings from baseline on, each with its planned visit."""
    named = people.rename({"months": "end"}).drop("event")
    rows = rated.join(named, on="subject").filter(pl.col("day") >= pl.col("baseline_day"))
    rows = rows.with_columns(
        months=(pl.col("day") - pl.col("baseline_day")) / DAYS_PER_MONTH,
        since_entry=pl.col("day") / DAYS_PER_MONTH,
        change=pl.col("total") - pl.col("baseline"),
    )
    ended = people.filter("event").select("subject", ended=pl.col("months"))
    rows = rows.join(ended, on="subject", how="left")
    rows = rows.filter(pl.col("ended").is_null() | (pl.col("since_entry") < pl.col("ended")))
    rows = rows.filter(pl.col("since_entry") <= horizon + window / DAYS_PER_MONTH)
    if not visits:
        return rows.with_columns(visit=pl.lit(None, pl.Float64)).drop("end", "ended", "since_entry")
    months = rows["since_entry"].to_numpy()
    gap = np.abs(months[:, None] - np.asarray(visits))
    nearest = gap.argmin(axis=1) if len(months) else np.zeros(0, int)
    away = gap[np.arange(len(months)), nearest]
    inside = (away * DAYS_PER_MONTH <= window) & (rows["day"].to_numpy() > rows["baseline_day"].to_numpy())
    rows = rows.with_columns(
        visit=pl.Series(np.asarray(visits)[nearest]), away=pl.Series(away), inside=pl.Series(inside)
    )
    best = (pl.col("away") == pl.col("away").min().over("subject", "visit", "inside")) & pl.col("inside")
    best = best & (pl.col("day").rank("ordinal").over("subject", "visit", "inside", best) == 1)
    rows = rows.with_columns(visit=pl.when(best).then("visit"))
    return rows.drop("end", "ended", "since_entry", "away", "inside").sort("subject", "day")
