"""What is promised for an order: by the calendars of the locations that send it, and the way from each of them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from packhouse.ordering.commands.supply import Heading, Supply
from packhouse.routing.promises import Promise, promise_of, promise_of_all
from packhouse.routing.timetables import timetables
from packhouse.sdk import new_id, now
from packhouse.storage import Reader, UnitOfWork

SOURCE = "calendar"


async def promises_of_senders(reader: Reader, supply: Supply, heading: Heading) -> Mapping[UUID, Promise]:
    """What each location that sends promises for what is there, in one statement at most; none where none has a calendar."""
    senders = supply.timed & supply.decision.assignments.keys()
    days = _days(supply)
    known = {each.location_id: each.promise for each in supply.senders if each.promise}
    if senders <= known.keys() and not senders & days.keys():
        return {location_id: known[location_id] for location_id in senders}
    at = now()
    tables = await timetables(reader, sorted(senders), heading.destination, heading.speed)
    return {location_id: promise_of(table, max(at, days.get(location_id, at))) for location_id, table in tables.items()}


def promise_of_order(supply: Supply, promises: Mapping[UUID, Promise]) -> Promise | None:
    """What holds for all of it; None where something waits, or where somebody promises nothing."""
    if supply.waits:
        return None
    return promise_of_all(promises.get(location_id) for location_id in supply.decision.assignments)


def _days(supply: Supply) -> dict[UUID, datetime]:
    """From when each location may send all of its part, where a pre-order is among it."""
    days: dict[UUID, datetime] = {}
    for location_id, units in supply.decision.assignments.items():
        for variant_id in units:
            terms = supply.terms.get((variant_id, location_id))
            if terms is not None and terms.available_from is not None:
                days[location_id] = max(terms.available_from, days.get(location_id, terms.available_from))
    return days


async def is_promised(reader: Reader, order_id: UUID) -> bool:
    """Whether anybody has promised anything about an order's delivery."""
    return bool(await reader.fetch("SELECT 1 FROM delivery_promise WHERE order_id = $1 LIMIT 1", order_id))


async def promise_delivery(uow: UnitOfWork, order_id: UUID, supply: Supply | None, heading: Heading) -> None:
    """Keep what is promised for an order that was given out; nothing where nobody knows when it arrives."""
    if supply is None or supply.waits or not supply.timed:
        return
    whole = promise_of_order(supply, await promises_of_senders(uow, supply, heading))
    if whole is None or whole.delivery is None:
        return
    row = {
        "id": new_id(),
        "order_id": order_id,
        "dispatch_by": whole.dispatch_by,
        "promised_from": whole.delivery.opens,
        "promised_by": whole.delivery.closes,
        "source": SOURCE,
        "made_at": now(),
    }
    await uow.insert("delivery_promise", [row])
