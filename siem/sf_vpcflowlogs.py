"""Hook of VPC flow logs. Format: Amazon VPC User Guide, "Flow log records" (versions 2 to 8; also transit gateway flow logs).

Adds what the mapping in ``aws.ini`` cannot express: verdict, flow times, names of numbers, and the addresses before translation.
"""

from __future__ import annotations

import datetime
from functools import lru_cache

from siem.utils import derive

# IANA, "Assigned Internet Protocol Numbers": the keywords in lower case, as network.transport has them.
TRANSPORT = {
    "0": "hopopt", "1": "icmp", "2": "igmp", "4": "ipv4", "6": "tcp", "8": "egp", "17": "udp", "33": "dccp", "41": "ipv6",
    "43": "ipv6-route", "44": "ipv6-frag", "46": "rsvp", "47": "gre", "50": "esp", "51": "ah", "58": "ipv6-icmp",
    "59": "ipv6-nonxt", "60": "ipv6-opts", "88": "eigrp", "89": "ospfigp", "94": "ipip", "97": "etherip", "103": "pim",
    "112": "vrrp", "115": "l2tp", "132": "sctp", "136": "udplite", "137": "mpls-in-ip",
}  # fmt: skip
FIN, SYN, RST = 1, 2, 4
Window = tuple[str | None, str | None, int | None]


@lru_cache(maxsize=4096)
def verdict(action: str | None, status: str | None, flags: str | None) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return event.action, event.outcome and event.type; ``flags`` are those that TCP segments of the interval had."""
    if status in ("NODATA", "SKIPDATA"):
        return None, None, ("info",)
    types = {"connection"}
    outcome = None
    if action == "ACCEPT":
        types.add("allowed")
        outcome = "success"
    elif action == "REJECT":
        types.add("denied")
        outcome = "failure"
    bits = int(flags) if flags and flags.isdecimal() and len(flags) < 6 else 0
    if bits & SYN:
        types.add("start")
    if bits & (FIN | RST):
        types.add("end")
    return action.lower() if action else None, outcome, tuple(sorted(types))


@lru_cache(maxsize=16384)
def window(start: str | None, end: str | None) -> Window:
    """Return event.start, event.end and event.duration (ns) of a flow, as far as they are known."""
    first, last = _seconds(start), _seconds(end)
    duration = None if first is None or last is None or last < first else (last - first) * 1_000_000_000
    return _iso(first), _iso(last), duration


def _seconds(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def family(address: str | None, packet_address: str | None) -> str | None:
    """Return network.type of a flow from these addresses, the second where the format has no first."""
    known = address or packet_address
    return None if not known or known == "-" else "ipv6" if ":" in known else "ipv4"


def translated(address: str | None, packet_address: str | None) -> str | None:
    """Return the address inside the packet where the interface saw another one: a NAT gateway, a load balancer, a pod."""
    return packet_address if address and packet_address not in (None, address) else None


DERIVED = (
    derive("event.action event.outcome event.type", verdict, "action log_status tcp_flags"),
    derive("event.start event.end event.duration", window, "start end"),
    derive("network.transport", TRANSPORT, "protocol"),
    derive("network.type", family, "srcaddr pkt_srcaddr"),
    derive("source.nat.ip", translated, "srcaddr pkt_srcaddr", needs="pkt_srcaddr"),
    derive("destination.nat.ip", translated, "dstaddr pkt_dstaddr", needs="pkt_dstaddr"),
)
