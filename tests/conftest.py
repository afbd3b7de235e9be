"""Shapes and types of every annotation of alsight are checked while the tests run."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any

import numba
from jaxtyping import install_import_hook

_njit = numba.njit


def _compiled_as_written(*given: Any, **options: Any) -> Any:
    """`numba.njit` of the function as written: a kernel compiles its source and cannot compile a checking wrapper."""
    if given and callable(given[0]):
        return _njit(inspect.unwrap(given[0]), *given[1:], **options)
    decorate = _njit(*given, **options)
    return lambda function: decorate(inspect.unwrap(function))


def _check(packages: str, typechecker: str) -> Callable[[], None]:
    numba.njit = _compiled_as_written
    hook = install_import_hook(packages, typechecker)
    return hook.uninstall


if not os.environ.get("ALSIGHT_UNCHECKED"):
    _check("alsight", "checking.checked")
