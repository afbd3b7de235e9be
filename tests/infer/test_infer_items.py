"""Items model: likelihood against a dense grid, derivatives against differences, predictions, bad data."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import polars as pl
import pytest
from scipy import stats

from alsight.base.errors import DataError, NotConverged, SpecError
from alsight.base.status import Status
from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.items.fit import fit_items
from alsight.infer.items.likelihood import assess, draws_of, placed_at
from alsight.infer.items.predict import predict_items, predict_traits, simulate_items
from alsight.infer.items.responses import ItemsPlan, read_responses
from alsight.infer.items.search import begin
from alsight.models.latent.items import DOMAINS, Items, Trait, log_probability
from infer.item_people import PAIR, RATE, SLOPES, SMALL, THRESHOLDS, item_people
from montecarlo import tolerance

TABLE = item_people(20261122, 150, SMALL)
PLAN = ItemsPlan("months", "subject", "~ 1", "~ bulbar", [], {})


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_items(TABLE, rate="~ bulbar", model=SMALL)


def _truth() -> np.ndarray:
    items = [value for slope, steps in zip(SLOPES, THRESHOLDS, strict=True) for value in (slope, *steps)]
    return np.array([*items, RATE["mean"], RATE["bulbar"], RATE["sd"], 0.3])


def _slow(table: pl.DataFrame, natural: np.ndarray) -> np.ndarray:
    """The obvious way: one person after another, level and rate summed over a fine grid."""
    sd, corr = natural[-2:]
    level, rate = np.meshgrid(np.linspace(-6, 6, 81), np.linspace(-6, 6, 81) * sd, indexing="ij")
    prior = stats.multivariate_normal([0, 0], [[1, corr * sd], [corr * sd, sd**2]]).logpdf(np.stack([level, rate], -1))
    area = (level[1, 0] - level[0, 0]) * (rate[0, 1] - rate[0, 0])
    found = []
    for _, rows in table.group_by("subject", maintain_order=True):
        total = prior.copy()
        for row in rows.iter_rows(named=True):
            trait = level + (natural[-4] + natural[-3] * row["bulbar"] + rate) * row["months"]
            for k, item in enumerate(("a1", "a2", "a3")):
                slope, steps = natural[5 * k], natural[5 * k + 1 : 5 * k + 5]
                if row[item] is not None:
                    total += log_probability(np.full(trait.shape, int(row[item])), trait, slope, slope * steps)
        found.append(np.log(np.exp(total - total.max()).sum() * area) + total.max())
    return np.array(found)


def test_log_likelihood_equals_a_dense_grid(fit: Fit) -> None:
    holes = pl.when((pl.col("subject") % 3 == 0) & (pl.col("months") > 5)).then(None).otherwise(pl.col("a2"))
    table = TABLE.with_columns(a2=holes).filter(pl.col("subject") < 15)
    found = read_responses(table, ItemsPlan(**{**PLAN.__dict__, "scores": [[0.0, 1, 2, 3, 4]] * 3}), SMALL)
    working = fit.arrays["working"]
    drawn = draws_of(15, 4000, 2, 1)
    placed = placed_at(found, working, np.zeros((15, 2)))
    ours = assess(found, working, drawn, placed)
    slow = _slow(table, found.layout.natural(working))
    error = 4 / np.sqrt(4000) * np.sqrt(np.maximum(4000 / ours.effective - 1, 1e-4))
    assert (np.abs(ours.log_likelihood - slow) < error + 1e-3).all()


def test_scores_and_information_are_derivatives() -> None:
    found = read_responses(item_people(3, 12, PAIR), ItemsPlan("months", "subject", "~ bulbar", "~ 1", [], {}), PAIR)
    layout = found.layout
    working = begin(found)
    working[layout.spread] += 0.1 * np.cos(np.arange(layout.spread.stop - layout.spread.start))
    drawn = draws_of(12, 4000, 4, 5)
    placed = placed_at(found, working, np.zeros((12, 4)))
    here, step = assess(found, working, drawn, placed), 1e-4
    scores = here.scores.sum(axis=0)
    for spot in (0, 1, 4, 9, *range(30, layout.size)):
        change = np.zeros(layout.size)
        change[spot] = step
        up, down = (assess(found, working + side * change, drawn, placed) for side in (1, -1))
        slope = (up.log_likelihood.sum() - down.log_likelihood.sum()) / (2 * step)
        # Both are sampled, about different centers: they agree up to their errors.
        assert slope == pytest.approx(scores[spot], abs=0.05 * np.sqrt(np.abs(here.information[spot, spot])) + 1e-3)


def test_fit_recovers_and_is_kept(fit: Fit, tmp_path: Path) -> None:
    fit.check()
    assert fit.names[:2] == ("a1_discrimination", "a1_1")
    assert fit.names[-4:] == ("arm_rate_mean", "arm_rate_bulbar", "sd_arm_rate", "corr_arm_level_arm_rate")
    truth = _truth()
    assert (np.abs((fit.estimates - truth) / fit.errors()) < 4).all()
    here = _slow(TABLE, fit.estimates).sum()
    assert here == pytest.approx(float(fit.log_likelihood), abs=1.0)
    for spot in (0, -4):
        moved = fit.estimates.copy()
        moved[spot] += fit.errors()[spot]
        assert _slow(TABLE, moved).sum() < here
    again = load(fit.save(tmp_path / "fit.npz"))
    assert again.table().equals(fit.table())
    assert again.model == SMALL
    assert predict_items(again, TABLE).equals(predict_items(fit, TABLE))


def test_predictions_cover_what_is_hidden(fit: Fit) -> None:
    last = pl.col("months") > 9
    hidden = TABLE.with_columns(pl.when(last).then(None).otherwise(pl.col(name)).alias(name) for name in SMALL.items)
    ahead = predict_items(fit, hidden).filter(last)
    truth = TABLE.filter(last).select(total=pl.sum_horizontal(SMALL.items))["total"].to_numpy()
    inside = (ahead["low_seen"].to_numpy() - 0.5 <= truth) & (truth <= ahead["high_seen"].to_numpy() + 0.5)
    assert inside.mean() > 0.95 - tolerance(np.sqrt(0.95 * 0.05), len(truth))
    assert np.corrcoef(ahead["mean"].to_numpy(), truth)[0, 1] > 0.7
    traits = predict_traits(fit, TABLE)
    assert traits.height == 150
    assert (traits["level_sd"] < 1).all()


def test_simulated_scores_have_the_models_moments(fit: Fit) -> None:
    people = 4000
    grid = pl.DataFrame({"subject": np.arange(people), "months": np.full(people, 8.0), "bulbar": np.ones(people)})
    drawn = simulate_items(fit, jax.random.key(4), grid).select(total=pl.sum_horizontal(SMALL.items))["total"]
    expected = predict_items(fit, grid.head(1))["mean"][0]
    # The expectation is itself a mean over the model's few draws.
    room = tolerance(float(drawn.std()), people) + tolerance(float(drawn.std()), SMALL.draws)
    assert abs(float(drawn.mean()) - expected) < room


def test_domains_are_four_of_three() -> None:
    assert [trait.name for trait in DOMAINS] == ["bulbar", "fine_motor", "gross_motor", "respiratory"]
    assert all(len(trait.items) == 3 for trait in DOMAINS)


@pytest.mark.parametrize(
    ("change", "rate", "status", "named"),
    [
        ({"a2": pl.lit(3)}, "~ 1", Status.CONSTANT, "a2 has the same score"),
        ({"a2": pl.lit(None)}, "~ 1", Status.TOO_FEW_DATA, "a2 was never scored"),
        ({"same": pl.lit(3.0)}, "~ same", Status.CONSTANT, "same"),
        ({"twice": pl.col("bulbar") * 2}, "~ bulbar + twice", Status.COLLINEAR, "twice"),
        ({"months": pl.lit(1.0) * pl.col("subject")}, "~ 1", Status.SINGULAR, "months never changes"),
        ({"subject": pl.int_range(pl.len()) // 500}, "~ 1", Status.TOO_FEW_DATA, "2 subjects"),
        ({"bulbar": pl.lit(float("inf"))}, "~ bulbar", Status.NOT_FINITE, "bulbar"),
    ],
)
def test_faulty_data_are_named(change: dict[str, pl.Expr], rate: str, status: Status, named: str) -> None:
    found = fit_items(TABLE.with_columns(**change), rate=rate, model=SMALL)
    assert found.status == status
    assert np.isnan(found.estimates).all()
    with pytest.raises(NotConverged, match=named):
        found.check()


def test_rare_scores_and_silent_people_are_told(fit: Fit) -> None:
    merged = pl.when(pl.col("a1") == 2).then(1).otherwise(pl.col("a1"))
    silent = [
        pl.when(pl.col("subject") == 7).then(None).otherwise(merged if name == "a1" else pl.col(name)).alias(name)
        for name in SMALL.items
    ]
    found = fit_items(TABLE.with_columns(silent), rate="~ bulbar", model=SMALL)
    assert found.status == Status.CONVERGED
    assert "a1_2" not in found.names
    assert any("a1 was never scored 2" in note for note in found.record.notes)
    assert any("excluded: 7." in note for note in found.record.notes)
    with pytest.raises(DataError, match="never saw"):
        predict_items(found, TABLE)
    assert predict_items(fit, TABLE).height == TABLE.height


def test_strange_requests_are_refused() -> None:
    with pytest.raises(SpecError, match="a1"):
        fit_items(TABLE, model=Items(traits=(Trait(name="x", items=("a1",)), Trait(name="y", items=("a1",)))))
    with pytest.raises(DataError, match="no column a2"):
        fit_items(TABLE.drop("a2"), model=SMALL)
    with pytest.raises(DataError, match="more than 12 scores"):
        fit_items(TABLE.with_columns(a2=pl.col("months")), model=SMALL)


def test_two_traits_of_people_who_tell_little_find_a_maximum() -> None:
    """The information of a few draws is indefinite here, and steps by it alone drift to correlations of one."""
    found = fit_items(item_people(10_003, 300, PAIR), rate="~ bulbar", model=PAIR)
    assert found.status == Status.CONVERGED
    assert np.isfinite(found.errors()).all()
    assert found.arrays["effective"].min() > 10


def test_singular_covariance_is_told() -> None:
    """Data whose likelihood grows until one effect is told by the others: estimates, no intervals, and who it is."""
    found = fit_items(item_people(10_006, 300, PAIR), rate="~ bulbar", model=PAIR)
    assert found.status == Status.BOUNDARY
    assert np.isfinite(found.estimates).all()
    assert any("arm_rate" in note and "singular" in note for note in found.record.notes)
