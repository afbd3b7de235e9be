"""The course's likelihood is exact, and its posterior calibrated on the model's own people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit, logsumexp

from alsight.base.errors import SpecError
from alsight.detect.review.classes import MIMIC_CLASSES, CourseClass, als_courses, crossed, table
from alsight.detect.review.courses import COURSE_CAP, course_weights
from alsight.detect.review.kernel import log_lives, log_scores
from alsight.detect.review.mimics import class_weights, shares
from detect.review_people import bare, simulated, slow_log_score
from montecarlo import proportion_tolerance

SHIPPED = als_courses()
ALL = (*crossed(MIMIC_CLASSES, SHIPPED.ratings), *crossed(SHIPPED.classes, SHIPPED.ratings))


@st.composite
def persons(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float]:
    gaps = draw(st.lists(st.floats(0.03, 12), min_size=0, max_size=9))
    months = np.concatenate([[0.0], np.cumsum(gaps)])
    totals = np.array(draw(st.lists(st.floats(0, 48), min_size=months.size, max_size=months.size)))
    onset = draw(st.one_of(st.just(float("nan")), st.floats(0.5, 200)))
    return months, totals, onset


@given(persons(), st.integers(0, len(ALL) - 1))
@settings(deadline=None, max_examples=150)
def test_likelihood_equals_the_normal_density_written_out(
    person: tuple[np.ndarray, np.ndarray, float], index: int
) -> None:
    months, totals, onset = person
    got = log_scores(bare(np.array([months.size]), months, totals), np.array([onset]), table(ALL[index : index + 1]))
    assert got[0, 0] == pytest.approx(slow_log_score(ALL[index], months, totals, onset), rel=1e-7, abs=1e-6)


def test_likelihood_of_many_people_at_once() -> None:
    random = np.random.default_rng(3)
    count = random.integers(0, 12, 40)
    starts = np.concatenate([[0], np.cumsum(count)])
    months = np.concatenate([np.sort(random.uniform(0, 48, size)) for size in count])
    months -= np.repeat([months[start] if size else 0 for start, size in zip(starts, count, strict=False)], count)
    totals, onset = random.uniform(5, 48, months.size), random.uniform(1, 60, 40)
    onset[::5] = np.nan
    got = log_scores(bare(count, months, totals), onset, table(ALL))
    for person in range(40):
        own = slice(starts[person], starts[person + 1])
        for index, one in enumerate(ALL):
            requested = slow_log_score(one, months[own], totals[own], onset[person]) if count[person] else 0.0
            assert got[person, index] == pytest.approx(requested, rel=1e-7, abs=1e-6)


def test_lives_are_densities() -> None:
    rows = table(ALL)
    ends = np.linspace(0.05, 4000, 400_001)
    for index in (0, len(ALL) - 1):
        densities = np.exp(log_lives(np.zeros(ends.size), ends, rows[index : index + 1])[:, 0])
        # Up to a month the density is held at its floor, so the first bit is not exact.
        assert np.trapezoid(densities, ends) == pytest.approx(1.0, abs=0.02)
    alive = log_lives(np.array([0.0, 12.0]), np.array([np.nan, np.nan]), rows)
    assert (alive[0] == 0).all()
    assert (alive[1] < 0).all()


def own_people(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Log likelihood ratios of the model's own people, and who has a mimic."""
    random = np.random.default_rng(seed)
    sick = random.random(size) < 0.3
    mimics, als = crossed(MIMIC_CLASSES, SHIPPED.ratings), crossed(SHIPPED.classes, SHIPPED.ratings)
    of_mimics = shares() @ (class_weights(tuple(one.name for one in mimics)) * [one.weight for one in mimics])
    of_als = np.array([one.weight for one in als])
    chosen = np.where(
        sick,
        random.choice(len(mimics), size, p=of_mimics / of_mimics.sum()),
        len(mimics) + random.choice(len(als), size, p=of_als / of_als.sum()),
    )
    return course_weights(simulated(random, ALL, chosen, 3.0, 24.0)).raw, sick


def test_posterior_is_calibrated_on_its_own_people() -> None:
    ratio, sick = own_people(4000, 8)
    posterior = expit(ratio + logit(0.3))
    edges = np.array([0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1.0])
    index = np.searchsorted(edges, posterior, side="right") - 1
    for one in range(edges.size - 1):
        inside = index == one
        if inside.sum() >= 30:
            mean = posterior[inside].mean()
            assert abs(sick[inside].mean() - mean) < proportion_tolerance(mean, int(inside.sum())), one
    assert (np.bincount(index, minlength=edges.size - 1) >= 30).sum() >= 6


def test_a_wrong_model_is_not_calibrated() -> None:
    """The check above can fail: ten times the weight of evidence is caught by it."""
    ratio, sick = own_people(1500, 9)
    posterior = expit(10 * ratio + logit(0.3))
    sure = (posterior > 0.5) & (posterior < 0.98)
    unsure = np.abs(ratio) < 1.0
    assert sure.sum() + unsure.sum() > 50
    high = posterior > 0.9
    mean = posterior[high].mean()
    assert abs(sick[high].mean() - mean) > proportion_tolerance(mean, int(high.sum()))


def test_parts_of_the_course_add_up_and_keep_order() -> None:
    random = np.random.default_rng(5)
    weights = course_weights(simulated(random, ALL, random.integers(0, len(ALL), 200), 3.0, 24.0))
    assert np.allclose(weights.scores + weights.life, weights.total, rtol=0, atol=1e-12)
    assert np.allclose(weights.total, COURSE_CAP * np.tanh(weights.raw / COURSE_CAP))
    order = np.argsort(weights.raw)
    assert (np.diff(weights.total[order]) >= 0).all()


def test_mixture_of_one_class_is_that_class() -> None:
    """With the same class on both sides a course says nothing."""
    random = np.random.default_rng(6)
    one = replace(SHIPPED.classes[0], name="stable", weight=1.0)
    both = replace(SHIPPED, classes=(one,))
    names = [mimic for mimic in MIMIC_CLASSES if mimic.name == "stable"]
    assert len(names) == 1
    everyone = tuple(replace(one, name=mimic.name) for mimic in MIMIC_CLASSES)
    people = simulated(random, ALL, random.integers(0, len(ALL), 50), 3.0, 24.0)
    assert np.allclose(course_weights(people, both, everyone).raw, 0.0, atol=1e-9)


def test_classes_are_shares_of_one_whole() -> None:
    assert logsumexp(np.log([one.weight for one in SHIPPED.classes])) == pytest.approx(0.0, abs=1e-3)
    assert sum(rating.weight for rating in SHIPPED.ratings) == pytest.approx(1.0, abs=1e-4)
    assert [one.rate for one in SHIPPED.classes] == sorted(one.rate for one in SHIPPED.classes)
    assert SHIPPED.command.startswith("python -m alsight.make courses")


@pytest.mark.parametrize("change", [{"noise": 0.0}, {"correlation": 1.5}, {"wander": -1.0}, {"memory": float("nan")}])
def test_impossible_classes_are_refused(change: dict[str, float]) -> None:
    one: CourseClass = replace(ALL[0], **change)
    with pytest.raises(SpecError, match=next(iter(change))):
        table((one,))
