r"""``format = cef``: the record as one line of ArcSight's Common Event Format.

Source: ArcSight Common Event Format Implementation Standard. In the header ``\`` and ``|`` are escaped, in the extension ``\`` and ``=``, and line
breaks are ``\n`` and ``\r``; other controls become visible (``\\x1b``). What has no key of the standard goes under a name of its own in camel case.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import add

from loader.api import Encode, Formatter, LogType, Memo, Option, Record, choice, text
from plugins._text.event import Head, head_of
from plugins._text.leaves import pairs_of
from plugins._text.placing import Schema, field_map, placing
from plugins._text.typed import Convert, address, direction, epoch_ms, ipv4, ipv6, mac, port, protocol, whole
from plugins._text.values import escaping, escaping_all, utf8

RESERVED = """
act agentAddress agentDnsDomain agentHostName agentId agentMacAddress agentNtDomain agentReceiptTime agentTimeZone agentTranslatedAddress
agentTranslatedZoneExternalID agentTranslatedZoneURI agentType agentVersion agentZoneExternalID agentZoneURI agt ahost aid amac app art at atz av c6a1
c6a1Label c6a2 c6a2Label c6a3 c6a3Label c6a4 c6a4Label cat cfp1 cfp1Label cfp2 cfp2Label cfp3 cfp3Label cfp4 cfp4Label cn1 cn1Label cn2 cn2Label cn3
cn3Label cnt cs1 cs1Label cs2 cs2Label cs3 cs3Label cs4 cs4Label cs5 cs5Label cs6 cs6Label customerExternalID customerURI destinationDnsDomain
destinationGeoLatitude destinationGeoLongitude destinationServiceName destinationTranslatedAddress destinationTranslatedPort
destinationTranslatedZoneExternalID destinationTranslatedZoneURI destinationZoneExternalID destinationZoneURI deviceCustomDate1
deviceCustomDate1Label deviceCustomDate2 deviceCustomDate2Label deviceDirection deviceDnsDomain deviceExternalId deviceFacility
deviceInboundInterface deviceNtDomain deviceOutboundInterface devicePayloadId deviceProcessName deviceTranslatedAddress
deviceTranslatedZoneExternalID deviceTranslatedZoneURI deviceZoneExternalID deviceZoneURI dhost dlat dlong dmac dntdom dpid dpriv dproc dpt dst
dtz duid duser dvc dvchost dvcmac dvcpid end eventId externalId fileCreateTime fileHash fileId fileModificationTime filePath filePermission
fileType flexDate1 flexDate1Label flexNumber1 flexNumber1Label flexNumber2 flexNumber2Label flexString1 flexString1Label flexString2
flexString2Label fname fsize in msg oldFileCreateTime oldFileHash oldFileId oldFileModificationTime oldFileName oldFilePath oldFilePermission
oldFileSize oldFileType out outcome proto rawEvent reason request requestClientApplication requestContext requestCookies requestMethod rt shost
slat slong smac sntdom sourceDnsDomain sourceGeoLatitude sourceGeoLongitude sourceServiceName sourceTranslatedAddress sourceTranslatedPort
sourceTranslatedZoneExternalID sourceTranslatedZoneURI sourceZoneExternalID sourceZoneURI spid spriv sproc spt src start suid suser type
"""
ONE: dict[Convert, str] = {  # the keys that take one kind of text
    whole: "in out cnt fsize oldFileSize cn1 cn2 cn3 flexNumber1 flexNumber2 spid dpid dvcpid",
    port: "spt dpt sourceTranslatedPort destinationTranslatedPort",
    epoch_ms: "rt start end fileCreateTime fileModificationTime oldFileCreateTime oldFileModificationTime "
    "deviceCustomDate1 deviceCustomDate2 flexDate1",
    mac: "smac dmac dvcmac",
    protocol: "proto",
    direction: "deviceDirection",
    ipv4: "sourceTranslatedAddress destinationTranslatedAddress deviceTranslatedAddress",
    ipv6: "c6a1 c6a2 c6a3 c6a4",
}
TYPED = {key: [(key, convert)] for convert, listed in ONE.items() for key in listed.split()}
IPV6 = {"dvc": "c6a1", "src": "c6a2", "dst": "c6a3"}  # where the addresses go that the key does not take, in version 0
LABELS = {"c6a1": "Device IPv6 Address", "c6a2": "Source IPv6 Address", "c6a3": "Destination IPv6 Address"}
LABELLED = frozenset(word.removesuffix("Label") for word in RESERVED.split() if word.endswith("Label"))
VALUE = {"\\": r"\\", "=": r"\="}, {"\n": r"\n", "\r": r"\r"}
value = escaping(*VALUE)
part = escaping({"\\": r"\\", "|": r"\|"}, {})


class CefFormatter(Formatter):
    """Encode a record as CEF.

    IPv6 addresses go where version 0 has them (c6a1 to c6a3); a number, address or time that is none, and the second field for a key,
    under the name of the field. The severity is ``event.severity`` up to 10 (above: of 100), else the risk score, else by ``log.level``,
    else 5 for a failure and 3.
    """

    vendor = Option(text, "", doc="Device Vendor; empty: observer.vendor, else cloud.provider, else Sluice.")
    product = Option(text, "", doc="Device Product; empty: observer.product, else the log type.")
    device_version = Option(text, "", doc="Device Version; empty: observer.version, else 1.0.")
    version = Option(choice("0", "1"), "0", doc="Version of CEF; with 1, src, dst and dvc take IPv6 addresses.")
    unmapped = Option(choice("keep", "drop"), "keep", doc="Fields without a key: keep them under names of their own (sourceGeoCityName), or drop.")
    map = Option(field_map(".*Label"), "", doc="Keys that take other fields, `key=dotted.field`, beside and before those of the built-in map.")

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``."""
        pairs = pairs_of(placing(self._schema(), self.map, prefix, keep=self.unmapped == "keep"))
        head = head_of(log_type.name, self.vendor, self.product, self.device_version)
        heads = Memo(header(self.version), 4096)
        escaped = escaping_all(*VALUE)

        def encode(record: Record) -> bytes:
            prefixes, texts = pairs(record)
            return utf8(heads[head(record)] + " ".join(map(add, prefixes, escaped(texts))))

        return encode

    def _schema(self) -> Schema:
        addresses = {key: [(key, address)] if self.version == "1" else [(key, ipv4), (other, ipv6)] for key, other in IPV6.items()}
        return Schema("CEF", {**TYPED, **addresses}, RESERVED.split())


def header(version: str) -> Callable[[Head], str]:
    """Return a function from a head to the text up to the extension."""

    def write(head: Head) -> str:
        parts = map(part, head[:5])
        return f"CEF:{version}|{'|'.join(parts)}|{head.severity}|"

    return write


def prefix(key: str, field: str) -> str:
    """Return what stands before a value: custom fields bear their labels."""
    label = value(LABELS.get(key, field))
    return f"{key}Label={label} {key}=" if key in LABELLED else f"{key}="
