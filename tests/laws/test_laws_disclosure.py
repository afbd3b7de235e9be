"""A report that is sent tells no small count: not in a cell, not by subtraction over everything that is written.

Random cohorts with planted counts are written in full, read back as a reader would, and attacked: every table of the
page, the statement and the summary beside it become one system of equations, and of each cell that says "fewer than 5"
the least and the greatest value that the system allows are sought by integer programming.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from html import unescape
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from scipy.optimize import Bounds, milp

from alsight.base.progress import silent
from alsight.base.provenance import Provenance
from alsight.cohort.example import example_cohort
from alsight.detect.kinds import REVIEWED, VERDICTS, Verdict
from alsight.detect.statement.counts import COUNTED, cohort_statement
from alsight.detect.statement.model_count import STATEMENT
from alsight.report.compose import Findings, find, page
from alsight.report.disclosure.policy import Policy
from alsight.report.page.blocks import Drawing
from alsight.report.page.charts import WIDE
from alsight.report.page.render import decide, html
from alsight.report.verdicts.tables import printed_counts, printed_statement
from alsight.summary.characteristics import missingness, traits
from report.assessed import assessed
from report.test_report_privacy import Tables, listed

SMALL = range(1, 5)
VERDICT_BARS = "People by headline verdict"
Cell = tuple[str, ...]


@dataclass
class System:
    """What a reader knows: numbers, labels and sums."""

    numbers: dict[Cell, str] = field(default_factory=dict)
    sums: list[tuple[str | Cell, list[Cell]]] = field(default_factory=list)

    def add(self, cell: Cell, shown: str) -> None:
        assert self.numbers.setdefault(cell, shown) == shown, f"{cell} reads {shown} and {self.numbers[cell]}"

    def ends(self, cell: Cell) -> tuple[float, float]:
        shown = self.numbers.get(cell, "")
        if shown.replace(",", "").isdigit():
            return (float(shown.replace(",", "")),) * 2
        return (1.0, 4.0) if shown == "fewer than 5" else (0.0, 1000.0)

    def range_of(self, cell: Cell) -> tuple[int, int]:
        """Least and greatest value that everything printed allows."""
        near = self._near(cell)
        names = list(dict.fromkeys([cell, *(name for total, parts in near for name in (total, *parts))]))
        matrix = np.zeros((len(near), len(names)))
        for line, (total, parts) in enumerate(near):
            matrix[line, names.index(total)] -= 1
            for part in parts:
                matrix[line, names.index(part)] += 1
        ends = [self.ends(name) for name in names]
        if not near:
            return round(ends[0][0]), round(ends[0][1])
        aim = np.array([1.0] + [0.0] * (len(names) - 1))
        zero = np.zeros(len(near))
        bounds = Bounds([end[0] for end in ends], [end[1] for end in ends])
        least, most = (
            milp(sign * aim, constraints=[(matrix, zero, zero)], bounds=bounds, integrality=np.ones(len(names))).fun
            for sign in (1.0, -1.0)
        )
        return round(least), round(-most)

    def _near(self, cell: Cell) -> list[tuple[Cell, list[Cell]]]:
        """Sums that are tied to a cell through others that are not printed."""
        found, ahead, met = [], [cell], {cell}
        while ahead:
            name = ahead.pop()
            for one in self.sums:
                if one not in found and name in (one[0], *one[1]):
                    found.append(one)
                    new = {part for part in (one[0], *one[1]) if self.ends(part)[0] != self.ends(part)[1]} - met
                    met |= new
                    ahead += new
        return found  # type: ignore[return-value]


def read_page(text: str) -> System:
    """Every count of the page, and how a reader knows them to add up."""
    system = System()
    for table in Tables(text).tables:
        heads = table[0]
        if heads[0] == "verdict" and "people now" in heads:
            _read_verdicts(system, table)
        elif heads[0] == "verdict":
            for row in table[1:]:
                _read_kept(system, heads, row)
        elif heads[0] == "trait":
            group = ""
            for row in table[1:]:
                group = row[0] if len(row) == 1 else group
                if len(row) > 1:
                    system.add(("trait", group, row[0]), row[1])
    for group in {cell[1] for cell in system.numbers if cell[0] == "trait"}:
        system.sums.append((("everyone",), [cell for cell in system.numbers if cell[:2] == ("trait", group)]))
    system.add(("everyone",), re.search(r"Plateaus and reversals in ([\d,]+) people", text)[1])  # type: ignore[index]
    lead = unescape(re.search(r'class="lead">(.*?)</p>', text, flags=re.DOTALL)[1])  # type: ignore[index]
    gains = re.search(r"natural history: (fewer than 5|a hidden number|no|[\d,]+)(?: of)? held or lost gain", lead)
    assert gains is not None, lead
    system.add(("gains",), "0" if gains[1] == "no" else gains[1])
    return system


def _read_verdicts(system: System, table: list[list[str]]) -> None:
    for row in table[1:]:
        name = row[0].lower()
        system.add(("people", name), row[1])
        system.add(("people now", name), row[3])
        if row[1] in ("hidden", "fewer than 5"):
            assert row[2] == "\u2013", row
    for column in ("people", "people now"):
        system.sums.append((("everyone",), [cell for cell in system.numbers if cell[0] == column]))
    system.sums.append((("gains",), [("people", name) for name in sorted(REVIEWED)]))


def _read_kept(system: System, heads: list[str], row: list[str]) -> None:
    name = row[0].lower()
    system.add(("people", name), row[1])
    for head, shown in zip(heads[2:], row[2:], strict=True):
        system.add((head, name), shown)
        system.sums.append((("people", name), [(head, name), ("not " + head, name)]))


def read_statement(system: System, statement: pl.DataFrame) -> None:
    """The counts of statement.csv: a group that is not stated is what is missing from the sum."""
    for row in statement.iter_rows(named=True):
        which = (row["definition"], str(row["months"]), str(row["points"]))
        for column in ("eligible", "observed"):
            shown = "hidden" if row[column] is None else f"{row[column]:.0f}"
            system.add((column, row["subgroup"], *which), shown)
            if row["subgroup"] == "everyone":
                groups = [(column, name, *which) for name in ("bulbar", "limb", "others")]
                system.sums.append(((column, "everyone", *which), groups))  # type: ignore[arg-type]


def random_statement(rng: np.random.Generator) -> pl.DataFrame:
    """Consistent counts of three regions, of which the third is too small to be stated."""
    rows = []
    for reading in COUNTED:
        sizes = dict(
            zip(
                ("bulbar", "limb", "others"),
                (rng.integers(20, 90), rng.integers(20, 150), rng.integers(0, 19)),
                strict=True,
            )
        )
        rare = rng.choice([0.01, 0.04, 0.2])
        observed = {name: int(rng.binomial(size, rare)) for name, size in sizes.items()}
        sizes, observed = ({**one, "everyone": sum(one.values())} for one in (sizes, observed))
        for by, name in (("", "everyone"), ("onset region", "bulbar"), ("onset region", "limb")):
            rows.append(
                {
                    "by": by,
                    "subgroup": name,
                    "definition_text": reading.name,
                    "kind": reading.kind,
                    "definition": reading.rule.name,
                    "months": reading.months,
                    "points": reading.threshold if reading.kind == "gain" else None,
                    "eligible": sizes[name],
                    "observed": float(observed[name]),
                    "expected": 0.1 * sizes[name],
                    "expected_low": 0.0,
                    "expected_high": 0.3 * sizes[name],
                    "upper_tail_probability": 0.3,
                    "cross_fit_expected": 0.9 * observed[name],
                }
            )
    return pl.DataFrame(rows, schema=STATEMENT)


def planted(found: Findings, seed: int) -> Findings:
    """The same people with other verdicts, traits and numbers beside natural history; many counts are small."""
    rng = np.random.default_rng(seed)
    size = found.cohort.size
    names = list(VERDICTS)

    def dealt() -> list[str]:
        chances = rng.dirichlet(np.full(len(names), 0.25))
        return [names[place] for place in rng.choice(len(names), size, p=chances)]

    people = found.assessed.people.with_columns(verdict=pl.Series(dealt()), current=pl.Series(dealt()))
    people = people.with_columns(review=pl.col("verdict").is_in(list(REVIEWED)))
    amounts = pl.DataFrame({"worse": [2.0, 4.0, 8.0]})
    gains = people.filter(pl.col("verdict").is_in(list(REVIEWED))).select("subject", "verdict")
    lost = pl.Series(rng.random(gains.height * 3) < rng.choice([0.05, 0.5]), dtype=pl.Boolean)
    sensitivity = gains.join(amounts, how="cross").with_columns(
        verdict=pl.when(lost).then(pl.lit(Verdict.UNDECIDED.value)).otherwise("verdict")
    )
    genes = rng.choice(["sod1", "fus", "c9orf72", "none_found", None], size, p=rng.dirichlet(np.full(5, 0.3)))  # type: ignore[arg-type]
    sexes = rng.choice(["female", "male"], size, p=[0.01, 0.99] if seed % 3 == 0 else [0.5, 0.5])
    subjects = found.cohort.subjects.with_columns(
        genotype=pl.Series(list(genes), dtype=pl.String), sex=pl.Series(list(sexes))
    )
    cohort = replace(found.cohort, subjects=subjects)
    portrait = found.portrait | {"traits": traits(cohort), "missingness": missingness(cohort)}
    statement = random_statement(rng)
    verdicts = replace(
        found.assessed,
        people=people,
        sensitivity=sensitivity,
        statement=statement,
        sentence=cohort_statement(statement),
    )
    return replace(found, cohort=cohort, assessed=verdicts, portrait=portrait)


@cache
def whole() -> Findings:
    """The example cohort, of which every example takes what it does not plant."""
    cohort = example_cohort()
    return find(cohort, assessed(cohort), silent)


@contextmanager
def undrawn(everyone: int) -> Iterator[list[tuple[str, str]]]:
    """What every chart is given, in place of the drawing: label and data."""
    observed: list[tuple[str, str]] = []

    def of(chart: Callable[[int], Any], label: str, caption: str, *more: Any, pair: bool) -> Drawing:
        if label == VERDICT_BARS:
            observed.append((label, json.dumps(chart(WIDE).to_dict(validate=False))))
        return Drawing(Markup('<svg role="img" aria-label="{}"></svg>').format(label), Markup(), caption, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Drawing, "of", of)
        patch.setattr("alsight.report.verdicts.people.EVERYONE", everyone)
        patch.setattr("alsight.report.verdicts.dossier.svg", lambda *_: Markup("<svg></svg>"))
        yield observed


@settings(deadline=None, max_examples=10, phases=[Phase.explicit, Phase.generate])
@given(seed=st.integers(0, 2**32 - 1), pages=st.sampled_from([0, 4]), everyone=st.sampled_from([0, 40, 500]))
def test_no_hidden_count_can_be_had_from_everything_that_is_written(seed: int, pages: int, everyone: int) -> None:
    found = planted(whole(), seed)
    record = Provenance(program="alsight", verb="assess", request={}, inputs={})
    with undrawn(everyone) as drawn:
        made = page(found, record, pages=pages, name="", progress=silent)
        shown = decide(made, Policy())
        text = html(made, shown)
    system = read_page(text)
    read_statement(system, printed_statement(found.assessed.statement, shown))
    truth = _truth(found)
    public = listed(text)
    for cell, label in system.numbers.items():
        real = truth.get(cell)
        if real is not None and real in SMALL and label == str(real):
            kind = cell[0]
            assert kind in ("people", "people now", "trait"), cell
            assert kind != "people" or public[cell[1].capitalize()] >= real - 1, cell
        if label == "fewer than 5":
            low, high = system.range_of(cell)
            assert high == 4, cell
            assert low <= max(1, public.get(cell[1].capitalize(), 0) + 1 if cell[0] == "people" else 4), cell
        elif label == "hidden" and real in SMALL:
            low, high = system.range_of(cell)
            assert low < high, cell
    _attack_files(found, system, shown)
    _attack_charts(drawn, system)


def _truth(found: Findings) -> dict[Cell, int]:
    """The planted counts by the cell that they stand in."""
    people = found.assessed.people
    truth: dict[Cell, int] = defaultdict(int)
    for column, name in (("people", "verdict"), ("people now", "current")):
        truth |= {(column, verdict): size for verdict, size in people[name].value_counts().iter_rows()}
    for row in found.assessed.statement.iter_rows(named=True):
        which = (row["subgroup"], row["definition"], str(row["months"]), str(row["points"]))
        truth |= {("eligible", *which): row["eligible"], ("observed", *which): int(row["observed"])}
    return dict(truth)


def _attack_files(found: Findings, system: System, shown: object) -> None:
    """The summary beside the page prints what the page prints, no more."""
    counts = printed_counts(found.assessed, shown)  # type: ignore[arg-type]
    for key, column in (("headline", "people"), ("current", "people now")):
        for verdict, size in counts[key].items():
            label = system.numbers[column, verdict]
            assert (label.replace(",", "") if size is not None else None) == (None if size is None else str(size))
    stated = printed_statement(found.assessed.statement, shown)  # type: ignore[arg-type]
    hidden = stated.filter(pl.col("observed").is_null())
    assert hidden["cross_fit_expected"].null_count() == hidden["upper_tail_probability"].null_count() == hidden.height


def _attack_charts(drawn: list[tuple[str, str]], system: System) -> None:
    """Charts hold no verdict whose count is not printed."""
    hidden = [
        cell[1].capitalize() for cell, label in system.numbers.items() if cell[0] == "people" and not label[0].isdigit()
    ]
    for label, data in drawn:
        if label == VERDICT_BARS:
            assert not [name for name in hidden if f'"{name}"' in data]


def test_the_attack_finds_what_is_not_protected() -> None:
    """The attacker of this file is no straw man: with only the small count hidden it gets it."""
    system = System({("everyone",): "300", ("a",): "297", ("b",): "fewer than 5", ("c",): "0"})
    system.sums.append((("everyone",), [("a",), ("b",), ("c",)]))
    assert system.range_of(("b",)) == (3, 3)
    system.numbers["a",] = "hidden"
    assert system.range_of(("b",)) == (1, 4)
