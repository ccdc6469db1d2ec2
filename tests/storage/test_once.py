"""A change of a keyed request is made once, whoever comes back to it."""

import asyncio
from dataclasses import replace

import pytest

from packhouse.inventory.commands.create_location import CreateLocation, create_location
from packhouse.inventory.models import Location
from packhouse.inventory.states import LocationKind
from packhouse.sdk import Refused, new_id
from packhouse.storage import Database, Initiator, KeyedRequest, UnitOfWork, write_once
from packhouse.testing.factories import ADDRESS
from packhouse.web.models import RequestStep


async def create(uow: UnitOfWork, code: str = "") -> Location:
    return await create_location(
        uow, CreateLocation(code or new_id().hex, "Somewhere", LocationKind.WAREHOUSE, "", ADDRESS, 100)
    )


def keyed(by: Initiator, request: KeyedRequest) -> Initiator:
    return replace(by, request=KeyedRequest(request.id))


async def test_without_a_key_each_call_does_it(database: Database, by: Initiator) -> None:
    first, second = [await write_once(database, by, create) for _ in range(2)]
    assert first.id != second.id
    assert await RequestStep.all().count() == 0


async def test_a_row_is_recalled_as_it_stands_now(database: Database, by: Initiator) -> None:
    request = KeyedRequest(new_id())
    first = await write_once(database, keyed(by, request), create)
    await Location.filter(id=first.id).update(name="Elsewhere")
    again = await write_once(database, keyed(by, request), create)
    assert (again.id, again.name) == (first.id, "Elsewhere")
    assert await Location.all().count() == 1


async def test_ids_and_texts_are_recalled(database: Database, by: Initiator) -> None:
    async def an_id(_: UnitOfWork) -> object:
        return new_id()

    async def a_text(_: UnitOfWork) -> object:
        return new_id().hex

    for work in (an_id, a_text):
        request = KeyedRequest(new_id())
        first = await write_once(database, keyed(by, request), work)  # type: ignore[type-var]  # one test for both
        assert await write_once(database, keyed(by, request), work) == first  # type: ignore[type-var]


async def test_each_change_of_a_request_is_one_of_its_own(database: Database, by: Initiator) -> None:
    request = KeyedRequest(new_id())
    first_try, second_try = keyed(by, request), keyed(by, request)
    first = [await write_once(database, first_try, create) for _ in range(2)]
    second = [await write_once(database, second_try, create) for _ in range(2)]
    assert [each.id for each in first] == [each.id for each in second]
    assert first[0].id != first[1].id


async def test_what_was_refused_may_be_done_later(database: Database, by: Initiator) -> None:
    async def refused(_: UnitOfWork) -> Location:
        raise Refused("NOT_NOW", "not now")

    request = KeyedRequest(new_id())
    with pytest.raises(Refused, match="not now"):
        await write_once(database, keyed(by, request), refused)
    assert await RequestStep.all().count() == 0
    assert await write_once(database, keyed(by, request), create)


async def test_two_processes_at_the_same_moment_do_it_once(database: Database, by: Initiator) -> None:
    """The first one was slow, not dead: whichever commits first has done it, the other one is rolled back."""
    request = KeyedRequest(new_id())
    both = await asyncio.gather(
        *(write_once(database, keyed(by, request), create) for _ in range(2)), return_exceptions=True
    )
    (row,) = await Location.all()
    assert {each.id for each in both if isinstance(each, Location)} == {row.id}
    assert (await write_once(database, keyed(by, request), create)).id == row.id


async def test_a_row_that_is_gone_is_not_made_again(database: Database, by: Initiator) -> None:
    request = KeyedRequest(new_id())
    row = await write_once(database, keyed(by, request), create)
    await Location.filter(id=row.id).delete()
    with pytest.raises(Refused) as gone:
        await write_once(database, keyed(by, request), create)
    assert gone.value.code == "GONE"
    assert await Location.all().count() == 0
