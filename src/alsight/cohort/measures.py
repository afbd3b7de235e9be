"""Every quantity that may stand in the MEASURES table, with its unit and the range a value must lie in.

Ranges are plausibility limits for data entry, not reference intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Measure:
    """A measured quantity: name in the table, unit stored, least and greatest plausible value, meaning."""

    name: str
    unit: str
    low: float
    high: float
    meaning: str


MEASURES: Final[tuple[Measure, ...]] = (
    Measure("fvc_l", "l", 0.0, 10.0, "forced vital capacity, best of the session"),
    Measure("fvc_pct", "%", 0.0, 200.0, "forced vital capacity, percent of predicted"),
    Measure("svc_l", "l", 0.0, 10.0, "slow vital capacity, best of the session"),
    Measure("svc_pct", "%", 0.0, 200.0, "slow vital capacity, percent of predicted"),
    Measure("snip_cmh2o", "cmH2O", 0.0, 250.0, "sniff nasal inspiratory pressure"),
    Measure("mip_cmh2o", "cmH2O", 0.0, 250.0, "maximal inspiratory pressure, as a positive number"),
    Measure("mep_cmh2o", "cmH2O", 0.0, 350.0, "maximal expiratory pressure"),
    Measure("pcf_l_min", "l/min", 0.0, 1200.0, "peak cough flow"),
    Measure("mrc_grade", "grade", 0.0, 5.0, "Medical Research Council grade of one muscle"),
    Measure("grip_kg", "kg", 0.0, 120.0, "grip strength"),
    Measure("hhd_kg", "kg", 0.0, 150.0, "hand-held dynamometry of one muscle"),
    Measure("umn_score", "point", 0.0, 40.0, "upper-motor-neuron sign score; the method says which"),
    Measure("lmn_score", "point", 0.0, 40.0, "lower-motor-neuron sign score; the method says which"),
    Measure("fasciculation", "grade", 0.0, 4.0, "fasciculation grade of one muscle or region, 0 none"),
    Measure("reflex", "grade", 0.0, 4.0, "tendon reflex grade, 0 absent to 4 clonus"),
    Measure("munix", "unit", 0.0, 1000.0, "motor unit number index of one muscle, or the sum over muscles"),
    Measure("cmap_mv", "mV", 0.0, 60.0, "compound muscle action potential amplitude"),
    Measure("weight_kg", "kg", 20.0, 300.0, "body weight"),
    Measure("bmi_kg_m2", "kg/m2", 8.0, 80.0, "body mass index"),
    Measure("nfl_pg_ml", "pg/ml", 0.0, 20000.0, "neurofilament light chain; the method says plasma, serum or CSF"),
    Measure("pnfh_pg_ml", "pg/ml", 0.0, 50000.0, "phosphorylated neurofilament heavy chain; the method says the fluid"),
    Measure("creatinine_umol_l", "umol/l", 5.0, 1500.0, "serum creatinine"),
    Measure("ck_u_l", "U/l", 0.0, 20000.0, "creatine kinase"),
    Measure("alsaq40_total", "%", 0.0, 100.0, "ALSAQ-40 summary, 0 best"),
    Measure("alsaq5_total", "%", 0.0, 100.0, "ALSAQ-5 summary, 0 best"),
    Measure("ecas_total", "point", 0.0, 136.0, "Edinburgh Cognitive and Behavioural ALS Screen total"),
    Measure("umn_regions", "region", 0.0, 4.0, "body regions of four with upper-motor-neuron signs, 0 none found"),
    Measure("conduction_block", "finding", 0.0, 1.0, "motor conduction block on nerve conduction studies, 1 found"),
    Measure("sensory_signs", "finding", 0.0, 1.0, "sensory signs, clinical or on nerve conduction studies, 1 found"),
    Measure(
        "immunotherapy_response", "finding", 0.0, 1.0, "strength improved on immunotherapy, 1 yes, 0 tried in vain"
    ),
    Measure("niv_hours_per_day", "hour", 0.0, 24.0, "non-invasive ventilation, mean hours a day"),
)

MEASURE_NAMES: Final[tuple[str, ...]] = tuple(measure.name for measure in MEASURES)
MEASURES_BY_NAME: Final[dict[str, Measure]] = {measure.name: measure for measure in MEASURES}
