"""What hooks of Windows event types may import: action and outcome of well-known Security events. Standard library only.

The events and their meaning are those of "Appendix L: Events to monitor" and "Advanced security auditing" in Microsoft's documentation
of Windows Server; the words for the actions are our own.
"""

from __future__ import annotations

from typing import Any

AUDIT_SUCCESS, AUDIT_FAILURE = 0x20_0000_0000_0000, 0x10_0000_0000_0000  # bits of Keywords
ACTIONS = {  # of the Security log, by event id
    "1100": "event-log-service-stopped", "1102": "audit-log-cleared", "1104": "security-log-full",
    "4608": "system-started", "4609": "system-stopped", "4616": "system-time-changed",
    "4624": "logged-in", "4625": "logon-failed", "4634": "logged-out", "4647": "logged-out", "4648": "logged-in-explicit",
    "4649": "replay-attack-detected", "4656": "object-handle-requested", "4657": "registry-value-modified", "4658": "object-handle-closed",
    "4659": "object-deletion-requested", "4660": "object-deleted", "4661": "object-handle-requested", "4662": "object-operation-performed",
    "4663": "object-accessed", "4664": "hard-link-created", "4670": "object-permissions-changed", "4672": "special-privileges-assigned",
    "4673": "privileged-service-called", "4674": "privileged-object-operation", "4688": "process-created", "4689": "process-exited",
    "4690": "object-handle-duplicated", "4691": "object-accessed-indirectly", "4697": "service-installed",
    "4698": "scheduled-task-created", "4699": "scheduled-task-deleted", "4700": "scheduled-task-enabled",
    "4701": "scheduled-task-disabled", "4702": "scheduled-task-updated", "4703": "user-right-adjusted", "4704": "user-right-assigned",
    "4705": "user-right-removed", "4713": "kerberos-policy-changed", "4715": "audit-policy-of-object-changed",
    "4716": "trusted-domain-modified", "4717": "system-security-access-granted",
    "4718": "system-security-access-removed", "4719": "audit-policy-changed", "4720": "user-account-created", "4722": "user-account-enabled",
    "4723": "password-change-attempted", "4724": "password-reset-attempted", "4725": "user-account-disabled", "4726": "user-account-deleted",
    "4727": "group-created", "4728": "group-member-added", "4729": "group-member-removed", "4730": "group-deleted",
    "4731": "group-created", "4732": "group-member-added", "4733": "group-member-removed", "4734": "group-deleted", "4735": "group-changed",
    "4737": "group-changed", "4738": "user-account-changed", "4739": "domain-policy-changed", "4740": "user-account-locked-out",
    "4741": "computer-account-created", "4742": "computer-account-changed", "4743": "computer-account-deleted",
    "4754": "group-created", "4755": "group-changed", "4756": "group-member-added", "4757": "group-member-removed", "4758": "group-deleted",
    "4764": "group-type-changed", "4765": "sid-history-added", "4766": "sid-history-added", "4767": "user-account-unlocked",
    "4768": "kerberos-authentication-ticket-requested", "4769": "kerberos-service-ticket-requested", "4770": "kerberos-service-ticket-renewed",
    "4771": "kerberos-preauthentication-failed", "4772": "kerberos-authentication-ticket-requested", "4773": "kerberos-service-ticket-requested",
    "4776": "credential-validated", "4777": "credential-validated", "4778": "session-reconnected", "4779": "session-disconnected",
    "4780": "administrators-acl-set", "4781": "account-renamed", "4794": "dsrm-password-set", "4797": "blank-password-queried",
    "4798": "user-groups-enumerated", "4799": "group-members-enumerated", "4800": "workstation-locked", "4801": "workstation-unlocked",
    "4802": "screen-saver-started", "4803": "screen-saver-dismissed", "4817": "audit-settings-of-object-changed", "4902": "audit-policy-loaded",
    "4904": "security-event-source-registered", "4905": "security-event-source-unregistered", "4907": "audit-settings-of-object-changed",
    "4946": "firewall-rule-added", "4947": "firewall-rule-modified", "4948": "firewall-rule-deleted", "4950": "firewall-setting-changed",
    "4964": "special-groups-assigned", "4985": "transaction-state-changed",
    "5024": "firewall-started", "5025": "firewall-stopped", "5136": "directory-object-modified",
    "5137": "directory-object-created", "5138": "directory-object-undeleted", "5139": "directory-object-moved", "5140": "network-share-accessed",
    "5141": "directory-object-deleted", "5142": "network-share-added", "5143": "network-share-modified", "5144": "network-share-deleted",
    "5145": "network-share-object-checked", "5152": "packet-blocked", "5154": "listening-permitted", "5155": "listening-blocked",
    "5156": "connection-permitted", "5157": "connection-blocked", "5158": "bind-permitted", "5159": "bind-blocked",
    "5168": "spn-check-failed", "5376": "credentials-backed-up", "5377": "credentials-restored", "6272": "network-access-granted",
    "6273": "network-access-denied", "6416": "device-recognised",
}  # fmt: skip
OUTCOMES = {  # where the id alone tells it
    **dict.fromkeys(("1102", "4624", "4634", "4647", "4648", "4672", "6272"), "success"),
    **dict.fromkeys(("4625", "4649", "4766", "4771", "4772", "4773", "4777", "5168", "6273"), "failure"),
}


def initial_extract_action_outcome(logdata: dict[str, Any]) -> dict[str, Any]:
    """Set ``event.action`` and ``event.outcome`` from the event's id, in place, and return the record.

    An id means nothing outside of the Security log, and one that is not known here gives no action. Where the id does not tell the outcome,
    the keywords Audit Success and Audit Failure do.

    >>> system = {"Channel": "Security", "EventID": "4740", "Keywords": "0x8020000000000000"}
    >>> initial_extract_action_outcome({"Event": {"System": system}})["event"]
    {'action': 'user-account-locked-out', 'outcome': 'success'}
    >>> initial_extract_action_outcome({"Event": {"System": {**system, "EventID": 4625}}, "event": {"kind": "event"}})["event"]
    {'kind': 'event', 'action': 'logon-failed', 'outcome': 'failure'}
    >>> initial_extract_action_outcome({"Event": {"System": {**system, "Channel": "Application"}}})["event"]
    {'outcome': 'success'}
    """
    event = logdata.get("Event")
    system = event.get("System") if isinstance(event, dict) else None
    if not isinstance(system, dict):
        return logdata
    identifier = str(system.get("EventID")) if system.get("Channel") == "Security" else ""
    found = {"action": ACTIONS.get(identifier), "outcome": OUTCOMES.get(identifier) or _audited(system.get("Keywords"))}
    known = {name: value for name, value in found.items() if value}
    if known:
        into = logdata.get("event")
        logdata["event"] = {**(into if isinstance(into, dict) else {}), **known}
    return logdata


def _audited(keywords: Any) -> str:
    """Return the outcome that the keywords of an event tell, as far as they do.

    >>> _audited("0x8010000000000000"), _audited("0x80000000000000"), _audited(None)
    ('failure', '', '')
    """
    try:
        bits = int(keywords, 16)
    except (TypeError, ValueError):
        return ""
    return "success" if bits & AUDIT_SUCCESS else "failure" if bits & AUDIT_FAILURE else ""
