"""What ``check --migrate`` knows of the es-loader: its log types, its keys that mean something else here, its environment."""

from __future__ import annotations

DEAD = {  # keys without an effect, here as there, or only there
    "loggroup": "belongs to the Kinesis input, which the es-loader itself has given up",
    "ignore_header_line_number": "the es-loader never read it either; text_header_line_number skips lines at the top",
    "bump_version": "was a stamp of the es-loader's own release",
    "index": "the es-loader never read it either; the key is index_name",
    "format": "the es-loader never read it either; the key is file_format",
}

OTHERWISE = {  # keys that are read, to another end
    "max_log_count": "no object is too long: all its records are loaded, in pieces; the es-loader split it, or lost the rest without a split queue",
    "custom_user_agent": "requests that another es-loader made under it are left out with ignore_own_logs; those made here bear a name of their own",
    "json_to_text": "the text is JSON; the es-loader wrote Python's repr, with single quotes; compat = es-loader keeps that",
    "renamed_newfields": "a value of 0 or False is renamed too; the es-loader left it under its old name",
    "file_timestamp_format": "a key it is not found in costs nothing: the object's own time stands in; the es-loader failed the object",
    "doc_id": "a record without it gets a hash of its text for an id; the es-loader failed the object",
}

FORMATS = {  # what becomes of records that the es-loader lost
    "text": "a line that does not match log_pattern is rejected with its raw text (rejects/); the es-loader dropped it",
    "multiline": "lines before the first record are rejected with their raw text; the es-loader dropped them",
    "csv": "the last row of an object is loaded too; the es-loader lost it",
    "json": "blank lines, pretty-printed objects and arrays are read, and a broken line is rejected alone; the es-loader failed the object",
    "cef": "escapes in headers and values are resolved; the es-loader split the header at them",
    "xml": "the first record is loaded too, and objects may hold many; the es-loader skipped it, and failed on more than one",
}

LABELS = ("index_name", "index_suffix", "index_rotation", "index_time", "index_tz", "doc_id_suffix")
LABEL = "makes the label of the stream, which each output uses in its own way: out_syslog sends index_name as APP-NAME"

BUILD = "is a file of another form here: make it of your lists and bundles with `./index.py ioc build` (the IOC/ioc.db of the es-loader is not read)"
NEEDS = {  # keys that ask for an enrichment: the section that gives its data, and what to do about those of the es-loader
    "geoip": ("filter_geoip", ("database", "asn_database", "databases"), "was in the bucket GEOIP_BUCKET (GeoLite2/*.mmdb): copy it"),
    "ioc_ip": ("filter_ioc", ("database",), BUILD),
    "ioc_domain": ("filter_ioc", ("database",), BUILD),
    "clientip_xff": ("filter_xff", ("trusted_proxies", "trusted_proxies_file"), ""),
}

ECS_VERSION = "1.10.0"  # that it wrote by default
DEPRECATED = {  # what hooks imported from the package siem, and its successor in siem.utils
    "merge": "merge_dicts",
    "put_value_into_dict": "put_value_into_nesteddict",
    "get_value_from_dict": "value_from_nesteddict_by_dottedkeylist",
    "match_log_with_exclude_patterns": "match_log_with_exclude_patterns",
    "conv_key": "convert_keyname_to_safe_field",
}

ENVIRONMENT = {
    "ENDPOINT": "where documents go is said by a section [out_...] now",
    "ES_ENDPOINT": "where documents go is said by a section [out_...] now",
    "AOSS_TYPE": "where documents go is said by a section [out_...] now",
    "GEOIP_BUCKET": "nothing is fetched from a bucket: copy the files, and name them in [filter_geoip], [filter_ioc], exclude_log_patterns_filename",
    "SQS_SPLITTED_LOGS_URL": "objects are not split: they are worked on in pieces, however long they are",
    "LOG_LEVEL": "-v tells more, and nothing tells less",
    "CONTROL_TOWER_LOG_BUCKETS": "no role is changed for a bucket: give boto3 a profile that may read it, and load it in a run of its own",
    "CONTROL_TOWER_ROLE_ARN": "no role is changed for a bucket: put role_arn into a profile of ~/.aws/config, and name that in AWS_PROFILE",
    "CONTROL_TOWER_ROLE_SESSION_NAME": "role_session_name of a profile in ~/.aws/config says that",
    "SECURITY_LAKE_ROLE_ARN": "no role is changed for a bucket: put role_arn into a profile of ~/.aws/config, and name that in AWS_PROFILE",
    "SECURITY_LAKE_ROLE_SESSION_NAME": "role_session_name of a profile in ~/.aws/config says that",
    "SECURITY_LAKE_EXTERNAL_ID": "external_id of a profile in ~/.aws/config says that",
}
