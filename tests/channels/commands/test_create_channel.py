import pytest

from packhouse.channels.commands.create_channel import CreateChannel, active_channel, create_channel
from packhouse.channels.models import Channel
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import Database
from packhouse.testing.factories import BY


async def create(database: Database, data: CreateChannel) -> Channel:
    return await database.write(BY, lambda uow: create_channel(uow, data))


async def test_a_channel_is_created_active(database: Database) -> None:
    channel = await create(database, CreateChannel("web-1", "Web shop", "shopify"))
    found = await Channel.get(id=channel.id)
    assert (found.code, found.name, found.provider, found.is_active) == ("web-1", "Web shop", "shopify", True)
    assert await active_channel("web-1") == found


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (CreateChannel("", "Web"), "code"),
        (CreateChannel("Web", "Web"), "code"),
        (CreateChannel("-web", "Web"), "code"),
        (CreateChannel("web shop", "Web"), "code"),
        (CreateChannel("x" * 61, "Web"), "code"),
        (CreateChannel("all", "Web"), "code"),
        (CreateChannel("web", "  "), "name"),
        (CreateChannel("web", "x" * 256), "name"),
        (CreateChannel("web", "Web", "x" * 65), "provider"),
    ],
)
async def test_a_channel_that_cannot_be(database: Database, data: CreateChannel, field: str) -> None:
    with pytest.raises(InvalidValue) as invalid:
        await create(database, data)
    assert invalid.value.field == field
    assert await Channel.all().count() == 0


async def test_a_code_is_taken_once(database: Database) -> None:
    await create(database, CreateChannel("web", "Web"))
    with pytest.raises(Refused) as refused:
        await create(database, CreateChannel("web", "Another"))
    assert (refused.value.code, refused.value.field) == ("DUPLICATE_CODE", "code")
    assert [each.name for each in await Channel.all()] == ["Web"]


async def test_a_channel_that_is_off_or_unknown_takes_no_orders(database: Database) -> None:
    await create(database, CreateChannel("web", "Web"))
    await Channel.filter(is_active=True).update(is_active=False)
    for code, expected in (("web", "CHANNEL_INACTIVE"), ("nobody", "UNKNOWN_CHANNEL")):
        with pytest.raises(Refused) as refused:
            await active_channel(code)
        assert (refused.value.code, refused.value.field) == (expected, "channel")
