"""Tracking numbers that tell the whole journey: when it began and how long each step of it takes.

`DM` + nine digits of the start (milliseconds since 1970) + five of a step's length (milliseconds) + four of a checksum, all in
base 36. Nothing has to be remembered, so a carrier that was restarted gives the same scans.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from packhouse.sdk import TrackingStatus, TrackingUpdate

CARRIER = "demo-carrier"
_PREFIX = "DM"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_START, _STEP, _CHECK = 9, 5, 4
_LENGTH = len(_PREFIX) + _START + _STEP + _CHECK
_MOST_STEP = 36**_STEP - 1

_SCANS = (
    (TrackingStatus.PICKED_UP, "Picked up (simulated)", "Demo depot"),
    (TrackingStatus.IN_TRANSIT, "At the sorting centre (simulated)", "Demo sorting centre"),
    (TrackingStatus.OUT_FOR_DELIVERY, "Out for delivery (simulated)", "Demo delivery round"),
    (TrackingStatus.DELIVERED, "Delivered (simulated)", "At the customer's door"),
)


@dataclass(frozen=True, slots=True)
class Journey:
    """A parcel's way: scans one `step` after another, the first one step after `started_at` (UTC)."""

    number: str
    started_at: datetime
    step: timedelta

    def scans(self, at: datetime) -> list[TrackingUpdate]:
        """Every scan until a moment, oldest first."""
        return [
            TrackingUpdate(
                external_id=f"{self.number}-{place}",
                status=status,
                occurred_at=self.started_at + place * self.step,
                description=description,
                place=where,
                carrier_code=status.value.upper(),
            )
            for place, (status, description, where) in enumerate(_SCANS, 1)
            if self.started_at + place * self.step <= at
        ]


def tracking_number(subject: str, started_at: datetime, step: timedelta) -> str:
    """The number of a parcel that starts now; `subject` tells two of one moment apart."""
    start = int(started_at.timestamp() * 1000)
    length = min(max(1, int(step.total_seconds() * 1000)), _MOST_STEP)
    body = _base36(start, _START) + _base36(length, _STEP)
    return _PREFIX + body + _checksum(subject)


def tracking_url(number: str) -> str:
    """A page about the parcel; nobody serves it."""
    return f"https://carrier.example.com/track/{number}"


def journey_of(number: str) -> Journey | None:
    """The journey that a number tells; None where it is none of ours."""
    body = number.removeprefix(_PREFIX)
    if len(number) != _LENGTH or not number.startswith(_PREFIX) or not set(body) <= set(_DIGITS):
        return None
    start, step = int(body[:_START], 36), int(body[_START : _START + _STEP], 36)
    try:
        started_at = datetime.fromtimestamp(start / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return Journey(number, started_at, timedelta(milliseconds=step))


def _base36(value: int, width: int) -> str:
    text = ""
    while value:
        value, digit = divmod(value, 36)
        text = _DIGITS[digit] + text
    return text.rjust(width, "0")


def _checksum(subject: str) -> str:
    digest = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big")
    return _base36(digest % 36**_CHECK, _CHECK)
