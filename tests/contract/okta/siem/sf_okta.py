from outcomes import outcome_of

from siem import utils

CATEGORIES = {'user.session': 'session', 'user.authentication': 'authentication', 'policy': 'configuration'}


def transform(logdata):
    if logdata.get('eventType') == 'system.heartbeat':
        logdata['is_ignored'] = True
        logdata['ignored_reason'] = 'heartbeat'
        return logdata

    logdata['event']['outcome'] = outcome_of(utils.value_from_nesteddict_by_dottedkey(logdata, 'outcome.result'))
    for prefix, category in CATEGORIES.items():
        if logdata['eventType'].startswith(prefix):
            logdata['event']['category'] = [category]

    fields = {
        'user.full_name': utils.value_from_nesteddict_by_dottedkeylist(logdata, 'actor.displayName actor.alternateId'),
        'source.geo.city_name': utils.value_from_nesteddict_by_dottedkey(logdata, 'client.geographicalContext.city'),
        'source.geo.country_name': utils.value_from_nesteddict_by_dottedkey(logdata, 'client.geographicalContext.country'),
    }
    for field, value in fields.items():
        if value:
            utils.merge_dicts(logdata, utils.put_value_into_nesteddict(field, value))

    hops = [hop['ip'] for hop in logdata.get('request', {}).get('ipChain', []) if utils.validate_ip(hop.get('ip'))]
    if hops:
        logdata['related']['ip'] = sorted(set(logdata['related'].get('ip', [])) | set(hops))

    moved = ('actor', 'client', 'outcome', 'request', 'target', 'debugContext', 'securityContext', 'severity', 'displayMessage')
    logdata['okta'] = utils.convert_keyname_to_safe_field({name: logdata.pop(name) for name in moved if name in logdata})

    if logdata['okta'].get('severity') == 'WARN':
        logdata['__index_name'] = 'log-okta-alert'
    logdata['__doc_id_suffix'] = logdata['okta'].get('outcome', {}).get('result', '')
    return logdata
