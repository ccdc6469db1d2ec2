from dataclasses import asdict
from typing import Any

import pytest

from packhouse.inventory.commands.create_location import CreateLocation, create_location
from packhouse.inventory.models import Location
from packhouse.inventory.states import LocationKind
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import Database
from packhouse.testing.factories import ADDRESS, BY


async def create(database: Database, **values: Any) -> Location:
    data = CreateLocation(**{"code": "london", "name": "London", **values})
    return await database.write(BY, lambda uow: create_location(uow, data))


async def test_a_location_is_kept_as_it_was_given(database: Database) -> None:
    made = await create(database, kind=LocationKind.THIRD_PARTY, network="acme-3pl", address=ADDRESS, priority=5)
    found = await Location.get(id=made.id)
    assert (found.code, found.name, found.kind, found.network) == ("london", "London", "third_party", "acme-3pl")
    assert (found.address, found.priority, found.is_active) == (asdict(ADDRESS), 5, True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": " "}, "code"),
        ({"code": "x" * 65}, "code"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"network": "x" * 65}, "network"),
    ],
)
async def test_a_location_that_cannot_be(database: Database, values: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as invalid:
        await create(database, **values)
    assert invalid.value.field == field
    assert await Location.all().count() == 0


async def test_a_code_is_taken_once(database: Database) -> None:
    await create(database)
    with pytest.raises(Refused) as refused:
        await create(database, name="Another London")
    assert (refused.value.code, refused.value.field) == ("DUPLICATE_CODE", "code")
    assert (await Location.get()).name == "London"
