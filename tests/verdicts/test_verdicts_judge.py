"""The judging counts right on people made by hand, and so do the naive rules and the campaign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fixtures.verdicts.generators import draw
from fixtures.verdicts.made import Made
from montecarlo import proportion_tolerance
from validation.verdicts import campaign, judge, look
from validation.verdicts.method import NUMBERS, Info, answer, padded
from validation.verdicts.naive import NAIVE, no_decline


def table(method: str = "rule", **columns: list[object]) -> pl.DataFrame:
    """Rows as `rows_of` gives them; what is not said is empty."""
    size = len(next(iter(columns.values())))
    base: dict[str, object] = {
        "subject": [f"P{i}" for i in range(size)],
        "generator": "g",
        "schedule": "quarterly",
        "prevalence": 0.1,
        "people": 100,
        "seed": 1,
        "noise": None,
        "autocorrelation": None,
        "loss": None,
        "held_6": 0.0,
        "held_12": 0.0,
        "called": "none",
        "judged": True,
        "enough": True,
        "method": method,
        **dict.fromkeys(NUMBERS),
        **{f"loss_{months}": float("nan") for months in (12, 18, 24, 36)},
    }
    filled = {name: value if isinstance(value, list) else [value] * size for name, value in (base | columns).items()}
    real = [pl.col(name).cast(pl.Float64) for name in ("noise", "autocorrelation", "loss", *NUMBERS)]
    return pl.DataFrame(filled, strict=False).with_columns(real)


def test_false_overstated_and_short_are_counted_apart() -> None:
    rows = table(
        called=["reversal", "reversal", "remission-like", "remission-like", "lost gain", "rise", "none"],
        held_6=[0.5, 2.0, 5.0, 6.0, 0.0, 0.0, 7.0],
        held_12=[0.0, 0.0, 1.0, 6.0, 0.0, 0.0, 7.0],
    )
    counted = judge.false_calls(rows).row(0, named=True)
    assert (counted["called"], counted["false"], counted["overstated"], counted["short"]) == (4, 1, 1, 1)
    assert counted["share_false"] == 0.25
    assert (counted["cohorts"], counted["any_false"]) == (1, 1)
    assert counted["share_false_low"] < 0.25 < counted["share_false_high"]


def test_cohorts_are_told_apart() -> None:
    one = table(called=["reversal", "none"], held_6=[5.0, 0.0])
    other = table(called=["reversal", "none"], held_6=[0.0, 0.0]).with_columns(schedule=pl.lit("monthly"))
    counted = judge.false_calls(pl.concat([one, other]), ("method",)).row(0, named=True)
    assert (counted["cohorts"], counted["any_false"], counted["called"], counted["false"]) == (2, 1, 2, 1)


def test_null_cohorts_and_remissions_are_counted() -> None:
    calm = table(called=["none", "rise"], prevalence=0.0)
    loud = table(called=["lost gain", "remission-like"], prevalence=0.0).with_columns(seed=pl.lit(2, pl.Int64))
    both = pl.concat([calm, loud])
    null = judge.null_cohorts(both).row(0, named=True)
    assert (null["cohorts"], null["calls"], null["with_false_call"], null["share"]) == (2, 2, 1, 0.5)
    remission = judge.remissions(both).row(0, named=True)
    assert (remission["people"], remission["remission_like"], remission["per_1000"]) == (4, 1, 250.0)


def test_power_is_beside_the_oracle_on_the_same_people() -> None:
    held = [4.5, 4.5, 4.5, 6.5, 13.0, 3.0]
    rule = table(called=["reversal", "none", "none", "remission-like", "lost gain", "reversal"], held_6=held)
    best = table("oracle", called=["reversal", "reversal", "none", "reversal", "reversal", "none"], held_6=held)
    best = best.with_columns(judged=pl.Series([True, True, True, True, False, True]))
    power = judge.power(pl.concat([rule, best])).filter(pl.col("method") == "rule")
    assert power["gain"].to_list() == [4.0, 6.0]
    assert power["people"].to_list() == [3, 1]
    assert power["power"].to_list() == pytest.approx([1 / 3, 1.0])
    assert power["ratio"].to_list() == pytest.approx([0.5, 1.0])
    alone = judge.power(rule)
    assert alone["gain"].to_list() == [4.0, 6.0, 12.0]
    assert alone["ratio"].null_count() == 3


def test_plateau_sensitivity_holds_its_false_calls() -> None:
    rng = np.random.default_rng(1)
    lost = np.repeat([5.0, 0.0, 2.0], 4000)
    score = rng.normal(size=lost.size) + np.repeat([0.0, 2.0, 1.0], 4000)
    rows = table(loss_12=lost.tolist(), p_flat_12=score.tolist())
    found = judge.plateaus(rows).row(0, named=True)
    above = (score[:4000] > found["cut"]).mean()
    assert above <= 0.05
    assert above > 0.05 - 2 / 4000
    # 1 - Phi(1.645 - 2); the cut is estimated as well, hence the wider bound.
    assert abs(found["sensitivity"] - 0.6388) < 2 * proportion_tolerance(0.6388, 4000)
    assert 0.005 < found["sensitivity_se"] < 0.03


def test_calibration_of_the_calibrated_and_of_the_bold() -> None:
    rng = np.random.default_rng(2)
    said = rng.random(20_000)
    held = np.where(rng.random(said.size) < said, 5.0, 0.0)
    good = judge.calibration(table(p_gain_4=said.tolist(), held_6=held.tolist())).row(0, named=True)
    assert good["worst_z"] < 4.0
    assert good["error"] < 3 * good["error_noise"]
    assert abs(good["sure_excess"]) < 4 * good["sure_se"]
    bold = np.clip(said * 1.3, 0.0, 1.0)
    bad = judge.calibration(table(p_gain_4=bold.tolist(), held_6=held.tolist())).row(0, named=True)
    assert bad["worst_z"] > 6.0
    assert bad["sure_excess"] > 4 * bad["sure_se"]
    ranks = judge.calibration(table(p_gain_4=(said * 3).tolist(), held_6=held.tolist()))
    assert ranks.is_empty()


def visits(*scores: float, apart: float = 3.0) -> pl.DataFrame:
    return pl.DataFrame(
        {"subject": ["P"] * len(scores), "months": np.arange(len(scores)) * apart, "score": list(map(int, scores))}
    )


@pytest.mark.parametrize(
    ("scores", "twice", "six", "twelve"),
    [
        ((40, 38, 36, 40, 36, 35), "none", "none", "none"),
        ((40, 38, 36, 40, 40, 35), "reversal", "none", "none"),
        ((40, 38, 36, 40, 41, 40), "reversal", "reversal", "none"),
        ((40, 36, 40, 40, 40, 40, 40), "reversal", "reversal", "remission-like"),
        ((40, 36, 40, 40, 39, 40, 40), "reversal", "none", "none"),
    ],
)
def test_naive_gains(scores: tuple[float, ...], twice: str, six: str, twelve: str, anybody: Info) -> None:
    rules = ("raw +4 twice", "raw +4 for 6 months", "raw +4 for 12 months")
    called = [NAIVE[rule](visits(*scores), anybody)["called"][0] for rule in rules]
    assert called == [twice, six, twelve]


def test_naive_lines(anybody: Info) -> None:
    slope = NAIVE["slope 180 days"]
    assert slope(visits(40, 39, 38, 37, 36), anybody)["called"][0] == "none"
    assert slope(visits(40, 39, 38, 38, 38), anybody)["called"][0] == "reversal"
    line = NAIVE["line"](visits(40, 39, 38, 37, 36), anybody)
    assert line["p_flat_12"][0] == pytest.approx(-4.0)
    assert line["p_flat_18"].is_nan()[0]


@pytest.fixture(scope="module")
def anybody() -> Info:
    made = draw("sticky", 200, "quarterly", 0.1, 12)
    return Info("quarterly", made, made.people["subject"])


def test_no_decline_is_beside_the_truth(anybody: Info) -> None:
    row = no_decline(anybody.made, 6).row(0, named=True)
    assert row["under 1"] + row["1 to 3"] + row["3 or more"] == row["called"] <= row["seen"] <= 200


def test_rows_join_calls_by_name(anybody: Info) -> None:
    made: Made = anybody.made
    some = made.people["subject"].tail(3).reverse()
    rows = judge.rows_of(made, answer(some, np.array(["rise"] * 3), lfdr=np.array([0.1, 0.2, 0.3])))
    assert rows["subject"].equals(made.people["subject"])
    assert rows["called"].value_counts().sort("count")["count"].to_list() == [3, 197]
    assert rows["lfdr"].tail(3).to_list() == [0.3, 0.2, 0.1]
    assert rows["judged"].sum() == 3


def test_visits_are_padded_in_order(anybody: Info) -> None:
    made = anybody.made
    shuffled = padded(made.visits.sample(fraction=1.0, shuffle=True, seed=1))
    assert shuffled.subject.equals(made.people["subject"])
    assert np.array_equal(np.isfinite(shuffled.score).sum(axis=1), made.people["visits"].to_numpy())
    assert (np.diff(shuffled.months, axis=1)[np.isfinite(shuffled.months[:, 1:])] > 0).all()


def test_a_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    said: list[str] = []
    campaign.run("quick", 1, tmp_path, ["naive"], 1e9, said.append)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.parquet")}
    assert len(files) == 5 * len(NAIVE)
    next(iter(files)).unlink()
    campaign.run("quick", 1, tmp_path, ["naive"], 1e9, said.append)
    again = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.parquet")}
    assert files.keys() == again.keys()
    assert sum(files[file] != again[file] for file in files) == 1
    titles = [title for title, table in campaign.tables(tmp_path) if not table.is_empty()]
    assert titles[0] == "False discoveries, all generators and schedules"
    assert any(title.startswith("Plateaus") for title in titles)


def test_false_calls_are_shown_with_ratings_and_truth(tmp_path: Path) -> None:
    """Whoever is called in a cohort in which nobody gained is shown, and nobody else."""
    shard = campaign.Shard("dips", "quarterly", 0.0, 3, "rule", 300)

    def first(visits: pl.DataFrame, info: Info) -> pl.DataFrame:
        called = np.where(np.arange(len(info.requested)) < 2, "reversal", "none")
        return answer(info.requested, called, lfdr=np.full(called.size, 0.01), gain_median=np.full(called.size, 5.0))

    rows = campaign.run_shard(shard, first, "null")
    rows.write_parquet(tmp_path / "one.parquet")
    shown = list(look.look(tmp_path, "rule"))
    gained = rows.head(2).filter(pl.col("held_6") >= judge.FALSE_UNDER).height
    assert len(shown) == 2 - gained > 0
    made = campaign.drawn(shard)
    for subject, text in zip(rows["subject"], shown, strict=False):
        own = made.visits.filter(pl.col("subject") == subject)["score"].to_list()
        assert text.splitlines()[0].startswith(f"dips, quarterly, 0 % planted, seed 3: {subject} reversal")
        assert [int(word.split(":")[1]) for word in text.splitlines()[1].split()[2:]] == own
