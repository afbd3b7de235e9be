"""Source: what a user points at goes to the reader that fits it, and the request is remembered without its folder."""

from __future__ import annotations

import pytest

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.cohort.example import example_cohort
from alsight.cohort.read.source import READERS, Source, read, read_raw, read_with_mapping
from alsight.cohort.write.folder import write_cohort
from read.reading import written

VISITS = "id,day,alsfrs_r\na,0,44\na,91,43\n"


def test_the_example() -> None:
    cohort, mapping = read_with_mapping(Source(example=True))
    assert cohort.size == example_cohort().size
    assert mapping is None


def test_a_cohort_folder_comes_back(tmp_path) -> None:
    cohort = read(Source(path=str(written(tmp_path, VISITS))))
    write_cohort(cohort, tmp_path / "kept", "parquet")
    again, mapping = read_with_mapping(Source(path=str(tmp_path / "kept")))
    assert mapping is None
    for name, frame in cohort.frames().items():
        assert frame.equals(again.frames()[name])


@pytest.mark.parametrize("fields", [{}, {"path": "a.csv", "example": True}])
def test_one_of_path_and_example(fields) -> None:
    with pytest.raises(SpecError, match="one of the two"):
        read(Source(**fields))


@pytest.mark.parametrize(
    "fields", [{"entry": "birthday"}, {"scale": "sara"}, {"dates": "ymd"}, {"time_unit": "fortnight"}, {"pth": "x"}]
)
def test_requests_that_make_no_sense(fields) -> None:
    with pytest.raises(SpecError):
        build(Source, {"path": "a.csv", **fields})


def test_an_unknown_sheet_names_those_there_are(tmp_path) -> None:
    with pytest.raises(SpecError, match=r"one of visits\.csv"):
        read(Source(path=str(written(tmp_path, VISITS)), sheet="Labs"))


def test_every_input_has_a_reader() -> None:
    assert [reader.name for reader in READERS][-1] == "any visits table"
    assert READERS[-1].fits(Source(path="nowhere"))


def test_the_request_is_remembered_without_its_folder(tmp_path) -> None:
    cohort = read(Source(path=str(written(tmp_path, VISITS)), scale="alsfrs_r"))
    made = cohort.provenance
    assert made is not None
    assert made.request["path"] == "visits.csv"
    assert made.request["scale"] == "alsfrs_r"
    assert list(made.inputs) == ["visits.csv"]
    assert str(tmp_path) not in str(made)


def test_progress_is_told(tmp_path) -> None:
    stages: list[str] = []
    read(Source(path=str(written(tmp_path, VISITS))), lambda stage, done, total: stages.append(stage))
    assert stages[0] == "reading visits.csv"
    assert stages[-1] == "checking"


def test_raw_tables_know_their_lines_and_headings(tmp_path) -> None:
    raw, mapping = read_raw(Source(path=str(written(tmp_path, "\n\nPatient,Tag,ALSFRS-R\na,0,44\na,91,43\n"))))
    visits = raw.frames["visits"]
    assert visits.select("row", "source").rows() == [(4, "visits.csv"), (5, "visits.csv")]
    assert raw.headings["visits"]["day"] == "Tag"
    assert raw.headings["visits"]["alsfrs_r_total"] == "ALSFRS-R"
    assert mapping.tables[0].file == "visits.csv"
