"""Buying a label: the intent first, then the carrier, then the label; one in doubt is asked about, never bought twice."""

from dataclasses import dataclass
from uuid import UUID

from packhouse.events.calls import call_provider
from packhouse.events.record import record
from packhouse.fulfillment.commands.load import refuse_held, touch_orders
from packhouse.sdk import BuysLabels, EventType, LabelRequest, Providers, PurchasedLabel, Refused, now
from packhouse.shipping.commands.load import BUY_LABEL, known_shipment, locked_shipment, refuse_open_call
from packhouse.shipping.models import Label, Shipment
from packhouse.shipping.requests import quote_request
from packhouse.shipping.states import SHIPMENT_STATUS, ShipmentStatus
from packhouse.storage import Database, Initiator, UnitOfWork


@dataclass(frozen=True, slots=True)
class BuyLabel:
    """A label to buy; carrier and service are those of the shipment where none are given."""

    shipment_id: UUID
    carrier: str = ""
    service: str = ""


async def buy_label(database: Database, providers: Providers, by: Initiator, data: BuyLabel) -> Shipment:
    """Buy a shipment's label.

    After ProviderInDoubt the shipment is still a draft; buying again asks the carrier for the label first.

    Raises:
        IllegalTransition: it has a label already, was handed over, or voided.
        Refused: NOT_FOUND, ON_HOLD, NOT_PACKED, UNKNOWN_CARRIER, NO_SERVICE, CARRIER_CALL_OPEN (another purchase is in
            doubt), or IN_PROGRESS.
        ProviderError: it was not bought, or (ProviderInDoubt) may have been.
    """
    shipment = await database.write(by, lambda uow: _prepare(uow, data, providers))
    provider = _provider(providers, shipment.carrier)
    request = await label_request(shipment)

    async def send() -> PurchasedLabel:
        return await provider.buy_label(request)

    async def find() -> PurchasedLabel | None:
        return await provider.find_label(request)

    async def bought(uow: UnitOfWork, label: PurchasedLabel) -> Shipment:
        return await _write(uow, shipment.id, label)

    return await call_provider(
        database,
        by,
        provider=shipment.carrier,
        operation=BUY_LABEL,
        subject_id=shipment.id,
        order_id=shipment.order_id,
        idempotency_key=request.idempotency_key,
        send=send,
        find=find,
        on_success=bought,
    )


async def _prepare(uow: UnitOfWork, data: BuyLabel, providers: Providers) -> Shipment:
    """Check, and note carrier and service before anything is bought: an answer in doubt is asked for with the same ones."""
    shipment = await locked_shipment(data.shipment_id)
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.LABEL_PURCHASED)
    await refuse_held([shipment.order_id], "shipmentId")
    if shipment.parcel_id is None:
        raise Refused("NOT_PACKED", f"shipment {shipment.id} has no parcel: there is nothing to label", "shipmentId")
    shipment.carrier = data.carrier or shipment.carrier
    shipment.service = data.service or shipment.service
    _provider(providers, shipment.carrier)
    if not shipment.service:
        raise Refused("NO_SERVICE", f"name a service of {shipment.carrier}; shippingQuotes lists them", "service")
    await refuse_open_call(shipment, but_key=_key(shipment))
    await shipment.save(update_fields=["carrier", "service"])
    return shipment


def _provider(providers: Providers, carrier: str) -> BuysLabels:
    # as an object: mypy sees no class that could be both Protocols
    provider: object = providers.carriers.get(carrier)
    if not isinstance(provider, BuysLabels):
        raise Refused(
            "UNKNOWN_CARRIER", f"no carrier {carrier!r} that sells labels is registered: enable its plugin", "carrier"
        )
    return provider


def _key(shipment: Shipment) -> str:
    """One purchase of one service for one shipment: another service is another purchase, with a key of its own."""
    return f"label/{shipment.id}/{shipment.carrier}/{shipment.service}"


async def label_request(shipment: Shipment) -> LabelRequest:
    """What a carrier is asked for.

    Raises:
        Refused: NOT_PACKED.
    """
    shipment = await known_shipment(shipment.id)
    if shipment.parcel_id is None:
        raise Refused("NOT_PACKED", f"shipment {shipment.id} has no parcel: there is nothing to label", "shipmentId")
    parcel = await quote_request(shipment.parcel_id)
    return LabelRequest(
        idempotency_key=_key(shipment),
        reference=str(shipment.id),
        service=shipment.service,
        ship_from=parcel.ship_from,
        ship_to=parcel.ship_to,
        parcels=parcel.parcels,
    )


async def _write(uow: UnitOfWork, shipment_id: UUID, label: PurchasedLabel) -> Shipment:
    shipment = await locked_shipment(shipment_id)
    SHIPMENT_STATUS.check(ShipmentStatus(shipment.status), ShipmentStatus.LABEL_PURCHASED)
    purchased_at = now()
    shipment.status = ShipmentStatus.LABEL_PURCHASED.value
    shipment.tracking_number = label.tracking_number
    shipment.tracking_url = label.tracking_url
    shipment.external_id = label.external_id
    shipment.price = label.price.minor if label.price else None
    shipment.price_currency = label.price.currency if label.price else ""
    shipment.label_purchased_at = purchased_at
    await shipment.save()
    await Label.create(
        shipment_id=shipment.id, media_type=label.media_type, content=label.content, created_at=purchased_at
    )
    await touch_orders([shipment.order_id])
    record(
        uow,
        EventType.LABEL_PURCHASED,
        shipment.id,
        order_id=shipment.order_id,
        payload={
            "shipment_id": str(shipment.id),
            "carrier": shipment.carrier,
            "service": shipment.service,
            "tracking_number": shipment.tracking_number,
            "price": shipment.price,
            "currency": shipment.price_currency,
        },
    )
    return shipment
