"""Plugins that are written into a folder, and a log without a database that they go through."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from packhouse.hooks.tables import PluginTable
from packhouse.sdk import CustomerSnapshot, Event, EventType, Money, OrderSnapshot
from packhouse.shadow.overlay import Overlay
from packhouse.shadow.player import Comparison, Player, both_versions
from packhouse.shadow.reading import Selection
from packhouse.shadow.talking import Message
from packhouse.shadow.version import Side, Source

PLUGIN = """
from typing import Any

import aiohttp

from packhouse.sdk import *
from pydantic import BaseModel, SecretStr


class Settings(BaseModel):
    url: str = "https://crm.example.com"
    api_key: SecretStr = SecretStr("planted-key-5e1f")


class Plugin:
    @hookimpl
    def plugin_manifest(self):
        return PluginManifest("crm", "CRM", "1.0", settings=Settings)

    async def send(self, context, path, body, **more):
        headers = {"Authorization": "Bearer " + context.settings.api_key.get_secret_value()}
        async with context.http.post(context.settings.url + path, json=body, headers=headers, **more) as response:
            return await response.json()

    @hookimpl
    async def order_placed(self, event, order, context):
        PLACED
"""
SEND = 'await self.send(context, "/events", {"number": order.number, "key": context.idempotency_key})'


AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def order(number: int) -> OrderSnapshot:
    total = Money.of("25.00", "GBP")
    return OrderSnapshot(
        UUID(int=number), f"100{number}", "web", "", "confirmed", "GBP", total, AT, email="a@example.com"
    )


@dataclass
class Recorded:
    """Two orders that were placed and confirmed."""

    orders: tuple[OrderSnapshot, ...] = (order(1), order(2))
    selected: list[Selection] = field(default_factory=list)

    async def events(self, selection: Selection, types: frozenset[EventType]) -> AsyncIterator[Event]:
        self.selected.append(selection)
        for place, type_ in enumerate([EventType.ORDER_PLACED, EventType.ORDER_CONFIRMED] * 2):
            if type_ in types:
                of = self.orders[place // 2]
                yield Event(UUID(int=100 + place), type_, place + 1, AT, order_id=of.id, payload={"total": 2500})

    async def subjects_of(self, event: Event) -> tuple[OrderSnapshot | None, CustomerSnapshot | None]:
        return next(each for each in self.orders if each.id == event.order_id), None

    async def asked_about(self, event: Event, order: OrderSnapshot | None) -> None:
        """Nobody was asked anything."""

    async def answer(self, code: str, overlay: Overlay, message: Message, *, empty: bool) -> Any:
        assert (code, empty) == ("crm", False)
        if message["ask"] == "read":
            return await overlay.read(message["address"], message["key"], None)
        if message["ask"] == "page":
            return await overlay.page(message["address"], message["prefix"], message["after"], message["limit"], None)
        overlay.write(message["address"], message["changes"])
        return None


Write = Callable[..., Source]
Play = Callable[..., AbstractAsyncContextManager[Player]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a plugin as a module of its own: what it does when an order is placed, and more hooks."""

    def make(name: str, placed: str = SEND, more: str = "", text: str = PLUGIN) -> Source:
        (tmp_path / f"{name}.py").write_text(text.replace("PLACED", placed) + more)
        return Source(f"{name}:Plugin", str(tmp_path))

    return make


@pytest.fixture
def play() -> Play:
    """Both versions running over the log."""

    def start(old: Source, new: Source, settings: Any = None, **options: Any) -> AbstractAsyncContextManager[Player]:
        world: Any = Recorded()
        return both_versions(world, "crm", Side(old), Side(new, PluginTable(settings or {})), **options)

    return start


async def all_of(player: Player, **selection: Any) -> list[Comparison]:
    return [comparison async for comparison in player.play(Selection(**selection))]


@pytest.fixture
def compared(play: Play) -> Callable[..., Any]:
    """The comparisons of a whole run."""

    async def run(old: Source, new: Source, **options: Any) -> list[Comparison]:
        async with play(old, new, **options) as player:
            return await all_of(player)

    return run
