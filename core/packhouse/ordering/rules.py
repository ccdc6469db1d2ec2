"""When a new order is held instead of going on: pure."""

from collections.abc import Sequence

from packhouse.customers.rules import address_problems
from packhouse.ordering.data import OnShortage, PlaceOrder
from packhouse.orders.states import HoldReason
from packhouse.sdk import Objection, Refused, Verdict

Hold = tuple[HoldReason, str]


def own_holds(data: PlaceOrder, *, needs_address: bool, total: int) -> list[Hold]:
    """Holds for an address that no parcel can be sent to, and for money that has not come.

    Raises:
        Refused: BAD_ADDRESS, where the buyer is still there to mend it (`on_shortage` REFUSE is our own checkout).
    """
    holds: list[Hold] = []
    problems = address_problems(data.shipping_address) if needs_address else []
    if problems and data.on_shortage is OnShortage.REFUSE:
        field, message = problems[0]
        raise Refused("BAD_ADDRESS", message, field)
    holds += [(HoldReason.ADDRESS, "; ".join(message for _, message in problems))] if problems else []
    if data.hold_if_unpaid and not is_paid(data, total):
        holds.append((HoldReason.PAYMENT, "the channel has not reported the money yet"))
    return holds


def is_paid(data: PlaceOrder, total: int) -> bool:
    """Whether what was charged or authorised covers the total (minor units)."""
    return sum(payment.amount.minor for payment in data.payments) >= total


def objection_holds(objections: Sequence[tuple[str, Objection]]) -> list[Hold]:
    """What plugins object to: a refusal is raised, the others become holds.

    Raises:
        Refused: with the plugin's own code.
    """
    for plugin, objection in objections:
        if objection.verdict is Verdict.REFUSE:
            raise Refused(objection.code, f"{objection.message} ({plugin})", objection.field)
    return [(_reason(objection.code), f"{objection.message} ({plugin})") for plugin, objection in objections]


def _reason(code: str) -> HoldReason:
    """The hold reason of that name, else REVIEW: somebody has to look."""
    try:
        return HoldReason(code.lower())
    except ValueError:
        return HoldReason.REVIEW
