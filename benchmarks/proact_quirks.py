"""PLANTS: every planted quirk by name."""

from __future__ import annotations

from proact_plants import Plant
from proact_quirks_files import FILE_PLANTS
from proact_quirks_measures import MEASURE_PLANTS
from proact_quirks_people import PEOPLE_PLANTS
from proact_quirks_visits import VISIT_PLANTS

ALL: tuple[Plant, ...] = (*VISIT_PLANTS, *PEOPLE_PLANTS, *MEASURE_PLANTS, *FILE_PLANTS)
PLANTS: dict[str, Plant] = {plant.name: plant for plant in ALL}
