"""Known layouts: the crosswalk against its source, and a small synthetic file in each."""

from __future__ import annotations

import csv
import re

import polars as pl
import pytest

from alsight.cohort.mapping.layouts import TITLES, laid_out, layouts, recognized
from alsight.cohort.mapping.meanings import meaning_of
from alsight.cohort.parse.labels import label_score, labels
from alsight.instruments.items import ITEM_NAMES
from read.reading import DATA, days, read_path, read_text, reported, rules, written

CROSSWALK = list(csv.DictReader((DATA / "item_crosswalk" / "alsfrsr_item_crosswalk.csv").read_text().splitlines()))
CANONICAL = {
    "q5a_cutting_no_gastrostomy": "q5a_cutting_without_gastrostomy",
    "q5b_cutting_gastrostomy": "q5b_cutting_with_gastrostomy",
    "q5x_cutting_status_unknown": "q5_cutting",
    "q6_dressing_hygiene": "q6_dressing_and_hygiene",
    "q7_turning_bed": "q7_turning_in_bed",
    "q10_respiratory_old": "q10_respiratory",
    "r1_dyspnea": "q10_dyspnea",
    "r2_orthopnea": "q11_orthopnea",
    "r3_respiratory_insufficiency": "q12_respiratory_insufficiency",
    "total_r": "alsfrs_r_total",
}
COLUMNS = {
    "answer_als_and_nathist_neurobank": "answer_als",
    "all_als_ASSESS_view": "all_als",
    "ceftriaxone_ninds": "ceftriaxone",
    "emory_xlsx": "emory",
    "facpatid_registry": "facpatid",
    "precision_als_normalised": "precision_als",
    "wknnmi_example": "wknnmi",
}
CELLS = [
    (layout, re.sub(r" \(.*\)$", "", row[column]), CANONICAL.get(row["canonical"], row["canonical"]))
    for row in CROSSWALK
    for column, layout in COLUMNS.items()
    if row["subscore"] and row[column] and not row[column].startswith("(")
]


@pytest.mark.parametrize(("layout", "heading", "item"), CELLS)
def test_crosswalk(layout, heading, item) -> None:
    """Each item heading of the collected crosswalk is read as its item, by the layout or by its wording."""
    from alsight.cohort.mapping.headings import readings

    known = laid_out(layout, heading)
    found = known.means if known is not None else readings(heading)[0].means
    if heading == "alsfrs_5":
        assert found == "q5_cutting"
    else:
        assert found == item


def test_crosswalk_covers_seven_layouts() -> None:
    assert {layout for layout, *_ in CELLS} == set(layouts()) == set(TITLES)
    assert len(CELLS) > 80


def test_every_layout_names_meanings_and_a_key() -> None:
    for name, rows in layouts().items():
        assert all(meaning_of(row.meaning.means) for row in rows), name
        assert any(row.key for row in rows), name
        assert len({row.column for row in rows}) == len(rows), name


def test_layouts_do_not_claim_each_other() -> None:
    for name, rows in layouts().items():
        assert recognized([[row.column for row in rows]]) == name
    assert recognized([["subject", "day", "alsfrs_r_total"]]) == ""


TWELVE = "4,4,4,4,4,4,4,4,4,4,4,4"


def test_answer_als(tmp_path) -> None:
    names = "1 2 3 4 5a 5b 6 7 8 9 r1 r2 r3 t"
    items = ",".join(f"alsfrs{name}" for name in names.split())
    written(
        tmp_path,
        f"SubjectUID,Visit_Date,alsfrsdt,{items}\nN1,0,0,4,4,4,4,4,,4,4,4,4,4,4,4,48\n"
        "N1,90,90,4,4,4,3,,2,4,4,4,4,4,4,3,44\n",
        "v_NB_IATI_ALSFRS_R.csv",
    )
    written(tmp_path, "SubjectUID,onsetdt,diagdt,hxlilft\nN1,-400,-200,1\n", "v_NB_IATI_AALSHXFX.csv")
    written(tmp_path, "SubjectUID,dieddt,diedcaus\nN1,700,respiratory failure\n", "v_NB_IATI_Mortality.csv")
    written(
        tmp_path,
        "SubjectUID,vsdt,height,heightu,weight,weightu\nN1,0,70,Inches,150,Pounds\n",
        "v_NB_IATI_Vital_Signs.csv",
    )
    written(tmp_path, "SubjectUID,med,medstdt,medenddt,meddose,medu\nN1,Riluzole,-100,,50,mg\n", "medications.csv")
    written(tmp_path, "SubjectUID,dob,sex\nN1,-21915,1\n", "Demographics.csv")
    cohort, mapping = read_path(tmp_path)
    assert {table.layout for table in mapping.tables} == {"answer_als"}
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 44]
    assert cohort.visits["q5b_cutting_with_gastrostomy"].to_list() == [None, 2]
    person = cohort.subjects.row(0, named=True)
    assert (person["onset_day"], person["diagnosis_day"], person["entry"]) == (-400, -200, "stated")
    assert person["age_at_entry_years"] == pytest.approx(60.0, abs=0.01)
    assert person["height_cm"] == pytest.approx(177.8)
    assert cohort.events.select("day", "event").rows() == [(700, "death")]
    assert cohort.measures.select("measure", "value").row(0) == ("weight_kg", pytest.approx(68.04, abs=0.01))
    assert cohort.doses.select("day", "treatment", "dose").rows() == [(-100, "riluzole", 50.0)]
    assert person["sex"] is None
    assert reported(cohort, "unmapped_code")["column"].to_list() == ["sex"]


@pytest.mark.parametrize("key", ["Participant_ID", "Neurostamp"])
def test_answer_als_other_spellings(tmp_path, key) -> None:
    text = f"{key},alsfrsdt,alsfrs1,alsfrst\nN1,0,4,48\n"
    cohort, _ = read_text(tmp_path, text)
    assert cohort.visits.select("subject", "alsfrs_r_total").row(0) == ("N1", 48)


def test_all_als(tmp_path) -> None:
    written(
        tmp_path,
        "SubjectUID,ftdat,ftadmin,ftresp,speech_ftorres,saliva_ftorres,swallow_ftorres,hndwrit_ftorres,gastro_ftorres,"
        "utenwog_ftorres,utenwg_ftorres,hygiene_ftorres,bedcloth_ftorres,walking_ftorres,stairs_ftorres,"
        "dyspnea_ftorres,ortho_ftorres,respins_ftorres,fttotal\n"
        "U1,2023-01-10,1,1,4,4,4,4,2,4,,4,4,4,4,4,4,4,48\nU1,2023-04-10,2,2,4,4,4,4,1,,3,4,4,4,4,4,4,4,47\n",
        "v_ALLALS_AS_ASSEALSFRSR.csv",
    )
    written(
        tmp_path,
        "SubjectUID,redat,svctest,svc_t1_reorres,svc_t2_reorres,svc_t3_reorres,vcpp_reorres\n"
        "U1,2023-01-10,1,3.1,3.4,3.2,91\nU1,2023-04-10,2,3.0,,,85\n",
        "v_ALLALS_AS_ASSEVC.csv",
    )
    written(
        tmp_path,
        "SubjectUID,mhstdat,mhevdtyp_diagnosis,mhoccur,limb_mhloc,bulb_mhloc,axia_mhloc,resp_mhloc,gen_mhloc\n"
        "U1,2022-01-10,2022-07-10,2,0,1,0,0,0\n",
        "v_ALLALS_AS_ASSEALSHIST.csv",
    )
    written(tmp_path, "SubjectUID,brthdat,sex,height,vsorresu\nU1,1963-01-10,1,165,2\n", "v_ALLALS_AS_ASSEDEMOG.csv")
    cohort, mapping = read_path(tmp_path)
    assert {table.layout for table in mapping.tables} == {"all_als"}
    assert days(cohort, "U1") == [0, 90]
    assert cohort.visits["mode"].to_list() == ["in_person", "video"]
    assert cohort.visits["responder"].to_list() == ["self", "both"]
    values = cohort.measures.select("day", "measure", "value").rows()
    assert set(values) == {(0, "svc_l", 3.4), (0, "svc_pct", 91.0), (90, "fvc_l", 3.0), (90, "fvc_pct", 85.0)}
    person = cohort.subjects.row(0, named=True)
    assert (person["sex"], person["onset_site"], person["family_history"]) == ("female", "bulbar", False)
    assert person["onset_day"] == -365
    assert person["height_cm"] is None
    assert reported(cohort, "unknown_unit")["value"].to_list() == ["2"]
    assert cohort.events.select("day", "event").rows() == [(90, "gastrostomy")]


def test_precision_als(tmp_path) -> None:
    written(
        tmp_path,
        "ID,Site,Date of Assessment,Age of Assessment,1. Speech,2. Salivation,3. Swallowing,4. Handwriting,"
        "5a. Cutting Food without Gastrostomy,5b. Cutting Food with Gastrostomy,"
        "5x. Cutting Food with Gastrostomy Status Unknown,6. Dressing and Hygine,7. Turning in Bed,8. Walking,"
        "9. Climbing Stairs,10. Dyspnea,11. Orthopnea,12. Respiratory Insufficiency,Total Score\n"
        "P1,X,2020-01-01,60.2,4,4,4,4,,,4,4,4,4,4,4,4,4,48\nP1,X,2020-07-01,60.7,4,4,4,4,3,,,4,4,4,4,4,4,Missing,N/A\n",
        "P-ALS_Ext_ALSFRS-R.csv",
    )
    written(
        tmp_path,
        "ID,Site,Sex,Site of Onset,Date of Onset,Age at Onset,Calculated Age at Onset,Date of Diagnosis,Vital Status,"
        "Date of Death,Age at Death,>23h NIV,Date of 23h NIV,Non-invasive Ventilation,Date of Non-invasive Ventialtion,"
        "Gastrostomy,Date of Gastrostomy,Riluzole Use,Riluzole Start Date\n"
        "P1,X,Woman/Female,Membre supérieur distal G,2019-01-01,59,59.2,2019-06-01,Deceased,2021-01-01,61,No,,Yes,"
        "2020-09-01,Unknown,,Yes,2019-07-01\n",
        "P-ALS_Ext_Main_Data_File.csv",
    )
    cohort, mapping = read_path(tmp_path)
    assert {table.layout for table in mapping.tables} == {"precision_als"}
    assert days(cohort, "P1") == [0, 182]
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, None]
    person = cohort.subjects.row(0, named=True)
    assert (person["sex"], person["onset_site"], person["onset_day"]) == ("female", "upper_limb", -365)
    assert set(cohort.events.select("day", "event").rows()) == {(366, "death"), (244, "niv_start")}
    assert cohort.doses.select("day", "treatment").rows() == [(-184, "riluzole")]


def test_facpatid_registry_with_labels(tmp_path) -> None:
    written(
        tmp_path,
        "FACPATID,encntdt,alsfrstl,speech,slvatn,swallow,handwrit,drshygn,turnbed,walking,clmbstrs,dyspnea,orthpnea,"
        "respinsf,fvcpctpd,fstniv,gstrmy\n"
        "F1,01/20/2020,44,Normal speech processes,Normal,Normal eating habits,Slow or sloppy; all words are legible,"
        "Normal function,Normal,Early ambulation difficulties,Slow,None,None,None,92,No,No\n"
        "F1,06/20/2020,38,Detectable speech disturbance,Normal,Normal eating habits,Not all words are legible,"
        "Normal function,Normal,Walks with assistance,Needs assistance,Occurs when walking,None,"
        "Something else,85,Yes,No\n",
        "encounters.csv",
    )
    written(
        tmp_path,
        "FACPATID,escorial,bdypt,alsonsag,alsdgnag,famhst\nF1,Clinically Definite ALS,Upper limb,58.4,59.1,No\n",
        "diagnosis.csv",
    )
    written(tmp_path, "FACPATID,dob,enroldt,gender\nF1,05/01/1960,01/20/2020,Female\n", "demographics.csv")
    cohort, mapping = read_path(tmp_path)
    assert {table.layout for table in mapping.tables} == {"facpatid"}
    visits = cohort.visits
    assert visits["alsfrs_r_total"].to_list() == [44, 38]
    assert visits["q1_speech"].to_list() == [4, 3]
    assert visits["q9_climbing_stairs"].to_list() == [3, 1]
    assert visits["q12_respiratory_insufficiency"].to_list() == [4, None]
    assert reported(cohort, "not_a_number")["value"].to_list() == ["Something else"]
    person = cohort.subjects.row(0, named=True)
    assert (person["el_escorial"], person["onset_site"]) == ("definite", "upper_limb")
    assert person["age_at_entry_years"] == pytest.approx(59.72, abs=0.01)
    assert person["onset_day"] == pytest.approx(-482, abs=1)
    assert cohort.events.select("day", "event").rows() == [(152, "niv_start")]


def test_ceftriaxone(tmp_path) -> None:
    written(
        tmp_path,
        "study_id,age_at_DATE_PERFORMED,speech,salivation,swallowing,handwriting,cutting_without,cutting_with,dressing,"
        "turning,walking,climbing,dyspnea,orthopnea,respiratory,als_total\n"
        "C1,55.25,4,4,4,4,4,,4,4,4,4,4,4,4,48\nC1,55.75,4,4,4,4,3,,4,4,4,4,4,4,4,47\n",
        "alsf.csv",
    )
    written(tmp_path, "study_id,age_at_ALS_DATE_SYM\nC1,54.25\n", "mhas.csv")
    cohort, mapping = read_path(tmp_path)
    assert {table.layout for table in mapping.tables} == {"ceftriaxone"}
    assert days(cohort, "C1") == [0, 183]
    assert cohort.visits["q12_respiratory_insufficiency"].to_list() == [4, 4]
    assert cohort.subjects.select("onset_day", "age_at_entry_years").row(0) == (-365, 55.25)


def test_clinic_sheet_counted_from_onset(tmp_path) -> None:
    headings = [
        "Patient ID",
        "FRS Days from Onset",
        "1 speech",
        "2 salivations",
        "3 swallow",
        "4 handwrit",
        "5 wo gastr.",
        "5 w gastr.",
        "6 dress hygn",
        "7 turnbed",
        "8 walking",
        "9 clmbstrs",
        "10 dyspnea",
        "11 orthpnea",
        "12 resp insf",
        "FRSRTotal",
    ]
    frame = pl.DataFrame(
        [["E1", 400, *[4] * 4, 4, None, *[4] * 7, 48], ["E1", 500, *[4] * 4, None, 2, *[4] * 7, 46]],
        schema=headings,
        orient="row",
    )
    frame.write_excel(tmp_path / "sheet.xlsx")
    cohort, mapping = read_path(tmp_path / "sheet.xlsx")
    assert mapping.tables[0].layout == "emory"
    assert days(cohort, "E1") == [0, 100]
    assert cohort.subjects["onset_day"].item() == -400
    assert cohort.visits["alsfrs_r_total"].to_list() == [48, 46]


def test_wknnmi_shape(tmp_path) -> None:
    items = ",".join(f"alsfrs_{number}" for number in range(1, 13))
    text = f"subID,sex,onset_site,onset_age,visit_time,niv,peg,{items}\n"
    text += f"W1,0,1,60,0,0,0,{TWELVE}\nW1,0,1,60,6,1,0,{TWELVE}\n"
    cohort, mapping = read_text(tmp_path, text)
    assert mapping.tables[0].layout == "wknnmi"
    assert days(cohort, "W1") == [0, 183]
    assert rules(cohort, "rejected") == set()


@pytest.mark.parametrize(
    ("item", "label", "score"),
    [
        ("q1_speech", "Speech combined with non-vocal communication", 1),
        ("q1_speech", "speech combined with nonvocal communication", 1),
        ("q3_swallowing", "NPO (exclusively parenteral or enteral feeding)", 0),
        ("q4_handwriting", "Able to grip pen but unable to write", 1),
        ("q5_cutting", "Clumsy but able to perform all manipulations independently", 3),
        ("q5_cutting", "Somewhat slow and clumsy, but no help needed", 3),
        ("q8_walking", "Nonambulatory functional movement only", 1),
        ("q12_respiratory_insufficiency", "Continuous use of NIPPV during the night", 2),
        ("q12_respiratory_insufficiency", "Continuous use of NIPPV day and night", 1),
        ("q1_speech", "3 - Detectable speech disturbance", 3),
        ("q1_speech", "(2) whatever they wrote", 2),
        ("q9_climbing_stairs", "Mild unsteadiness or fatigue", 2),
        ("q1_speech", "abnormal", None),
        ("q1_speech", "fine", None),
        ("q10_dyspnea", "normal", None),
    ],
)
def test_labels(item, label, score) -> None:
    assert label_score(item, label) == score


def test_labels_cover_every_score_of_every_item() -> None:
    assert set(labels()) == set(ITEM_NAMES) - {"q10_respiratory"}
    for item, rows in labels().items():
        assert {score for _, score in rows} == {0, 1, 2, 3, 4}, item
