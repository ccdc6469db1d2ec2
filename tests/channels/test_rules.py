from uuid import UUID

import pytest

from packhouse.channels.rules import Serving, Shelf, bundles_of, may_sell, units_for

LONDON, LEEDS, AMAZON = (UUID(int=number) for number in (1, 2, 3))
SHELVES = (Shelf(LONDON, "", 5), Shelf(LEEDS, "", -3), Shelf(AMAZON, "amazon", 7))


@pytest.mark.parametrize(
    ("serving", "units"),
    [
        (Serving(), 12),
        (Serving(networks=False), 5),
        (Serving(frozenset({LONDON, AMAZON})), 12),
        (Serving(frozenset({LONDON, AMAZON}), networks=False), 5),
        (Serving(frozenset({LEEDS})), 0),
    ],
)
def test_locations_that_serve_a_channel_are_summed_and_what_one_lacks_takes_nothing_from_others(
    serving: Serving, units: int
) -> None:
    assert units_for(serving, SHELVES) == units
    assert units_for(serving, ()) == 0


@pytest.mark.parametrize(
    ("parts", "units"),
    [({LONDON: 2}, 2), ({LONDON: 2, LEEDS: 1}, 2), ({LONDON: 1, LEEDS: 3}, 1), ({LONDON: 1, AMAZON: 1}, 0), ({}, 0)],
)
def test_the_scarcest_part_says_how_many_bundles_there_are(parts: dict[UUID, int], units: int) -> None:
    assert bundles_of(parts, {LONDON: 5, LEEDS: 4}) == units


@pytest.mark.parametrize(("units", "buffer", "left"), [(5, 0, 5), (5, 2, 3), (5, 5, 0), (5, 9, 0), (0, 0, 0)])
def test_a_buffer_is_kept_back_and_nothing_is_sold_below_none(units: int, buffer: int, left: int) -> None:
    assert may_sell(units, buffer) == left
