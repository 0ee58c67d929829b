"""Sections of an input that are for buckets of their own."""

from __future__ import annotations

import threading
from concurrent import futures

import pytest

from loader import config as configuration
from loader import inputs
from loader.api import ConfigError, Input, Source, SourceDenied
from loader.assembly import HOME, Assembly
from loader.engine import Engine
from loader.registry import Registry

SECTIONS = """[in_s3]
region = eu-west-1
proxy = http://192.0.2.1:3128
role_arn = arn:aws:iam::123456789012:role/rest
external_id = rest
[in_s3:first]
buckets = audit-* same
region = eu-west-2
[in_s3:second]
buckets = same other-?
"""
TOWER = {"CONTROL_TOWER_LOG_BUCKETS": "one,two", "CONTROL_TOWER_ROLE_ARN": "arn:aws:iam::123456789012:role/tower"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for service in ("CONTROL_TOWER", "SECURITY_LAKE"):
        for name in ("ROLE_ARN", "ROLE_SESSION_NAME", "EXTERNAL_ID", "LOG_BUCKETS"):
            monkeypatch.delenv(f"{service}_{name}", raising=False)


def read_ini(tmp_path, ini):
    (tmp_path / "user.ini").write_text(ini)
    config = configuration.load([], [tmp_path / "user.ini"])
    inputs.declare(config, Registry([HOME / "plugins"]), "in_s3")
    return config


def made(tmp_path, ini=SECTIONS):
    return inputs.create(read_ini(tmp_path, ini), Registry([HOME / "plugins"]), "in_s3")


class Fake(Input):
    """Tells its name, and serves one bucket; does not open while ``shut``."""

    def __init__(self, name, bucket, shut=""):
        self.name, self.bucket, self.shut, self.calls = name, bucket, shut, []

    def open(self):
        self.calls.append("open")
        if self.shut:
            raise ConfigError(self.shut)

    def close(self):
        self.calls.append("close")

    def serves(self, bucket):
        return bucket == self.bucket

    def read(self, source):
        yield self.name.encode()


def test_a_bucket_is_read_by_the_first_section_in_file_order_that_is_for_it(tmp_path):
    found = made(tmp_path)
    assert [one.name for one in (found.first, *found.others)] == ["in_s3", "in_s3:first", "in_s3:second"]
    assert [one.region for one in (found.first, *found.others)] == ["eu-west-1", "eu-west-2", ""]
    for one in (found.first, *found.others):
        one.open = lambda: None
        one.read = lambda source, name=one.name: [name]
    by_bucket = {bucket: next(iter(found.read(Source(bucket, "key")))) for bucket in ("audit-1", "same", "other-1", "other-10", "else")}
    assert by_bucket == {"audit-1": "in_s3:first", "same": "in_s3:first", "other-1": "in_s3:second", "other-10": "in_s3", "else": "in_s3"}


def test_without_sections_for_buckets_the_input_is_the_plugin_itself(tmp_path):
    assert type(made(tmp_path, "[in_s3]\nregion = eu-west-1\n")).__name__ == "S3Input"


def test_a_section_is_opened_once_at_its_first_source_and_closed_with_the_rest():
    first, other, idle = Fake("first", ""), Fake("other", "b"), Fake("idle", "c")
    found = inputs.Inputs(first, [other, idle])
    found.open()
    assert (first.calls, other.calls) == (["open"], [])
    assert [b"".join(found.read(Source(bucket, "key"))) for bucket in ("a", "b", "b")] == [b"first", b"other", b"other"]
    found.close()
    assert (first.calls, other.calls, idle.calls) == (["open", "close"], ["open", "close"], [])


def test_a_section_that_cannot_be_opened_denies_its_buckets_alone_and_is_tried_again_later():
    now = [0.0]
    first, other = Fake("first", ""), Fake("other", "b", shut="role r is refused")
    found = inputs.Inputs(first, [other], lambda: now[0])
    found.open()
    for now[0] in (0.0, 1.0, inputs.AGAIN - 1):
        with pytest.raises(SourceDenied, match="^s3://b/key: role r is refused$"):
            list(found.read(Source("b", "key")))
    assert list(found.read(Source("a", "key"))) == [b"first"]
    assert other.calls == ["open"]
    now[0], other.shut = inputs.AGAIN, ""
    assert list(found.read(Source("b", "key"))) == [b"other"]


def test_a_section_is_opened_once_when_two_sources_at_once_are_its_first():
    begun, gate = threading.Event(), threading.Event()

    class Slow(Fake):
        def open(self):
            super().open()
            begun.set()
            assert gate.wait(10)

    other = Slow("other", "b")
    found = inputs.Inputs(Fake("first", ""), [other])
    found.open()
    with futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: list(found.read(Source("b", "1"))))
        assert begun.wait(10)
        second = pool.submit(lambda: list(found.read(Source("b", "2"))))
        assert list(found.read(Source("a", "3"))) == [b"first"]  # which does not wait
        gate.set()
        assert first.result(10) == second.result(10) == [b"other"]
    assert other.calls == ["open"]


def test_sources_are_read_ahead_where_all_sections_say_that_they_may_be():
    ready, other = Fake("first", ""), Fake("other", "b")
    assert not inputs.Inputs(ready, [other]).ahead
    ready.ahead = True
    assert not inputs.Inputs(ready, [other]).ahead
    other.ahead = True
    assert inputs.Inputs(ready, [other]).ahead


def test_the_input_for_the_rest_must_open():
    with pytest.raises(ConfigError, match="no credentials"):
        inputs.Inputs(Fake("first", "", shut="no credentials"), [Fake("other", "b")]).open()


def test_the_environment_of_the_es_loader_makes_sections_behind_those_of_the_files(tmp_path, monkeypatch):
    for name, value in TOWER.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SECURITY_LAKE_ROLE_ARN", "arn:aws:iam::123456789012:role/lake")
    monkeypatch.setenv("SECURITY_LAKE_EXTERNAL_ID", "id")
    found = made(tmp_path)
    assert [one.name for one in found.others] == ["in_s3:first", "in_s3:second", "in_s3:control-tower", "in_s3:security-lake"]
    tower, lake = found.others[2:]
    assert [bucket for bucket in ("one", "two", "three") if tower.serves(bucket)] == ["one", "two"]
    assert lake.serves("aws-security-data-lake-eu-west-1-x")
    assert (tower.role_arn, tower.external_id) == ([TOWER["CONTROL_TOWER_ROLE_ARN"]], [])  # not the external id of another role
    assert (lake.external_id, lake.region, lake.proxy) == (["id"], "eu-west-1", "http://192.0.2.1:3128")


def test_what_an_ini_file_says_in_a_section_of_the_environment_wins(tmp_path, monkeypatch):
    for name, value in TOWER.items():
        monkeypatch.setenv(name, value)
    (one,) = made(tmp_path, "[in_s3:control-tower]\nregion = eu-north-1\nbuckets = three\n").others
    assert (one.region, one.buckets, one.role_arn) == ("eu-north-1", ["three"], [TOWER["CONTROL_TOWER_ROLE_ARN"]])


def test_a_mistake_in_the_environment_is_told_before_the_first_record(tmp_path, monkeypatch):
    monkeypatch.setenv("SECURITY_LAKE_ROLE_ARN", "lake")
    (tmp_path / "user.ini").write_text("")
    problems = Assembly(configuration.load([HOME / "aws.ini"], [tmp_path / "user.ini"]), "in_s3").config.all_problems()
    (said,) = [str(problem) for problem in problems if problem.section == "in_s3:security-lake"]
    assert said.startswith("environment: [in_s3:security-lake] role_arn: 'lake' is not the ARN of a role")


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("[in_s3:audit]\nregion = eu-west-1\n", "1: [in_s3:audit] has no effect: it is for no bucket (write buckets = names or shell globs)"),
        ("[in_s3]\nbuckets = a\n", "2: [in_s3] buckets: has no effect here: this section is for the rest (write it into [in_s3:NAME])"),
    ],
)
def test_a_section_for_no_bucket_is_a_warning(tmp_path, ini, said):
    (one,) = read_ini(tmp_path, ini).all_problems()
    assert str(one).endswith(said)
    assert not one.fatal


def test_an_engine_reads_by_the_section_for_the_bucket(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    (tmp_path / "user.ini").write_text(f"[out_null]\n{SECTIONS.replace('role_arn', '# ').replace('external_id', '# ')}")
    engine = Engine(configuration.load([HOME / "aws.ini"], [tmp_path / "user.ini"]), "in_s3")
    engine.open_input()
    assert isinstance(engine.input, inputs.Inputs)
    assert [one.name for one in engine.input.others] == ["in_s3:first", "in_s3:second"]
