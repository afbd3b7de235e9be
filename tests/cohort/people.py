"""A small checked cohort with every table filled, for tests of what is made from cohorts."""

from __future__ import annotations

from datetime import date

from alsight.cohort.cohort import Cohort
from cohort.rows import checked, event, person, rating

TUBE = {"q5a_cutting_without_gastrostomy": None, "q5b_cutting_with_gastrostomy": 2.0}


def small_cohort() -> Cohort:
    """Four people: a dies; b gets a tracheostomy; c, on the original ALSFRS, is lost; d is known by a measure alone."""
    return checked(
        subjects=[
            person("a", onset_day=-365, age_at_entry_years=61.5, entry_date=date(2019, 3, 31), site="Ulm"),
            person("b", entry="diagnosis", onset_day=-200, diagnosis_day=0, family_history=True, last_seen_day=900),
            person("c", entry="enrollment", study="=1+1"),
            person("d", entry="stated"),
        ],
        visits=[
            rating("a", 0, 4, rater="Dr X"),
            rating("a", 91, 3, alsfrs_r_total=36.0),
            rating("a", 182, 2, **TUBE),
            rating("b", 30, 3, q1_speech=9.0),
            rating("b", 121, 1),
            {"subject": "c", "day": 0, "scale": "alsfrs", "alsfrs_total": 31.0},
        ],
        measures=[
            {"subject": "a", "day": 0, "measure": "svc_pct", "value": 91.5, "method": "spirometer"},
            {"subject": "a", "day": 0, "measure": "svc_pct", "value": 92.5, "method": "mask"},
            {"subject": "d", "day": 45, "measure": "svc_pct", "value": 40.0},
        ],
        events=[
            event("gastrostomy", 150, "a", detail="Ulm, Dr X"),
            event("niv_start", 30, "b"),
            event("niv_stop", 100, "b"),
            event("death", 400, "a"),
            event("tracheostomy", 300, "b"),
            event("lost_to_follow_up", 60, "c"),
        ],
        doses=[{"subject": "c", "day": -20, "end_day": 75, "treatment": "riluzole", "dose": 50.0, "blinded": False}],
    )
