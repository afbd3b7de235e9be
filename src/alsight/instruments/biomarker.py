"""Blood neurofilament light against the upper reference limit for age."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

from alsight.base.units import Values

NFL_LIMIT_PG_ML: Final[tuple[tuple[float, float], ...]] = (
    (20.0, 8.4),
    (30.0, 11.4),
    (40.0, 15.4),
    (50.0, 20.8),
    (60.0, 28.0),
    (70.0, 37.9),
    (80.0, 51.2),
)
"""First year of each age band and its 97.5th percentile of plasma neurofilament light [pg/ml] in 1,100 people without
cognitive impairment, kidney disease, stroke, infarction or obesity; Simoa NF-light assay (bornhorst2022)."""

NFL_OLDEST_YEARS: Final = 95.0
"""Oldest age in that reference [years] (bornhorst2022)."""


def nfl_limit_pg_ml(age_years: Float[Values, "*#batch"]) -> Float[Values, "*batch"]:
    """Upper reference limit of plasma neurofilament light for age: the 97.5th percentile of its decade [pg/ml].

    For EDTA plasma and the Simoa NF-light assay only; serum and other assays differ. Sex made no difference there.

    Args:
        age_years: age at sampling [years].

    Returns:
        The limit; nan below 20 or above 95 years.

    Source: bornhorst2022
    """
    age = np.asarray(age_years, dtype=np.float64)
    starts, limits = (np.asarray(part) for part in zip(*NFL_LIMIT_PG_ML, strict=True))
    band = np.searchsorted(starts, age, side="right") - 1
    covered = (age >= starts[0]) & (age <= NFL_OLDEST_YEARS)
    return np.where(covered, limits[np.clip(band, 0, len(limits) - 1)], np.nan)


def nfl_times_limit(
    nfl_pg_ml: Float[Values, "*#batch"], age_years: Float[Values, "*#batch"]
) -> Float[Values, "*batch"]:
    """Plasma neurofilament light as a multiple of its upper reference limit for age; above 1 is raised.

    This is no z-score: the source gives upper limits, not a distribution. People with kidney disease or obesity lie
    outside the reference population.

    Args:
        nfl_pg_ml: plasma neurofilament light, Simoa NF-light [pg/ml].
        age_years: age at sampling [years].

    Source: bornhorst2022
    """
    return np.asarray(nfl_pg_ml, dtype=np.float64) / nfl_limit_pg_ml(age_years)
