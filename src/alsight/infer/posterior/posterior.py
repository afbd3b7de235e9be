"""Posterior: draws of every parameter on its natural scale, with the diagnostics that say whether to believe them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import polars as pl
from blackjax.diagnostics import ess_bulk, ess_tail, rhat
from jaxtyping import Array, Bool, Float, Int

from alsight.base.errors import NotConverged
from alsight.base.status import ADVICE, Status
from alsight.infer.posterior.priors import Priors
from alsight.infer.store import read_store, write_store
from alsight.models.catalogue import from_plain, to_plain
from alsight.models.model import Columns, Parameter, Record

FORMAT: Final = 1
"""Version of the file that `save` writes; `load_posterior` refuses a newer one."""
RHAT: Final = 1.01
"""Largest R-hat at which chains count as mixed (Vehtari et al. 2021, section 4)."""
ENOUGH: Final = 400.0
"""Least effective sample size, bulk and tail (Vehtari et al. 2021, section 4)."""
QUANTILES: Final = (0.025, 0.25, 0.5, 0.75, 0.975)


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Draws of the parameters given the data.

    Attributes:
        draws: natural values.
        log_density: log posterior density of each draw on the sampler's scale, up to a constant.
        divergent: draws whose trajectory diverged.
        leaps: leapfrog steps of each draw.
        step: adapted step size of each chain, in standard deviations.
        ended: CONVERGED, or why nothing could be sampled; every draw is then nan.
        priors: one row a parameter.
        seed: reproduces every draw.
        parameters: names, scales and units.
        columns: names of the design's columns.
        model: the model.
        record: method, counts and notes.
    """

    draws: Float[np.ndarray, "chain draw parameter"]
    log_density: Float[np.ndarray, "chain draw"]
    divergent: Bool[np.ndarray, "chain draw"]
    leaps: Int[np.ndarray, "chain draw"]
    step: Float[np.ndarray, " chain"]
    ended: Status
    priors: Priors
    seed: int
    parameters: tuple[Parameter, ...]
    columns: Columns
    model: Any
    record: Record

    @property
    def names(self) -> tuple[str, ...]:
        """Printed names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def __getitem__(self, name: str) -> Float[np.ndarray, "chain draw"]:
        """The draws of one parameter by its printed name."""
        return self.draws[..., self.names.index(name)]

    def table(self, quantiles: tuple[float, ...] = QUANTILES) -> pl.DataFrame:
        """One row a parameter: mean, SD, quantiles, R-hat, bulk and tail effective sample size.

        R-hat is rank-normalized, split and folded. The mean's Monte Carlo error is about sd / sqrt(ess_bulk).

        Args:
            quantiles: which quantiles to print, between 0 and 1.

        Source: vehtari2021
        """
        flat = self.draws.reshape(-1, len(self.parameters))
        diagnosed = diagnose(self.draws)
        ends = np.quantile(flat, quantiles, axis=0)
        return pl.DataFrame(
            {
                "parameter": list(self.names),
                "mean": flat.mean(axis=0),
                "sd": flat.std(axis=0, ddof=1),
                **{f"q{100 * level:g}": row for level, row in zip(quantiles, ends, strict=True)},
                **diagnosed,
            }
        )

    def problems(self) -> dict[Status, str]:
        """What speaks against these draws, each with its number; empty where nothing does."""
        if self.ended != Status.CONVERGED:
            return {self.ended: "nothing was sampled"}
        if not np.isfinite(self.draws).all():
            return {Status.NOT_FINITE: f"{int((~np.isfinite(self.draws)).sum())} values are not finite"}
        table, found = self.table(()), dict[Status, str]()
        diverged, worst = int(self.divergent.sum()), table.sort("rhat", descending=True, nulls_last=False).row(0)
        highest = float(np.nan_to_num(table["rhat"].to_numpy(), nan=np.inf).max())
        least = table.select(least=pl.min_horizontal("ess_bulk", "ess_tail").fill_nan(0.0), name="parameter").sort(
            "least"
        )
        if diverged:
            found[Status.DIVERGENT] = f"{diverged} of {self.divergent.size} trajectories diverged"
        if highest > RHAT:
            found[Status.NOT_MIXED] = f"R-hat is {highest:.3f} for {worst[0]}, above {RHAT}"
        if float(least["least"][0]) < ENOUGH:
            found[Status.FEW_DRAWS] = (
                f"the effective sample size of {least['name'][0]} is {least['least'][0]:.0f}, below {ENOUGH:.0f}"
            )
        return found

    @property
    def status(self) -> Status:
        """The gravest problem, or CONVERGED."""
        return next(iter(self.problems()), Status.CONVERGED)

    def check(self) -> Posterior:
        """The posterior itself, if its draws can be believed.

        Raises:
            NotConverged: chains that did not mix, too few effective draws, or divergent trajectories, with advice.
        """
        if found := self.problems():
            lines = [
                f"{status.name.lower().replace('_', ' ')}: {what}. {ADVICE[status]}" for status, what in found.items()
            ]
            raise NotConverged("\n".join([*lines, *self.record.notes]))
        return self

    def save(self, path: Path | str) -> Path:
        """Write the draws as one `.npz` file of arrays and JSON (no pickle)."""
        plain = {
            "format": FORMAT,
            "kind": "posterior",
            "ended": int(self.ended),
            "seed": self.seed,
            "priors": msgspec.to_builtins(self.priors),
            "columns": asdict(self.columns),
            "parameters": [asdict(parameter) for parameter in self.parameters],
            "model": to_plain(self.model),
            "record": asdict(self.record),
        }
        store = {name: np.asarray(getattr(self, name)) for name in _ARRAYS}
        return write_store(path, plain, store)


_ARRAYS = ("draws", "log_density", "divergent", "leaps", "step")


def diagnose(draws: Float[np.ndarray, "chain draw parameter"]) -> dict[str, Float[np.ndarray, " parameter"]]:
    """R-hat (rank-normalized, split, folded) and bulk and tail effective sample size of each parameter.

    nan where a parameter's draws are not finite.

    Source: vehtari2021
    """
    fine = np.isfinite(draws).all(axis=(0, 1))
    found = _diagnosed(jnp.asarray(draws))
    return {name: np.where(fine, np.asarray(value).reshape(-1), np.nan) for name, value in found.items()}


@jax.jit
def _diagnosed(draws: Float[Array, "chain draw parameter"]) -> dict[str, Array]:
    return {"rhat": rhat(draws), "ess_bulk": ess_bulk(draws), "ess_tail": ess_tail(draws)}


def load_posterior(path: Path | str) -> Posterior:
    """Draws that `Posterior.save` wrote.

    Raises:
        DataError: the file is no saved posterior, or a newer program wrote it.
    """
    how_to_fix = "Sample again, or give the file that `save` wrote."
    plain, arrays = read_store(path, FORMAT, "posterior", how_to_fix, _ARRAYS)
    return Posterior(
        **{name: arrays[name] for name in _ARRAYS},
        ended=Status(plain["ended"]),
        priors=msgspec.convert(plain["priors"], Priors),
        seed=plain["seed"],
        parameters=tuple(msgspec.convert(plain["parameters"], list[Parameter])),
        columns=msgspec.convert(plain["columns"], Columns),
        model=from_plain(plain["model"]),
        record=msgspec.convert(plain["record"], Record),
    )
