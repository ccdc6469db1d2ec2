"""The lives of honest clients, by name."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.faults.hostile import housekeeping
from tests.faults.hostile import lives as orders
from tests.faults.hostile.walking import Walks

Life = Callable[[Walks], Awaitable[None]]


def lives(places: Sequence[Any], customers: Sequence[Any]) -> dict[str, Life]:
    """All of them, by name."""
    return {
        "delivered": orders.delivered,
        "cancelled": orders.cancelled,
        "given away": orders.given_away,
        "returned": orders.returned,
        "paid": orders.paid,
        "stocked": lambda walk: housekeeping.stocked(walk, places),
        "lots": lambda walk: housekeeping.kept_in_lots(walk, places),
        "counted": lambda walk: housekeeping.counted(walk, places),
        "reserved": orders.reserved,
        "set up": lambda walk: housekeeping.set_up(walk, places),
        "served": lambda walk: housekeeping.served(walk, customers),
    }
