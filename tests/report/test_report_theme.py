"""Charts: colors that can be told apart, drawings that load nothing and carry their label."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import polars as pl
import pytest

from alsight.report.page import charts
from alsight.report.page.theme import DARK, LIGHT, STAGE_DARK, STAGE_LIGHT, png, style_sheet, svg

GROUND = {"light": "#fbfaf8", "dark": "#161b20"}


def _luminance(code: str) -> float:
    parts = [int(code[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("colors", "ground"), [(LIGHT, GROUND["light"]), (DARK, GROUND["dark"])], ids=["light", "dark"]
)
def test_contrast(colors: dict[str, str], ground: str) -> None:
    assert all(contrast(colors[name], ground) >= 4.5 for name in ("ink", "muted", "main"))
    assert all(contrast(colors[name], ground) >= 3.0 for name in ("plateau", "rise", "other"))


@pytest.mark.parametrize("ramp", [STAGE_LIGHT, STAGE_DARK])
def test_stages_grow_darker(ramp: tuple[str, ...]) -> None:
    lights = [_luminance(code) for code in ramp[:5]]
    assert lights == sorted(lights, reverse=True)


def test_every_color_has_a_night() -> None:
    assert LIGHT.keys() == DARK.keys()


LINES = pl.DataFrame({"person": [1, 1, 2, 2], "months": [0.0, 6.0, 0.0, 6.0], "total": [40.0, 38.0, 30.0, 31.0]})
MARKED = pl.DataFrame({"period": [0, 0], "months": [0.0, 6.0], "total": [30.0, 31.0], "kind": ["plateau", "plateau"]})


def test_drawing_is_plain_svg_with_its_label() -> None:
    drawn = str(svg(charts.trajectories(LINES, MARKED, charts.NARROW), 'two "people" <here>', "narrow"))
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'two "people" <here>'
    assert "http" not in drawn
    assert "<script" not in drawn
    assert "var(--plateau)" in drawn
    assert "months since entry" in drawn


def test_text_of_a_file_is_escaped() -> None:
    counts = pl.DataFrame({"label": ["<script>alert(1)</script>"], "share": [0.5], "text": ["1 & 2"]})
    drawn = str(svg(charts.bars(counts, charts.NARROW, "bars"), "bars"))
    ET.fromstring(drawn)
    assert "<script" not in drawn


def test_every_named_color_of_the_charts_is_declared() -> None:
    import re

    drawn = str(svg(charts.trajectories(LINES, MARKED, charts.WIDE), "x"))
    declared = style_sheet(LIGHT, STAGE_LIGHT)
    assert all(f"{name}:" in declared for name in re.findall(r"var\((--[\w-]+)\)", drawn))


def test_png_has_no_named_colors_left() -> None:
    assert png(charts.trajectories(LINES, MARKED, charts.NARROW), 1.0).startswith(b"\x89PNG")


def test_empty_frames_are_drawn() -> None:
    for chart in (
        charts.trajectories(LINES.clear(), MARKED.clear(), charts.NARROW),
        charts.survival(
            pl.DataFrame(schema=dict.fromkeys(("months", "survival", "low", "high"), pl.Float64)), 300, "x"
        ),
    ):
        ET.fromstring(str(svg(chart, "nothing")))
