"""Numbers of the mechanism: rows are in range, overrides are checked, the docs table is theirs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.mechanism.anatomy import loadings, thresholds
from alsight.mechanism.classes import GENES, PHENOTYPES
from alsight.mechanism.parameters import INDEX, PARAMETERS, markdown, vector

PAGE = Path(__file__).parents[2] / "docs" / "methods" / "mechanism.md"


def test_names_are_unique_and_values_in_range() -> None:
    assert len(INDEX) == len(PARAMETERS)
    assert all(row.low <= row.value <= row.high for row in PARAMETERS)
    assert all(row.source and row.meaning and row.unit for row in PARAMETERS)


def test_overrides_are_checked_together() -> None:
    with pytest.raises(SpecError) as caught:
        vector({"loss_per_month": 2.0, "speed": 1.0, "item_sd": 0.1})
    assert [path for path, _, _ in caught.value.faults] == ["parameters.loss_per_month", "parameters.speed"]
    with pytest.raises(SpecError, match="below 1 together"):
        vector({"share_glutamate": 0.6, "share_oxidative": 0.5})


def test_override_lands_in_its_place() -> None:
    changed = vector({"item_sd": 0.11})
    assert changed[INDEX["item_sd"]] == 0.11
    assert (changed != vector()).sum() == 1


def test_items_ask_one_body_and_grades_descend() -> None:
    assert np.allclose(loadings().sum(1), 1.0)
    assert (np.diff(thresholds(), axis=1) < 0).all()


def test_shares_of_genes_and_phenotypes_are_whole() -> None:
    assert sum(gene.share for gene in GENES) == pytest.approx(1.0)
    assert sum(phenotype.share for phenotype in PHENOTYPES) == pytest.approx(1.0)


def test_docs_table_is_made_from_the_rows() -> None:
    assert markdown() in PAGE.read_text(encoding="utf-8")
