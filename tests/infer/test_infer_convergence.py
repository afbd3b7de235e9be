"""The committed result of `validation/convergence.py`: nearly every fit converges, quickly, and the others say why."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from alsight.infer.engines import ENGINES
from alsight.models.catalogue import MODELS

HOME = Path(__file__).parents[2] / "validation"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("convergence", HOME / "convergence.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def result(script: ModuleType) -> pl.DataFrame:
    return pl.read_csv(script.RESULT)


def test_every_model_meets_every_cohort(script: ModuleType, result: pl.DataFrame) -> None:
    assert list(ENGINES) == list(MODELS) == list(script.FITS)
    assert len(script.COHORTS) == 6
    met = result.select("model", "cohort").rows()
    assert sorted(met) == sorted((model, cohort) for model in script.FITS for cohort in script.COHORTS)


def test_nearly_all_converge_and_the_others_say_why(script: ModuleType, result: pl.DataFrame) -> None:
    converged = result["status"] == "converged"
    assert converged.mean() >= 0.9
    assert (result.filter(~converged)["note"].fill_null("") != "").all()
    assert (result["cpu_seconds"] <= script.LONG).all()


@pytest.mark.parametrize("model", ["linear", "marginal", "cox", "joint"])
def test_the_result_is_what_the_fits_give_today(model: str, script: ModuleType, result: pl.DataFrame) -> None:
    row = result.filter(pl.col("model") == model, pl.col("cohort") == "dips").row(0, named=True)
    today = script.measured(model, "dips", script.COHORTS["dips"]())
    assert today["status"] == row["status"]
    assert today["log_likelihood"] == pytest.approx(row["log_likelihood"], abs=2e-3)
