"""What both versions see of the world: events, orders, customers and queries of the real database, and nothing is written."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.events.arrays import any_text, bound
from packhouse.events.commands.replay_events import position_before
from packhouse.events.queries import EVENT_COLUMNS, last_position, read_event
from packhouse.hooks import PluginHost
from packhouse.hooks.selection import Selection as HostSelection
from packhouse.hooks.state import StateTable
from packhouse.hooks.tables import PluginTable, Secrets
from packhouse.house import Parts
from packhouse.plugins.stored import read_stored
from packhouse.plugins.vault import Vault
from packhouse.sdk import CustomerSnapshot, Event, EventType, OrderSnapshot, Providers
from packhouse.settings import Settings
from packhouse.shadow.asking import Asking, asked_about
from packhouse.shadow.overlay import Overlay
from packhouse.shadow.talking import Message
from packhouse.storage import Database, Initiator
from packhouse.web.context import Context
from packhouse.web.graphql.reading import read_data
from packhouse.web.permissions import ALL, Grant

_PAGE = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events: recorded from `since` on, before `until`, of one order; None means all. At most `limit` of them."""

    since: datetime | None = None
    until: datetime | None = None
    order_id: UUID | None = None
    limit: int | None = None


class World:
    """The database as plugins may see it."""

    def __init__(self, database: Database, settings: Settings, parts: Parts) -> None:
        self._database = database
        self._settings = settings
        self._parts = parts
        self._nobody = PluginHost.load(settings.plugins.model_copy(update={"enabled": []}))

    async def settings_of(self, code: str) -> tuple[PluginTable, Secrets]:
        """A plugin's settings and stored secrets, as the server reads them.

        Raises:
            SettingsError: there is no secret key.
        """
        stored = await read_stored(self._database, Vault.of(self._settings))
        choices = HostSelection(self._settings.plugins, stored.choices)
        return choices.table(code), choices.secrets(code)

    async def events(self, selection: Selection, types: frozenset[EventType]) -> AsyncIterator[Event]:
        """The events of a selection in commit order, page by page; imported history is left out, as it was delivered to nobody."""
        position = 0 if selection.since is None else await position_before(self._database, selection.since)
        whole = await last_position(self._database)
        end = whole if selection.until is None else await position_before(self._database, selection.until)
        left = selection.limit
        while position < end and types and left != 0:
            size = _PAGE if left is None else min(_PAGE, left)
            page = await self._page(selection.order_id, position, end, types, size)
            for event in page:
                yield event
            left = None if left is None else left - len(page)
            position = page[-1].position if len(page) == size else end

    async def subjects_of(self, event: Event) -> tuple[OrderSnapshot | None, CustomerSnapshot | None]:
        """The order and the customer of an event as they stand now."""
        orders = {} if event.order_id is None else await self._parts.load_snapshots([event.order_id])
        customers = {} if event.customer_id is None else await self._parts.load_customers([event.customer_id])
        order = None if event.order_id is None else orders.get(event.order_id)
        return order, None if event.customer_id is None else customers.get(event.customer_id)

    async def asked_about(self, event: Event, order: OrderSnapshot | None) -> Asking | None:
        """What a provider was asked about an event."""
        return await asked_about(event, order)

    async def answer(self, code: str, overlay: Overlay, message: Message, *, empty: bool) -> Any:  # noqa: ANN401  (each its own)
        """What a plugin asked for: its store (`empty`: without what it really keeps), or a query.

        Raises:
            QueryRefused: the query is none, or failed.
        """
        if message["ask"] == "query":
            return await self._query(code, message["document"], message["variables"])
        address = message["address"]
        under = None if empty else StateTable(address, lambda: self._database)
        if message["ask"] == "read":
            return await overlay.read(address, message["key"], under)
        if message["ask"] == "page":
            return await overlay.page(address, message["prefix"], message["after"], message["limit"], under)
        overlay.write(address, message["changes"])
        return None

    async def _query(self, code: str, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        context = Context(
            database=self._database,
            settings=self._settings,
            providers=Providers(),
            checks=self._nobody,
            live={},
            by=Initiator(f"plugin:{code}", f"plugin:{code}"),
            grant=Grant(f"plugin:{code}", ALL),
        )
        return await read_data(self._parts.schema, context, document, variables)

    async def _page(
        self, order_id: UUID | None, after: int, upto: int, types: frozenset[EventType], size: int
    ) -> list[Event]:
        dialect = self._database.dialect
        values: list[Any] = [after, upto, bound(dialect, sorted(each.value for each in types)), size]
        of_order = ""
        if order_id is not None:
            values.append(order_id)
            of_order = "AND order_id = $5"
        rows = await self._database.fetch(
            f"SELECT {EVENT_COLUMNS} FROM event WHERE position > $1 AND position <= $2 "
            f"AND {any_text(dialect, 'type', '$3')} AND origin <> 'import' {of_order} ORDER BY position LIMIT $4",
            *values,
        )
        return [read_event(row) for row in rows]
