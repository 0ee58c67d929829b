"""Fixtures of the tests of the syslog output, one file a transport."""

from __future__ import annotations

import pytest

from plugins._syslog import stream
from tests.plugins.syslog_output import configured
from tests.servers import Certificates


@pytest.fixture
def opened(monkeypatch):
    """Return a function that opens a syslog output, closed at the end of the test."""
    plugins = []

    def start(**values):
        plugins.append(configured(**values))
        plugins[-1].open()
        return plugins[-1]

    yield start
    monkeypatch.setattr(stream, "COMEBACK", 0.0)  # the peers are gone for good
    for plugin in plugins:
        plugin.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))
