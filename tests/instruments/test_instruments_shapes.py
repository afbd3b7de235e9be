"""The shapes in the signatures hold: checked by beartype on batches, refused where they differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from beartype import beartype
from jaxtyping import TypeCheckError, jaxtyped

from alsight.instruments import alsfrs_r, biomarker, d50, encals, kings, mitos, quality_of_life, rate
from alsight.instruments.criteria import el_escorial, gold_coast
from alsight.instruments.criteria.signs import signs
from alsight.instruments.lung import lung_function

BATCH = (2, 3)
FLAT = np.ones(BATCH)
TWELVE = np.ones((*BATCH, 12))
SIGNS = signs(np.ones((*BATCH, 4)), np.ones((*BATCH, 4)))

CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (alsfrs_r.coalesce_cutting, (FLAT, FLAT, FLAT, FLAT)),
    (alsfrs_r.total, (TWELVE,)),
    (alsfrs_r.alsfrs_total, (np.ones((*BATCH, 10)),)),
    (alsfrs_r.items_missing, (TWELVE,)),
    (alsfrs_r.prorated_total, (TWELVE, 2)),
    (alsfrs_r.approximate_alsfrs_total, (TWELVE,)),
    (alsfrs_r.domain_scores, (TWELVE,)),
    (kings.kings, (TWELVE, FLAT, FLAT)),
    (kings.kings_stage, (TWELVE, FLAT == 1)),
    (mitos.mitos, (TWELVE,)),
    (mitos.mitos_stage, (TWELVE, "or")),
    (rate.delta_fs, (FLAT, FLAT)),
    (rate.two_point_change, (FLAT, FLAT, FLAT)),
    (rate.window_slope, (TWELVE, TWELVE, FLAT, 5.0)),
    (d50.expected_score, (FLAT, FLAT, FLAT)),
    (d50.local_loss, (FLAT, FLAT, FLAT)),
    (d50.fit_d50, (TWELVE, TWELVE)),
    (encals.linear_predictor, (encals.Predictors(*(FLAT for _ in range(8))),)),
    (encals.survival, (FLAT, FLAT, FLAT)),
    (encals.survival_quantile, (FLAT, 0.5, FLAT)),
    (encals.within_window, (FLAT,)),
    (biomarker.nfl_times_limit, (FLAT, FLAT)),
    (quality_of_life.alsaq40_dimensions, (np.ones((*BATCH, 40)),)),
    (quality_of_life.alsaq5_total, (np.ones((*BATCH, 5)),)),
    (el_escorial.revised_el_escorial, (SIGNS, FLAT)),
    (gold_coast.gold_coast, (SIGNS, FLAT, FLAT)),
]
NAMES = [function.__name__ for function, _ in CASES]


@pytest.mark.parametrize(("function", "given"), CASES, ids=NAMES)
def test_signature_holds_on_a_batch(function: Callable[..., Any], given: tuple[Any, ...]) -> None:
    checked, plain = jaxtyped(function, typechecker=beartype)(*given), function(*given)
    parts = list(zip(checked, plain, strict=True)) if isinstance(plain, tuple) else [(checked, plain)]
    for first, second in parts:
        np.testing.assert_array_equal(first, second)
        assert first.shape[: len(BATCH)] == BATCH


def test_lung_function_signature_holds() -> None:
    checked = jaxtyped(lung_function, typechecker=beartype)
    assert checked(FLAT * 3, male=FLAT, age_years=FLAT * 60, height_cm=FLAT * 170).pct.shape == BATCH


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (rate.delta_fs, (FLAT, np.ones(4))),
        (rate.window_slope, (TWELVE, np.ones((*BATCH, 11)))),
        (kings.kings_stage, (TWELVE, np.ones(7))),
        (encals.survival, (FLAT, np.ones(5))),
        (alsfrs_r.total, (np.ones((3, 12), dtype=int),)),
    ],
    ids=["delta_fs", "window_slope", "kings_stage", "survival", "total of integers"],
)
def test_signature_refuses_other_shapes(function: Callable[..., Any], given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeCheckError):
        jaxtyped(function, typechecker=beartype)(*given)
