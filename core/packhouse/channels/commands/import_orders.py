"""Importing a batch of orders of the past: new ones are written, known ones compared, none is ever overwritten."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from packhouse.channels.commands.import_order import HistoryRows
from packhouse.channels.commands.import_references import find_references
from packhouse.channels.history import digest, objection
from packhouse.events.arrays import any_id, any_text, bound
from packhouse.sdk import EventType, HistoryOrder, fact_id
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id, read_json


class ImportOutcome(StrEnum):
    """What became of an order: written, there already, there already with other content, or left out."""

    IMPORTED = "imported"
    KNOWN = "known"
    DIFFERENT = "different"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order and what became of it; `reason` says why it was not written and is not known."""

    order: HistoryOrder
    outcome: ImportOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportOrders:
    """Orders of the past of one channel."""

    channel: str
    orders: Sequence[HistoryOrder]


# Rooms above this one keep their own part of the orders (reviews), in the same transaction: orders by their new ids.
KeepMore = Callable[[UnitOfWork, str, Mapping[UUID, HistoryOrder]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database has of a batch: digests by external id (None: an order that was not imported), and numbers."""

    digests: Mapping[str, str | None]
    numbers: frozenset[str]


async def import_orders(uow: UnitOfWork, data: ImportOrders, keep_more: KeepMore) -> list[ImportedOrder]:
    """Write the orders that are not there yet; returns what became of each, in their sequence.

    Nothing but their own rows changes: no stock moves, and their events are in the log for nobody's attention.
    """
    known = await _known(uow, data)
    seen: set[str] = set()
    results = []
    for order in data.orders:
        results.append(_judged(order, known, seen))
        seen |= {f"id {order.external_id}", f"number {order.number}"}
    fresh = [result.order for result in results if result.outcome is ImportOutcome.IMPORTED]
    rows = HistoryRows(uow, data.channel, await find_references(uow, data.channel, fresh))
    written = {rows.add(order): order for order in fresh}
    await rows.insert()
    await keep_more(uow, data.channel, written)
    return results


def _judged(order: HistoryOrder, known: _Known, seen: set[str]) -> ImportedOrder:
    reason = objection(order)
    if reason:
        return ImportedOrder(order, ImportOutcome.REJECTED, reason)
    if order.external_id in known.digests:
        return _compared(order, known.digests[order.external_id])
    if order.number in known.numbers or f"number {order.number}" in seen:
        return ImportedOrder(
            order, ImportOutcome.REJECTED, f"another order of this channel has the number {order.number}"
        )
    if f"id {order.external_id}" in seen:
        return ImportedOrder(order, ImportOutcome.REJECTED, f"order {order.external_id} came twice")
    return ImportedOrder(order, ImportOutcome.IMPORTED)


def _compared(order: HistoryOrder, imported: str | None) -> ImportedOrder:
    named = f"order {order.external_id}"
    if imported is None:
        return ImportedOrder(order, ImportOutcome.DIFFERENT, f"{named} is there, and was not imported: left as it is")
    if imported != digest(order):
        return ImportedOrder(
            order,
            ImportOutcome.DIFFERENT,
            f"{named} was imported before and said something else then: left as it is",
        )
    return ImportedOrder(order, ImportOutcome.KNOWN)


async def _known(uow: UnitOfWork, data: ImportOrders) -> _Known:
    dialect = uow.dialect
    by_external_id = await uow.fetch(
        "SELECT id, external_id, is_imported FROM orders"
        f" WHERE channel = $1 AND external_id <> '' AND {any_text(dialect, 'external_id', '$2')}",
        data.channel,
        bound(dialect, (order.external_id for order in data.orders)),
    )
    numbered = await uow.fetch(
        f"SELECT number FROM orders WHERE channel = $1 AND {any_text(dialect, 'number', '$2')}",
        data.channel,
        bound(dialect, (order.number for order in data.orders)),
    )
    events = {fact_id(EventType.ORDER_PLACED, read_id(row["id"])): row["external_id"] for row in by_external_id}
    told = await uow.fetch(f"SELECT id, payload FROM event WHERE {any_id(dialect, 'id', '$1')}", bound(dialect, events))
    digests: dict[str, str | None] = {row["external_id"]: None for row in by_external_id}
    digests |= {events[read_id(row["id"])]: read_json(row["payload"]).get("digest") for row in told}
    return _Known(digests, frozenset(row["number"] for row in numbered))
