"""Files broken in every way we could think of, each made again from its number alone.

`broken(number, folder)` writes case `number` and returns its path: a good file of some kind, mutated one to four times
as bytes, as text, as a workbook or as a Parquet table, or a folder or zip of such files.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import random
import re
import zipfile
from functools import cache
from pathlib import Path

import openpyxl
import polars as pl

from read.reading import DATA, ITEMS_12

FULL = ",".join(["4"] * 12)

NASTY = (
    "",
    " ",
    "NA",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e999",
    "9" * 40,
    "-" + "9" * 40,
    "0x1F",
    "1_000",
    "1,5",
    "1.234,5",
    "٣",
    "\uff14",
    "½",
    "4/4",
    "=1+1",
    '=HYPERLINK("x")',
    "#REF!",
    "#DIV/0!",
    "TRUE",
    "yes",
    "\ufeff4",
    "4\u00a0",
    "0000-00-00",
    "9999-99-99",
    "9999-12-31",
    "2020-02-30",
    "31/31/2020",
    "1/2/20",
    "00/00/0000",
    "99991231",
    "43831.5",
    "-1",
    "4.5",
    "5",
    "48",
    "49",
    "400000000000",
    "2147483648",
    "-2147483649",
    "1e10",
    "NaT",
    "None",
    "null",
    "🙂",
    "a" * 5000,
    "\u202e4",
    '"',
    "'",
    "\\",
    "\x00",
    "\x1a",
    "\r",
    "\n",
    ",",
    ";",
    "\t",
    "1;2",
    "Infinity",
    "1e-320",
    "0.1e",
    "--5",
    "+",
    ".",
    ",",
    "1,2,3",
    "12:30",
    "2020-01-01T25:61:00",
    "Jan 2020",
    "١٢",
)

HEADINGS = (
    "id",
    "subject",
    "Subject",
    "date",
    "Date",
    "time",
    "months",
    "day",
    "q1",
    "q1",
    "alsfrs",
    "alsfrs_r",
    "total",
    "speech",
    "onset",
    "death",
    "age",
    "sex",
    "",
    " ",
    "1",
    "alsfrs_0",
    "alsfrs_3",
    "V1_total",
    "V1_date",
    "FVC",
    "weight (lb)",
    "unit",
    "value",
    "measure",
    "event",
    "treatment",
    "end",
    "niv",
    "peg",
    "riluzole",
    "x" * 3000,
    "\u0000",
    "🙂",
    "__index_level_0__",
    "column 2",
    "q1 (2)",
    "scale",
    "entry",
    "birth",
    "onset_day",
    "disease duration",
    "capacity",
    "fvc (%)",
    "row",
    "source",
)


STILL = (2020, 1, 1, 0, 0, 0)
"""Time that every part of a package carries."""
COMPANIONS = ("events.csv", "labs.csv", "drugs.csv")
"""Files that are of no use without visits beside them."""


@cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Good files: name and bytes."""
    long = f"id,date,{ITEMS_12},total,FVC (%),sex,onset date,death date,niv\n" + "".join(
        f"p{person},2020-{month:02d}-{10 + person},{FULL},48,{90 - month},F,2019-01-05,,{int(month > 6)}\n"
        for person in range(4)
        for month in range(1, 12, 3)
    )
    wide = "id,sex,alsfrsr_m0,alsfrsr_m3,alsfrsr_m6,V1_date\n" + "".join(f"p{n},M,{44 - n},42,40,\n" for n in range(8))
    events = "id,event,date\np1,PEG,2020-06-01\np2,death,2021-01-01\n"
    labs = "id,date,test,result,unit\np1,2020-03-01,NfL,60,pg/ml\np2,2020-03-01,FVC,3.1,l\n"
    drugs = "id,drug,start date,stop date,dose\np1,Riluzole,2020-01-01,,50\n"
    european = "Pat.-Nr.;Datum;ALSFRS-R Gesamt;Gewicht;Größe (cm)\n1;01.02.2020;44;70,5;170\n1;01.05.2020;42;69;170\n"
    dictionary = (
        "subject,day,scale,q1_speech,q2_salivation,alsfrs_r_total,onset_day,entry\na,0,alsfrs_r,4,4,48,-300,diagnosis\n"
    )
    texts = {
        "long.csv": long,
        "wide.csv": wide,
        "events.csv": events,
        "labs.csv": labs,
        "drugs.csv": drugs,
        "clinic.csv": european,
        "own.csv": dictionary,
    }
    files = {name: text.encode() for name, text in texts.items()}
    files["dirty.csv"] = (DATA / "als_dirty_qualitycontrol" / "als_data.csv").read_bytes()
    files["months.csv"] = (DATA / "als_wknnmi" / "patient_data.csv").read_bytes()[:3000]
    files["tracker.xlsx"] = (DATA / "als_alstracker_simulated" / "database_simulated.xlsx").read_bytes()
    files["old.xls"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    files["book.xlsx"] = _book({"visits": long, "events": events, "labs": labs})
    files["table.parquet"] = _parquet(pl.read_csv(long.encode(), try_parse_dates=True))
    files["packed.csv.gz"] = gzip.compress(long.encode(), mtime=0)
    files["export.zip"] = _zip({"visits.csv": long.encode(), "events.csv": events.encode()})
    return tuple(files.items())


def _book(tables: dict[str, str]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in tables.items():
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append([int(cell) if cell.isdigit() else cell for cell in line.split(",")])
    return _saved(book)


def _saved(book: openpyxl.Workbook) -> bytes:
    """A workbook without the time at which it was written, so that its number alone makes a case again."""
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as package:
        files = {name: package.read(name) for name in package.namelist()}
    core = "docProps/core.xml"
    files[core] = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2020-01-01T00:00:00Z", files[core])
    return _zip(files)


def _parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, raw in files.items():
            package.writestr(zipfile.ZipInfo(name, STILL), raw, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def broken(number: int, folder: Path) -> Path:
    """Case `number`, written into a folder."""
    draw = random.Random(number)
    kind = draw.choices(("file", "folder", "zip", "shape"), (80, 8, 6, 6))[0]
    if kind == "file":
        name, raw = _mutated(draw)
        if name in COMPANIONS:
            _written(folder, "visits.csv", dict(seeds())["long.csv"])
            _written(folder, name, raw)
            return folder
        return _written(folder, name, raw)
    if kind == "folder":
        inner = folder / "input"
        inner.mkdir()
        for index in range(draw.randint(0, 4)):
            name, raw = _mutated(draw) if draw.random() < 0.7 else draw.choice(seeds())
            _written(inner, f"{index}_{name}", raw)
        if draw.random() < 0.3:
            (inner / "folder.csv").mkdir()
        return inner
    if kind == "zip":
        files = dict(_mutated(draw) if draw.random() < 0.5 else draw.choice(seeds()) for _ in range(draw.randint(0, 4)))
        return _written(folder, draw.choice(("a.zip", "a.csv", "a.xlsx")), _zip(files))
    return _shape(draw, folder)


def _written(folder: Path, name: str, raw: bytes) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def _mutated(draw: random.Random) -> tuple[str, bytes]:
    name, raw = draw.choice(seeds())
    for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
        if name.endswith(".csv") and draw.random() < 0.75:
            raw = draw.choice(TEXT)(draw, raw)
        elif name.endswith(".xlsx") and draw.random() < 0.7:
            try:
                raw = draw.choice(BOOK)(draw, raw)
            except Exception:  # noqa: BLE001 - what is broken already may not be broken further this way
                raw = _flipped(draw, raw)
        elif name.endswith(".parquet") and draw.random() < 0.7:
            raw = draw.choice(TABLE)(draw, raw)
        else:
            raw = draw.choice(BYTES)(draw, raw)
    if draw.random() < 0.08:
        name = draw.choice(("a.csv", "a.xlsx", "a.parquet", "a.txt", "a.xls", "a", "ä b.csv", "a.csv.gz", "a.zip"))
    return name, raw


def _cut(draw: random.Random, raw: bytes) -> bytes:
    return raw[: draw.randint(0, len(raw))]


def _flipped(draw: random.Random, raw: bytes) -> bytes:
    cells = bytearray(raw)
    for _ in range(draw.choice((1, 3, 20, 200))):
        if cells:
            cells[draw.randrange(len(cells))] = draw.randrange(256)
    return bytes(cells)


def _inserted(draw: random.Random, raw: bytes) -> bytes:
    index = draw.randint(0, len(raw))
    piece = draw.choice(
        (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b'"', b"\n\n", draw.randbytes(draw.randint(1, 64)))
    )
    return raw[:index] + piece * draw.choice((1, 1, 3)) + raw[index:]


def _removed(draw: random.Random, raw: bytes) -> bytes:
    start = draw.randint(0, len(raw))
    return raw[:start] + raw[start + draw.choice((1, 10, 200)) :]


def _repeated(draw: random.Random, raw: bytes) -> bytes:
    start = draw.randint(0, len(raw))
    piece = raw[start : start + draw.choice((1, 20, 400))]
    return raw[:start] + piece * draw.choice((2, 5)) + raw[start:]


def _emptied(draw: random.Random, raw: bytes) -> bytes:
    del raw
    return draw.choice(
        (b"", b"\n", b" ", b"\x00" * 40, b"\n" * 500, b",,,,\n,,,,\n", b"\xff\xfe", b"PK\x03\x04", b"PAR1", b"\x1f\x8b")
    )


BYTES = (_cut, _flipped, _inserted, _removed, _repeated, _emptied)


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8", errors="replace").split("\n")


def _cells(draw: random.Random, raw: bytes) -> bytes:
    """Some cells replaced by nasty ones."""
    lines = _lines(raw)
    for _ in range(draw.choice((1, 3, 10, 60))):
        index = draw.randrange(len(lines))
        cells = lines[index].split(",")
        cells[draw.randrange(len(cells))] = draw.choice(NASTY)
        lines[index] = ",".join(cells)
    return "\n".join(lines).encode("utf-8", errors="replace")


def _column(draw: random.Random, raw: bytes) -> bytes:
    """A whole column replaced, by one nasty value or by many."""
    rows = [line.split(",") for line in _lines(raw)]
    index = draw.randrange(max(1, len(rows[0])))
    value = draw.choice(NASTY) if draw.random() < 0.5 else None
    for cells in rows[1:]:
        if index < len(cells):
            cells[index] = draw.choice(NASTY) if value is None else value
    return "\n".join(",".join(cells) for cells in rows).encode("utf-8", errors="replace")


def _headed(draw: random.Random, raw: bytes) -> bytes:
    """Some headings replaced, repeated or dropped."""
    lines = _lines(raw)
    cells = lines[0].split(",")
    for _ in range(draw.choice((1, 2, 6))):
        cells[draw.randrange(len(cells))] = draw.choice(HEADINGS)
    lines[0] = ",".join(cells)
    return "\n".join(lines).encode("utf-8", errors="replace")


def _recoded(draw: random.Random, raw: bytes) -> bytes:
    text = raw.decode("utf-8", errors="replace")
    coding = draw.choice(
        ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "utf-8-sig", "cp037", "utf-7")
    )
    return text.encode(coding, errors="replace")


def _delimited(draw: random.Random, raw: bytes) -> bytes:
    return raw.replace(b",", draw.choice((b";", b"\t", b"|", b" ", b";;", b"\x01", b", ")))


def _shuffled(draw: random.Random, raw: bytes) -> bytes:
    lines = _lines(raw)
    draw.shuffle(lines)
    return "\n".join(lines).encode()


def _quoted(draw: random.Random, raw: bytes) -> bytes:
    lines = _lines(raw)
    for _ in range(draw.choice((1, 2, 9))):
        index = draw.randrange(len(lines))
        cells = lines[index].split(",")
        spot = draw.randrange(len(cells))
        cells[spot] = draw.choice(('"{}"', '"{}', '{}"', '"{}""', '"a\n{}"', '"{},b"')).format(cells[spot])
        lines[index] = ",".join(cells)
    return "\n".join(lines).encode("utf-8", errors="replace")


def _ended(draw: random.Random, raw: bytes) -> bytes:
    return raw.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\n", b"\n\r", b" \n", b",\n", b"\x0b")))


def _topped(draw: random.Random, raw: bytes) -> bytes:
    top = draw.choice(("sep=;\n", "Clinic\n\n", "# a comment\n", "a,b\n1,2\n", "\n\n\n", "title,,,\n" * 40))
    return top.encode() + raw


def _widened(draw: random.Random, raw: bytes) -> bytes:
    extra = draw.choice((3, 200))
    lines = _lines(raw)
    return "\n".join(line + "," + ",".join(draw.choice(NASTY[:30]) for _ in range(extra)) for line in lines).encode()


TEXT = (
    _cells,
    _cells,
    _cells,
    _column,
    _column,
    _headed,
    _headed,
    _recoded,
    _delimited,
    _shuffled,
    _quoted,
    _ended,
    _topped,
    _widened,
)


def _book_cells(draw: random.Random, raw: bytes) -> bytes:
    """Cells of a workbook replaced: types mixed, formulas, dates, long text, far away ones."""
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw))
    except Exception:  # noqa: BLE001 - it is broken already
        return _flipped(draw, raw)
    sheet = draw.choice(book.worksheets) if book.worksheets else book.create_sheet("a")
    values = (
        None,
        True,
        1.5,
        -1e300,
        10**15,
        "=1+1",
        "=A1",
        "#REF!",
        "x" * 3000,
        dt.datetime(1900, 1, 1),
        dt.time(3),
        dt.timedelta(days=3),
        "01/02/2020",
        "NA",
        "=1/0",
        44,
        dt.date(9999, 12, 31),
    )
    for _ in range(draw.choice((1, 4, 30))):
        row, column = draw.randint(1, max(2, sheet.max_row)), draw.randint(1, max(2, sheet.max_column))
        if draw.random() < 0.02:
            row, column = draw.choice(((1_048_576, 1), (1, 16_384), (100_000, 300)))
        sheet.cell(row, column, draw.choice(values))
    if draw.random() < 0.2:
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=3)
    if draw.random() < 0.1:
        sheet.sheet_state = "hidden"
    return _saved(book)


def _book_parts(draw: random.Random, raw: bytes) -> bytes:
    """A part of the package mutated, the package whole again."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            files = {name: package.read(name) for name in package.namelist()}
    except Exception:  # noqa: BLE001 - it is broken already
        return _flipped(draw, raw)
    name = draw.choice(sorted(files)) if files else "x"
    if draw.random() < 0.15:
        files.pop(name, None)
    else:
        files[name] = draw.choice(BYTES)(draw, files.get(name, b""))
    return _zip(files)


def _book_numbers(draw: random.Random, raw: bytes) -> bytes:
    """References and counts within the sheets' XML made absurd."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            files = {name: package.read(name) for name in package.namelist()}
    except Exception:  # noqa: BLE001 - it is broken already
        return _flipped(draw, raw)
    for name in [name for name in files if "sheet" in name]:
        text = files[name]
        for old, new in (
            (b'r="A1"', b'r="XFD1048576"'),
            (b'r="2"', b'r="99999999999"'),
            (b'r="B', b'r="ZZZZ'),
            (b"<v>", b"<v>-"),
            (b't="s"', b't="n"'),
            (b't="n"', b't="s"'),
            (b"<v>1", b"<v>1e400"),
            (b's="', b's="99'),
        ):
            if draw.random() < 0.3:
                text = text.replace(old, new, draw.choice((1, 5, -1)))
        files[name] = text
    return _zip(files)


BOOK = (_book_cells, _book_cells, _book_parts, _book_numbers)


def _typed(draw: random.Random, raw: bytes) -> bytes:
    """Columns of a Parquet table of other types."""
    try:
        frame = pl.read_parquet(io.BytesIO(raw))
    except BaseException:  # noqa: BLE001 - it is broken already
        return _flipped(draw, raw)
    size = frame.height
    odd = (
        pl.Series([None] * size),
        pl.Series([[1, 2]] * size),
        pl.Series([{"a": 1}] * size),
        pl.Series([b"\xff\x00"] * size),
        pl.Series([dt.timedelta(days=1)] * size),
        pl.Series([dt.time(1)] * size),
        pl.Series([float("nan")] * size),
        pl.Series([float("inf")] * size),
        pl.Series([10**18] * size),
        pl.Series(["x"] * size).cast(pl.Categorical),
        pl.Series([True] * size),
        pl.Series(["1.5"] * size).cast(pl.Decimal(10, 2)),
        pl.Series([255] * size).cast(pl.UInt8),
        pl.Series([dt.date(1, 1, 1)] * size),
        pl.Series([dt.datetime(9999, 12, 31)] * size),
        pl.Series([""] * size),
    )
    for _ in range(draw.choice((1, 3, 8))):
        name = draw.choice(frame.columns) if draw.random() < 0.7 else draw.choice(HEADINGS)
        frame = frame.with_columns(draw.choice(odd).alias(name))
    if draw.random() < 0.2:
        frame = frame.head(draw.choice((0, 1)))
    return _parquet(frame)


TABLE = (_typed, _typed, _flipped, _cut)


def _shape(draw: random.Random, folder: Path) -> Path:
    """Paths that are no file at all, tables without rows, bombs."""
    kind = draw.randrange(8)
    if kind == 0:
        return folder / "nowhere.csv"
    if kind == 1:
        return folder
    if kind == 2:
        return _written(folder, "a.csv", b"id,date,alsfrs_r\n")
    if kind == 3:
        return _written(folder, "a.csv", b"id,day,alsfrs_r\n" + b"a,0,44\n" * draw.choice((1, 2, 5000)))
    if kind == 4:
        return _written(
            folder, "a.csv", (",".join(f"q{n}_m{m}" for n in range(1, 13) for m in range(30)) + "\n").encode() * 3
        )
    if kind == 5:
        return _written(folder, "a.zip", _zip({"a.csv": b"id,day,alsfrs_r\n" + b"0" * 30_000_000}))
    if kind == 6:
        return _written(
            folder, "a.xlsx", _zip({"[Content_Types].xml": b"<T/>", "xl/worksheets/sheet1.xml": b"<c>" * 9_000_000})
        )
    text = "\n".join(
        ",".join(draw.choice((*NASTY, *HEADINGS)) for _ in range(draw.randint(1, 12)))
        for _ in range(draw.randint(1, 40))
    )
    return _written(folder, "a.csv", text.encode("utf-8", errors="replace"))
