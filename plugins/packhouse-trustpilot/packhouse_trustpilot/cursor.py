"""Where a pull has come to. A round walks the service reviews of a window, then the product reviews; windows overlap."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

import orjson


class Stream(StrEnum):
    """What is being walked."""

    SERVICE = "service"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next page of a round.

    `until` is the time of the newest service review that earlier rounds have seen, `product_until` that of the newest product
    review; `newest` is the newest one of the stream that this round has seen so far.
    """

    until: datetime
    product_until: datetime
    stream: Stream = Stream.SERVICE
    page: int = 1
    newest: datetime | None = None

    @classmethod
    def beginning(cls, at: datetime, history: timedelta) -> Self:
        """The first round of all: so far back, and no further."""
        return cls(at - history, at - history)

    @classmethod
    def read(cls, written: str) -> Self | None:
        """A cursor as it was written; None where it was not written here."""
        try:
            kept = orjson.loads(written)
            newest = kept["newest"]
            return cls(
                until=_time(kept["until"]),
                product_until=_time(kept["product_until"]),
                stream=Stream(kept["stream"]),
                page=int(kept["page"]),
                newest=_time(newest) if newest else None,
            )
        except (ValueError, TypeError, KeyError):
            return None

    def write(self) -> str:
        """As JSON, with UTC times."""
        return orjson.dumps(
            {
                "until": self.until,
                "product_until": self.product_until,
                "stream": self.stream.value,
                "page": self.page,
                "newest": self.newest,
            }
        ).decode()

    def after(self, created: list[datetime], now: datetime) -> Self:
        """The next page of the same stream, with what this one held. What is said to be from the future counts for nothing."""
        known = [moment for moment in created if moment <= now]
        newest = max([*known, *([self.newest] if self.newest else [])], default=None)
        return replace(self, page=self.page + 1, newest=newest)

    def to_products(self) -> Self:
        """The product reviews, once the service reviews have been walked to their end."""
        until = max(self.until, self.newest or self.until)
        return replace(self, until=until, stream=Stream.PRODUCT, page=1, newest=None)

    def to_next_round(self) -> Self:
        """The service reviews again, once the product reviews have been walked."""
        until = max(self.product_until, self.newest or self.product_until)
        return replace(self, product_until=until, stream=Stream.SERVICE, page=1, newest=None)


def _time(written: str) -> datetime:
    read = datetime.fromisoformat(written)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
