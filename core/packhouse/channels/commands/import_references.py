"""What orders of the past refer to: customers, variants and locations, found or added, many at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from packhouse.events.arrays import any_text, bound
from packhouse.sdk import HistoryLocation, HistoryOrder, HistoryProduct, new_id, now
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id


@dataclass(frozen=True, slots=True)
class References:
    """Ids of what orders refer to: customers by their own id on the channel or by e-mail, variants by SKU, locations by code."""

    customers: Mapping[str, UUID]
    customers_by_email: Mapping[str, UUID]
    variants: Mapping[str, UUID]
    locations: Mapping[str, UUID]

    def customer_of(self, order: HistoryOrder) -> UUID | None:
        """The order's customer; None where the source says nothing about who bought."""
        if order.customer_external_id:
            return self.customers[order.customer_external_id]
        return self.customers_by_email.get(order.email.strip().lower())


async def find_references(uow: UnitOfWork, channel: str, orders: Sequence[HistoryOrder]) -> References:
    """Find everything that the orders refer to, and add what is missing.

    A SKU that the catalogue does not have is added where the source describes it; else it stays without a variant.
    """
    return References(
        await _customers(uow, channel, [order for order in orders if order.customer_external_id]),
        await _customers_by_email(uow, channel, [order for order in orders if not order.customer_external_id]),
        await _variants(uow, orders),
        await _locations(uow, orders),
    )


async def _customers(uow: UnitOfWork, channel: str, orders: Sequence[HistoryOrder]) -> dict[str, UUID]:
    wanted = {order.customer_external_id: order for order in reversed(orders)}
    condition = any_text(uow.dialect, "external_id", "$2")
    rows = await uow.fetch(
        f"SELECT id, external_id FROM customer WHERE channel = $1 AND external_id <> '' AND {condition}",
        channel,
        bound(uow.dialect, sorted(wanted)),
    )
    known = {row["external_id"]: read_id(row["id"]) for row in rows}
    return known | await _add_customers(
        uow, channel, {own_id: order for own_id, order in wanted.items() if own_id not in known}
    )


async def _customers_by_email(uow: UnitOfWork, channel: str, orders: Sequence[HistoryOrder]) -> dict[str, UUID]:
    wanted = {order.email.strip().lower(): order for order in reversed(orders) if order.email.strip()}
    condition = any_text(uow.dialect, "email", "$1")
    rows = await uow.fetch(
        f"SELECT id, email FROM customer WHERE email <> '' AND {condition} ORDER BY id DESC",
        bound(uow.dialect, sorted(wanted)),
    )
    known = {row["email"]: read_id(row["id"]) for row in rows}
    return known | await _add_customers(
        uow, channel, {email: order for email, order in wanted.items() if email not in known}
    )


async def _add_customers(uow: UnitOfWork, channel: str, missing: Mapping[str, HistoryOrder]) -> dict[str, UUID]:
    ids = {key: new_id() for key in missing}
    rows = [
        {
            "id": ids[key],
            "email": order.email.strip().lower(),
            "name": order.customer_name[:255],
            "phone": order.customer_phone[:64],
            "channel": channel,
            "external_id": order.customer_external_id,
            "is_demo": False,
            "created_at": now(),
        }
        for key, order in missing.items()
    ]
    await uow.insert("customer", rows)
    return ids


async def _variants(uow: UnitOfWork, orders: Sequence[HistoryOrder]) -> dict[str, UUID]:
    lines = [line for order in orders for line in order.lines]
    known = await _ids(uow, "variant", "sku", {line.sku for line in lines})
    described = {line.sku: line.product for line in reversed(lines) if line.product is not None}
    missing = {sku: product for sku, product in described.items() if sku not in known}
    ids = {sku: new_id() for sku in missing}
    await uow.insert("variant", [_variant(ids[sku], product) for sku, product in missing.items()])
    return known | ids


def _variant(own_id: UUID, product: HistoryProduct) -> dict[str, object]:
    return {
        "id": own_id,
        "sku": product.sku,
        "barcode": product.barcode[:64],
        "title": product.title[:255],
        "weight_grams": product.weight_grams,
        "length_mm": product.length_mm,
        "width_mm": product.width_mm,
        "height_mm": product.height_mm,
        "hs_code": "",
        "country_of_origin": "",
        "requires_shipping": True,
        "is_demo": False,
        "created_at": now(),
    }


async def _locations(uow: UnitOfWork, orders: Sequence[HistoryOrder]) -> dict[str, UUID]:
    places = {
        shipment.location.code: shipment.location
        for order in orders
        for shipment in order.shipments
        if shipment.location is not None
    }
    known = await _ids(uow, "location", "code", places)
    ids = {code: new_id() for code in places if code not in known}
    await uow.insert("location", [_location(own_id, places[code]) for code, own_id in ids.items()])
    return known | ids


def _location(own_id: UUID, place: HistoryLocation) -> dict[str, object]:
    return {
        "id": own_id,
        "code": place.code,
        "name": place.name[:255],
        "kind": place.kind,
        "network": "",
        "address": asdict(place.address),
        "priority": 100,
        "group": "",
        "is_active": True,
        "is_demo": False,
        "created_at": now(),
    }


async def _ids(uow: UnitOfWork, table: str, column: str, wanted: Iterable[str]) -> dict[str, UUID]:
    rows = await uow.fetch(
        f"SELECT id, {column} AS name FROM {table} WHERE {any_text(uow.dialect, column, '$1')}",
        bound(uow.dialect, sorted(wanted)),
    )
    return {row["name"]: read_id(row["id"]) for row in rows}
