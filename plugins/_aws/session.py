"""What all plugins that speak to AWS share: their options, and clients made of them with credentials, roles, endpoints and proxies."""

from __future__ import annotations

import logging
import os
import re
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from loader.api import ConfigError, Option, Plugin, Problem, SourceDenied, SourceError, flag, number, path, seconds, text
from plugins._aws import errors, roles

if TYPE_CHECKING:
    from botocore.session import Session

log = logging.getLogger(__name__)
NO_CREDENTIALS = "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run with a role"


def _proxy(value: str) -> str:
    """The URL of an HTTP proxy."""
    if value and not re.fullmatch(r"https?://[^\s/]+/?", value):
        raise ValueError(f"{value!r} is not the URL of a proxy, such as http://proxy.example.com:3128")
    return value


class AwsPlugin(Plugin):
    """The options of AWS, beside those of a plugin's own kind: ``class S3Input(AwsPlugin, Input)``.

    After ``open``: ``client(service)`` makes clients, ``failures`` are the exceptions that their calls raise, and ``explained`` makes
    errors of ours of them. Clients sign with the last role of ``role_arn``, whose credentials are renewed as long as they are used.
    """

    region = Option(text, "", doc="Region; empty: what the environment or the AWS profile says, else us-east-1.")
    endpoint_url = Option(text, "", doc="URL of a service that speaks the same API, or of a VPC endpoint; empty: AWS, or AWS_ENDPOINT_URL.")
    ca_bundle = Option(path, "", doc="CA certificates of the service and of STS, as a PEM file.")
    proxy = Option(_proxy, "", doc="URL of an HTTP proxy for the service and STS; empty: HTTPS_PROXY and NO_PROXY of the environment.")
    fips = Option(flag, "no", doc="Use the FIPS endpoints of the service and STS; with no, AWS_USE_FIPS_ENDPOINT counts.")
    dualstack = Option(flag, "no", doc="Use endpoints that have IPv6 too; with no, AWS_USE_DUALSTACK_ENDPOINT counts.")
    profile_name = Option(text, "", doc="Profile of the AWS configuration files; empty: AWS_PROFILE, else the usual search for credentials.")
    role_arn = Option(roles.arns, "", doc="Role to assume; ARN > ARN is a chain, each assumed with the credentials of the one before.")
    external_id = Option(roles.external_ids, "", doc="External id that the last role asks for; of a chain also one for each, ID > ID, none being -.")
    role_session_name = Option(roles.session_name, "sluice", doc="Name of the session, as CloudTrail of the role's account shows it.")
    role_duration = Option(roles.duration, "1h", doc="How long credentials of a role last before they are renewed; AWS allows a chain 1h at most.")
    web_identity_token_file = Option(path, "", doc="File of an OIDC token with which the first role is assumed, read anew each time.")
    sts_endpoint_url = Option(text, "", doc="URL of STS; empty: AWS, or AWS_ENDPOINT_URL_STS.")
    sts_region = Option(text, "", doc="Region of STS; empty: region.")
    sts_ca_bundle = Option(path, "", doc="CA certificates of STS, as a PEM file; empty: ca_bundle.")
    tries = Option(number(1, 20), "5", doc="How often a request, or a broken transfer, is tried, with growing pauses.")
    timeout = Option(seconds, "60s", doc="How long to wait for a connection or for data.")

    without_credentials: ClassVar[str] = ""  # what else the plugin has to say when there are none
    failures: tuple[type[Exception], ...]
    _models: ClassVar[Any] = None  # botocore's descriptions of the services: some MB, read once a process

    def open(self) -> None:
        """Find credentials and assume the roles; raises ConfigError when there are none, or a role is refused."""
        import botocore  # noqa: PLC0415  # slow to import, and of use only where AWS is
        import botocore.config  # noqa: PLC0415
        import botocore.credentials  # noqa: PLC0415
        import botocore.exceptions  # noqa: PLC0415
        import botocore.session  # noqa: PLC0415
        import urllib3.exceptions  # noqa: PLC0415

        refusals = botocore.exceptions
        self.failures = (refusals.ClientError, refusals.BotoCoreError, urllib3.exceptions.HTTPError, OSError, ValueError)
        self._core, self._config, self._refreshable = botocore.session.Session, botocore.config.Config, botocore.credentials.RefreshableCredentials
        self._unsigned = botocore.UNSIGNED
        self._check()
        try:
            self._session = self._base()
            for role in self._roles():
                self._session = self._with_role(self._session, role)
            self._try_role()
        except (refusals.BotoCoreError, ValueError) as why:
            raise ConfigError(Problem(f"cannot be set up: {why}", section=self.name)) from why

    def client(self, service: str, region: str = "", **config: Any) -> Any:
        """Return a client of ``service``; ``config`` goes into its ``botocore.config.Config``. Raises ConfigError.

        ``region`` is that which the name of a resource says, such as the ARN of a queue; the option goes before it.
        """
        try:
            return self._client(self._session, service, self.region or region or self._in_region, self.endpoint_url, self.ca_bundle, **config)
        except self.failures as why:
            raise ConfigError(Problem(f"cannot be set up: {why}", section=self.name)) from why

    def explained(self, why: BaseException, about: str, needs: str = "", failed: str = "cannot be read") -> SourceError:
        """Return the error that a failed call means for ``about``; ``needs`` are the permissions that the call takes."""
        who = f"role {self.role_arn[-1]}" if self.role_arn else errors.OURS
        renewed = hasattr(self._session.get_credentials(), "refresh_needed")
        return errors.explained(why, about, failed=failed, who=who, needs=needs, renewed=renewed)

    def _check(self) -> None:
        """Raise ConfigError with what the options say that cannot be."""
        found = [self._unreadable(key, file) for key, file in (("ca_bundle", self.ca_bundle), ("sts_ca_bundle", self.sts_ca_bundle)) if file]
        ids, links = len(self.external_id), len(self.role_arn)
        if ids not in (0, links) and (ids != 1 or not links):
            found.append(("external_id", f"has {ids}, and role_arn {links}: give one for each role, or that of the last"))
        if self.web_identity_token_file and not self.role_arn:
            found.append(("web_identity_token_file", "is of no use without role_arn: the role that the token is for"))
        if self.web_identity_token_file and len(self.role_arn) == 1 and self.external_id:
            found.append(("external_id", "is not asked for with a token: leave it out"))
        for key, url in (("endpoint_url", self.endpoint_url), ("sts_endpoint_url", self.sts_endpoint_url)):
            if url and self.fips:
                found.append((key, "cannot go with fips = yes: give the URL of a FIPS endpoint, or none"))
        if problems := [Problem(message, section=self.name, key=key) for key, message in filter(None, found)]:
            raise ConfigError(*problems)

    def _unreadable(self, key: str, file: str) -> tuple[str, str] | None:
        try:
            ssl.create_default_context(cafile=file)
        except OSError as why:
            return key, f"{file!r} is no PEM file that can be read: {why}"
        return None

    def _base(self) -> Session:
        """Return the session of the credentials that are found: a profile's, the environment's, the machine's."""
        session = self._new()
        self._in_region = self.region or session.get_config_variable("region") or os.environ.get("AWS_REGION") or "us-east-1"
        if not self.web_identity_token_file and session.get_credentials() is None:
            raise ConfigError(NO_CREDENTIALS + self.without_credentials)
        return session

    def _new(self) -> Session:
        session = self._core(profile=self.profile_name or None)
        if AwsPlugin._models is None:
            AwsPlugin._models = session.get_component("data_loader")
        session.register_component("data_loader", AwsPlugin._models)
        return session

    def _roles(self) -> Iterator[roles.Role]:
        """Yield the links of the chain."""
        ids = self.external_id if len(self.external_id) == len(self.role_arn) else ["-"] * (len(self.role_arn) - 1) + (self.external_id or ["-"])
        callers = [self._found(), *(f"role {arn}" for arn in self.role_arn)]
        tokens = [self.web_identity_token_file, *[""] * len(self.role_arn)]
        for arn, external_id, caller, token in zip(self.role_arn, ids, callers, tokens, strict=False):
            yield roles.Role(arn, caller, self.role_session_name, self.role_duration, "" if external_id == "-" else external_id, token)

    def _found(self) -> str:
        """Say whose credentials the first role is assumed with."""
        if self.web_identity_token_file:
            return f"the token of {self.web_identity_token_file}"
        credentials = self._session.get_credentials()
        return f"{errors.OURS} ({self.profile_name or getattr(credentials, 'method', '')})"

    def _with_role(self, session: Session, role: roles.Role) -> Session:
        """Return a session that signs as a role, which the given one assumes."""
        sts = self._client(session, "sts", *self._sts(), **({"signature_version": self._unsigned} if role.token_file else {}))
        renewal = roles.Renewal(role, lambda: getattr(sts, role.operation)(**role.request()), self.failures)
        should, must = role.margins
        credentials = self._refreshable("", "", "", roles.LONG_AGO, renewal, "assume-role", advisory_timeout=should, mandatory_timeout=must)
        made = self._new()
        made.register_component("credential_provider", roles.Provider(credentials))
        return made

    def _try_role(self) -> None:
        """Assume the roles once; raises ConfigError when one is refused. What may pass is told, and tried again with each object."""
        if self.role_arn:
            try:
                if credentials := self._session.get_credentials():
                    credentials.get_frozen_credentials()
            except SourceError as why:
                if isinstance(why, SourceDenied) or (why.__cause__ and errors.code_of(why.__cause__) in errors.EXPIRED):
                    raise ConfigError(Problem(str(why), section=self.name, key="role_arn")) from why
                log.warning("[%s] %s", self.name, why)

    def _sts(self) -> tuple[str, str, str]:
        return self.sts_region or self._in_region, self.sts_endpoint_url, self.sts_ca_bundle or self.ca_bundle

    def _client(self, session: Session, service: str, region: str, url: str, ca_bundle: str, **config: Any) -> Any:
        chosen = self._config(
            retries={"mode": "standard", "total_max_attempts": self.tries},  # with jitter, and a quota that ends retries where all fail
            proxies={"http": self.proxy, "https": self.proxy} if self.proxy else None,
            use_fips_endpoint=self.fips or None,
            use_dualstack_endpoint=self.dualstack or None,
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            user_agent_extra="sluice-siem-loader",  # loader/stages/own_logs.py knows it again
            **config,
        )
        return session.create_client(service, region, endpoint_url=url or None, verify=ca_bundle or None, config=chosen)
