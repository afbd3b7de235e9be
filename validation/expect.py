"""How long `expect` takes, how its Monte Carlo error shrinks, and the table of "25 % of my patients are stable".

`python -m validation.expect` prints all three; the table goes into docs/methods/expect.md.
"""

from __future__ import annotations

import time

import numpy as np

import alsight
from alsight.detect.expect.outcomes import outcome
from alsight.detect.expect.published import published

PEOPLE = 10_000


def percent(chance: float) -> str:
    shown = f"{100 * chance:.2g}" if chance < 0.1 else f"{100 * chance:.0f}"
    return "over 99 %" if 0.995 <= chance < 1 else "under 0.01 %" if chance < 1e-4 else f"{shown} %"


def sentence_table() -> None:
    """A quarter or more of 20, 40, 100 and 200, for several ways of following and selecting people."""
    slow = {"population": "examples/slow_clinic.toml", "interval": 3.0}
    cases = (
        ("register, every 3 months", {}),
        ("register, every 6 months", {"interval": 6.0}),
        ("register, first stable in a run-in of 6 months", {"run_in": "stable for 6 months"}),
        ("trial, monthly", {"population": "trial"}),
        ("trial, every 3 months", {"population": "trial", "interval": 3.0}),
        ("[slow clinic](../../examples/slow_clinic.toml), every 3 months", slow),
    )
    sizes = (20, 40, 100, 200)
    heads = " | ".join(f"{size // 4} of {size}" for size in sizes)
    print(f"| people, visits | expected | {heads} | 5 of 20, best of 10 |\n| --- | --- {'| --- ' * 5}|")
    for name, options in cases:
        answer = alsight.expect("10 of 40 stable at 6 months", people=PEOPLE, **options)
        rows = {row["of"]: row for row in answer.tables["sizes"].iter_rows(named=True)}
        low, high = answer.summary["rate_over_sets"]
        expected = f"{100 * answer.summary['rate']:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
        chances = [percent(rows[size]["chance"]) for size in sizes] + [percent(rows[20]["best_of_10"])]
        print(f"| {name} | {expected} | {' | '.join(chances)} |")
    rule, faults = outcome("stable", 6.0, None)
    assert rule is not None, faults
    chances = [percent(published(rule, size // 4, size)["chance"][0]) for size in sizes]
    print(f"| as published in trials: 25 % of 3,132 | 25 % | {' | '.join(chances)} | |")


def wording_table() -> None:
    """The same people under every wording of a plateau."""
    answer = alsight.expect("5 of 20 stable at 6 months", population="register", followed=12.0, people=PEOPLE)
    print("\n| wording | expected | 5 or more of 20 |\n| --- | --- | --- |")
    for row in answer.tables["readings"].iter_rows(named=True):
        print(f"| `{row['definition']}`: {row['holds']} | {percent(row['rate'])} | {percent(row['chance'])} |")


def timing() -> None:
    """Seconds of a call in a warm process."""
    alsight.expect("3 of 10 stable for 12 months", people=500)
    for people in (5000, 20_000):
        for sentence, options in (
            ("3 of 10 stable for 12 months", {}),
            ("3 of 10 vasta_exact_12", {}),
            ("3 of 10 stable for 12 months", {"population": "trial", "any_window": True, "picked_from": 8}),
        ):
            clock, used = time.perf_counter(), time.process_time()
            answer = alsight.expect(sentence, people=people, **options)
            spent, used = time.perf_counter() - clock, time.process_time() - used
            print(
                f"{sentence} {options}: {people} people a set, {spent:.1f} s ({used:.1f} s of processor), "
                f"error {100 * answer.summary['rate_error']:.3f} points of percent"
            )


def coverage() -> None:
    """Answers with small samples against a large one: in how many of them the error covers it."""
    truth = alsight.expect("3 of 10 stable for 12 months", people=50_000, seed=77)
    inside = []
    for seed in range(100, 140):
        one = alsight.expect("3 of 10 stable for 12 months", people=500, seed=seed)
        off = one.summary["rate"] - truth.summary["rate"]
        inside.append(abs(off) <= 1.96 * np.hypot(one.summary["rate_error"], truth.summary["rate_error"]))
    print(f"\n95 % Monte Carlo intervals that hold the large sample's share: {np.mean(inside):.0%} of {len(inside)}")


if __name__ == "__main__":
    sentence_table()
    wording_table()
    timing()
    coverage()
