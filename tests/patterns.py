"""Regular expressions for properties: small, of all that keys of log types are told by, and often found in ``KEYS``."""

from __future__ import annotations

import re

from hypothesis import strategies as st

SMALL = st.sampled_from(["a", "b", "/", "-", "1", "ab", "b/", "a-1", "A", r"\."])
PLACES = st.sampled_from([r"\d", r"\w", "[^/]", "[ab]", ".", "^", "$", r"\b", r"\A", r"\Z", "", ".*"])
MANY = st.sampled_from(["?", "*", "+", "*?", "{2}", "{0,2}", "{1,2}?"])
OPENINGS = st.sampled_from(["(", "(?:", "(?i:", "(?P<n>", "(?P<m>", "(?=", "(?!", "(?<!x)(?:"])
FLAGS = st.sampled_from(["", "", "", "(?i)", "(?s)", "(?x)"])
KEYS = st.text("abAB/-1. ", max_size=10)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{}{})".format, OPENINGS, inner),
        st.builds("(?:{}){}".format, inner, MANY),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("{}|{}".format, inner, inner),
        st.builds("({})(?:{})\\1".format, inner, inner),
        st.builds("(?P<n>{})?(?(n){}|{})".format, inner, inner, inner),
        st.builds("(?P<n>{}){}(?P=n)".format, inner, inner),
    )


def _compiled(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:  # a name that is there twice, nothing to repeat
        return None


PATTERNS: st.SearchStrategy[re.Pattern[str]] = (
    st.builds("{}{}".format, FLAGS, st.recursive(SMALL | PLACES, _larger, max_leaves=7)).map(_compiled).filter(bool)
)  # type: ignore[assignment]
