from siem import utils


def transform(logdata):
    http, url = utils.extract_url_http_fields_from_http_request(logdata['request'])
    logdata = utils.merge_dicts(logdata, {'http': http, 'url': url})
    logdata['event']['action'] = http.get('request', {}).get('method', 'unknown')
    if int(logdata['http']['response']['status_code']) < 400:
        logdata['event']['outcome'] = 'success'
    else:
        logdata['event']['outcome'] = 'failure'
    del logdata['request']
    return logdata
