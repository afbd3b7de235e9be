"""The shipped reference: lawful, monotone, versioned, and equal to a recount in a smaller sample."""

import numpy as np
import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.calibrate.ensemble import ensemble
from alsight.calibrate.populations import group_of, with_parameters
from alsight.calibrate.reference import QUANTITIES, VERSION, expected, provenance, reference
from alsight.calibrate.tabulate import REFERENCE
from alsight.make.reference import tabulated
from montecarlo import proportion_tolerance


def test_every_row_is_lawful() -> None:
    rows = reference()
    assert set(rows["quantity"].unique()) == set(QUANTITIES)
    assert (rows["reached"] <= rows["people"]).all()
    assert rows["version"].unique().to_list() == [VERSION]
    assert rows.select(pl.struct(pl.exclude("reached", "people")).is_duplicated().any()).item() is False


def test_a_higher_threshold_is_never_easier() -> None:
    keys = ["rate_low", "level_low", "interval_months", "follow_up_months", "quantity"]
    steps = reference().sort(*keys, "threshold").with_columns(step=pl.col("reached").cast(pl.Int64).diff().over(keys))
    assert steps["step"].drop_nulls().max() <= 0


def test_provenance_names_the_command_and_the_ensemble() -> None:
    made = provenance()
    assert made["alsight_version"] == VERSION == ensemble().version
    assert "alsight.make reference" in made["alsight_command"]
    assert made["alsight_ensemble"] == ensemble().command


def test_slow_people_plateau_more_often() -> None:
    slow, fast = (expected(rate, 38.0, 3.0, 12.0, "no_decline", 12.0) for rate in (0.3, 1.2))
    assert slow.people > 100
    assert fast.people > 100
    assert slow.probability > fast.probability


def test_unlawful_questions_are_refused_all_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        expected(0.5, 60.0, 3.0, 2.0, "nothing", 1.0)
    assert {path for path, *_ in caught.value.faults} == {"quantity", "level", "follow_up_months"}
    with pytest.raises(SpecError, match="threshold"):
        expected(0.5, 38.0, 3.0, 12.0, "run_floor", 7.0)


def test_a_recount_agrees() -> None:
    groups = [
        group_of(with_parameters(REFERENCE, member.parameters, 900 + index), 1)
        for index, member in enumerate(ensemble().members)
    ]
    fresh = tabulated(groups, 3.0, 12.0).group_by("quantity", "threshold").agg(pl.col("reached", "people").sum())
    shipped = reference().filter(interval_months=3.0, follow_up_months=12.0)
    shipped = shipped.group_by("quantity", "threshold").agg(pl.col("reached", "people").sum())
    both = fresh.join(shipped, on=["quantity", "threshold"], suffix="_shipped")
    assert both.height == fresh.height
    share = (both["reached_shipped"] / both["people_shipped"]).to_numpy()
    people = int(both["people"].min())
    allowed = np.array([proportion_tolerance(max(one, 0.002), people) for one in share]) * 1.1
    assert (np.abs((both["reached"] / both["people"]).to_numpy() - share) <= allowed).all()


def test_carriers_of_a_slow_mutation_are_held_against_carriers() -> None:
    anybody = expected(0.3, 38.0, 3.0, 12.0, "no_decline", 12.0)
    carriers = expected(0.1, 42.0, 3.0, 12.0, "no_decline", 12.0, genes="sod1_slow")
    assert carriers.people > 100
    assert carriers.probability > anybody.probability
    assert reference("sod1_slow").columns == reference().columns
    with pytest.raises(SpecError, match="genes"):
        expected(0.1, 42.0, 3.0, 12.0, "no_decline", 12.0, genes="c9")
