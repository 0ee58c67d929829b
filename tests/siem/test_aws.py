"""Names of AWS in texts, found where they are and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from siem import utils


@pytest.mark.parametrize(
    ("text", "account"),
    [("123456789012/x", "123456789012"), ("/1234567890123/", None), ("x123456789012/", None), ("arn:aws:iam::123456789012:user", None), ("", None)],
)
def test_accounts_are_folders_of_twelve_digits(text: str, account: str | None) -> None:
    assert utils.extract_aws_account_from_text(text) == account


@pytest.mark.parametrize(
    "region",
    [
        "us-east-1", "ap-southeast-4", "eu-central-2", "us-gov-east-1", "cn-northwest-1", "il-central-1", "us-iso-east-1", "us-isob-east-1",
        "eusc-de-east-1", "global",
    ],
)  # fmt: skip
def test_regions_are_found_in_keys_and_host_names(region: str) -> None:
    assert utils.extract_aws_region_from_text(f"AWSLogs/123456789012/CloudTrail/{region}/2024/") == region
    assert utils.extract_aws_region_from_text(f"bucket.s3-{region}.amazonaws.com") == region


@pytest.mark.parametrize("text", ["", "globally", "global-shop", "menus-east-1", "us-east-12", "us-middle-1"])
def test_what_only_looks_like_a_region_is_none(text: str) -> None:
    assert utils.extract_aws_region_from_text(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("i-0123456789abcdef0", "i-0123456789abcdef0"),
        ("role/i-89abcdef", "i-89abcdef"),
        ("i-0123456789", None),
        ("wi-0123456789abcdef0", None),
        ("", None),
    ],
)
def test_instance_ids_have_8_or_17_digits(text: str, found: str | None) -> None:
    assert utils.extract_aws_instanceid_from_text(text) == found


@pytest.mark.parametrize("value", [None, 7, ["us-east-1"], {"a": 1}])
def test_what_is_no_text_names_nothing(value: Any) -> None:
    found = [utils.extract_aws_account_from_text(value), utils.extract_aws_region_from_text(value), utils.extract_aws_instanceid_from_text(value)]
    assert found == [None, None, None]


@pytest.mark.parametrize("group", ["", "/aws/lambda/x", "/aws/rds/proxy/x", None])
def test_other_log_groups_name_no_database(group: str | None) -> None:
    assert utils.cluster_instance_identifier({"@log_group": group}) == (None, None)


def test_a_cluster_without_a_stream_names_no_instance() -> None:
    assert utils.cluster_instance_identifier({"@log_group": "/aws/docdb/cluster/c/audit", "@log_stream": None}) == ("c", None)
