"""How rsyslogd is configured to normalise a log type: what its fields are called in ECS, and how it parses and writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import floors

# The fields of a type of text, in their order: the name in ECS, or below aws where ECS has none, and how liblognorm reads it ('"': between quotes).
FIELDS: dict[str, str] = {
    "vpcflowlogs": """aws.vpcflow.version cloud.account.id network.interface.id source.ip destination.ip source.port destination.port
        network.iana_number network.packets network.bytes event.start event.end event.action aws.vpcflow.log_status""",
    "alb": """network.protocol @timestamp observer.name source.address destination.address aws.elb.request_time aws.elb.target_time
        aws.elb.response_time http.response.status_code aws.elb.target_status http.request.bytes http.response.bytes
        "http.request.method+url.original+http.version "user_agent.original tls.cipher tls.version aws.elb.target_group "trace.id
        "tls.client.server_name "aws.elb.certificate rule.id event.start "event.action "aws.elb.redirect_url "error.code
        "aws.elb.targets "aws.elb.target_statuses "aws.elb.classification "aws.elb.classification_reason aws.elb.connection""",
}
# CloudTrail's members: the way to it, and the name. What has no fixed form becomes text, as is usual for ECS.
TOLD = """
    eventVersion=aws.cloudtrail.event_version userIdentity!type=aws.cloudtrail.user_identity.type userIdentity!principalId=user.id
    userIdentity!arn=aws.cloudtrail.user_identity.arn userIdentity!accountId=user.domain userIdentity!accessKeyId=aws.cloudtrail.access_key_id
    userIdentity!sessionContext!sessionIssuer!type=aws.cloudtrail.session_issuer.type
    userIdentity!sessionContext!sessionIssuer!principalId=aws.cloudtrail.session_issuer.principal_id
    userIdentity!sessionContext!sessionIssuer!arn=aws.cloudtrail.session_issuer.arn
    userIdentity!sessionContext!sessionIssuer!accountId=aws.cloudtrail.session_issuer.account_id
    userIdentity!sessionContext!sessionIssuer!userName=user.name
    userIdentity!sessionContext!attributes!creationDate=aws.cloudtrail.creation_date
    userIdentity!sessionContext!attributes!mfaAuthenticated=aws.cloudtrail.mfa_authenticated
    eventTime=@timestamp eventSource=event.provider eventName=event.action awsRegion=cloud.region sourceIPAddress=source.address
    userAgent=user_agent.original errorCode=error.code errorMessage=error.message requestParameters=aws.cloudtrail.request_parameters
    responseElements=aws.cloudtrail.response_elements requestID=aws.cloudtrail.request_id eventID=event.id readOnly=aws.cloudtrail.read_only
    resources=aws.cloudtrail.resources eventType=aws.cloudtrail.event_type managementEvent=aws.cloudtrail.management_event
    recipientAccountId=cloud.account.id eventCategory=aws.cloudtrail.event_category tlsDetails!tlsVersion=tls.version
    tlsDetails!cipherSuite=tls.cipher tlsDetails!clientProvidedHostHeader=tls.client.server_name
"""
MEMBERS: dict[str, str] = dict(pair.split("=") for pair in TOLD.split())
# list: a template names each member, as the manual shows it. tree: the names are those of the rulebase, and the parsed tree is written as it
# is, which is the least that rsyslogd can do for JSON; CloudTrail keeps its own names then.
WAYS = ("list", "tree")
QUEUE = 'queue.type="FixedArray" queue.size="20000" queue.dequeueBatchSize="1024" queue.workerThreads="1"'
DIRECT = 'queue.type="direct"'
CONFIG = """
global(workDirectory="{folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off")
main_queue({queue})
module(load="imptcp")
module(load="{module}")
{template}
ruleset(name="records" {queue}) {{
    {parse}
    action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" template="document" {direct})
}}
input(type="imptcp" address="127.0.0.1" port="0" listenPortFileName="{folder}/port" ruleset="records" supportOctetCountedFraming="off")
"""


def names(log_type: str) -> list[str]:
    """Return the names of the fields of a type of text, in their order."""
    return [name for word in FIELDS[log_type].split() for name in word.lstrip('"').split("+")]


def rulebase(log_type: str) -> str:
    """Return the rule of liblognorm for a type of text."""
    rules = []
    for word in FIELDS[log_type].split():
        *first, last = word.lstrip('"').split("+")
        end = 'char-to:"' if word[0] == '"' else "word"
        rule = " ".join([*(f"%{name}:word%" for name in first), f"%{last}:{end}%"])
        rules.append(f'"{rule}"' if word[0] == '"' else rule)
    return "version=2\nrule=:" + " ".join(rules) + "\n"


def expected(log_type: str, line: str) -> dict[str, Any]:
    """Return the document that a record is to become by way of ``list``."""
    if log_type in FIELDS:
        quoted = line.split('"')
        values = floors.SPLITS[log_type](line) if len(quoted) == 1 else [value for n, part in enumerate(quoted) for value in _words(n, part)]
        return dict(zip(names(log_type), values, strict=True))
    return {name: _member(json.loads(line), member) for member, name in MEMBERS.items()}


def _member(record: Any, path: str) -> Any:
    for name in path.split("!"):
        record = record.get(name, {})
    if isinstance(record, bool):  # dataType="bool" would write false as true (8.2302)
        return str(record).lower()
    return "" if record is None or record == {} else record  # so a list template writes what is not there


def _words(place: int, part: str) -> list[str]:
    return part.split() if place % 2 == 0 or place == 1 else [part]  # the request is cut into its three


def config(log_type: str, way: str, folder: Path, port: int) -> str:
    """Write the rulebase into ``folder``, and return the configuration."""
    raw = 'useRawMsg="on"'
    if log_type in FIELDS:
        (folder / "rulebase").write_text(rulebase(log_type))
        module, parse = "mmnormalize", f'action(type="mmnormalize" rulebase="{folder}/rulebase" {raw})'
        renamed = {name: name for name in names(log_type)}
    else:
        module, parse, renamed = "mmjsonparse", f'action(type="mmjsonparse" cookie="" {raw})', MEMBERS
    written = " ".join(f'property(outname="{name}" name="$!{member}" format="jsonf")' for member, name in renamed.items())
    template = f'template(name="document" type="list" option.jsonf="on") {{ {written} }}'
    if way == "tree":
        template = 'template(name="document" type="list") { property(name="$!all-json-plain") constant(value="\\n") }'
    queue = QUEUE if log_type in FIELDS else DIRECT  # whichever costs it less
    return CONFIG.format(folder=folder, queue=queue, direct=DIRECT, module=module, template=template, parse=parse, port=port)
