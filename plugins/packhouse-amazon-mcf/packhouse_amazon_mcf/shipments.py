"""Parcels: what Amazon calls the packages of an order's shipments (Fulfillment Outbound 2026-07-04, `Shipment`, `Package`).

A shipment is one parcel of Packhouse for each of its packages. Its first package has the shipment's own id: a shipment whose
packages become known late is then no second one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from packhouse.sdk import AnswerUnreadable, NetworkShipment, TrackingStatus, TrackingUpdate
from packhouse_amazon_mcf.mapping import Json, moment, required, section, several, text, units
from packhouse_amazon_mcf.units import INCIDENTS, PACKAGE_STATUSES, package_status

_SHIPPED = "SHIPPED"
_DELIVERED = "DELIVERED"
_MOST_CARRIER, _MOST_NUMBER, _MOST_URL = 64, 64, 500
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A parcel with its id, the packages in it (none where Amazon names none), and the items of its shipment in it."""

    external_id: str
    packages: Sequence[Json]
    items: Sequence[Json]


def read_parcels(order: Json) -> Iterator[NetworkShipment]:
    """The parcels of all shipments that left, with their units by our line ids.

    Raises:
        AnswerUnreadable: a shipment without an id, a line or a number of units.
    """
    for shipment in several(order.get("shipments")):
        if text(shipment, "status") == _SHIPPED:
            for parcel in _parcels(shipment):
                yield _network_shipment(order, shipment, parcel)


def read_scans(payload: Json, external_id: str, asked_at: datetime) -> list[TrackingUpdate]:
    """What is known of a parcel: that it left, and where it is now; none where Amazon does not know it.

    Amazon says no time of a package's status: it counts from the moment it was seen, a delivery from the delivery time.

    Raises:
        AnswerUnreadable: the answer holds no order.
    """
    order = section(payload, "order")
    required(order, "orderId")
    for shipment in several(order.get("shipments")):
        if text(shipment, "status") != _SHIPPED:
            continue
        for parcel in _parcels(shipment):
            if parcel.external_id == external_id:
                return list(_scans(shipment, parcel, asked_at))
    return []


def _parcels(shipment: Json) -> list[_Parcel]:
    shipment_id = required(shipment, "amazonShipmentId")
    items = several(shipment.get("items"))
    packages = sorted(
        (each for each in several(shipment.get("packages")) if text(each, "packageId")),
        key=lambda each: text(each, "packageId"),
    )
    inside = _items_by_package(items, packages)
    if inside is None:
        return [_Parcel(shipment_id, packages, items)]
    filled = [each for each in packages if inside[text(each, "packageId")]]
    return [
        _Parcel(
            f"{shipment_id}/{text(each, 'packageId')}" if place else shipment_id,
            [each],
            inside[text(each, "packageId")],
        )
        for place, each in enumerate(filled)
    ]


def _items_by_package(items: Sequence[Json], packages: Sequence[Json]) -> dict[str, list[Json]] | None:
    """The items in each package; None where Amazon does not say it of every item."""
    known = {text(each, "packageId") for each in packages}
    by_item = {item: text(each, "packageId") for each in packages for item in _item_ids(each)}
    inside: dict[str, list[Json]] = defaultdict(list)
    for item in items:
        package = text(item, "packageId") or by_item.get(text(item, "shipmentItemId"), "")
        if package not in known:
            return None
        inside[package].append(item)
    return inside or None


def _item_ids(package: Json) -> list[str]:
    found = package.get("shipmentItemIds")
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _network_shipment(order: Json, shipment: Json, parcel: _Parcel) -> NetworkShipment:
    lines: dict[str, int] = defaultdict(int)
    for item in parcel.items:
        lines[required(item, "lineItemId")] += units(item)
    if not lines or not all(lines.values()):
        raise AnswerUnreadable("a shipment that left has no units")
    tracking = section(parcel.packages[0], "tracking") if parcel.packages else {}
    carrier, amazon = section(tracking, "carrier"), section(tracking, "amazon")
    shipped_at = _shipped_at(order, shipment)
    if shipped_at is None:
        raise AnswerUnreadable("a shipment that left has no shipTime")
    return NetworkShipment(
        external_id=parcel.external_id,
        carrier=text(carrier, "carrierCode", _MOST_CARRIER).lower(),
        tracking_number=text(carrier, "trackingNumber", _MOST_NUMBER) or text(amazon, "trackingNumber", _MOST_NUMBER),
        shipped_at=shipped_at,
        lines=dict(lines),
        service=text(section(shipment, "serviceLevel"), "serviceTier", _MOST_CARRIER),
        tracking_url=_url(carrier) or _url(amazon),
    )


def _shipped_at(order: Json, shipment: Json) -> datetime | None:
    found = moment(shipment, "shipTime") or moment(order, "statusUpdateTime") or moment(order, "receiveTime")
    return found if found is None or found >= _EARLIEST else None


def _url(tracking: Json) -> str:
    url = text(tracking, "trackingUrl", _MOST_URL)
    return url if url.startswith(("https://", "http://")) else ""


def _scans(shipment: Json, parcel: _Parcel, asked_at: datetime) -> Iterator[TrackingUpdate]:
    left = moment(shipment, "shipTime")
    if left is not None:
        yield _scan(parcel, _SHIPPED, TrackingStatus.PICKED_UP, min(left, asked_at))
    statuses = [text(each, "status") for each in parcel.packages if text(each, "status")]
    if not statuses or len(statuses) < len(parcel.packages):
        return
    status = min(statuses, key=_progress)
    delivered_at = max((moment(each, "deliveryTime") or asked_at for each in parcel.packages), default=asked_at)
    at = min(delivered_at, asked_at) if status == _DELIVERED else asked_at
    yield _scan(parcel, status, package_status(status), at)


def _progress(status: str) -> int:
    return list(PACKAGE_STATUSES).index(status) if status in PACKAGE_STATUSES else -1


def _scan(parcel: _Parcel, word: str, status: TrackingStatus, at: datetime) -> TrackingUpdate:
    return TrackingUpdate(
        external_id=f"{parcel.external_id}:{word}",
        status=status,
        occurred_at=at,
        description=word.replace("_", " ").capitalize(),
        carrier_code=word,
        incident=INCIDENTS.get(word, ""),
    )
