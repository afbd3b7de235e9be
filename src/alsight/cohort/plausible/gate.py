"""The gate between reading and judging: what is implausible about a cohort, and what stops there."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from alsight.base.errors import DataError, Fault, SpecError, request_field
from alsight.cohort.cohort import Cohort
from alsight.cohort.plausible.checks import CHECKS
from alsight.cohort.plausible.finding import Finding, facts

COLUMNS = ("name", "grave", "found", "why", "how_to_fix")
"""Columns of the table of findings."""


class ImplausibleError(DataError):
    """The data can be read, but not be what they seem to be: results would be wrong without a word."""


def findings(cohort: Cohort) -> tuple[Finding, ...]:
    """What is implausible about a cohort, grave findings first."""
    observed = facts(cohort)
    return tuple(
        Finding(name=check.name, grave=check.grave, found=found, why=check.why, how_to_fix=check.how_to_fix)
        for check in CHECKS
        if (found := check.look(observed))
    )


def plausible(cohort: Cohort, accept: Collection[str] = ()) -> tuple[Finding, ...]:
    """The findings about a cohort that is to be assessed.

    Args:
        cohort: the people.
        accept: names of grave checks whose finding the user accepts.

    Raises:
        ImplausibleError: a grave finding that was not accepted, each with why it matters and how to fix it.
        SpecError: a name that is no check.
    """
    unknown = sorted(set(accept) - {check.name for check in CHECKS})
    if unknown:
        names = ", ".join(check.name for check in CHECKS if check.grave)
        raise SpecError([("accept", f"one of {names}", name) for name in unknown])
    reported = findings(cohort)
    grave = [finding for finding in reported if finding.grave and finding.name not in accept]
    if grave:
        raise ImplausibleError([_fault(finding) for finding in grave])
    return reported


def finding_table(reported: Collection[Finding]) -> pl.DataFrame:
    """Findings as a table, one row a finding."""
    schema = {name: pl.Boolean if name == "grave" else pl.String for name in COLUMNS}
    return pl.DataFrame([[getattr(one, name) for name in COLUMNS] for one in reported], schema=schema, orient="row")


def _fault(finding: Finding) -> Fault:
    return Fault(
        table="file",
        rule=finding.name,
        message=f"{finding.found} {finding.why}",
        how_to_fix=f"{finding.how_to_fix} If the data are right as they are: "
        f"{request_field('accept', finding.name, listed=True)}.",
    )
