"""What a refusal of AWS, or a connection that fails, means for a source: its class, and a sentence that says what to do.

The codes are those of the S3, SQS, STS and KMS API references (section "Common errors" and the errors of each action).
"""

from __future__ import annotations

from typing import Any

from loader.api import SourceDenied, SourceError, SourceGone

GONE = {
    "NoSuchKey": "it does not exist (any more)",
    "NoSuchVersion": "this version of it does not exist (any more)",
    "NoSuchBucket": "the bucket does not exist",
    "404": "it does not exist (any more)",
    "MethodNotAllowed": "this version is a delete marker: the object was deleted",
    "KeyTooLongError": "no key is that long",
    "InvalidBucketName": "no bucket can have this name",
    "AWS.SimpleQueueService.NonExistentQueue": "the queue does not exist",
    "QueueDoesNotExist": "the queue does not exist",
}
DENIED = frozenset({
    "AccessDenied", "AccessDeniedException", "403", "Forbidden", "InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch",
    "AllAccessDisabled", "AccountProblem", "NotSignedUp", "UnauthorizedAccess", "UnrecognizedClientException", "MissingAuthenticationToken",
    "OptInRequired", "InvalidIdentityToken", "IDPRejectedClaim", "MalformedPolicyDocument", "RegionDisabledException",
})  # fmt: skip
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired"})
CLOCK = frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})
BUSY = frozenset({
    "SlowDown", "503", "ServiceUnavailable", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "RequestLimitExceeded", "TooManyRequests", "TooManyRequestsException", "429", "KMS.ThrottlingException",
})  # fmt: skip
ELSEWHERE = frozenset({"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
PASSING = ("KMS.KMSInternal", "KMS.DependencyTimeout", "KMS.Throttling", "KMS.KeyUnavailable")  # the other errors of KMS stay until somebody acts
OURS = "these credentials"
ASSUMING = "AssumeRole"  # how the operations of STS begin that a profile or the environment may ask for


def code_of(why: BaseException) -> str:
    """Return the code of a refusal; an empty text when no service has refused anything."""
    return str(_response(why).get("Error", {}).get("Code", ""))


def message_of(why: BaseException) -> str:
    """Return the words of a refusal; an empty text when there are none."""
    return str(_response(why).get("Error", {}).get("Message", ""))


def explained(
    why: BaseException, about: str, *, failed: str = "cannot be read", who: str = OURS, needs: str = "", renewed: bool = False
) -> SourceError:
    """Return the error that says what a refusal or failure of botocore means for ``about`` (a URI, a queue, a role).

    ``failed`` is what could not be done with it, ``who`` asked, ``needs`` are the permissions that it takes, ``renewed`` says whether the
    credentials renew themselves. SourceGone and SourceDenied stay until somebody acts; a plain SourceError may pass.
    """
    code = code_of(why)
    if not code:
        return _unreached(why, f"{about} {failed}")
    said = message_of(why)
    if str(getattr(why, "operation_name", "")).startswith(ASSUMING) and "sts:" not in needs:
        who, needs = OURS, "sts:AssumeRole, and the trust policy of the role must name them"
    if code in GONE:
        return SourceGone(f"{about}: {GONE[code]}")
    if code.startswith("KMS.") and not code.startswith(PASSING):
        return SourceDenied(f"{about}: {code}: the KMS key that encrypts it cannot be used: {said}")
    if code in DENIED:
        verb = "needs" if who.startswith("role ") else "need"
        return SourceDenied(f"{about}: {code}: {f'{who} {verb} {needs}' if needs else said}")
    if code == "InvalidRequest" and "Server Side Encryption" in said:
        return SourceDenied(f"{about}: {code}: it is encrypted with a key that its owner keeps (SSE-C), and such objects cannot be read")
    return SourceError(f"{about}: {_passing(code, renewed) or why}")


def _passing(code: str, renewed: bool) -> str:
    """Return what to do about a refusal that may pass; an empty text where the service's own words must do."""
    if code in EXPIRED:
        return f"{code}: the credentials have expired" + (", and are renewed: load it again" if renewed else ": renew them, then load it again")
    if code in CLOCK:
        return f"{code}: the clock of this machine differs from that of the service: set it (NTP), then load it again"
    if code in BUSY:
        return f"{code}: the service asks for fewer requests: load it again later, or with fewer --workers"
    if code in ELSEWHERE:
        return f"{code}: the bucket is in another region: write it as region"
    return ""


def _unreached(why: BaseException, what: str) -> SourceError:
    """Return the error for what no service has answered."""
    if isinstance(why, SourceError):
        return why
    if type(why).__name__ == "ParamValidationError":  # botocore's, which asks nobody: a name that cannot be
        return SourceGone(f"{what}: {why}")
    hint = "; where the service has a CA of its own, give its certificate as ca_bundle" if "VERIFY_FAILED" in str(why) else ""
    return SourceError(f"{what}: {why}{hint}")


def _response(why: BaseException) -> dict[str, Any]:
    found = getattr(why, "response", None)
    return found if isinstance(found, dict) else {}
