"""The whole answer: how often natural history gives k of n, alone and after picking, beside what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl
from jaxtyping import Bool

from alsight.base.errors import RunError, request_field
from alsight.base.progress import Progress, silent
from alsight.calibrate.ensemble import VERSION
from alsight.detect.expect.chance import Spread, at_least, best_of, nodes_of, share_interval, spread
from alsight.detect.expect.count import FEWEST, RuleMarks, simulated
from alsight.detect.expect.outcomes import Outcome, readings, wider
from alsight.detect.expect.people import Observation, RunIn, as_observed, followed
from alsight.detect.expect.picking import by_groups, gained_by_trying, steps
from alsight.detect.expect.published import published
from alsight.episodes.definition import Definition
from alsight.population.spec import Population

SIZES: Final = (5, 10, 20, 50, 100, 200)
"""Sizes of groups at which the same share is shown."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """k of n, of whom, seen how, picked how.

    Attributes:
        outcome: what was found.
        found: people who met it.
        of: people among whom.
        population: whom they are like.
        seen: how they were observed.
        run_in: who of them was enrolled; None for everyone.
        enrolled: whether the n are all who entered (deaths and losses count as not meeting it), not those whom the
            rule can judge.
        picked_from: groups of this size that could have been reported.
        any_window: whether the window was chosen after looking.
        tried: other rules that could have been reported.
        people: virtual people of each parameter set.
        seed: root of all random numbers.
        workers: threads.
    """

    outcome: Outcome
    found: int
    of: int
    population: Population
    observed: Observation = field(default_factory=Observation)
    run_in: RunIn | None = None
    enrolled: bool = False
    picked_from: int = 1
    any_window: bool = False
    tried: tuple[Outcome, ...] = ()
    people: int = 5000
    seed: int = 1
    workers: int = 1


@dataclass(frozen=True)
class Expectation:
    """The answer.

    Attributes:
        rate: share of people who meet the rule, over all parameter sets.
        error: its Monte Carlo standard error.
        least, most: lowest and highest share of the sets.
        assessed: share of those enrolled whom the rule can judge.
        spread: how many of n natural history gives.
        chance: of k or more in one group named beforehand.
        fewer: chance of k or fewer.
        picked: chance after every way of picking that was stated.
        observed_low, observed_high: 95 % interval of the observed share.
        months: time in which spells are looked for.
        tables: everything by name.
    """

    rate: float
    error: float
    least: float
    most: float
    assessed: float
    spread: Spread
    chance: float
    fewer: float
    picked: float
    observed_low: float
    observed_high: float
    months: float
    tables: dict[str, pl.DataFrame]


@dataclass(frozen=True)
class _Tally:
    """Marks with the places of the rules, and the denominator that was asked for."""

    marks: Sequence[RuleMarks]
    places: dict[str, int]
    enrolled: bool

    def who(self, mark: RuleMarks, rule: str, *, selected: bool = True) -> Bool[np.ndarray, " people"]:
        """The denominator of a rule."""
        among = mark.admitted if selected else np.ones_like(mark.admitted)
        return among if self.enrolled else among & mark.eligible[self.places[rule]]

    def meets(self, mark: RuleMarks, rules: Sequence[str]) -> Bool[np.ndarray, " people"]:
        """Who meets any of some rules."""
        return np.asarray(mark.found[[self.places[rule] for rule in rules]].any(axis=0))

    def sums(self, rules: Sequence[str], *, selected: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Found and eligible of each set; the first rule decides the denominator."""
        pairs = [(self.meets(mark, rules), self.who(mark, rules[0], selected=selected)) for mark in self.marks]
        return np.array([(met & who).sum() for met, who in pairs]), np.array([who.sum() for _, who in pairs])


def expectation(question: Question, progress: Progress = silent) -> Expectation:
    """How surprising k of n is under natural history.

    Raises:
        RunError: hardly anyone enters, or no one can be assessed by the rule.
    """
    rule, run_in = question.outcome.rule, question.run_in
    population = as_observed(question.population, rule, question.observed, run_in)
    months = _months(question)
    rules = _rules(question)
    marks = simulated(
        population,
        list(rules.values()),
        months,
        run_in,
        people=question.people,
        seed=question.seed,
        workers=question.workers,
        progress=progress,
    )
    tally = _Tally(marks, {name: index for index, name in enumerate(rules)}, question.enrolled)
    found, eligible = tally.sums([rule.name])
    _enough(question, eligible)
    nodes = nodes_of(found, eligible)
    shares = found / eligible
    picking, single = _picking(question, tally)
    numbers = spread(nodes, question.of)
    low, high = share_interval(question.found, question.of)
    return Expectation(
        rate=float(nodes.mean()),
        error=float(np.sqrt(np.mean(shares * (1.0 - shares) / eligible) / shares.size)),
        least=float(shares.min()),
        most=float(shares.max()),
        assessed=_judged(tally, rule.name),
        spread=numbers,
        chance=float(at_least(nodes, question.found, question.of).mean()),
        fewer=float(numbers.chances[: question.found + 1].sum()),
        picked=float(picking["chance"][-1]),
        observed_low=low,
        observed_high=high,
        months=months,
        tables=_tables(question, tally, rules, nodes, numbers, picking, single),
    )


def _tables(
    question: Question,
    tally: _Tally,
    rules: dict[str, Definition],
    nodes: np.ndarray,
    numbers: Spread,
    picking: pl.DataFrame,
    single: np.ndarray,
) -> dict[str, pl.DataFrame]:
    """Everything that is tabled, by name."""
    rule = question.outcome.rule.name
    found, eligible = tally.sums([rule])
    return {
        "picking": picking,
        "picked": by_groups(single, question.picked_from),
        "published": published(question.outcome, question.found, question.of, question.picked_from),
        "readings": _readings(question, tally, rules),
        "sizes": _sizes(question, nodes),
        "numbers": _numbers(numbers),
        "run_in": _run_in(question, tally),
        "sets": _sets(tally, rule, found / eligible),
    }


def _enough(question: Question, eligible: np.ndarray) -> None:
    """Refuse to answer from hardly anyone.

    Raises:
        RunError: too few virtual people can be assessed by the rule at these visits.
    """
    if eligible.min() < FEWEST:
        raise RunError(
            f"Only {eligible.min()} of {question.people:,} virtual people could be assessed by "
            f"{question.outcome.rule.name} with these visits: see people more often "
            f"({request_field('interval')}), follow them longer ({request_field('followed')}), or ask for more "
            f"({request_field('people')})."
        )


def _rules(question: Question) -> dict[str, Definition]:
    """Every rule that has to be assessed, the asked one first."""
    rules = readings(question.outcome)
    for one in (question.outcome, *question.tried):
        any_time = wider(one)
        rules += [one.rule, *([] if any_time is None else [any_time])]
    return {rule.name: rule for rule in rules}


def _judged(tally: _Tally, rule: str) -> float:
    """Share of those enrolled whom a rule can judge."""
    able = sum(int((mark.admitted & mark.eligible[tally.places[rule]]).sum()) for mark in tally.marks)
    return able / sum(int(mark.admitted.sum()) for mark in tally.marks)


def _windows(question: Question, one: Outcome) -> list[str]:
    """The names of a rule and, where the window was picked, of the rule that looks at any."""
    any_time = wider(one) if question.any_window else None
    return [one.rule.name] if any_time is None else [one.rule.name, any_time.name]


def _months(question: Question) -> float:
    return followed(question.population, question.outcome.rule, question.observed)


def _picking(question: Question, tally: _Tally) -> tuple[pl.DataFrame, np.ndarray]:
    asked = question.outcome
    rows = [("one group, one rule and one window named beforehand", nodes_of(*tally.sums([asked.rule.name])))]
    if question.any_window and len(_windows(question, asked)) > 1:
        within = f"any window of {asked.rule.months:g} months in {_months(question):g} months"
        rows.append((within, nodes_of(*tally.sums(_windows(question, asked)))))
    gained = None
    if question.tried:
        flags: list[np.ndarray] = []
        for mark in tally.marks:
            who = tally.who(mark, asked.rule.name)
            met = [tally.meets(mark, _windows(question, one)) for one in (asked, *question.tried)]
            flags.append(np.stack(met)[:, who])
        gained = gained_by_trying(flags, question.found, question.of, question.seed)
    return steps(rows, gained, question.found, question.of, question.picked_from)


def _readings(question: Question, tally: _Tally, rules: dict[str, Definition]) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for name, rule in rules.items():
        found, eligible = tally.sums([name])
        if rule.kind != question.outcome.rule.kind or eligible.sum() == 0:
            continue
        nodes = nodes_of(found, eligible)
        shares = found / np.maximum(eligible, 1)
        numbers = spread(nodes, question.of)
        rows.append(
            {
                "definition": name,
                "asked": name == question.outcome.rule.name,
                "wording": rule.wording,
                "holds": rule.sustained,
                "timing": rule.timing,
                "eligible": int(eligible.sum()),
                "found": int(found.sum()),
                "rate": float(nodes.mean()),
                "least": float(shares.min()),
                "most": float(shares.max()),
                "expected": numbers.median,
                "low": numbers.low,
                "high": numbers.high,
                "chance": float(at_least(nodes, question.found, question.of).mean()),
                "source": str(rule.source),
                "published": rule.published.text if rule.published else "",
                "assumed": rule.assumed,
            }
        )
    return pl.DataFrame(rows)


def _sizes(question: Question, nodes: np.ndarray) -> pl.DataFrame:
    """The same share, or more, in groups of other sizes."""
    rows: list[tuple[int, int, int, int, int, float, float, float]] = []
    for of in sorted({*SIZES, question.of}):
        found = -(-question.found * of // question.of)
        single = at_least(nodes, found, of)
        numbers = spread(nodes, of)
        chances = (float(single.mean()), best_of(single, 10), best_of(single, 100))
        rows.append((of, found, numbers.median, numbers.low, numbers.high, *chances))
    names = ("of", "found", "expected", "low", "high", "chance", "best_of_10", "best_of_100")
    return pl.DataFrame(rows, schema=list(names), orient="row")


def _numbers(numbers: Spread) -> pl.DataFrame:
    upwards = np.minimum(np.cumsum(numbers.chances[::-1])[::-1], 1.0)
    count = np.arange(numbers.chances.size)
    frame = pl.DataFrame({"number": count, "chance": numbers.chances, "chance_or_more": upwards})
    return frame.filter((pl.col("chance") > 1e-12) | (pl.col("number") == 0))


def _run_in(question: Question, tally: _Tally) -> pl.DataFrame:
    """What selecting by a run-in does to the share; empty where no one was selected."""
    schema = {"people": pl.String, "entered": pl.Int64, "eligible": pl.Int64, "found": pl.Int64, "rate": pl.Float64}
    if question.run_in is None:
        return pl.DataFrame(schema=schema | {"chance": pl.Float64})
    rows: list[tuple[object, ...]] = []
    for people, selected in (("everybody", False), ("those whom the run-in lets through", True)):
        found, eligible = tally.sums([question.outcome.rule.name], selected=selected)
        entered = sum(int(mark.admitted.sum()) if selected else mark.admitted.size for mark in tally.marks)
        nodes = nodes_of(found, eligible)
        chance = float(at_least(nodes, question.found, question.of).mean())
        rows.append((people, entered, int(eligible.sum()), int(found.sum()), float(nodes.mean()), chance))
    return pl.DataFrame(rows, schema=schema | {"chance": pl.Float64}, orient="row")


def _sets(tally: _Tally, rule: str, shares: np.ndarray) -> pl.DataFrame:
    found, eligible = tally.sums([rule])
    return pl.DataFrame(
        {
            "set": [mark.name for mark in tally.marks],
            "candidates": [mark.candidates for mark in tally.marks],
            "entered": [mark.admitted.size for mark in tally.marks],
            "enrolled": [int(mark.admitted.sum()) for mark in tally.marks],
            "eligible": eligible,
            "found": found,
            "rate": shares,
            "version": [VERSION] * len(tally.marks),
        }
    )
