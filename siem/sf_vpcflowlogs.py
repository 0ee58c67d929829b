"""Hook of VPC flow logs. Format: Amazon VPC User Guide, "Flow log records" (versions 2 to 8; also transit gateway flow logs).

Adds what the mapping in ``aws.ini`` cannot express: verdict, flow times, names of numbers, and the addresses before translation.
"""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

TIDY = True  # makes the objects it sets fields in, and sets no empty values

# IANA, "Assigned Internet Protocol Numbers": the keywords in lower case, as network.transport has them.
TRANSPORT = {
    "0": "hopopt", "1": "icmp", "2": "igmp", "4": "ipv4", "6": "tcp", "8": "egp", "17": "udp", "33": "dccp", "41": "ipv6",
    "43": "ipv6-route", "44": "ipv6-frag", "46": "rsvp", "47": "gre", "50": "esp", "51": "ah", "58": "ipv6-icmp",
    "59": "ipv6-nonxt", "60": "ipv6-opts", "88": "eigrp", "89": "ospfigp", "94": "ipip", "97": "etherip", "103": "pim",
    "112": "vrrp", "115": "l2tp", "132": "sctp", "136": "udplite", "137": "mpls-in-ip",
}  # fmt: skip
FIN, SYN, RST = 1, 2, 4


@lru_cache(maxsize=4096)
def verdict(action: str | None, status: str | None, flags: str | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return event.action and event.outcome, and event.type; ``flags`` are those that TCP segments of the interval had."""
    if status in ("NODATA", "SKIPDATA"):
        return {}, ("info",)
    types = {"connection"}
    outcome = None
    if action == "ACCEPT":
        types.add("allowed")
        outcome = "success"
    elif action == "REJECT":
        types.add("denied")
        outcome = "failure"
    bits = int(flags) if flags and flags.isdecimal() else 0
    if bits & SYN:
        types.add("start")
    if bits & (FIN | RST):
        types.add("end")
    told = {"action": action.lower() if action and action != "-" else None, "outcome": outcome}
    return {key: value for key, value in told.items() if value}, tuple(sorted(types))


@lru_cache(maxsize=16384)
def window(start: str | None, end: str | None) -> dict[str, str | int]:
    """Return event.start, event.end and event.duration (ns) of a flow, as far as they are known."""
    first, last = _seconds(start), _seconds(end)
    duration = None if first is None or last is None or last < first else (last - first) * 1_000_000_000
    told = {"start": _iso(first), "end": _iso(last), "duration": duration}
    return {key: value for key, value in told.items() if value is not None}


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def transform(logdata: dict[str, Any]) -> dict[str, Any]:
    """Complete a flow log record."""
    get = logdata.get
    event = logdata["event"]
    told, types = verdict(get("action"), get("log_status"), get("tcp_flags"))
    event.update(told)
    event["type"] = [*types]
    event.update(window(get("start"), get("end")))
    transport = TRANSPORT.get(get("protocol"))  # type: ignore[arg-type]  # None is in no table
    if transport:
        logdata.setdefault("network", {})["transport"] = transport
    source = get("srcaddr") or get("pkt_srcaddr")
    if source and source != "-":
        logdata.setdefault("network", {})["type"] = "ipv6" if ":" in source else "ipv4"
    if "pkt_srcaddr" in logdata or "pkt_dstaddr" in logdata:
        _put_nat(logdata, "source", get("srcaddr"), get("pkt_srcaddr"))
        _put_nat(logdata, "destination", get("dstaddr"), get("pkt_dstaddr"))
    return logdata


def _put_nat(logdata: dict[str, Any], side: str, address: str | None, packet_address: str | None) -> None:
    """Note the address inside the packet where the interface saw another one: a NAT gateway, a load balancer, a pod."""
    if address and packet_address and packet_address not in (address, "-"):
        logdata.setdefault(side, {})["nat"] = {"ip": packet_address}
