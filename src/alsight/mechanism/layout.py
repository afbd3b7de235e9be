"""Where each quantity of one person lies in the kernel's arrays.

`state` is one flat array: rows of eight lanes (one a pool, the eighth empty), then scalars. The first six rows are
recorded each month in the same order, so that a month of the course is one copy. `traits` holds what a person is born
with. Quantities are fractions of the healthy pool unless said otherwise.
"""

from __future__ import annotations

from typing import Final

LANES: Final = 8

STRENGTH: Final = 0 * LANES
UNITS: Final = 1 * LANES  # lower motor neurons that still work: healthy and committed
FIBERS: Final = 2 * LANES  # innervated muscle fibers
UMN_UNITS: Final = 3 * LANES  # upper motor neurons that still work
SICK: Final = 4 * LANES  # committed lower motor neurons
ATROPHY: Final = 5 * LANES  # fibers lost for good
HEALTHY: Final = 6 * LANES
UMN_HEALTHY: Final = 7 * LANES
UMN_SICK: Final = 8 * LANES
ACTIVITY: Final = 9 * LANES  # of the disease in the cord or brainstem
CORTEX: Final = 10 * LANES  # of the disease in the motor cortex
CLOCK: Final = 11 * LANES  # unit-exponential waits that the rate of being hit runs down
CORTEX_CLOCK: Final = 12 * LANES
RATE: Final = 13 * LANES  # commitment of lower motor neurons at full activity [1/month]
UMN_RATE: Final = 14 * LANES
HAZARD: Final = 15 * LANES  # what treatment leaves of the hazard of commitment
COMMITTED: Final = 16 * LANES  # fraction of committed neurons lost a month
SPROUT: Final = 17 * LANES  # largest enlargement
TAKEOVER: Final = 18 * LANES  # fraction of the gap reinnervated a month
GAIN: Final = 19 * LANES  # symptomatic factor on strength
GRAFT: Final = 20 * LANES  # replaced neurons arriving a month
GRAFTED: Final = 21 * LANES  # replaced neurons so far
GRAFT_LIMIT: Final = 22 * LANES
UMN_WEIGHT: Final = 23 * LANES
FLUX: Final = 24 * LANES  # neurons committed this month
SPREADING: Final = 25 * LANES  # what treatment leaves of the rate of being hit
GRAPH: Final = 26 * LANES  # eight rows: spinal neighbors, by source
CORTEX_GRAPH: Final = 34 * LANES  # eight rows: cortical neighbors, by source
SCALARS: Final = 42 * LANES

WANDER: Final = SCALARS + 0  # standard normal, slowly varying
QUIET: Final = SCALARS + 1  # 1 while quiescent
QUIET_CLOCK: Final = SCALARS + 2
QUIET_DRAWS: Final = SCALARS + 3
UNHIT: Final = SCALARS + 4  # pools, cortical and spinal, not yet hit
NFL: Final = SCALARS + 5
DIP: Final = SCALARS + 6
DIP_CLOCK: Final = SCALARS + 7
DIP_DRAWS: Final = SCALARS + 8
DEATH_CLOCK: Final = SCALARS + 9
BREATH: Final = SCALARS + 10  # vital capacity [% of predicted]
NIV: Final = SCALARS + 11  # 0 none, 1 at night, 2 day and night
GASTROSTOMY: Final = SCALARS + 12
TRACHEOSTOMY: Final = SCALARS + 13
SALIVA: Final = SCALARS + 14
SPASTICITY: Final = SCALARS + 15
EXPECTATION: Final = SCALARS + 16
MULTIPLIER: Final = SCALARS + 17  # wandering, quiescence: this month's factor on all hazards
WANDER_KEEP: Final = SCALARS + 18
WANDER_STIR: Final = SCALARS + 19
DIP_KEEP: Final = SCALARS + 20
NFL_BASE: Final = SCALARS + 21
STATE_SIZE: Final = SCALARS + 24

COURSE_ROWS: Final = 6 * LANES
C_BREATH, C_NFL, C_DIP, C_NIV, C_GASTROSTOMY, C_TRACHEOSTOMY, C_SALIVA, C_SPASTICITY, C_EXPECTATION, C_MULTIPLIER = (
    range(COURSE_ROWS, COURSE_ROWS + 10)
)
COURSE_WIDTH: Final = COURSE_ROWS + 16
"""One recorded month: the six rows, then the scalars above, then room."""

TRAITS: Final = (
    "frailty",
    "age_at_onset",
    "onset_pool",
    "cortex_first",
    "growth",
    "spread",
    "enlargement",
    "umn_to_lmn",
    "capacity_pct",
    "nfl_factor",
    "share_glutamate",
    "share_oxidative",
    "share_protein",
    "noise",
    "niv_capacity_pct",
    "gastrostomy_strength",
    "saliva_strength",
    "spasticity_umn",
    "tracheostomy_accepted",
    "delay_months",
    "lag_months",
    "stop_months",
    "male",
    "height_cm",
    "weight_kg",
    "strength_factor",
    "remote_shift",
    "mood",
    "genotype",
    "phenotype",
    "slow",
    "mimic",
    "revised_month",
    "site",
)
"""Scalar traits, in order; the lanes and items below follow them."""

T: Final[dict[str, int]] = {name: index for index, name in enumerate(TRAITS)}
T_RATE: Final = len(TRAITS)
T_UMN_RATE: Final = T_RATE + LANES
T_SHIFT: Final = T_UMN_RATE + LANES
TRAIT_WIDTH: Final = T_SHIFT + 12

EVENTS: Final = (
    "onset",
    "death",
    "last",
    "months",
    "niv",
    "permanent",
    "gastrostomy",
    "tracheostomy",
    "saliva",
    "spasticity",
    "dips",
)
"""One person's milestones [months since onset]; -1 where it never happened. "onset" itself counts from the first hit,
"last" is how many months were recorded, "months" how many were lived through."""

V: Final[dict[str, int]] = {name: index for index, name in enumerate(EVENTS)}
V_REGION: Final = len(EVENTS)  # month each of the seven pools became weak
DIP_SLOTS: Final = 12
V_DIP: Final = V_REGION + LANES  # months of the first dips
EVENT_WIDTH: Final = V_DIP + DIP_SLOTS
