"""MODELS: one row a model that can be fitted, with the class that says its law; loaded only when needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

import msgspec

from alsight.base.spec import Spec

MODELS: Final[dict[str, str]] = {
    "linear": "alsight.models.linear:Linear",
    "marginal": "alsight.models.marginal:Marginal",
    "cox": "alsight.models.cox:Cox",
    "joint": "alsight.models.joint:Joint",
    "velocity": "alsight.models.velocity:Velocity",
    "sigmoid": "alsight.models.latent.sigmoid:Sigmoid",
    "mixture": "alsight.models.latent.mixture:Mixture",
    "items": "alsight.models.latent.items:Items",
}
"""Name of a model to "module:class"; the class is a Spec that follows `models.model.Model`."""


def model_class(name: str) -> type[Spec]:
    """The class of a model by its name."""
    module, _, kind = MODELS[name].partition(":")
    return cast("type[Spec]", getattr(import_module(module), kind))


def model_name(model: Any) -> str:
    """The name under which a model stands in the table."""
    place = f"{type(model).__module__}:{type(model).__name__}"
    return next(name for name, home in MODELS.items() if home == place)


def to_plain(model: Any) -> dict[str, Any]:
    """A model as plain values that JSON can hold."""
    return {"name": model_name(model), "fields": msgspec.to_builtins(model)}


def from_plain(plain: dict[str, Any]) -> Any:
    """The model that `to_plain` wrote."""
    return msgspec.convert(plain["fields"], model_class(plain["name"]))
