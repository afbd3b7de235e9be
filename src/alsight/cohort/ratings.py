"""Ratings: every rating of function of a cohort as ragged arrays, the only bridge from frames to arrays and back.

Made once from a cohort by `ratings`; selections are functions from ratings to ratings, `padded` makes equal lengths,
and `to_frame` is the way back to a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import jax
import numpy as np
import polars as pl
from jaxtyping import Array, Bool, Float, Int, UInt8

from alsight.base import engine as _engine
from alsight.base.errors import SpecError
from alsight.base.units import months_of
from alsight.cohort.cohort import Cohort
from alsight.cohort.endpoints import first_days
from alsight.cohort.tables import MODES, RESPONDERS
from alsight.instruments.items import CUTTING, TEN, TWELVE, Scale

del _engine  # imported for its settings: days and months are of 64 bit

if TYPE_CHECKING:
    Numbers = np.ndarray
else:
    Numbers = Array | np.ndarray  # inside a transformation of JAX the fields are its arrays

SCALES: Final[tuple[Scale, ...]] = ("alsfrs_r", "alsfrs")
"""Scales by their code; where a subject was rated on two equally often, the earlier one counts."""

TOTALS: Final[dict[Scale, str]] = {"alsfrs_r": "alsfrs_r_total", "alsfrs": "alsfrs_total"}
"""Column of the total of each scale in the visits."""

ITEM_BLOCK: Final[tuple[str, ...]] = (*TWELVE, TEN[-1])
"""Items of the block: the twelve of the ALSFRS-R in order, then the breathing item of the original ALSFRS."""

SCALE_ITEMS: Final[dict[Scale, tuple[int, ...]]] = {
    "alsfrs_r": tuple(ITEM_BLOCK.index(name) for name in TWELVE),
    "alsfrs": tuple(ITEM_BLOCK.index(name) for name in TEN),
}
"""Indices in the block of the items that add up to the total of each scale."""

ENDED: Final = ("death", "tracheostomy", "permanent_ventilation")
"""Events after which a subject counts as having reached the end."""

NOT_RECORDED: Final = -1
"""Code of a mode, a responder, a rater or a scale that is not recorded."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Ratings:
    """Ratings of function, ragged: subject after subject, each in the order of days.

    The ratings of subject i are those from `offsets[i]` up to, not including, `offsets[i + 1]`. Days count from entry.

    Attributes:
        identifier: identifier of each subject as UTF-8 bytes, padded with zeros.
        offsets: index of each subject's first rating, and after the last subject the number of ratings.
        subject: index of the rating's subject, never falling.
        line: row of the rating in the cohort's visits.
        day: day of the rating [days].
        months: the same [months of 30.4375 days].
        months_since_onset: first symptom to the rating [months]; nan where the onset is not recorded.
        items: scores of ITEM_BLOCK, item 5 being whichever was rated [points, 0-4]; nan where not rated.
        total: the sum of the items where all of the scale are rated, else the total as recorded [points]; nan where
            there is neither.
        derived: whether the total is that sum.
        scale: index in SCALES.
        mode: index in MODES, NOT_RECORDED where missing.
        responder: index in RESPONDERS, NOT_RECORDED where missing.
        rater: number of the rater within the cohort, NOT_RECORDED where missing.
        main_scale: index of the scale on which most of the subject's ratings have a total, NOT_RECORDED without any.
        end_day: first day of death, tracheostomy or permanent ventilation [days], NO_DAY where none.
    """

    identifier: UInt8[Numbers, "subject byte"]
    offsets: Int[Numbers, " bound"]
    subject: Int[Numbers, " rating"]
    line: Int[Numbers, " rating"]
    day: Int[Numbers, " rating"]
    months: Float[Numbers, " rating"]
    months_since_onset: Float[Numbers, " rating"]
    items: Float[Numbers, "rating item"]
    total: Float[Numbers, " rating"]
    derived: Bool[Numbers, " rating"]
    scale: Int[Numbers, " rating"]
    mode: Int[Numbers, " rating"]
    responder: Int[Numbers, " rating"]
    rater: Int[Numbers, " rating"]
    main_scale: Int[Numbers, " subject"]
    end_day: Int[Numbers, " subject"]

    @property
    def size(self) -> int:
        """Number of subjects, those without a rating included."""
        return self.offsets.shape[0] - 1

    @cached_property
    def names(self) -> pl.Series:
        """Identifiers of the subjects."""
        raw = np.ascontiguousarray(np.asarray(self.identifier))
        if raw.size == 0:
            return pl.Series("subject", [""] * raw.shape[0], pl.String)
        names = np.char.decode(raw.view(f"S{raw.shape[1]}")[:, 0], "utf-8").astype(object)
        return pl.Series("subject", names, pl.String)

    @cached_property
    def count(self) -> Int[np.ndarray, " subject"]:
        """Ratings of each subject."""
        return np.diff(np.asarray(self.offsets))

    @property
    def first(self) -> Int[np.ndarray, " subject"]:
        """Index of each subject's first rating; meaningless where `count` is 0."""
        return np.asarray(self.offsets[:-1])

    @cached_property
    def since_first(self) -> Int[np.ndarray, " rating"]:
        """Days from the subject's first rating among these."""
        day = np.asarray(self.day)
        return day - day[self.first[self.subject]]

    @cached_property
    def later(self) -> Int[np.ndarray, " rating"]:
        """How many ratings of the same subject follow."""
        return np.asarray(self.offsets)[1:][self.subject] - 1 - np.arange(self.day.shape[0])


RATING_FIELDS: Final = (
    "subject",
    "line",
    "day",
    "months",
    "months_since_onset",
    "items",
    "total",
    "derived",
    "scale",
    "mode",
    "responder",
    "rater",
)
"""Fields with one entry a rating."""


def ratings(cohort: Cohort) -> Ratings:
    """The ratings of a cohort, those without a total included.

    Args:
        cohort: a checked cohort; ratings of subjects that it does not list are excluded.

    Returns:
        Every subject in the cohort's order, with or without a rating.
    """
    subjects = cohort.subjects.select("subject", "onset_day" if "onset_day" in cohort.subjects.columns else _NO_ONSET)
    rows = _rows(cohort, subjects)
    items = rows.select(pl.col(f"item {name}") for name in ITEM_BLOCK).to_numpy().reshape(-1, len(ITEM_BLOCK))
    scale = rows["scale"].to_numpy()
    summed = np.full(scale.size, np.nan)
    for code, name in enumerate(SCALES):
        summed[scale == code] = items[scale == code][:, SCALE_ITEMS[name]].sum(axis=1)
    derived = np.isfinite(summed)
    index, day = rows["index"].to_numpy(), rows["day"].to_numpy()
    made = Ratings(
        identifier=_bytes(subjects["subject"]),
        offsets=_offsets(index, subjects.height),
        subject=index,
        line=rows["line"].to_numpy(),
        day=day,
        months=months_of(day.astype(np.float64)),
        months_since_onset=months_of(day - rows["onset_day"].to_numpy()),
        items=items,
        total=np.where(derived, summed, rows["recorded"].to_numpy()),
        derived=derived,
        scale=scale,
        mode=rows["mode"].to_numpy(),
        responder=rows["responder"].to_numpy(),
        rater=rows["rater"].to_numpy(),
        main_scale=np.full(subjects.height, NOT_RECORDED),
        end_day=first_days(cohort, ENDED),
    )
    return replace(made, main_scale=_rated_most(made, SCALES))


_NO_ONSET: Final = pl.lit(None, pl.Int32).alias("onset_day")


def _rows(cohort: Cohort, subjects: pl.DataFrame) -> pl.DataFrame:
    """Visits of the listed subjects by subject and day, codes and numbers in place of words and empty cells."""
    scales = {scale: code for code, scale in enumerate(SCALES)}
    total = pl.coalesce(pl.when(pl.col("scale") == scale).then(pl.col(name)) for scale, name in TOTALS.items())
    items = (pl.coalesce(CUTTING) if name == "q5_cutting" else pl.col(name) for name in ITEM_BLOCK)
    choices = {"mode": MODES, "responder": RESPONDERS}
    return (
        cohort.visits.with_row_index("line")
        .join(subjects.with_row_index("index"), on="subject", maintain_order="left")
        .select(
            pl.col("index", "line", "day").cast(pl.Int64),
            pl.col("onset_day").cast(pl.Float64).fill_null(float("nan")),
            _code(pl.col("scale"), scales).alias("scale"),
            total.cast(pl.Float64).fill_null(float("nan")).alias("recorded"),
            (pl.col("rater").rank("dense").cast(pl.Int64) - 1).fill_null(NOT_RECORDED).alias("rater"),
            *(
                _code(pl.col(name), dict(zip(some, range(9), strict=False))).alias(name)
                for name, some in choices.items()
            ),
            *(
                item.cast(pl.Float64).fill_null(float("nan")).alias(f"item {name}")
                for name, item in zip(ITEM_BLOCK, items, strict=True)
            ),
        )
        .sort("index", "day", "scale", maintain_order=True)
    )


def _code(words: pl.Expr, codes: dict[Any, int]) -> pl.Expr:
    return words.replace_strict(codes, default=NOT_RECORDED, return_dtype=pl.Int64).fill_null(NOT_RECORDED)


def _offsets(index: Int[np.ndarray, " rating"], size: int) -> Int[np.ndarray, " bound"]:
    return np.concatenate([[0], np.cumsum(np.bincount(index, minlength=size))]).astype(np.int64)


def _rated_most(source: Ratings, scales: Sequence[Scale]) -> Int[np.ndarray, " subject"]:
    """The one of these scales on which most of each subject's ratings have a total; the earlier of two at a tie."""
    rated = np.isfinite(source.total)
    counts = np.stack(
        [
            np.bincount(source.subject[rated & (source.scale == SCALES.index(name))], minlength=source.size)
            for name in scales
        ],
        axis=1,
    ).reshape(source.size, len(scales))
    codes = np.array([SCALES.index(name) for name in scales], dtype=np.int64)
    return np.where(counts.any(axis=1), codes[counts.argmax(axis=1)], NOT_RECORDED)


def chosen(source: Ratings, which: Bool[np.ndarray, " rating"]) -> Ratings:
    """Some of the ratings; every subject remains, with `main_scale` as it was."""
    some = {name: np.asarray(getattr(source, name))[which] for name in RATING_FIELDS}
    return replace(source, offsets=_offsets(some["subject"], source.size), **some)


def with_total(source: Ratings) -> Ratings:
    """The ratings with a total."""
    return chosen(source, np.isfinite(source.total))


def on_scale(source: Ratings, scale: Scale | str) -> Ratings:
    """The ratings with a total on one scale.

    Raises:
        SpecError: no such scale.
    """
    if scale not in SCALES:
        raise SpecError([("scale", "one of " + ", ".join(SCALES), scale)])
    return chosen(source, np.isfinite(source.total) & (source.scale == SCALES.index(scale)))


def on_main_scale(source: Ratings, scales: Sequence[Scale] = SCALES) -> Ratings:
    """The ratings with a total, every subject on the one of these scales on which they were rated most.

    The ALSFRS and the ALSFRS-R are never mixed within a subject; at a tie the earlier of `scales` counts. `main_scale`
    is that of these scales and these ratings.
    """
    most = _rated_most(source, scales)
    return chosen(
        replace(source, main_scale=most), np.isfinite(source.total) & (source.scale == most[np.asarray(source.subject)])
    )


def before(source: Ratings, day: Int[np.ndarray, " subject"]) -> Ratings:
    """The ratings before a day of each subject."""
    return chosen(source, np.asarray(source.day) < day[np.asarray(source.subject)])


def joined(parts: Sequence[Ratings]) -> Ratings:
    """The subjects of several cohorts after one another; lines and raters count within each cohort."""
    width = max(part.identifier.shape[1] for part in parts)
    wide = [np.pad(part.identifier, ((0, 0), (0, width - part.identifier.shape[1]))) for part in parts]
    subjects = np.cumsum([0, *(part.size for part in parts)])
    together = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in (*RATING_FIELDS, *_OF_SUBJECTS)
    }
    together["subject"] = np.concatenate([part.subject + at for part, at in zip(parts, subjects[:-1], strict=True)])
    return Ratings(
        identifier=np.concatenate(wide), offsets=_offsets(together["subject"], int(subjects[-1])), **together
    )


_OF_SUBJECTS: Final = ("main_scale", "end_day")


def padded(
    source: Ratings, values: Numbers, *, fill: float = 0.0
) -> tuple[np.ndarray, Bool[np.ndarray, "subject visit ..."]]:
    """Values of the ratings at equal lengths, and where there is a rating with a finite value.

    Args:
        source: ratings.
        values: one entry a rating on the first axis, such as `total` or `items`.
        fill: what stands where there is no rating, or no value.

    Returns:
        An array (subject, visit, ...) in the order of days, and its mask of the same shape.
    """
    index = np.arange(source.day.shape[0]) - source.first[source.subject]
    shape = (source.size, int(source.count.max(initial=0)), *values.shape[1:])
    block, mask = np.full(shape, fill, dtype=values.dtype), np.zeros(shape, dtype=bool)
    known = np.isfinite(values)
    block[source.subject, index] = np.where(known, values, np.asarray(fill, dtype=values.dtype))
    mask[source.subject, index] = known
    return block, mask


def to_frame(source: Ratings, by_subject: Mapping[str, Numbers] | None = None, **columns: Numbers) -> pl.DataFrame:
    """Ratings as a table, results beside them.

    Args:
        source: ratings.
        by_subject: name to array, one entry a subject, repeated over the ratings.
        columns: name to array, one entry a rating.

    Returns:
        One row a rating: `subject`, `day`, `months`, `months_since_onset`, `scale`, `total` (null where missing), and
        the columns. NaN in these stays NaN.

    Raises:
        SpecError: an array has another length.
    """
    owner = np.asarray(source.subject)
    faults: list[tuple[str, str, object]] = []
    for requested, supplied in ((owner.size, columns), (source.size, by_subject or {})):
        faults += [
            (name, f"{requested} entries", np.shape(v)) for name, v in supplied.items() if np.shape(v) != (requested,)
        ]
    if faults:
        raise SpecError(faults)
    return pl.DataFrame(
        {
            "subject": subject_names(source).gather(owner),
            "day": np.asarray(source.day).astype(np.int32),
            "months": np.asarray(source.months),
            "months_since_onset": pl.Series(np.asarray(source.months_since_onset)).fill_nan(None),
            "scale": scale_names(source.scale),
            "total": pl.Series(np.asarray(source.total)).fill_nan(None),
            **{name: np.asarray(values) for name, values in columns.items()},
            **{name: np.asarray(values)[owner] for name, values in (by_subject or {}).items()},
        }
    )


def subject_names(source: Ratings) -> pl.Series:
    """Identifiers of the subjects, in their order."""
    return source.names


def scale_names(codes: Numbers) -> pl.Series:
    """Names of scales by their codes, null where not recorded."""
    return pl.Series("scale", [*SCALES, None], pl.String).gather(np.asarray(codes, dtype=np.int64) % (len(SCALES) + 1))


def _bytes(subjects: pl.Series) -> UInt8[np.ndarray, "subject byte"]:
    if subjects.is_empty():
        return np.zeros((0, 1), np.uint8)
    encoded = np.char.encode(subjects.to_numpy().astype(np.str_), "utf-8")
    return encoded.view(np.uint8).reshape(len(subjects), -1)
