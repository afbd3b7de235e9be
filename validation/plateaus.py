"""What plateaus are made of: shares not declining when noise, slow spells, slow people or the ceiling are taken away.

    python -m validation.plateaus

People are drawn from the shipped velocity model of natural history and seen at entry and after 6, 12 and 18 months. One
ingredient is taken away at a time, all else equal. "Selection" counts only those above 20 points at the end, as if the
others had died or withdrawn; that cut is assumed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from alsight.detect.prior import natural_history
from alsight.infer.fit import Fit
from alsight.infer.velocity.simulate import simulate_fit

PEOPLE = 40_000
MONTHS = (6.0, 12.0, 18.0)
STILL_SEEN = 20.0


def changed(fit: Fit, **values: float) -> Fit:
    """The fit with other numbers."""
    estimates = fit.estimates.copy()
    for name, value in values.items():
        estimates[fit.names.index(name)] = value
    return replace(fit, estimates=estimates)


def shares(fit: Fit, *, truth: bool = False, observed: bool = False) -> list[str]:
    """Share not below the first score, at each time."""
    times = np.array([0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0])
    blank = pl.DataFrame(
        {
            "subject": np.repeat(np.arange(PEOPLE), len(times)),
            "months": np.tile(times, PEOPLE),
            "score": 20.0,
        }
    )
    drawn = simulate_fit(fit, blank, 17)
    wide = drawn["truth" if truth else "score"].to_numpy().reshape(PEOPLE, -1)
    level = drawn["truth"].to_numpy().reshape(PEOPLE, -1)
    reported: list[str] = []
    for months in MONTHS:
        end = int(months // 3)
        among = level[:, end] > STILL_SEEN if observed else np.ones(PEOPLE, bool)
        # Without noise a true loss below half a point would round to none.
        still = wide[among, end] >= wide[among, 0] - (0.5 if truth else 0.0)
        reported.append(f"{100 * still.mean():.1f}")
    return reported


def main() -> None:
    """Print the table."""
    fit = natural_history()
    sd = float(np.hypot(fit["sd_log_rate"], fit["sd_pace"]))
    rows = {
        "everything": shares(fit),
        "without noise (a true loss under half a point)": shares(fit, truth=True),
        "without slow spells (every rate constant)": shares(changed(fit, sd_pace=1e-3)),
        "without slow people (one mean rate for all)": shares(changed(fit, sd_log_rate=1e-3)),
        "all variation between people, none within": shares(changed(fit, sd_pace=1e-3, sd_log_rate=sd)),
        "ten points lower, away from the ceiling": shares(changed(fit, level_mean=float(fit["level_mean"]) - 10)),
        "with half the noise": shares(
            changed(fit, sd_noise=float(fit["sd_noise"]) / 2, sd_sticky=float(fit["sd_sticky"]) / 2)
        ),
        "those still above 20 points": shares(fit, observed=True),
    }
    print("| people | 6 months | 12 months | 18 months |\n|---|---|---|---|")
    for name, values in rows.items():
        print(f"| {name} | {' | '.join(values)} |")


if __name__ == "__main__":
    main()
