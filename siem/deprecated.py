"""Names that hooks of the es-loader import from the package ``siem`` itself; each has a successor in ``siem.utils``."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

from siem import utils


def merge(a: dict[str, Any], b: dict[str, Any], path: Any = None, update: bool = True) -> dict[str, Any]:
    """Merge ``b`` into ``a``, in place, and return it. Without ``update``, two values for one field raise ValueError.

    >>> merge({"source": {"ip": "192.0.2.1"}}, {"source": {"port": "443"}})
    {'source': {'ip': '192.0.2.1', 'port': '443'}}
    """
    if not update:
        _same(a, b, list(path or ()))
    return utils.merge_dicts(a, b)


def _same(a: dict[str, Any], b: dict[str, Any], path: list[str]) -> None:
    for key in a.keys() & b.keys():
        if isinstance(a[key], dict) and isinstance(b[key], dict):
            _same(a[key], b[key], [*path, str(key)])
        elif a[key] != b[key]:
            raise ValueError(f"conflict at {'.'.join([*path, str(key)])}: {a[key]!r} and {b[key]!r}")


def put_value_into_dict(key_str: str, v: Any) -> dict[str, Any]:
    """Return a nested dict with ``v``, as text unless it is a list or a dict, at the dotted path.

    >>> put_value_into_dict("a.b", 1), put_value_into_dict("a", 'say "hi"'), put_value_into_dict("a", [1])
    ({'a': {'b': '1'}}, {'a': 'say "hi"'}, {'a': [1]})
    """
    return utils.put_value_into_nesteddict(key_str, v)


def get_value_from_dict(dct: Any, xkeys_list: Any) -> Any:
    """Return the first value of several dotted paths that is there, else an empty text.

    >>> get_value_from_dict({"a": {"b": "c"}}, "x.y a.b")
    'c'
    """
    return utils.value_from_nesteddict_by_dottedkeylist(dct, xkeys_list)


def conv_key(obj: Any) -> Any:
    """Write ``-`` as ``_`` in every key of every dict within ``obj``, in place, and return it.

    >>> conv_key({"a-b": [{"c-d": 1}]})
    {'a_b': [{'c_d': 1}]}
    """
    return utils.convert_keyname_to_safe_field(obj)


SUCCESSORS: dict[str, tuple[Callable[..., Any], str]] = {
    "merge": (merge, "merge_dicts"),
    "put_value_into_dict": (put_value_into_dict, "put_value_into_nesteddict"),
    "get_value_from_dict": (get_value_from_dict, "value_from_nesteddict_by_dottedkeylist"),
    "match_log_with_exclude_patterns": (utils.match_log_with_exclude_patterns, "match_log_with_exclude_patterns"),
    "conv_key": (conv_key, "convert_keyname_to_safe_field"),
}


def lookup(name: str) -> Any:
    """Return the function that ``siem.<name>`` stands for, with one DeprecationWarning a process that names its successor."""
    if name not in SUCCESSORS:
        raise AttributeError(f"module 'siem' has no attribute {name!r}")
    function, successor = SUCCESSORS[name]
    setattr(sys.modules["siem"], name, function)  # so that it is not looked up, and not warned of, again
    warnings.warn(f"siem.{name} is deprecated: use siem.utils.{successor}", DeprecationWarning, stacklevel=2)
    return function
