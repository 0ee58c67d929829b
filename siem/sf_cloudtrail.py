"""Hook of AWS CloudTrail. Format: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".

Decides what kind of event an API call is, whether it succeeded, and who made it. A record may have any shape: a field that should
be an object and is not is taken as absent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from siem import utils

TIDY = True  # makes the objects it sets fields in, and sets no empty values

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
IAM = frozenset({"iam.amazonaws.com", "identitystore.amazonaws.com", "sso-directory.amazonaws.com"})
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


def actor(identity: dict[str, Any], extra: Any) -> tuple[str | None, str | None, str | None]:
    """Return user name, session name and instance id by the type of identity."""
    kind = identity.get("type")
    if kind == "Root":
        return "root", None, None
    if kind == "AWSService":
        return _text(identity.get("invokedBy")), None, None
    arn = identity.get("arn")
    name, session, instance = principal(arn) if isinstance(arn, str) else (None, None, None)
    name = _text(identity.get("userName")) or name
    if not name:
        context = identity.get("sessionContext")
        issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
        name = _text(issuer.get("userName")) if isinstance(issuer, dict) else None
    if not name and isinstance(extra, dict):
        name = _text(extra.get("UserName"))
    return name, session, instance


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def outcome(logdata: dict[str, Any], name: str) -> str:
    """Return event.outcome; sign-in events tell it in responseElements, under their own name."""
    if logdata.get("errorCode") or logdata.get("errorMessage"):
        return "failure"
    response = logdata.get("responseElements")
    return "failure" if isinstance(response, dict) and response.get(name) == "Failure" else "success"


def transform(logdata: dict[str, Any]) -> dict[str, Any]:
    """Complete a CloudTrail record."""
    get = logdata.get
    if "insightDetails" in logdata:
        return _insight(logdata)
    source, name = _text(get("eventSource")) or "", _text(get("eventName")) or ""
    read_only, management = get("readOnly"), get("managementEvent")
    categories, types, service = classify(
        source, name, read_only if isinstance(read_only, bool) else None, management if isinstance(management, bool) else None
    )
    event = logdata["event"]
    event["category"], event["type"] = [*categories], [*types]
    event["outcome"] = outcome(logdata, name)
    if service:
        logdata.setdefault("cloud", {})["service"] = {"name": service}
    names: set[str | None] = set()
    identity = get("userIdentity")
    if isinstance(identity, dict):
        names = _put_actor(logdata, identity)
    parameters = get("requestParameters")
    if isinstance(parameters, dict) and (categories[0] == "iam" or categories[-1] == "file"):
        names.add(_put_target(logdata, categories[0], parameters))
    names.discard(None)
    if names:
        logdata.setdefault("related", {})["user"] = sorted(names)  # type: ignore[type-var]
    address = get("sourceIPAddress")
    if isinstance(address, str) and address.endswith(".amazonaws.com"):
        logdata.setdefault("source", {})["domain"] = address
    details = get("tlsDetails")
    if isinstance(details, dict) and isinstance(details.get("tlsVersion"), str):
        logdata.setdefault("tls", {}).update(utils.tls_fields(details["tlsVersion"]))
    return logdata


def _insight(logdata: dict[str, Any]) -> dict[str, Any]:
    """An Insights event tells the start or the end of unusual API activity, found by CloudTrail."""
    details = logdata["insightDetails"]
    event = logdata["event"]
    event["kind"], event["category"] = "alert", ["api"]
    if isinstance(details, dict):
        event["type"] = {"Start": ["info", "start"], "End": ["end", "info"]}.get(str(details.get("state")), ["info"])
        source = _text(details.get("eventSource"))
        if source:
            logdata.setdefault("cloud", {})["service"] = {"name": source.partition(".")[0]}
    return logdata


def _put_actor(logdata: dict[str, Any], identity: dict[str, Any]) -> set[str | None]:
    name, session, instance = actor(identity, logdata.get("additionalEventData"))
    user = logdata.setdefault("user", {})
    if name:
        user["name"] = name
    if session and "@" in session:
        user["email"] = session
    if instance:
        logdata.setdefault("cloud", {})["instance"] = {"id": instance}
    return {name, session}


def _put_target(logdata: dict[str, Any], category: str, parameters: dict[str, Any]) -> str | None:
    """Note what the call was about: a user or group of IAM, an object of S3. Returns the name of a user."""
    if category != "iam":
        path = _text(parameters.get("key"))
        if path:
            logdata["file"] = {"path": path}
        return None
    target = _text(parameters.get("userName"))
    if target:
        logdata.setdefault("user", {})["target"] = {"name": target}
    group = _text(parameters.get("groupName"))
    if group:
        logdata["group"] = {"name": group}
    return target
