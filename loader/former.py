"""The log types that the es-loader brought along: a section may change one of them that is not here (leaf)."""

from __future__ import annotations

BUILT_IN = frozenset({
    "securitylake", "ocsf-json", "vpcflowlogs", "cloudtrail", "networkfirewall", "guardduty", "inspector", "securityhub", "nlb", "alb", "clb",
    "s3accesslog", "config-history", "config-snapshot", "config-rules", "cloudfront-realtime", "cloudfront-standard", "waf", "route53resolver",
    "clientvpn", "rds-postgresql", "rds-mysql-audit", "rds-mysql-general", "rds-mysql-error", "rds-mysql-slowquery", "elasticache-redis-slowlog",
    "msk", "cloudhsm", "opensearch-audit", "workspaces-event", "workspaces-inventory", "trustedadvisor", "directory-service", "fsx-win",
    "windows-event", "linux-secure", "linux-os-syslog", "apache-access", "apache-error", "nginx-access", "nginx-error", "index-metrics",
})  # fmt: skip
ABSENT = "is a log type of the es-loader that does not come with this program: bring its whole section, file_format and s3_key at least"
