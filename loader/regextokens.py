"""The source of a regular expression in its smallest parts, as ``re`` reads it (leaf, pure).

The syntax is that of "Regular expression syntax", Python library reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NOTHING = r"\(\?[#][^)]*\)|\(\?[aiLmsux]+\)"  # a comment, or flags
REST = r"""
    |\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|0[0-7]{0,2}|[1-3][0-7]{2}|[1-9][0-9]?|.)  # an escape
    |\[\^?\]?(?:\\.|[^\]\\])*\]  # a set
    |\(\?P=\w+\)  # a reference
    |(?P<open>\((?:\?(?:P<\w+>|<?[=!]|[:>]|\(\w+\)|[aiLmsux]*(?:-[imsx]+)?:))?)
    |(?P<close>\))
    |(?P<bar>\|)
    |(?P<many>(?:[*+?]|\{\d*,\d*\}|\{\d+\})[?+]?)
    |.
"""
PLAIN = re.compile(f"(?P<nothing>{NOTHING}){REST}", re.VERBOSE | re.DOTALL)
VERBOSE = re.compile(rf"(?P<nothing>{NOTHING}|\s+|[#][^\n]*){REST}", re.VERBOSE | re.DOTALL)


def tokens(pattern: str, *, verbose: bool) -> Iterator[re.Match[str]]:
    """Yield the parts of a pattern, nothing left out.

    ``lastgroup`` of each is its kind: ``open`` (of a group, as far as its content), ``close``, ``bar``, ``many`` (a quantifier), ``nothing``
    (comment, flags, with ``verbose`` blanks), or None for what stands for text or a place in it.
    """
    return (VERBOSE if verbose else PLAIN).finditer(pattern)
