from typing import Any

import pytest

from packhouse.ordering.data import OnShortage, PlaceLine, PlaceOrder, PlacePayment
from packhouse.ordering.rules import is_paid, objection_holds, own_holds
from packhouse.orders.states import HoldReason
from packhouse.sdk import Address, Money, Objection, Refused, Verdict
from packhouse.testing.factories import ADDRESS

NOWHERE = Address(country="GB")


def order(**changes: Any) -> PlaceOrder:
    values: dict[str, Any] = {"lines": (PlaceLine("MUG", 1),), "shipping_address": ADDRESS}
    return PlaceOrder(channel="web", currency="GBP", **{**values, **changes})


def paid(*amounts: int) -> tuple[PlacePayment, ...]:
    return tuple(PlacePayment("charge", Money.from_minor(amount, "GBP")) for amount in amounts)


def test_a_good_order_is_not_held() -> None:
    assert own_holds(order(), needs_address=True, total=1000) == []


def test_a_buyer_who_is_there_is_asked_for_the_address() -> None:
    with pytest.raises(Refused) as refused:
        own_holds(order(shipping_address=NOWHERE), needs_address=True, total=1000)
    assert (refused.value.code, refused.value.field) == ("BAD_ADDRESS", "shippingAddress.name")


def test_an_order_that_was_sold_already_waits_for_its_address() -> None:
    data = order(shipping_address=NOWHERE, on_shortage=OnShortage.HOLD)
    ((reason, note),) = own_holds(data, needs_address=True, total=1000)
    assert reason is HoldReason.ADDRESS
    assert note.count(";") == 3, "every problem is named"


def test_what_is_not_sent_needs_no_address() -> None:
    assert own_holds(order(shipping_address=None), needs_address=False, total=1000) == []


@pytest.mark.parametrize(("amounts", "enough"), [((), False), ((999,), False), ((600, 400), True), ((1001,), True)])
def test_money_that_has_not_come_is_waited_for(amounts: tuple[int, ...], enough: bool) -> None:
    data = order(payments=paid(*amounts), hold_if_unpaid=True)
    assert is_paid(data, 1000) is enough
    reasons = [reason for reason, _ in own_holds(data, needs_address=True, total=1000)]
    assert reasons == ([] if enough else [HoldReason.PAYMENT])


def test_an_order_that_costs_nothing_is_paid() -> None:
    assert is_paid(order(), 0)


def test_a_plugins_refusal_is_raised_with_its_own_words() -> None:
    hold = ("first", Objection(Verdict.HOLD, "FRAUD", "score 97"))
    refuse = ("guard", Objection(Verdict.REFUSE, "BLOCKED", "not to this buyer", "email"))
    with pytest.raises(Refused, match=r"not to this buyer \(guard\)") as refused:
        objection_holds([hold, refuse])
    assert (refused.value.code, refused.value.field) == ("BLOCKED", "email")


@pytest.mark.parametrize(
    ("code", "reason"), [("FRAUD", HoldReason.FRAUD), ("address", HoldReason.ADDRESS), ("ODD", HoldReason.REVIEW)]
)
def test_an_objection_becomes_the_hold_of_its_name(code: str, reason: HoldReason) -> None:
    assert objection_holds([("guard", Objection(Verdict.HOLD, code, "look"))]) == [(reason, "look (guard)")]


def test_no_objection_is_no_hold() -> None:
    assert objection_holds([]) == []
