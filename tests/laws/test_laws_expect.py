"""Whatever is asked of `expect` is a question or a SpecError that names every faulty part."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alsight.base.errors import SpecError
from alsight.base.spec import build
from alsight.detect.expect.outcomes import names
from alsight.detect.expect.people import needs
from alsight.verbs.expect import ExpectSpec, question_of

WORDS = st.sampled_from(
    ("3", "10", "of", "%", "stable", "improved", "for", "by", "6", "months", "within", "point", ".")
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "sentence": st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=20),
        "found": st.integers(-2, 30),
        "of": st.integers(-2, 30),
        "outcome": st.sampled_from(names()) | st.text(max_size=8),
        "months": st.floats(-1, 400) | st.just(6.0) | st.just(12.0),
        "points": st.floats(0, 50) | st.just(4.0),
        "population": st.sampled_from(("register", "trial", "mars", "", "gone.toml", "\0")),
        "interval": st.sampled_from((0.1, 1.0, 3.0, 5.0, 20.0, float("nan"), float("inf"))),
        "followed": st.sampled_from((1.0, 12.0, 60.0, float("nan"))),
        "run_in": st.sampled_from(("", "calm", "stable for 3 months", "lost 1 to 4 in 3 months")),
        "tried": st.lists(st.sampled_from(names()), max_size=2),
        "any_window": st.booleans(),
    },
)


@given(fields=FIELDS)
@settings(deadline=None, max_examples=400)
def test_a_question_or_its_faults(fields: dict[str, Any]) -> None:
    faults: tuple[Any, ...] = ()
    try:
        question, _ = question_of(build(ExpectSpec, fields))
    except SpecError as error:
        faults = error.faults
    else:
        assert 0 <= question.found <= question.of
        assert needs(question.outcome.rule) > 0.0
        return
    assert faults
    assert all(path and allowed for path, allowed, _ in faults)
