"""``filter_geoip``: where an address is, from MaxMind databases (GeoLite2 City and ASN, or any with the same fields).

For each object that a log type's ``geoip`` names (``source``, ``destination``, ...), its ``ip`` is looked up and the object
gets ``geo.*`` and ``as.*`` as ECS defines them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import maxminddb

from loader.api import ConfigError, Filter, LogType, Memo, Option, Record, TypeOption, path, words

log = logging.getLogger(__name__)
FIELDS = TypeOption(words, "", name="geoip", doc="Top-level objects whose ip is looked up: source destination.")


class GeoipFilter(Filter):
    """Add country, city, location and network of addresses."""

    options = (FIELDS,)
    database = Option(path, "", doc="MaxMind City or Country database (.mmdb).")
    asn_database = Option(path, "", doc="MaxMind ASN database (.mmdb).")
    language = Option(str, "en", doc="Language of names.")

    def open(self) -> None:
        """Open the databases that are given; raises ConfigError when one cannot be read."""
        self.readers = [self._reader(key) for key in ("database", "asn_database") if getattr(self, key)]
        self.memo = Memo(self._find)
        self.broken = False

    def close(self) -> None:
        """Close the databases."""
        for reader in self.readers:
            reader.close()

    def prepare(self, log_type: LogType) -> Callable[[Record], Record | None] | None:
        """Return the look-up for the objects this type names, or None."""
        names = log_type.read(FIELDS)
        if not names or not self.readers:
            return None
        memo = self.memo

        def apply(record: Record) -> Record:
            for name in names:
                place = record.get(name)
                if not isinstance(place, dict):
                    continue
                address = place.get("ip")
                if type(address) is str and (found := memo[address]):
                    geo, network = found
                    _add(place, "geo", geo)
                    _add(place, "as", network)
            return record

        return apply

    def _reader(self, key: str) -> maxminddb.Reader:
        file = getattr(self, key)
        try:
            return maxminddb.open_database(file)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as why:
            raise ConfigError(f"[{self.name}] {key}: {file!r} is no MaxMind database that can be read: {why}") from why

    def _find(self, address: str) -> tuple[Record, Record]:
        """Return the geo and the as object of an address, each empty when nothing is known."""
        facts: dict[str, Any] = {}
        for reader in self.readers:
            try:
                found = reader.get(address)
            except ValueError:  # no address, or IPv6 in an IPv4 database
                found = None
            except maxminddb.InvalidDatabaseError as why:  # broken inside: worth no record
                found = None
                if not self.broken:
                    log.warning("[%s] %s; addresses it should know stay without geo and as: get the database again", self.name, why)
                self.broken = True
            facts |= found if isinstance(found, dict) else {}
        return self._geo(facts), _network(facts)

    def _geo(self, facts: dict[str, Any]) -> Record:
        country, continent, location = (facts.get(key) or {} for key in ("country", "continent", "location"))
        region = (facts.get("subdivisions") or [{}])[0]
        found: Record = {
            "city_name": self._name(facts.get("city")),
            "continent_code": continent.get("code"),
            "continent_name": self._name(continent),
            "country_iso_code": country.get("iso_code"),
            "country_name": self._name(country),
            "region_iso_code": f"{country['iso_code']}-{region['iso_code']}" if country.get("iso_code") and region.get("iso_code") else None,
            "region_name": self._name(region),
            "timezone": location.get("time_zone"),
        }
        if "latitude" in location and "longitude" in location:
            found["location"] = {"lon": location["longitude"], "lat": location["latitude"]}
        return {key: value for key, value in found.items() if value}

    def _name(self, place: Any) -> str | None:
        names = (place or {}).get("names") or {}
        return names.get(self.language) or names.get("en")


def _add(place: Record, name: str, found: Record) -> None:
    """Add what was found, unless the record says something else."""
    own = place.get(name)
    if found and (not own or isinstance(own, dict)):
        place[name] = {**found, **(own or {})}


def _network(facts: dict[str, Any]) -> Record:
    number, name = facts.get("autonomous_system_number"), facts.get("autonomous_system_organization")
    return {"number": number, **({"organization": {"name": name}} if name else {})} if number else {}
