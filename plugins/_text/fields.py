"""The one map from ECS to the keys of other schemas: CEF, LEEF, and LogRhythm's metadata.

CEF: ArcSight Common Event Format Implementation Standard, extension dictionary. LEEF: IBM QRadar, Log Event Extended Format, predefined
attributes. LogRhythm: the tags of its metadata fields. Where a key has several fields, the first that a record has gets it.
"""

from __future__ import annotations

# field                            CEF                               LEEF               LogRhythm
TABLE = """
@timestamp                         rt                                devTime            -
event.code                         -                                 -                  vmid
event.action                       act                               -                  action
event.category                     cat                               cat                tag1
event.end                          end                               -                  -
event.id                           externalId                        -                  -
event.original                     rawEvent                          -                  -
@message                           rawEvent                          -                  -
event.outcome                      outcome                           -                  result
event.provider                     cs6                               -                  -
event.reason                       reason                            -                  reason
event.severity                     -                                 -                  severity
event.start                        start                             -                  -
event.timezone                     dtz                               -                  -
message                            msg                               -                  vendorinfo
cloud.account.id                   cs1                               -                  tag2
cloud.account.name                 -                                 accountName        -
cloud.region                       cs2                               -                  tag3
cloud.service.name                 cs3                               -                  tag4
destination.bytes                  out                               dstBytes           bytesout
destination.domain                 dhost                             -                  dname
destination.ip                     dst                               dst                dip
destination.mac                    dmac                              dstMAC             dmac
destination.nat.ip                 destinationTranslatedAddress      dstPostNAT         dnatip
destination.nat.port               destinationTranslatedPort         dstPostNATPort     dnatport
destination.packets                cn3                               dstPackets         packetsout
destination.port                   dpt                               dstPort            dport
destination.user.id                duid                              -                  -
destination.user.name              duser                             -                  account
dns.question.name                  cs5                               -                  -
email.from.address                 -                                 -                  sender
email.subject                      -                                 -                  subject
email.to.address                   -                                 -                  recipient
file.created                       fileCreateTime                    -                  -
file.hash.sha256                   fileHash                          -                  hash
file.hash.sha1                     fileHash                          -                  hash
file.hash.md5                      fileHash                          -                  hash
file.inode                         fileId                            -                  -
file.mode                          filePermission                    -                  -
file.mtime                         fileModificationTime              -                  -
file.name                          fname                             -                  objectname
file.path                          filePath                          -                  object
file.size                          fsize                             -                  size
file.type                          fileType                          -                  objecttype
host.ip                            dvc                               -                  -
host.mac                           dvcmac                            -                  -
host.name                          dvchost                           -                  -
http.request.method                requestMethod                     -                  -
http.request.referrer              requestContext                    -                  -
http.response.status_code          cn1                               -                  responsecode
log.syslog.facility.name           deviceFacility                    -                  -
network.direction                  deviceDirection                   -                  -
network.iana_number                -                                 -                  protnum
network.packets                    -                                 totalPackets       -
network.protocol                   app                               -                  -
network.transport                  proto                             proto              protname
observer.egress.interface.name     deviceOutboundInterface           -                  dinterface
observer.hostname                  dvchost                           -                  -
observer.ingress.interface.name    deviceInboundInterface            -                  sinterface
observer.ip                        dvc                               -                  -
observer.mac                       dvcmac                            -                  -
observer.name                      deviceExternalId                  -                  -
observer.serial_number             deviceExternalId                  -                  serialnumber
orchestrator.resource.name         -                                 resource           -
process.command_line               -                                 -                  command
process.name                       deviceProcessName                 -                  process
process.parent.name                -                                 -                  parentprocessname
process.parent.pid                 -                                 -                  parentprocessid
process.pid                        dvcpid                            -                  processid
rule.name                          cs4                               policy             policy
service.name                       destinationServiceName            -                  -
source.bytes                       in                                srcBytes           bytesin
source.domain                      shost                             -                  sname
source.ip                          src                               src                sip
source.mac                         smac                              srcMAC             smac
source.nat.ip                      sourceTranslatedAddress           srcPostNAT         snatip
source.nat.port                    sourceTranslatedPort              srcPostNATPort     snatport
source.packets                     cn2                               srcPackets         packetsin
source.port                        spt                               srcPort            sport
trace.id                           -                                 -                  session
url.full                           request                           url                url
url.original                       request                           url                url
user.domain                        sntdom                            domain             domainorigin
user.group.id                      -                                 groupID            -
user.group.name                    -                                 -                  group
user.id                            suid                              -                  -
user.name                          suser                             usrName            login
source.user.id                     suid                              -                  -
source.user.name                   suser                             usrName            login
user.roles                         spriv                             role               -
user.target.id                     duid                              -                  -
user.target.name                   duser                             -                  account
user_agent.original                requestClientApplication          -                  useragent
vulnerability.id                   -                                 -                  cve
"""
COLUMNS = ("CEF", "LEEF", "LogRhythm")


def keys(schema: str) -> dict[str, str]:
    """Return the keys of a schema by the dotted names of fields, in the order in which fields take them."""
    column = 1 + COLUMNS.index(schema)
    rows = [line.split() for line in TABLE.strip().splitlines()]
    return {row[0]: row[column] for row in rows if row[column] != "-"}
