"""What is known about therapies: every fact has a source, and what is said to be simulated can be simulated."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import polars as pl
import pytest

import alsight
from alsight.base.errors import SpecError
from alsight.knowledge.therapies import (
    FACT_COLUMNS,
    REFERENCES,
    THERAPIES,
    TherapyRow,
    facts_of,
    find,
    line_of,
    nearest,
    report_of,
)
from alsight.mechanism.therapy.catalog import THERAPIES as CATALOG

BIB = (Path(__file__).parents[2] / "docs" / "references.bib").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^@\w+\{([^,\s]+),(.*?)^\}", BIB, flags=re.MULTILINE | re.DOTALL))
each_therapy = pytest.mark.parametrize("row", THERAPIES.values(), ids=list(THERAPIES))


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


@each_therapy
def test_every_therapy_says_how_it_is_simulated_and_admits_what_is_unknown(row: TherapyRow) -> None:
    assert row.simulation
    assert row.unknown
    assert all(status.source and status.date for status in row.statuses)
    assert all(evidence.source and evidence.result for evidence in row.evidence)


@each_therapy
def test_every_fact_cites_a_reference_as_the_bibliography_prints_it(row: TherapyRow) -> None:
    for fact in (*row.statuses, *row.evidence):
        entry, printed = ENTRIES[fact.source], REFERENCES[fact.source]
        title = re.search(r"title = \{(.*?)\}, |title = \{(.*?)\},?$", entry, flags=re.MULTILINE)
        assert title is not None
        assert _letters(title[1] or title[2]) in _letters(printed)
        assert all(part in printed for part in re.findall(r"(?:year|volume|doi) = \{([^}]*)\}", entry))


def test_references_are_those_that_facts_cite() -> None:
    cited = {fact.source for row in THERAPIES.values() for fact in (*row.statuses, *row.evidence)}
    assert cited == set(REFERENCES)


@each_therapy
def test_what_says_it_is_simulated_can_be_simulated_under_its_name(row: TherapyRow) -> None:
    if row.simulated:
        assert alsight.simulate(size=8, therapies=(row.name,)).summary["people"] == 8
        assert not row.nearest
    else:
        with pytest.raises(SpecError, match=r"^therapies\[0\]=.*: expected a therapy that can be simulated, which "):
            alsight.simulate(size=8, therapies=(row.name,))
        assert row.nearest in CATALOG


def test_every_therapy_of_the_simulator_has_a_row() -> None:
    assert {row.name for row in THERAPIES.values() if row.simulated} == set(CATALOG)


@pytest.mark.parametrize(
    ("name", "therapy"),
    [
        ("Rilutek", "riluzole"),
        ("radicava ors", "edaravone"),
        ("oral edaravone", "edaravone"),
        ("Qalsody", "tofersen"),
        ("Relyvrio", "sodium phenylbutyrate and taurursodiol"),
        ("Albrioza", "sodium phenylbutyrate and taurursodiol"),
        ("AMX-0035", "sodium phenylbutyrate and taurursodiol"),
        ("Rozebalamin", "methylcobalamin"),
        ("mecobalamin", "methylcobalamin"),
        ("NeuroNata R", "lenzumestrocel"),
        ("Nuedexta", "dextromethorphan and quinidine"),
        ("jacifusen", "ulefnersen"),
        ("stem cells support", "stem_cells_support"),
    ],
)
def test_brand_names_and_synonyms_are_found(name: str, therapy: str) -> None:
    row = find(name)
    assert row is not None
    assert row.name == therapy


def test_no_two_therapies_share_a_name() -> None:
    names = [
        _letters(name.casefold()) for row in THERAPIES.values() for name in dict.fromkeys((row.name, *row.aliases))
    ]
    assert len(names) == len(set(names))


def test_statuses_and_results_become_rows() -> None:
    facts = alsight.therapies("riluzole").tables["therapies"]
    statuses = facts.filter(pl.col("aspect") == "status")
    assert statuses["what"].to_list() == ["United States", "European Union"]
    assert facts.filter(pl.col("source") == "miller2012").height == 2
    assert facts.filter((pl.col("source") != "") & (pl.col("reference") == "")).is_empty()


@each_therapy
def test_a_named_therapy_prints_its_trials_effects_unknowns_and_sources(row: TherapyRow) -> None:
    printed = "\n".join(report_of(row))
    assert all(one.trial in printed and one.result in printed for one in row.evidence)
    assert all(text in printed for text in (*row.unknown, *row.aliases, row.simulation))
    assert all(REFERENCES[one.source] in printed for one in (*row.statuses, *row.evidence))
    assert all(len(fact) == len(FACT_COLUMNS) for fact in facts_of(row))
    assert "\n" not in line_of(row)


def test_a_brand_name_answers_with_its_therapy() -> None:
    answer = alsight.therapies("Qalsody")
    assert answer.sentences[0].startswith("tofersen (antisense to SOD1), also known as Qalsody")
    assert answer.summary["therapies"][0]["name"] == "tofersen"


def test_all_therapies_print_a_line_each() -> None:
    assert len(alsight.therapies().sentences) == len(THERAPIES)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("edaravon", "edaravone"),
        ("rilutec", "riluzole"),
        ("tofersin", "tofersen"),
        ("stem cells", "stem_cells_support"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(name: str, meant: str) -> None:
    assert find(name) is None
    assert nearest(name)[0] == meant
    with pytest.raises(SpecError, match=f"did you mean {meant}"):
        alsight.therapies(name)


def test_unknown_name_like_none_is_refused_with_the_names_known() -> None:
    assert nearest("xyz") == ()
    with pytest.raises(SpecError, match="one of riluzole, edaravone"):
        alsight.therapies("xyz")


def test_a_misspelled_field_of_the_facts_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({**msgspec.to_builtins(THERAPIES["slow"]), "mechanisms": ""}, TherapyRow)
