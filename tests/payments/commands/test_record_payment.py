from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.orders.models import Order
from packhouse.payments.commands.record_payment import RecordPayment, record_payment
from packhouse.payments.log import logged
from packhouse.payments.models import PaymentEvent
from packhouse.payments.rules import payment_status
from packhouse.payments.states import PaymentKind, PaymentOutcome, PaymentStatus
from packhouse.sdk import InvalidValue, Money, Refused
from packhouse.storage import Database, Initiator
from packhouse.testing.payments import money_of


def charge(order: Order, **changes: object) -> RecordPayment:
    data = RecordPayment(
        order.id,
        PaymentKind.CHARGE,
        Money.of("20.00", "GBP"),
        provider="bank",
        method="card",
        external_id="pay-1",
        note="at the till",
        occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    return replace(data, **changes)  # type: ignore[arg-type]  # tests give each field its own type


async def test_a_charge_is_recorded_with_its_event(database: Database, by: Initiator, order: Order) -> None:
    row = await database.write(by, lambda uow: record_payment(uow, charge(order)))

    kept = await PaymentEvent.get(id=row.id)
    assert (kept.kind, kept.outcome, kept.amount) == ("charge", "success", 2000)
    assert (kept.provider, kept.method, kept.external_id) == ("bank", "card", "pay-1")
    assert (kept.note, kept.attempt) == ("at the till", "")
    assert kept.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    event = await EventRow.get(order_id=order.id, type="payment_recorded")
    assert event.payload == {
        "kind": "charge",
        "outcome": "success",
        "amount": 2000,
        "currency": "GBP",
        "provider": "bank",
    }
    assert (await Order.get(id=order.id)).updated_at > order.updated_at


async def test_the_log_sums_to_the_payment_status(database: Database, by: Initiator, order: Order) -> None:
    for kind, amount, external_id in (
        ("authorization", "20.00", "a"),
        ("charge", "5.00", "b"),
        ("charge", "15.00", "c"),
    ):
        data = charge(order, kind=PaymentKind(kind), amount=Money.of(amount, "GBP"), external_id=external_id)
        await database.write(by, lambda uow, data=data: record_payment(uow, data))  # type: ignore[misc]

    summary = payment_status(map(logged, await PaymentEvent.filter(order_id=order.id)), order.total)
    assert (summary.status, summary.charged, summary.refundable) == (PaymentStatus.PAID, 2000, 2000)


async def test_the_same_external_id_changes_nothing(database: Database, by: Initiator, order: Order) -> None:
    first = await database.write(by, lambda uow: record_payment(uow, charge(order)))
    before, updated_at = await money_of(order), (await Order.get(id=order.id)).updated_at

    again = await database.write(by, lambda uow: record_payment(uow, charge(order, note="told twice")))

    assert again.id == first.id
    assert await money_of(order) == before
    assert (await Order.get(id=order.id)).updated_at == updated_at


async def test_the_failure_of_a_known_request_is_an_entry_of_its_own(
    database: Database, by: Initiator, order: Order
) -> None:
    for outcome in (PaymentOutcome.REQUEST, PaymentOutcome.FAILURE):
        data = charge(order, outcome=outcome)
        await database.write(by, lambda uow, data=data: record_payment(uow, data))  # type: ignore[misc]

    assert (await money_of(order)).payments == [("charge", "request", 2000), ("charge", "failure", 2000)]


async def test_entries_without_external_id_are_all_kept(database: Database, by: Initiator, order: Order) -> None:
    for _ in range(2):
        await database.write(by, lambda uow: record_payment(uow, charge(order, external_id="")))

    assert (await money_of(order)).payments == [("charge", "success", 2000)] * 2


async def test_a_known_external_id_with_another_amount_is_refused(
    database: Database, by: Initiator, order: Order
) -> None:
    await database.write(by, lambda uow: record_payment(uow, charge(order)))
    before = await money_of(order)

    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: record_payment(uow, charge(order, amount=Money.of("19.99", "GBP"))))

    assert (refused.value.code, refused.value.field) == ("CONTRADICTS_PAYMENT", "amount")
    assert await money_of(order) == before


async def test_another_currency_is_refused(database: Database, by: Initiator, order: Order) -> None:
    before = await money_of(order)

    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: record_payment(uow, charge(order, amount=Money.of("20.00", "EUR"))))

    assert (refused.value.code, refused.value.field) == ("CURRENCY_MISMATCH", "amount")
    assert await money_of(order) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Money.of("-0.01", "GBP")}, "amount"),
        ({"provider": "p" * 65}, "provider"),
        ({"method": "m" * 65}, "method"),
        ({"external_id": "e" * 129}, "externalId"),
        ({"occurred_at": datetime(2026, 3, 1)}, "occurredAt"),  # noqa: DTZ001  (the point of the test)
    ],
)
async def test_a_value_that_cannot_be_is_refused(
    database: Database, by: Initiator, order: Order, changes: dict[str, object], field: str
) -> None:
    before = await money_of(order)

    with pytest.raises(InvalidValue) as invalid:
        await database.write(by, lambda uow: record_payment(uow, charge(order, **changes)))

    assert invalid.value.field == field
    assert await money_of(order) == before


async def test_an_unknown_order_is_refused(database: Database, by: Initiator, order: Order) -> None:
    with pytest.raises(Refused) as refused:
        await database.write(by, lambda uow: record_payment(uow, charge(order, order_id=uuid4())))

    assert (refused.value.code, refused.value.field) == ("NOT_FOUND", "orderId")
