"""Therapies: what is refused, what is delivered, and that each class does what its mechanism says."""

from __future__ import annotations

import numpy as np
import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.mechanism.classes import GENES
from alsight.mechanism.disease.people import Mix
from alsight.mechanism.latent import Latent, simulate_latent
from alsight.mechanism.parameters import vector
from alsight.mechanism.therapy import levels
from alsight.mechanism.therapy.act import Act, Therapy, compiled, received
from alsight.mechanism.therapy.catalog import THERAPIES

P = vector()


def act_row(**fields) -> np.ndarray:
    return compiled((Therapy(name="x", acts=(Act(channel="loss", strength=0.5),), **fields),), P)[0]


def test_every_fault_is_reported_at_once() -> None:
    bad = Therapy(
        name="x",
        start_month=6.0,
        stop_month=3.0,
        every_months=2.0,
        course_months=5.0,
        genotypes=("sod9",),
        acts=(Act(channel="loss", strength=1.5, regions=("tail",)),),
    )
    with pytest.raises(SpecError) as caught:
        compiled((bad,), P)
    paths = [path for path, _, _ in caught.value.faults]
    assert paths == [
        "therapies[0].stop_month",
        "therapies[0].course_months",
        "therapies[0].genotypes",
        "therapies[0].acts[0].strength",
        "therapies[0].acts[0].regions",
    ]


def test_negative_strength_is_refused_by_its_type() -> None:
    with pytest.raises(SpecError, match="acts"):
        build(Therapy, {"name": "x", "acts": [{"channel": "loss", "strength": -0.1}]})


@pytest.mark.parametrize(
    ("fields", "months"),
    [
        ({}, list(range(1, 13))),
        ({"stop_month": 3.0}, [1, 2, 3]),
        ({"start_month": 4.0, "stop_month": 6.0}, [1, 2]),
        ({"every_months": 6.0, "course_months": 1.0}, [1, 7]),
        ({"every_months": 3.0, "course_months": 2.0}, [1, 2, 4, 5, 7, 8, 10, 11]),
    ],
)
def test_delivery(fields: dict[str, float], months: list[int]) -> None:
    row = act_row(**fields)
    assert [month for month in range(-2, 13) if levels.administered(float(month), row)] == months


def test_effect_rises_falls_and_wanes() -> None:
    therapy = Therapy(
        name="x",
        origin="onset",
        stop_month=12.0,
        acts=(Act(channel="loss", strength=1.0, lag_months=2.0, washout_months=3.0),),
    )
    acts, effect, memory = compiled((therapy,), P), np.zeros(88), np.array([[0.0], [1.0], [0.0]])
    observed = []
    for month in range(25):
        levels.treat(8, month, np.zeros(200), acts, np.ones(1), memory, effect)
        observed.append(effect[levels.LOSS * 8])
    assert observed[0] == 0.0
    assert observed[12] == pytest.approx(1 - np.exp(-12 / 2))
    assert observed[15] == pytest.approx(observed[12] * np.exp(-1))
    assert observed[24] < 0.03


def test_responders_and_exposure_are_the_persons_own() -> None:
    subjects = np.arange(4000, dtype=np.uint64)
    traits = np.zeros((4000, 200))
    weak = Therapy(name="x", responders=0.6, exposure_log_sd=0.5, acts=(Act(channel="loss", strength=0.1),))
    strong = Therapy(name="x", responders=0.6, exposure_log_sd=0.5, acts=(Act(channel="loss", strength=0.9),))
    one, two = received((weak,), 1, subjects, traits), received((strong,), 1, subjects, traits)
    assert np.array_equal(one, two)
    assert abs((one > 0).mean() - 0.6) < 4 * np.sqrt(0.24 / 4000)
    assert np.median(one[one > 0]) == pytest.approx(1.0, abs=0.05)


def change(lives: Latent, start: np.ndarray, months: int) -> float:
    rows = np.flatnonzero((lives.event("onset") >= 0) & (start + months < lives.event("last")))
    first, last = lives.score[rows, start[rows]], lives.score[rows, start[rows] + months]
    return float((last.astype(float) - first).mean())


@pytest.fixture(scope="module")
def carriers() -> dict[str, Latent]:
    mix = Mix(genes=tuple(float(gene.name in ("sod1_fast", "sod1_other")) for gene in GENES), lag_least_months=2.0)
    lives = {}
    for name in ("natural", "tofersen", "slow", "halt", "reverse", "muscle_activator", "stem_cells_replace"):
        therapies = () if name == "natural" else (THERAPIES[name].therapy,)
        traits = simulate_latent(n=1500, seed=8, months=1, every=0, mix=mix).traits
        scale = received(therapies, 8, np.arange(1500, dtype=np.uint64), traits)
        lives[name] = simulate_latent(n=1500, seed=8, months=110, mix=mix, acts=compiled(therapies, P), scale=scale)
    return lives


def test_classes_are_ordered(carriers: dict[str, Latent]) -> None:
    natural = carriers["natural"]
    start = (natural.trait("delay_months") + natural.trait("lag_months")).astype(int)
    changes = {name: change(lives, start, 12) for name, lives in carriers.items()}
    assert changes["natural"] < changes["slow"] < changes["halt"] < changes["reverse"]
    assert changes["reverse"] > 0.0
    assert changes["natural"] < changes["tofersen"]


def test_antisense_lowers_neurofilament_before_function_shows_it(carriers: dict[str, Latent]) -> None:
    natural, treated = carriers["natural"], carriers["tofersen"]
    start = (natural.trait("delay_months") + natural.trait("lag_months")).astype(int)
    rows = np.flatnonzero((natural.event("onset") >= 0) & (start + 12 < natural.event("last")))
    ratio = lambda lives, months: np.median(  # noqa: E731
        lives.nfl[rows, start[rows] + months] / lives.nfl[rows, start[rows]]
    )
    assert ratio(treated, 6) < 0.75 * ratio(natural, 6)
    gain = [change(treated, start, months) - change(natural, start, months) for months in (6, 12)]
    assert gain[1] > 2 * gain[0]


def test_a_symptomatic_gain_vanishes_when_it_stops() -> None:
    stopping = Therapy(
        name="muscle_activator",
        origin="onset",
        stop_month=10.0,
        acts=(Act(channel="strength", strength=0.1, washout_months=0.1),),
    )
    natural = simulate_latent(n=200, seed=3, months=40, strength=True)
    treated = simulate_latent(n=200, seed=3, months=40, strength=True, acts=compiled((stopping,), P))
    alive = np.isfinite(treated.strength) & np.isfinite(natural.strength)
    during, after = slice(5, 10), slice(14, 40)
    assert (treated.strength[:, during] - natural.strength[:, during])[alive[:, during]].mean() > 0.01
    gap = (treated.strength[:, after] - natural.strength[:, after])[alive[:, after]]
    assert np.abs(gap).max() < 1e-6


def test_regions_restrict_an_act() -> None:
    left = Therapy(
        name="x", origin="onset", acts=(Act(channel="replacement", strength=0.1, regions=("leg_left",), axons=False),)
    )
    natural = simulate_latent(n=60, seed=3, months=40, accepted=True)
    treated = simulate_latent(n=60, seed=3, months=40, accepted=True, acts=compiled((left,), P))
    both = np.isfinite(natural.courses[:, :, 8]) & np.isfinite(treated.courses[:, :, 8])
    gained = (treated.courses - natural.courses)[both][:, 8:15]
    assert gained[:, 4].max() > 0.05
    assert np.abs(np.delete(gained, 4, axis=1)).max() == 0.0


@pytest.mark.parametrize("name", sorted(THERAPIES))
def test_catalog_compiles(name: str) -> None:
    entry = THERAPIES[name]
    assert compiled((entry.therapy,), P).shape == (len(entry.therapy.acts), levels.ACT_WIDTH)
    assert entry.ground
