"""``bench/report.py``: the page says what was measured."""

from __future__ import annotations

import platform

from bench import report, samples
from bench.rounds import Figures


def figures(cpu: float, **more: float) -> Figures:
    return {"cpu": cpu, "wall": cpu, "peak": 5e7, "records": 1000, "bytes": 1_400_000, **more}


def one_round(scale: float, **more: Figures) -> dict[str, Figures]:
    parts = {"part gunzip": 0.0001 * scale, "part frame": 0.0002 * scale, "part run": 0.0027 * scale}
    steps = {"part parse": 0.001 * scale, "part tidy": 0.001 * scale, "part ecs": 0.001 * scale}
    return {
        "tcp": figures(0.004 * scale), "null": figures(0.0035 * scale), "slow": figures(0.009 * scale), "document": figures(0.002 * scale),
        "bare": figures(0.001 * scale), "parts": figures(0.003 * scale, **parts), "slow_parts": figures(0.008 * scale, **steps), **more,
    }  # fmt: skip


def results(**more: Figures) -> report.Results:
    few = [{"few": figures(0.004), "many": figures(0.005)} for _ in range(5)]
    workers = {"one": 10.0, "two": 5.2, "first": 0.4, "speedup": 1.92, "share": 0.021, "parent": 0.3, "peak": 5e7, "records": 1000, "objects": 24}
    return report.Results(
        {"vpcflowlogs": [one_round(scale, **more) for scale in (1.0, 2.0, 9.0)], "s3accesslog": [one_round(1.0)]},
        few,
        few,
        [{"keys": {"cpu": 0.5, "records": 100_000}}],
        {"few": 40.0, "many": 42.0},
        {"log": (10, 150), "exclusion": (1, 1000), "objects": (2000, 100_000), "keys": (150, 150)},
        workers,
        {name: figures(0.01, size=500_000, rejected=0) for name in (*samples.FORMATS, samples.WORST)},
        431.0,
    )


def test_medians_and_ratios_are_in_the_table() -> None:
    page = report.render(results(**{"rsyslog list": figures(0.016)}))
    assert "| **Sluice, over TCP** | 8.0 (1400) | 4.0 (1400) |" in page
    assert "| rsyslog, a template that names fields | 16.0 (1400) |  |" in page
    assert "| rsyslog, a template that names fields | 0.50 |  |" in page
    assert "| floor: the full document | 2.00 | 2.00 |" in page
    assert "not installed" not in page


def test_without_rsyslogd_its_rows_are_left_out_and_that_is_said() -> None:
    page = report.render(results())
    assert "| rsyslog, " not in page
    assert "rsyslogd was not installed" in page


def test_stages_add_up_to_the_load() -> None:
    rows = [line.split("|")[3] for line in report.parts_table(results().main).splitlines()[2:]]
    assert [float(cell) for cell in rows] == [0.1, 0.2, 2.7, 0.5, 0.5]


def test_steps_stand_in_their_order_the_last_ones_last() -> None:
    assert [line.split("|")[1].strip() for line in report.steps_table(results().main).splitlines()[2:]] == ["parse", "ecs", "tidy"]


def test_growth_workers_and_samples_are_told() -> None:
    page = report.render(results())
    assert "| log types in the INI files | 10 | 150 | 4.00 | 5.00 | +25% |" in page
    assert "| objects in the list, of 10 records | 2,000 | 100,000 | 40.00 | 42.00 | +5% |" in page
    assert "every key another: 200,000 per second" in page
    assert "| two workers are faster by | 1.92 |" in page
    assert "| all but the last | 500 | 10.00 | 20.0 |" in page
    assert "in 7.2 minutes" in page


def test_the_page_names_no_machine() -> None:
    assert platform.node() not in report.facts()
    assert "{" not in report.render(results())
