"""Finding coordinates: of the imported postcodes first, then of cities and countries."""

from collections.abc import Iterable
from dataclasses import replace

from packhouse.routing.centroids import centroids
from packhouse.routing.geography import Coordinates, Place, postcode_keys
from packhouse.routing.questions import Candidate, Destination, Question
from packhouse.routing.states import CoordinateSource
from packhouse.storage import Reader
from packhouse.storage.dialect import placeholders

_AT_ONCE = 1000

# those that are wanted first: SQLite looks at every postcode otherwise
_POSTCODES = """
WITH wanted (country, postcode) AS (VALUES {pairs})
SELECT postcode.country, postcode.postcode, postcode.latitude, postcode.longitude
FROM wanted CROSS JOIN postcode WHERE postcode.country = wanted.country AND postcode.postcode = wanted.postcode
"""


async def locate(reader: Reader, places: Iterable[Place]) -> dict[Place, Coordinates]:
    """The coordinates of each place: one statement for a thousand postcodes."""
    wanted = set(places)
    keys = {place: [(place.country, key) for key in postcode_keys(place.country, place.postcode)] for place in wanted}
    pairs = sorted({pair for mine in keys.values() for pair in mine})
    known: dict[tuple[str, str], Coordinates] = {}
    for start in range(0, len(pairs), _AT_ONCE):
        known |= await _postcodes(reader, pairs[start : start + _AT_ONCE])
    found = {place: next((known[pair] for pair in mine if pair in known), None) for place, mine in keys.items()}
    if all(found.values()):
        return {place: each for place, each in found.items() if each is not None}
    rest = await centroids()
    return {place: each or rest.find(place) for place, each in found.items()}


async def with_coordinates(reader: Reader, questions: list[Question]) -> list[Question]:
    """The questions with the coordinates of both ends; those that have them already keep them."""
    ends: list[Destination | Candidate] = []
    for question in questions:
        ends += [question.destination, *question.candidates]
    places = {end.place for end in ends if end.coordinates is None}
    found = await locate(reader, places) if places else {}
    return [
        replace(
            question,
            destination=replace(
                question.destination,
                coordinates=question.destination.coordinates or found[question.destination.place],
            ),
            candidates=tuple(
                replace(each, coordinates=each.coordinates or found[each.place]) for each in question.candidates
            ),
        )
        for question in questions
    ]


async def _postcodes(reader: Reader, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], Coordinates]:
    values = ", ".join(f"({placeholders(2, 1 + 2 * index)})" for index in range(len(pairs)))
    rows = await reader.fetch(_POSTCODES.format(pairs=values), *(each for pair in pairs for each in pair))
    return {
        (row["country"], row["postcode"]): Coordinates(CoordinateSource.POSTCODE, row["latitude"], row["longitude"])
        for row in rows
    }
