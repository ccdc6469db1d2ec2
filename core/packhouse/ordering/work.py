"""An order's units as work: what somebody has to send, before it is written."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from packhouse.fulfillment.states import FulfillmentOrderStatus
from packhouse.sdk import new_id


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Units of an order line that somebody has to send; `position` is the line's place in what was asked for."""

    order_line_id: UUID
    variant_id: UUID
    sku: str
    quantity: int
    position: int = 0


@dataclass(slots=True)
class Part:
    """Units of a line in a work; `waits` of them are not there yet."""

    line: WorkLine
    quantity: int = 0
    waits: int = 0
    id: UUID = field(default_factory=new_id)


@dataclass(slots=True)
class Work:
    """What a location shall send together; nothing of it before `fulfill_at`."""

    location_id: UUID
    fulfill_at: datetime | None = None
    parts: list[Part] = field(default_factory=list)
    id: UUID = field(default_factory=new_id)

    @property
    def waits(self) -> int:
        """Units that are not there yet."""
        return sum(part.waits for part in self.parts)

    @property
    def status(self) -> FulfillmentOrderStatus:
        """As what it begins."""
        if self.fulfill_at is not None:
            return FulfillmentOrderStatus.SCHEDULED
        return FulfillmentOrderStatus.BACKORDERED if self.waits else FulfillmentOrderStatus.OPEN

    def add(self, line: WorkLine, units: int, waits: int = 0) -> None:
        """More units of a line."""
        if not self.parts or self.parts[-1].line is not line:
            self.parts.append(Part(line))
        self.parts[-1].quantity += units
        self.parts[-1].waits += waits
