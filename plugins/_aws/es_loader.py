"""The environment variables with which the es-loader is told the roles of two services' buckets, as sections of this program."""

from __future__ import annotations

from collections.abc import Mapping

LAKE_BUCKETS = "aws-security-data-lake-*"


def sections(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return options by section, for each service whose role is set."""
    found = {
        "in_s3:control-tower": _role(environment, "CONTROL_TOWER", environment.get("CONTROL_TOWER_LOG_BUCKETS", "")),
        "in_s3:security-lake": _role(environment, "SECURITY_LAKE", LAKE_BUCKETS),
    }
    return {name: options for name, options in found.items() if options["role_arn"] and options["buckets"]}


def _role(environment: Mapping[str, str], service: str, buckets: str) -> dict[str, str]:
    """Return the options that the variables of a service give; all that concern the role, so that none is taken from [in_s3]."""
    return {
        "buckets": buckets,
        "role_arn": environment.get(f"{service}_ROLE_ARN", ""),
        "external_id": environment.get(f"{service}_EXTERNAL_ID", ""),
        "role_session_name": environment.get(f"{service}_ROLE_SESSION_NAME", "") or "sluice",
    }
