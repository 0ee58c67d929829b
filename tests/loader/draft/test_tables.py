"""Tables: which delimiter, whether the first row names the columns, and what is none."""

from __future__ import annotations

import re

import pytest

from loader.draft.tables import blank_options, csv_options, is_header, w3c_options

ROWS = "2024-05-24T08:00:00Z,192.0.2.7,443,allow\n2024-05-24T08:00:01Z,192.0.2.8,80,deny\n"


@pytest.mark.parametrize(("delimiter", "written"), [(",", ","), ("\t", r"\t"), (";", ";"), ("|", "|")])
def test_a_header_row_and_each_delimiter(delimiter: str, written: str) -> None:
    text = f"time,src ip,dpt,action\n{ROWS}".replace(",", delimiter)
    assert csv_options(text) == {"file_format": "csv", "csv_delimiter": written}


def test_without_a_header_row_columns_are_named_by_their_values() -> None:
    assert csv_options(ROWS) == {"file_format": "csv", "csv_delimiter": ",", "csv_header": "timestamp ip field_3 action"}
    assert csv_options('"a b","192.0.2.7","192.0.2.8"\n"a c","192.0.2.7","192.0.2.8"\n') == {
        "file_format": "csv", "csv_delimiter": ",", "csv_header": "field_1 ip ip_2",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a, b, and c\nd, e, and f\n", "one,two\n3,4\n", "x\ny\n", "192.0.2.7 - - [x] GET /a;b;c;d\n192.0.2.7 - - [x] GET /a;b;c;d\n"]
)
def test_sentences_and_lines_with_a_delimiter_in_them_are_no_table(text: str) -> None:
    assert csv_options(text) is None


def test_rows_with_fewer_fields_than_the_header_are_no_table() -> None:
    assert csv_options("time,ip,port,action\n1,192.0.2.7,443,allow\n1,192.0.2.7\n") is None


def test_a_header_is_names_over_other_things() -> None:
    assert is_header(["time", "src ip", "cs(User-Agent)"], [["2024-05-24", "192.0.2.7", "-"]])
    assert not is_header(["ann", "bob", "eve"], [["eve", "ann", "bob"]])
    assert not is_header(["time", "time", "ip"], [["1", "2", "3"]])
    assert not is_header(["2024", "192.0.2.7", "x"], [])


def test_columns_with_blanks_between_need_a_header_row() -> None:
    lines = ["version srcaddr dstaddr action", "2 192.0.2.7 198.51.100.1 ACCEPT"]
    assert blank_options(lines) == {"file_format": "csv"}
    assert blank_options(lines[1:] * 2) is None
    assert blank_options([lines[0], "2 192.0.2.7"]) is None


def test_a_w3c_log_is_read_by_its_fields() -> None:
    head = ["#Software: x", "#Fields: date time c-ip cs-method cs(User-Agent) s-port"]
    found = w3c_options([*head, "2024-05-24 08:00:00 192.0.2.7 GET curl/8.1 443"])
    assert found is not None
    assert found["text_header_line_number"] == "2"
    match = re.match(found["log_pattern"], "2024-05-24 08:00:00 192.0.2.7 GET curl/8.1 443")
    assert match and match.groupdict() == {
        "timestamp": "2024-05-24 08:00:00", "c_ip": "192.0.2.7", "cs_method": "GET", "cs_user_agent": "curl/8.1", "s_port": "443",
    }  # fmt: skip
    assert w3c_options(["#Fields: a b c"]) is None
    assert w3c_options(["a b c"]) is None
