import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.routing.centroids import centroids, plain_name
from packhouse.routing.geography import UNKNOWN, Coordinates, Place, distance_km, normal_postcode, postcode_keys
from packhouse.routing.states import CoordinateSource


def at(latitude: float, longitude: float) -> Coordinates:
    return Coordinates(CoordinateSource.POSTCODE, latitude, longitude)


LONDON, LEEDS, SYDNEY = at(51.50853, -0.12574), at(53.79648, -1.54785), at(-33.86785, 151.20732)
HALF_ROUND = 20015.2

points = st.builds(at, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("here", "there", "km"),
    [
        (LONDON, LEEDS, 271.5),
        (LONDON, SYDNEY, 16993.9),
        (at(0, 179.5), at(0, -179.5), 111.2),
        (at(90, 0), at(-90, 7), HALF_ROUND),
    ],
)
def test_distances_are_those_of_the_globe(here: Coordinates, there: Coordinates, km: float) -> None:
    assert distance_km(here, there) == pytest.approx(km, abs=1)


@given(points, points, points)
def test_a_distance_is_one(a: Coordinates, b: Coordinates, c: Coordinates) -> None:
    there, back, on, whole = distance_km(a, b), distance_km(b, a), distance_km(b, c), distance_km(a, c)
    assert there is not None
    assert on is not None
    assert whole is not None
    assert distance_km(a, a) == 0.0
    assert 0 <= there <= HALF_ROUND
    assert there == back
    assert whole <= there + on + 0.2, "no way round is shorter (rounding aside)"


@given(points)
def test_nobody_knows_how_far_the_unknown_is(somewhere: Coordinates) -> None:
    assert distance_km(somewhere, UNKNOWN) is None
    assert distance_km(UNKNOWN, somewhere) is None
    assert distance_km(None, somewhere) is None


@pytest.mark.parametrize(
    ("country", "written", "keys"),
    [
        ("GB", " e16 1aa ", ["E161AA", "E16"]),
        ("GB", "E1 6AA", ["E16AA", "E1"]),
        ("GB", "E16", ["E16"]),
        ("JE", "JE2 3AB", ["JE23AB", "JE2"]),
        ("NL", "1012 AB", ["1012AB", "1012"]),
        ("CA", "k1a-0b1", ["K1A0B1", "K1A"]),
        ("US", "12345-6789", ["123456789", "12345"]),
        ("PL", "00-950", ["00950"]),
        ("DE", "", []),
        ("DE", "--", []),
    ],
)
def test_postcodes_are_looked_up_whole_and_then_by_their_area(country: str, written: str, keys: list[str]) -> None:
    assert postcode_keys(country, written) == keys


@given(st.text(max_size=12))
def test_a_normal_postcode_stays_as_it_is(written: str) -> None:
    once = normal_postcode(written)
    assert normal_postcode(once.lower()) == normal_postcode(once)
    assert not set(once) & set(" -\t")


@pytest.mark.parametrize(
    ("place", "source", "near"),
    [
        (Place("GB", "", "Leeds"), CoordinateSource.CITY, LEEDS),
        (Place("GB", "", "LONDON "), CoordinateSource.CITY, LONDON),
        (Place("DE", "", "München"), CoordinateSource.CITY, at(48.13743, 11.57549)),
        (Place("FR", "", "saint etienne"), CoordinateSource.CITY, at(45.43389, 4.39)),
        # larger than its namesakes of the same country
        (Place("US", "", "Portland"), CoordinateSource.CITY, at(45.52345, -122.67621)),
        # the middle of its people: between London and the north
        (Place("GB", "", "Nowhere upon Nothing"), CoordinateSource.COUNTRY, at(52.5, -1.34)),
        # on both sides of the date line
        (Place("FJ"), CoordinateSource.COUNTRY, at(-17.85, 178.2)),
    ],
)
async def test_cities_and_countries_are_where_they_are(
    place: Place, source: CoordinateSource, near: Coordinates
) -> None:
    found = (await centroids()).find(place)
    assert found.source is source
    assert distance_km(found, near) == pytest.approx(0, abs=5)


@pytest.mark.parametrize("place", [Place(), Place("XX", "1", "London"), Place("", "E16 1AA", "London")])
async def test_an_unknown_country_is_nowhere(place: Place) -> None:
    assert (await centroids()).find(place) == UNKNOWN


def test_names_are_compared_without_accents_and_signs() -> None:
    assert plain_name("Saint-Étienne") == plain_name(" saint etienne") == "saintetienne"
    assert plain_name("Sankt Pölten") == "sanktpolten"
