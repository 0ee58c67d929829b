"""Hooks of the examples are loaded by the engine, not collected as tests."""

collect_ignore_glob = ["*/siem/*"]
