"""Impossible populations are refused before anything runs, every fault at once with its path and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from alsight.base.errors import RunError, SpecError
from alsight.base.spec import build, read_toml
from alsight.population.blocks import checked, simulate_cohort
from alsight.population.spec import Population
from alsight.verbs.simulate import simulate

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


def paths(fields: dict[str, object]) -> list[str]:
    with pytest.raises(SpecError) as caught:
        checked(build(Population, fields))
    return [path for path, _, _ in caught.value.faults]


def test_types_and_bounds_of_all_levels_at_once() -> None:
    assert paths(
        {
            "size": 0,
            "color": "red",
            "follow_up": {"months": -1.0, "schedule": {"rating": -3}},
            "arms": [{"name": "a", "ratio": 0.0}, {"gives": [{"therapy": "riluzole", "uptake": 2.0}]}],
        }
    ) == [
        "size",
        "color",
        "follow_up.months",
        "follow_up.schedule.rating",
        "arms[0].ratio",
        "arms[1].gives[0].uptake",
        "arms[1].name",
    ]


def test_names_ranges_and_orders_at_once() -> None:
    assert paths(
        {
            "people": {
                "genotypes": {"sod9": 1.0},
                "onset_regions": {"tail": 1.0},
                "parameters": {"loss_per_month": -0.1, "speed": 3.0},
            },
            "recruit": {"run_in_months": 0.0, "criteria": {"age_min": 80.0, "age_max": 18.0, "run_in_loss_min": 1.0}},
            "arms": [{"name": "x", "gives": [{"therapy": "miracle"}, {"therapy": "halt", "strength": 2.0}]}],
            "background": [{"therapy": "riluzole", "start_month": 6.0, "stop_month": 3.0}],
            "therapies": [{"name": "y", "start_month": 5.0, "stop_month": 5.0}],
        }
    ) == [
        "people.genotypes.sod9",
        "people.onset_regions.tail",
        "people.parameters.loss_per_month",
        "people.parameters.speed",
        "recruit.criteria.age_max",
        "recruit.run_in_months",
        "therapies[0].stop_month",
        "background[0].stop_month",
        "arms[0].gives[0].therapy",
        "arms[0].gives[1].acts[0].strength",
        "arms[0].gives[1].acts[1].strength",
    ]


def test_fault_says_what_is_allowed() -> None:
    with pytest.raises(SpecError, match=r"people\.parameters\.loss_per_month: expected 0 to 1 \[1/month\], got -0\.1"):
        checked(build(Population, {"people": {"parameters": {"loss_per_month": -0.1}}}))


def test_a_criterion_that_is_not_measured_is_refused() -> None:
    fields = {"recruit": {"criteria": {"svc_min": 60.0}}, "follow_up": {"schedule": {"capacity": 0.0}}}
    assert paths(fields) == ["follow_up.schedule.capacity"]


def test_a_missing_file_is_told() -> None:
    with pytest.raises(SpecError, match="readable TOML"):
        simulate("nowhere.toml")


def test_therapies_of_the_request_are_checked_too() -> None:
    with pytest.raises(SpecError, match=r"therapies\[0\]=.miracle."):
        simulate(therapies=("miracle",))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_make_sense_and_run(path: Path) -> None:
    population = checked(read_toml(Population, path))
    answer = simulate(path, size=30)
    assert answer.summary["people"] == 30
    assert answer.tables["subjects"]["study"].unique().to_list() == [population.name]


def test_nobody_meets_the_criteria(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alsight.population.blocks.RARE", 5_000)
    fields = {"size": 5, "recruit": {"criteria": {"alsfrs_r_min": 48, "delta_fs_min": 3.0}}, "follow_up": {"months": 1}}
    with pytest.raises(RunError, match="candidates met the criteria"):
        simulate_cohort(build(Population, fields))
