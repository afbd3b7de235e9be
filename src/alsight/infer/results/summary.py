"""A fit in words and tables, as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from alsight.base.status import ADVICE, Status
from alsight.infer.results.printing import as_html, as_text
from alsight.models.marginal import Marginal


@dataclass(frozen=True)
class Summary:
    """A fit in words and tables; printed as text, in a notebook as HTML.

    Attributes:
        facts: names and values, from the call to the criteria.
        tables: by their headings.
        notes: sentences for the reader.
    """

    facts: tuple[tuple[str, str], ...]
    tables: dict[str, pl.DataFrame]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As text."""
        width = max(len(name) for name, _ in self.facts)
        parts = ["\n".join(f"{name.ljust(width)}  {value}" for name, value in self.facts)]
        parts += [f"{heading}\n{as_text(table)}" for heading, table in self.tables.items()]
        return "\n\n".join([*parts, *(["\n".join(self.notes)] if self.notes else [])])

    __repr__ = __str__

    def html(self) -> str:
        """As HTML."""
        facts = as_html(pl.DataFrame({"": [n for n, _ in self.facts], " ": [v for _, v in self.facts]}))
        tables = "".join(as_html(table, heading) for heading, table in self.tables.items())
        notes = pl.DataFrame({"note": list(self.notes)})
        return f"<div>{facts}{tables}{as_html(notes) if self.notes else ''}</div>"

    def _repr_html_(self) -> str:
        return self.html()


def facts_of(fit: Any) -> list[tuple[str, str]]:
    """What the head of a summary says of a `ModelFit`: names and values."""
    record, columns = fit.fit.record, fit.fit.columns
    facts = [("Model", fit.title), ("Call", fit.call), ("Method", record.method.upper())]
    if isinstance(fit.fit.model, Marginal):
        facts.append(("Structure", fit.fit.model.structure))
        facts.append(("Visits", ", ".join(columns.slots)))
    if getattr(columns, "groups", ("all",)) != ("all",):
        facts.append(("Groups", ", ".join(columns.groups)))
    advice = "" if fit.status == "converged" else f": {ADVICE[Status(int(fit.fit.status))]}"
    facts += [
        ("People", str(record.subjects)),
        ("Values", str(record.values) + (f" ({record.dropped} rows excluded)" if record.dropped else "")),
        ("Status", fit.status.replace("_", " ") + advice),
    ]
    if np.isfinite(fit.log_likelihood):
        facts += [
            ("Log likelihood", f"{fit.log_likelihood:.4f}"),
            ("AIC", f"{fit.aic:.2f}"),
            ("BIC", f"{fit.bic:.2f}"),
        ]
    return facts
