"""Draws the pictures of the README from the example's report: `python docs/images/draw.py` (needs Chromium)."""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import alsight

PICTURES = {"courses.png": "#courses"}


def main() -> None:
    """One picture a row of PICTURES: the part of the report that it shows."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as engine:
        report = alsight.assess(example=True, out=folder, pages=1).files["report"]
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 860, "height": 900}, device_scale_factor=1.2)
        page.goto(report.as_uri())
        page.add_style_tag(content="section{padding:1rem 1.25rem!important;margin:0!important;border:0!important}")
        for name, part in PICTURES.items():
            drawn = Image.open(io.BytesIO(page.locator(part).screenshot()))
            drawn.convert("RGB").quantize(64).save(Path(__file__).with_name(name), optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
