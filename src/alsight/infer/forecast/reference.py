"""The shipped reference fits: joint models of a simulated register, for cohorts too small for their own.

`python -m alsight.make forecast` makes them again from the mechanism's present parameters.
"""

from __future__ import annotations

from importlib.resources import as_file, files

from alsight.infer.engines import load
from alsight.infer.fit import Fit
from alsight.infer.forecast.tables import Event


def reference_fit(event: Event) -> Fit:
    """The shipped fit for one event."""
    with as_file(files("alsight.infer.forecast") / f"reference_{event}.npz") as location:
        return load(location)
