"""Arms: permuted blocks within strata, therapies by any of their names, one-off therapies that move, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.knowledge.therapies import THERAPIES as KNOWN
from alsight.mechanism.therapy.catalog import THERAPIES
from alsight.population.blocks import checked, simulate_cohort, simulated
from alsight.population.shards import write_population
from alsight.population.spec import Given, Population, canonical, changed

ARMS = [{"name": "placebo"}, {"name": "active", "ratio": 2, "gives": [{"therapy": "halt"}]}]


def population(**fields: Any) -> Population:
    base = {"size": 90, "seed": 3, "follow_up": {"months": 1, "sites": 3}, "arms": ARMS}
    return checked(build(Population, base | fields))


def faults(**fields: Any) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        population(**fields)
    return {path: allowed for path, allowed, _ in caught.value.faults}


def test_blocks_keep_the_ratio_within_every_stratum() -> None:
    chosen = population(
        randomization={"kind": "blocked", "block": 6, "strata": ["site", "onset"], "cuts": {"age": [60]}}
    )
    people = simulate_cohort(chosen)[0].subjects.with_columns(
        (pl.col("onset_site") == "bulbar").alias("bulbar"),
        (pl.col("age_at_onset_years") + (0 - pl.col("onset_day")) / 365.25 > 60).alias("old"),
    )
    for _, stratum in people.sort("subject").group_by("site", "bulbar", maintain_order=True):
        arms = stratum["arm"].to_numpy()
        assert abs((arms == "active").sum() - 2 * (arms == "placebo").sum()) <= 2 * 6
    one = simulate_cohort(population(randomization={"kind": "blocked", "block": 3}))[0].subjects.sort("subject")
    blocks = (one["arm"] == "active").to_numpy().reshape(-1, 3).sum(axis=1)
    assert set(blocks) == {2}
    orders = {tuple(row) for row in (one["arm"] == "active").to_numpy().reshape(-1, 3)}
    assert len(orders) == 3


def test_blocked_arms_are_the_same_on_disk_and_the_people_those_of_simple_arms(tmp_path) -> None:
    chosen = population(randomization={"kind": "blocked"})
    cohort, _, flow = simulated(chosen)
    write_population(chosen, tmp_path / "out", workers=2)
    assert flow.rows() == pl.read_csv(tmp_path / "out" / "flow.csv").fill_null("").rows()
    assert flow.row(-1) == ("enrolled", "", 90)
    assert cohort.subjects.equals(pl.read_parquet(tmp_path / "out" / "subjects.parquet"))
    simple = simulate_cohort(population())[0]
    assert cohort.subjects["subject"].equals(simple.subjects["subject"])
    assert not cohort.subjects["arm"].equals(simple.subjects["arm"])


def test_every_name_of_what_is_said_to_be_simulated_can_be_simulated() -> None:
    empty = Population()
    for row in KNOWN.values():
        for name in (row.name, *row.aliases):
            if row.simulated:
                assert canonical(empty, name) == row.name
                assert changed(empty, Given(therapy=name)).name == row.name
            else:
                assert canonical(empty, name) is None
                allowed = faults(background=[{"therapy": name}])["background[0].therapy"]
                assert row.nearest in allowed
                assert row.nearest in THERAPIES


def test_a_start_alone_moves_a_course_that_ends() -> None:
    moved = changed(Population(), Given(therapy="stem_cells_replace", start_month=6.0))
    assert (moved.start_month, moved.stop_month) == (6.0, 7.0)
    both = changed(Population(), Given(therapy="stem_cells_replace", start_month=6.0, stop_month=9.0))
    assert (both.start_month, both.stop_month) == (6.0, 9.0)
    doses = simulate_cohort(population(background=[{"therapy": "stem_cells_replace", "start_month": 0.5}]))[0].doses
    assert set(doses.filter(pl.col("treatment") == "stem_cells_replace")["day"]) == {15}


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"therapies": [{"name": "x"}, {"name": "x"}]}, "therapies[1].name", "no other therapy"),
        ({"therapies": [{"name": "riluzole"}]}, "therapies[0].name", "catalog does not have"),
        (
            {"arms": [{"name": "a", "gives": [{"therapy": "riluzole"}, {"therapy": "Rilutek"}]}]},
            "arms[0].gives[1].therapy",
            "does not give already",
        ),
        ({"background": [{"therapy": "halt"}]}, "arms[1].gives[0].therapy", "not in the background"),
        (
            {"background": [{"therapy": "riluzole", "uptake": 0.6}, {"therapy": "riluzole", "uptake": 0.6}]},
            "background[1].uptake",
            "at most 0.4",
        ),
        ({"background": [{"therapy": "riluzol"}]}, "background[0].therapy", "did you mean riluzole?"),
        ({"follow_up": {"schedule": {"rating": 0.001}}}, "follow_up.schedule.rating", "7 days"),
        ({"follow_up": {"schedule": {"rating": 0.25}}}, "follow_up.jitter_days", "a third"),
        ({"people": {"genotypes": {"c9orf": 1}}}, "people.genotypes.c9orf", "did you mean c9orf72"),
        ({"people": {"parameters": {"los_per_month": 1}}}, "people.parameters.los_per_month", "loss_per_month"),
        ({"randomization": {"kind": "blocked", "block": 4}}, "randomization.block", "whole numbers"),
        ({"randomization": {"strata": ["sex"]}}, "randomization.kind", "blocked"),
        ({"randomization": {"kind": "blocked", "cuts": {"aeg": [1]}}}, "randomization.cuts.aeg", "did you mean age"),
        ({"randomization": {"kind": "blocked", "cuts": {"svc": [80, 60]}}}, "randomization.cuts.svc", "rise"),
        ({"arms": [], "randomization": {"kind": "blocked"}}, "arms", "at least one arm"),
    ],
)
def test_refusals(fields: dict[str, Any], path: str, words: str) -> None:
    assert words in faults(**fields)[path]


def test_draws_of_blocks_are_balanced_over_places() -> None:
    """Over many blocks each place of a block holds the active arm two times in three."""
    cohort = simulate_cohort(population(size=900, randomization={"kind": "blocked", "block": 3}))[0]
    active = (cohort.subjects.sort("subject")["arm"] == "active").to_numpy().reshape(-1, 3)
    assert np.abs(active.mean(axis=0) - 2 / 3).max() < 4 * (2 / 9 / 300) ** 0.5
