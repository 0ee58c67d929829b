"""Credentials, roles, endpoints and proxies of the plugins that speak to AWS, over loopback HTTP, by way of ``in_s3``."""

from __future__ import annotations

import logging

import boto3
import pytest

from loader.api import ConfigError, Source, SourceDenied, SourceError
from plugins._aws.session import AwsPlugin
from plugins.in_s3 import S3Input
from tests import aws
from tests.aws import Service, Sts, answer, of_nobody, refuse, refuse_role, services
from tests.drivers import configured
from tests.servers import LOCALHOST, Certificates, closed_port

ROLE, HUB, EDGE = (f"arn:aws:iam::123456789012:role/{name}" for name in ("logs", "hub", "edge"))


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    of_nobody(monkeypatch, tmp_path)


def opened(s3="", sts="", **options):
    """Return an in_s3 of these services, open."""
    options = {"timeout": "5s", "tries": "1", "addressing_style": "path", "role_arn": ROLE if sts else "", **options}
    plugin = configured(S3Input(), "in_s3", endpoint_url=getattr(s3, "url", s3), sts_endpoint_url=getattr(sts, "url", sts), **options)
    plugin.open()
    return plugin


def read(plugin):
    return b"".join(plugin.read(Source("sample-bucket", "key")))


def served(handler):
    answer(handler, 200, b"content", ETag='"x"')


# --- roles


def test_requests_are_signed_with_the_credentials_of_the_role():
    s3, sts = Service(served), Sts()
    with services(s3, sts):
        assert read(opened(s3, sts, external_id="from-the-contract", role_session_name="siem", role_duration="15m")) == b"content"
    assert sts.forms == [
        {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": ROLE, "RoleSessionName": "siem", "DurationSeconds": "900",
         "ExternalId": "from-the-contract"},
    ]  # fmt: skip
    assert (sts.signers(), s3.signers()) == (["testing"], ["KEY1"])
    assert s3.header("X-Amz-Security-Token") == ["token1"]


def test_a_chain_assumes_each_role_with_the_credentials_of_the_one_before():
    s3, sts = Service(served), Sts()
    with services(s3, sts):
        read(opened(s3, sts, role_arn=f"{HUB} > {EDGE} > {ROLE}", external_id="last"))
    assert [(form["RoleArn"], form.get("ExternalId")) for form in sts.forms] == [(HUB, None), (EDGE, None), (ROLE, "last")]
    assert (sts.signers(), s3.signers()) == (["testing", "KEY1", "KEY2"], ["KEY3"])


def test_each_role_of_a_chain_may_have_an_external_id_of_its_own():
    sts = Sts()
    with services(sts):
        opened("http://192.0.2.1", sts, role_arn=f"{HUB}>{EDGE}>{ROLE}", external_id="one > - > three")
    assert [form.get("ExternalId") for form in sts.forms] == ["one", None, "three"]


def test_credentials_are_renewed_before_they_expire_in_each_link_of_the_chain():
    s3, sts = Service(served), Sts(lasting=599)  # less than ten minutes are left: they must be renewed before the next request
    with services(s3, sts):
        plugin = opened(s3, sts, role_arn=f"{HUB} > {ROLE}")
        assert read(plugin) + read(plugin) == b"content" * 2
    assert [form["RoleArn"] for form in sts.forms] == [HUB, ROLE] * 3
    assert sts.signers() == ["testing", "KEY1", "testing", "KEY3", "testing", "KEY5"]
    assert s3.signers() == ["KEY4", "KEY6"]


@pytest.mark.parametrize("duration", ["15m", "1h"])
def test_credentials_that_last_are_asked_for_once(duration):
    s3, sts = Service(served), Sts()
    with services(s3, sts):
        plugin = opened(s3, sts, role_duration=duration)
        for _ in range(3):
            read(plugin)
    assert len(sts.requests) == 1
    assert s3.signers() == ["KEY1"] * 3


def test_a_role_is_assumed_with_the_token_of_a_file_without_any_credentials(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    token = tmp_path / "token"
    token.write_text("first\n")
    s3, sts = Service(served), Sts(lasting=599)
    with services(s3, sts):
        plugin = opened(s3, sts, role_arn=f"{HUB} > {ROLE}", web_identity_token_file=str(token), external_id="id")
        token.write_text("second")
        read(plugin)
    asked = [(form["Action"], form["RoleArn"], form.get("WebIdentityToken"), form.get("ExternalId")) for form in sts.forms]
    assert asked == [
        ("AssumeRoleWithWebIdentity", HUB, "first", None),
        ("AssumeRole", ROLE, None, "id"),
        ("AssumeRoleWithWebIdentity", HUB, "second", None),
        ("AssumeRole", ROLE, None, "id"),
    ]
    assert sts.signers() == ["", "KEY1", "", "KEY3"]
    assert s3.signers() == ["KEY4"]


def test_the_web_identity_of_the_environment_is_taken_as_it_is_by_every_aws_program(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "token").write_text("of the pod")
    s3, sts = Service(served), Sts()
    with services(s3, sts):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        read(opened(s3))
    assert [(form["RoleArn"], form["WebIdentityToken"]) for form in sts.forms] == [(ROLE, "of the pod")]
    assert s3.signers() == ["KEY1"]


def test_a_refused_role_stops_the_program_and_names_role_caller_and_permission():
    sts = Sts(lambda form, signer: "User: arn:aws:iam::123456789012:user/x is not authorized")
    with services(sts), pytest.raises(ConfigError) as why:
        opened("http://192.0.2.1", sts)
    assert str(why.value) == (
        f"[in_s3] role_arn: role {ROLE}: AccessDenied: these credentials (env) need sts:AssumeRole on it, and its trust policy must name them "
        "(no external id): User: arn:aws:iam::123456789012:user/x is not authorized"
    )


def test_a_refused_link_of_a_chain_names_the_role_before_it():
    sts = Sts(lambda form, signer: "no" if form["RoleArn"] == ROLE else None)
    with services(sts), pytest.raises(ConfigError, match=f"role {ROLE}: AccessDenied: role {HUB} needs sts:AssumeRole on it.*the external id given"):
        opened("http://192.0.2.1", sts, role_arn=f"{HUB} > {ROLE}", external_id="id")


def test_expired_credentials_stop_a_program_that_is_to_assume_a_role():
    sts = Service(refuse_role(403, "ExpiredToken", "The security token included in the request is expired"))
    with services(sts), pytest.raises(ConfigError, match=f"role {ROLE}: ExpiredToken: the credentials have expired: renew them"):
        opened("http://192.0.2.1", sts)


def test_a_token_file_that_is_not_there_is_named(tmp_path, caplog):
    with pytest.raises(SourceError, match=f"role {ROLE} cannot be assumed by the token of .*/none: .*No such file"):
        read(opened("http://192.0.2.1", "http://192.0.2.1", web_identity_token_file=str(tmp_path / "none")))


def test_a_role_that_is_refused_later_denies_the_source_and_asks_sts_no_more_for_a_while(caplog):
    answers = iter([None])
    s3, sts = Service(served), Sts(lambda form, signer: next(answers, "the trust has gone"), lasting=599)
    with services(s3, sts):
        plugin = opened(s3, sts)
        for _ in range(3):
            with pytest.raises(SourceDenied, match=f"role {ROLE}: AccessDenied: .*the trust has gone"):
                read(plugin)
    assert (len(sts.requests), s3.requests) == (2, [])
    assert plugin.backoff.failures == 0


def test_sts_out_of_reach_is_transient_told_at_the_start_and_tried_with_each_object(caplog):
    s3, sts = Service(served), Sts()
    sts.steps = (refuse_role(503, "ServiceUnavailable"), refuse_role(503, "ServiceUnavailable"), sts._give)
    with services(s3, sts):
        with caplog.at_level(logging.WARNING, "plugins"):
            plugin = opened(s3, sts)
        assert f"[in_s3] role {ROLE}: ServiceUnavailable: the service asks for fewer requests" in caplog.text
        with pytest.raises(SourceError) as why:
            read(plugin)
        assert (type(why.value), plugin.backoff.failures) == (SourceError, 1)
        assert read(plugin) == b"content"


def test_a_refusal_to_a_role_names_the_role():
    s3, sts = Service(refuse(403, "AccessDenied")), Sts()
    with services(s3, sts), pytest.raises(SourceDenied, match=f"s3://sample-bucket/key: AccessDenied: role {ROLE} needs s3:GetObject on it"):
        read(opened(s3, sts))


def test_expired_credentials_of_a_role_are_renewed_by_themselves():
    s3, sts = Service(refuse(400, "ExpiredToken")), Sts()
    with services(s3, sts), pytest.raises(SourceError, match="the credentials have expired, and are renewed: load it again"):
        read(opened(s3, sts))


def test_a_machine_whose_clock_is_ahead_is_told_so():
    sts = Sts(lasting=-1)
    with services(sts), pytest.raises(SourceError, match=f"role {ROLE}: its new credentials have ended at .*clock of this machine"):
        read(opened("http://192.0.2.1", sts))


def test_a_chain_works_with_sts_and_s3_of_moto():
    with aws.moto() as url:
        client = boto3.client("s3", "us-east-1", endpoint_url=url)
        client.create_bucket(Bucket="sample-bucket")
        client.put_object(Bucket="sample-bucket", Key="key", Body=b"content")
        assert read(opened(url, url, role_arn=f"{HUB} > {ROLE}", external_id="id")) == b"content"


# --- what the options say that cannot be


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"role_arn": f"{HUB} > {ROLE}", "external_id": "one > two > three"}, "external_id: has 3, and role_arn 2"),
        ({"external_id": "id"}, "external_id: has 1, and role_arn 0"),
        ({"web_identity_token_file": "/token"}, "web_identity_token_file: is of no use without role_arn"),
        ({"web_identity_token_file": "/token", "role_arn": ROLE, "external_id": "id"}, "external_id: is not asked for with a token"),
        ({"fips": "yes", "endpoint_url": "http://192.0.2.1"}, "endpoint_url: cannot go with fips = yes"),
        ({"fips": "yes", "sts_endpoint_url": "http://192.0.2.1"}, "sts_endpoint_url: cannot go with fips = yes"),
        ({"sts_ca_bundle": "/no/ca.pem"}, "sts_ca_bundle: '/no/ca.pem' is no PEM file"),
        ({"profile_name": "nobody"}, "cannot be set up: The config profile (nobody) could not be found"),
        ({"proxy": "no proxy"}, "proxy: 'no proxy' is not the URL of a proxy"),
    ],
)
def test_what_cannot_be_stops_the_program(options, said):
    with pytest.raises((ConfigError, ValueError)) as why:
        configured(S3Input(), "in_s3", **options).open()
    assert said.removeprefix("proxy: ") in str(why.value)


# --- endpoints, regions and proxies


def test_service_and_sts_have_endpoints_regions_and_authorities_of_their_own(tmp_path):
    ours, theirs = Certificates(tmp_path / "ours"), Certificates(tmp_path / "theirs")
    s3, sts = Service(served, tls=ours.server()), Sts()
    sts.server.socket = theirs.server().wrap_socket(sts.server.socket, server_side=True, do_handshake_on_connect=False)
    sts.url = sts.url.replace("http:", "https:")
    files = {"ca_bundle": str(ours.ca_file), "sts_ca_bundle": str(theirs.ca_file)}
    with services(s3, sts):
        assert read(opened(s3, sts, region="eu-central-1", sts_region="us-west-2", **files)) == b"content"
        regions = [service.header("Authorization")[0].split("/")[2] for service in (s3, sts)]
    assert regions == ["eu-central-1", "us-west-2"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"AWS_REGION": "eu-west-1"}, "eu-west-1"), ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"), ({}, "us-east-1")],
)
def test_the_region_is_that_of_the_environment_where_no_option_says_one(monkeypatch, given, expected):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    plugin = opened()
    assert plugin.s3.meta.region_name == expected
    assert plugin.client("sqs", "ap-south-1").meta.region_name == "ap-south-1"
    assert opened(region="eu-west-3").client("sqs", "ap-south-1").meta.region_name == "eu-west-3"


@pytest.mark.parametrize(
    ("service", "options", "host"),
    [
        ("s3", {"fips": "yes"}, "s3-fips.us-west-2.amazonaws.com"),
        ("s3", {"fips": "yes", "dualstack": "yes"}, "s3-fips.dualstack.us-west-2.amazonaws.com"),
        ("s3", {"dualstack": "yes"}, "s3.dualstack.us-west-2.amazonaws.com"),
        ("sqs", {"fips": "yes"}, "sqs-fips.us-west-2.amazonaws.com"),
        ("sts", {"fips": "yes"}, "sts-fips.us-west-2.amazonaws.com"),
        ("s3", {}, "s3.us-west-2.amazonaws.com"),
    ],
)
def test_fips_and_dual_stack_change_the_host_of_the_service(service, options, host):
    assert opened(region="us-west-2", **options).client(service).meta.endpoint_url == f"https://{host}"


def test_fips_of_the_environment_counts(monkeypatch):
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    assert opened(region="us-west-2").s3.meta.endpoint_url == "https://s3-fips.us-west-2.amazonaws.com"


def test_requests_go_through_the_proxy():
    with Service(served) as proxy:
        assert read(opened("http://s3.example.com", proxy=proxy.url)) == b"content"
    assert proxy.requests[0][0].startswith("http://s3.example.com/sample-bucket/key")


def test_requests_of_sts_and_of_tls_go_through_the_proxy_too():
    with Service(lambda handler: answer(handler, 403)) as proxy:
        plugin = opened(sts="", role_arn=ROLE, proxy=proxy.url, region="us-west-2", fips="yes")
        with pytest.raises(SourceError, match=f"role {ROLE} cannot be assumed .*proxy"):
            read(plugin)
    assert {path for path, _ in proxy.requests} == {"sts-fips.us-west-2.amazonaws.com:443"}


def test_the_proxy_of_the_environment_counts(monkeypatch):
    monkeypatch.delenv("NO_PROXY")
    with Service(served) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert read(opened("http://s3.example.com")) == b"content"
    assert len(proxy.requests) == 1


def test_a_proxy_that_is_not_there_is_a_passing_failure():
    url = f"http://{LOCALHOST}:{closed_port()}"
    with pytest.raises(SourceError, match="s3://sample-bucket/key cannot be read: .*proxy"):
        read(opened("http://s3.example.com", proxy=url))


def test_the_profile_of_the_option_gives_credentials_and_region(monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[profile audit]\nregion = eu-south-1\naws_access_key_id = AUDIT\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with Service(served) as s3:
        read(opened(s3, profile_name="audit"))
    assert s3.signers() == ["AUDIT"]
    assert s3.header("Authorization")[0].split("/")[2] == "eu-south-1"


def test_the_descriptions_of_the_services_are_read_once_a_process():
    one, other = opened(), opened()
    assert one._session is not other._session
    assert one._session.get_component("data_loader") is other._session.get_component("data_loader") is AwsPlugin._models
