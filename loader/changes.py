"""What an INI says of a derived field: where its text is taken from and how it is changed, as in ``s3_key | split / 3 | lower`` (leaf).

Sources stand before the first ``|``, one operation behind each. Words with blanks, quotes or a ``|`` stand in quotes; in double ones
``\\t``, ``\\n``, ``\\r``, ``\\xNN``, ``\\"`` and ``\\\\`` mean one character.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from loader.options import regex

Change = Callable[[str], str | None]
WORD = re.compile(r""""((?:[^"\\]|\\.)*)"|'([^']*)'|(\|)|([^\s|"']+)|\S""")
ESCAPE = re.compile(r'\\(?:[\\"ntr]|x[0-9a-fA-F]{2})')


def parsed(value: str) -> tuple[tuple[str, ...], tuple[Change, ...]]:
    """Return the sources and the operations that ``value`` names; raises ValueError.

    >>> sources, (split, upper) = parsed('s3_key path | split "/" -1 | upper')
    >>> sources, split("a/b/c"), upper("c")
    (('s3_key', 'path'), 'c', 'C')
    """
    sources, *operations = _parts(value)
    if not all(sources) or not sources:
        raise ValueError(f"{value!r} names no source: begin with s3_key, s3_bucket, a group of s3_key_fields or a field of the record")
    return tuple(sources), tuple(map(_change, operations))


def patterns(value: str) -> list[str]:
    """Return the regular expressions of the ``match`` operations in ``value``; raises ValueError."""
    return [given[1] for given in _parts(value)[1:] if given[:1] == ["match"] and len(given) == 2]


def _parts(value: str) -> list[list[str]]:
    """Return the words of the sources, then those of each operation."""
    parts: list[list[str]] = [[]]
    for word in WORD.finditer(value):
        double, single, bar, bare = word.groups()
        if bar:
            parts.append([])
        elif double is not None:
            parts[-1].append(ESCAPE.sub(lambda found: found[0].encode().decode("unicode_escape"), double))
        elif word.lastindex:
            parts[-1].append(single if single is not None else bare)
        else:
            raise ValueError(f"{value[word.start() :]!r}: a quote is not closed")
    return parts


def _change(given: list[str]) -> Change:
    if not given:
        raise ValueError(f"an operation is missing behind a |: {', '.join(OPERATIONS)}")
    name, *arguments = given
    if name not in OPERATIONS:
        near = difflib.get_close_matches(name, OPERATIONS, 1)
        raise ValueError(f"there is no operation {name!r}: {f'did you mean {near[0]!r}?' if near else ', '.join(OPERATIONS)}")
    wanted, build = OPERATIONS[name]
    if len(arguments) != len(wanted.split()):
        raise ValueError(f"{name} takes {wanted or 'nothing'}, not {' '.join(map(repr, arguments)) or 'nothing'}")
    return build(*arguments)


def _split(separator: str, place: str) -> Change:
    if not separator or not re.fullmatch(r"-?\d{1,9}", place):
        raise ValueError(f"split takes SEPARATOR NUMBER, the first piece being 0 and the last -1, not {separator!r} {place!r}")
    index = int(place)

    def split(text: str) -> str | None:
        pieces = text.split(separator, index + 1) if index >= 0 else text.rsplit(separator, -index)
        return pieces[index] if -len(pieces) <= index < len(pieces) else None

    return split


def _replace(old: str, new: str) -> Change:
    if not old:
        raise ValueError("replace takes OLD NEW, and OLD cannot be empty")
    return lambda text: text.replace(old, new)


def _match(pattern: str) -> Change:
    compiled = regex(pattern)
    if compiled is None:
        raise ValueError("match takes PATTERN, which cannot be empty")
    search, group = compiled.search, 1 if compiled.groups else 0

    def match(text: str) -> str | None:
        found = search(text)
        return found[group] if found else None

    return match


OPERATIONS: dict[str, tuple[str, Callable[..., Change]]] = {
    "split": ("SEPARATOR NUMBER", _split),
    "replace": ("OLD NEW", _replace),
    "match": ("PATTERN", _match),
    "lower": ("", lambda: str.lower),
    "upper": ("", lambda: str.upper),
}
