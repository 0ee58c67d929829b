"""``filter_ioc``: addresses and domain names found among indicators of compromise, from the file that ``index.py ioc build`` writes.

``ioc_ip`` and ``ioc_domain`` of a log type name the fields that are looked up, texts or lists of them. What is found becomes
``threat.enrichments`` as ECS defines it, one object for each indicator and field, and, in short, ``indicators`` and ``providers`` of
``threat.matched``. Both are literal keys of the record with a dot in them, as the es-loader wrote them; outputs of ECS alone have the first
nested, and not the second, which ECS does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loader.api import ConfigError, Filter, LogType, Memo, Option, Problem, Record, TypeOption, path, reader, words
from plugins._ioc.build import build
from plugins._ioc.database import Database
from plugins._ioc.indicator import Indicator

IP = TypeOption(words, "", name="ioc_ip", doc="Fields whose addresses are looked up among indicators: source.ip destination.ip.")
DOMAIN = TypeOption(words, "", name="ioc_domain", doc="Fields whose domain names are looked up among indicators: dns.question.name url.domain.")
FURTHER = ("description", "reference", "confidence", "first_seen", "modified_at")


class IocFilter(Filter):
    """Match addresses and names against indicators."""

    options = (IP, DOMAIN)
    literal = ("threat.enrichments", "threat.matched")
    database = Option(path, "", doc="File of indicators, written by `index.py ioc build`.")
    build = staticmethod(build)  # for the command, which finds this class by its file

    def open(self) -> None:
        """Open the database when one is given; raises ConfigError when it cannot be used."""
        if not self.database:
            self.lacks = "no database"
            return
        try:
            self.indicators = Database(Path(self.database))
        except (OSError, ValueError) as why:
            message = f"{self.database!r} is no file of indicators: {why}; write it with: index.py ioc build"
            raise ConfigError(Problem(message, section=self.name, key="database")) from why
        self.addresses, self.domains = Memo(self.indicators.address), Memo(self.indicators.domain)

    def close(self) -> None:
        """Close the database."""
        if self.database:
            self.indicators.close()

    def prepare(self, log_type: LogType) -> Callable[[Record], Record | None] | None:
        """Return the look-up for the fields this type names, or None."""
        addresses, domains = log_type.read(IP), log_type.read(DOMAIN)
        if self.lacks or not (addresses or domains):
            return None
        wanted = [(name, reader(name), self.addresses) for name in addresses] + [(name, reader(name), self.domains) for name in domains]

        def apply(record: Record) -> Record:
            found: list[Record] = []
            for name, read, memo in wanted:
                value = read(record)
                for one in value if value.__class__ is list else (value,):
                    if one.__class__ is str and len(one) < 256 and (known := memo[one]):  # no address and no name is longer
                        found += [_enrichment(indicator, one, name) for indicator in known]
            if found:
                _add(record, found)
            return record

        return apply


def _enrichment(indicator: Indicator, value: str, field: str) -> Record:
    """Return one object of ``threat.enrichments``: the indicator, and which value of which field it was found by."""
    told: Record = {"provider": indicator.provider, "type": indicator.type, "name": indicator.name or indicator.value}
    if indicator.type == "domain-name":
        told["url"] = {"domain": indicator.value}
    elif indicator.prefix is None:  # a network is no value of an ip field
        told["ip"] = indicator.value
    told.update({key: text for key in FURTHER if (text := getattr(indicator, key))})
    matched = {"atomic": value, "field": field, "type": "indicator_match_rule"}
    return {"indicator": told, "matched": {**matched, "id": indicator.id} if indicator.id else matched}


def _summary(found: list[Record]) -> Record:
    indicators, providers = {one["matched"]["atomic"] for one in found}, {one["indicator"]["provider"] for one in found}
    return {"indicators": sorted(indicators), "providers": sorted(providers)}


def _add(record: Record, found: list[Record]) -> None:
    record["threat.enrichments"] = found
    record["threat.matched"] = _summary(found)
