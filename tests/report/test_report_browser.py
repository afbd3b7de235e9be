"""The report in a real browser: desktop, phone, night and paper."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import alsight
from alsight.cohort.example import example_cohort
from report.conftest import VERDICTS, Made
from report.test_report_assess import few
from sharing import shared

pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None and "CI" not in os.environ:
    pytest.skip("no Chromium on this machine; `just browser` installs one", allow_module_level=True)

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as engine:
        opened = engine.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


def opened(browser: Browser, made: Made, width: int, scheme: str = "light") -> tuple[Page, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((made.folder / "report.html").resolve().as_uri())
    return page, said, asked


@pytest.mark.parametrize("width", [1280, 768, 390, 320])
def test_nothing_asked_for_nothing_complained_nothing_too_wide(browser: Browser, made: Made, width: int) -> None:
    page, said, asked = opened(browser, made, width)
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize(("width", "layout"), [(1280, "wide"), (390, "narrow")])
def test_one_drawing_of_each_chart_is_seen(browser: Browser, made: Made, width: int, layout: str) -> None:
    page, *_ = opened(browser, made, width)
    shown = page.evaluate(
        "[...document.querySelectorAll('main > section > figure svg[role=img]')]"
        ".filter(one => one.getBoundingClientRect().width > 0).map(one => one.getAttribute('class'))"
    )
    assert shown
    assert set(shown) == {layout}
    page.close()


def test_text_of_charts_stays_readable_on_a_phone(browser: Browser, made: Made) -> None:
    page, *_ = opened(browser, made, 390)
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg[role=img] text')].filter(one => one.getBoundingClientRect().width > 0)"
        ".map(one => parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getBoundingClientRect().width /"
        " one.ownerSVGElement.viewBox.baseVal.width)"
    )
    assert len(sizes) > 100
    assert min(sizes) >= 8.0
    page.close()


def test_night_is_dark_and_still_readable(browser: Browser, made: Made) -> None:
    page, *_ = opened(browser, made, 1280, "dark")
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert ground == "rgb(22, 27, 32)"
    assert ink == "rgb(230, 233, 236)"
    page.close()


def test_links_lead_to_people(browser: Browser, made: Made) -> None:
    page, *_ = opened(browser, made, 1280)
    page.click("a[href='#person-2']")
    assert abs(page.evaluate("document.querySelector('#person-2').getBoundingClientRect().top")) < 200
    page.close()


def test_tables_unfold_with_the_keyboard(browser: Browser, made: Made) -> None:
    page, *_ = opened(browser, made, 1280)
    fold = page.locator("#episodes details").first
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("table").is_visible()
    page.close()


def pages_of(page: Page) -> int:
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    return paper.count(b"/Type /Page\n") + paper.count(b"/Type/Page\n")


@pytest.mark.parametrize(("size", "least", "most"), [(1, 1, 1), (2, 2, 4), (5, 2, 4), (19, 2, 4)])
def test_few_people_print_on_few_pages(browser: Browser, tmp_path: Path, size: int, least: int, most: int) -> None:
    alsight.assess(few(example_cohort(), size), out=tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "report.html").resolve().as_uri())
    assert least <= pages_of(page) <= most
    page.close()


def test_the_answer_is_on_the_first_screen(browser: Browser, made: Made) -> None:
    page, *_ = opened(browser, made, 1280)
    assert page.locator(".card .verdict").first.is_visible()
    assert page.evaluate("document.querySelector('.card .verdict').getBoundingClientRect().bottom") <= 900
    page.close()


def test_the_example_prints_on_forty_pages_or_fewer(browser: Browser, tmp_path: Path, verdict_folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VERDICTS, shared(verdict_folder))
        alsight.assess(example=True, out=tmp_path)
    page = browser.new_page()
    page.goto((tmp_path / "report.html").resolve().as_uri())
    assert 10 <= pages_of(page) <= 40
    page.close()


def test_paper_is_white(browser: Browser, made: Made) -> None:
    page, *_ = opened(browser, made, 1280, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
