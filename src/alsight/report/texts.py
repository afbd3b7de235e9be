"""The standing texts of the report: what it is and is not, how it was made, what it cites."""

from __future__ import annotations

from typing import Final

from alsight.base.provenance import Provenance
from alsight.base.units import DAYS_PER_MONTH
from alsight.report.disclosure.nodes import SMALL_CELL, ByPolicy, Identifier, Text, phrase
from alsight.report.disclosure.policy import SMALL_REPORT
from alsight.report.page.blocks import Block, Heading, Notice, Prose, Section, table

VERDICTS_ARE: Final = (
    "A verdict compares the course of the scores with measurement noise and with natural history at the same visits. "
    "It is a statement of probability about a record. Counts under published definitions, further below, are observed "
    "episodes and account for neither: by the scale's published reliability, two ratings of a person who has not "
    "changed can differ by 3 to 5 points."
)
NO_ADVICE: Final = (
    "This is research software. Nothing here is advice to a patient, and nothing here makes or changes a diagnosis."
)
IDENTIFIED: Final = "It holds identifiers and small counts: treat it as you treat the file it was made from."
PSEUDONYMIZED: Final = (
    f"Identifiers are hashed and times are relative to entry. Counts of fewer than {SMALL_CELL} people are not "
    "printed, unless these people are listed one by one; nor is a count that would reveal one of them by subtraction. "
    "Courses of single people are shown: send this report only to people who may see such data."
)
NOT_ANONYMOUS: Final = (
    f"Not anonymous. This report is about fewer than {SMALL_REPORT} people. Hiding counts would protect no one, so all "
    "counts are printed. A reader who knows one of these people may recognize the person. Identifiers are hashed and "
    "times are relative to entry. Send this report only to people who may see the data of each person."
)

NAMING: Final = ("path", "mapping", "sheet")
"""Parts of a request that may name people or places."""

METHODS: Final = (
    "Reading. Every row and value is checked against a data dictionary with units, ranges and choices. What breaks a "
    "rule is excluded, corrected or kept with a remark, and always listed.",
    "Scores. The ALSFRS-R total is the sum of its twelve items where all are recorded, else the recorded total. Item "
    "5 is 5a or 5b, whichever was rated. The original ALSFRS (ten items) is never mixed with the ALSFRS-R within a "
    "person.",
    "Stages. King's stage is estimated from items, with recorded gastrostomy and ventilation (Balendra 2014). MiToS "
    "counts lost domains; communication is lost when speech and handwriting both are (Chi\u00f2 2015).",
    "Survival. Kaplan-Meier estimate from entry with delayed entry. A person is censored on the last day on which "
    "anything was recorded.",
    "Episodes. Each definition is applied to all visits with its own rule of eligibility. Rates have Wilson's 95 % "
    "interval; agreement is Cohen's kappa.",
    "Verdicts. Scores are first corrected for what care, rating, recording or a passing illness explains. A model of "
    "the changing rate of decline then smooths them, with recoveries as a rare alternative. Every verdict is a "
    "posterior probability under this model.",
    "Limits. Counts of observed episodes account for no noise and are not adjusted: more visits give a person more "
    "chances of an episode, and fewer visits give more chances of none. People who die early cannot show a late "
    "plateau. A verdict knows only what was recorded.",
)

TERMS: Final[tuple[tuple[str, str], ...]] = (
    ("posterior probability", "the probability of a statement given the model and the whole record"),
    ("interval", "the range that holds the true value with the stated probability"),
    ("local false discovery rate", "the probability that a gain of this size in this record is no true gain"),
    ("base rate", "the share of comparable people in whom natural history shows at least as much"),
    ("natural history", "the course of ALS without effective treatment"),
    ("mimic", "another disease that looks like ALS"),
    ("censored", "followed up to a day without the event; what came later is not known"),
    ("predictive interval", "the range of numbers that natural history predicts for these people at these visits"),
)
"""Terms of the report, each in one line."""

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


def about() -> Section:
    """What the report is, what it is not, and who may read it."""
    scale = (
        "ALSFRS-R is the ALS Functional Rating Scale, revised: 12 items of 0 to 4 points, 48 in total, higher is "
        f"better. Entry is day 0 of each person. A month is {DAYS_PER_MONTH:.1f} days."
    )
    return Section(
        "about",
        "About this report",
        (
            Notice((ByPolicy("", "", NOT_ANONYMOUS), VERDICTS_ARE, NO_ADVICE)),
            Prose(scale),
            Prose(ByPolicy(IDENTIFIED, PSEUDONYMIZED, "")),
        ),
    )


def methods(record: Provenance) -> Section:
    """How the report was made, from which input, by which program, and what it cites."""
    blocks: list[Block] = [Prose(said) for said in METHODS]
    rows: list[tuple[Text, Text]] = [("program", record.program), ("command", record.verb)]
    rows += [
        (name.replace("_", " "), Identifier(str(value)) if name in NAMING else str(value))
        for name, value in record.request.items()
        if value not in ("", False, None, (), [])
    ]
    # Names of files may name a person or a place.
    rows += [
        (phrase("SHA-256 of ", Identifier(name, f"input {index + 1}")), digest)
        for index, (name, digest) in enumerate(record.inputs.items())
    ]
    blocks += [
        Heading("Terms"),
        table("Terms", ("term", "meaning"), TERMS),
        Heading("Provenance of this file"),
        table("Provenance of this file", ("item", "value"), rows, sparse=True),
        Heading("References"),
        *(Prose(said, "small") for said in REFERENCES.values()),
    ]
    return Section("methods", "Methods, limits and provenance", tuple(blocks))
