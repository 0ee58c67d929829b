"""The CSV file: the columns that people have, those that are new, and every wrong row with its line."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.rules import csv_file
from loader.rules.draft import Draft
from loader.rules.rule import Condition, Rule

HEADER = "log_type,field,pattern,pattern_type,comment\n"
FULL = "log_type,field,pattern,pattern_type,comment,name,action,expires\n"


def read(folder: Path, content: str | bytes) -> Draft:
    file = folder / "rules.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return csv_file.read(file)


def mistakes(folder: Path, content: str | bytes) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in read(folder, content).problems]


def test_a_file_is_read_with_its_blanks_quotes_and_mark(tmp_path: Path) -> None:
    draft = read(tmp_path, f'\ufeff{HEADER}demo , a.b, "x, ""y""" , text, why\n\nother,a,\\d+,regex\n')
    assert draft.problems == []
    file = str(tmp_path / "rules.csv")
    assert draft.rules == [
        Rule("rules.csv:2", "demo", alternatives=((Condition("a.b", "text", 'x, "y"'),),), file=file, line=2),
        Rule("rules.csv:4", "other", alternatives=((Condition("a", "regex", r"\d+"),),), file=file, line=4),
    ]


def test_the_optional_columns_give_a_name_an_action_and_an_end(tmp_path: Path) -> None:
    draft = read(tmp_path, f"{FULL}vpc*,port,>= 1024,not number,,high ports,COUNT,2030-12-31\n*,ip,192.0.2.0/24,cidr,,,include,\n")
    assert draft.problems == []
    first, second = draft.rules
    assert (first.name, first.log_type, first.action) == ("high ports", "vpc*", "count")
    assert first.alternatives == ((Condition("port", "number", ">= 1024", negated=True),),)
    assert first.expires == datetime.datetime(2031, 1, 1, tzinfo=datetime.UTC)
    assert (second.name, second.action, second.expires) == ("rules.csv:3", "include", None)


def test_a_row_that_begins_with_a_hash_is_no_rule(tmp_path: Path) -> None:
    draft = read(tmp_path, f"{HEADER}# the scanners\n#demo,a,(,regex,\ndemo,a,x,text,\n")
    assert ([rule.line for rule in draft.rules], draft.problems) == ([4], [])


def test_columns_may_stand_in_any_order_and_a_site_may_have_its_own(tmp_path: Path) -> None:
    draft = read(tmp_path, "ticket,pattern_type,pattern,field,log_type\nSEC-1,text,x,a,demo\n")
    assert (draft.problems, [rule.alternatives for rule in draft.rules]) == ([], [((Condition("a", "text", "x"),),)])


@pytest.mark.parametrize(
    ("written", "expires"),
    [
        ("2030-12-31", "2031-01-01T00:00:00+00:00"),
        ("20301231", "2031-01-01T00:00:00+00:00"),
        ("2030-12-31T18:00:00Z", "2030-12-31T18:00:00+00:00"),
        ("2030-12-31 18:00", "2030-12-31T18:00:00+00:00"),
        ("2030-12-31T18:00:00+02:00", "2030-12-31T18:00:00+02:00"),
    ],
)
def test_a_day_lasts_to_its_end_in_utc_and_a_moment_without_a_zone_is_utc(tmp_path: Path, written: str, expires: str) -> None:
    (rule,) = read(tmp_path, f"{FULL}demo,a,x,text,,,,{written}\n").rules
    assert rule.expires is not None
    assert rule.expires.isoformat() == expires


def test_every_wrong_rule_is_told_with_its_line_and_the_right_ones_are_kept(tmp_path: Path) -> None:
    content = f"{HEADER}demo,a,x,text,fine\ndemo,a,(,regex,\n\n,a,x,text,\ndemo,,x,text,\ndemo,a,x,not regx,\ndemo,a,x,not,\n"
    kinds = "text, regex, cidr, number, or not and one of these"
    assert mistakes(tmp_path, content) == [
        "rules.csv:3: [demo] a: pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0",
        "rules.csv:5: a: a rule needs a log_type and a field",
        "rules.csv:6: [demo] a rule needs a log_type and a field",
        f"rules.csv:7: [demo] a: pattern_type 'not regx' is not one of {kinds} (did you mean 'regex'?)",
        f"rules.csv:8: [demo] a: pattern_type 'not' is not one of {kinds}",
    ]
    assert [rule.line for rule in read(tmp_path, content).rules] == [2]


def test_row_1_5_11_a_pattern_type_that_is_none_is_a_regular_expression(tmp_path: Path) -> None:
    content = f"{HEADER}demo,a,x.,,why\ndemo,a\ndemo,a,x.,Regexp,\ndemo,a,x.,zzz,\n"
    draft = read(tmp_path, content)
    assert [rule.alternatives[0][0].kind for rule in draft.rules] == ["regex"] * 4
    assert not any(problem.fatal for problem in draft.problems)
    assert mistakes(tmp_path, content) == [
        "rules.csv:4: [demo] a: pattern_type 'Regexp' is taken for 'regex', as the es-loader does (did you mean 'regex'?)",
        "rules.csv:5: [demo] a: pattern_type 'zzz' is taken for 'regex', as the es-loader does (write one of text, regex, cidr, number)",
    ]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_a_file_without_rules(tmp_path: Path, content: bytes) -> None:
    draft = read(tmp_path, content)
    assert (draft.rules, draft.problems) == ([], [])


def test_a_row_may_have_several_mistakes_and_all_are_told(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{FULL}demo,a,192.0.2.7/24,cidr,,,,\ndemo,a,x,text,,,exlude,31.12.2030\n") == [
        "rules.csv:2: [demo] a: '192.0.2.7/24' has host bits set: write 192.0.2.0/24 for the network, 192.0.2.7 for the address",
        "rules.csv:3: [demo] action: 'exlude' is not one of exclude, count, include, disable (did you mean 'exclude'?)",
        "rules.csv:3: [demo] expires: '31.12.2030' is not a date of ISO 8601, or is of no use (write 2030-12-31 or 2030-12-31T18:00:00Z)",
    ]


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31", "tomorrow", "2030-02-30"])
def test_a_date_that_none_can_mean_is_a_mistake(tmp_path: Path, date: str) -> None:
    (mistake,) = mistakes(tmp_path, f"{FULL}demo,a,x,text,,,,{date}\n")
    assert f"{date!r} is not a date" in mistake


def test_a_column_that_is_nearly_one_of_ours_is_a_warning(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, "log_type,field,pattern,pattern_type,comment,expire\ndemo,a,x,text,,2030-01-01\n").problems
    assert (problem.line, problem.message, problem.hint, problem.fatal) == (1, "the column 'expire' means nothing", "did you mean 'expires'?", False)


@pytest.mark.parametrize("content", ["\n", "a,b\n", "log_type;field;pattern;pattern_type\n"])
def test_a_file_without_its_header_is_told_what_the_first_line_is(tmp_path: Path, content: str) -> None:
    (mistake,) = mistakes(tmp_path, content)
    assert mistake.startswith("rules.csv:1: has no column log_type, field")
    assert mistake.endswith("(the first line is log_type,field,pattern,pattern_type,comment)")


@pytest.fixture
def small_fields() -> Iterator[None]:
    """Set the limit of the csv module, which is the whole process's and may have been raised."""
    before = csv.field_size_limit(1000)
    yield
    csv.field_size_limit(before)


@pytest.mark.usefixtures("small_fields")
@pytest.mark.parametrize("content", [f"{HEADER}demo,a,caf\xe9,text,\n".encode("latin-1"), f'{HEADER}demo,a,"{"x" * 2000}",text,\n'])
def test_a_file_that_is_no_csv_in_utf_8_is_one_mistake(tmp_path: Path, content: str | bytes) -> None:
    (mistake,) = mistakes(tmp_path, content)
    assert mistake.startswith("rules.csv: cannot be read: ")
    assert mistake.endswith("(it is CSV, saved as UTF-8)")


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    (problem,) = csv_file.read(tmp_path / "no.csv").problems
    assert "cannot be read" in problem.message


def test_the_shipped_file_has_all_columns_and_no_rule() -> None:
    file = Path(__file__).parents[3] / "exclude_log_patterns.csv"
    draft = csv_file.read(file)
    assert (draft.rules, draft.problems) == ([], [])
    assert file.read_text() == f"{','.join((*csv_file.COLUMNS, *csv_file.OPTIONAL))}\n"


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="#"), min_size=1, max_size=8)


@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=5))
def test_what_a_writer_of_csv_wrote_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    content = io.StringIO()
    csv.writer(content).writerows([(*HEADER.strip().split(","),), *((*row, "text", "a, comment") for row in rows)])
    draft = read(tmp_path_factory.getbasetemp(), content.getvalue())
    found = [(rule.log_type, rule.alternatives[0][0].field, rule.alternatives[0][0].pattern) for rule in draft.rules]
    assert (found, draft.problems) == (rows, [])
