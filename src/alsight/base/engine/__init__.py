"""The numerical engine's settings, made once: JAX in 64 bit, compiled programs kept in the user's cache folder.

Every module that computes with JAX imports this one first; importing `alsight.models` or `alsight.infer` does so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import jax

ONE_THREAD: Final[dict[str, str]] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""Environment of a worker process, set before it starts: many small tensor operations on many threads only spin."""


def cache_folder() -> Path:
    """The user's cache folder for this program; `ALSIGHT_CACHE` overrides it."""
    if supplied := os.environ.get("ALSIGHT_CACHE"):
        return Path(supplied)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "alsight"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "alsight"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "alsight"


def start() -> None:
    """Turn 64 bit on and keep compiled programs, so that a second process starts warm; no folder, no cache."""
    jax.config.update("jax_enable_x64", True)
    folder = cache_folder() / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a read-only home: everything works, only slower the first time
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


start()
