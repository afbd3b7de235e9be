"""The report's standing texts: what it is and is not, how it was made, what it cites."""

from __future__ import annotations

from typing import Final

from alsight.base.provenance import Provenance
from alsight.base.units import DAYS_PER_MONTH
from alsight.report.page.blocks import Block, Heading, Notice, Prose, Section, table
from alsight.report.page.words import SMALL_CELL

VERDICTS_ARE: Final = (
    "A verdict weighs what the scores did against measurement noise and against what natural history shows at these "
    "visits. It is a statement of probability about a record. Counts under published definitions, further below, are "
    "observed episodes that weigh neither: by the scale's published reliability, two ratings of a person who has not "
    "changed can differ by 3 to 5 points."
)
NO_ADVICE: Final = (
    "This is research software. Nothing here is advice to a patient, and nothing here makes or changes a diagnosis."
)
IDENTIFIED: Final = "It holds identifiers and small counts: treat it as you treat the file it was made from."
PSEUDONYMISED: Final = (
    f"Identifiers are hashed, times are relative to entry, and counts under {SMALL_CELL} are not printed, so that it "
    "can be sent. Single courses are shown all the same: send it only to people who may see such data."
)

NAMING: Final = ("path", "mapping", "sheet")
"""Parts of a request that may name people or places."""

METHODS: Final = (
    "Reading. Every row and value is held against a data dictionary with units, ranges and choices. What breaks a "
    "rule is left out, corrected or kept with a remark, and always listed.",
    "Scores. The ALSFRS-R total is the sum of its twelve items where all are recorded, else the recorded total. Item "
    "5 is 5a or 5b, whichever was rated. The original ALSFRS (ten items) is never mixed with the ALSFRS-R within a "
    "person.",
    "Stages. King's stage is estimated from items, with recorded gastrostomy and ventilation (Balendra 2014). MiToS "
    "counts lost domains; communication is lost when speech and handwriting both are (Chi\u00f2 2015).",
    "Survival. Kaplan-Meier from entry with delayed entry. Nobody is taken to be alive after the last day on which "
    "anything was recorded about them.",
    "Episodes. Each definition is an array program over everybody's visits with its own rule of eligibility. Rates "
    "have Wilson's 95 % interval; agreement is Cohen's kappa.",
    "Verdicts. Scores less what care, rating, recording or a passing illness explains are smoothed by a model of the "
    "changing rate of decline, with recoveries as a rare alternative; every verdict is a posterior under it.",
    "What this cannot do. Counts of observed episodes weigh no noise and adjust for nothing: with more visits a person "
    "has more chances of an episode; with fewer, of none. People who die early are not seen to plateau late. A verdict "
    "knows only what was recorded.",
)

REFERENCES: Final[dict[str, str]] = {
    "balendra2014": "Balendra R, et al. Estimating clinical stage of amyotrophic lateral sclerosis from the ALS "
    "Functional Rating Scale. Amyotroph Lateral Scler Frontotemporal Degener 2014;15:279\u2013284.",
    "bedlack2016": "Bedlack RS, et al. How common are ALS plateaus and reversals? Neurology 2016;86:808\u2013812.",
    "berry2019": "Berry JD, et al. NurOwn, phase 2, randomized, clinical trial in patients with ALS. Neurology "
    "2019;93:e2294\u2013e2305.",
    "cedarbaum1999": "Cedarbaum JM, et al. The ALSFRS-R: a revised ALS functional rating scale that incorporates "
    "assessments of respiratory function. J Neurol Sci 1999;169:13\u201321.",
    "chio2015": "Chi\u00f2 A, et al. Development and evaluation of a clinical staging system for amyotrophic lateral "
    "sclerosis. J Neurol Neurosurg Psychiatry 2015;86:38\u201344.",
    "cohen1960": "Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37\u201346.",
    "cudkowicz2022": "Cudkowicz ME, et al. A randomized placebo-controlled phase 3 study of mesenchymal stem cells "
    "induced to secrete high levels of neurotrophic factors in amyotrophic lateral sclerosis. Muscle Nerve "
    "2022;65:291\u2013302.",
    "kaufmann2007": "Kaufmann P, et al. Excellent inter-rater, intra-rater, and telephone-administered reliability "
    "of the ALSFRS-R in a multicenter clinical trial. Amyotroph Lateral Scler 2007;8:42\u201346.",
    "vasta2020": "Vasta R, et al. Plateaus in amyotrophic lateral sclerosis progression: results from a "
    "population-based cohort. Eur J Neurol 2020;27:1397\u20131404.",
    "wilson1927": "Wilson EB. Probable inference, the law of succession, and statistical inference. J Am Stat Assoc "
    "1927;22:209\u2013212.",
}
"""What the report cites, by key of `docs/references.bib`."""


def about(*, identified: bool) -> Section:
    """What the report is, and what it is not."""
    scale = (
        "ALSFRS-R is the ALS Functional Rating Scale, revised: 12 items of 0 to 4 points, 48 in total, higher is "
        f"better. Entry is each person's day 0. A month is {DAYS_PER_MONTH:.1f} days."
    )
    return Section(
        "about",
        "What this is, and what it is not",
        (Notice((VERDICTS_ARE, NO_ADVICE)), Prose(scale), Prose(IDENTIFIED if identified else PSEUDONYMISED)),
    )


def methods(record: Provenance, *, identified: bool) -> Section:
    """How the report was made, from which input, by which program, and what it cites."""
    blocks: list[Block] = [Prose(text) for text in METHODS]
    rows = [("program", record.program), ("command", record.verb)]
    rows += [
        (name.replace("_", " "), str(value))
        for name, value in record.request.items()
        if value not in ("", False, None, (), []) and (identified or name not in NAMING)
    ]
    names = (
        record.inputs if identified else {f"input {place + 1}": digest for place, digest in enumerate(_digests(record))}
    )
    rows += [(f"SHA-256 of {name}", digest) for name, digest in names.items()]
    blocks += [
        Heading("How this file was made"),
        table("How this file was made", ("what", "value"), rows),
        Heading("References"),
        *(Prose(text, "small") for text in REFERENCES.values()),
    ]
    return Section("methods", "Methods, limits and provenance", tuple(blocks))


def _digests(record: Provenance) -> list[str]:
    """Digests without the names of files, which may name a person or a place."""
    return list(record.inputs.values())
