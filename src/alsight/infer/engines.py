"""ENGINES: one row a model, with the functions that fit it, predict, simulate and print; and fits read from files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl

from alsight.base.provenance import Provenance
from alsight.infer.fit import ARRAYS, BY_ROWS, FORMAT, NO_COURSE, CourseFunctions, Fit
from alsight.infer.items.fit import COURSE as ITEMS_COURSE
from alsight.infer.items.fit import fit_items
from alsight.infer.items.responses import ItemsPlan
from alsight.infer.joint.fit import COURSE as JOINT_COURSE
from alsight.infer.joint.fit import fit_joint
from alsight.infer.joint.plan import JointPlan
from alsight.infer.linear import fit_linear
from alsight.infer.marginal import fit_marginal
from alsight.infer.mixture.fit import fit_mixture
from alsight.infer.sigmoid import fit_sigmoid
from alsight.infer.store import read_store
from alsight.infer.survival.cox import fit_cox
from alsight.infer.velocity.fit import COURSE as VELOCITY_COURSE
from alsight.infer.velocity.fit import fit_velocity
from alsight.infer.velocity.people import VelocityColumns
from alsight.models.catalogue import from_plain
from alsight.models.model import Columns, Parameter, Record


@dataclass(frozen=True)
class Engine:
    """Everything that can be done with a model.

    Attributes:
        fit: from tables to a `Fit`.
        course: what its fits predict and simulate.
        plan: type of `Fit.plan`; None where the design's encoding says it all.
        table: from a fit to its printed parameters.
    """

    fit: Callable[..., Fit]
    course: CourseFunctions = BY_ROWS
    plan: type[Any] | None = None
    table: Callable[..., pl.DataFrame] = Fit.table


ENGINES: Final[dict[str, Engine]] = {
    "linear": Engine(fit_linear),
    "marginal": Engine(fit_marginal),
    "cox": Engine(fit_cox, NO_COURSE),
    "joint": Engine(fit_joint, JOINT_COURSE, JointPlan),
    "velocity": Engine(fit_velocity, VELOCITY_COURSE, VelocityColumns),
    "sigmoid": Engine(fit_sigmoid),
    "mixture": Engine(fit_mixture),
    "items": Engine(fit_items, ITEMS_COURSE, ItemsPlan),
}
"""By the names of `models.catalogue.MODELS`."""


def load(path: Path | str) -> Fit:
    """A fit that `Fit.save` wrote.

    Raises:
        DataError: the file is no saved fit, or a newer program wrote it.
    """
    how_to_fix = "Fit the model again, or give the file that `save` wrote."
    plain, arrays = read_store(path, FORMAT, "fit", how_to_fix, ARRAYS)
    further = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith("arrays/")}
    if plain["format"] == 1 and "plan" in further:  # the plan stood among the arrays, as JSON
        plain["plan"] = json.loads(np.asarray(further.pop("plan")).tobytes())
    made, plan, engine = plain["provenance"], plain.get("plan"), ENGINES[plain["model"]["name"]]
    return Fit(
        **{name: arrays[name] for name in ARRAYS},
        arrays=further,
        parameters=tuple(msgspec.convert(plain["parameters"], list[Parameter])),
        columns=msgspec.convert(plain["columns"], Columns),
        model=from_plain(plain["model"]),
        record=msgspec.convert(plain["record"], Record),
        plan=None if plan is None or engine.plan is None else msgspec.convert(plan, engine.plan),
        course=engine.course,
        provenance=None if made is None else msgspec.convert(made, Provenance),
    )
