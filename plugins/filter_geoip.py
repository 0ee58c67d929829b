"""``filter_geoip``: where an address is, from MaxMind databases (GeoLite2 City and ASN, or any with the same fields).

For each object that a log type's ``geoip`` names (``source``, ``destination``, ...), its ``ip`` is looked up and the object
gets ``geo.*`` and ``as.*`` as ECS defines them. Of a list, the first address that the databases know counts: private ones they do not.
With ``compat = es-loader`` there are only the fields that it has, and they replace what the record says itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loader.api import COMPAT, ConfigError, Filter, LogType, Memo, Option, Problem, Record, TypeOption, path, reader, words

log = logging.getLogger(__name__)
FIELDS = TypeOption(words, "", name="geoip", doc="Objects whose ip is looked up: source destination.")
OLD = ("city_name", "country_iso_code", "country_name", "location")  # what the es-loader gives of geo
USUAL = {
    "database": ("GeoLite2-City.mmdb", "GeoIP2-City.mmdb", "GeoLite2-Country.mmdb", "GeoIP2-Country.mmdb"),
    "asn_database": ("GeoLite2-ASN.mmdb",),
}


class GeoipFilter(Filter):
    """Add country, city, location and network of addresses."""

    options = (FIELDS,)
    databases = Option(path, "", doc="Folder where the databases have their usual names: GeoLite2-City.mmdb, GeoLite2-ASN.mmdb.")
    database = Option(path, "", doc="MaxMind City or Country database (.mmdb).")
    asn_database = Option(path, "", doc="MaxMind ASN database (.mmdb).")
    language = Option(str, "en", doc="Language of names.")

    def open(self) -> None:
        """Open the databases that are given; raises ConfigError when one cannot be read."""
        self.readers: list[Any] = []
        self.memo, self.old_memo = Memo(self._find), Memo(self._find_old)
        self.broken = False
        files = self._files()
        if not files:
            self.lacks = "no database"
            return
        import maxminddb  # noqa: PLC0415

        self.damage = maxminddb.InvalidDatabaseError
        for key, file in files.items():
            try:
                self.readers.append(maxminddb.open_database(file))
            except (OSError, ValueError, self.damage) as why:
                message = f"{file!r} is no MaxMind database that can be read: {why}"
                raise ConfigError(Problem(message, section=self.name, key=key if getattr(self, key) else "databases")) from why

    def close(self) -> None:
        """Close the databases."""
        for one in self.readers:
            one.close()

    def prepare(self, log_type: LogType) -> Callable[[Record], Record | None] | None:
        """Return the look-up for the objects this type names, or None."""
        names = log_type.read(FIELDS)
        for name in names:
            if name.endswith(".ip"):
                log_type.problem(FIELDS.name, f"{name!r} is an address", f"name its object: {name.removesuffix('.ip')}", fatal=False)
        if not names or not self.readers:
            return None
        places = tuple(map(reader, names))
        memo, add = (self.old_memo, _replace) if log_type.read(COMPAT) else (self.memo, _add)

        def apply(record: Record) -> Record:
            for read in places:
                place = read(record)
                if place.__class__ is not dict:
                    continue
                address = place.get("ip")
                if address.__class__ is str:
                    geo, network = memo[address]
                elif address.__class__ is list:
                    geo, network = next((memo[one] for one in address if one.__class__ is str and any(memo[one])), ({}, {}))
                else:
                    continue
                if geo:
                    add(place, "geo", geo)
                if network:
                    add(place, "as", network)
            return record

        return apply

    def _files(self) -> dict[str, str]:
        """Return the databases to open by their options; raises ConfigError when the folder has none."""
        given = {key: getattr(self, key) for key in USUAL if getattr(self, key)}
        if not self.databases:
            return given
        folder = Path(self.databases)
        found = {key: [str(folder / name) for name in names if (folder / name).is_file()] for key, names in USUAL.items()}
        usual = {key: files[0] for key, files in found.items() if files}
        if not usual:
            message = f"there is no {USUAL['database'][0]} and no {USUAL['asn_database'][0]} in {self.databases!r}"
            raise ConfigError(Problem(message, section=self.name, key="databases"))
        return {**usual, **given}

    def _find(self, address: str) -> tuple[Record, Record]:
        """Return the geo and the as object of an address, each empty when nothing is known."""
        facts: dict[str, Any] = {}
        for database in self.readers:
            try:
                found = database.get(address)
            except ValueError:  # no address, or IPv6 in an IPv4 database
                found = None
            except self.damage as why:  # broken inside: worth no record
                found = None
                if not self.broken:
                    log.warning("[%s] %s; addresses it should know stay without geo and as: get the database again", self.name, why)
                self.broken = True
            facts |= found if isinstance(found, dict) else {}
        return self._geo(facts), _network(facts)

    def _find_old(self, address: str) -> tuple[Record, Record]:
        geo, network = self.memo[address]
        return {key: geo[key] for key in OLD if key in geo}, network

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
    if not own or isinstance(own, dict):
        place[name] = {**_copy(found), **(own or {})}


def _replace(place: Record, name: str, found: Record) -> None:
    """Put what was found in the place of what the record says."""
    own = place.get(name)
    place[name] = {**(own if isinstance(own, dict) else {}), **_copy(found)}


def _copy(found: Record) -> Record:
    """Return what no other record shares."""
    return {key: dict(value) if value.__class__ is dict else value for key, value in found.items()}


def _network(facts: dict[str, Any]) -> Record:
    number, name = facts.get("autonomous_system_number"), facts.get("autonomous_system_organization")
    return {"number": number, **({"organization": {"name": name}} if name else {})} if number else {}
