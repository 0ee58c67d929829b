"""Hooks and their toolbox. ``merge`` and other names that old hooks import from here are looked up in ``siem.deprecated``."""

from siem.deprecated import lookup as __getattr__  # noqa: F401  # PEP 562
