"""How often natural history shows a true stable period as long: laws, and ten flat years."""

from __future__ import annotations

import numpy as np
import polars as pl

from alsight.detect.findings.stable_rates import FEWEST, FOLLOW_UPS, drawn, stable_rates
from alsight.detect.thresholds import Thresholds

USED = Thresholds()


def asked(months: list[float | None], follow: float = 120.0, onset: float | None = 12.0) -> np.ndarray:
    rows = {"first_score": 38.0, "months_since_onset": onset, "follow_up_months": follow, "months": months}
    return stable_rates(pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.Float64), strict=False), USED)


def test_longer_periods_are_rarer_and_ten_flat_years_are_prolonged() -> None:
    rates = asked([12.0, 24.0, 48.0, 120.0])
    assert (np.diff(rates) <= 0).all()
    assert rates[0] > 0.05
    assert rates[-1] <= USED.prolonged


def test_a_share_is_never_zero_and_nothing_is_known_of_no_period() -> None:
    rates = asked([500.0, None], follow=36.0, onset=None)
    assert 0 < rates[0] < 3.0 / FEWEST
    assert np.isnan(rates[1])


def test_more_time_shows_longer_periods() -> None:
    _, _, longest = drawn(USED.flat, USED.floor, USED.ceiling)
    assert longest.shape[1] == len(FOLLOW_UPS)
    both = np.isfinite(longest[:, :-1]) & np.isfinite(longest[:, 1:])
    assert (np.diff(longest, axis=1)[both] >= 0).all()
    assert np.nanmax(longest[:, 0]) <= FOLLOW_UPS[0]


def test_slow_people_have_longer_stable_periods() -> None:
    rate, _, longest = drawn(USED.flat, USED.floor, USED.ceiling)
    means = [float(np.nanmean(longest[rate == cell, 3])) for cell in range(rate.max() + 1)]
    assert means == sorted(means, reverse=True)
