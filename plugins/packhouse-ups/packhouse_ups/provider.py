"""The carrier itself: what Packhouse asks of UPS, each as one operation of this package."""

import logging

from packhouse.sdk import (
    LabelRequest,
    ProviderInDoubt,
    ProviderRefused,
    PurchasedLabel,
    QuoteRequest,
    ShippingQuote,
    TrackingUpdate,
)
from packhouse_ups.client import UpsClient
from packhouse_ups.failures import NotFound
from packhouse_ups.rate import build_rate_request, read_rate_response
from packhouse_ups.settings import UpsSettings
from packhouse_ups.ship import (
    NOT_BOUGHT_CODES,
    STILL_IN_DOUBT_CODES,
    build_recovery_request,
    build_ship_request,
    read_recovery_response,
    read_ship_response,
)
from packhouse_ups.track import build_track_request, read_track_response
from packhouse_ups.units import CARRIER, TITLE
from packhouse_ups.void import ALREADY_VOIDED_CODE, build_void_request, read_void_response


class UpsProvider:
    """Quotes, buys, voids and tracks with UPS. Every method raises the SDK's ProviderErrors only."""

    code = CARRIER
    title = TITLE

    def __init__(self, settings: UpsSettings, client: UpsClient, log: logging.Logger) -> None:
        self._settings = settings
        self._client = client
        self._log = log

    async def quote(self, request: QuoteRequest) -> list[ShippingQuote]:
        """What each UPS service between the two addresses costs, the cheapest first."""
        return await self._client.call(build_rate_request(request, self._settings), read_rate_response)

    async def buy_label(self, request: LabelRequest) -> PurchasedLabel:
        """Buy a label. UPS knows no idempotency key: after ProviderInDoubt ask `find_label`, never buy again blindly."""
        label = await self._client.call(build_ship_request(request, self._settings), read_ship_response)
        self._log.info("Bought UPS label %s for %s", label.tracking_number, request.reference)
        return label

    async def find_label(self, request: LabelRequest) -> PurchasedLabel | None:
        """The label that an earlier call with the same reference bought; None where UPS knows of none that is valid.

        Raises:
            ProviderInDoubt: UPS knows the shipment, or several of them, but does not give a label.
        """
        try:
            return await self._client.call(build_recovery_request(request, self._settings), read_recovery_response)
        except ProviderRefused as refusal:
            if refusal.code in NOT_BOUGHT_CODES:
                return None
            if refusal.code in STILL_IN_DOUBT_CODES:
                raise ProviderInDoubt(refusal.detail, code=refusal.code) from None
            raise

    async def void_label(self, external_id: str, idempotency_key: str) -> None:  # noqa: ARG002 - UPS takes no key
        """Void a shipment by its number. One that is void already counts as done, so repeating is safe."""
        try:
            await self._client.call(build_void_request(external_id), read_void_response)
        except ProviderRefused as refusal:
            if refusal.code != ALREADY_VOIDED_CODE:
                raise
        self._log.info("Voided UPS shipment %s", external_id)

    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        """Every scan of a package; none while UPS has not seen it."""
        call = build_track_request(tracking_number)
        try:
            return await self._client.call(call, lambda payload: read_track_response(payload, tracking_number))
        except NotFound:
            return []
