"""The simulated 3PL: it accepts work after a moment, ships all of it a moment later, and gives it back until then. Kept in memory only."""

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
        self._given_back: set[str] = set()

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

    async def cancel(self, reference: str, idempotency_key: str) -> NetworkUpdate:  # noqa: ARG002 - asking twice is asking once
        """Give work back that has not left.

        Raises:
            ProviderRefused: it has left, or was not submitted since the process started.
        """
        work = self._work.get(reference)
        if work is None:
            raise ProviderRefused(f"the demo 3PL does not know {reference}")
        if reference not in self._given_back and now() >= self._leaves_at(work):
            raise ProviderRefused(f"{work.external_id} has left already")
        self._given_back.add(reference)
        return self._update(work)

    def _leaves_at(self, work: _Work) -> datetime:
        return work.submitted_at + self._settings.lasting(_SHIPPED_AFTER)

    def _update(self, work: _Work) -> NetworkUpdate:
        at = now()
        if work.request.reference in self._given_back:
            return NetworkUpdate(NetworkStatus.CANCELLED, work.external_id, "given back as you asked")
        if at >= self._leaves_at(work):
            return NetworkUpdate(NetworkStatus.SHIPPED, work.external_id, shipments=(self._shipment(work),))
        accepted = at >= work.submitted_at + self._settings.lasting(_ACCEPTED_AFTER)
        return NetworkUpdate(NetworkStatus.ACCEPTED if accepted else NetworkStatus.SUBMITTED, work.external_id)

    def _shipment(self, work: _Work) -> NetworkShipment:
        shipped_at = self._leaves_at(work)
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
