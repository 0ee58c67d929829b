"""Nested records: merge them, read and write them by dotted path, rename and match their fields. For hooks, by way of ``siem.utils``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from loader.paths import put, step_into

EMPTY = (None, "", "-")


def merge_dicts(into: dict[str, Any], other: Mapping[str, Any] | None, path: Any = None) -> dict[str, Any]:
    """Merge ``other`` into ``into``, in place, and return it: dicts join, anything else (lists too) is replaced from the right.

    ``path`` has no meaning: hooks may pass it.

    >>> merge_dicts({"source": {"ip": "192.0.2.1"}, "tags": [1, 2]}, {"source": {"port": 443}, "tags": [3]})
    {'source': {'ip': '192.0.2.1', 'port': 443}, 'tags': [3]}
    """
    for key, value in (other or {}).items():
        mine = into.get(key)
        if isinstance(mine, dict) and isinstance(value, Mapping):
            merge_dicts(mine, value)
        else:
            into[key] = _copied(value)
    return into


def _copied(value: Any) -> Any:
    """Return a copy of dicts and lists: what is merged into one record, often a constant of a hook, must not be another's too."""
    if isinstance(value, Mapping):
        return {key: _copied(below) for key, below in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def dev_merge_dicts(*dicts: Any) -> dict[str, Any]:
    """Return several dicts, given one by one or as one list, merged to a new one as ``merge_dicts`` does; they are not changed.

    >>> dev_merge_dicts([{"event": {"kind": "event"}}, {"event": {"outcome": "success"}}])
    {'event': {'kind': 'event', 'outcome': 'success'}}
    >>> dev_merge_dicts({"a": 1}, {"a": 2}, {"b": 3})
    {'a': 2, 'b': 3}
    """
    merged: dict[str, Any] = {}
    for one in dicts if len(dicts) != 1 or isinstance(dicts[0], Mapping) else dicts[0]:
        merge_dicts(merged, _copied(one))
    return merged


def value_from_nesteddict_by_dottedkey(nested_dict: Any, dotted_key: str) -> Any:
    """Return the value at a dotted path, digits index lists; an empty text where the path leads nowhere.

    >>> value_from_nesteddict_by_dottedkey({"Resources": [{"Id": "a"}, {"Id": "b"}]}, "Resources.1.Id")
    'b'
    >>> value_from_nesteddict_by_dottedkey({"a": {"b": 0}}, "a.b"), value_from_nesteddict_by_dottedkey({"a": 1}, "a.b")
    (0, '')
    """
    value = nested_dict
    for step in dotted_key.split("."):
        value = step_into(value, step)
    return "" if value is None else value


def value_from_nesteddict_by_dottedkeylist(nested_dict: Any, dotted_key_list: str | Iterable[str]) -> Any:
    """Return the first value of several dotted paths (a list, or text with blanks between) that is there; 0 and False are.

    >>> value_from_nesteddict_by_dottedkeylist({"a": {"b": ""}, "c": False}, "a.b c")
    False
    """
    for dotted_key in dotted_key_list.split() if isinstance(dotted_key_list, str) else dotted_key_list:
        value = value_from_nesteddict_by_dottedkey(nested_dict, dotted_key)
        if value not in EMPTY:
            return value
    return ""


def put_value_into_nesteddict(dotted_fields: str, value: Any) -> dict[str, Any]:
    """Return a nested dict with the value at the dotted path. Numbers, booleans and the like become text; lists and dicts stay.

    >>> put_value_into_nesteddict("source.nat.port", 443)
    {'source': {'nat': {'port': '443'}}}
    >>> put_value_into_nesteddict("related.ip", ["192.0.2.1"])
    {'related': {'ip': ['192.0.2.1']}}
    """
    nested: dict[str, Any] = {}
    put(nested, dotted_fields, value if value is None or isinstance(value, Collection) else str(value))
    return nested


def convert_keyname_to_safe_field(obj: Any) -> Any:
    """Write ``-`` as ``_`` in every key of every dict within ``obj``, in place, and return it.

    >>> convert_keyname_to_safe_field({"account-id": "1", "list": [{"az-id": "use1-az1"}]})
    {'account_id': '1', 'list': [{'az_id': 'use1-az1'}]}
    """
    if isinstance(obj, dict):
        items = [(str(key).replace("-", "_"), convert_keyname_to_safe_field(value)) for key, value in obj.items()]
        obj.clear()
        obj.update(items)
    elif isinstance(obj, list):
        for item in obj:
            convert_keyname_to_safe_field(item)
    return obj


def convert_underscore_field_into_dot_notation(prefix: str, logdata: dict[str, Any]) -> dict[str, Any]:
    """Move fields named ``prefix_rest`` to ``rest`` inside an object named like the prefix, in place; return the record.

    >>> convert_underscore_field_into_dot_notation("audit", {"audit_category": "LOGIN", "audit_request_user": "alice"})
    {'audit': {'category': 'LOGIN', 'request_user': 'alice'}}
    """
    start = prefix + "_"
    moved = {key.removeprefix(start): logdata.pop(key) for key in list(logdata) if key.startswith(start)}
    if moved:
        below = logdata.get(prefix)
        logdata[prefix] = {**below, **moved} if isinstance(below, dict) else moved
    return logdata


class Excluded(NamedTuple):
    """Whether a record is excluded, and by which pattern. True or false by itself as well."""

    matched: bool
    pattern: str | None = None

    def __bool__(self) -> bool:
        return self.matched


def match_log_with_exclude_patterns(log_dict: Any, log_patterns: Mapping[str, Any], ex_pattern: str | None = None) -> Excluded:
    """Return whether a pattern matches its field from the start: as a truth value, or unpacked as (matched, pattern).

    ``log_patterns`` is nested as the record is; its leaves are compiled patterns, or texts that have to match the whole value. Of a list,
    the first item is asked. ``ex_pattern`` is what stands for the pattern where none matches.

    >>> patterns = {"userIdentity": {"invokedBy": re.compile(r".*\\.amazonaws\\.com$")}}
    >>> match_log_with_exclude_patterns({"userIdentity": {"invokedBy": "config.amazonaws.com"}}, patterns)
    Excluded(matched=True, pattern='.*\\\\.amazonaws\\\\.com$')
    >>> bool(match_log_with_exclude_patterns({"userIdentity": {"invokedBy": "alice"}}, patterns))
    False
    """
    for field, pattern in log_patterns.items():
        value = log_dict.get(field) if isinstance(log_dict, Mapping) else None
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            continue
        if isinstance(pattern, Mapping):
            if found := match_log_with_exclude_patterns(value, pattern):
                return found
        elif pattern.match(str(value)) if isinstance(pattern, re.Pattern) else re.fullmatch(str(pattern), str(value)):
            return Excluded(True, pattern.pattern if isinstance(pattern, re.Pattern) else str(pattern))
    return Excluded(False, ex_pattern)
