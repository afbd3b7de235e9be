"""Therapies: what is known about each one, with sources; how the simulator acts it out is named, never implied.

Statuses were read in the sources named; they change, so each carries its date. Grades of the evidence rows:
"paper" read in an abstract or table of the publication, "secondary" read in a press release, register or news text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Grade = Literal["paper", "secondary"]


@dataclass(frozen=True)
class Regulatory:
    """What one regulator said and when."""

    region: str
    date: str
    status: str
    source: str


@dataclass(frozen=True)
class Evidence:
    """One published result: who, on what endpoint, how much, with its interval or p value as printed."""

    trial: str
    people: str
    endpoint: str
    result: str
    source: str
    grade: Grade = "paper"


@dataclass(frozen=True)
class TherapyRow:
    """One therapy or class of therapies.

    Attributes:
        name: lower-case name, as in the DOSES table where it is a drug.
        kind: class by mechanism.
        mechanism: how it is thought to work, in one sentence.
        statuses: regulators' decisions by date and region; empty for the unapproved.
        evidence: published results.
        acted_out: how the simulator acts it out.
        unknown: what is not known.
    """

    name: str
    kind: str
    mechanism: str
    statuses: tuple[Regulatory, ...]
    evidence: tuple[Evidence, ...]
    acted_out: str
    unknown: tuple[str, ...]


RILUZOLE: Final = TherapyRow(
    "riluzole",
    "anti-glutamatergic",
    "Lowers glutamate release and so excitotoxic stress on motor neurons.",
    (
        Regulatory("United States", "1995-12-12", "approved", "hhs1995"),
        Regulatory("European Union", "1996-06-10", "authorized", "ema_rilutek1996"),
    ),
    (
        Evidence("Bensimon 1994", "77 v 78", "alive at 12 months", "74 % v 58 %, p = 0.014", "bensimon1994"),
        Evidence(
            "Lacomblez 1996",
            "236 v 242 (100 mg v placebo)",
            "tracheostomy-free at 18 months",
            "56.8 % v 50.4 %; unadjusted relative risk 0.79, p = 0.076",
            "lacomblez1996",
        ),
        Evidence(
            "Cochrane review",
            "974 v 503",
            "survival, 100 mg, two trials",
            "hazard ratio 0.80 (0.64 to 0.99)",
            "miller2012",
        ),
        Evidence("Cochrane review", "974 v 503", "median survival", "11.8 to 14.8 months", "miller2012"),
    ),
    "Multiplies the glutamatergic share of the loss rate; exposure differs between people, "
    "with no exposure-response built in.",
    ("whether the benefit sits in early or late stages: two re-analyses by King's stage disagree",),
)

EDARAVONE: Final = TherapyRow(
    "edaravone",
    "antioxidant",
    "Scavenges free radicals and so lowers oxidative stress.",
    (
        Regulatory("Japan", "2015-06", "approved", "alstdi2017"),
        Regulatory("United States", "2017-05-05", "approved", "alsresearchforum2017"),
        Regulatory("European Union", "2019", "application withdrawn", "pharmaletter2019"),
    ),
    (
        Evidence(
            "MCI186-16",
            "102 v 104, unselected",
            "ALSFRS-R change over 24 weeks",
            "-5.70 v -6.35; difference 0.65 (SE 0.78), p = 0.411",
            "abe2014",
        ),
        Evidence(
            "MCI186-19",
            "69 v 68, selected early and progressing",
            "ALSFRS-R change over 24 weeks",
            "-5.01 v -7.50; difference 2.49 (0.99 to 3.98), p = 0.0013",
            "abe2017",
        ),
        Evidence(
            "German cohorts", "130 matched pairs", "slope, ventilation, survival", "no difference found", "witzel2022"
        ),
        Evidence(
            "ADORE (oral, FAB122)", "302, 2:1", "ALSFRS-R change over 48 weeks", "no benefit", "adore2024", "secondary"
        ),
    ),
    "Multiplies the oxidative share of the loss rate on the dosing days' fraction of time.",
    ("whether the selected trial found a responsive group or the selection made the difference",),
)

TOFERSEN: Final = TherapyRow(
    "tofersen",
    "antisense to SOD1",
    "Antisense oligonucleotide given intrathecally that lowers SOD1 protein in carriers of a SOD1 variant.",
    (
        Regulatory("United States", "2023-04-25", "accelerated approval on neurofilament", "biogen2023"),
        Regulatory("European Union", "2024-05", "authorized under exceptional circumstances", "biogen2024"),
    ),
    (
        Evidence(
            "VALOR, faster-progressing set",
            "39 v 21",
            "ALSFRS-R change to week 28",
            "-6.98 v -8.14; difference 1.2 (-3.2 to 5.5), p = 0.97",
            "miller2022",
        ),
        Evidence(
            "VALOR", "72 v 36", "plasma neurofilament light, ratio to baseline at week 28", "0.45 v 1.12", "miller2022"
        ),
        Evidence(
            "VALOR and extension",
            "72 early v 36 delayed",
            "ALSFRS-R change to week 52",
            "-6.0 v -9.5; difference 3.5 (0.4 to 6.7)",
            "miller2022",
            "secondary",
        ),
        Evidence(
            "VALOR and extension, long term",
            "46 of 108 completed",
            "stable or better over about 3 years",
            "about one quarter",
            "miller2025",
            "secondary",
        ),
    ),
    "In SOD1 carriers only: lowers the mutant-protein share with a lag; neurofilament follows the rate of commitment "
    "and falls first, function follows as the committed pool drains.",
    ("natural history of SOD1 differs by variant: a plateau in a p.Asp91Ala carrier is natural history",),
)

SODIUM_PHENYLBUTYRATE: Final = TherapyRow(
    "sodium phenylbutyrate and taurursodiol",
    "proteostasis and mitochondria",
    "Meant to lower endoplasmic-reticulum and mitochondrial stress.",
    (
        Regulatory("United States", "2022-09-29", "approved", "mmit2024"),
        Regulatory("United States and Canada", "2024-04-04", "withdrawn by the maker", "mmit2024"),
    ),
    (
        Evidence(
            "CENTAUR",
            "87 v 48",
            "ALSFRS-R slope over 24 weeks",
            "-1.24 v -1.66 per month; difference 0.42 (0.03 to 0.81), p = 0.03",
            "paganoni2020",
        ),
        Evidence(
            "CENTAUR, long term",
            "89 v 48",
            "survival, as randomized",
            "hazard ratio 0.56 (0.34 to 0.92)",
            "paganoni2021",
        ),
        Evidence("PHOENIX", "664, 3:2", "ALSFRS-R and survival over 48 weeks", "p = 0.667", "amylyx2024", "secondary"),
    ),
    "A slowing of all channels whose strength the user sets; "
    "the default is none, which is what the larger trial found.",
    ("why a trial of 137 people and one of 664 differ: the winner's curse is enough",),
)

METHYLCOBALAMIN: Final = TherapyRow(
    "methylcobalamin",
    "vitamin B12 in very high dose",
    "Mechanism in ALS not established.",
    (Regulatory("Japan", "2024-09-24", "approved", "eisai2024"),),
    (
        Evidence("E0302", "373, three arms", "event time and ALSFRS-R", "no difference overall", "kaji2019"),
        Evidence(
            "JETALS",
            "130, onset within a year",
            "ALSFRS-R change over 16 weeks",
            "-2.7 v -4.6; difference 2.0 (0.4 to 3.5), p = 0.012",
            "oki2022",
            "secondary",
        ),
    ),
    "A slowing of all channels, gated by time since onset.",
    ("whether the effect holds beyond early disease and 16 weeks",),
)

STEM_CELL_SUPPORT: Final = TherapyRow(
    "supporting stem cells",
    "cell therapy, trophic",
    "Transplanted cells that secrete trophic factors and support surviving neurons for a while.",
    (),
    (
        Evidence(
            "NurOwn phase 3",
            "95 v 94",
            "slope better by at least 1.25 points a month",
            "32.6 % v 27.7 %, p = 0.453",
            "cudkowicz2022",
            "secondary",
        ),
        Evidence(
            "CNS10-NPC-GDNF", "18, leg against leg", "strength of the treated leg", "no benefit shown", "baloh2022"
        ),
    ),
    "A transient, repeatable cut of the loss rate, everywhere or in the injected regions; a sham effect apart from it.",
    ("a responder rule that near 28 % of placebo meet says little: entry by a lossy run-in makes responders of noise",),
)

STEM_CELL_REPLACEMENT: Final = TherapyRow(
    "replacing stem cells",
    "cell therapy, neuron replacement",
    "New motor neurons would have to reach muscle before it wastes for good.",
    (),
    (),
    "Adds motor neurons slowly after an axon-growth delay by region, bounded, useful only where fibers remain. "
    "Hypothetical.",
    ("no efficacy trial exists",),
)

GENE_THERAPY: Final = TherapyRow(
    "gene therapy",
    "gene addition, silencing or correction",
    "A vector given once that lowers a mutant protein, corrects the gene or adds a protective factor.",
    (),
    (
        Evidence("AAV-miR-SOD1", "2, no control", "function over 12 months", "one of two stable", "mueller2020"),
        Evidence(
            "BIIB078 (C9orf72 antisense)",
            "79 v 27",
            "function",
            "no benefit; the highest dose declined more",
            "vandenberg2024",
        ),
        Evidence(
            "FUS antisense (jacifusen)",
            "12, open label",
            "function",
            "one marked recovery, one stayed without symptoms, most declined",
            "shneider2025",
            "secondary",
        ),
    ),
    "One dose, then a lasting cut of the mutant-protein share (carriers) or of every channel (protective factor), "
    "after a lag, with a share of people in whom it does not take.",
    ("no controlled trial of efficacy of a viral vector was found",),
)

HYPOTHETICAL: Final = TherapyRow(
    "slow, halt, reverse",
    "hypothetical",
    "What-if effects for planning trials.",
    (),
    (),
    "Multiplies the loss rate (slow), sets it to zero (halt), or adds reinnervation and neurons (reverse), "
    "with lag, waning and a responder share.",
    ("no therapy does the second or third reliably",),
)

THERAPIES: Final[dict[str, TherapyRow]] = {
    row.name: row
    for row in (
        RILUZOLE,
        EDARAVONE,
        TOFERSEN,
        SODIUM_PHENYLBUTYRATE,
        METHYLCOBALAMIN,
        STEM_CELL_SUPPORT,
        STEM_CELL_REPLACEMENT,
        GENE_THERAPY,
        HYPOTHETICAL,
    )
}
"""Every therapy by name, in the order shown."""


def markdown() -> str:
    """The rows as Markdown tables, for the docs page: what each is, its statuses, its results, what is unknown."""
    about = ["| therapy | class | mechanism | how it is acted out | unknown |", "| --- | --- | --- | --- | --- |"]
    status = ["| therapy | region | date | status |", "| --- | --- | --- | --- |"]
    found = ["| therapy | trial | people | endpoint | result | read in |", "| --- | --- | --- | --- | --- | --- |"]
    for row in THERAPIES.values():
        about.append(_line(row.name, row.kind, row.mechanism, row.acted_out, "; ".join(row.unknown)))
        status += [_line(row.name, one.region, one.date, f"{one.status} [@{one.source}]") for one in row.statuses]
        found += [
            _line(row.name, one.trial, one.people, one.endpoint, f"{one.result} [@{one.source}]", one.grade)
            for one in row.evidence
        ]
    return "\n\n".join("\n".join(lines) for lines in (about, status, found))


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"
