"""DRAWS: the name of every random draw of a person, and the numbers of the person's stream that it takes.

A stream is a row of numbers; a draw takes one or several of them in a row. Names tile each row: every number belongs
to exactly one name, numbers that nothing uses yet are `spare`. A new draw takes a spare number, so that no other draw
of anyone moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

POOLS: Final = 7
ITEMS: Final = 12


def tiled(*widths: tuple[str, int]) -> Mapping[str, slice]:
    """Names to the numbers they take, one after another from 0.

    Args:
        widths: name of each draw and how many numbers it takes.
    """
    edge, places = 0, dict[str, slice]()
    for name, width in widths:
        places[name] = slice(edge, edge + width)
        edge += width
    return MappingProxyType(places)


def width(draws: Mapping[str, slice]) -> int:
    """How many numbers a row of draws takes."""
    return max(index.stop for index in draws.values())


PERSON_NORMALS: Final = tiled(
    ("frailty", 1),
    ("spread", 1),
    ("enlargement", 1),
    ("umn_to_lmn", 1),
    ("capacity_pct", 1),
    ("nfl_factor", 1),
    ("share_glutamate", 1),
    ("age_at_onset", 1),
    ("height_cm", 1),
    ("bmi", 1),
    ("strength_factor", 1),
    ("mood", 1),
    ("share_oxidative", 1),
    ("noise", 1),
    ("remote_shift", 1),
    ("delay_months", 1),
    ("spare", 4),
    ("rate", POOLS),
    ("umn_rate", POOLS),
    ("item_shift", ITEMS),
    ("niv_capacity_pct", 1),
    ("gastrostomy_strength", 1),
    ("saliva_strength", 1),
    ("spasticity_umn", 1),
    ("spare_2", 10),
)
"""Standard normal numbers of the stream PERSON, by the trait that each is for."""

PERSON_UNIFORMS: Final = tiled(
    ("genotype", 1),
    ("phenotype", 1),
    ("male", 1),
    ("slow", 1),
    ("onset_pool", 1),
    ("onset_pool_among_spinal", 1),
    ("niv_capacity_pct", 1),
    ("gastrostomy_strength", 1),
    ("saliva_strength", 1),
    ("spasticity_umn", 1),
    ("tracheostomy_accepted", 1),
    ("spare", 9),
)
"""Uniform numbers of the stream PERSON."""
PERSON_UNIFORMS_FIRST: Final = 100
"""Where the uniform numbers of PERSON begin in its stream, past the normal ones."""

MEASURED: Final = tiled(
    ("capacity_session", 1),
    ("fvc", 1),
    ("svc", 1),
    ("grip_left", 1),
    ("elbow_left", 1),
    ("knee_left", 1),
    ("grip_right", 1),
    ("elbow_right", 1),
    ("knee_right", 1),
    ("munix_hand", 1),
    ("cmap_hand", 1),
    ("munix_leg", 1),
    ("cmap_leg", 1),
    ("umn_score", 1),
    ("neurofilament", 1),
    ("creatinine", 1),
    ("weight", 1),
    ("alsaq5_function", 4),
    ("alsaq5_feeling", 1),
    ("spare", 10),
)
"""Normal numbers of the stream MEASURE at one visit: noise of each machine."""

RATED: Final = tiled(("item", 16), ("day", 1), ("spare", 15))
"""Normal numbers of the stream RATING at one visit: noise of each item (padded to sixteen lanes) and of the day."""

VISITED: Final = tiled(("day", 1), ("missed", 1), ("telephone", 1), ("rater", 1))
"""Numbers of the stream VISIT at one visit: its day, whether it is missed, by telephone, and by another rater."""

GLANCED: Final = tiled(("capacity", 1), ("neurofilament", 1), ("spare", 30))
"""Normal numbers of the stream MEASURE in one month of `latent`, which looks without sessions or machines."""

SEEDED: Final = tiled(("clock", 8), ("cortex_clock", 8))
"""Uniform numbers of the stream SEEDING: how long each pool of the cord and of the cortex withstands being hit."""

DIES: Final = tiled(("before_tracheostomy", 1), ("after_tracheostomy", 1))
"""Uniform numbers of the stream DEATH: the hazard that a person survives, anew after a tracheostomy."""

BEFORE_COURSE: Final = 1 << 20
"""Number of the stream COURSE that says where a person's rate was before the first month; month m takes number m."""
FIRST_QUIET: Final = 0
"""Number of the stream QUIESCENCE that says when the first spell begins; each change of state takes the next one."""
FIRST_DIP: Final = 0
"""Number of the stream DIP that says when the first illness comes."""
DIPS: Final = tiled(("size", 1), ("wait", 1))
"""Uniform numbers of the stream DIP for each illness after that: how deep it is, and the wait for the next one."""

DRAWS: Final[Mapping[str, Mapping[str, slice]]] = MappingProxyType(
    {
        "person_normals": PERSON_NORMALS,
        "person_uniforms": PERSON_UNIFORMS,
        "measured": MEASURED,
        "rated": RATED,
        "visited": VISITED,
        "glanced": GLANCED,
        "seeded": SEEDED,
        "dies": DIES,
        "dips": DIPS,
    }
)
"""Every row of draws by name."""
