"""Rates, intervals, published values and disagreement."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from alsight.cohort.example import example_cohort
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import judge
from alsight.episodes.rates import disagreement, episode_rates, rate_spread
from alsight.episodes.wilson import wilson
from episodes.naive import Person
from episodes.people import cohort_of

EXAMPLE = example_cohort()


@pytest.mark.parametrize(
    ("found", "total", "low", "high"),
    [
        # Wilson intervals printed beside the published counts, in percent to one decimal.
        (783, 3132, 23.5, 26.5),
        (337, 2105, 14.5, 17.6),
        (85, 1218, 5.7, 8.5),
        (188, 1343, 12.2, 16.0),
        (200, 1214, 14.5, 18.7),
        (93, 1214, 6.3, 9.3),
        (52, 1214, 3.3, 5.6),
        (26, 94, 19.6, 37.4),
    ],
)
def test_wilson_of_published_counts(found: int, total: int, low: float, high: float) -> None:
    limits = np.array(wilson(found, total)) * 100
    assert limits.round(1).tolist() == [low, high]


def test_wilson_at_the_edges() -> None:
    low, high = wilson([0, 5, 0], [5, 5, 0])
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert np.isnan([low[2], high[2]]).all()
    assert high[0] == pytest.approx(1 - low[1])


def test_published_values_stand_beside_the_definition() -> None:
    rates = episode_rates(EXAMPLE)
    row = rates.row(by_predicate=pl.col("definition") == "vasta_exact_12", named=True)
    assert (round(row["published"], 4), row["source"]) == (0.0766, "vasta2020")
    bound = rates.row(by_predicate=pl.col("definition") == "bedlack_gain_4_12", named=True)
    assert (bound["published"], bound["published_low"], bound["published_high"]) == (None, None, 0.01)
    own = rates.row(by_predicate=pl.col("definition") == "alsight_gain_4_6", named=True)
    assert (own["source"], own["published"], own["published_text"]) == ("alsight", None, "")


def test_candidates_say_what_they_assume() -> None:
    rates = episode_rates(EXAMPLE)
    assert rates.filter(rates["source"] == "bedlack2016")["assumed"].str.len_chars().min() > 0


def test_rates_of_nobody_are_nan() -> None:
    rates = episode_rates(cohort_of({"a": Person()}))
    assert rates["eligible"].sum() == 0
    assert rates["rate"].is_nan().all()
    assert rates.height == len(DEFINITIONS)


def test_disagreement_counts_by_hand() -> None:
    assessed = {one.rule.name: one for one in judge(EXAMPLE)}
    table = disagreement(EXAMPLE)
    row = table.row(
        by_predicate=(pl.col("first") == "vasta_exact_6") & (pl.col("second") == "vasta_within_1_6"), named=True
    )
    first, second = assessed["vasta_exact_6"], assessed["vasta_within_1_6"]
    both = first.spells.eligible & second.spells.eligible
    assert row["both_eligible"] == both.sum()
    assert row["both"] == (first.found & second.found & both).sum()
    assert row["only_first"] == 0
    assert row["only_second"] == (second.found & ~first.found & both).sum()
    alike = (first.found == second.found)[both].mean()
    share_first, share_second = first.found[both].mean(), second.found[both].mean()
    chance = share_first * share_second + (1 - share_first) * (1 - share_second)
    assert row["agreement"] == pytest.approx(alike)
    assert row["kappa"] == pytest.approx((alike - chance) / (1 - chance))


def test_disagreement_pairs_only_definitions_of_one_kind() -> None:
    table = disagreement(EXAMPLE)
    kind = {rule.name: rule.kind for rule in DEFINITIONS}
    assert all(kind[first] == kind[second] for first, second in table.select("first", "second").iter_rows())
    counts = {name: sum(kind[rule.name] == name for rule in DEFINITIONS) for name in set(kind.values())}
    assert table.height == sum(count * (count - 1) // 2 for count in counts.values())


def test_wording_alone_changes_the_rate_severalfold() -> None:
    spread = rate_spread(episode_rates(EXAMPLE))
    plateaus = spread.filter(kind="plateau")
    assert (plateaus["highest"] > 2 * plateaus["lowest"]).all()


def test_planted_gains_are_found_and_few_others() -> None:
    from alsight.cohort.example import example_truth

    held = {one.rule.name: one for one in judge(EXAMPLE)}["bedlack_gain_4_12"]
    names = set(EXAMPLE.subjects["subject"].to_numpy()[held.found])
    truth = dict(example_truth().select("subject", "kind").iter_rows())
    kinds = [truth[name] for name in names]
    assert kinds.count("remission_like") == 4
    assert "progressing" not in kinds
