"""Roles of STS: what an INI says of them, and credentials that are renewed before they expire."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from loader.api import SourceDenied, SourceError
from plugins._aws.errors import explained, message_of

ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
NEXT = ">"  # between the links of a chain
AGAIN = 30.0  # seconds that a refusal is believed for: every object would ask STS once more
LONG_AGO = datetime.datetime.fromtimestamp(0, datetime.UTC)  # the end of credentials that nobody has asked for yet
Ask = Callable[[], Mapping[str, Any]]


def arns(value: str) -> list[str]:
    """One role, or a chain of them, each assumed with the credentials of the one before: ``arn1 > arn2``."""
    found = [part.strip() for part in value.split(NEXT)] if value else []
    for arn in found:
        if not ARN.fullmatch(arn):
            raise ValueError(f"{arn!r} is not the ARN of a role, such as arn:aws:iam::123456789012:role/logs (a chain is ARN > ARN)")
    return found


def external_ids(value: str) -> list[str]:
    """The external id of the last role, or one for each role of a chain, none being ``-``."""
    found = [part.strip() for part in value.split(NEXT)] if value else []
    for one in found:
        if one != "-" and not EXTERNAL_ID.fullmatch(one):
            raise ValueError(f"{one!r} is not an external id: letters, digits and + = , . @ : / - _")
    return found


def session_name(value: str) -> str:
    """The name of a session, as STS takes it."""
    if not SESSION_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of a session: 2 to 64 letters, digits and + = , . @ - _")
    return value


def duration(value: str) -> int:
    """How long the credentials of a role last, in seconds: what STS takes, which is 15 minutes to 12 hours."""
    match = re.fullmatch(r"(\d+)([smh]?)", value)
    found = int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0
    if not 900 <= found <= 43200:
        raise ValueError(f"{value!r} is not between 15m and 12h")
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Role:
    """One link of a chain, and who assumes it, in words. With ``token_file`` it is assumed with the OIDC token of that file."""

    arn: str
    caller: str
    session_name: str
    seconds: int
    external_id: str = ""
    token_file: str = ""

    @property
    def operation(self) -> str:
        """The method of an STS client that assumes it."""
        return "assume_role_with_web_identity" if self.token_file else "assume_role"

    def request(self) -> dict[str, Any]:
        """Return what STS is asked for (API reference, AssumeRole and AssumeRoleWithWebIdentity); raises OSError without the token."""
        asked: dict[str, Any] = {"RoleArn": self.arn, "RoleSessionName": self.session_name, "DurationSeconds": self.seconds}
        if self.token_file:
            return {**asked, "WebIdentityToken": Path(self.token_file).read_text(encoding="utf-8").strip()}
        return {**asked, "ExternalId": self.external_id} if self.external_id else asked

    @property
    def margins(self) -> tuple[int, int]:
        """How many seconds before the end the credentials should, and must, be renewed: botocore's, but never most of their life."""
        return min(900, self.seconds // 4), min(600, self.seconds // 6)


class Renewal:
    """Asks STS for credentials of a role, for ``botocore.credentials.RefreshableCredentials``. A refusal is remembered for a while."""

    def __init__(self, role: Role, ask: Ask, failures: tuple[type[BaseException], ...], clock: Callable[[], float] = time.monotonic) -> None:
        self.role, self.ask, self.failures, self.clock = role, ask, failures, clock
        self.refusal: tuple[float, str] | None = None

    def __call__(self) -> dict[str, str]:
        """Return new credentials; raises SourceDenied where STS refuses, SourceError where that may pass."""
        if self.refusal and self.clock() < self.refusal[0]:
            raise SourceDenied(self.refusal[1])
        self.refusal = None
        try:
            found = self.ask()["Credentials"]
        except self.failures as why:
            error = self._refused(why)
            if isinstance(error, SourceDenied):
                self.refusal = self.clock() + AGAIN, str(error)
            raise error from why
        expires: datetime.datetime = found["Expiration"]
        if expires <= datetime.datetime.now(datetime.UTC):
            raise SourceError(f"role {self.role.arn}: its new credentials have ended at {expires.isoformat()}: is the clock of this machine right?")
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": expires.isoformat(),
        }

    def _refused(self, why: BaseException) -> SourceError:
        with_id = "the external id given" if self.role.external_id else "no external id"
        needs = f"sts:{'AssumeRoleWithWebIdentity' if self.role.token_file else 'AssumeRole'} on it, and its trust policy must name them ({with_id})"
        failed = f"cannot be assumed by {self.role.caller}"
        error = explained(why, f"role {self.role.arn}", failed=failed, who=self.role.caller, needs=needs)
        said = message_of(why)  # it names the caller as STS knows it
        return SourceDenied(f"{error}: {said}") if said and isinstance(error, SourceDenied) else error


class Provider:
    """What a botocore session asks for credentials, in place of its usual search."""

    def __init__(self, credentials: Any) -> None:
        self.credentials = credentials

    def load_credentials(self) -> Any:
        """Return the credentials, which renew themselves."""
        return self.credentials
