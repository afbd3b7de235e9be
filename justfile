# Tasks of the project; `just` alone lists them. All run in the environment that ./setup makes.
set shell := ["sh", "-eu", "-c"]
export PATH := justfile_directory() / ".venv/bin:" + env("PATH")
export OMP_NUM_THREADS := "1"
export OPENBLAS_NUM_THREADS := "1"

_list:
    @just --list

# Make or refresh the environment.
setup:
    ./setup

# Format, lint, types, floors.
check:
    ruff format --check .
    ruff check .
    basedpyright
    lint-imports --verbose

# Correct what a tool can fix.
fix:
    ruff format .
    ruff check --fix .

# The quick tests.
test *args:
    pytest -n 2 --dist worksteal -m "not slow" {{args}}

# Recovery, calibration and campaign tests in full.
slow *args:
    ALSIGHT_FULL=1 pytest -m slow {{args}}

# The slow tests in their shortened form.
short *args:
    pytest -n 2 --dist worksteal -m slow {{args}}

# The Chromium that the browser tests drive, from the system's packages (Debian, as root).
browser:
    command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

# Everything that must hold before a change lands.
ci: check test short

# Pages made from code.
docs:
    python docs/generate.py

# Timings, one after another; peers run beside ours where they install, and ratios are printed.
bench:
    for name in read_visits cohort_check read_proact instruments episodes_and_describe linear batched_trials marginal joint \
        mechanism velocity wins; do echo "== $name"; python -m "benchmarks.$name"; done

# Evidence for claims, one script after another; `python -m validation.verdicts.campaign` has plans of its own.
validate:
    for name in forecast expect causes review plateaus calibration; do echo "== $name"; python -m "validation.$name"; done

# Shipped data, each maker before those that read what it makes (hours); `just make targets` runs one.
make name *args:
    python -m alsight.make {{name}} {{args}}

# The lock, exported without addresses.
lock:
    uv lock -q
    uv export -q --no-hashes --no-annotate --no-header --no-emit-project --all-groups -o requirements.lock
