"""Roles as the INI says them, and credentials asked for anew."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import SourceDenied, SourceError
from plugins._aws import roles

ROLE, HUB = (f"arn:aws:iam::123456789012:role/{name}" for name in ("logs", "a/path/hub"))


def test_a_chain_is_roles_with_an_arrow_between_them():
    assert roles.arns("") == []
    assert roles.arns(ROLE) == [ROLE]
    assert roles.arns(f"{HUB}  >\n {ROLE}") == [HUB, ROLE]
    assert roles.arns("arn:aws-us-gov:iam::123456789012:role/x") == ["arn:aws-us-gov:iam::123456789012:role/x"]


@pytest.mark.parametrize("value", ["logs", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x", f"{ROLE} > ", f"{ROLE}, {HUB}", f"> {ROLE}"])
def test_what_is_no_role_is_refused_with_what_one_looks_like(value):
    with pytest.raises(ValueError, match="is not the ARN of a role, such as arn:aws:iam::123456789012:role/logs"):
        roles.arns(value)


def test_external_ids_are_one_or_one_for_each_role():
    assert roles.external_ids("") == []
    assert roles.external_ids("a/b:c=d,e@f.g+h") == ["a/b:c=d,e@f.g+h"]
    assert roles.external_ids("one > - > three") == ["one", "-", "three"]


@given(st.text(max_size=30))
def test_any_text_is_an_external_id_as_sts_takes_it_or_refused(value):
    try:
        found = roles.external_ids(value)
    except ValueError:
        return
    assert all(one == "-" or (len(one) >= 2 and one.isascii() and one.split() == [one]) for one in found)


@pytest.mark.parametrize(("value", "seconds"), [("15m", 900), ("900", 900), ("900s", 900), ("1h", 3600), ("12h", 43200)])
def test_a_duration_is_what_sts_takes(value, seconds):
    assert roles.duration(value) == seconds


@pytest.mark.parametrize("value", ["14m", "13h", "", "1d", "0.5h", "-1h"])
def test_a_duration_that_sts_does_not_take_is_refused(value):
    with pytest.raises(ValueError, match="is not between 15m and 12h"):
        roles.duration(value)


@pytest.mark.parametrize("value", ["", "x", "a b", "x" * 65, "schlüssel"])
def test_a_name_of_a_session_that_sts_does_not_take_is_refused(value):
    with pytest.raises(ValueError, match="is not the name of a session"):
        roles.session_name(value)


@given(st.integers(900, 43200))
def test_most_of_the_life_of_credentials_is_used(seconds):
    should, must = roles.Role(ROLE, "", "x", seconds).margins
    assert 0 < must <= should <= seconds / 2
    assert (should, must) == (900, 600) or seconds < 3600


class Refused(Exception):
    response = {"Error": {"Code": "AccessDenied", "Message": "no"}}  # noqa: RUF012


def given_until(end):
    return {"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": end}}


def in_an_hour():
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)


def test_credentials_come_as_botocore_wants_them():
    end = in_an_hour()
    renewal = roles.Renewal(roles.Role(ROLE, "", "x", 3600), lambda: given_until(end), (Refused,))
    assert renewal() == {"access_key": "A", "secret_key": "S", "token": "T", "expiry_time": end.isoformat()}


def test_a_refusal_is_remembered_for_a_while_and_then_asked_about_again():
    now, asked = [0.0], []

    def ask():
        asked.append(now[0])
        if now[0] < 100:
            raise Refused
        return given_until(in_an_hour())

    renewal = roles.Renewal(roles.Role(ROLE, "these credentials (env)", "x", 3600), ask, (Refused,), lambda: now[0])
    for now[0] in (0.0, 1.0, roles.AGAIN - 1, roles.AGAIN, roles.AGAIN + 1):
        with pytest.raises(SourceDenied, match=f"role {ROLE}: AccessDenied: these credentials .env. need sts:AssumeRole on it, .*: no$"):
            renewal()
    assert asked == [0.0, roles.AGAIN]
    now[0] = 200.0
    assert renewal()["access_key"] == "A"


def test_a_failure_that_may_pass_is_not_remembered():
    answers = [OSError("no network"), given_until(in_an_hour())]

    def ask():
        found = answers.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    renewal = roles.Renewal(roles.Role(ROLE, "role x", "x", 3600), ask, (OSError,))
    with pytest.raises(SourceError, match=f"role {ROLE} cannot be assumed by role x: no network"):
        renewal()
    assert renewal()["token"] == "T"
