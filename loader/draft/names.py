"""What vendors call things, and what ECS calls them: names are compared without case, dots, dashes and underscores.

Of a field in an object the whole path is looked up, then its last two names, then its last. The first row that has a field wins.
"""

from __future__ import annotations

TIMES = (  # of the event itself, the likelier first
    "timestamp", "eventtime", "time", "datetime", "atimestamp", "logtime", "eventdatetime", "published", "timegenerated", "timecreated",
    "eventsystemtimecreatedsystemtime", "systemtime", "generatedtime", "receivetime", "requestreceivedtimestamp", "stagetimestamp",
    "eventtimestamp", "querytimestamp", "createdat", "createdtime", "created", "occurredat", "occurred", "occurredtime", "activitydatetime", "date",
    "eventdate", "datecreate", "ts", "epoch", "unixtime", "rt", "start", "starttime", "edgestarttimestamp", "end", "updatedat", "headertime",
    "detectiontime", "metadataeventcreationtime", "startdatetime", "firstobservedat", "connectionstarttime", "notificationcreationtime",
    "configurationitemcapturetime",
)  # fmt: skip

NAMES: tuple[tuple[str, str], ...] = (
    (
        "source.ip",
        "src srcip srcaddr sourceip sourceaddress sourceipaddress srcipaddr srcipaddress clientip clientipaddress clientaddr clientaddress "
        "cip ip ipaddress ipaddr remoteip remoteaddr remoteaddress remotehost peer peerip callerip calleripaddress actorip externalip aip sip "
        "srcipv4 sourceipv4 requestremoteip httprequestclientip accessdeviceip useripaddress sourceips0 loginip sourceipaddressip "
        "clientipaddressip remoteipdetailsipaddressv4 eventdataipaddress userip internalip srcendpointip auditrequestremoteaddress hostip "
        "sourcenetworkaddress",
    ),
    (
        "destination.ip",
        "dst dstip dstaddr destip destinationip destinationaddress destaddr destaddress destinationipaddress dstipaddress targetip serverip "
        "serveraddress serveraddr dip dstipv4 destinationipv4 localip dstendpointip localaddress hostipaddress destipaddress ip2",
    ),
    ("source.port", "spt sport srcport sourceport clientport srcportnumber remoteport cport port srcendpointport"),
    ("destination.port", "dpt dport dstport destport destinationport serverport dstportnumber targetport localport dstendpointport port2"),
    ("source.mac", "smac srcmac sourcemac sourcemacaddress clientmac mac"),
    ("destination.mac", "dmac dstmac destmac destinationmac destinationmacaddress"),
    ("source.bytes", "bytessent sentbyte sentbytes bytesout outbytes txbytes srcbytes csbytes out bytestoserver"),
    ("destination.bytes", "bytesreceived rcvdbyte receivedbytes bytesin inbytes rxbytes dstbytes in bytestoclient"),
    ("source.packets", "sentpkt packetssent pktssent"),
    ("destination.packets", "rcvdpkt packetsreceived pktsreceived"),
    ("source.domain", "shost srchost sourcehost sourcehostname srchostname clienthost"),
    ("destination.domain", "dhost dsthost destinationhost destinationhostname dsthostname desthost targethostname"),
    (
        "user.name",
        "user username suser duser srcuser userid login loginname accountname actor actorlogin authuser csusername remoteuser principal usr "
        "useridentityusername actoralternateid actorname subjectusername targetusername eventdatatargetusername eventdatasubjectusername "
        "dbusername createdbylogin actorusername auditrequesteffectiveuser useridentityprincipalname accountuser member",
    ),
    ("user.id", "uid usersid useridentityprincipalid actorid userprincipalid createdbyid useruid"),
    ("user.email", "email useremail mail emailaddress actoremail actoruseremail actoridpuseremail"),
    ("user.domain", "userdomain accountdomain subjectdomainname targetdomainname sntdom"),
    (
        "event.action",
        "action act eventname eventtype operation activity verb activitytype op operationname method methodname eventaction apicall command "
        "type activityname eventactivity deviceaction opcode verdict eventsimplename cefname",
    ),
    ("event.code", "eventid eventcode cefdeviceeventclassid signatureid eventsystemeventid logid msgid messageid eventidentifier"),
    ("event.id", "id uuid guid recordid eventuuid auditid rayid requestidentifier eventrecordid transactionid logrecordid metadatauid"),
    ("event.reason", "reason errorreason statusreason failurereason rsn outcomereason authenticationresultreason"),
    ("event.provider", "eventsource provider eventsystemprovidername channel eventprovider"),
    ("event.severity", "severity cefseverity severitynumber sev severityid riskscore"),
    ("log.level", "level loglevel lvl severitytext severitylevel priorityname pri syslogseverity"),
    ("message", "message msg text description title summary displaymessage"),
    ("error.code", "errorcode errcode failurecode"),
    ("error.message", "errormessage errmsg error errordescription"),
    (
        "http.request.method",
        "method requestmethod httpmethod verb csmethod clientrequestmethod httprequestmethod httprequesthttpmethod requestverb rqmethod",
    ),
    (
        "http.response.status_code",
        "status statuscode httpstatus scstatus responsestatus responsecode elbstatuscode httpstatuscode responsestatuscode edgeresponsestatus "
        "httpresponsestatuscode returncode",
    ),
    ("http.response.bytes", "scbytes edgeresponsebytes bytes responsebytes bodybytessent responsesize httpresponsebytes"),
    ("http.request.bytes", "csbytes requestbytes requestsize clientrequestbytes"),
    ("http.request.referrer", "referer referrer csreferer httpreferer httpreferrer requestreferer"),
    ("http.request.id", "requestid xedgerequestid httprequestrequestid xrequestid"),
    ("http.version", "httpversion protocolversion csversion"),
    (
        "user_agent.original",
        "useragent ua agent csuseragent httpuseragent clientuseragent clientrequestuseragent requestclientapplication requestuseragent "
        "useragentstring clientuseragentrawuseragent httpuseragentstring",
    ),
    ("url.original", "url uri requesturl requesturi request httpuri httpurl clientrequesturi fullurl httprequesturi link targeturl"),
    ("url.path", "path csuristem uripath urlpath requestpath clientrequestpath"),
    ("url.query", "csuriquery urlquery querystring requestquery"),
    ("url.domain", "urldomain cshost hostheader xhostheader requesthost clientrequesthost urlhostname httphost"),
    (
        "host.name",
        "hostname host computername computer devicehostname machinename endpointname dvchost eventsystemcomputer agentcomputername devname deviceid",
    ),
    ("host.ip", "dvc hostip deviceip"),
    ("process.name", "processname process procname image program exe comm appname filename0"),
    ("process.pid", "pid processid procid targetprocessid"),
    ("process.command_line", "commandline cmdline cmd processcommandline"),
    ("process.executable", "executable processpath imagepath imagefilename"),
    ("file.name", "filename fname targetfilename"),
    ("file.path", "filepath filepathname objectname"),
    ("file.hash.md5", "md5 filemd5 md5hash md5hashdata"),
    ("file.hash.sha1", "sha1 filesha1 sha1hash sha1hashdata"),
    ("file.hash.sha256", "sha256 filesha256 filehash sha256hash sha256hashdata"),
    ("file.size", "filesize objectsize fsize"),
    ("dns.question.name", "queryname domainname query qname dnsquery domain questionname"),
    ("dns.question.type", "querytype qtype recordtype"),
    ("dns.question.class", "queryclass qclass"),
    ("dns.response_code", "rcode responsecodename dnsresponsecode"),
    ("network.iana_number", "proto protocol ipprotocol networkprotocol protocolnumber"),
    ("network.transport", "proto protocol transport ipprotocol networkprotocol transportprotocol"),
    ("network.protocol", "app applicationprotocol service appproto networkapplication"),
    ("network.direction", "direction flowdirection trafficdirection networkdirection"),
    ("network.bytes", "bytes totalbytes octets"),
    ("network.packets", "packets pkts totalpackets"),
    ("rule.name", "rule rulename policyname policy signature signaturename alertname findingname rulelabel"),
    ("rule.id", "ruleid policyid terminatingruleid sid alertruleid"),
    ("observer.name", "device devicename firewall firewallname sensor appliance"),
    ("observer.vendor", "cefdevicevendor vendor"),
    ("observer.product", "cefdeviceproduct product productname"),
    ("observer.version", "cefdeviceversion"),
    ("cloud.account.id", "accountid awsaccountid recipientaccountid account owneraccountid"),
    ("cloud.region", "region awsregion"),
    ("cloud.instance.id", "instanceid ec2instanceid"),
    ("tls.cipher", "cipher sslcipher ciphersuite tlscipher"),
    ("group.name", "group groupname"),
    ("organization.name", "org organization orgname organizationname tenantname"),
)


def table() -> dict[str, list[str]]:
    """Return the targets of each name, in their order."""
    found: dict[str, list[str]] = {}
    for target, words in NAMES:
        for word in words.split():
            found.setdefault(word, []).append(target)
    return found
