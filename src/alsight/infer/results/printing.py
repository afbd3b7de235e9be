"""Tables of results as text, Markdown, LaTeX, HTML or a Word file; one way to write a number."""

from __future__ import annotations

import io
import math
import zipfile
from html import escape
from typing import Any, Final, Literal

import polars as pl

Format = Literal["text", "markdown", "latex", "html", "docx"]
P_VALUES: Final = frozenset({"p", "p_adjusted"})
LEAST_P: Final = 1e-4
"""p values below this are written as smaller than it."""


def written(value: Any, column: str = "") -> str:
    """One cell: four significant digits, p values to four decimals, nothing where there is no number."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return ""
    if column in P_VALUES:
        return f"< {LEAST_P:.4f}" if value < LEAST_P else f"{value:.4f}"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.3e}"
    return f"{value:.4g}"


def _cells(table: pl.DataFrame) -> tuple[list[str], list[list[str]]]:
    heads = [name.replace("_", " ") for name in table.columns]
    return heads, [[written(v, name) for v, name in zip(row, table.columns, strict=True)] for row in table.iter_rows()]


def as_text(table: pl.DataFrame) -> str:
    """Columns under their heads, numbers to the right."""
    heads, rows = _cells(table)
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    right = [dtype.is_numeric() for dtype in table.dtypes]
    lines = [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in [heads, *rows]
    ]
    return "\n".join(lines)


def as_markdown(table: pl.DataFrame) -> str:
    """A pipe table."""
    heads, rows = _cells(table)
    rule = ["---:" if dtype.is_numeric() else "---" for dtype in table.dtypes]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in [heads, rule, *rows])


def as_latex(table: pl.DataFrame) -> str:
    """A `tabular` with the rules of booktabs."""
    heads, rows = _cells(table)
    kinds = "".join("r" if dtype.is_numeric() else "l" for dtype in table.dtypes)

    def line(cells: list[str]) -> str:
        return " & ".join(_latex(cell) for cell in cells) + r" \\"

    body = "\n".join(line(row) for row in rows)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{kinds}}}",
            r"\toprule",
            line(heads),
            r"\midrule",
            body,
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def _latex(text: str) -> str:
    text = text.replace("\\", r"\textbackslash ")
    for sign in "&%$#_{}":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("<", "$<$").replace(">", "$>$").replace("~", r"\textasciitilde ")


def as_html(table: pl.DataFrame, caption: str = "") -> str:
    """A table element."""
    heads, rows = _cells(table)
    side = ["right" if dtype.is_numeric() else "left" for dtype in table.dtypes]
    top = "".join(f'<th style="text-align:{s}">{escape(h)}</th>' for h, s in zip(heads, side, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:{s}">{escape(c)}</td>' for c, s in zip(row, side, strict=True))
        + "</tr>"
        for row in rows
    )
    named = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{named}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def as_docx(table: pl.DataFrame, caption: str = "") -> bytes:
    """A Word file with one table."""
    heads, rows = _cells(table)

    def cell(text: str, bold: bool) -> str:
        style = "<w:rPr><w:b/></w:rPr>" if bold else ""
        return f'<w:tc><w:p><w:r>{style}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'

    lines = "".join(
        f"<w:tr>{''.join(cell(text, number == 0) for text in row)}</w:tr>" for number, row in enumerate([heads, *rows])
    )
    border = "".join(f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "bottom", "insideH"))
    title = f"<w:p><w:r><w:t>{escape(caption)}</w:t></w:r></w:p>" if caption else ""
    body = f"{title}<w:tbl><w:tblPr><w:tblBorders>{border}</w:tblBorders></w:tblPr>{lines}</w:tbl><w:p/>"
    document = f'{_XML}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("word/document.xml", document)
    return buffer.getvalue()


_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OFFICE: Final = "http://schemas.openxmlformats.org"
_WORD: Final = f"{_OFFICE}/wordprocessingml/2006/main"
_KIND: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_TYPES: Final = (
    f'{_XML}<Types xmlns="{_OFFICE}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_KIND}"/></Types>'
)
_RELATIONS: Final = (
    f'{_XML}<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)


def in_format(table: pl.DataFrame, format: Format, caption: str = "") -> str | bytes:  # noqa: A002 - the field's word
    """A table in one of the formats; bytes for a Word file."""
    if format == "docx":
        return as_docx(table, caption)
    if format == "html":
        return as_html(table, caption)
    return {"text": as_text, "markdown": as_markdown, "latex": as_latex}[format](table)
