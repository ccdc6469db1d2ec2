"""Channels, and the messages that wait in quarantine."""

from datetime import UTC, datetime, timedelta

from packhouse.catalog.models import Variant
from packhouse.channels.models import Channel, InboundMessage, Listing
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.testing.factories import make_order, make_shop
from packhouse.testing.graphql import Execute

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


async def test_shows_channels_with_their_listings_and_messages(
    database: Database, by: Initiator, execute: Execute
) -> None:
    await make_shop(database)
    order = await make_order(database)

    async def write(_: UnitOfWork) -> None:
        channel = await Channel.create(code="shop", name="Shop", provider="shopify", created_at=AT)
        mug = await Variant.get(sku="MUG")
        await Listing.create(channel_id=channel.id, channel_sku="THE-MUG", variant_id=mug.id)
        for index, (status, order_id) in enumerate((("quarantined", None), ("done", order.id), ("quarantined", None))):
            await InboundMessage.create(
                channel_id=channel.id,
                message_id=f"m-{index}",
                topic="orders/create",
                body=b'{"bad": "\xff"}',
                status=status,
                reason="" if order_id else "no lines",
                field="" if order_id else "lines",
                order_id=order_id,
                received_at=AT + timedelta(minutes=index),
            )

    await database.write(by, write)

    data = await execute(
        """{
          channels { edges { node { code provider isActive listings { channelSku variant { sku } } } } }
          channel(code: "shop") { name } unknown: channel(code: "none") { name }
          quarantine: inboundMessages(status: QUARANTINED) {
            totalCount edges { node { messageId status reason field body channel { code } order { number } } }
          }
          all: inboundMessages { edges { node { messageId order { number } } } }
        }"""
    )

    assert [edge["node"] for edge in data["channels"]["edges"]] == [
        {
            "code": "shop",
            "provider": "shopify",
            "isActive": True,
            "listings": [{"channelSku": "THE-MUG", "variant": {"sku": "MUG"}}],
        }
    ]
    assert (data["channel"], data["unknown"]) == ({"name": "Shop"}, None)
    assert data["quarantine"]["totalCount"] == 2
    assert [edge["node"] for edge in data["quarantine"]["edges"]] == [
        {
            "messageId": message_id,
            "status": "QUARANTINED",
            "reason": "no lines",
            "field": "lines",
            "body": '{"bad": "\ufffd"}',
            "channel": {"code": "shop"},
            "order": None,
        }
        for message_id in ("m-0", "m-2")
    ]
    assert [edge["node"]["order"] for edge in data["all"]["edges"]] == [None, {"number": order.number}, None]
