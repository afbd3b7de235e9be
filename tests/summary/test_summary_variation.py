"""Variograms, runs and slope correlations: plain loops, and what known sources of variation must give."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from alsight.base.units import DAYS_PER_MONTH
from alsight.cohort.ratings import on_scale, ratings
from alsight.summary.variation import run_lengths, slope_correlation, variogram
from episodes.naive import Person, slope
from episodes.people import cohort_of, crowds
from montecarlo import tolerance
from summary.marks import PEOPLE, SOURCES, VISITS, marks, schedule, steady

QUICK = settings(deadline=None, max_examples=60)


def _rated(people: dict[str, Person]) -> list[list[tuple[int, float]]]:
    return [sorted(person.visits.get("alsfrs_r", [])) for _, person in sorted(people.items())]


def _class(first: tuple[int, float], second: tuple[int, float]) -> int:
    return 3 * int(np.rint((second[0] - first[0]) / DAYS_PER_MONTH / 3))


@QUICK
@given(crowds())
def test_variogram_agrees_with_loops(people: dict[str, Person]) -> None:
    sums: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for visits in _rated(people):
        for first, second in itertools.combinations(visits, 2):
            entry = sums["score", _class(first, second)]
            entry[0] += 1
            entry[1] += (second[1] - first[1]) ** 2
            entry[2] += 2
        if len(visits) < 4:
            continue
        months = np.array([day / DAYS_PER_MONTH for day, _ in visits])
        design = np.column_stack([np.ones(months.size), months - months.mean()])
        hat = design @ np.linalg.pinv(design)
        score = np.array([score for _, score in visits])
        residual = score - hat @ score
        for i, j in itertools.combinations(range(len(visits)), 2):
            entry = sums["own_line", _class(visits[i], visits[j])]
            entry[0] += 1
            entry[1] += (residual[i] - residual[j]) ** 2
            entry[2] += 2 - hat[i, i] - hat[j, j] + 2 * hat[i, j]
    table = variogram(on_scale(ratings(cohort_of(people)), "alsfrs_r"))
    got = {
        (of, lag): (pairs, value)
        for of, lag, pairs, value in table.select("of", "lag_months", "pairs", "semivariance").iter_rows()
    }
    expected = {key: entry for key, entry in sums.items() if 3 <= key[1] <= 36}
    assert set(got) == set(expected)
    for key, (pairs, squared, weight) in expected.items():
        assert got[key][0] == pairs
        assert got[key][1] == pytest.approx(squared / weight, abs=1e-9)


@QUICK
@given(crowds())
def test_runs_agree_with_loops(people: dict[str, Person]) -> None:
    lengths, cut, reached, went_on = [], [], defaultdict(int), defaultdict(int)
    for visits in _rated(people):
        groups = [list(group) for _, group in itertools.groupby(visits, key=lambda visit: visit[1])]
        for index, group in enumerate(groups):
            lengths.append(len(group))
            cut += [len(group)] if index == len(groups) - 1 else []
            followed = len(group) - (index == len(groups) - 1)
            for length in range(1, len(group) + 1):
                went_on[length] += length < len(group)
                reached[length] += length <= followed
    table = run_lengths(on_scale(ratings(cohort_of(people)), "alsfrs_r"))
    assert table["visits"].to_list() == sorted(set(lengths))
    for row in table.iter_rows(named=True):
        length = row["visits"]
        assert row["runs"] == lengths.count(length)
        assert row["cut_short"] == cut.count(length)
        if reached[length]:
            assert row["goes_on"] == pytest.approx(went_on[length] / reached[length])
        else:
            assert np.isnan(row["goes_on"])


@QUICK
@given(crowds())
def test_slope_correlation_agrees_with_loops(people: dict[str, Person]) -> None:
    pairs: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for visits in _rated(people):
        gaps = []
        for first, second in itertools.pairwise(visits):
            months = (second[0] - first[0]) / DAYS_PER_MONTH
            gaps.append(slope([first, second]) if 1 <= months <= 7 else None)
        for apart in range(1, 5):
            for left, right in zip(gaps, gaps[apart:], strict=False):
                if left is not None and right is not None:
                    pairs[apart].append((left, right))
    table = slope_correlation(on_scale(ratings(cohort_of(people)), "alsfrs_r"))
    for row in table.iter_rows(named=True):
        some = np.array(pairs[row["gaps_apart"]]).reshape(-1, 2)
        assert row["pairs"] == len(some)
        if len(some) > 2 and some.std(axis=0).min() > 1e-6:
            assert row["correlation"] == pytest.approx(np.corrcoef(some.T)[0, 1], abs=1e-9)


def test_independent_noise_gives_a_flat_variogram_about_the_own_line() -> None:
    generator = np.random.default_rng(11)
    scores = steady(generator) + 1.8 * generator.standard_normal((PEOPLE, VISITS))
    table = variogram(schedule(scores)).filter(of="own_line")
    assert table.height == VISITS - 1
    # The mean of the squared residual differences of one person has at most the SD of a chi-square on one degree.
    for row in table.iter_rows(named=True):
        assert abs(row["semivariance"] - 1.8**2) < tolerance(1.8**2 * np.sqrt(2), row["people"])


def test_wander_raises_the_variogram_with_the_lag() -> None:
    generator = np.random.default_rng(12)
    wander = np.cumsum(0.8 * generator.standard_normal((PEOPLE, VISITS)), axis=1)
    table = variogram(schedule(steady(generator) + wander)).filter(of="own_line")
    head = table["semivariance"].to_numpy()[:4]
    assert (np.diff(head) > 0).all()
    assert head[0] < 0.8**2


def test_raw_variogram_of_a_steady_decline_grows_with_the_square_of_the_lag() -> None:
    scores = np.full((5, 1), 40.0) - 0.5 * (91 / DAYS_PER_MONTH) * np.arange(VISITS)
    table = variogram(schedule(scores)).filter(of="score", lag_months=6)
    assert table["semivariance"][0] == pytest.approx(0.5 * (0.5 * 182 / DAYS_PER_MONTH) ** 2)


def test_noise_alone_correlates_neighboring_slopes_by_minus_a_half() -> None:
    generator = np.random.default_rng(13)
    table = slope_correlation(schedule(40 + generator.standard_normal((PEOPLE, VISITS))))
    for row in table.iter_rows(named=True):
        assert abs(row["correlation"] - row["noise_alone"]) < tolerance(1.0, row["people"])


def test_lasting_rates_correlate_distant_slopes() -> None:
    generator = np.random.default_rng(14)
    table = slope_correlation(schedule(steady(generator)))
    np.testing.assert_allclose(table["correlation"].to_numpy(), 1.0, atol=1e-9)


def test_independent_scores_let_runs_go_on_at_one_rate() -> None:
    generator = np.random.default_rng(15)
    table = run_lengths(schedule(generator.integers(0, 3, (PEOPLE, VISITS)).astype(float)))
    for row in table.head(3).iter_rows(named=True):
        assert abs(row["goes_on"] - 1 / 3) < tolerance(np.sqrt(2) / 3, int(table["runs"][row["visits"] :].sum()))


@pytest.mark.parametrize("source", SOURCES)
def test_marks_of_each_source_are_as_documented(source: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "methods" / "variation.md"
    rows = [line.strip("| ").split(" | ") for line in page.read_text().splitlines() if line.startswith(f"| {source} |")]
    assert len(rows) == 1
    assert [f"{value:.2f}" for value in marks(source)] == [cell.strip() for cell in rows[0][1:]]
