"""The same people say the same under every release's names, spellings and packing; clean folders raise no complaint."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alsight.base.errors import DataError
from alsight.cohort.check import check
from alsight.cohort.cohort import Cohort
from alsight.cohort.proact.names import FORMS, FORMS_BY_NAME, form_of, heading_key
from alsight.cohort.read.proact import is_proact, read_proact
from fixtures.proact.folder import Tables, clean_tables
from fixtures.proact.release import RELEASES, write_long, write_release

ONE_FILE_A_TABLE = [name for name in RELEASES if name != "2013"]
KNOWN = Path(__file__).parents[1] / "data" / "proact" / "proact_columns.csv"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return clean_tables(60, 11)


@pytest.fixture(scope="module")
def plain(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return check(read_proact(write_release(tables, tmp_path_factory.mktemp("plain") / "r", "2022")))


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("release", ONE_FILE_A_TABLE)
def test_releases_agree(release: str, packed: bool, tables: Tables, plain: Cohort, tmp_path: Path) -> None:
    index = write_release(tables, tmp_path / "release", release, packed=packed)
    assert is_proact(index)
    cohort = check(read_proact(index))
    for name, frame in cohort.frames().items():
        assert_frame_equal(frame, plain.frames()[name])


def test_workbooks_of_2013_agree_where_they_have_tables(tables: Tables, plain: Cohort, tmp_path: Path) -> None:
    cohort = check(read_proact(write_release(tables, tmp_path, "2013")))
    assert_frame_equal(cohort.visits, plain.visits)
    reported = ["onset_day", "diagnosis_day", "onset_site", "age_at_entry_years", "sex", "height_cm", "arm"]
    assert_frame_equal(cohort.subjects.select(reported), plain.subjects.select(reported))
    spirometry = pl.col("measure").str.contains("vc_")
    assert_frame_equal(cohort.measures.filter(spirometry), plain.measures.filter(spirometry))


def test_long_form_agrees_on_ratings_and_people(tables: Tables, plain: Cohort, tmp_path: Path) -> None:
    cohort = check(read_proact(write_long(tables, tmp_path)))
    assert_frame_equal(cohort.visits, plain.visits)
    reported = ["subject", "onset_day", "diagnosis_day", "sex", "age_at_entry_years"]
    known = plain.subjects.filter(pl.col("onset_day").is_not_null() & pl.col("sex").is_not_null()).select(reported)
    assert_frame_equal(cohort.subjects.select(reported).join(known.select("subject"), on="subject"), known)
    creatinine = pl.col("measure") == "creatinine_umol_l"
    assert_frame_equal(cohort.measures.filter(creatinine), plain.measures.filter(creatinine))


def test_survival_file_beside_the_long_form(tables: Tables, tmp_path: Path) -> None:
    write_long(tables, tmp_path)
    one, two = tables["DEMOGRAPHICS"]["subject_id"][:2]
    answers = f"SubjectID|status|time_event\n{one}|1|2000\n{two}|0|1900\n"
    (tmp_path / "surv_response_PROACT.txt").write_text(answers)
    cohort = check(read_proact(tmp_path))
    deaths = cohort.events.filter(pl.col("event") == "death")
    assert deaths.select("subject", "day").rows() == [(one, 2000)]
    assert cohort.subjects.filter(pl.col("subject") == two)["last_seen_day"].to_list() == [1900]
    assert cohort.rejected.filter(pl.col("rule") == "unknown_file").is_empty()


def test_clean_folder_raises_no_complaint(plain: Cohort) -> None:
    assert plain.size == 60
    assert set(plain.rejected["severity"]) == {"note"}
    assert set(plain.rejected["table"]) == {"file"}


def test_clean_folder_loses_nothing(tables: Tables, plain: Cohort) -> None:
    assert plain.visits.height == tables["ALSFRS"].height
    died = tables["DEATHDATA"].filter(pl.col("Subject_Died") == "Yes")
    assert plain.events.filter(pl.col("event") == "death").height == died.height
    breaths = plain.measures.filter(pl.col("measure").is_in(["fvc_l", "svc_l"]))
    assert breaths.height == tables["FVC"].height + tables["SVC"].height
    several = tables["CONMEDS"]["Medication_Coded"].str.count_matches(";").sum() + tables["CONMEDS"].height
    riluzole = tables["RILUZOLE"].filter(pl.col("Subject_used_Riluzole") == "Yes").height
    assert plain.doses.height == several + riluzole + tables["TREATMENT"].height


def test_totals_are_those_of_the_file(tables: Tables, plain: Cohort) -> None:
    revised = tables["ALSFRS"].drop_nulls("ALSFRS_R_Total")
    keyed = revised.select(
        subject="subject_id", day=pl.col("ALSFRS_Delta").cast(pl.Int32), total=pl.col("ALSFRS_R_Total").cast(pl.Float32)
    )
    found = plain.visits.filter(pl.col("scale") == "alsfrs_r").select("subject", "day", total="alsfrs_r_total")
    assert_frame_equal(found.sort("subject", "day"), keyed.sort("subject", "day"))


def test_nobody_is_seen_after_the_last_record(tables: Tables, plain: Cohort) -> None:
    last = (
        pl.concat(
            [
                frame.select(subject="subject_id", day=pl.col(column).cast(pl.Int32))
                for name, frame in tables.items()
                for column in FORMS_BY_NAME[name].days
                if column in frame.columns
            ]
        )
        .group_by("subject")
        .agg(pl.col("day").max())
    )
    alive = plain.subjects.join(plain.events.filter(pl.col("event") == "death"), on="subject", how="anti")
    joined = alive.select("subject", "last_seen_day").join(last, on="subject")
    assert joined.height == alive.height
    assert (joined["last_seen_day"] == joined["day"]).all()


def test_progress_counts_every_form(tables: Tables, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    read_proact(write_release(tables, tmp_path, "2022"), lambda *step: steps.append(step))
    assert [step[1] for step in steps] == list(range(1, len(FORMS) + 1))
    assert {step[2] for step in steps} == {len(FORMS)}


def test_one_file_of_a_release_will_do(tables: Tables, tmp_path: Path) -> None:
    write_release(tables, tmp_path, "2022")
    assert is_proact(tmp_path / "PROACT_ALSFRS.csv")
    cohort = check(read_proact(tmp_path / "PROACT_ALSFRS.csv"))
    assert cohort.visits.height == tables["ALSFRS"].height


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"visits.csv": "subject,day,total\n1,0,40\n"},
        {"labs.csv": "sample,result\n1,2\n"},
        {"alsfrs.csv": "patient,visit,total\n1,0,40\n"},
        {"readme.txt": "subject_id"},
    ],
    ids=["empty", "visits", "labs of something else", "another alsfrs", "readme"],
)
def test_other_folders_are_not_taken(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert not is_proact(tmp_path)
    with pytest.raises(DataError, match="No table of PRO-ACT"):
        read_proact(tmp_path)


def test_missing_path_and_damaged_archive(tmp_path: Path) -> None:
    assert not is_proact(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no such file"):
        read_proact(tmp_path / "nowhere")
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 damaged")
    assert not is_proact(tmp_path / "bad.zip")
    with pytest.raises(DataError, match="cannot be opened"):
        read_proact(tmp_path / "bad.zip")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("alsfrs.csv", "ALSFRS"),
        ("PROACT_ALSFRS.csv", "ALSFRS"),
        ("F_PROACT_ALSFRS.csv", "ALSFRS"),
        ("AlsHistory.csv", "ALSHISTORY"),
        ("PROACT_2013_08_12_SUBJECT_ALS_HX_Data.xlsx", "ALSHISTORY"),
        ("PROACT_2013_08_12_FAMHX_Data.xlsx", "FAMILYHISTORY"),
        ("F_PROACT_VITALS.csv", "VITALSIGNS"),
        ("PROACT_2013_08_27_LABS_Data.csv", "LABS"),
        ("F_PROACT_Neurofilament.csv", "NEUROFILAMENT"),
        ("deep/er/DeathData.csv", "DEATHDATA"),
        ("PROACT_2013_08_12_ALSFRS_Dictionary.csv", None),
        ("notes.csv", None),
    ],
)
def test_file_names(name: str, form: str | None) -> None:
    found = form_of(name)
    assert (None if found is None else found.name) == form


def test_every_known_column_is_carried_or_known() -> None:
    import re

    for table, column in pl.read_csv(KNOWN).select("table", "column").iter_rows():
        form, key = FORMS_BY_NAME[table], heading_key(column)
        assert key in form.spellings() or re.fullmatch(form.known, key), f"{table}.{column}"
