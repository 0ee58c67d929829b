OUTCOMES = {'SUCCESS': 'success', 'ALLOW': 'success', 'FAILURE': 'failure', 'DENY': 'failure'}


def outcome_of(result):
    return OUTCOMES.get(result, 'unknown')
