"""The network itself: what Packhouse asks of Amazon, each as one operation of this package."""

import logging
from collections import Counter

from packhouse.sdk import (
    FulfillmentChange,
    FulfillmentPreview,
    FulfillmentRequest,
    NetworkStatus,
    NetworkStockPage,
    NetworkUpdate,
    ProviderError,
    ProviderRefused,
    TrackingUpdate,
    now,
)
from packhouse_amazon_mcf.client import AmazonClient
from packhouse_amazon_mcf.failures import NotFound
from packhouse_amazon_mcf.inventory import build_summaries, read_summaries
from packhouse_amazon_mcf.orders import (
    HOLD,
    SHIP,
    build_cancel_order,
    build_create_order,
    build_get_order,
    build_update_order,
    goes_to,
    read_action,
    read_created,
    read_nothing,
    read_order,
)
from packhouse_amazon_mcf.previews import build_preview, read_preview
from packhouse_amazon_mcf.settings import AmazonMcfSettings
from packhouse_amazon_mcf.shipments import read_scans
from packhouse_amazon_mcf.units import NETWORK, TITLE

# An order that has ended without a parcel needs no cancellation.
_ENDED = {NetworkStatus.CANCELLED, NetworkStatus.REJECTED}


class AmazonMcfProvider:
    """Submits, reads, changes, cancels, previews and tracks orders at Amazon, and reads its stock.

    Every method raises the SDK's ProviderErrors only.
    """

    code = NETWORK
    title = TITLE

    def __init__(self, settings: AmazonMcfSettings, client: AmazonClient, log: logging.Logger) -> None:
        self._settings = settings
        self._client = client
        self._log = log

    async def submit(self, request: FulfillmentRequest) -> NetworkUpdate:
        """Create the order. Amazon refuses one with the same id: so what it refuses is looked up before it counts as refused."""
        call = build_create_order(request, self._settings)
        try:
            update = await self._client.call(call, read_created)
        except ProviderRefused as refusal:
            known = await self._known(request.reference, refusal)
            if known is None:
                raise
            return known
        self._log.info("Amazon took order %s (%s)", request.reference, update.status)
        return update

    async def fetch(self, reference: str) -> NetworkUpdate | None:
        """How an order stands; None where Amazon never heard of it."""
        try:
            return await self._client.call(build_get_order(reference), read_order)
        except NotFound:
            return None

    async def cancel(self, reference: str, idempotency_key: str) -> NetworkUpdate:  # noqa: ARG002 - Amazon takes no key
        """Ask Amazon to stop. It says that it was asked; the order says later what came of it. One that it does not know is none.

        Asking twice is asking once.
        """
        try:
            await self._client.call(build_cancel_order(reference), read_nothing)
        except NotFound:
            return NetworkUpdate(NetworkStatus.CANCELLED, reason="Amazon does not know the order")
        except ProviderRefused as refusal:
            known = await self._known(reference, refusal)
            if known is not None and known.status in _ENDED and not known.shipments:
                return known
            raise
        self._log.info("Amazon was asked to cancel order %s", reference)
        return NetworkUpdate(NetworkStatus.CANCELLATION_PENDING)

    async def update(self, change: FulfillmentChange) -> None:
        """Hold an order, or let it ship. Its address cannot be changed at Amazon.

        Raises:
            ProviderRefused: the order goes to another address, or Amazon refuses.
        """
        action, order = await self._client.call(
            build_get_order(change.reference), lambda payload: (read_action(payload), payload)
        )
        if change.ship_to is not None and not goes_to(order, change.ship_to):
            raise ProviderRefused(
                "Amazon does not change the address of an order that it has: ask it to give the order back, and it is sent"
                " again to the new one",
                code="ADDRESS_FIXED",
            )
        wanted = {None: action, True: HOLD, False: SHIP}[change.on_hold]
        if action != wanted:
            await self._client.call(build_update_order(change.reference, wanted), read_nothing)

    async def preview(self, request: FulfillmentRequest) -> FulfillmentPreview:
        """How Amazon would send an order, how fast, and for how much."""
        wanted: Counter[str] = Counter()
        for item in request.items:
            wanted[self._settings.amazon_sku(item.sku)] += item.quantity
        call = build_preview(request, self._settings)
        return await self._client.call(call, lambda payload: read_preview(payload, wanted))

    async def track_shipment(self, reference: str, external_id: str) -> list[TrackingUpdate]:
        """What the order says of a parcel; none where Amazon does not know it."""
        try:
            return await self._client.call(
                build_get_order(reference), lambda payload: read_scans(payload, external_id, now())
            )
        except NotFound:
            return []

    async def pull_stock(self, location: str, cursor: str | None) -> NetworkStockPage:
        """A page of the stock that the location's marketplace can be sent from."""
        asked_at = now()
        call = build_summaries(location, cursor, self._settings)
        return await self._client.call(call, lambda payload: read_summaries(payload, asked_at, self._settings))

    async def _known(self, reference: str, refusal: ProviderRefused) -> NetworkUpdate | None:
        """What Amazon has under a reference, after it refused something about it.

        Raises:
            ProviderError: it cannot be found out.
        """
        try:
            return await self.fetch(reference)
        except ProviderError as error:
            error.add_note(f"asked because: {refusal.detail}")
            raise
