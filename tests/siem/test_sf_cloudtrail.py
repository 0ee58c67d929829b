"""The hook of CloudTrail at its edges; whole records are in tests/logtypes."""

import pytest

from loader.stages.table import applier
from siem.sf_cloudtrail import DERIVED, TELLING


def call(name="DescribeInstances", source="ec2.amazonaws.com", **fields):
    return applier(DERIVED)({"event": {"kind": "event"}, "eventName": name, "eventSource": source, **fields})


@pytest.mark.parametrize(
    ("source", "name", "read_only", "management", "category", "types"),
    [
        ("signin", "ConsoleLogin", False, True, ["authentication"], ["start"]),
        ("signin", "ExitRole", False, True, ["authentication"], ["end"]),
        ("signin", "PasswordUpdated", False, True, ["iam"], ["change", "user"]),
        ("sts", "AssumeRoleWithSAML", True, True, ["authentication"], ["start"]),
        ("sts", "GetCallerIdentity", True, True, ["api"], ["access"]),
        ("iam", "CreateUser", False, True, ["iam"], ["creation", "user"]),
        ("iam", "DeleteAccessKey", False, True, ["iam"], ["deletion", "user"]),
        ("iam", "AddUserToGroup", False, True, ["iam"], ["change", "group"]),
        ("iam", "AttachRolePolicy", False, True, ["iam"], ["admin", "change"]),
        ("iam", "ListUsers", True, True, ["iam"], ["info", "user"]),
        ("iam", "GetRole", True, True, ["iam"], ["info"]),
        ("ec2", "RunInstances", False, True, ["api", "configuration"], ["creation"]),
        ("ec2", "TerminateInstances", False, True, ["api", "configuration"], ["deletion"]),
        ("ec2", "StopInstances", False, True, ["api", "configuration"], ["change"]),
        ("ec2", "DescribeVpcs", None, None, ["api"], ["access"]),
        ("ec2", "CreateVpc", None, None, ["api", "configuration"], ["creation"]),
        ("kms", "ScheduleKeyDeletion", False, True, ["api", "configuration"], ["deletion"]),
        ("wafv2", "ListWebACLs", False, True, ["api"], ["access"]),
        ("s3", "GetObject", None, None, ["api", "file"], ["access"]),
        ("s3", "", None, None, ["api"], ["info"]),
        ("s3", "PutObject", False, False, ["api", "file"], ["creation"]),
        ("s3", "PutObjectAcl", False, False, ["api", "file"], ["change"]),
        ("s3", "DeleteObjects", False, False, ["api", "file"], ["deletion"]),
        ("dynamodb", "GetItem", True, False, ["api", "database"], ["access"]),
        ("dynamodb", "DeleteItem", False, False, ["api", "database"], ["change"]),
        ("lambda", "Invoke", False, False, ["api"], ["start"]),
    ],
)
def test_call_makes_category_and_type(source, name, read_only, management, category, types):
    record = call(name, f"{source}.amazonaws.com", readOnly=read_only, managementEvent=management)
    assert (record["event"]["category"], record["event"]["type"]) == (category, types)
    assert record["cloud"]["service"] == {"name": source}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, "success"),
        ({"errorCode": "AccessDenied"}, "failure"),
        ({"errorCode": ""}, "success"),
        ({"errorMessage": "Failed authentication"}, "failure"),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "failure"),
        ({"responseElements": {"ConsoleLogin": "Success"}}, "success"),
        ({"responseElements": {"Other": "Failure"}}, "success"),
        ({"responseElements": "Failure"}, "success"),
    ],
)
def test_outcome(fields, outcome):
    assert call("ConsoleLogin", "signin.amazonaws.com", **fields)["event"]["outcome"] == outcome


@pytest.mark.parametrize("name", TELLING)
def test_a_sign_in_event_tells_its_outcome_under_its_own_name(name):
    others = dict.fromkeys(TELLING, "Failure") | {name: "Success"}
    assert call(name, "signin.amazonaws.com", responseElements={name: "Failure"})["event"]["outcome"] == "failure"
    assert call(name, "signin.amazonaws.com", responseElements=others)["event"]["outcome"] == "success"


def test_insights_that_lack_a_state_have_no_outcome_either():
    assert "outcome" not in call(None, None, insightDetails={"eventSource": "ssm.amazonaws.com"})["event"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"managementEvent": False}, "a/b"),
        ({}, "a/b"),
        ({"managementEvent": True}, None),
        ({"eventName": "PutBucketAcl"}, None),
        ({"eventSource": "dynamodb.amazonaws.com"}, None),
        ({"requestParameters": {"key": ["a"]}}, None),
    ],
)
def test_data_events_of_s3_have_the_path_of_the_object(fields, path):
    record = call("GetObject", "s3.amazonaws.com", **{"requestParameters": {"key": "a/b"}, **fields})
    assert record.get("file", {}).get("path") == path


def test_a_target_is_of_identity_management_alone():
    parameters = {"userName": "eve", "groupName": "Admins"}
    assert call("CreateFleet", "appstream.amazonaws.com", requestParameters=parameters).keys().isdisjoint({"user", "group", "related"})
    assert call("PasswordUpdated", "signin.amazonaws.com", requestParameters=parameters)["user"] == {"target": {"name": "eve"}}


ROLE = "arn:aws:sts::123456789012:assumed-role/web/session-1"


@pytest.mark.parametrize(
    ("identity", "name", "related"),
    [
        ({"type": "IAMUser", "userName": "alice"}, "alice", ["alice"]),
        ({"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ops/alice"}, "alice", ["alice"]),
        ({"type": "Root", "userName": "account-alias", "arn": "arn:aws:iam::123456789012:root"}, "root", ["root"]),
        ({"type": "AssumedRole", "arn": ROLE}, "web", ["session-1", "web"]),
        ({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"userName": "web"}}}, "web", ["web"]),
        ({"type": "FederatedUser", "arn": "arn:aws:sts::123456789012:federated-user/bob"}, "bob", ["bob"]),
        ({"type": "SAMLUser", "principalId": "x:bob", "userName": "bob"}, "bob", ["bob"]),
        ({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, "config.amazonaws.com", ["config.amazonaws.com"]),
        ({"type": "AWSAccount", "accountId": "111122223333"}, None, None),
        ({"type": "IAMUser", "userName": ["odd"], "arn": "odd", "sessionContext": "odd"}, None, None),
        ({}, None, None),
    ],
)
def test_who_it_was(identity, name, related):
    record = call(userIdentity=identity)
    assert record.get("user", {}).get("name") == name
    assert record.get("related", {}).get("user") == related


def test_session_named_after_an_instance():
    record = call(userIdentity={"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/web/i-0123456789abcdef0"})
    assert record["cloud"]["instance"] == {"id": "i-0123456789abcdef0"}


def test_session_named_after_a_mail_address():
    record = call(userIdentity={"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/sso/carol@example.com"})
    assert record["user"] == {"name": "sso", "email": "carol@example.com"}


def test_iam_calls_have_a_target():
    parameters = {"userName": "eve", "groupName": "Admins"}
    record = call("AddUserToGroup", "iam.amazonaws.com", requestParameters=parameters, userIdentity={"type": "IAMUser", "userName": "alice"})
    assert record["user"] == {"name": "alice", "target": {"name": "eve"}}
    assert record["group"] == {"name": "Admins"}
    assert record["related"]["user"] == ["alice", "eve"]


def test_a_service_is_a_domain_an_internal_call_is_not():
    assert call(sourceIPAddress="config.amazonaws.com")["source"] == {"domain": "config.amazonaws.com"}
    assert "source" not in call(sourceIPAddress="AWS Internal")


@pytest.mark.parametrize(("state", "types"), [("Start", ["info", "start"]), ("End", ["end", "info"]), (None, ["info"])])
def test_insights_are_alerts_without_outcome(state, types):
    record = call(None, None, insightDetails={"state": state, "eventSource": "ssm.amazonaws.com"})
    assert record["event"] == {"kind": "alert", "category": ["api"], "type": types}
    assert record["cloud"]["service"] == {"name": "ssm"}


ODD = [None, "text", "", 0, 1.5, True, [], ["x"], [{}], {}, {"a": None}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "field",
    [
        "eventName", "eventSource", "readOnly", "managementEvent", "userIdentity", "requestParameters", "responseElements", "additionalEventData",
        "errorCode", "errorMessage", "sourceIPAddress", "tlsDetails", "insightDetails",
    ],
)  # fmt: skip
@pytest.mark.parametrize("source", ["iam.amazonaws.com", "s3.amazonaws.com", "signin.amazonaws.com"])
def test_no_odd_value_raises(source, field, odd):
    fields = {
        "eventName": "ConsoleLogin",
        "eventSource": source,
        "managementEvent": False,
        "requestParameters": {"userName": odd, "groupName": odd, "key": odd},
    }
    identity = {"type": odd, "arn": odd, "userName": odd, "invokedBy": odd, "sessionContext": {"sessionIssuer": {"userName": odd}}}
    record = {"userIdentity": identity, "tlsDetails": {"tlsVersion": odd}, **fields, field: odd}
    assert applier(DERIVED)({**record})["event"]["category"]


def test_a_site_may_map_less():
    record = applier(DERIVED)({"eventName": "DescribeVpcs", "eventSource": "ec2.amazonaws.com", "userIdentity": {"type": "Root"}})
    assert record["user"] == {"name": "root"}
