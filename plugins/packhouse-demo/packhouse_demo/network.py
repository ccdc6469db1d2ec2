"""The simulated 3PL: it accepts work after a moment, and ships all of it a moment later. Kept in memory only."""

from dataclasses import dataclass
from datetime import datetime

from packhouse.sdk import (
    FulfillmentRequest,
    NetworkShipment,
    NetworkStatus,
    NetworkUpdate,
    ProviderRefused,
    fact_id,
    now,
)
from packhouse_demo.carrier import STEP_SECONDS
from packhouse_demo.settings import DemoSettings
from packhouse_demo.tracking import CARRIER, tracking_number, tracking_url

# Seconds after the submission, at speed 1.
_ACCEPTED_AFTER = 1.0
_SHIPPED_AFTER = 3.0


@dataclass(frozen=True, slots=True)
class _Work:
    request: FulfillmentRequest
    external_id: str
    submitted_at: datetime


class DemoNetwork:
    """Sends nothing, and says when it would have."""

    code = "demo-3pl"
    title = "Demo 3PL (simulated)"

    def __init__(self, settings: DemoSettings) -> None:
        self._settings = settings
        self._work: dict[str, _Work] = {}

    async def submit(self, request: FulfillmentRequest) -> NetworkUpdate:
        """Take work on, once for each reference.

        Raises:
            ProviderRefused: there is nothing to send.
        """
        if not request.items:
            raise ProviderRefused(f"the request {request.reference} has nothing to send")
        external_id = f"3PL-{fact_id('demo 3pl', request.reference).hex[:10].upper()}"
        work = self._work.setdefault(request.reference, _Work(request, external_id, now()))
        return self._update(work)

    async def fetch(self, reference: str) -> NetworkUpdate | None:
        """How work stands; None for a reference that was not submitted since the process started."""
        work = self._work.get(reference)
        return None if work is None else self._update(work)

    def _update(self, work: _Work) -> NetworkUpdate:
        at = now()
        if at >= work.submitted_at + self._settings.lasting(_SHIPPED_AFTER):
            return NetworkUpdate(NetworkStatus.SHIPPED, work.external_id, shipments=(self._shipment(work),))
        accepted = at >= work.submitted_at + self._settings.lasting(_ACCEPTED_AFTER)
        return NetworkUpdate(NetworkStatus.ACCEPTED if accepted else NetworkStatus.SUBMITTED, work.external_id)

    def _shipment(self, work: _Work) -> NetworkShipment:
        shipped_at = work.submitted_at + self._settings.lasting(_SHIPPED_AFTER)
        number = tracking_number(work.request.reference, shipped_at, self._settings.lasting(STEP_SECONDS))
        return NetworkShipment(
            external_id=f"{work.external_id}-1",
            carrier=CARRIER,
            tracking_number=number,
            shipped_at=shipped_at,
            lines={item.line: item.quantity for item in work.request.items},
            service="standard",
            tracking_url=tracking_url(number),
        )
