"""Accounts and Regions: every Region that the AWS SDK knows is found, wherever names are looked for."""

from __future__ import annotations

import re

import botocore.session
import pytest

from loader import cloud

PARTITIONS = botocore.session.get_session().get_data("partitions")["partitions"]
REGIONS = sorted(name for partition in PARTITIONS for name in partition["regions"] if not name.endswith("global"))
WHERE = pytest.mark.parametrize("pattern", [cloud.REGION_IN_KEY, cloud.REGION_IN_TEXT])


def found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[0] if match else None


def test_every_region_of_the_sdk_is_found_in_keys_texts_and_folders() -> None:
    assert {"us-east-1", "us-gov-west-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", "cn-north-1"} <= set(REGIONS)
    for name in REGIONS:
        assert found(cloud.REGION_IN_KEY, f"AWSLogs/123456789012/x/{name}/2024/") == name
        assert found(cloud.REGION_IN_TEXT, f"arn:aws:logs:{name}:123456789012:x") == name
        assert re.fullmatch(cloud.LIKE_REGION, name)


@WHERE
@pytest.mark.parametrize("text", ["", "menus-east-1", "us-east-12", "us-middle-1", "globally", "us-east", "eusc-fr-east-1"])
def test_what_only_looks_like_a_region_is_none(pattern: re.Pattern[str], text: str) -> None:
    assert found(pattern, text) is None


@pytest.mark.parametrize(
    ("text", "in_key", "in_text"),
    [
        ("x/global/y", "global", "global"),
        ("x/global-shop/y", "global", None),
        ("x/global_shop/y", None, None),
        ("x_global/y", None, "global"),
        ("Xus-east-1", None, "us-east-1"),
        ("2us-east-1", "us-east-1", None),
    ],
)
def test_keys_and_texts_differ_in_what_may_stand_around_a_name(text: str, in_key: str | None, in_text: str | None) -> None:
    assert (found(cloud.REGION_IN_KEY, text), found(cloud.REGION_IN_TEXT, text)) == (in_key, in_text)


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("123456789012/x", "123456789012"),
        ("a=123456789012/x", "123456789012"),
        ("1234567890123/", None),
        ("x123456789012/", None),
        ("/123456789012", None),
    ],
)
def test_an_account_is_a_folder_of_twelve_digits_or_the_end_of_its_name(text: str, account: str | None) -> None:
    match = cloud.ACCOUNT_FOLDER.search(text)
    assert (match[0] if match else None) == account
