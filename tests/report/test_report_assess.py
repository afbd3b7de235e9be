"""What `assess` writes, and what it keeps to itself."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import alsight
from alsight.base.answer import Exit
from alsight.base.errors import SpecError
from alsight.cohort.cohort import Cohort
from alsight.cohort.example import example_cohort
from alsight.cohort.read.native import read_cohort
from alsight.cohort.tables import REJECTED
from alsight.detect.kinds import VERDICTS
from alsight.episodes.find import EPISODES, find_episodes
from alsight.report.page.render import text
from alsight.report.verdicts.reasons import with_sentences
from alsight.report.verdicts.statement import cohort_sentence
from alsight.report.verdicts.tables import OPEN
from report.assessed import assessed
from report.conftest import Made

TABLES = ("verdicts", "windows", "review", "sensitivity", "evidence")
PUBLIC = (
    "report.html",
    "episodes.parquet",
    "rejected.csv",
    "summary.json",
    "cohort",
    "statement.csv",
    "verdicts.csv",
    "alsight.xlsx",
    *(f"{name}.parquet" for name in TABLES),
)


def few(cohort: Cohort, size: int) -> Cohort:
    chosen = pl.col("subject").is_in(cohort.subjects["subject"].head(size).implode())
    return replace(cohort, **{name: frame.filter(chosen) for name, frame in cohort.frames().items()})


def test_stable_faces(made: Made) -> None:
    assert {file.name for file in made.folder.iterdir()} == {*PUBLIC, "private"}
    assert pl.read_parquet(made.folder / "episodes.parquet").schema == pl.Schema(EPISODES)
    assert pl.read_csv(made.folder / "rejected.csv").columns == list(REJECTED.schema)
    assert read_cohort(made.folder / "cohort").size == 300
    summary = json.loads((made.folder / "summary.json").read_text())
    assert summary["people"] == 300
    assert {row["definition"] for row in summary["episodes"]} >= {"bedlack_visit_12", "vasta_exact_6"}
    assert set(summary["verdicts"]["headline"]) == set(VERDICTS)
    assert sum(made.answer.summary["verdicts"]["headline"].values()) == 300
    assert summary["verdicts"]["headline"] == made.answer.summary["verdicts"]["headline"]
    assert summary["verdicts"]["current"]["recovery after a dip"] == 8
    assert summary["verdicts"]["current"]["improved, not yet confirmed by time"] == 5
    assert summary["verdicts"]["sentence"] == text(cohort_sentence(assessed(example_cohort()).sentence), OPEN)
    assert summary["verdicts"]["thresholds"]["gain"] == 4.0
    assert {"verdicts", "windows", "review", "sensitivity", "statement"} <= set(summary["files"])


def test_the_place_is_said_last_and_absolute(made: Made) -> None:
    assert made.answer.sentences[-1] == f"The report is {made.folder.resolve() / 'report.html'}"


def test_nobody_is_named_outside_the_private_folder(made: Made) -> None:
    names = example_cohort().subjects["subject"].to_list()
    texts = [made.html, (made.folder / "summary.json").read_text(), (made.folder / "rejected.csv").read_text()]
    assert not [name for name in names for text in texts if name in text]
    written = read_cohort(made.folder / "cohort")
    episodes = pl.read_parquet(made.folder / "episodes.parquet")
    tables = [pl.read_parquet(made.folder / f"{name}.parquet") for name in TABLES]
    for frame in (*written.frames().values(), episodes, *tables):
        assert not set(frame["subject"]) & set(names)
    assert written.subjects.select("entry_date", "site").null_count().row(0) == (300, 300)
    assert written.visits["rater"].null_count() == written.visits.height


def test_the_key_is_in_the_private_folder_alone(made: Made) -> None:
    key = pl.read_csv(made.folder / "private" / "identities.csv")
    assert sorted(key["subject"]) == sorted(example_cohort().subjects["subject"])
    assert set(key["pseudonym"]) == set(read_cohort(made.folder / "cohort").subjects["subject"])
    assert "Do not send" in (made.folder / "private" / "do-not-send.txt").read_text()


def test_identified_keeps_names_and_writes_no_key(identified: Made) -> None:
    assert not (identified.folder / "private").exists()
    assert re.search(r"EX\d{3}", identified.html)
    text_only = re.sub(r"<style>.*?</style>", "", identified.html, flags=re.DOTALL)
    assert "fewer than 5" not in text_only
    assert "hidden" not in text_only.replace('aria-hidden="true"', "")


def test_pseudonyms_change_nothing_else(made: Made) -> None:
    key = dict(pl.read_csv(made.folder / "private" / "identities.csv").iter_rows())
    own = find_episodes(example_cohort()).with_columns(pl.col("subject").replace_strict(key))
    order = ["definition", "subject", "start_day", "end_day"]
    assert pl.read_parquet(made.folder / "episodes.parquet").sort(order).equals(own.sort(order))


def test_verdicts_go_under_the_same_pseudonyms_in_their_order(made: Made) -> None:
    key = dict(pl.read_csv(made.folder / "private" / "identities.csv").iter_rows())
    found = assessed(example_cohort())
    people = with_sentences(found.people, found.causes, found.thresholds)
    own = people.with_columns(pl.col("subject").replace_strict(key)).sort("subject")
    sent = pl.read_parquet(made.folder / "verdicts.parquet")
    assert sent.equals(own)
    assert sent["subject"].is_sorted()


def test_the_counts_and_the_sentence_are_told(made: Made) -> None:
    said = " ".join(made.answer.sentences)
    assert "2 remission-like, 6 reversal, 1 lost gain and 5 stable, prolonged; 16 to re-evaluate" in said
    assert text(cohort_sentence(assessed(example_cohort()).sentence), OPEN) in made.answer.sentences


@pytest.mark.fresh
def test_same_input_same_bytes(tmp_path: Path) -> None:
    cohort = few(example_cohort(), 40)
    for name in ("first", "second"):
        alsight.assess(cohort, out=tmp_path / name, pages=1)
    for file in ("report.html", "summary.json", "rejected.csv"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


def test_small_counts_are_not_printed(made: Made) -> None:
    reported = [row for row in made.answer.summary["episodes"] if 0 < row["found"] < 5]
    assert reported
    assert "fewer than 5" in made.html


@pytest.mark.parametrize("size", [0, 1, 3])
def test_hardly_anybody(tmp_path: Path, size: int) -> None:
    answer = alsight.assess(few(example_cohort(), size), out=tmp_path / "out")
    assert answer.summary["people"] == size
    report = (tmp_path / "out" / "report.html").read_text()
    assert "A verdict compares the course of the scores with measurement noise" in report
    assert "Not anonymous." in report


def test_people_without_visits_events_or_onset(tmp_path: Path) -> None:
    cohort = few(example_cohort(), 30)
    bare = replace(
        cohort,
        subjects=cohort.subjects.with_columns(onset_day=pl.lit(None, pl.Int32), onset_site=pl.lit(None, pl.String)),
        events=cohort.events.clear(),
        doses=cohort.doses.clear(),
        measures=cohort.measures.clear(),
    )
    alsight.assess(bare, out=tmp_path / "bare")
    alsight.assess(replace(bare, visits=bare.visits.clear()), out=tmp_path / "none", accept=("no_visits",))


def test_a_secret_of_one_s_own_keeps_pseudonyms(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("green ideas\n")
    cohort = example_cohort()
    keys = []
    for size in (20, 30):
        alsight.assess(few(cohort, size), out=tmp_path / str(size), pages=0, salt_file=str(tmp_path / "secret.txt"))
        keys.append(dict(pl.read_csv(tmp_path / str(size) / "private" / "identities.csv").iter_rows()))
    assert keys[0].items() <= keys[1].items()
    (tmp_path / "empty.txt").write_text(" ")
    with pytest.raises(SpecError, match="secret"):
        alsight.assess(few(cohort, 3), out=tmp_path / "x", salt_file=str(tmp_path / "empty.txt"))


def test_the_cap_on_pages_is_said(made: Made) -> None:
    assert made.html.count('<section class="person"') == 20
    assert "The 20 most striking have a page here." in made.html


def test_strict(tmp_path: Path) -> None:
    fault = dict.fromkeys(REJECTED.schema, "x") | {"row": 3, "severity": "rejected"}
    cohort = replace(few(example_cohort(), 5), rejected=pl.DataFrame([fault], schema=REJECTED.schema))
    assert alsight.assess(cohort, out=tmp_path / "a").exit == Exit.FINE
    assert alsight.assess(cohort, out=tmp_path / "b", strict=True).exit == Exit.REJECTED


def test_formulas_in_a_file_do_not_run_in_a_spreadsheet(tmp_path: Path) -> None:
    fault = dict.fromkeys(REJECTED.schema, "=HYPERLINK(1)") | {"row": 3, "severity": "note"}
    cohort = replace(few(example_cohort(), 5), rejected=pl.DataFrame([fault], schema=REJECTED.schema))
    alsight.assess(cohort, out=tmp_path, identified=True)
    assert '"=' not in (tmp_path / "rejected.csv").read_text()
    assert ",=" not in (tmp_path / "rejected.csv").read_text()
