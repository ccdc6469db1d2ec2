"""What a customer may see of their own order: its progress, and nothing about who they are or where they live."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TrackingStep:
    """A step of the order's way; `at` is None while it is still to come."""

    title: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TrackingScan:
    """What a carrier said about a parcel."""

    at: datetime
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class TrackingParcel:
    """A parcel; `url` is the carrier's page, shown only if it is http(s)."""

    carrier: str
    number: str
    status: str
    url: str = ""
    scans: Sequence[TrackingScan] = field(default=())

    @property
    def safe_url(self) -> str:
        """The carrier's page, or nothing: an address out of a plugin must not become a script."""
        return self.url if self.url.startswith(("https://", "http://")) else ""


@dataclass(frozen=True, slots=True)
class TrackingLine:
    """Units of an article, and how many of them are on their way or there."""

    title: str
    quantity: int
    shipped: int


@dataclass(frozen=True, slots=True)
class TrackingView:
    """An order's progress as its customer sees it; `phase` is written for people ("in transit")."""

    number: str
    phase: str
    placed_at: datetime
    promised_by: datetime | None = None
    steps: Sequence[TrackingStep] = field(default=())
    parcels: Sequence[TrackingParcel] = field(default=())
    lines: Sequence[TrackingLine] = field(default=())
