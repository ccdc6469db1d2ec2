"""What the simulators are asked, for the conformance kit. There is no vendor that could fail."""

from datetime import UTC, datetime, timedelta
from typing import Any

from packhouse.sdk import (
    Address,
    FulfillmentItem,
    FulfillmentRequest,
    LabelRequest,
    ListedStock,
    Money,
    NetworkUpdate,
    OrderPage,
    Parcel,
    QuoteRequest,
    RefundRequest,
    ReplyRequest,
    ReviewInvitation,
    ReviewProduct,
    ShownStock,
    StockPush,
)
from packhouse.testing.conformance import Operation, Running, Subject
from packhouse_demo import Plugin
from packhouse_demo.channel import DemoChannel
from packhouse_demo.network import DemoNetwork
from packhouse_demo.tracking import tracking_number

AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
HERE = Address(name="Warehouse", line1="1 Dock Road", city="London", postcode="E16 1AA", country="GB")
THERE = Address(name="A Customer", line1="3 Example Lane", city="York", postcode="YO1 7HH", country="GB")
PARCEL = Parcel(500)
LABEL = LabelRequest("label-1", "S-1", "standard", HERE, THERE, (PARCEL,))
REFUND = RefundRequest("refund-1", "1001", "pay-1", Money.of("4.20", "GBP"))
NUMBER = tracking_number("S-1", AT, timedelta(seconds=1))
WORK = FulfillmentRequest("work-1", "F-1", "london", "1001", THERE, (FulfillmentItem("L-1", "MUG", "Mug", 2),))
MUG = ReviewProduct("MUG", "Mug")
INVITATION = ReviewInvitation("ask-1", "R-1", "1001", "a@example.com", "A Customer", (MUG,), AT, AT)
REPLY = ReplyRequest("reply-1", "review-1", "Thank you")
STOCK = StockPush("stock-1", (ListedStock("MUG", 5), ListedStock("PLATE", 0)))


async def pull(plugin: Running) -> OrderPage:
    channel = next(each for each in plugin.alone.providers if isinstance(each, DemoChannel))
    channel.sell("run", 1, [("MUG", "Mug", 2, "12.50")])
    return await channel.pull_orders(AT, None)


async def show(plugin: Running) -> list[ShownStock]:
    channel = next(each for each in plugin.alone.providers if isinstance(each, DemoChannel))
    await channel.push_stock(STOCK)
    return await channel.shown_stock(STOCK.items)


async def take_back(plugin: Running) -> NetworkUpdate:
    network = next(each for each in plugin.alone.providers if isinstance(each, DemoNetwork))
    await network.submit(WORK)
    return await network.cancel("F-1", "cancel-1")


def settings(_: Any) -> dict[str, Any]:
    return {"speed": 1}


SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    operations=(
        Operation("pull_orders", call=pull, gives=OrderPage),
        Operation("push_stock", (STOCK,)),
        Operation("shown_stock", call=show, gives=list[ShownStock]),
        Operation("quote", (QuoteRequest(HERE, THERE, (PARCEL,)),)),
        Operation("buy_label", (LABEL,), find=Operation("find_label", (LABEL,))),
        Operation("void_label", (NUMBER, "void-1")),
        Operation("track", (NUMBER,)),
        Operation("submit", (WORK,), find=Operation("fetch", ("F-1",))),
        Operation("cancel", call=take_back, gives=NetworkUpdate),
        Operation("refund", (REFUND,), find=Operation("find_refund", (REFUND,))),
        Operation("invite", (INVITATION,)),
        Operation("pull_reviews", (None,)),
        Operation("reply", (REPLY,), find=Operation("find_reply", ("review-1",))),
    ),
    routing_options={"spread": {"locations": ["london", "york"]}},
)
