"""Every random number of a person has a name; names tile the numbers of each stream and the columns of each array."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from alsight.mechanism import draws, layout
from alsight.mechanism.draws import DRAWS, width
from house.house import MODULES, SOURCE

NUMBERED = re.compile(r"\b(?:normal|uniform)\([^()]*(?:\([^()]*\)[^()]*)*[,+] ?\d+\)")


@pytest.mark.parametrize("row", DRAWS)
def test_names_tile_the_numbers_of_a_stream(row: str) -> None:
    places = sorted(DRAWS[row].values(), key=lambda index: index.start)
    assert places[0].start == 0
    assert all(early.stop == late.start for early, late in pairwise(places))
    assert places[-1].stop == width(DRAWS[row])
    assert all(index.stop > index.start for index in places)


def test_numbers_of_a_person_are_as_many_as_ever() -> None:
    assert {name: width(row) for name, row in DRAWS.items()} == {
        "person_normals": 60,
        "person_uniforms": 20,
        "measured": 32,
        "rated": 32,
        "visited": 4,
        "glanced": 32,
        "seeded": 16,
        "dies": 2,
        "dips": 2,
    }


def test_draws_of_one_stream_do_not_meet() -> None:
    assert width(draws.PERSON_NORMALS) <= draws.PERSON_UNIFORMS_FIRST


def test_no_draw_is_taken_by_its_number() -> None:
    places = [path for path in MODULES if path.is_relative_to(SOURCE / "mechanism")]
    assert places
    assert not [(path.name, found) for path in places for found in NUMBERED.findall(path.read_text())]


def test_columns_of_traits_and_events_are_tiled_by_their_names() -> None:
    traits = [*layout.T.values()]
    for start, count in ((layout.T_RATE, layout.LANES), (layout.T_UMN_RATE, layout.LANES), (layout.T_SHIFT, 12)):
        traits += range(start, start + count)
    assert traits == list(range(layout.TRAIT_WIDTH))
    events = [*layout.V.values()]
    for start, count in ((layout.V_REGION, layout.LANES), (layout.V_DIP, layout.DIP_SLOTS)):
        events += range(start, start + count)
    assert events == list(range(layout.EVENT_WIDTH))


def test_rows_and_scalars_of_the_state_are_tiled_by_their_names() -> None:
    named = {name: index for name, index in vars(layout).items() if name.isupper() and isinstance(index, int)}
    sizes = {"LANES", "SCALARS", "COURSE_ROWS", "COURSE_WIDTH", "STATE_SIZE", "TRAIT_WIDTH", "EVENT_WIDTH", "DIP_SLOTS"}
    state = {
        name: index for name, index in named.items() if name not in sizes and not name.startswith(("T_", "V_", "C_"))
    }
    rows = sorted(index for index in state.values() if index < layout.SCALARS)
    graphs = {layout.GRAPH, layout.CORTEX_GRAPH}
    taken = [lane for index in rows for lane in range(index, index + layout.LANES * (8 if index in graphs else 1))]
    assert taken == list(range(layout.SCALARS))
    scalars = sorted(index for index in state.values() if index >= layout.SCALARS)
    assert scalars == list(range(layout.SCALARS, layout.SCALARS + len(scalars)))
    assert layout.SCALARS + len(scalars) <= layout.STATE_SIZE
    columns = sorted(index for name, index in named.items() if name.startswith("C_"))
    assert columns == list(range(layout.COURSE_ROWS, layout.COURSE_ROWS + len(columns)))
