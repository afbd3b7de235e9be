"""What is shown of verdicts: counts, the cohort beside natural history, dossiers, thresholds; no small counts."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import msgspec
import polars as pl
import pytest

import alsight
from alsight.cohort.example import example_cohort
from alsight.cohort.pseudonyms import pseudonyms
from alsight.detect.decide import PEOPLE
from alsight.detect.kinds import RANK
from alsight.detect.statement.counts import CohortStatement
from alsight.detect.thresholds import Thresholds
from alsight.report.disclosure.policy import Policy
from alsight.report.page.labels import RULES
from alsight.report.page.render import settled, text
from alsight.report.page.words import NONE, sure
from alsight.report.verdicts.counts import verdict_counts
from alsight.report.verdicts.criteria import CRITERIA, sensitivity_table
from alsight.report.verdicts.evidence import numbers, window_words
from alsight.report.verdicts.second_look import look_again
from alsight.report.verdicts.statement import OWN, cohort_sentence, statement_section
from alsight.report.verdicts.summary import verdict_section
from alsight.report.verdicts.tables import OPEN, counted, renamed
from alsight.report.verdicts.words import DOSSIERS, reading_family, reading_label
from report.assessed import SHARES, assessed
from report.conftest import Made
from report.test_report_assess import few
from report.test_report_privacy import Tables


def tables(text: str, first: str) -> list[list[list[str]]]:
    return [table for table in Tables(text).tables if table[0][0] == first]


def people_in(text: str) -> list[str]:
    return re.findall(r'<section class="person".*?</section>', text, flags=re.DOTALL)


def test_counts_by_verdict_with_the_small_hidden(made: Made, identified: Made) -> None:
    (shown,) = tables(made.html, "verdict")[:1]
    cells = {row[0]: row[1:4] for row in shown[1:]}
    assert cells["Progressing"][0] == "120"
    # All people are listed one by one further below.
    assert cells["Remission-like"][0] == "2"
    assert cells["Lost gain"][0] == "1"
    assert cells["Improved, not yet confirmed by time"] == ["7", "2.3\u00a0%", "5"]
    assert cells["Symptomatic gain"][2] == "4"
    (open_,) = tables(identified.html, "verdict")[:1]
    assert [row[1] for row in open_[1:]] == [str(size) for size in SHARES]


def lead(made: Made) -> str:
    found = re.search(r'<p class="lead">(.*?)</p>', made.html, flags=re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_what_can_be_quoted_stands_first(made: Made, identified: Made) -> None:
    for said in (lead(made), lead(identified)):
        assert said.startswith("300 people with 2,522 visits. Of 210 people followed for 12 months or longer, 46 had")
        assert "predicts 42 (95 % predictive interval 38 to 47): as many as expected." in said
        assert said.endswith("16 held or lost gains and 5 prolonged stable periods.")


@pytest.mark.parametrize(
    ("observed", "sent", "whole"),
    [
        (0, "40 people followed for 12 months or longer, 0 had", "0 had"),
        (1, "40 people followed for 12 months or longer, fewer than 5 had", "1 had"),
        (4, "followed for 12 months or longer, fewer than 5 had", "4 had"),
        (5, "followed for 12 months or longer, 5 had", "5 had"),
        (13, "40 people followed for 12 months or longer, 13 had", "13 had"),
    ],
)
def test_small_counts_in_the_sentence(observed: int, sent: str, whole: str) -> None:
    said = cohort_sentence(CohortStatement("bedlack_ever_floor_6", 12.0, 40, observed, 9.2, 4.0, 15.0))
    decided = Policy().decide(40, said)
    assert sent in text(said, decided)
    assert whole in text(said, OPEN)
    # A comparison in words would narrow a hidden number down.
    assert (" than expected" in text(said, decided) or "as many as" in text(said, decided)) == (observed in (0, 5, 13))
    assert text(said, OPEN).endswith(("fewer than expected.", "as many as expected."))


def test_no_one_was_followed_for_a_year() -> None:
    assert text(cohort_sentence(None), OPEN).startswith("No one was followed")


def test_observed_beside_expected(made: Made) -> None:
    (shown,) = tables(made.html, "definition")[:1]
    assert shown[0][-1] == OWN
    assert ["12 months", "210", "46", "42 (38 to 47)", "20\u00a0%", "44"] in shown
    small = [row for row in shown if row[2:3] in (["fewer than 5"], ["hidden"])]
    assert small
    assert all(row[4:] == [NONE, NONE] for row in small)
    assert "Show the same by subgroup" in made.html


def test_nobody_to_be_compared() -> None:
    verdicts = assessed(few(example_cohort(), 3))
    section = statement_section(replace(verdicts, statement=verdicts.statement.clear()))
    assert "too few visits" in section.blocks[-1].text  # type: ignore[union-attr]


def test_readings_in_words() -> None:
    row = {"definition": "vasta_exact_6", "definition_text": "x", "kind": "plateau", "months": 18.0, "points": None}
    assert reading_label(row) == "Equal scores for 18 months or longer"
    assert reading_family(row) == "Equal scores for so many months or longer (Vasta 2020)"
    model = {"definition": None, "definition_text": "true_plateau", "kind": "plateau", "months": 12.0}
    assert (reading_label(model), reading_family(model)) == ("True plateau", "")
    assert all("so many" in reading_family({**row, "definition": name}) for name in RULES if "vasta" in name)


def test_striking_verdicts_come_first_and_everybody_once(made: Made) -> None:
    shown = people_in(made.html)
    verdicts = [unescape(re.search(r'class="verdict"[^>]*>(.*?)<', one)[1]).lower() for one in shown]  # type: ignore[index]
    striking = [verdict for verdict in verdicts if verdict in DOSSIERS]
    assert verdicts[: len(striking)] == sorted(striking, key=RANK.__getitem__)
    assert striking == sorted(striking, key=RANK.__getitem__)
    assert len(striking) == 2 + 6 + 1 + 5
    names = re.findall(r"Person (p[0-9a-f]{12})</h3>", made.html)
    assert len(names) == len(set(names)) == 20


def test_a_dossier_says_everything(made: Made) -> None:
    first = people_in(made.html)[0]
    headings = re.findall(r"<h4>(.*?)</h4>", first)
    assert headings[:6] == [
        "Reasons for the verdict",
        "Base rate",
        "Other explanations",
        "Other measures",
        "Treatments",
        "Possible mimics of ALS",
    ]
    for said in (
        "posterior probability of a true held gain",
        "local false discovery rate",
        "held gain, points",
        "6.2 (4.1 to 8.9)",
        "base rate: natural history shows as much in",
        "under 0.1",
        "smoothed, 90 %",
        "window of the verdict",
        "Posterior probability of a mimic",
        "Examinations that would distinguish them:",
        "Gain of 6.2 points (90 % interval 4.1 to 8.9) held for 12 months or more",
        "Compare vital capacity, strength and neurofilament",
    ):
        assert said in unescape(first), said


def test_the_band_and_the_window_are_drawn(made: Made) -> None:
    first = people_in(made.html)[0]
    assert re.search(r'<path[^>]*fill="var\(--main\)"[^>]*', first)
    assert re.search(r'fill="var\(--rise\)"', first)


def test_numbers_on_the_page() -> None:
    people = assessed(example_cohort()).people
    rows = {row["verdict"]: row for row in people.iter_rows(named=True)}
    gain, flat, loss = (dict(numbers(rows[name])) for name in ("reversal", "stable, prolonged", "progressing"))
    assert gain["posterior probability of a true held gain"] == "99\u00a0%"
    assert flat["longest such period, median"] == "11 months"
    assert loss["posterior probability of a true loss"] == "99.8\u00a0%"
    nothing = dict.fromkeys(rows["reversal"]) | {"verdict": "undecided"}
    assert numbers(nothing) == ()
    assert window_words(nothing) == ""


def test_no_posterior_reads_as_certain() -> None:
    assert sure(1.0) == sure(0.99999) == "over 99.9\u00a0%"
    assert sure(0.0) == sure(1e-9) == "under 0.1\u00a0%"
    assert sure(None) == sure(float("nan")) == NONE


def test_second_look_lists_the_likeliest_mimic_first() -> None:
    listed = look_again(assessed(example_cohort()))
    assert listed.height == 16
    assert listed["posterior"].is_sorted(descending=True)


def test_every_threshold_is_printed(made: Made) -> None:
    assert set(CRITERIA) == {field.name for field in msgspec.structs.fields(Thresholds)}
    (shown,) = tables(made.html, "threshold")
    assert len(shown) - 1 == len(CRITERIA)
    assert ["Remission-like: held for at least", "12 months"] in shown


def test_sensitivity_counts_who_keeps_the_verdict() -> None:
    verdicts = assessed(example_cohort())
    weaker = verdicts.sensitivity.with_columns(
        verdict=pl.when(pl.col("worse") > 5).then(pl.lit("undecided")).otherwise("verdict")
    )
    changed = replace(verdicts, sensitivity=weaker)
    view = sensitivity_table(changed, verdict_counts(changed, {}))
    rows = {row[0]: row[1:] for row in settled(view, OPEN).rows}
    assert rows["Reversal"] == ("6", "6", "6", "0")
    hidden = {row[0]: row[1:] for row in settled(view, Policy().decide(300, view)).rows}
    assert hidden["Remission-like"] == ("fewer than 5", "fewer than 5", "fewer than 5", "0")
    assert hidden["Reversal"] == ("6", "6", "6", "0")
    # Where the two are listed one by one their number is known, and even a 0 would tell of whom.
    listed = sensitivity_table(changed, verdict_counts(changed, {("verdict", "remission-like"): 2}))
    public = {row[0]: row[1:] for row in settled(listed, Policy().decide(300, listed)).rows}
    assert public["Remission-like"] == ("2", "hidden", "hidden", "hidden")


def test_renaming_leaves_no_name_and_no_order() -> None:
    cohort = few(example_cohort(), 60)
    own = assessed(cohort)
    key = pseudonyms(cohort.subjects["subject"], "salt")
    sent = renamed(own, key)
    names = cohort.subjects["subject"].to_list()
    for table in ("people", "windows", "courses", "causes", "review", "sensitivity", "evidence"):
        frame = getattr(sent, table)
        assert frame.columns == getattr(own, table).columns
        assert frame.height == getattr(own, table).height
        assert frame["subject"].is_sorted()
        assert not [name for name in names if name in frame.write_ndjson()]
    assert counted(sent) == counted(own)


def test_nobody_striking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = few(example_cohort(), 4)
    plain = assessed(cohort).people.with_columns(
        verdict=pl.lit("undecided"), review=pl.lit(value=False), reasons=pl.lit(None, PEOPLE["reasons"])
    )
    quiet = replace(assessed(cohort), people=plain, sensitivity=assessed(cohort).sensitivity.clear(), notes=())
    monkeypatch.setattr("alsight.verbs.assess.verdicts", lambda *_, **__: quiet)
    alsight.assess(cohort, out=tmp_path, pages=0)
    text = (tmp_path / "report.html").read_text()
    assert "No one is listed." in text
    assert "Not anonymous." in text
    assert "Sensitivity to missing visits" not in text


def test_nothing_is_drawn_where_every_count_is_small() -> None:
    people = pl.DataFrame({"verdict": [name for name in list(RANK)[:6] for _ in range(4)], "review": [False] * 24})
    people = people.with_columns(current="verdict", subject=pl.format("P{}", pl.int_range(24)))
    counts = verdict_counts(replace(assessed(few(example_cohort(), 24)), people=people), {})
    section = verdict_section(counts, Thresholds())
    shown = Policy().decide(24, section)
    assert "Each of these counts is too small to print." in [
        getattr(one, "text", "") for one in settled(section, shown).blocks
    ]
