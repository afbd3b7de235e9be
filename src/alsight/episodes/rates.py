"""How often each definition is met in a cohort, beside what was published, and how far the definitions disagree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from alsight.cohort.cohort import Cohort
from alsight.episodes.definition import Definition
from alsight.episodes.definitions import DEFINITIONS
from alsight.episodes.find import Judged, judge
from alsight.episodes.wilson import wilson


def episode_rates(cohort: Cohort, definitions: Sequence[Definition] = DEFINITIONS) -> pl.DataFrame:
    """Share of eligible people who met each definition, with Wilson's 95 % interval, beside the published share.

    Returns:
        One row a definition: `definition`, `kind`, `months`, `timing`, `eligible`, `found`, `rate`, `low`, `high` (nan
        where no one is eligible), `published`, `published_low`, `published_high` (null where nothing was printed; only
        the last where only a bound was), `published_text`, `published_in`, `source`, `wording`, `sustained`,
        `denominator`, `deaths`, `dropouts`, `assumed`.
    """
    return rate_frame(judge(cohort, definitions))


def rate_frame(assessed: Sequence[Judged]) -> pl.DataFrame:
    """Rates of definitions already applied."""
    rules = [one.rule for one in assessed]
    eligible = np.array([one.spells.eligible.sum() for one in assessed], dtype=np.int64)
    found = np.array([one.found.sum() for one in assessed], dtype=np.int64)
    low, high = wilson(found, eligible)
    frame = pl.DataFrame(
        {
            "definition": [rule.name for rule in rules],
            "kind": [rule.kind for rule in rules],
            "months": [float(rule.months) for rule in rules],
            "timing": [rule.timing for rule in rules],
            "eligible": eligible,
            "found": found,
            "rate": found / np.where(eligible > 0, eligible, np.nan),
            "low": low,
            "high": high,
        }
    )
    texts = pl.DataFrame(
        {
            "source": [rule.source for rule in rules],
            "wording": [rule.wording for rule in rules],
            "sustained": [rule.sustained for rule in rules],
            "denominator": [rule.eligible for rule in rules],
            "deaths": [rule.deaths for rule in rules],
            "dropouts": [rule.dropouts for rule in rules],
            "assumed": [rule.assumed for rule in rules],
        }
    )
    return pl.concat([frame, _published(rules), texts], how="horizontal")


def _published(rules: Sequence[Definition]) -> pl.DataFrame:
    """Published shares with Wilson's interval where the counts were printed; a bare bound is the upper limit."""
    rows = [rule.published for rule in rules]
    found = np.array([np.nan if row is None or row.found is None else row.found for row in rows])
    eligible = np.array([np.nan if row is None or row.eligible is None else row.eligible for row in rows])
    low, high = wilson(found, eligible)
    bound = np.array([np.nan if row is None or row.bound is None else row.bound for row in rows])
    frame = pl.DataFrame(
        {
            "published": found / eligible,
            "published_low": low,
            "published_high": np.where(np.isnan(high), bound, high),
            "published_text": ["" if row is None else row.text for row in rows],
            "published_in": ["" if row is None else row.people for row in rows],
        }
    )
    return frame.with_columns(pl.col("published", "published_low", "published_high").fill_nan(None))


def disagreement(cohort: Cohort, definitions: Sequence[Definition] = DEFINITIONS) -> pl.DataFrame:
    """How far each two definitions of one kind disagree among the people eligible under both.

    Returns:
        One row a pair: `kind`, `first`, `second`, `first_months`, `second_months`, `both_eligible`, `both`,
        `only_first`, `only_second`, `neither`, `agreement` (share assessed alike), `kappa` (Cohen's; nan where chance
        alone agrees fully), `ratio` (people found by the second for each found by the first).

    Source: cohen1960
    """
    return disagreement_frame(judge(cohort, definitions))


def disagreement_frame(assessed: Sequence[Judged]) -> pl.DataFrame:
    """Disagreement of definitions already applied."""
    eligible = np.stack([one.spells.eligible for one in assessed]).astype(np.int64)
    found = np.stack([one.found for one in assessed]).astype(np.int64)
    people = eligible @ eligible.T
    both = found @ found.T
    only_first = found @ eligible.T - both
    only_second = only_first.T
    kinds = np.array([one.rule.kind for one in assessed])
    names = np.array([one.rule.name for one in assessed])
    months = np.array([one.rule.months for one in assessed])
    first, second = np.triu_indices(names.size, k=1)
    alike = kinds[first] == kinds[second]
    pair = (first[alike], second[alike])
    n, yes, left, right = people[pair], both[pair], only_first[pair], only_second[pair]
    with np.errstate(invalid="ignore", divide="ignore"):
        agreement = (n - left - right) / n
        chance = ((yes + left) * (yes + right) + (n - yes - left) * (n - yes - right)) / n**2
        kappa = (agreement - chance) / (1 - chance)
        ratio = (yes + right) / (yes + left)
    counts = {
        "both_eligible": n,
        "both": yes,
        "only_first": left,
        "only_second": right,
        "neither": n - yes - left - right,
    }
    return pl.DataFrame(
        {"kind": kinds[pair[0]], "first": names[pair[0]], "second": names[pair[1]]}
        | {"first_months": months[pair[0]], "second_months": months[pair[1]]}
        | counts
        | {"agreement": agreement, "kappa": kappa, "ratio": ratio}
    )


def rate_spread(rates: pl.DataFrame) -> pl.DataFrame:
    """Lowest and highest share among the definitions of one kind and length: how much the definition alone decides.

    Args:
        rates: what `episode_rates` gave.

    Returns:
        `kind`, `months`, `definitions`, `lowest`, `lowest_definition`, `highest`, `highest_definition`, `ratio`.
    """
    known = rates.filter(pl.col("rate").is_not_nan())
    return (
        known.group_by("kind", pl.col("months").round(0), maintain_order=True)
        .agg(
            definitions=pl.len(),
            lowest=pl.col("rate").min(),
            lowest_definition=pl.col("definition").get(pl.col("rate").arg_min()),
            highest=pl.col("rate").max(),
            highest_definition=pl.col("definition").get(pl.col("rate").arg_max()),
        )
        .with_columns(ratio=pl.when(pl.col("lowest") > 0).then(pl.col("highest") / pl.col("lowest")))
        .sort("kind", "months")
    )
