"""Speed of the mechanism: person-months a second and core, ours against plain NumPy and, where it installs, starsim.

    python -m benchmarks.mechanism

Times are of this thread's processor, so that other work on the machine counts less. A person-month is one month of one
person from the first hit to death; more than half of them are silent months before onset. The NumPy version steps all
people of a chunk as arrays through the same pools, hazards and items, draws from its own generator, and keeps no
milestones, care, therapies, onset or records: it does less. The starsim version (`pip install starsim`) puts the same
NumPy step into a starsim module, one agent a person.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from alsight.base.spec import build
from alsight.mechanism import anatomy
from alsight.mechanism import layout as at
from alsight.mechanism.disease.people import draw_people
from alsight.mechanism.latent import simulate_latent
from alsight.mechanism.parameters import vector
from alsight.mechanism.therapy.act import compiled, received
from alsight.population.blocks import LONGEST, plan_of, simulate_cohort
from alsight.population.kernel import Plan, see
from alsight.population.recruit import handed_out
from alsight.population.spec import Population, mix_of

PEOPLE = 20_000
EVERYTHING = {
    "rating": 1,
    "capacity": 2,
    "strength": 2,
    "electrophysiology": 6,
    "umn": 6,
    "neurofilament": 3,
    "creatinine": 3,
    "weight": 1,
    "quality": 3,
}


def best(work: Callable[[], float], rounds: int = 3, clock: Callable[[], float] = time.thread_time) -> float:
    """Person-months a second of processor time, the best of some rounds."""
    rates = []
    for _ in range(rounds):
        start = clock()
        months = work()
        rates.append(months / (clock() - start))
    return max(rates)


def lives(every: int, stored: bool) -> float:
    return float(simulate_latent(n=PEOPLE, seed=1, every=every, stored=stored).event("months").sum())


def everything() -> float:
    """Every measure on its own schedule, whole lives, one arm on a therapy."""
    fields = {
        "follow_up": {"months": 120, "schedule": EVERYTHING, "dropout_per_month": 0.0, "telephone": 0.05},
        "background": [{"therapy": "riluzole", "uptake": 0.6}],
    }
    population = build(Population, fields)
    p, subjects = vector(), np.arange(PEOPLE // 4, dtype=np.uint64)
    traits = draw_people(p, 1, subjects, mix_of(population))
    therapies, assigned = handed_out(population, subjects, np.full(subjects.size, -1))
    scale = received(therapies, 1, subjects, traits, assigned)
    plan = plan_of(population)
    plan = Plan(plan.planned, plan.schedule, plan.style, LONGEST)
    observed = see(p, 1, subjects, traits, plan, compiled(therapies, p), scale, np.full(subjects.size, 120.0))
    return float(observed.events[:, at.V["months"]].sum())


def tables() -> float:
    """The same to finished tables, people per second."""
    fields = {"size": 2000, "follow_up": {"months": 36, "schedule": EVERYTHING}}
    cohort, _ = simulate_cohort(build(Population, fields))
    return float(cohort.size)


class Plain:
    """The month of the disease as NumPy arrays over people; float64, as ours."""

    def __init__(self, people: int, seed: int) -> None:
        self.draw = np.random.Generator(np.random.SFC64(seed))
        shape = (7, people)
        self.activity = np.full(shape, 0.04)
        self.healthy, self.sick, self.fibers = np.ones(shape), np.zeros(shape), np.ones(shape)
        self.upper, self.wasted = np.ones(shape), np.zeros(shape)
        self.rate = (
            0.085 * np.exp(1.1 * self.draw.standard_normal(people)) * np.exp(0.19 * self.draw.standard_normal(shape))
        )
        self.wander, self.noise = np.zeros(people), np.zeros((12, people))
        self.grades, self.alive = np.full((12, people), 4.0), np.ones(people, bool)
        self.spinal, self.loadings = anatomy.SPINAL_GRAPH[:7, :7].T, anatomy.loadings()[:, :7]
        self.edges = anatomy.thresholds() * 1.2

    def step(self, visit: bool) -> None:
        people = self.wander.size
        self.wander = 0.84 * self.wander + 0.55 * self.draw.standard_normal(people)
        factor = np.exp(0.44 * self.wander - 0.1)
        hit = self.draw.random((7, people)) < -np.expm1(-0.2 * (self.spinal @ self.activity))
        self.activity = np.where((self.activity <= 0) & hit, 0.04, self.activity)
        self.activity = self.activity * 1.75 / (1 + self.activity * 0.75)
        hazard = self.rate * self.activity * factor
        turned = self.healthy * -np.expm1(-hazard)
        lost = (self.sick + turned) * 0.139
        self.healthy -= turned
        self.sick += turned - lost
        units = self.healthy + self.sick
        self.fibers *= 1 - lost / np.maximum(units + lost, 1e-9)
        self.fibers += 0.7 * np.maximum(np.minimum(2.08 * units, 1 - self.wasted) - self.fibers, 0)
        self.wasted += 0.04 * np.maximum(1 - self.wasted - self.fibers, 0)
        self.upper *= np.exp(-0.6 * hazard)
        strength = self.fibers * (1 - 0.1 * (1 - self.upper))
        breath = 100 * np.maximum(0.65 * strength[6] + 0.35 * strength[3], 1e-6) ** 0.88
        if visit:
            self.noise = 0.57 * self.noise + 0.05 * self.draw.standard_normal((12, people))
            able = self.loadings @ strength + self.noise + 0.045 * self.draw.standard_normal(people)
            least = sum((able > self.edges[:, [k]] + 0.07).astype(float) for k in range(4))
            most = sum((able >= self.edges[:, [k]] - 0.07).astype(float) for k in range(4))
            self.grades = np.clip(self.grades, least, most)
        risk = np.exp(-7.3 + 0.0587 * (100 - breath) + 1.5 * (1 - strength[0]))
        self.alive &= self.draw.random(people) > -np.expm1(-risk)


def plain(visit: int, chunk: int = 2000, months: int = 60) -> float:
    """Person-months stepped, the dead included, as arrays cannot stop for one."""
    for start in range(0, PEOPLE // 2, chunk):
        people = Plain(chunk, start)
        for month in range(months):
            people.step(month % visit == 0)
    return float(PEOPLE // 2 * months)


def starsim_rate() -> float | None:
    """The plain step inside a starsim simulation, monthly ratings; None where starsim is not installed."""
    try:
        import starsim as ss
    except ImportError:
        return None

    class Disease(ss.Module):
        def init_post(self) -> None:
            super().init_post()
            self.people = Plain(2000, 1)

        def step(self) -> None:
            self.people.step(visit=True)

    def work() -> float:
        sim = ss.Sim(n_agents=2000, modules=Disease(), dt=1 / 12, start=2000, dur=5, verbose=0)
        sim.run()
        return 2000.0 * 61

    return best(work, 2)


def main() -> None:
    simulate_latent(n=10)
    everything()
    ours = best(lambda: lives(1, stored=False))
    rows = [
        ("monthly ratings of 12 noisy items", ours, 2.5e6),
        ("the same, stored", best(lambda: lives(1, stored=True)), None),
        ("ratings every 3 months", best(lambda: lives(3, stored=False)), None),
        ("hidden course only", best(lambda: lives(0, stored=False)), None),
        ("every measure on its own schedule", best(everything), 1e6),
    ]
    for name, rate, goal in rows:
        print(f"alsight, {name:38s} {rate / 1e6:6.2f} M person-months/s" + (f"  (must {goal / 1e6:g})" if goal else ""))
    numpy_rate = best(lambda: plain(1), 2)
    print(
        f"plain NumPy, monthly ratings                   {numpy_rate / 1e6:6.2f} M   ours is {ours / numpy_rate:.1f} x"
    )
    other = starsim_rate()
    said = "not installed" if other is None else f"{other / 1e6:6.2f} M   ours is {ours / other:.1f} x"
    print(f"starsim, monthly ratings                       {said}")
    print(f"finished tables, every measure, 36 months      {best(tables, clock=time.process_time):6.0f} people/s")


if __name__ == "__main__":
    sys.exit(main())
