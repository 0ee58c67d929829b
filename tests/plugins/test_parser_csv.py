"""``plugins/parser_csv.py``: rows under a header, parted by a delimiter or by blanks."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import ConfigError, DecodeError, Limits, ParseError
from plugins.parser_csv import CsvParser
from tests import drivers
from tests.drivers import blocks_of, log_type, parsed

COMMA = {"csv_delimiter": ","}
DELIMITERS = [",", ";", "|", "\t", ":", "^", "]", "\\", "-", "\x01", "¦", "💡"]
NAME = st.text("abcdefgh_ :/.", min_size=1, max_size=6).map(str.strip).filter(bool)
PIECES = ["a", "B", "0", " ", '"', '""', "\n", "\r\n", "\r", "é", "日", "\\", "'", "\x1c", "\x85", "\0", *DELIMITERS]
FIELD = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def read(body, block=65536, limits=None, **options):
    return parsed(CsvParser(), blocks_of(body, block), limits, **options)


def written(rows, **dialect):
    table = io.StringIO()
    csv.writer(table, **dialect).writerows(rows)
    return table.getvalue().encode()


@st.composite
def tables(draw):
    names = draw(st.lists(NAME, min_size=1, max_size=5, unique=True))
    rows = draw(st.lists(st.lists(FIELD, min_size=len(names), max_size=len(names)), max_size=6))
    return names, [row for row in rows if row != names]


# --- what is written comes out


@settings(deadline=None, max_examples=300)
@given(
    tables(),
    st.sampled_from(DELIMITERS),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
    st.sampled_from([1, 2, 3, 5, 8, 65536]),
    st.integers(1, 3),
)
def test_any_table_comes_out_as_it_was_written(table, delimiter, quoting, mark, block, chunk):
    names, rows = table
    body = written([names, *rows], delimiter=delimiter, quoting=quoting)
    limits = Limits(chunk_records=chunk)
    found = read(b"\xef\xbb\xbf" * mark + body, block, limits, csv_delimiter=delimiter.replace("\t", "\\t").replace("\x01", "\\x01"))
    # a row of a single field that is blank looks like a blank line
    expected = [row for row in rows if quoting == csv.QUOTE_ALL or len(row) > 1 or row[0].strip(" ") or not row[0]]
    assert found.records == [dict(zip((name.replace("-", "_") for name in names), row, strict=True)) for row in expected]
    assert found.rejects == []
    assert max(found.sizes, default=0) <= chunk


@given(
    st.lists(st.lists(st.text("abc-0:/é\"'", min_size=1, max_size=4), min_size=3, max_size=3), max_size=5),
    st.sampled_from([" ", "\t", "   ", " \t "]),
    st.integers(1, 20),
)
def test_any_run_of_blanks_parts_a_table_without_a_delimiter(rows, blanks, block):
    body = "\n".join(blanks.join(row) + " " for row in [["x-a", "y", "z"], *rows])
    assert read(body.encode(), block).records == [dict(zip(("x_a", "y", "z"), row, strict=True)) for row in rows]


def test_quotes_in_a_table_of_blanks_are_characters_like_others():
    assert read(b'a b\n"x y"\n').records == [{"a": '"x', "b": 'y"'}]


def test_empty_last_columns_of_a_tsv_are_fields():
    assert read(b"a\tb\tc\n1\t\t\n\t\t\n\t\t3\r\n", csv_delimiter="\\t").records == [
        {"a": "1", "b": "", "c": ""},
        {"a": "", "b": "", "c": ""},
        {"a": "", "b": "", "c": "3"},
    ]


def test_blank_lines_are_no_rows():
    assert read(b"a,b\n\n1,2\r\n\r\n  \n3,4\n\n", **COMMA).records == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_the_last_row_needs_no_newline():
    assert read(b"a b\n1 2\n3 4").records == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("body", [b"", b"\n\n", b"a,b", b"a,b\r\n\r\n"])
def test_an_object_without_rows_has_no_records(body):
    found = read(body, **COMMA)
    assert (found.records, found.rejects, found.error) == ([], [], None)


def test_a_field_as_large_as_a_record_may_be_is_read():
    value = "x" * 300_000 + '"'
    assert read(written([["a", "b"], [value, "y"]]), **COMMA).records == [{"a": value, "b": "y"}]


# --- rows of the contract (FEATURES 1.5.3 csv_delimiter, 1.5.5 csv)


def test_row_csv_delimiter_empty_means_any_blanks_and_a_character_means_itself():
    assert read(b"a  b\tc\n1 2\t 3\n").records == [{"a": "1", "b": "2", "c": "3"}]
    assert read(b"a;b c\n1; 2 \n", csv_delimiter=";").records == [{"a": "1", "b c": " 2 "}]


def test_row_csv_dashes_in_header_names_are_underscores():
    assert read(b"row-count a_b\n1 2\n").records == [{"row_count": "1", "a_b": "2"}]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_row_csv_the_last_data_row_is_not_lost(end):
    for options, body in ((COMMA, "a,b\n1,2\n3,4"), ({}, "a b\n1 2\n3 4"), (COMMA, 'a,b\n1,"2"\n3,"4"')):
        assert read((body + end).encode(), **options).records == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_row_csv_a_quoted_newline_belongs_to_its_field_and_costs_no_row():
    found = read(b'a-x,b\n1,"two\nlines"\n3,4\n', **COMMA)
    assert found.records == [{"a_x": "1", "b": "two\nlines"}, {"a_x": "3", "b": "4"}]
    assert found.raws == ['1,"two\nlines"', "3,4"]


def test_row_csv_the_text_of_a_record_is_its_row():
    assert read(b"a b\n  1   2 \n").raws == ["1   2"]
    assert read(b"a,b\n 1 , 2 \r\n", **COMMA).raws == [" 1 , 2 "]


# --- the header


def test_of_columns_with_one_name_the_last_has_it_and_those_before_are_numbered():
    assert read(b"a,b,a,a\n1,2,3,4\n", **COMMA).records == [{"a_1": "1", "b": "2", "a_2": "3", "a": "4"}]
    assert read(b"a,a_1,a-1,a\n1,2,3,4\n", **COMMA).records == [{"a_2": "1", "a_1_1": "2", "a_1": "3", "a": "4"}]
    assert read(b"1 2\n", csv_header="x x").records == [{"x_1": "1", "x": "2"}]


def test_with_compat_columns_before_one_of_the_same_name_are_left_out():
    assert read(b"a,b,a\n1,2,3\n", **COMMA, compat="es-loader").records == [{"b": "2", "a": "3"}]


def test_a_header_of_one_name_many_times_takes_time_in_proportion():
    count = 200_000
    (record,) = read(b"a " * count + b"\n" + b"1 " * count + b"\n").records
    assert len(record) == count


def test_a_dash_in_a_name_becomes_an_underscore_and_blanks_around_it_go():
    assert read(b'account-id, "log-status" ,x\n1,2,3\n', **COMMA).records == [{"account_id": "1", '"log_status"': "2", "x": "3"}]
    assert read(b'"a-b","c\n-d"\n1,2\n', **COMMA).records == [{"a_b": "1", "c\n_d": "2"}]


def test_csv_header_names_the_fields_when_the_first_row_is_data():
    assert read(b"1 2\n3 4\n", csv_header="a-x b").records == [{"a_x": "1", "b": "2"}, {"a_x": "3", "b": "4"}]


def test_a_header_row_wins_over_csv_header():
    assert read(b"b a\n1 2\n", csv_header="a b").records == [{"b": "1", "a": "2"}]


@pytest.mark.parametrize("block", [1, 7, 65536])
def test_the_header_repeated_where_objects_were_joined_is_no_record(block):
    found = read(b"a,b\n1,2\na,b\n3,4\na,b", block, **COMMA)
    assert (found.records, found.rejects) == ([{"a": "1", "b": "2"}, {"a": "3", "b": "4"}], [])


def test_the_fields_a_record_may_have_are_known_with_the_first_chunk():
    (raws,) = CsvParser().prepare(log_type(**COMMA), Limits())(iter([b"a-x,b\n1,2\n"]))
    assert raws.names
    assert raws.names >= {"a_x", "b"}


def test_without_a_readable_header_the_source_fails_and_says_so():
    found = read(b"x" * 100 + b"\n1,2\n", limits=Limits(record_bytes=40), **COMMA)
    assert (found.records, found.rejects) == ([], [])
    assert isinstance(found.error, DecodeError)
    assert "header row" in str(found.error)
    assert "max_record_bytes" in str(found.error)


def test_an_overlong_first_row_is_rejected_alone_when_csv_header_has_the_names():
    found = read(b"x" * 100 + b"\n1,2\n", limits=Limits(record_bytes=40), csv_header="a b", **COMMA)
    assert (found.records, len(found.rejects), found.error) == ([{"a": "1", "b": "2"}], 1, None)


@pytest.mark.parametrize("delimiter", [",,", "\\t\\t", '"', "\\n", "ab", "\\q"])
def test_a_delimiter_that_cannot_part_fields_is_a_mistake_at_its_key(delimiter):
    section = log_type(csv_delimiter=delimiter)
    CsvParser().prepare(section, Limits())
    assert [(problem.key, problem.fatal) for problem in section.problems] == [("csv_delimiter", True)]


# --- rows that are wrong


def test_a_short_row_is_rejected_alone_with_its_text():
    found = read(b"a,b,c\n1,2,3\n1,2\n4,5,6\n", **COMMA)
    assert [record["a"] for record in found.records] == ["1", "4"]
    assert found.rejects == [("1,2", "has 2 fields where the header has 3")]


def test_fields_behind_the_last_column_are_kept_in_csv_extra():
    assert read(b"a,b\n1,2,3,4\n5,6\n", **COMMA).records == [{"a": "1", "b": "2", "csv_extra": "3 4"}, {"a": "5", "b": "6"}]


def test_a_carriage_return_that_csv_does_not_allow_costs_its_row_only():
    found = read(b'a,b\n1,2\nx\ry,"z"\n3,4\n', **COMMA)
    assert [record["a"] for record in found.records] == ["1", "3"]
    assert len(found.rejects) == 1


PLAIN = [f"{number},x{number},y" for number in range(6)]
QUOTED = [f'"{number}","x{number}","y"' for number in range(6)]
MIXED = [f'{number},"x, {number}",y' for number in range(6)]
FOLDED = [f'{number},"x\n{number}""",y' for number in range(6)]


@pytest.mark.parametrize("block", [1, 7, 65536])
@pytest.mark.parametrize("neighbours", [PLAIN, QUOTED, MIXED, FOLDED], ids=["plain", "quoted", "mixed", "folded"])
@pytest.mark.parametrize("bad", ['8,"lost', '"lost', '8,9,"lost', '8,"a""', '"8","lost,"y"'])
def test_a_lone_opening_quote_costs_its_own_line_only(neighbours, bad, block):
    good = read("\n".join(["a,b,c", *neighbours]).encode(), **COMMA).records
    assert len(good) == 6
    found = read("\n".join(["a,b,c", *neighbours[:3], bad, *neighbours[3:]]).encode(), block, **COMMA)
    assert [record for record in found.records if record["a"] in "012345"] == good
    assert found.read == 7


def test_a_lone_opening_quote_holds_no_more_than_a_record_may_have():
    seen = []

    def blocks():
        yield b'a,b\n1,"x\n'
        for number in range(10_000):
            seen.append(number)
            yield b"%d,y\n" % number

    chunks = CsvParser().prepare(log_type(**COMMA), Limits(record_bytes=50))(blocks())
    next(chunks)
    assert len(seen) < 1000  # the charset is told by the first bytes


def test_a_row_over_the_limit_is_rejected_alone_also_behind_an_open_quote():
    found = read(b'a,b\n1,2\n3,"x\n' + b"y" * 100 + b'\n4,5\n6,"7\n8"\n', limits=Limits(record_bytes=40), **COMMA)
    assert [record for record in found.records if record["a"] != "3"] == [{"a": "1", "b": "2"}, {"a": "4", "b": "5"}, {"a": "6", "b": "7\n8"}]
    assert sum("max_record_bytes" in reason for _, reason in found.rejects) == 1


@pytest.mark.parametrize(
    "line",
    ['x",y,"z', '"', 'a,"', '""",', 'a,"b,c', '"a"b"c,"', "x,y,z", '"' * 41, '"a""b",' * 9, 'x,"a\n', '"x"" ,'],
)
def test_the_worst_quotes_take_time_in_proportion(line):
    def seconds(count):
        body = ("a,b,c\n" + f"{line}\n" * count).encode()
        began = time.process_time()
        assert read(body, 65536, Limits(record_bytes=200_000), **COMMA).error is None
        return time.process_time() - began

    least = min(seconds(6000) for _ in range(2))
    assert min(seconds(24000) for _ in range(2)) < 10 * least + 0.1  # four times the rows; had each to be seen again by all, 16


# --- anything


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b'"', b'""', b",", b"\n", b"\r", b"a", b"\xff", b"\0", b" ", b"\xef\xbb\xbf", b"a,b\n"]), max_size=60),
    st.integers(1, 9),
)
def test_whatever_the_bytes_each_row_is_a_record_or_a_reject(parts, block):
    body = b"".join(parts)
    found = read(body, block, Limits(record_bytes=12), **COMMA)
    assert found.error is None or isinstance(found.error, DecodeError)
    whole = read(body, 65536, Limits(record_bytes=10_000), csv_header="p q", **COMMA)
    assert whole.error is None
    assert sum(raw.count("\n") + 1 for raw in [*whole.raws, *(raw for raw, _ in whole.rejects)]) <= body.count(b"\n") + 1


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(1, 50), st.sampled_from(["", ",", "\\t"]))
def test_any_bytes_whatever_are_read_to_their_end(body, block, delimiter):
    found = read(body, block, csv_delimiter=delimiter)
    assert found.error is None or isinstance(found.error, DecodeError)


def test_extra_columns_can_be_mapped(tmp_path):
    ini = "[app]\ns3_key = app/\nfile_format = csv\necs = labels.extra\nlabels.extra = csv_extra\n"
    loaded = drivers.load(tmp_path, ini, "app/1", b"a b\n1 2\n3 4 5 6\n")
    assert [document.get("labels") for document in loaded.documents] == [None, {"extra": "5 6"}]


# --- rows that a carrier brings


@given(st.lists(FIELD, min_size=3, max_size=3), st.sampled_from(DELIMITERS), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_a_row_by_itself_is_read_under_csv_header(row, delimiter, quoting):
    option = delimiter.replace("\t", "\\t").replace("\x01", "\\x01")
    parse = CsvParser().item(log_type(csv_header="a-x b c", csv_delimiter=option))
    assert parse(written([row], delimiter=delimiter, quoting=quoting).decode().removesuffix("\r\n")) == dict(zip(("a_x", "b", "c"), row, strict=True))


def test_a_row_by_itself_that_is_wrong_is_a_parse_error():
    parse = CsvParser().item(log_type(csv_header="a b"))
    assert parse("1 2") == {"a": "1", "b": "2"}
    with pytest.raises(ParseError, match="has 1 fields where the header has 2"):
        parse("1")


def test_without_csv_header_rows_by_themselves_are_a_mistake():
    section = log_type(**COMMA)
    with pytest.raises(ConfigError):
        CsvParser().item(section)
    assert [(problem.key, bool(problem.hint)) for problem in section.problems] == [("csv_header", True)]
