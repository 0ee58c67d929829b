"""The toolbox of hooks: its examples are right, and its edges hold."""

import datetime
import doctest

import pytest

from siem import utils


def test_examples_in_the_docstrings_are_right():
    result = doctest.testmod(utils)
    assert result.attempted > 15
    assert result.failed == 0


def test_merge_changes_the_left_dict_and_returns_it():
    left = {"a": {"b": 1}, "c": 1}
    assert utils.merge_dicts(left, {"a": {"d": [1]}, "c": {"e": 2}}) is left
    assert left == {"a": {"b": 1, "d": [1]}, "c": {"e": 2}}


@pytest.mark.parametrize("path", ["x", "a.x", "a.0", "l.2", "l.x", "l.-1", "a.b.c", "n"])
def test_a_path_that_leads_nowhere_gives_an_empty_text(path):
    assert utils.value_from_nesteddict_by_dottedkey({"a": {"b": "c"}, "l": [1, 2], "n": None}, path) == ""


def test_the_first_path_with_a_value_is_taken():
    record = {"a": "-", "b": {"c": 0}, "d": "late"}
    assert utils.value_from_nesteddict_by_dottedkeylist(record, "x a b.c d") == 0
    assert utils.value_from_nesteddict_by_dottedkeylist(record, ["x", "d"]) == "late"
    assert utils.value_from_nesteddict_by_dottedkeylist(record, "x a") == ""


@pytest.mark.parametrize(("value", "text"), [(True, "True"), (1.5, "1.5"), (None, None), ({"k": 1}, {"k": 1})])
def test_scalars_are_put_as_text(value, text):
    assert utils.put_value_into_nesteddict("a.b", value) == {"a": {"b": text}}


@pytest.mark.parametrize(
    ("text", "account"),
    [("123456789012/x", "123456789012"), ("/1234567890123/", None), ("x123456789012/", None), ("arn:aws:iam::123456789012:user", None), ("", None)],
)
def test_accounts_are_folders_of_twelve_digits(text, account):
    assert utils.extract_aws_account_from_text(text) == account


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1",
        "ap-southeast-4",
        "eu-central-2",
        "us-gov-east-1",
        "cn-northwest-1",
        "il-central-1",
        "us-iso-east-1",
        "us-isob-east-1",
        "eusc-de-east-1",
    ],
)
def test_regions_are_found_in_keys_and_host_names(region):
    assert utils.extract_aws_region_from_text(f"AWSLogs/123456789012/CloudTrail/{region}/2024/") == region
    assert utils.extract_aws_region_from_text(f"bucket.s3-{region}.amazonaws.com") == region


@pytest.mark.parametrize("text", ["", "global", "menus-east-1", "us-east-12", "us-middle-1"])
def test_what_only_looks_like_a_region_is_none(text):
    assert utils.extract_aws_region_from_text(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("i-0123456789abcdef0", "i-0123456789abcdef0"),
        ("role/i-89abcdef", "i-89abcdef"),
        ("i-0123456789", None),
        ("wi-0123456789abcdef0", None),
        ("", None),
    ],
)
def test_instance_ids_have_8_or_17_digits(text, found):
    assert utils.extract_aws_instanceid_from_text(text) == found


@pytest.mark.parametrize("value", ["", "-", "192.0.2.256", "host", "192.0.2.1:80", None, 1, ["192.0.2.1"]])
def test_what_is_no_address_is_empty(value):
    assert utils.validate_ip(value) == ""


@pytest.mark.parametrize(
    ("request_line", "http", "url"),
    [
        ("GET / HTTP/1.1", {"request": {"method": "GET"}, "version": "1.1"}, {"original": "/", "path": "/"}),
        ("GET /a b HTTP/2.0", {"request": {"method": "GET"}, "version": "2.0"}, {"original": "/a b", "path": "/a b"}),
        ("GET /a", {"request": {"method": "GET"}}, {"original": "/a", "path": "/a"}),
        ("- - -", {}, {"original": "- -", "path": "- -"}),
        ("-", {}, {}),
        ("", {}, {}),
    ],
)
def test_request_lines_in_any_shape(request_line, http, url):
    assert utils.extract_url_http_fields_from_http_request(request_line) == (http, url)


@pytest.mark.parametrize(
    ("original", "parts"),
    [
        ("https://[2001:db8::1]:8443/x", {"scheme": "https", "domain": "2001:db8::1", "port": 8443, "path": "/x"}),
        ("https://[2001:db8::1]/", {"scheme": "https", "domain": "2001:db8::1", "path": "/"}),
        ("http://example.com?a=/b", {"scheme": "http", "domain": "example.com", "query": "a=/b"}),
        ("http://example.com", {"scheme": "http", "domain": "example.com"}),
        ("http://u:p@example.com:80/#top", {"scheme": "http", "domain": "example.com", "port": 80, "path": "/", "fragment": "top"}),
        ("http://example.com:port/", {"scheme": "http", "domain": "example.com", "path": "/"}),
        ("http://:80/", {"scheme": "http", "port": 80, "path": "/"}),
        ("/r?to=http://example.com/", {"path": "/r", "query": "to=http://example.com/"}),
        ("*", {"path": "*"}),
    ],
)
def test_urls_in_any_shape(original, parts):
    assert utils.split_url(original) == {"original": original, **parts}


def test_no_url_gives_an_empty_object():
    assert utils.split_url("-") == utils.split_url("") == {}


def test_parts_of_two_urls_of_one_host_are_apart():
    first, second = utils.split_url("http://example.com/a"), utils.split_url("http://example.com/b")
    first["domain"] = "changed"
    assert second["domain"] == "example.com"


@pytest.mark.parametrize(("text", "parts"), [("TLSv1.3", ["tls", "1.3"]), ("SSLv3", ["ssl", "3.0"]), ("", [])])
def test_tls_versions(text, parts):
    assert list(utils.tls_fields(text).values()) == parts


def test_prefixed_fields_join_an_object_that_is_there():
    record = {"audit": {"old": 1}, "audit_new": 2, "auditor": 3}
    assert utils.convert_underscore_field_into_dot_notation("audit", record) is record
    assert record == {"audit": {"old": 1, "new": 2}, "auditor": 3}
    assert utils.convert_underscore_field_into_dot_notation("x", {"a": 1}) == {"a": 1}


@pytest.mark.parametrize("group", ["", "/aws/lambda/x", "/aws/rds/proxy/x"])
def test_other_log_groups_name_no_database(group):
    assert utils.cluster_instance_identifier({"@log_group": group}) == (None, None)


def test_forwarded_addresses_lose_ports_and_what_is_no_address():
    assert utils.parse_xff("192.0.2.1") == ["192.0.2.1"]
    assert utils.parse_xff('192.0.2.1,%20198.51.100.2:80, unknown,,"[2001:db8::1]"') == ["192.0.2.1", "198.51.100.2", "2001:db8::1"]
    assert utils.parse_xff("-") == utils.parse_xff("") == []


@pytest.mark.parametrize("epoch", [1716535925, "1716535925", 1716535925000, "1716535925000000", 1716535925000000000])
def test_epochs_of_any_unit_are_one_time(epoch):
    assert utils.convert_epoch_to_datetime(epoch) == datetime.datetime(2024, 5, 24, 7, 32, 5, tzinfo=datetime.UTC)
