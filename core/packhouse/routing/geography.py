"""Where things are on the globe and how far apart; pure."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from packhouse.routing.states import CoordinateSource

_EARTH_RADIUS_KM = 6371.0088
# In these countries the first so many characters of a postcode name an area by themselves; GeoNames often lists only them.
_AREA_LENGTH = {"BR": 5, "CA": 3, "IE": 3, "MT": 3, "NL": 4, "PT": 4, "US": 5}
# Here it is all but the last three: E16 1AA is in E16, and E1 6AA is not.
_OUTWARD_COUNTRIES = frozenset(("GB", "GG", "IM", "JE"))
_INWARD_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Place:
    """What an address says of where it is: ISO 3166-1 alpha-2 country, postcode and city as they were written."""

    country: str = ""
    postcode: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Degrees north and east, and what they were taken from; 0, 0 where that is unknown."""

    source: CoordinateSource
    latitude: float = 0.0
    longitude: float = 0.0


UNKNOWN = Coordinates(CoordinateSource.UNKNOWN)


def distance_km(here: Coordinates | None, there: Coordinates | None) -> float | None:
    """The great-circle distance (haversine) to a tenth of a kilometre; None where one of them is unknown."""
    if here is None or there is None or CoordinateSource.UNKNOWN in {here.source, there.source}:
        return None
    south, north = radians(here.latitude), radians(there.latitude)
    east = radians(there.longitude - here.longitude)
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return round(2 * _EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord))), 1)


def normal_postcode(written: str) -> str:
    """A postcode in capitals, without spaces and hyphens."""
    return "".join(character for character in written.upper() if character.isalnum())


def postcode_keys(country: str, written: str) -> list[str]:
    """Under which postcodes to look, the most exact first: the whole of it, then the area it is in."""
    whole = normal_postcode(written)
    if not whole:
        return []
    if country in _OUTWARD_COUNTRIES:
        area = whole[:-_INWARD_LENGTH] if len(whole) > _INWARD_LENGTH + 1 else whole
    else:
        area = whole[: _AREA_LENGTH.get(country, len(whole))]
    return list(dict.fromkeys((whole, area)))
