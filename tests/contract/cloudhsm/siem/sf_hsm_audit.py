import re
from datetime import timedelta, timezone

from siem import utils

RE_USER = re.compile(r'User Name : (?P<name>[^\n]+?)\s*(?:\n|$)')


def transform(logdata):
    logdata['event']['outcome'] = 'success' if 'SUCCESS' in logdata['response'] else 'failure'
    match = RE_USER.search(logdata['rest'])
    if match:
        logdata = utils.merge_dicts(logdata, {'user': match.groupdict()})
    local = utils.convert_epoch_to_datetime(logdata['usecs'], timezone(timedelta(hours=utils.timestr_to_hours('+09:00'))))
    logdata['hsm'] = {'id': logdata['@log_stream'], 'local_time': local.isoformat()}
    logdata['__index_dt'] = local.replace(month=1, day=1)
    return logdata
