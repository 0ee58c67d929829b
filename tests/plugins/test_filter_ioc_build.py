"""Lists and STIX bundles made into the file of ``filter_ioc``."""

from __future__ import annotations

import contextlib
import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import ConfigError
from plugins._ioc.build import build
from plugins._ioc.database import Database
from plugins._ioc.indicator import address_indicator, domain_indicator
from plugins._ioc.pattern import Compound, comparisons

NOW = datetime.datetime(2024, 5, 24, 8, tzinfo=datetime.UTC)


def indicator(number=1, pattern="[ipv4-addr:value = '192.0.2.1']", **keys):
    common = {"type": "indicator", "id": f"indicator--{number}", "created": "2024-01-01T00:00:00Z", "modified": "2024-02-01T00:00:00Z"}
    return {**common, "pattern": pattern, "pattern_type": "stix", **keys}


def bundle(*objects):
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects})


def built(folder, txt=None, stix2=None):
    """Build from files given as {provider/name: content}; return the report and a function from a value to the (provider, value) found."""
    for kind, files in (("txt", txt or {}), ("stix2", stix2 or {})):
        (folder / kind).mkdir(exist_ok=True)
        for name, content in files.items():
            file = folder / kind / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = build(folder / "ioc.db", folder / "txt", folder / "stix2", NOW)
    database = Database(folder / "ioc.db")
    return report, lambda value: [(one.provider, one.value) for one in (*database.address(value), *database.domain(value))]


def told(folder, report):
    return [str(problem).removeprefix(f"{folder}/") for problem in report.problems]


def test_a_list_has_an_address_a_network_or_a_domain_a_line_and_comments(tmp_path):
    content = "\ufeff# ours\n192.0.2.1\n  198.51.100.0/24  # a network\n\nEvil.Example\nhidden[.]example\n203[.]0[.]113[.]9\r\n2001:db8::/64\n"
    report, found = built(tmp_path, {"own/a.txt": content, "own/notes.md": "not a list"})
    assert report.problems == []
    assert report.files == {"own": 1}
    assert report.counts == {"own": (2, 2, 2)}
    for value in ("192.0.2.1", "198.51.100.77", "evil.example", "hidden.example", "203.0.113.9", "2001:db8::1"):
        assert [provider for provider, _ in found(value)] == ["own"], value


def test_a_wrong_line_is_told_and_costs_only_itself(tmp_path):
    wrong = ["192.0.2.999", "https://evil.example/x", "two words.example", "localhost", "0.0.0.0/0", "::/0", "-x.example", "caf\\xe9"]
    wrong.append("a" * 64 + ".example")
    report, found = built(tmp_path, {"own/a.txt": "192.0.2.1\n" + "\n".join(wrong) + "\nevil.example\n"})
    ends = ["is every address" if "/0" in text else "is no address, network or domain name" for text in wrong]
    expected = [f"txt/own/a.txt:{line}: {text!r} {end}" for line, (text, end) in enumerate(zip(wrong, ends, strict=True), 2)]
    assert told(tmp_path, report) == expected
    assert found("192.0.2.1")
    assert found("evil.example")


def test_of_a_file_of_another_kind_the_first_mistakes_are_told(tmp_path):
    report, _ = built(tmp_path, {"own/a.txt": "no,list\n" * 500, "own/b.txt": "192.0.2.1", "own/c.txt": b"\xff\xfe\x00binary"})
    assert len(report.problems) == 12
    assert told(tmp_path, report)[10] == "txt/own/a.txt: has more mistakes"
    assert report.mistakes.total() == 501


def test_providers_keep_what_they_share_and_a_provider_has_it_once(tmp_path):
    _, found = built(tmp_path, {"a/1.txt": "192.0.2.1\n::ffff:192.0.2.1\n192.0.2.1/32\n", "a/2.txt": "192.0.2.1", "b/1.txt": "192.0.2.1"})
    assert found("192.0.2.1") == [("a", "192.0.2.1"), ("b", "192.0.2.1")]


def test_a_list_outside_a_folder_of_a_provider_is_a_mistake(tmp_path):
    report, found = built(tmp_path, {"own/a.txt": "192.0.2.1", "stray.txt": "192.0.2.2"})
    assert told(tmp_path, report) == [f"txt/stray.txt: is in no folder of a provider: move it to {tmp_path}/txt/NAME/"]
    assert found("192.0.2.2") == []


def test_a_bundle_gives_its_addresses_networks_and_domains_with_what_it_says_of_them(tmp_path):
    one = indicator(
        1, "[ipv4-addr:value = '192.0.2.1' OR ipv6-addr:value ISSUBSET '2001:db8::/32'] OR [domain-name:value = 'C2.Example']", name="C2",
        description="Seen", confidence=80, valid_until="2999-12-31T00:00:00Z", external_references=[{"source_name": "x"}, {"url": "https://ti.example.com/1"}],
    )  # fmt: skip
    report, found = built(tmp_path, stix2={"acme/a.json": bundle(one, {"type": "malware", "id": "malware--1"})})
    assert report.problems == []
    assert report.counts == {"acme": (1, 1, 1)}
    assert [found(value) for value in ("2001:db8::1", "c2.example")] == [[("acme", "2001:db8::/32")], [("acme", "c2.example")]]
    with Database(tmp_path / "ioc.db").file as file:
        assert file.execute("SELECT * FROM indicator WHERE prefix IS NULL AND type = 'ipv4-addr'").fetchall() == [
            ("192.0.2.1", "ipv4-addr", None, "acme", "indicator--1", "C2", "Seen", "https://ti.example.com/1", "High",
             "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z", "2999-12-31T00:00:00.000000Z"),
        ]  # fmt: skip


def test_a_bundle_of_stix_2_0_a_bare_indicator_and_a_list_of_objects_are_taken(tmp_path):
    old = {"type": "indicator", "id": "indicator--1", "pattern": "[ipv4-addr:value = '192.0.2.1']", "labels": ["x"]}
    files = {
        "a/20.json": json.dumps({"type": "bundle", "spec_version": "2.0", "objects": [old]}),
        "b/bare.json": json.dumps(indicator()),
        "c/list.json": json.dumps([indicator()]),
        "d/taxii.json": json.dumps({"more": False, "objects": [indicator(), "odd", None]}),
    }
    _, found = built(tmp_path, stix2=files)
    assert found("192.0.2.1") == [(provider, "192.0.2.1") for provider in "abcd"]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"valid_until": "2024-05-24T08:00:00Z"}, "no longer valid"),
        ({"valid_until": "2020-01-01T00:00:00.5Z"}, "no longer valid"),
        ({"revoked": True}, "revoked"),
        ({"pattern_type": "yara", "pattern": "rule x {}"}, "of other things than addresses and domains"),
        ({"pattern": "[file:hashes.'SHA-256' = 'aa']"}, "of other things than addresses and domains"),
        ({"pattern": "[domain-name:value LIKE '%.example']"}, "of other things than addresses and domains"),
        ({"pattern": "[domain-name:value = 'a.example' AND url:value = 'x']"}, "with a pattern of several conditions"),
        ({"pattern": "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']"}, "with a pattern of several conditions"),
        ({"pattern": "[ipv4-addr:value NOT = '192.0.2.1']"}, "with a pattern of several conditions"),
        ({"pattern": "[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES WITHIN 60 SECONDS"}, "with a pattern of several conditions"),
    ],
)
def test_what_cannot_be_used_is_left_out_and_counted(tmp_path, keys, reason):
    report, found = built(tmp_path, {"own/a.txt": "203.0.113.1"}, {"acme/a.json": bundle({**indicator(), **keys})})
    assert report.left_out == {("acme", reason): 1}
    assert report.problems == []
    assert found("192.0.2.1") == []


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"pattern": ""}, "'' is no pattern: it stands in square brackets"),
        ({"pattern": None}, "'' is no pattern: it stands in square brackets"),
        ({"pattern": "ipv4-addr:value = 'x'"}, "\"ipv4-addr:value = 'x'\" is no pattern: it stands in square brackets"),
        ({"pattern": "[ipv4-addr:value = '192.0.2.1'"}, "\"[ipv4-addr:value = '192.0.2.1'\" is no pattern: it stands in square brackets"),
        ({"pattern": "[ipv4-addr:value = '192.0.2.1]"}, "the pattern cannot be read from \"'192.0.2.1]\" on"),
        ({"pattern": "[ipv4-addr:value = '192.0.2.999']"}, "'192.0.2.999' is no address, network or domain name"),
        ({"pattern": "[domain-name:value = 'no name']"}, "'no name' is no domain name"),
        ({"valid_until": "soon"}, "valid_until: 'soon' is no time"),
        ({"valid_until": 5}, "valid_until: 5 is no time"),
    ],
)
def test_a_wrong_indicator_is_told_and_costs_only_itself(tmp_path, keys, message):
    good = indicator(2, "[ipv4-addr:value = '198.51.100.1']")
    report, found = built(tmp_path, stix2={"acme/a.json": bundle({**indicator(), **keys}, good)})
    assert told(tmp_path, report) == [f"stix2/acme/a.json: indicator--1: {message}"]
    assert found("198.51.100.1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", ":1: is no JSON: "), (b'{\n"objects": [\n}', ":3: is no JSON: "), (b"", ":1: is no JSON: "), (b"\xff\xfe", ":1: is no JSON: "),
        (b"5", ": is no STIX bundle"), (b'{"objects": 5}', ": is no STIX bundle"), (b"[" * 100_000, ":1: is no JSON: "),
    ],
)  # fmt: skip
def test_a_broken_file_does_not_cost_the_others(tmp_path, content, message):
    report, found = built(tmp_path, stix2={"acme/broken.json": content, "acme/good.json": bundle(indicator())})
    (problem,) = told(tmp_path, report)
    assert problem.startswith(f"stix2/acme/broken.json{message}")
    assert found("192.0.2.1")


def test_of_the_versions_of_an_indicator_the_last_modified_counts_in_whatever_file(tmp_path):
    first, last = indicator(1, "[ipv4-addr:value = '192.0.2.1']"), indicator(1, "[ipv4-addr:value = '192.0.2.2']", modified="2024-03-01T00:00:00Z")
    gone = indicator(2, "[ipv4-addr:value = '192.0.2.3']", revoked=True, modified="2024-03-01T00:00:00Z")
    old, new = indicator(3, "[ipv4-addr:value = '192.0.2.4']"), indicator(3, "[ipv4-addr:value = '192.0.2.5']", modified="2024-02-01T00:00:00.001Z")
    files = {"acme/a.json": bundle(last, gone, old), "acme/b.json": bundle(first, indicator(2, "[ipv4-addr:value = '192.0.2.3']"), new)}
    _, found = built(tmp_path, stix2=files)
    assert [bool(found(f"192.0.2.{number}")) for number in (1, 2, 3, 4, 5)] == [False, True, False, False, True]


def test_indicators_without_an_id_are_several(tmp_path):
    anonymous = [{"type": "indicator", "pattern": f"[ipv4-addr:value = '192.0.2.{number}']"} for number in (1, 2)]
    _, found = built(tmp_path, stix2={"acme/a.json": bundle(*anonymous)})
    assert found("192.0.2.1")
    assert found("192.0.2.2")


def test_without_any_indicator_the_old_file_stays(tmp_path):
    built(tmp_path, {"own/a.txt": "192.0.2.1"})
    (tmp_path / "txt" / "own" / "a.txt").write_text("oops\n")
    with pytest.raises(ConfigError) as caught:
        build(tmp_path / "ioc.db", tmp_path / "txt", None, NOW)
    assert [problem.message for problem in caught.value.problems] == [
        "'oops' is no address, network or domain name", f"no file has an indicator: '{tmp_path}/ioc.db' is left as it was"
    ]  # fmt: skip
    assert Database(tmp_path / "ioc.db").address("192.0.2.1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ioc.db", "stix2", "txt"]


def test_folders_and_targets_that_cannot_be_are_mistakes(tmp_path):
    with pytest.raises(ConfigError, match="absent: there is no such folder"):
        build(tmp_path / "ioc.db", tmp_path / "absent", None, NOW)
    (tmp_path / "txt" / "own").mkdir(parents=True)
    (tmp_path / "txt" / "own" / "a.txt").write_text("192.0.2.1\n")
    for out in (tmp_path / "absent" / "ioc.db", tmp_path / "txt"):
        with pytest.raises(ConfigError, match="cannot be written"):
            build(out, tmp_path / "txt", None, NOW)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0, "None"), (1, "Low"), (29, "Low"), (30, "Medium"), (69, "Medium"), (70, "High"), (100, "High"), (101, ""), (-1, ""), (True, ""),
        ("high", ""),
    ],
)  # fmt: skip
def test_confidence_is_told_in_the_words_of_ecs(tmp_path, value, word):
    built(tmp_path, stix2={"acme/a.json": bundle(indicator(confidence=value))})
    assert [one.confidence for one in Database(tmp_path / "ioc.db").address("192.0.2.1")] == [word]


PATHS = st.sampled_from(["ipv4-addr:value", "ipv6-addr:value", "domain-name:value", "file:hashes.'SHA-256'", "x-own:refs[*].value", "url:value"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


OPERATORS = st.sampled_from(["=", " = ", " ISSUBSET ", "IN", " != ", " LIKE "])
COMPARISONS = st.lists(st.tuples(PATHS, OPERATORS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=5)


@given(COMPARISONS, st.data())
def test_what_was_written_as_a_pattern_is_read(found, data):
    parts, expected = [], []
    for path, operator, several in found:
        many = operator == "IN"
        texts = several if many else several[:1]
        parts.append(f"{path} IN ({', '.join(map(quoted, texts))})" if many else f"{path}{operator}{quoted(texts[0])}")
        expected += [(path, text) for text in texts if operator.strip() in ("=", "ISSUBSET", "IN")]
    joined = parts[0]
    for part in parts[1:]:
        joined += data.draw(st.sampled_from([" OR ", "] OR ["])) + part
    assert list(comparisons(f"[{joined}]")) == expected
    with pytest.raises(Compound):
        list(comparisons(f"[{joined} AND a:b = 'c']"))


@given(st.one_of(st.text(max_size=60), st.text("[]()'\\:=,ab AND OR IN", max_size=60)))
def test_any_text_is_a_pattern_or_one_clear_mistake(text):
    with contextlib.suppress(ValueError):
        assert all(":" in path for path, value in comparisons(text))


@given(st.text(max_size=40))
def test_any_text_is_an_indicator_or_one_clear_mistake(text):
    for make in (address_indicator, domain_indicator):
        try:
            one = make(text, "own")
        except ValueError:
            continue
        assert make(one.value, "own") == one
