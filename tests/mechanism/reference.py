"""The month of the disease written a second time, plainly, in NumPy over all people at once: slow, obvious, for tests.

Follows the numbered list of `alsight.mechanism.disease.step` for an untreated population.
"""

from __future__ import annotations

import numpy as np

from alsight.base.streams import Stream, normal, subject_key, uniform
from alsight.mechanism import anatomy
from alsight.mechanism import layout as at
from alsight.mechanism.disease.course import LONGEST_SILENCE
from alsight.mechanism.parameters import INDEX


def lives(p: np.ndarray, root: int, subjects: np.ndarray, traits: np.ndarray, months: int) -> dict[str, np.ndarray]:
    """Onset, death and the monthly course since onset of untreated people."""
    n = subjects.size
    get = lambda name: p[INDEX[name]]  # noqa: E731
    of = lambda name: traits[:, at.T[name]]  # noqa: E731
    key = {stream: subject_key(root, stream, subjects) for stream in Stream}
    pool = np.arange(7, dtype=np.uint64)
    clock = -np.log(uniform(key[Stream.SEEDING][:, None], pool))
    cortex_clock = -np.log(uniform(key[Stream.SEEDING][:, None], pool + np.uint64(8)))
    spinal = anatomy.SPINAL_GRAPH[:7, :7].copy()
    spinal[:, [anatomy.TRUNK, anatomy.PHRENIC]] *= get("spread_axial")
    cortical = anatomy.CORTICAL_GRAPH[:7, :7]
    first = of("onset_pool").astype(int)
    a, b = np.zeros((n, 7)), np.zeros((n, 7))
    a[np.arange(n), first] = np.where(of("cortex_first") > 0, 0.0, get("seed_activity"))
    b[np.arange(n), first] = get("seed_activity")
    healthy, sick, fibers, wasted = np.ones((n, 7)), np.zeros((n, 7)), np.ones((n, 7)), np.zeros((n, 7))
    upper, upper_sick = np.ones((n, 7)), np.zeros((n, 7))
    rate, upper_rate = traits[:, at.T_RATE : at.T_RATE + 7], traits[:, at.T_UMN_RATE : at.T_UMN_RATE + 7]
    z = normal(key[Stream.COURSE], np.uint64(1 << 20))
    keep = np.exp(-1 / get("wander_months"))
    base = get("nfl_base_pg_ml") * np.exp(get("nfl_per_year_of_age") * (of("age_at_onset") - get("reference_age")))
    nfl = base.copy()
    dip, draws = np.zeros(n), np.zeros(n)
    dip_clock = -np.log(uniform(key[Stream.DIP], np.uint64(0)))
    death_clock = -np.log(uniform(key[Stream.DEATH], np.uint64(0)))
    niv, peg, trach = np.zeros(n), np.zeros(n, bool), np.zeros(n, bool)
    onset, death, since = np.full(n, -1), np.full(n, -1.0), np.full(n, -1)
    alive = np.ones(n, bool)
    course = {
        name: np.full((n, months, 7), np.nan) for name in ("strength", "units", "fibers", "upper", "sick", "wasted")
    }
    course |= {name: np.full((n, months), np.nan) for name in ("breath", "nfl", "dip", "niv")}
    weight = np.full(7, get("umn_weight"))
    weight[anatomy.BULBAR] = get("umn_weight_bulbar")
    for t in range(LONGEST_SILENCE + months):
        alive &= (since < months - 1) & ((onset >= 0) | (t < LONGEST_SILENCE))
        if not alive.any():
            break
        since = np.where(onset >= 0, since + 1, since)
        # 1 the rate wanders
        sd = get("wander_log_sd")
        z = keep * z + np.sqrt(1 - keep**2) * normal(key[Stream.COURSE], np.uint64(t))
        factor = np.exp(sd * z - sd**2 / 2)[:, None]
        # 4 activity grows
        growth = of("growth")[:, None]
        a, b = a * (1 + growth) / (1 + a * growth), b * (1 + growth) / (1 + b * growth)
        # 5 commitment and loss, 6 denervation, reinnervation, atrophy
        turned = healthy * (1 - np.exp(-np.minimum(rate * a * factor, 50)))
        lost = (sick + turned) * (1 - np.exp(-get("committed_loss_per_month")))
        healthy, sick = healthy - turned, sick + turned - lost
        fibers = fibers * (1 - lost / np.maximum(healthy + sick + lost, 1e-9))
        reach = np.minimum(of("enlargement")[:, None] * (healthy + sick), 1 - wasted)
        fibers = fibers + (1 - np.exp(-get("reinnervation_per_month"))) * np.maximum(reach - fibers, 0)
        wasted = wasted + get("atrophy_per_month") * np.maximum(1 - wasted - fibers, 0)
        # 7 upper motor neurons, 8 strength
        upper_turned = upper * (1 - np.exp(-np.minimum(upper_rate * b * factor, 50)))
        upper_sick = (upper_sick + upper_turned) * np.exp(-get("committed_loss_per_month"))
        upper = upper - upper_turned
        strength = np.minimum(fibers * (1 - weight * (1 - upper - upper_sick)), 1)
        # 9 hits
        drive, above = get("descending") * b + a @ spinal, get("ascending") * a + b @ cortical
        clock -= of("spread")[:, None] * drive + get("spontaneous_per_month")
        cortex_clock -= of("spread")[:, None] * above + get("spontaneous_per_month")
        a = np.where((a == 0) & (clock <= 0), get("seed_activity"), a)
        b = np.where((b == 0) & (cortex_clock <= 0), get("seed_activity"), b)
        # 10 neurofilament
        flux = (turned + get("nfl_umn_release") * upper_turned).sum(1) / (7 * (1 + get("nfl_umn_release")))
        nfl = nfl + get("nfl_elimination_per_month") * (base + get("nfl_release_pg_ml") * flux - nfl)
        # onset: some item has truly left its highest grade
        able = strength @ anatomy.loadings()[:, :7].T + traits[:, at.T_SHIFT : at.T_SHIFT + 12]
        edge = anatomy.thresholds()[:, 0] * get("threshold_scale")
        new = alive & (onset < 0) & (strength.min(1) < anatomy.SILENT) & (able <= edge).any(1)
        onset, since = np.where(new, t, onset), np.where(new, 0, since)
        ill = alive & (onset >= 0)
        # 11 intercurrent illness
        dip = np.where(ill, dip * np.exp(-get("dip_recovery_per_month")), dip)
        dip_clock = np.where(ill, dip_clock - get("dip_per_month"), dip_clock)
        falls = ill & (dip_clock <= 0)
        size = -get("dip_size") * np.log(uniform(key[Stream.DIP], (2 * draws + 1).astype(np.uint64)))
        wait = -np.log(uniform(key[Stream.DIP], (2 * draws + 2).astype(np.uint64)))
        dip = np.where(falls, np.minimum(dip + size, 0.5), dip)
        dip_clock, draws = np.where(falls, wait, dip_clock), draws + falls
        # 12 breath
        muscles = (
            get("capacity_phrenic") * strength[:, anatomy.PHRENIC] + get("capacity_trunk") * strength[:, anatomy.TRUNK]
        )
        muscles += get("capacity_arm") * (strength[:, anatomy.ARM_LEFT] + strength[:, anatomy.ARM_RIGHT])
        leak = 1 - get("capacity_bulbar") * (1 - strength[:, anatomy.BULBAR])
        breath = of("capacity_pct") * np.maximum(muscles, 1e-6) ** get("capacity_exponent") * leak
        # 13 care
        niv = np.where(ill & (niv == 0) & (breath < of("niv_capacity_pct")), 1, niv)
        niv = np.where(ill & (niv == 1) & (breath < get("permanent_capacity_pct")), 2, niv)
        peg |= ill & (strength[:, anatomy.BULBAR] < of("gastrostomy_strength"))
        rows = np.flatnonzero(ill)
        for name, values in (
            ("strength", strength),
            ("units", healthy + sick),
            ("fibers", fibers),
            ("sick", sick),
            ("upper", upper + upper_sick),
            ("wasted", wasted),
            ("breath", breath),
            ("nfl", nfl),
            ("dip", dip),
            ("niv", niv),
        ):
            course[name][rows, since[rows]] = values[rows]
        # 14 death
        risk = get("death_log_hazard") + get("death_per_capacity") * (100 - breath) / 10
        risk += get("death_bulbar") * (1 - strength[:, anatomy.BULBAR]) + get("dip_death") * dip
        risk += get("death_per_year_of_age") * (of("age_at_onset") - get("reference_age"))
        risk += get("niv_hazard") * ((niv > 0) & (strength[:, anatomy.BULBAR] > get("niv_bulbar_limit")))
        hazard = np.where(trach, get("tracheostomy_death_per_month"), np.exp(risk + get("gastrostomy_hazard") * peg))
        before = death_clock.copy()
        death_clock = np.where(ill, death_clock - hazard, death_clock)
        ends = ill & (death_clock <= 0)
        saved = ends & (of("tracheostomy_accepted") > 0) & ~trach
        trach, niv = trach | saved, np.where(saved, 2, niv)
        death_clock = np.where(saved, -np.log(uniform(key[Stream.DEATH], np.uint64(1))), death_clock)
        dead = ends & ~saved
        death = np.where(dead, since + before / hazard, death)
        alive &= ~dead
    return {"onset": onset, "death": death, **course}
