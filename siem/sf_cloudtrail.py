"""Hook of AWS CloudTrail. Format: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".

Decides what kind of event an API call is, whether it succeeded, and who made it. A record may have any shape: a field that should
be an object or a text and is not is taken as absent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from siem import utils
from siem.utils import derive

Kinds = tuple[tuple[str, ...], tuple[str, ...], str | None]

READ = (
    "Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "BatchGet", "BatchDescribe", "Check", "View", "Select",
    "Preview", "Estimate", "Filter", "Validate", "Verify", "Download", "Simulate", "Discover", "Test", "Generate", "Decrypt", "Encrypt",
)  # fmt: skip
CREATION = ("Create", "Run", "Allocate", "Import", "Register", "Copy", "Restore", "Provision", "Launch", "Upload")
DELETION = ("Delete", "BatchDelete", "Terminate", "Release", "Deregister", "Destroy", "Purge", "ScheduleKeyDeletion")
SIGN_IN = frozenset({
    "signin.amazonaws.com:ConsoleLogin", "signin.amazonaws.com:CheckMfa", "signin.amazonaws.com:SwitchRole",
    "signin.amazonaws.com:RenewRole", "signin.amazonaws.com:GetSigninToken", "signin.amazonaws.com:UserAuthentication",
    "signin.amazonaws.com:CredentialChallenge", "signin.amazonaws.com:CredentialVerification",
    "sso.amazonaws.com:Authenticate", "sso.amazonaws.com:Federate", "sso.amazonaws.com:CreateToken",
    "sts.amazonaws.com:AssumeRole", "sts.amazonaws.com:AssumeRoleWithSAML", "sts.amazonaws.com:AssumeRoleWithWebIdentity",
    "sts.amazonaws.com:AssumeRoot", "sts.amazonaws.com:GetSessionToken", "sts.amazonaws.com:GetFederationToken",
})  # fmt: skip
SIGN_OUT = frozenset({"signin.amazonaws.com:ExitRole", "signin.amazonaws.com:Logout", "sso.amazonaws.com:Logout"})
PASSWORD = frozenset({
    "signin.amazonaws.com:PasswordUpdated", "signin.amazonaws.com:PasswordRecoveryRequested", "signin.amazonaws.com:PasswordRecoveryCompleted",
})  # fmt: skip
# Sign-in events tell in responseElements, under their own name, how they ended. User Guide, "AWS Management Console sign-in events" and
# its neighbours on root users and switched roles; those of IAM Identity Center tell it elsewhere.
TELLING = (
    "ConsoleLogin", "CheckMfa", "SwitchRole", "ExitRole", "PasswordUpdated", "PasswordRecoveryRequested", "PasswordRecoveryCompleted",
)  # fmt: skip
INSIGHT = {"Start": ("info", "start"), "End": ("end", "info")}
IAM = frozenset({"iam.amazonaws.com", "identitystore.amazonaws.com", "sso-directory.amazonaws.com"})
KEEPS_USERS = IAM | {"signin.amazonaws.com"}  # which changes passwords
IAM_USER = ("User", "LoginProfile", "AccessKey", "MFADevice", "ChangePassword", "SSHPublicKey", "ServiceSpecificCredential", "SigningCertificate")
S3_OBJECT = frozenset({"GetObject", "HeadObject", "PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "UploadPart"})
NEW_OBJECT = frozenset({"PutObject", "PostObject", "CompleteMultipartUpload"})
DATABASE = frozenset({"dynamodb.amazonaws.com", "rds-data.amazonaws.com"})


@lru_cache(maxsize=8192)
def classify(source: str, name: str, read_only: bool | None, management: bool | None) -> Kinds:
    """Return event.category, event.type and cloud.service.name of an API call."""
    service = source.partition(".")[0] or None
    call = f"{source}:{name}"
    if call in SIGN_IN:
        return ("authentication",), ("start",), service
    if call in SIGN_OUT:
        return ("authentication",), ("end",), service
    if call in PASSWORD:
        return ("iam",), ("change", "user"), service
    if not name:
        return ("api",), ("info",), service
    reads = name.startswith(READ) if read_only is None else read_only or name.startswith(READ[:3])
    if source in IAM:
        return ("iam",), _iam_types(name, reads), service
    kind = "access" if reads else _verb(name)
    if management is False or (management is None and source == "s3.amazonaws.com" and name in S3_OBJECT):
        return _data_categories(source), (_data_type(source, name, kind),), service
    return (("api",) if reads else ("api", "configuration")), (kind,), service


def _verb(name: str) -> str:
    return "creation" if name.startswith(CREATION) else "deletion" if name.startswith(DELETION) else "change"


def _iam_types(name: str, reads: bool) -> tuple[str, ...]:
    subject = "group" if "Group" in name else "user" if any(word in name for word in IAM_USER) else "admin"
    if reads:
        return ("info",) if subject == "admin" else tuple(sorted(("info", subject)))
    return tuple(sorted((_verb(name), subject)))


def _data_categories(source: str) -> tuple[str, ...]:
    if source == "s3.amazonaws.com":
        return ("api", "file")
    return ("api", "database") if source in DATABASE else ("api",)


def _data_type(source: str, name: str, kind: str) -> str:
    if kind == "access" or source in DATABASE:
        return "access" if kind == "access" else "change"
    if name.startswith("Invoke"):
        return "start"
    return "creation" if name in NEW_OBJECT else kind


@lru_cache(maxsize=8192)
def principal(arn: str) -> tuple[str | None, str | None, str | None]:
    """Return user or role, session name and EC2 instance id of an IAM or STS principal's ARN."""
    kind, _, path = arn.split(":", 5)[-1].partition("/")
    if kind == "assumed-role":
        role, _, session = path.partition("/")
        return role or None, session or None, utils.extract_aws_instanceid_from_text(session)
    return path.rpartition("/")[2] or None, None, None


def kinds(source: Any, name: Any, read_only: Any, management: Any, state: Any, cause: Any) -> tuple[Any, ...]:
    """Return event.kind, event.category, event.type and cloud.service.name; ``state`` and ``cause``, where they are, are an Insights event's."""
    if state is not None or cause is not None:
        return "alert", ("api",), INSIGHT.get(_text(state), ("info",)), _text(cause).partition(".")[0]
    return None, *classify(_text(source), _text(name), _flag(read_only), _flag(management))


def outcome(code: Any, message: Any, name: Any, state: Any, cause: Any, *told: Any) -> str | None:
    """Return event.outcome, which Insights events have none of; ``told`` is what responseElements has under the names of sign-in events."""
    if state is not None or cause is not None:
        return None
    return "failure" if code or message or (name in TELLING and told[TELLING.index(name)] == "Failure") else "success"


def people(source: Any, target: Any, group: Any, *identity: Any) -> tuple[Any, ...]:
    """Return who did it, and the user or group that it was done to where the call is one of identity management."""
    name, session, instance = actor(*identity)
    email = session if session and "@" in session else None
    target, group = (_text(target), _text(group)) if _text(source) in KEEPS_USERS else ("", "")
    return name, email, instance, target, group, tuple(sorted({one for one in (name, session, target) if one}))


def actor(kind: Any, arn: Any, user: Any, invoked_by: Any, issuer: Any, extra: Any) -> tuple[str | None, str | None, str | None]:
    """Return user name, session name and instance id by the type of identity."""
    if kind == "Root":
        return "root", None, None
    if kind == "AWSService":
        return _text(invoked_by), None, None
    name, session, instance = principal(arn) if isinstance(arn, str) else (None, None, None)
    return _text(user) or name or _text(issuer) or _text(extra), session, instance


def object_path(key: Any, source: Any, name: Any, management: Any) -> str | None:
    """Return file.path of a data event of S3."""
    if source != "s3.amazonaws.com" or name.__class__ is not str or not name or key.__class__ is not str:
        return None
    return key if management is False or (management is not True and name in S3_OBJECT) else None


def domain(address: Any) -> str | None:
    """Return source.domain where a service of AWS made the call."""
    return address if address.__class__ is str and address[-14:] == ".amazonaws.com" else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


IDENTITY = (
    "userIdentity.type userIdentity.arn userIdentity.userName userIdentity.invokedBy "
    "userIdentity.sessionContext.sessionIssuer.userName additionalEventData.UserName"
)
PEOPLE = "user.name user.email cloud.instance.id user.target.name group.name related.user"
DERIVED = (
    derive(
        "event.kind event.category event.type cloud.service.name",
        kinds,
        "eventSource eventName readOnly managementEvent insightDetails.state insightDetails.eventSource",
    ),
    derive(
        "event.outcome",
        outcome,
        "errorCode errorMessage eventName insightDetails.state insightDetails.eventSource "
        + " ".join(f"responseElements.{name}" for name in TELLING),
    ),
    derive(PEOPLE, people, f"eventSource requestParameters.userName requestParameters.groupName {IDENTITY}"),
    derive("file.path", object_path, "requestParameters.key eventSource eventName managementEvent"),
    derive("source.domain", domain, "sourceIPAddress"),
    derive("tls.version_protocol tls.version", utils.tls_parts, "tlsDetails.tlsVersion"),
)
