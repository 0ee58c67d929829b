"""``plugins/parser_json.py``: what surrounds records, what parts them, and how their texts are kept."""

from __future__ import annotations

import json
import time

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import DecodeError, Limits
from plugins.parser_json import JsonParser
from tests.drivers import blocks_of, load, log_type, parsed
from tests.plugins.test_parser_json import BLOCK, KEY, LAYOUTS, NASTY, OBJECT, OBJECTS, TEXT, VALUE

INDENT = st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 2}, {"indent": 0}])
ES_LOADER = {"compat": "es-loader"}


def read(body, block=65536, limits=None, **options):
    return parsed(JsonParser(), blocks_of(body if isinstance(body, bytes) else body.encode(), block), limits, **options)


def dumps(value, **layout):
    return json.dumps(value, ensure_ascii=False, **layout)


def problems(**options):
    section = log_type(**options)
    JsonParser().prepare(section, Limits())
    return [(problem.key, problem.fatal) for problem in section.problems]


# --- rows of the contract (FEATURES 1.5.5 json, 1.5.3 json_delimiter)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ('{"a": 1}\n\n \n{"a": 2}\n', 2),
        ('\ufeff{"a": 1}\n{"a": 2}', 2),
        ('{\n  "a": 1\n}\n{\n  "a": 2\n}\n', 2),
        ('[{"a": 1}, {"a": 2}]', 2),
        ('[{"a": 1}]\n[{"a": 2}]\n', 2),
        ('{"a": 1}{"a": 2}\n{"a": 3}', 3),
        ('{"a": 1}', 1),
    ],
    ids=["blank lines", "BOM", "pretty-printed", "top-level array", "arrays per line", "several objects a line (Firehose)", "one object"],
)
def test_row_json_shapes_that_failed_the_whole_object_are_read(body, count):
    found = read(body)
    assert [record["a"] for record in found.records] == list(range(1, count + 1))
    assert (found.rejects, found.error) == ([], None)


def test_row_json_one_bad_line_costs_itself():
    found = read('{"a": 1}\n{"a": \n{"a": 3}\n')
    assert ([record["a"] for record in found.records], [text for text, _ in found.rejects]) == ([1, 3], ['{"a":'])


def test_row_json_delimiter_names_a_top_level_list():
    found = read('{"x": 1, "Records": [{"a": 1}, {"a": 2}], "y": [{"a": 3}]}', json_delimiter="Records")
    assert found.records == [{"a": 1}, {"a": 2}]


def test_row_json_delimiter_may_be_a_nested_path():
    assert read('{"d": {"l": {"e": [{"a": 1}]}, "e": [{"a": 2}]}}', json_delimiter="d.l.e").records == [{"a": 1}]


@pytest.mark.parametrize(("body", "path"), [('{"a.b": [{"x": 1}]}', "a.b"), ('{"a": {"b.c": [{"x": 1}]}}', "a.b.c")])
def test_a_key_that_has_dots_itself_is_found_too(body, path):
    assert read(body, json_delimiter=path).records == [{"x": 1}]


def test_a_key_that_is_written_with_escapes_is_found_too():
    assert read(json.dumps({"é\n": [{"x": 1}]}), json_delimiter="é\n").records == [{"x": 1}]


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "*.a"])
def test_a_delimiter_that_leads_nowhere_is_a_mistake_at_its_key(path):
    assert problems(json_delimiter=path) == [("json_delimiter", True)]


# --- texts


@pytest.mark.parametrize("layout", ["lines", "ascii lines", "several a line", "array", "one after the other", "array, an element a line"])
@settings(deadline=None, max_examples=40)
@given(many=OBJECTS, block=BLOCK)
def test_the_texts_of_what_python_wrote_are_those_of_the_es_loader(layout, many, block):
    found = read(LAYOUTS[layout](many), block)
    assert found.raws == list(map(dumps, many))


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(deadline=None, max_examples=25)
@given(many=OBJECTS, block=BLOCK)
def test_in_compat_mode_all_texts_are_those_of_the_es_loader(layout, many, block):
    found = read(LAYOUTS[layout](many), block, **ES_LOADER)
    assert found.raws == list(map(dumps, many))
    assert found.records == many


@settings(deadline=None, max_examples=60)
@given(many=OBJECTS, block=BLOCK, compat=st.sampled_from(["", "es-loader"]))
def test_texts_under_a_key_are_those_of_the_es_loader(many, block, compat):
    assert read(json.dumps({"Records": many}), block, json_delimiter="Records", compat=compat).raws == list(map(dumps, many))


def test_nothing_but_escapes_by_number_changes_in_a_text():
    text = r'{"a" :  1.50,"b":"\u65e5\u672c\/\u0007\"","c":1E3}'
    assert read(text).raws == [r'{"a" :  1.50,"b":"日本\/\u0007\"","c":1E3}']
    assert read(text, **ES_LOADER).raws == [r'{"a": 1.5, "b": "日本/\u0007\"", "c": 1000.0}']


@pytest.mark.parametrize("options", [{}, ES_LOADER])
def test_a_rejected_text_stays_as_it_was_read(options):
    for bad in (r'{"a": "\u00e9" 1}', r'"\u00e9"', r'{"a": "\ud800 \u00e9"}'):
        assert [text for text, _ in read(f'{{"a": 1}}\n{bad}\n{{"a": 2}}', **options).rejects] == [bad]


def test_the_message_of_a_document_can_be_searched(tmp_path):
    ini = "[app]\ns3_key = app/\nfile_format = json\n"
    (document,) = load(tmp_path, ini, "app/1", json.dumps({"place": "日本"}).encode()).documents
    assert (document["place"], document["@message"]) == ("日本", '{"place": "日本"}')


# --- fields from around the list


NAMES = st.sampled_from(["account", "region", "é", "a", "meta"])


@settings(deadline=None, max_examples=150)
@given(
    many=OBJECTS,
    before=st.dictionaries(NAMES, VALUE, max_size=3),
    behind=st.dictionaries(NAMES, VALUE, max_size=3),
    objects=st.integers(1, 3),
    indent=INDENT,
    block=BLOCK,
    limits=st.sampled_from([Limits(), Limits(chunk_records=1), Limits(record_bytes=200, chunk_records=2)]),
    ascii_only=st.booleans(),
)
def test_outer_fields_join_every_record_that_lacks_them_wherever_they_stand(many, before, behind, objects, indent, block, limits, ascii_only):
    outer = {**before, "Records": many, **{key: value for key, value in behind.items() if key not in before}}
    whole = {"d": {**outer, "deep": {"x": 1}}, "id": 7}
    body = "\n".join([json.dumps(whole, ensure_ascii=ascii_only, **indent)] * objects)
    if max(map(len, map(json.dumps, [*many, *whole.values(), *outer.values()])), default=0) > limits.record_bytes // 4:
        limits = Limits()
    found = read(body, block, limits, json_delimiter="d.Records", json_include="where=d.account d.é id x=d.deep.x gone d.meta")
    taken = {new: whole["d"][old] for new, old in (("where", "account"), ("é", "é"), ("meta", "meta")) if old in whole["d"]}
    expected = [taken | {"id": 7, "x": 1} | record for record in many] * objects
    assert (found.records, found.rejects, found.error) == (expected, [], None)
    assert [orjson.loads(raw) for raw in found.raws] == expected
    assert max(found.sizes, default=0) <= limits.chunk_records


def test_a_record_keeps_its_own_field_and_its_text_shows_what_joined_it():
    found = read('{"account": "1", "n": null, "Records": [{"a": 1}, {}, {"account": "2" }]}', json_delimiter="Records", json_include="account n")
    assert found.raws == ['{"a": 1, "account": "1", "n": null}', '{"account": "1", "n": null}', '{"account": "2", "n": null}']
    assert found.records == [json.loads(raw) for raw in found.raws]


def test_a_star_takes_all_scalars_of_its_object():
    body = '{"a": 1, "o": {"p": "q", "r": [1]}, "Records": [{"x": 1}], "l": [1], "b": "é"}'
    assert read(body, json_delimiter="Records", json_include="*").records == [{"x": 1, "a": 1, "b": "é"}]
    assert read(body, json_delimiter="Records", json_include="o.*").records == [{"x": 1, "p": "q"}]
    assert read(body, json_delimiter="Records", json_include="o").records == [{"x": 1, "o": {"p": "q", "r": [1]}}]


def test_a_star_waits_for_the_end_also_beside_a_member_of_that_name():
    assert read('{"*": 1, "Records": [{"x": 1}], "b": 2}', json_delimiter="Records", json_include="*").records == [{"x": 1, "*": 1, "b": 2}]


def test_records_share_no_object_that_they_were_given():
    one, other = read('{"o": {"p": 1}, "Records": [{"x": 1}, {"x": 2}]}', json_delimiter="Records", json_include="o").records
    one["o"]["p"] = 2
    assert other["o"] == {"p": 1}


def test_fields_of_one_object_do_not_reach_the_next():
    body = '{"a": 1, "Records": [{"x": 1}]}\n{"Records": [{"x": 2}]}\n{"Records": [{"x": 3}], "a": 3}\n{"Records": [{"x": 4}]}'
    found = read(body, json_delimiter="Records", json_include="a")
    assert found.records == [{"x": 1, "a": 1}, {"x": 2}, {"x": 3, "a": 3}, {"x": 4}]


@pytest.mark.parametrize("end", [1, 5, 9])
@pytest.mark.parametrize("tail", ['], "a": 1}', '], "a": {"b": 1}}'])
def test_records_that_wait_in_vain_are_given_without(tail, end):
    found = read(('{"Records": [{"x": 1}, {"x": 2}, {"x": 3' + tail)[:-end], json_delimiter="Records", json_include="a")
    assert [record["x"] for record in found.records][:2] == [1, 2]
    assert isinstance(found.error, DecodeError) or found.rejects


def test_a_broken_outer_field_is_told_and_costs_no_record():
    for bad in ("NaN", "tru"):
        found = read(f'{{"a": {bad}, "b": 2, "Records": [{{"x": 1}}]}}', json_delimiter="Records", json_include="a b")
        assert found.records == [{"x": 1, "b": 2}]
        assert [reason.startswith("cannot be included (json_include): ") for _, reason in found.rejects] == [True]
    found = read(f'{{"a": "{"y" * 500}", "Records": [{{"x": 1}}]}}', 64, Limits(record_bytes=100), json_delimiter="Records", json_include="a")
    assert (found.records, len(found.rejects)) == ([{"x": 1}], 1)


def test_rejects_keep_their_place_among_records_that_wait():
    body = '{"Records": [{"x": 1}, 5, {"x": 2}, "%s", {"x": 3}], "a": 1}' % ("y" * 300)
    found = read(body, 32, Limits(record_bytes=100), json_delimiter="Records", json_include="a")
    assert found.records == [{"x": 1, "a": 1}, {"x": 2, "a": 1}, {"x": 3, "a": 1}]
    assert [reason.split(" of ")[0] for _, reason in found.rejects] == [
        "JSON, but a number where an object was expected",
        "longer than the 100 bytes",
    ]


def test_fields_that_come_first_let_the_list_stream_and_fields_that_come_last_hold_it_in_a_file():
    def blocks(first):
        yield b'{"account": "1", ' if first else b"{"
        yield b'"Records": ['
        for number in range(20_000):
            state["read"] += 1
            yield (b"," if number else b"") + dumps({"id": number, "text": "y" * 50}).encode()
        yield b"]}" if first else b'], "account": "1"}'

    for first in (True, False):
        state, most, seen = {"read": 0}, 0, 0
        section = log_type(json_delimiter="Records", json_include="account")
        for raws in JsonParser().prepare(section, Limits(record_bytes=100_000, chunk_records=10))(blocks(first)):
            most = max(most, state["read"] - seen)
            assert all(record["account"] == "1" for record in raws.records)
            assert [record["id"] for record in raws.records] == list(range(seen, seen + len(raws.texts)))
            seen += len(raws.texts)
        assert seen == 20_000
        assert most < 50 or not first


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"json_include": "a"}, "json_include"),
        ({"json_delimiter": "r", "json_include": "a..b"}, "json_include"),
        ({"json_delimiter": "r", "json_include": "x=*"}, "json_include"),
        ({"json_delimiter": "r", "json_include": "=a"}, "json_include"),
        ({"json_delimiter": "r", "json_include": "a.x b.x"}, "json_include"),
        ({"json_delimiter": "r", "json_key_field": "a"}, "json_key_field"),
        ({"json_key_field": "a"}, "json_key_field"),
    ],
)
def test_options_without_a_meaning_are_mistakes_at_their_keys(options, key):
    assert problems(**options) == [(key, True)]


# --- objects of records


@settings(deadline=None, max_examples=100)
@given(many=st.dictionaries(KEY, OBJECT, max_size=5), indent=INDENT, block=BLOCK, nested=st.booleans(), objects=st.integers(1, 2))
def test_members_of_an_object_are_records_that_know_their_key(many, indent, block, nested, objects):
    whole = {"x": 1, "hosts": many} if nested else many
    body = "\n".join([dumps(whole, **indent)] * objects)
    found = read(body, block, json_delimiter="hosts.*" if nested else "*", json_key_field="host")
    assert (found.records, found.rejects) == ([{"host": key} | record for key, record in many.items()] * objects, [])
    assert [orjson.loads(raw) for raw in found.raws] == found.records


def test_lists_under_the_keys_of_an_object_are_records_too():
    found = read('{"a": [{"x": 1}, {"x": 2}], "b": [], "c": {"x": 3}, "d": 4}', json_delimiter="*", json_key_field="from")
    assert found.records == [{"x": 1, "from": "a"}, {"x": 2, "from": "a"}, {"x": 3, "from": "c"}]
    assert [text for text, _ in found.rejects] == ["4"]


def test_members_take_fields_that_stand_beside_them():
    body = '{"a": {"x": 1}, "n": 5, "b": {"x": 2}, "v": "1"}'
    assert read(body, json_delimiter="*", json_include="v n", json_key_field="k").records == [
        {"x": 1, "k": "a", "n": 5, "v": "1"},
        {"x": 2, "k": "b", "n": 5, "v": "1"},
    ]


def test_an_object_of_records_may_be_empty_but_not_missing():
    assert read('{"hosts": {}}', json_delimiter="hosts.*").read == 0
    assert [why for _, why in read('{"other": {}}', json_delimiter="hosts.*").rejects] == ["has no list under 'hosts.*' (json_delimiter)"]
    assert [why for _, why in read('{"hosts": [{"a": 1}]}', json_delimiter="hosts.*").rejects] == ["has no list under 'hosts.*' (json_delimiter)"]


def test_a_broken_member_costs_its_line():
    found = read('{"a": {"x": 1}}\n{"a": {"x": [1}, "b": {"x": 2}}\n{"a": {"x": 3}}', json_delimiter="*")
    assert [record["x"] for record in found.records] == [1, 3]
    assert len(found.rejects) == 1


# --- separators of one's own


SEPARATORS = ["|", "||", "---", "\\n---\\n", "#\\t", "\\x1f", "aab", "},{", " ~ "]


@pytest.mark.parametrize("separator", SEPARATORS)
@settings(deadline=None, max_examples=40)
@given(many=OBJECTS, indent=INDENT, block=BLOCK, blank=st.sampled_from(["", " ", "\n"]), ends=st.booleans())
def test_objects_parted_by_a_separator_come_out(separator, many, indent, block, blank, ends):
    between = blank + separator.encode().decode("unicode_escape") + blank
    found = read(between.join(dumps(one, **indent) for one in many) + between * (ends and bool(many)), block, json_separator=separator)
    if separator not in "},{" and not any(separator in dumps(one) for one in many):
        assert (found.records, found.rejects) == (many, [])


def test_a_separator_inside_a_string_is_text():
    found = read('{"a": "x||y"}||{"a": "||"}||\n{"a": 3}', 1, json_separator="||")
    assert [record["a"] for record in found.records] == ["x||y", "||", 3]


@pytest.mark.parametrize("block", [1, 7, 65536])
@pytest.mark.parametrize("bad", ["garbage", '{"id": ', '{"id": "x', '{"id": [1}'])
def test_what_is_broken_between_separators_costs_no_neighbour(bad, block):
    found = read(f'{{"a": 1}}||{bad}||{{"a": 2}}||[{{"a": 3}}]', block, json_separator="||")
    assert ([record["a"] for record in found.records], [text for text, _ in found.rejects]) == ([1, 2, 3], [bad.strip()])


def test_a_separator_goes_with_a_delimiter():
    body = '{"Records": [{"a": 1}, {"a": 2}]};{"Records": [{"a": 3}]}'
    assert read(body, 5, json_delimiter="Records", json_separator=";").records == [{"a": 1}, {"a": 2}, {"a": 3}]


# --- anything


SCRAPS = [b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b" ", b"1", b'{"a":1}', b'"r":[', b'"k":', b"||", b"\\u00", b"\\ud83d", b"\xff"]
SHAPES = [
    {"json_delimiter": "r", "json_include": "k"},
    {"json_delimiter": "r", "json_include": "*"},
    {"json_delimiter": "*", "json_key_field": "k", "json_include": "a"},
    {"json_delimiter": "k.r", "json_separator": "||"},
    {"json_separator": "||", "compat": "es-loader"},
]


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(SCRAPS), max_size=40).map(b"".join), BLOCK, st.sampled_from(SHAPES), st.sampled_from([3, 20, 10000]))
def test_whatever_the_bytes_and_the_shape_they_end_as_records_rejects_or_a_source_error(body, block, shape, limit):
    found = read(body, block, Limits(record_bytes=limit), **shape)
    assert found.error is None or isinstance(found.error, DecodeError)
    assert [orjson.loads(raw) for raw in found.raws] == found.records


WORST = {
    "separators": "||",
    "brackets and separators": "}||",
    "blanks": " " * 50 + "||",
    "members": '{"a":{"x":1},',
    "objects that wait": '{"r":[{"x":1}]}\n',
    "lists that wait": '{"r":[{"x":1},',
    "outer fields": '{"k":1,"k":2,',
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("worst", WORST)
def test_the_worst_input_takes_time_in_proportion(worst, shape):
    def seconds(size):
        body = (WORST[worst] * (size // len(WORST[worst]))).encode()
        began = time.process_time()
        read(body, 4096, Limits(record_bytes=size // 2), **shape)
        return time.process_time() - began

    least = min(seconds(10_000) for _ in range(2))
    assert min(seconds(40_000) for _ in range(2)) < 10 * least + 0.1  # four times as much; quadratic would be 16 times


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([*NASTY, "||", "|", "{}", "[]"]), max_size=12).map("".join), TEXT, BLOCK)
def test_a_separator_is_found_however_the_source_is_cut(start, end, block):
    body = f'{start}||{{"a": 1}}||{end}'
    assert read(body, block, json_separator="||").records == read(body, json_separator="||").records


def test_a_reject_has_its_own_text_and_none_of_what_follows():
    body = b'{"a": 1} {"Records": [{"n": 1}]}\n{"b": "' + b"x" * 5000 + b'"} {"Records": [{"n": 2}, {]} , {"n": 3}]}\n'
    found = parsed(JsonParser(), blocks_of(body), json_delimiter="Records")
    texts = [raw for raw, _ in found.rejects]
    assert texts[0] == '{"a": 1}'
    assert texts[1].startswith('{"b": "xxx') and texts[1].endswith("xxx ...")
    assert all('"n": 1' not in text for text in texts)
