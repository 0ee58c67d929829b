"""The ECS schema: what the folded table unfolds to, and that it is the published list and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from loader import schema
from loader.schema import Field

SHARED = Path(__file__).parents[3] / "shared" / "ecs"
EVENT_FIELDS = ("event.kind", "event.category", "event.type", "event.outcome")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("@timestamp", Field("date", False)),
        ("message", Field("match_only_text", False)),
        ("tags", Field("keyword", True)),
        ("source.port", Field("long", False)),
        ("source.as.number", Field("long", False)),
        ("server.nat.ip", Field("ip", False)),
        ("client.user.group.id", Field("keyword", False)),
        ("related.ip", Field("ip", True)),
        ("event.category", Field("keyword", True)),
        ("event.kind", Field("keyword", False)),
        ("dns.answers", Field("object", True)),
        ("dns.answers.ttl", Field("long", False)),
        ("file.pe.sections.entropy", Field("long", False)),
        ("process.entry_leader.parent.session_leader.start", Field("date", False)),
        ("threat.enrichments.indicator.file.hash.sha256", Field("keyword", False)),
        ("user.target.entity.relationships.owns.host.id", Field("keyword", True)),
    ],
)
def test_knows_type_and_array_of_a_field(name: str, expected: Field) -> None:
    assert schema.field(name) == expected
    assert schema.fields()[name] == expected


@pytest.mark.parametrize(
    "name", ["", "source", "source.prt", "geo.location", "account.id", "process.parent.parent.pid", "threat.indicator.file.macho.symhash"]
)
def test_what_is_not_a_field_has_none(name: str) -> None:
    assert schema.field(name) is None


def test_fields_can_not_be_changed_by_a_reader() -> None:
    with pytest.raises(TypeError):
        schema.fields()["mine"] = Field("keyword", False)  # type: ignore[index]


def test_tops_are_field_sets_and_base_fields() -> None:
    assert {"source", "event", "cloud", "process", "message", "labels", "tags", "@timestamp", "ecs"} <= schema.tops()
    assert not {"geo", "as", "hash", "pe", "id_name", "process_core", "source.geo"} & schema.tops()


@pytest.mark.parametrize(
    "name",
    ["message", "source", "source.geo", "source.geo.location", "labels.anything", "labels.a.b", "dns.answers.name", "log.syslog.structured_data.x"],
)
def test_fields_objects_and_names_in_open_fields_are_known(name: str) -> None:
    assert schema.is_known(name)


@pytest.mark.parametrize("name", ["", ".", "sourc", "source.prt", "source.geo.town", "message.text", "aws.cloudtrail", "tags.x", "geo"])
def test_other_names_are_not_known(name: str) -> None:
    assert not schema.is_known(name)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("source.prt", "source.port"),
        ("Source.IP", "source.ip"),
        ("event.catagory", "event.category"),
        ("user.nmae", "user.name"),
        ("http.status_code", "http.response.status_code"),
        ("source.port", "source.port"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_nearest_names_the_field_that_was_meant(typed: str, meant: str | None) -> None:
    assert schema.nearest(typed) == meant


def test_allowed_values_are_kept_for_the_event_fields_only() -> None:
    assert schema.allowed("event.outcome") == ("failure", "success", "unknown")
    assert "authentication" in schema.allowed("event.category")
    assert schema.allowed("event.action") == ()
    assert schema.allowed("no.such") == ()


def test_each_category_expects_event_types_that_exist() -> None:
    assert schema.expected_types("authentication") == ("start", "end", "info")
    assert schema.expected_types("no_such") == ()
    for category in schema.allowed("event.category"):
        assert set(schema.expected_types(category)) <= set(schema.allowed("event.type"))


def test_table_stays_small_and_ascii() -> None:
    data = Path(schema.__file__).with_name("ecs_fields.txt").read_bytes()
    assert len(data) < 25_000
    assert data.isascii()


def test_a_set_unfolds_at_each_place_it_is_used() -> None:
    table = schema._parse("set id\n  keyword: id\n\nset pair # two\n  + id @ . left\ntop a b\n  + pair\n  long: n[]\ntop .\n  + id @ .\n")
    assert sorted(table.fields) == ["a.n", "a.pair.id", "a.pair.left.id", "b.n", "b.pair.id", "b.pair.left.id", "id"]
    assert table.fields["b.n"] == Field("long", True)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("    keywrod: name", "one of the types"),
        ("    keyword", "one of the types"),
        ("    keyword:", "one of the types"),
        ("    keyword: Na/me", "'a.Na/me' is not a name"),
        ("    keyword: id", "'a.id' is there twice"),
        ("    + nothing", "no set 'nothing'"),
        ("    +", r"\+ SET"),
        ("    + s @ ", "no set '@'"),
        ("group", "expected 'set NAME'"),
        ("set", "expected 'set NAME'"),
        ("set one two", "expected 'set NAME'"),
        ("set s", "'s' is there twice"),
        ("top", "expected 'set NAME'"),
        ("values event.kind", "expected 'set NAME'"),
        ("category web:", "expected 'set NAME'"),
    ],
)
def test_a_malformed_line_is_named(line: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        schema._parse(f"# head\nset s\n    keyword: x\ntop a\n    keyword: id\n{line}\n")
    assert "ecs_fields.txt, line 6" in str(caught.value)
    assert repr(line.rstrip()) in str(caught.value)


@pytest.mark.parametrize("text", ["    keyword: id", "values event.kind: alert\n    keyword: id"])
def test_a_field_outside_a_block_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="belongs to a 'set' or 'top' block"):
        schema._parse(text)


def test_a_set_can_not_hold_itself() -> None:
    with pytest.raises(ValueError, match=r"line 3: no set 'a' ends above"):
        schema._parse("set a\n  keyword: id\n  + a @ below\n")


@pytest.fixture
def published() -> dict[str, dict[str, Any]]:
    if not SHARED.is_dir():
        pytest.skip("the published list is not here")
    loaded: dict[str, dict[str, Any]] = json.loads((SHARED / "fields.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.shared
def test_table_is_the_published_list(published: dict[str, dict[str, Any]]) -> None:
    assert dict(schema.fields()) == {name: Field(entry["type"], entry.get("array", False)) for name, entry in published.items()}
    for name in EVENT_FIELDS:
        assert schema.allowed(name) == tuple(published[name]["allowed"])
    for category, types in published["event.category"]["allowed"].items():
        assert schema.expected_types(category) == tuple(types)


@pytest.mark.shared
def test_version_is_the_published_one(published: dict[str, dict[str, Any]]) -> None:
    assert f" {schema.VERSION} " in (SHARED / "README.md").read_text(encoding="utf-8")
