"""MODELS: one row a model that can be fitted, with the class that says its law."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alsight.base.spec import Spec
from alsight.models.hazards import Cox
from alsight.models.latent.items import Items
from alsight.models.latent.joint import Joint
from alsight.models.latent.mixture import Mixture
from alsight.models.latent.sigmoid import Sigmoid
from alsight.models.latent.velocity import Velocity
from alsight.models.linear import Linear
from alsight.models.marginal import Marginal

MODELS: Final[dict[str, type[Spec]]] = {
    "linear": Linear,
    "marginal": Marginal,
    "cox": Cox,
    "joint": Joint,
    "velocity": Velocity,
    "sigmoid": Sigmoid,
    "mixture": Mixture,
    "items": Items,
}
"""Name of a model to its class, a Spec that follows `models.model.Model`."""


def model_name(model: Any) -> str:
    """The name under which a model stands in the table."""
    return next(name for name, kind in MODELS.items() if type(model) is kind)


def to_plain(model: Any) -> dict[str, Any]:
    """A model as plain values that JSON can hold."""
    return {"name": model_name(model), "fields": msgspec.to_builtins(model)}


def from_plain(plain: dict[str, Any]) -> Any:
    """The model that `to_plain` wrote."""
    return msgspec.convert(plain["fields"], MODELS[plain["name"]])
