"""The environment variables of the es-loader for Control Tower and Security Lake."""

from __future__ import annotations

from plugins._aws.es_loader import sections

TOWER, LAKE = "arn:aws:iam::123456789012:role/tower", "arn:aws:iam::123456789012:role/lake"


def test_buckets_of_control_tower_have_the_role_of_the_es_loaders_variables():
    environment = {"CONTROL_TOWER_LOG_BUCKETS": "one, two", "CONTROL_TOWER_ROLE_ARN": TOWER, "CONTROL_TOWER_ROLE_SESSION_NAME": "siem"}
    assert sections(environment) == {
        "in_s3:control-tower": {"buckets": "one, two", "role_arn": TOWER, "external_id": "", "role_session_name": "siem"}
    }


def test_buckets_of_security_lake_have_the_role_and_external_id_of_the_es_loaders_variables():
    environment = {"SECURITY_LAKE_ROLE_ARN": LAKE, "SECURITY_LAKE_ROLE_SESSION_NAME": "lake", "SECURITY_LAKE_EXTERNAL_ID": "id"}
    assert sections(environment) == {
        "in_s3:security-lake": {"buckets": "aws-security-data-lake-*", "role_arn": LAKE, "external_id": "id", "role_session_name": "lake"}
    }


def test_variables_that_are_empty_or_half_give_nothing_and_a_missing_name_of_the_session_is_ours():
    assert sections({}) == {}
    assert sections({"CONTROL_TOWER_LOG_BUCKETS": "one", "CONTROL_TOWER_ROLE_ARN": "", "SECURITY_LAKE_ROLE_ARN": ""}) == {}
    assert sections({"CONTROL_TOWER_ROLE_ARN": TOWER, "CONTROL_TOWER_LOG_BUCKETS": ""}) == {}
    found = sections({"CONTROL_TOWER_LOG_BUCKETS": "one", "CONTROL_TOWER_ROLE_ARN": TOWER, "CONTROL_TOWER_ROLE_SESSION_NAME": ""})
    assert found["in_s3:control-tower"]["role_session_name"] == "sluice"
