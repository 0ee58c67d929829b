"""The toolbox of hooks: what ``siem/sf_<type>.py`` may import, ours and a site's own.

The names are those that hooks written for the es-loader use; their spelling, also where it is odd, is part of the contract. So are the
names of their arguments. docs/hooks.md lists them.
"""

from __future__ import annotations

from siem._aws import (
    RE_INSTANCEID,
    cluster_instance_identifier,
    extract_aws_account_from_text,
    extract_aws_instanceid_from_text,
    extract_aws_region_from_key,
    extract_aws_region_from_text,
)
from siem._derived import derive
from siem._fields import (
    convert_keyname_to_safe_field,
    convert_underscore_field_into_dot_notation,
    dev_merge_dicts,
    match_log_with_exclude_patterns,
    merge_dicts,
    put_value_into_nesteddict,
    value_from_nesteddict_by_dottedkey,
    value_from_nesteddict_by_dottedkeylist,
)
from siem._times import (
    convert_custom_timeformat_to_datetime,
    convert_epoch_to_datetime,
    convert_iso8601_to_datetime,
    convert_syslog_to_datetime,
    convrt_micro_epoch_to_seconds_epoch,
    timestr_to_hours,
)
from siem._web import (
    extract_url_http_fields_from_http_request,
    get_mime_type,
    parse_xff,
    request_parts,
    split_url,
    tls_fields,
    tls_parts,
    url_parts,
    validate_ip,
)

__all__ = [
    "RE_INSTANCEID", "cluster_instance_identifier", "convert_custom_timeformat_to_datetime", "convert_epoch_to_datetime",
    "convert_iso8601_to_datetime", "convert_keyname_to_safe_field", "convert_syslog_to_datetime", "convert_underscore_field_into_dot_notation",
    "convrt_micro_epoch_to_seconds_epoch", "derive", "dev_merge_dicts", "extract_aws_account_from_text", "extract_aws_instanceid_from_text",
    "extract_aws_region_from_key", "extract_aws_region_from_text", "extract_url_http_fields_from_http_request", "get_mime_type",
    "match_log_with_exclude_patterns", "merge_dicts", "parse_xff", "put_value_into_nesteddict", "request_parts", "split_url", "timestr_to_hours",
    "tls_fields", "tls_parts", "url_parts", "validate_ip", "value_from_nesteddict_by_dottedkey",
    "value_from_nesteddict_by_dottedkeylist",
]  # fmt: skip
