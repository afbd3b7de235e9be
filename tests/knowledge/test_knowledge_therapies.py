"""What is known about therapies: every fact has a source, every therapy says how it is acted out."""

from __future__ import annotations

import polars as pl
import pytest

from alsight.base.errors import SpecError
from alsight.knowledge.therapies import THERAPIES
from alsight.verbs.therapies import therapies


@pytest.mark.parametrize("row", THERAPIES.values(), ids=list(THERAPIES))
def test_every_therapy_is_acted_out_and_admits_what_is_unknown(row) -> None:
    assert row.acted_out
    assert row.unknown
    assert all(status.source and status.date for status in row.statuses)
    assert all(evidence.source and evidence.result for evidence in row.evidence)


def test_statuses_and_results_become_rows() -> None:
    facts = therapies("riluzole").tables["therapies"]
    statuses = facts.filter(pl.col("aspect") == "status")
    assert statuses["what"].to_list() == ["United States", "European Union"]
    assert facts.filter(pl.col("source") == "miller2012").height == 2


def test_unknown_name_is_refused_with_the_names_known() -> None:
    with pytest.raises(SpecError, match="one of riluzole, edaravone"):
        therapies("aspirin")
