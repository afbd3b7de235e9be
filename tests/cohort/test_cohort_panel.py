"""Panel: frames to arrays and back."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import polars as pl
import pytest
from beartype import beartype
from jaxtyping import jaxtyped

from alsight.base.errors import SpecError
from alsight.cohort.check import check
from alsight.cohort.panel import Panel, identifiers, panel, panel_table
from alsight.cohort.raw import RawTables
from cohort.people import small_cohort
from cohort.rows import checked, person, rating


def test_totals() -> None:
    made = panel(small_cohort(), covariates=["age_at_entry_years", "family_history"])
    assert identifiers(made).to_list() == ["a", "b", "c", "d"]
    assert made.outcome.shape == made.months.shape == made.mask.shape == (4, 3)
    assert made.outcome.tolist() == [[48, 36, 24], [12, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert made.mask.sum(axis=1).tolist() == [3, 1, 0, 0]
    assert made.months[0].tolist() == pytest.approx([0, 91 / 30.4375, 182 / 30.4375])
    assert made.onset_months[0] == pytest.approx(365 / 30.4375)
    assert np.isnan(made.onset_months[2])
    assert made.event.tolist() == [True, True, False, False]
    assert made.time_months[1] == pytest.approx(300 / 30.4375)
    assert made.entry_months[1] == pytest.approx(30 / 30.4375)
    assert made.covariates.shape == (4, 2)
    assert made.covariates[:2].tolist()[0][0] == 61.5
    assert made.covariates[1, 1] == 1


def test_items_and_measures_and_computed_scores() -> None:
    items = panel(small_cohort(), "items")
    assert items.outcome.shape == items.mask.shape == (4, 3, 12)
    assert items.mask[1, 0].tolist() == [False] + [True] * 11
    volume = panel(small_cohort(), "svc_pct")
    assert volume.outcome[:, 0].tolist() == [92.0, 0.0, 0.0, 40.0]
    domain = panel(small_cohort(), "bulbar")
    assert domain.outcome[0].tolist() == [12, 9, 6]
    assert domain.mask[1].tolist() == [True, False, False]


def test_way_back() -> None:
    cohort = small_cohort()
    made = panel(cohort)
    visits = panel_table(made, score=made.outcome, late=made.time_months)
    wanted = cohort.visits.filter(pl.col("alsfrs_r_total").is_not_null())
    assert visits.select("subject", "day").equals(wanted.select("subject", "day"))
    assert visits["score"].to_list() == wanted["alsfrs_r_total"].to_list()
    people = panel_table(made, event=made.event)
    assert people.rows() == [("a", True), ("b", True), ("c", False), ("d", False)]
    assert panel_table(panel(cohort, "items"), first=made.months).height == 5
    with pytest.raises(SpecError, match="score"):
        panel_table(made, score=np.zeros(7))


def test_panel_is_a_pytree_that_carries_its_people() -> None:
    made = panel(small_cohort())
    turned = jax.tree.map(lambda values: values[::-1], made)
    assert identifiers(turned).to_list() == ["d", "c", "b", "a"]
    doubled = jax.jit(lambda given: replace(given, outcome=given.outcome * 2))(made)
    assert np.asarray(doubled.outcome)[0].tolist() == [96, 72, 48]
    assert identifiers(doubled).to_list() == ["a", "b", "c", "d"]


def test_identifiers_of_any_script() -> None:
    names = ["007", "Łódź-1", "患者", "é", " a"]
    made = panel(checked(subjects=[person(name) for name in names], visits=[rating("é")]))
    assert identifiers(made).to_list() == sorted(names)


def test_empty_cohorts() -> None:
    none = panel(check(RawTables(frames={})))
    assert none.outcome.shape == (0, 0)
    assert panel_table(none, event=none.event).is_empty()
    unseen = panel(checked(subjects=[person()]))
    assert unseen.outcome.shape == (1, 0)


def test_wishes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(SpecError, match="outcome") as error:
        panel(small_cohort(), "mode", covariates=["sex", "age"])
    assert len(error.value.faults) == 3


def test_shapes_are_as_annotated() -> None:
    typed = jaxtyped(typechecker=beartype)(Panel)
    for outcome in ("alsfrs_r_total", "items"):
        made = panel(small_cohort(), outcome)
        typed(**{name: getattr(made, name) for name in Panel.__dataclass_fields__})
