"""Every mutation of the schema that changes the business leaves an event in the transaction of its change.

All of them are done once, on a running server; triggers in the database say what each transaction changed.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.end_to_end.api import Api
from tests.end_to_end.everything import Everything
from tests.end_to_end.watching import Watch
from tests.feedback.conftest import Platform

from packhouse.hooks.loading import GROUP
from packhouse.sdk import PluginManifest, Provider, hookimpl
from packhouse.settings.sections import PluginsSettings
from packhouse.testing.partners import TestCarrier, TestCooperatingNetwork
from packhouse.testing.payments import FakeBank
from packhouse.testing.server import running_server, server_settings

# Tables whose rows are no state of the business, and why.
NOT_BUSINESS = {
    "the log itself, and what is done with it": (
        "event",
        "delivery",
        "delivery_attempt",
        "lane",
        "position_counter",
        "log_reader",
        "plugins_version",
    ),
    "work by the clock, and requests that may be sent twice": ("job", "kept_request", "request_step"),
    "the store of a plugin": ("plugin_state",),
    "the intent of a call, before it is made: the event tells how it ended": ("provider_call",),
    "what came, and could not be read or tied yet: the event tells what became of it": (
        "inbound_message",
        "quarantined_review",
        "review_cursor",
    ),
    "a plan: the event tells when somebody was asked": ("review_request",),
    "counted from the log": ("channel_stock", "listing_stock"),
    "asked of carriers again and again: what somebody imports is told": ("postcode", "shipping_rate"),
}
# Columns that say when something is looked at next, or how far somebody has come.
SCHEDULES = {
    "channel": (
        *("recount_from", "next_pull_at", "pull_cursor", "pulled_until", "last_error"),
        *("push_owner", "push_until", "push_after", "push_attempts", "push_error"),
    ),
    "shipment": ("next_poll_at",),
    "fulfillment_order": ("next_poll_at",),
    "review": ("recheck_at",),
    "orders": ("updated_at",),
}
# Mutations whose first transaction writes down what is about to be asked of somebody outside; the second one has the event.
INTENTS = {"buyLabel": {"shipment"}, "replyToReview": {"review"}}
# Mutations that change nothing of the business themselves, and why.
NO_CHANGE = {
    "retryDelivery": "delivers what was recorded before: each attempt is kept, and nothing else changes",
    "replayEvents": "delivers what was recorded before: each attempt is kept, and nothing else changes",
    "giveUpDeliveries": "nothing waits here; test_give_up_deliveries.py knows that it is told",
    "testConnection": "asks, and changes nothing",
    "runJob": "lets a job run, whose changes are its own",
    "retryInboundMessage": "has a message read again, whose order is recorded by whoever reads it",
    "pushStock": "tells a channel what it was told before",
    "retryQuarantinedReview": "takes in a review as if it came now",
    "refreshReview": "reads a review as the platform's next page would; what changed is recorded then",
}


class Partners:
    """A plugin with a carrier, a bank, a review platform and a network."""

    def __init__(self) -> None:
        self.platform, self.carrier, self.bank = Platform(), TestCarrier(), FakeBank()
        self.network = TestCooperatingNetwork()

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("partners", "Partners", "1.0")

    @hookimpl
    def register_carriers(self) -> Sequence[Provider]:
        return [self.carrier]

    @hookimpl
    def register_payment_providers(self) -> Sequence[Provider]:
        return [self.bank]

    @hookimpl
    def register_review_platforms(self) -> Sequence[Provider]:
        return [self.platform]

    @hookimpl
    def register_fulfillment_networks(self) -> Sequence[Provider]:
        return [self.network]


@dataclass
class Watched:
    """Does mutations, and notes what each left. `untold`: changes of the business without an event."""

    api: Api
    watch: Watch
    partners: Partners
    kinds: dict[str, str]
    done: set[str] = field(default_factory=set)
    untold: list[tuple[str, str, list[str]]] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    async def do(self, mutation: str, selection: str, **values: Any) -> Any:
        self.watch.taken()
        payload = await self.api.do(mutation, selection, kind_of_input=self.kinds[mutation], **values)
        self.look(mutation)
        return payload

    async def by_id(self, mutation: str, id_: str) -> None:
        self.watch.taken()
        document = f"mutation ($id: ID!) {{ {mutation}(id: $id) {{ userErrors {{ code message }} }} }}"
        assert (await self.api.ask(document, id=id_))[mutation]["userErrors"] == []
        self.look(mutation)

    def look(self, mutation: str) -> None:
        """What followed from earlier ones counts as well: a plugin's hook, or a job, changes no more in silence than a person."""
        changes = self.watch.taken()
        self.done.add(mutation)
        for each in changes:
            tables = set(each.tables) - INTENTS.get(mutation, set())
            if tables and not each.events:
                self.untold.append((mutation, each.by.actor, sorted(tables)))
        if not any(each.events for each in changes if each.by.origin == "api"):
            self.silent.add(mutation)


async def kinds_of_input(api: Api) -> dict[str, str]:
    """Every mutation of the schema, with what its first argument is."""
    kind = "type { kind name ofType { name } }"
    found = await api.ask(f'{{ __type(name: "Mutation") {{ fields {{ name args {{ {kind} }} }} }} }}')
    return {
        each["name"]: next(argument["type"]["ofType"]["name"] for argument in each["args"])
        for each in found["__type"]["fields"]
    }


@pytest_asyncio.fixture
async def watched(
    database_url: str, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watched]:
    ignored = frozenset(table for tables in NOT_BUSINESS.values() for table in tables)
    watch, partners = Watch(ignored, SCHEDULES), Partners()
    (webhooks,) = entry_points(group=GROUP, name="webhooks")
    monkeypatch.setattr("packhouse.hooks.loading.entry_points", lambda **_: [webhooks])
    settings = server_settings(database_url).model_copy(update={"plugins": PluginsSettings(disabled=["demo"])})
    async with running_server(settings, [partners]) as running:
        await watch.begin(running.house.database, monkeypatch)
        api = Api(http, running)
        yield Watched(api, watch, partners, await kinds_of_input(api))
        await watch.end(running.house.database, monkeypatch)


async def test_every_mutation_leaves_an_event_with_its_change(watched: Watched) -> None:
    await Everything(watched.api, watched.partners.bank, watched.do, watched.by_id).run()
    assert watched.untold == []
    assert watched.silent <= set(NO_CHANGE)
    assert set(watched.kinds) - watched.done == set(NO_CHANGE)
