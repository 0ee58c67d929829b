"""Headers of syslog messages: RFC 5424 with structured data, RFC 3164, Devo's, LogRhythm's."""

from __future__ import annotations

import datetime
import re
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import ConfigError, LogType
from plugins._syslog.header import printable, timestamp
from plugins._syslog.message import refuse_misfits
from plugins._syslog.settings import FACILITIES, SEVERITIES
from tests.plugins.syslog_messages import CLOUDTRAIL, RECORD, configured, encode, message_of, read_5424

JSON_VALUES = st.recursive(
    st.text() | st.integers() | st.floats() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


def header_of(record=RECORD, log_type=CLOUDTRAIL, **values):
    return read_5424(message_of(record, log_type, **values))


# --- RFC 5424


def test_the_header_follows_rfc_5424():
    found = header_of(hostname="loader-1")
    assert (found.pri, found.timestamp, found.hostname, found.app_name) == (134, RECORD["@timestamp"], "loader-1", "log-aws-cloudtrail")
    assert (found.procid, found.msgid, found.data, found.msg) == ("-", "cloudtrail", [], encode(RECORD))


def test_hostname_is_this_machine_and_app_name_the_log_type_when_nothing_else_is_said():
    found = header_of(log_type=LogType("alb"))
    assert (found.hostname, found.app_name, found.msgid) == (socket.gethostname(), "alb", "alb")


@pytest.mark.parametrize(
    ("facility", "severity", "pri"),
    [("kern", "emerg", 0), ("local7", "debug", 191), ("AUTHPRIV", "Warn", 84), ("13", "5", 109), ("audit", "critical", 106), ("", "", 134)],
)
def test_pri_from_names_and_numbers(facility, severity, pri):
    assert header_of(facility=facility, severity=severity).pri == pri


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("error", 3), ("ERR", 3), ("emergency", 0), ("Informational", 6), ("warning", 4), (2, 2), ("7", 7), (" notice ", 5), (["crit", "info"], 2),
        (8, 5), (-1, 5), ("loud", 5), (None, 5), (True, 5), (3.5, 5), ({}, 5), ([], 5), ("", 5), ("٣", 5), ([["err"]], 5),
    ],
)  # fmt: skip
def test_a_severity_field_is_a_name_or_a_number_and_anything_else_the_default(level, severity):
    found = header_of({**RECORD, "log": {"level": level}}, severity="field:log.level,notice", facility="user")
    assert found.pri == 8 + severity


def test_facility_and_severity_fields_without_a_default_fall_back_to_that_of_the_option():
    assert header_of(severity="field:log.level", facility="field:log.syslog.facility.code").pri == 134


def test_numbers_as_in_ecs():
    record = {**RECORD, "log": {"syslog": {"severity": {"code": 3}, "facility": {"code": 4}}}}
    assert header_of(record, severity="field:log.syslog.severity.code", facility="field:log.syslog.facility.code").pri == 35


def test_names_from_fields_and_their_defaults():
    wanted = {"hostname": "field:host.name,unknown", "app_name": "field:event.module", "msgid": "field:event.action", "procid": "field:process.pid"}
    found = header_of({**RECORD, "host": {"name": "web 1"}, "process": {"pid": 4711}}, **wanted)
    assert (found.hostname, found.app_name, found.msgid, found.procid) == ("web_1", "log-aws-cloudtrail", "AssumeRole", "4711")
    found = header_of(RECORD, **wanted)
    assert (found.hostname, found.procid) == ("unknown", "-")


@given(st.lists(st.sampled_from([True, 1, 1.0, "1", False, 0, 0.0, None, [1], [True]]), min_size=2, max_size=6))
def test_what_a_record_gets_does_not_depend_on_those_before_it(values):
    """True, 1 and 1.0 are equal, and are not the same text."""
    options = {"msgid": "field:m", "severity": "field:m,debug", "hostname": "h"}
    pack = configured(**options).prepare(CLOUDTRAIL, encode)
    for value in values:
        assert pack({"m": value}) == message_of({"m": value}, CLOUDTRAIL, **options)


def test_a_field_that_is_a_list_gives_its_first_value():
    assert header_of({**RECORD, "host": {"ip": ["10.0.0.1", "10.0.0.2"]}}, hostname="field:host.ip").hostname == "10.0.0.1"


def test_records_of_one_type_do_not_leak_into_each_other():
    pack = configured(hostname="field:host.name,unknown", severity="field:log.level,info").prepare(CLOUDTRAIL, encode)
    records = [{"host": {"name": "a"}, "log": {"level": "err"}}, {}, {"host": {"name": "b"}}, {"log": {"level": 2}}, {"host": {"name": "a"}}]
    found = [read_5424(pack({**RECORD, **record})) for record in records]
    assert [(one.hostname, one.pri) for one in found] == [("a", 131), ("unknown", 134), ("b", 134), ("unknown", 130), ("a", 134)]


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-24T07:32:05+00:00",
        "2024-05-24T07:32:05Z",
        "2024-02-29T23:59:59.1-11:30",
        "2003-08-24T05:14:15.000003-07:00",
        "2024-12-31T00:00:00.123Z",
    ],
)
def test_a_valid_timestamp_passes_unchanged(value):
    assert header_of({"@timestamp": value}).timestamp == value


@pytest.mark.parametrize(
    "value",
    [
        "2003-08-24T05:14:15.000000003-07:00", "2023-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-13-01T00:00:00Z", "2024-05-24 07:32:05Z",
        "2024-05-24T07:32:60Z", "2024-05-24T24:00:00Z", "2024-05-24T07:32:05", "2024-05-24t07:32:05z", "٢٠٢٤-05-24T07:32:05Z",
        "2024-05-24T07:32:05Z\n", "2024-05-24T07:32:05+0000", "2024-05-24T07:32:05.Z", "", 1716535925, None, ["2024-05-24T07:32:05Z"], {},
    ],
)  # fmt: skip
def test_an_invalid_timestamp_becomes_nil(value):
    assert header_of({"@timestamp": value}).timestamp == "-"
    assert header_of({"@timestamp": value, "a": 1}, hostname="field:a").timestamp == "-"


def test_a_record_without_timestamp_has_a_header_too():
    assert header_of({}).timestamp == "-"


@given(st.datetimes(timezones=st.timezones()))
def test_every_isoformat_of_a_whole_minute_zone_is_a_timestamp(moment):
    text = moment.isoformat()
    whole = len(text) - text.rfind("+" if "+" in text else "-") == 6
    assert timestamp(text) == (text.encode() if whole else b"-")


@given(st.text(), st.sampled_from([255, 48, 128, 32]))
def test_names_are_printable_ascii_of_bounded_length(text, length):
    found = printable(text, length)
    assert re.fullmatch(rb"[!-~]{1,%d}" % length, found)
    if text and text.isascii() and text.isprintable() and " " not in text:
        assert found.decode() == text[:length]


@given(st.dictionaries(st.sampled_from(["h", "a", "m", "p", "f", "s", "@timestamp"]), JSON_VALUES))
def test_whatever_a_record_holds_its_header_is_valid(record):
    names = {"hostname": "field:h", "app_name": "field:a", "msgid": "field:m", "procid": "field:p", "facility": "field:f", "severity": "field:s"}
    assert read_5424(configured(**names).prepare(CLOUDTRAIL, lambda record: b"{}")(record)).msg == b"{}"


def test_every_name_of_rfc_5424_is_known():
    assert set(FACILITIES.values()) == set(range(24))
    assert set(SEVERITIES.values()) == set(range(8))


# --- structured data

WANTED = {"structured_data": "ecs", "enterprise_id": "32473", "structured_fields": "action=event.action user.name src=source.ip"}


def test_fields_become_parameters_of_one_element_under_the_own_enterprise_number():
    record = {**RECORD, "user": {"name": 'a"b\\c]d'}, "source": {"ip": ["192.0.2.1", "192.0.2.2"]}}
    message = message_of(record, **WANTED)
    assert rb'[ecs@32473 action="AssumeRole" user.name="a\"b\\c\]d" src="192.0.2.1" src="192.0.2.2"] {' in message
    pairs = [("action", "AssumeRole"), ("user.name", 'a"b\\c]d'), ("src", "192.0.2.1"), ("src", "192.0.2.2")]
    assert read_5424(message).data == [("ecs@32473", pairs)]


def test_fields_that_are_missing_are_left_out_and_without_any_there_is_no_element():
    assert header_of(**WANTED).data == [("ecs@32473", [("action", "AssumeRole")])]
    assert header_of({"event": {"action": ""}}, **WANTED).data == []
    assert header_of({"event": {"action": {"a": 1}}}, **WANTED).data == []


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [("sluice@32473.1.2", "", "sluice@32473.1.2"), ("meta", "", "meta"), ("a@1", "2", "a@1"), ("fields", "32473.7", "fields@32473.7")],
)
def test_the_element_has_its_own_number_or_a_registered_name_or_the_enterprise_id(name, number, expected):
    values = {"structured_data": name, "structured_fields": "action=event.action", **({"enterprise_id": number} if number else {})}
    output = configured(**values)
    refuse_misfits(output)
    ((found, _),) = read_5424(output.prepare(CLOUDTRAIL, encode)(RECORD)).data
    assert found == expected


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), JSON_VALUES, max_size=3), st.binary(max_size=5))
def test_no_value_leaves_its_parameter(record, body):
    values = {"structured_data": "x@1", "structured_fields": "a b c"}
    found = read_5424(configured(**values).prepare(CLOUDTRAIL, lambda record: body)(record))
    assert found.msg == body
    pairs = found.data[0][1] if found.data else []
    expected = []
    for name in "abc":
        value = record.get(name)
        for one in value if isinstance(value, list) else [value]:
            text = str(one).lower() if isinstance(one, bool) else str(one) if isinstance(one, str | int | float) else ""
            text = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: repr(found[0])[1:-1], text)
            expected += [(name, text)] if text else []
    assert pairs == expected


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("structured_data", "a b", "no SD-ID"),
        ("structured_data", "a=b@1", "no SD-ID"),
        ("structured_data", "a@", "name@number"),
        ("structured_data", "a@b", "name@number"),
        ("structured_data", "@1", "name@number"),
        ("structured_data", "x" * 33, "no SD-ID"),
        ("structured_data", "é@1", "no SD-ID"),
        ("structured_fields", "=a", "not name=dotted.field"),
        ("structured_fields", "a=", "not name=dotted.field"),
        ("structured_fields", 'a"=b', "not name=dotted.field"),
        ("structured_fields", f"{'n' * 33}=a", "not name=dotted.field"),
        ("enterprise_id", "example", "no enterprise number"),
    ],
)
def test_what_is_no_structured_data_is_refused_with_the_reason(option, value, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        configured(**{option: value})


# --- RFC 3164

MAY = {"@timestamp": "2024-05-04T07:32:05.987+00:00"}


def legacy(record=MAY, log_type=CLOUDTRAIL, **values):
    pack = configured(**{"header": "rfc3164", "hostname": "web-1", **values}).prepare(log_type, lambda record: b"BODY")
    return pack(record).decode()


def test_the_header_follows_rfc_3164_with_a_blank_before_a_day_of_one_digit():
    assert legacy() == "<134>May  4 07:32:05 web-1 log-aws-cloudtrail: BODY"
    assert legacy({"@timestamp": "2024-12-24T00:00:00Z"}) == "<134>Dec 24 00:00:00 web-1 log-aws-cloudtrail: BODY"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("", "May  4 07:32:05"), ("+02:00", "May  4 09:32:05"), ("-03:30", "May  4 04:02:05"), ("+05:45", "May  4 13:17:05"),
        ("Asia/Tokyo", "May  4 16:32:05"), ("America/St_Johns", "May  4 05:02:05"), ("Pacific/Kiritimati", "May  4 21:32:05"),
    ],
)  # fmt: skip
def test_the_time_is_that_of_the_zone_half_hours_and_negative_ones_too(zone, expected):
    assert legacy(header_zone=zone).startswith(f"<134>{expected} web-1 ")


def test_a_named_zone_has_its_summer_time():
    times = [legacy({"@timestamp": f"2024-{month}-10T12:00:00Z"}, header_zone="Europe/Berlin")[5:20] for month in ("01", "07")]
    assert times == ["Jan 10 13:00:00", "Jul 10 14:00:00"]


@pytest.mark.parametrize("value", ["yesterday", "", 17, None, ["2024-05-04T07:32:05Z"], {"a": 1}, "0001-01-01T00:00:00+14:00"])
def test_a_record_without_a_time_has_the_present(value):
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    found = legacy({"@timestamp": value})
    stamp = datetime.datetime.strptime(f"{before.year} {found[5:20]} +0000", "%Y %b %d %H:%M:%S %z")
    assert abs((stamp - before).total_seconds()) < 60 or before.month == 12


def test_the_tag_has_at_most_32_characters_of_names_and_the_process_id_in_brackets():
    assert legacy(app_name="x" * 40).endswith(f" {'x' * 32}: BODY")
    assert legacy(app_name="a b[c]:d/é", procid="field:process.pid").endswith(" a_b_c__d__: BODY")
    assert legacy({**MAY, "process": {"pid": 4711}}, app_name="sshd", procid="field:process.pid").endswith(" sshd[4711]: BODY")


def test_no_app_name_is_no_tag_for_forms_that_bring_their_own_such_as_cef():
    assert legacy(app_name="-", procid="17") == "<134>May  4 07:32:05 web-1 BODY"


def test_this_machine_is_named_without_its_domain_and_a_name_that_is_written_is_kept(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "loader-1.example.com")
    assert legacy(hostname="").startswith("<134>May  4 07:32:05 loader-1 log")
    assert legacy(hostname="web.example.com").startswith("<134>May  4 07:32:05 web.example.com log")


@given(st.dictionaries(st.sampled_from(["h", "a", "p", "f", "s", "@timestamp"]), JSON_VALUES))
def test_whatever_a_record_holds_its_rfc_3164_header_is_valid(record):
    names = {"hostname": "field:h", "app_name": "field:a", "procid": "field:p", "facility": "field:f", "severity": "field:s"}
    found = legacy(record, **names)
    month = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    stamp = rf"(?:{month}) (?: [1-9]|[12][0-9]|3[01]) [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
    tag = r"(?:[A-Za-z0-9._-]{1,32}(?:\[[A-Za-z0-9._-]{1,32}\])?: )?"
    assert re.fullmatch(rf"<(?:1[0-9][0-9]|[1-9]?[0-9])>{stamp} [!-~]{{1,255}} {tag}BODY", found)


@given(st.datetimes(min_value=datetime.datetime(1990, 1, 1), max_value=datetime.datetime(2090, 1, 1), timezones=st.just(datetime.UTC)))
def test_the_time_of_rfc_3164_is_the_events_whatever_the_zone(moment):
    for offset in (-570, 0, 345):
        sign, rest = "-" if offset < 0 else "+", abs(offset)
        found = legacy({"@timestamp": moment.isoformat()}, header_zone=f"{sign}{rest // 60:02}:{rest % 60:02}")[5:20]
        local = (moment + datetime.timedelta(minutes=offset)).replace(tzinfo=None, microsecond=0)
        assert datetime.datetime.strptime(f"{local.year} {found}", "%Y %b %d %H:%M:%S") == local


# --- Devo and LogRhythm


def devo(tag, record):
    return message_of({**MAY, **record}, header="devo", tag=tag, facility="user", hostname="web-1").decode().partition(" {")[0]


def test_devos_tag_takes_values_of_the_record():
    record = {"cloud": {"account": {"id": "123456789012"}}, "event": {"action": "AssumeRole"}, "count": 0, "flag": True}
    assert devo("my.app.aws.[cloud.account.id].[event.action]", record) == "<14>May  4 07:32:05 web-1 my.app.aws.123456789012.AssumeRole:"
    assert devo("my.app.[record-event.action].[file-count].x[flag]", record).endswith(" my.app.AssumeRole.0.xtrue:")


def test_a_missing_value_of_devos_tag_is_the_word_null():
    for record in ({}, {"event": {"action": ""}}, {"event": {"action": None}}, {"event": {"action": {}}}, {"event": "x"}):
        assert devo("my.app.sluice.[event.action]", record).endswith(" my.app.sluice.null:")


@given(st.text() | st.lists(st.text(), max_size=2))
def test_no_value_gives_devos_tag_another_level_or_ends_it(value):
    assert re.fullmatch(r"<14>May  4 07:32:05 web-1 my\.app\.[A-Za-z0-9_-]{1,128}\.x:", devo("my.app.[v].x", {"v": value}))


@pytest.mark.parametrize(
    ("tag", "said"),
    [("my.app:x", "':' at position 7"), ("my.app.[]", "brackets without a name"), ("my.[a", "'[' at position 4"), ("my app", "' ' at position 3")],
)
def test_a_wrong_tag_is_refused_with_its_place(tag, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        configured(tag=tag)


def test_logrhythms_line_has_date_address_and_words_in_place_of_the_pri():
    found = message_of(MAY, header="logrhythm", hostname="192.0.2.10", facility="user", severity="notice")
    assert found == b"May 04 2024 07:32:05 192.0.2.10 <USER:NOTE> " + encode(MAY)
    assert b" <LOCAL3:ERR> " in message_of({**MAY, "l": 3}, header="logrhythm", facility="local3", severity="field:l")


def test_without_a_header_the_body_is_all():
    assert message_of(header="none") == encode(RECORD)
    assert message_of(header="none", framing="lf") == encode(RECORD) + b"\n"


# --- options that do not fit together


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"header": "rfc3164", "structured_data": "a@1", "structured_fields": "a"}, "structured_data: is for header = rfc5424"),
        ({"structured_data": "a@1"}, "structured_fields: an element has an id and fields"),
        ({"structured_fields": "a"}, "structured_data: an element has an id and fields"),
        ({"structured_data": "a", "structured_fields": "a"}, "structured_data: 'a' is no name that IANA has registered (set enterprise_id"),
        ({"structured_data": "x" * 30, "structured_fields": "a", "enterprise_id": "32473"}, "within 32 characters"),
        ({"header": "devo"}, "tag: must be given for header = devo"),
        ({"tag": "my.app.x.y"}, "tag: is for header = devo"),
        ({"datagram": 65507, "max_message_bytes": "64k"}, "max_message_bytes: is more than the 65507 bytes of a datagram"),
    ],
)
def test_options_of_the_message_that_do_not_fit_together_are_refused(values, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        refuse_misfits(configured(**values))


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("facility", "locl0", "did you mean 'local0'"),
        ("facility", "24", "not known"),
        ("severity", "field:log.level,lout", "not known"),
        ("severity", "warm", "did you mean 'warn"),
        ("hostname", "field:", "names no field"),
        ("header_zone", "Mars/Olympus", "no time zone"),
        ("header", "rfc822", "not one of rfc5424"),
        ("profile", "siem", "is no profile: there are qradar, arcsight"),
        ("max_message_bytes", "100", "less than the 480 bytes"),
        ("oversize", "drop", "not one of shrink, cut, split, refuse"),
    ],
)
def test_a_wrong_option_of_the_message_is_refused_with_the_reason(option, value, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        configured(**{option: value})
