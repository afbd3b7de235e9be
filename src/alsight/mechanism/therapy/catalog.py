"""Therapies ready to be named in a population file: how each is simulateed, and on what ground its numbers stand.

Strengths are chosen so that a simulated trial comes near the published one; where nothing is published they are
hypothetical, and say so. `docs/methods/therapies.md` tells what each can and cannot explain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alsight.mechanism.therapy.act import Act, Therapy


@dataclass(frozen=True)
class Entry:
    """One therapy of the catalog: the request, the ground of its strength, the source of that ground."""

    therapy: Therapy
    ground: str
    source: str = ""


_ENTRIES: Final = (
    Entry(
        Therapy(
            name="riluzole",
            kind="disease_modifying",
            exposure_log_sd=0.48,
            dose=50.0,
            dose_unit="mg",
            acts=(Act(channel="glutamate", strength=0.6),),
        ),
        "strength calibrated to a hazard ratio near 0.8 within 18 months; between-person exposure as measured",
        "bruno1997",
    ),
    Entry(
        Therapy(
            name="edaravone",
            kind="disease_modifying",
            dose=60.0,
            dose_unit="mg",
            acts=(Act(channel="oxidative", strength=0.8),),
        ),
        "strength assumed; 14 days on, 14 off is averaged over the month; one effect for all populations",
        "abe2017",
    ),
    Entry(
        Therapy(
            name="tofersen",
            kind="disease_modifying",
            genotypes=("sod1",),
            dose=100.0,
            dose_unit="mg",
            acts=(Act(channel="protein", strength=0.9, lag_months=0.7, washout_months=3.0),),
        ),
        "strength calibrated to neurofilament at 28 weeks; three doses in a month, hence the lag; washout assumed",
        "miller2022",
    ),
    Entry(
        Therapy(
            name="antisense",
            genotypes=("c9orf72", "fus", "tardbp", "sod1"),
            responders=0.8,
            acts=(Act(channel="protein", strength=0.6, lag_months=2.0, washout_months=3.0),),
        ),
        "hypothetical antisense to the mutated gene",
    ),
    Entry(
        Therapy(
            name="gene_protective_factor",
            responders=0.7,
            stop_month=None,
            acts=(
                Act(channel="loss", strength=0.4, lag_months=3.0),
                Act(channel="committed", strength=0.2, lag_months=3.0),
            ),
        ),
        "hypothetical one-off gene transfer of a protective factor; responders are those not neutralized by antibodies",
    ),
    Entry(
        Therapy(
            name="gene_correction",
            genotypes=("sod1", "c9orf72", "fus", "tardbp"),
            responders=0.8,
            acts=(Act(channel="protein", strength=0.9, lag_months=2.0),),
        ),
        "hypothetical lasting correction of the mutated gene",
    ),
    Entry(
        Therapy(
            name="stem_cells_support",
            every_months=6.0,
            course_months=1.0,
            acts=(
                Act(channel="loss", strength=0.3, washout_months=3.0),
                Act(channel="reinnervation", strength=0.2, washout_months=3.0),
            ),
        ),
        "hypothetical; a transient effect of each transplantation that fades over three months",
    ),
    Entry(
        Therapy(
            name="stem_cells_replace",
            stop_month=1.0,
            acts=(Act(channel="replacement", strength=0.01, washout_months=12.0, limit=0.15),),
        ),
        "hypothetical; new neurons must grow to their muscle, reach at most 15 % of a pool, and fall ill like others",
    ),
    Entry(
        Therapy(
            name="muscle_activator",
            kind="symptomatic",
            acts=(Act(channel="strength", strength=0.08, lag_months=0.3, washout_months=0.3),),
        ),
        "hypothetical troponin activator: stronger fibers while it is taken, nothing afterwards",
    ),
    Entry(
        Therapy(
            name="sham",
            kind="placebo",
            acts=(Act(channel="expectation", strength=0.03, waning_months=3.0, washout_months=1.0),),
        ),
        "assumed expectation of benefit, in ratings only, halving every three months",
    ),
    Entry(Therapy(name="slow", acts=(Act(channel="loss", strength=0.5),)), "hypothetical: half the hazard"),
    Entry(
        Therapy(name="halt", acts=(Act(channel="loss", strength=1.0), Act(channel="spread", strength=1.0))),
        "hypothetical: no neuron is committed any more; those already sick are still lost",
    ),
    Entry(
        Therapy(
            name="reverse",
            acts=(
                Act(channel="loss", strength=1.0),
                Act(channel="spread", strength=1.0),
                Act(channel="committed", strength=1.0),
                Act(channel="enlargement", strength=0.3, lag_months=3.0),
                Act(channel="replacement", strength=0.03, limit=0.5, axons=False),
            ),
        ),
        "hypothetical: everything stops, survivors take more fibers over and neurons are replaced",
    ),
)

THERAPIES: Final[dict[str, Entry]] = {entry.therapy.name: entry for entry in _ENTRIES}
"""Every therapy by name."""


def markdown() -> str:
    """The catalog as a Markdown table, for the docs page."""
    lines = ["| name | acts | gate | responders | given | ground |", "| --- | --- | --- | --- | --- | --- |"]
    for name, entry in THERAPIES.items():
        therapy = entry.therapy
        acts = "; ".join(_act(act) for act in therapy.acts)
        gate = ", ".join((*therapy.genotypes, *therapy.phenotypes, *therapy.onset_regions)) or "all"
        supplied = "without a break"
        if therapy.every_months > 0.0:
            supplied = f"{therapy.course_months:g} of every {therapy.every_months:g} months"
        elif therapy.stop_month is not None:
            supplied = "once" if therapy.stop_month <= 1.0 else f"until month {therapy.stop_month:g}"
        ground = entry.ground + (f" [@{entry.source}]" if entry.source else "")
        lines.append(f"| `{name}` | {acts} | {gate} | {therapy.responders:g} | {supplied} | {ground} |")
    return "\n".join(lines)


def _act(act: Act) -> str:
    parts = [f"{act.channel} {act.strength:g}"]
    for label, months in (("lag", act.lag_months), ("washout", act.washout_months), ("half-life", act.waning_months)):
        parts += [f"{label} {months:g} mo"] if months > 0.0 else []
    parts += [f"at most {act.limit:g}"] if act.channel == "replacement" else []
    return ", ".join(parts)
