"""What all tests share: the marks' conditions, and a switch that makes a skip a failure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail when any test is skipped")


def pytest_configure(config: pytest.Config) -> None:
    """Say in one line what would else be dozens of failures: the tests that run the program would read a site's own settings."""
    for file in (Path(__file__).resolve().parents[1] / "user.ini", Path("/opt/user.ini")):
        if file.exists():
            raise pytest.UsageError(f"{file} is here, and the tests would read it: run them in a clone without it, or move it away meanwhile")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = {
        "shared": "" if (SHARED / "samples").is_dir() else "the real samples are not beside this checkout (../shared)",
        "rsyslog": "" if shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin") else "rsyslogd is not installed",
    }
    for item in items:
        for mark, why in missing.items():
            if why and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--no-skips") and reporter and reporter.stats.get("skipped"):
        reporter.write_line(f"{len(reporter.stats['skipped'])} tests were skipped, and --no-skips forbids it", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def shared() -> Path:
    return SHARED
