"""What refusals of AWS mean: which stay, which pass, and what is said of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import SourceDenied, SourceError, SourceGone
from plugins._aws import errors


class Refusal(Exception):
    """As botocore's ClientError looks from here."""

    def __init__(self, code, message="because", operation="GetObject"):
        super().__init__(f"An error occurred ({code}) when calling the {operation} operation: {message}")
        self.response, self.operation_name = {"Error": {"Code": code, "Message": message}}, operation


class ParamValidationError(Exception):
    """As botocore's."""


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, SourceGone) for code in errors.GONE),
        *((code, SourceDenied) for code in errors.DENIED),
        *((code, SourceError) for code in errors.EXPIRED | errors.CLOCK | errors.BUSY | errors.ELSEWHERE),
        ("KMS.DisabledException", SourceDenied),
        ("KMS.KMSInternalException", SourceError),
        ("KMS.DependencyTimeoutException", SourceError),
        ("RequestTimeout", SourceError),
        ("Unheard", SourceError),
    ],
)
def test_each_code_has_its_class(code, kind):
    assert type(errors.explained(Refusal(code), "s3://b/k")) is kind


@given(st.text(max_size=20), st.text(max_size=40), st.text(max_size=10))
def test_any_refusal_is_an_error_of_the_source_that_names_it(code, message, operation):
    told = errors.explained(Refusal(code, message, operation), "s3://b/k", needs="s3:GetObject on it")
    assert isinstance(told, SourceError)
    assert str(told).startswith("s3://b/k")


@pytest.mark.parametrize("response", [None, {}, {"Error": {}}, "no dict"])
def test_an_answer_without_an_error_in_it_is_told_as_it_is(response):
    why = OSError("cut")
    why.response = response
    assert str(errors.explained(why, "s3://b/k")) == "s3://b/k cannot be read: cut"


def test_who_lacks_which_permission_is_said():
    told = errors.explained(Refusal("AccessDenied"), "s3://b/k", who="role r", needs="s3:GetObject on it")
    assert str(told) == "s3://b/k: AccessDenied: role r needs s3:GetObject on it"
    assert str(errors.explained(Refusal("AccessDenied"), "s3://b/k", needs="x")) == "s3://b/k: AccessDenied: these credentials need x"
    assert str(errors.explained(Refusal("AccessDenied", "no"), "s3://b/k")) == "s3://b/k: AccessDenied: no"


def test_a_role_that_a_profile_or_the_environment_asks_for_is_told_as_such():
    told = errors.explained(Refusal("AccessDenied", operation="AssumeRoleWithWebIdentity"), "s3://b/k", who="role r", needs="s3:GetObject on it")
    assert "these credentials need sts:AssumeRole" in str(told)
    assert "GetObject" not in str(told)


def test_expired_credentials_are_to_be_renewed_by_whoever_gave_them():
    assert str(errors.explained(Refusal("ExpiredToken"), "x")) == "x: ExpiredToken: the credentials have expired: renew them, then load it again"
    assert "are renewed: load it again" in str(errors.explained(Refusal("ExpiredToken"), "x", renewed=True))


def test_a_name_that_cannot_be_is_gone_and_a_certificate_gets_a_hint():
    assert type(errors.explained(ParamValidationError("Invalid bucket name"), "x")) is SourceGone
    told = errors.explained(OSError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "queue q", failed="cannot be received from")
    assert str(told).startswith("queue q cannot be received from: [SSL")
    assert "ca_bundle" in str(told)


def test_an_error_of_ours_stays_what_it_is():
    why = SourceDenied("role r: AccessDenied")
    assert errors.explained(why, "x") is why
