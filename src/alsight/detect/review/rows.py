"""FINDINGS: what may be recorded that mimics and ALS show at different rates, each share with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alsight.base.sources import SourceKey


@dataclass(frozen=True)
class ClinicalFinding:
    """One finding that is there, is not there, or was not recorded.

    Attributes:
        name: of the finding.
        group: findings of one group overlap; of a person's findings in a group only the strongest weighs.
        there: in words, when it is there.
        absent: in words, when it is not.
        mimic: share of people with a mimic who have it.
        als: share of people with ALS who have it.
        mimic_source: reference of the former; "assumed" where no number could be read.
        als_source: reference of the latter.
        als_slow: share among people with slow ALS, for findings that follow the rate; None where they do not, or where
            no number could be read.
        follows_rate: whether a finding without `als_slow` still follows the rate: its weight is then halved in slow
            people (SLOW_DISCOUNT).
    """

    name: str
    group: str
    there: str
    absent: str
    mimic: float
    als: float
    mimic_source: SourceKey
    als_source: SourceKey
    als_slow: float | None = None
    follows_rate: bool = False


def _row(
    name: str,
    group: str,
    words: tuple[str, str],
    shares: tuple[float, float],
    sources: tuple[str, str],
    als_slow: float | None = None,
    *,
    follows_rate: bool = False,
) -> ClinicalFinding:
    accepted = (SourceKey(sources[0]), SourceKey(sources[1]))
    return ClinicalFinding(name, group, *words, *shares, *accepted, als_slow, follows_rate)


FINDINGS: Final = (
    _row(
        "low_certainty",
        "signs",
        ("El Escorial suspected or possible", "El Escorial probable or definite"),
        (27 / 32, 165 / 383),
        ("traynor2000", "traynor2000b"),
    ),
    _row(
        "no_upper_signs",
        "signs",
        ("no upper motor neuron signs", "upper motor neuron signs"),
        (0.5, 91 / 962),
        ("assumed", "kim2009"),
    ),
    _row(
        "conduction_block",
        "nerve_conduction",
        ("motor conduction block", "no motor conduction block"),
        (7 / 32 * 54 / 57, 10 / 169),
        ("loscher2018", "lange1992"),
    ),
    _row(
        "sensory_signs",
        "nerve_conduction",
        ("sensory signs", "no sensory signs"),
        (0.4, 20 / 88),
        ("assumed", "pugdahl2007"),
    ),
    _row("bulbar_onset", "onset_site", ("bulbar onset", "limb onset"), (3 / 32, 0.40), ("traynor2000", "traynor2000b")),
    _row("gene_found", "gene", ("an ALS gene found", "no ALS gene found"), (11 / 7579, 0.052), ("beck2013", "zou2017")),
    _row(
        "frontotemporal_dementia",
        "cognition",
        ("frontotemporal dementia", "no frontotemporal dementia"),
        (42.6e-5, 0.138),
        ("coylegilchrist2016", "phukan2012"),
    ),
    _row(
        "high_creatine_kinase",
        "muscle",
        ("creatine kinase of 1,000 U/l or more", "creatine kinase under 1,000 U/l"),
        (0.06, 0.01),
        ("assumed", "tai2017"),
    ),
    _row(
        "low_csf_pnfh",
        "neurofilament",
        ("CSF pNfH under 768 pg/ml", "CSF pNfH of 768 pg/ml or more"),
        (0.880, 0.093),
        ("poesen2017", "poesen2017"),
        follows_rate=True,
    ),
    _row(
        "low_serum_nfl",
        "neurofilament",
        ("serum NfL under 62 pg/ml", "serum NfL of 62 pg/ml or more"),
        (0.818, 0.169),
        ("verde2019", "sugimoto2020"),
        0.714,
    ),
)
"""Findings and their shares. The serum shares in ALS are those under 62 pg/ml of log-normal distributions with the
printed quartiles: 71.1 to 132.4 about 96.4 above 0.49 points/month, 28.3 to 58.3 about 45.8 up to it. That mimics'
serum values do not depend on their rate is assumed. Conduction block among mimics: in 54 of 57 with multifocal motor
neuropathy, which 7 of 32 have. The gene's share is that of C9orf72 expansions in the general population against any of
four genes in sporadic ALS. Dementia among mimics: the highest prevalence of its syndromes in the population at any
age."""

SLOW_RATE: Final = 0.49
"""Loss since onset up to which a person is slow [points/month].

Source: sugimoto2020
"""
SLOW_DISCOUNT: Final = 0.5
"""What is left of the weight of a finding that follows the rate, in slow people, where the shares in slow ALS could
not be read; assumed."""
CSF_PNFH_CUT: Final = 768.0
"""Cut-off of CSF pNfH [pg/ml]. Source: poesen2017"""
SERUM_NFL_CUT: Final = 62.0
"""Cut-off of serum NfL [pg/ml]. Source: verde2019"""
CREATINE_KINASE_CUT: Final = 1000.0
"""Creatine kinase that 1 % of people with ALS exceed [U/l]. Source: tai2017"""

ALS_ONSET_AGE: Final = (64.7, 9.8)
"""Mean and spread of the age at onset in ALS [years]. Source: rooney_repository2020"""
MIMIC_ONSET_AGE: Final = (55.0, 15.0)
"""Mean and spread of the age at onset of mimics [years]: between the medians of 56.0 in men and 53.5 in women; the
spread from their ranges of 19.5 to 85.8 and 39.5 to 70.4, assuming normality. Source: traynor2000"""

CAP: Final = 3.0
"""Largest weight of one finding [log odds]; assumed: a factor of 20."""
AGE_CAP: Final = 1.5
"""Largest weight of the onset age [log odds]; assumed, as neither age is quite normal."""
TOTAL_CAP: Final = 4.0
"""Largest weight of all findings together [log odds]; assumed: a factor of 55, as findings depend on each other."""
