"""``bench/growth.py``: few and many of what it says, and all else the same."""

from __future__ import annotations

from pathlib import Path

from bench import generate, growth
from loader.route import Router


def test_configurations_have_as_many_types_as_they_say(tmp_path: Path) -> None:
    for count in (10, 150):
        config = growth.with_types(count, tmp_path)
        assert len(config.types) == count
        assert config.all_problems() == []


def test_types_that_were_made_are_found_and_ours_too(tmp_path: Path) -> None:
    router = Router(growth.with_types(150, tmp_path).types.values())
    assert router.route("AWSLogs/123456789012/service010/2024/a.json.gz").log_type == "made010"
    assert router.route(generate.KEYS["alb"][1] % 0).log_type == "alb"


def test_rules_are_as_many_as_they_say_and_no_record_meets_one(tmp_path: Path) -> None:
    (key,) = generate.write(tmp_path, "vpcflowlogs", 1, 100)
    config = growth.with_rules(40, tmp_path)
    assert (tmp_path / "rules.csv").read_text().count("vpcflowlogs,") == 40
    found = growth.cost(config, tmp_path, key, tmp_path / "state")
    assert found["records"] == 40 * 100
    assert not [problem for problem in config.all_problems() if problem.fatal]
