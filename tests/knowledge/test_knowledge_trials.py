"""Published trials: intervals that follow from shares and p values, and the docs table of therapies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alsight.knowledge.therapies import THERAPIES, markdown
from alsight.knowledge.trials import BENSIMON, LACOMBLEZ, Shares, interval_of_p, ratio_of_shares

PAGE = Path(__file__).parents[2] / "docs" / "methods" / "therapies.md"


def test_ratio_of_shares_is_that_of_proportional_hazards() -> None:
    assert ratio_of_shares(Shares(12.0, (49.0, 100), (70.0, 100))).value == pytest.approx(2.0, abs=1e-12)
    assert ratio_of_shares(BENSIMON.shares[0]).value == pytest.approx(0.547, abs=5e-4)
    assert ratio_of_shares(LACOMBLEZ.shares[0]).value == pytest.approx(0.8255, abs=5e-4)


def test_interval_of_shares_covers_as_often_as_it_says() -> None:
    draw, survival, ratio = np.random.default_rng(3), 0.5, 0.7
    arms = np.stack([draw.binomial(236, survival**ratio, 4000), draw.binomial(242, survival, 4000)], axis=1)
    held = [ratio_of_shares(Shares(18.0, (float(a), 236), (float(b), 242))).holds(ratio) for a, b in arms]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_interval_of_p_touches_one_at_the_level() -> None:
    assert interval_of_p(0.8, 0.05).high == pytest.approx(1.0, abs=1e-9)
    assert interval_of_p(0.79, 0.076).high > 1.0 > interval_of_p(0.65, 0.002).high


def test_docs_table_is_made_from_the_rows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert markdown() in text
    assert all(f"| {name} |" in markdown() for name in THERAPIES)
