"""LABELS: answers of the ALSFRS-R written as words, to their scores; and sites of onset in clinics' own words.

Each answer is recognized by a few words that no other answer of its item has. A label that fits none, or two of
different score, is reported and left missing; so is "normal" where the item's best answer is "none".

Source: cedarbaum1999
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from alsight.cohort.parse.codes import FALSE, POPULATION, TRUE, folded
from alsight.cohort.parse.text import blank, words

SITE_WORDS: Final = (
    ("membre superieur", "upper_limb"),
    ("upper limb", "upper_limb"),
    ("upper extremity", "upper_limb"),
    ("obere extremitat", "upper_limb"),
    ("arto superiore", "upper_limb"),
    ("miembro superior", "upper_limb"),
    ("membre inferieur", "lower_limb"),
    ("lower limb", "lower_limb"),
    ("lower extremity", "lower_limb"),
    ("untere extremitat", "lower_limb"),
    ("arto inferiore", "lower_limb"),
    ("miembro inferior", "lower_limb"),
    ("bulbar", "bulbar"),
    ("bulbaire", "bulbar"),
    ("bulbare", "bulbar"),
    ("bulbair", "bulbar"),
    ("spinal", "limb"),
    ("spinale", "limb"),
    ("spinaal", "limb"),
    ("espinal", "limb"),
    ("medular", "limb"),
    ("membres", "limb"),
    ("extremitaten", "limb"),
    ("extremidades", "limb"),
    ("ledematen", "limb"),
    ("arti", "limb"),
    ("bovenste extremiteit", "upper_limb"),
    ("onderste extremiteit", "lower_limb"),
    ("arm", "upper_limb"),
    ("been", "lower_limb"),
    ("respiratoria", "respiratory"),
    ("respiratoir", "respiratory"),
    ("respiratory", "respiratory"),
    ("respiratoire", "respiratory"),
    ("respiratorisch", "respiratory"),
    ("thoracique", "trunk"),
    ("axial", "trunk"),
)
"""Words within a description of the first region to the dictionary's site; two sites in one description are none."""

OBSERVED: Final = ("observed", "original", "obs", "real", "raw", "recorded", "measured", "none")
"""Words under a marker of derived rows that say that the row is none."""


ALS_WORDS: Final = ("als", "sla", "ela", "mnd", "amyotroph", "motor_neuron", "motoneuron", "pls", "pma", "flail")
"""Parts of names of ALS and its variants; a diagnosis beside "ALS" without any of them is another disease."""


def others(cells: pl.Series, *, diagnosis: bool = False) -> tuple[str, ...]:
    """Cells of a column that name people without ALS, where the same column names people with it; else none.

    Args:
        cells: the column.
        diagnosis: whether its heading names a diagnosis or group, so that words which are not known are others too.
    """
    if cells.dtype != pl.String:
        return ()
    known = cells.drop_nulls().unique(maintain_order=True)
    if not 2 <= len(known) <= 12:
        return ()
    plain = dict(zip(known, map(_ascii, folded(known)), strict=True))
    kinds = {cell: POPULATION.get(word) for cell, word in plain.items()}
    if "als" not in kinds.values():
        return ()
    if diagnosis:
        kinds = {cell: kind or _unknown(plain[cell]) for cell, kind in kinds.items()}
    return tuple(cell for cell, kind in kinds.items() if kind == "other")


def _unknown(word: str) -> str:
    return "als" if not word or any(part in f"_{word}_" for part in ALS_WORDS) else "other"


def derived(cells: pl.Series) -> tuple[str, ...]:
    """Cells of a marker of derived rows (DTYPE, imputed) that say that the row is one."""
    known = cells.cast(pl.String, strict=False)
    known = known.filter(~blank(known)).unique(maintain_order=True)
    plain = dict(zip(known, folded(known), strict=True))
    yes_no = set(plain.values()) <= {*TRUE, *FALSE}
    if len(known) > 20:
        return ()
    return tuple(cell for cell, word in plain.items() if (word in TRUE if yes_no else word not in OBSERVED))


_SCORE_FIRST: Final = re.compile(r"^\(?([0-4])\s*[-=:.)\u2013\u2014]+\s*\D")


@cache
def labels() -> dict[str, tuple[tuple[str, int], ...]]:
    """Item to the telling words of its answers and their scores."""
    text = files("alsight.cohort.parse").joinpath("labels.csv").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, int]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["item"], []).append((row["phrase"], int(row["score"])))
    found["q5_cutting"] = [*found["q5a_cutting_without_gastrostomy"], *found["q5b_cutting_with_gastrostomy"]]
    return {item: tuple(rows) for item, rows in found.items()}


def label_score(item: str, label: str) -> int | None:
    """Score that an answer in words stands for; None where it is none of the item's answers, or two of them."""
    if match := _SCORE_FIRST.match(label.strip()):
        return int(match[1])
    text = re.sub(r"[^a-z0-9<>]+", " ", label.lower()).strip().replace("noninvasive", "non invasive")
    text = text.replace("nonvocal", "non vocal")
    scores = {score for phrase, score in labels().get(item, ()) if f" {phrase}" in f" {text}"}
    return scores.pop() if len(scores) == 1 else None


def speaks(item: str, examples: Iterable[str]) -> float:
    """Share of some cells that are answers of an item in words."""
    cells = list(examples)
    return sum(label_score(item, cell) is not None for cell in cells) / len(cells) if cells else 0.0


def scored(supplied: pl.Series, item: str) -> pl.Series:
    """Cells of an item with answers in words replaced by their scores; other cells as they are."""
    if supplied.dtype != pl.String:
        return supplied
    if not supplied.str.contains(r"[A-Za-z]{3}").any():
        return supplied
    coding = {
        cell: label_score(item, cell) for cell in supplied.drop_nulls().unique() if re.search(r"[A-Za-z]{3}", cell)
    }
    known = {cell: str(score) for cell, score in coding.items() if score is not None}
    return supplied.replace(known) if known else supplied


def sited(supplied: pl.Series) -> pl.Series:
    """Descriptions of the first region with a site named in them replaced by that site; other cells as they are."""
    if supplied.dtype != pl.String:
        return supplied
    cells = supplied.filter(~blank(supplied)).unique()
    plain = dict(zip(cells, folded(cells), strict=True))
    coding: dict[str, str] = {}
    for cell, word in plain.items():
        text = _ascii(word.replace("_", " "))
        # One word must be the site's own; within several words the site may be inflected.
        several = len(text.split()) > 1
        sites = {site for phrase, site in SITE_WORDS if phrase == text or (several and f" {phrase}" in f" {text}")}
        if len(sites) == 1:
            coding[cell] = sites.pop()
    return words(supplied).replace(coding) if coding else supplied


def _ascii(text: str) -> str:
    pairs = str.maketrans("àâäçéèêëîïìíôöòóûüùúñ", "aaaceeeeiiiioooouuuun")
    return text.translate(pairs)
