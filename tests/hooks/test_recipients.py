"""A plugin that passes events on names its recipients: each gets what it wants, by itself."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.hooks.test_host import Named, event, load, to

from packhouse.hooks import BrokenPlugin, NotStarted
from packhouse.sdk import Event, EventType, PluginContext, Recipient, hookimpl


class Passing(Named):
    def __init__(self, *recipients: Any) -> None:
        super().__init__("passing")
        self.recipients = recipients

    @hookimpl
    def register_recipients(self, context: PluginContext) -> Sequence[Recipient]:
        assert context.code == "passing"
        return self.recipients

    @hookimpl
    async def event_recorded(self, event: Event, context: PluginContext) -> None:
        self.seen.append((context.code, context.recipient, event.type))


SHOP = Recipient("shop")
BOOKS = Recipient("books", frozenset({EventType.REFUND_MADE}))


def test_each_recipient_listens_to_what_it_wants() -> None:
    host = load(Passing(SHOP, BOOKS))
    assert host.listeners[EventType.ORDER_PLACED] == ("passing/shop",)
    assert host.listeners[EventType.REFUND_MADE] == ("passing/shop", "passing/books")


async def test_an_event_is_handed_over_for_one_recipient() -> None:
    plugin = Passing(SHOP, BOOKS)
    host = load(plugin)
    await host.deliver(*to("passing/books", event(EventType.REFUND_MADE), None))
    await host.deliver(*to("passing/books", event(EventType.ORDER_PLACED), None))
    await host.deliver(*to("passing/gone", event(EventType.REFUND_MADE), None))
    await host.deliver(*to("passing", event(EventType.REFUND_MADE), None))
    assert plugin.seen == [("passing", "books", EventType.REFUND_MADE)]


def test_a_plugin_that_names_nobody_gets_nothing() -> None:
    assert not any(load(Passing()).listeners.values())


@pytest.mark.parametrize(
    ("recipients", "reason"),
    [
        (("shop",), "returned tuple, expected a list of Recipient"),
        ((Recipient("Shop"),), "the name 'Shop' is not small letters"),
        ((Recipient("a" * 33),), "is not small letters, digits and - "),
        ((SHOP, Recipient("shop")), "returned one name twice"),
    ],
)
def test_wrong_recipients_are_refused(recipients: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(BrokenPlugin, match=reason):
        load(Passing(*recipients))


async def test_a_query_without_a_schema_is_a_clear_error() -> None:
    class Asking(Named):
        @hookimpl
        async def order_placed(self, context: PluginContext) -> None:
            await context.query("{ __typename }")

    with pytest.raises(NotStarted, match="no schema that plugin named could query"):
        await load(Asking()).deliver(*to("named", event(), None))
