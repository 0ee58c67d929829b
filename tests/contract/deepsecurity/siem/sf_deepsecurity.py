from siem import get_value_from_dict, merge, put_value_into_dict

FIELDS = {
    'src': 'source.ip', 'spt': 'source.port', 'smac': 'source.mac', 'in': 'source.bytes',
    'dst': 'destination.ip', 'dpt': 'destination.port', 'dmac': 'destination.mac', 'out': 'destination.bytes',
    'proto': 'network.transport', 'filePath': 'file.path', 'fsize': 'file.size',
}


def transform(logdata):
    for name, field in FIELDS.items():
        value = get_value_from_dict(logdata, name)
        if value:
            logdata = merge(logdata, put_value_into_dict(field, value.lower() if name == 'proto' else value))

    signature = int(logdata['cef_device_event_class_id'])
    if signature >= 4000000:
        category = 'malware'
    elif signature >= 1000000:
        category = 'intrusion_detection'
    else:
        category = 'network'
    return merge(logdata, put_value_into_dict('event.category', [category]))
