"""What names of AWS tell: accounts, Regions, instances, databases. For hooks, by way of ``siem.utils``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from loader.cloud import ACCOUNT_FOLDER, REGION_IN_KEY, REGION_IN_TEXT

RE_INSTANCEID = re.compile(r"(?<![\w-])(?P<instanceid>i-(?:[0-9a-f]{17}|[0-9a-f]{8}))(?![\w-])")
"""An EC2 instance id: ``i-`` and 17 hexadecimal digits, or 8 in old accounts."""

_LOG_GROUP = re.compile(r"/aws/(?:rds|docdb|neptune)/(cluster|instance)/([^/]+)")


def extract_aws_account_from_text(text: Any) -> str | None:
    """Return the first folder-like account number, 12 digits before a slash, or None.

    >>> extract_aws_account_from_text("AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/")
    '123456789012'
    """
    return _first(ACCOUNT_FOLDER, text)


def extract_aws_region_from_text(text: Any) -> str | None:
    """Return the first name of an AWS Region, or the word ``global`` that stands for none in some names; else None.

    >>> extract_aws_region_from_text("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1")
    'us-gov-west-1'
    >>> extract_aws_region_from_text("AWSLogs/global-shop/focus-east-1/")
    """
    return _first(REGION_IN_TEXT, text)


def extract_aws_region_from_key(key: Any) -> str | None:
    """Return what ``cloud.region`` is for an object of this key, unless something else was mapped to it; or None.

    >>> extract_aws_region_from_key("AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/05/24/x.log.gz")
    'eu-west-1'
    """
    return _first(REGION_IN_KEY, key)


def extract_aws_instanceid_from_text(text: Any) -> str | None:
    """Return the first EC2 instance id, or None.

    >>> extract_aws_instanceid_from_text("assumed-role/web/i-0123456789abcdef0")
    'i-0123456789abcdef0'
    """
    return _first(RE_INSTANCEID, text)


def _first(pattern: re.Pattern[str], text: Any) -> str | None:
    match = pattern.search(text) if isinstance(text, str) else None
    return match[0] if match else None


def cluster_instance_identifier(logdata: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the database cluster and instance that the log group and stream of an RDS log name; None for what they do not.

    >>> cluster_instance_identifier({"@log_group": "/aws/rds/cluster/db1/postgresql", "@log_stream": "db1-a.0"})
    ('db1', 'db1-a')
    >>> cluster_instance_identifier({"@log_group": "/aws/rds/instance/db2/error", "@log_stream": "db2"})
    (None, 'db2')
    """
    match = _LOG_GROUP.match(str(logdata.get("@log_group") or ""))
    if not match:
        return None, None
    if match[1] == "instance":
        return None, match[2]
    instance = str(logdata.get("@log_stream") or "").partition(".")[0]
    return match[2], instance or None
