import asyncio
from uuid import uuid4

import pytest

from packhouse.events.models import EventRow, ProviderCall
from packhouse.orders.models import Order
from packhouse.payments.commands.record_payment import RecordPayment, record_payment
from packhouse.payments.commands.refund_order import RetryRefund, refund_order, retry_refund
from packhouse.payments.commands.request_refund import RefundOrder
from packhouse.payments.log import logged
from packhouse.payments.models import PaymentEvent, Refund
from packhouse.payments.rules import PaymentSummary, payment_status
from packhouse.payments.states import PaymentKind
from packhouse.sdk import (
    InvalidValue,
    Money,
    ProviderError,
    ProviderInDoubt,
    ProviderRefused,
    Providers,
    ProviderUnavailable,
    Refused,
)
from packhouse.storage import Database, Initiator
from packhouse.testing.payments import FakeBank, make_charge, money_of


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


async def summary(order: Order) -> PaymentSummary:
    return payment_status(map(logged, await PaymentEvent.filter(order_id=order.id)), order.total)


async def refused(database: Database, providers: Providers, by: Initiator, order: Order, data: RefundOrder) -> Refused:
    """The refusal of a refund, which left everything as it was."""
    before = await money_of(order)
    with pytest.raises(Refused) as info:
        await refund_order(database, providers, by, data)
    assert await money_of(order) == before
    return info.value


async def test_the_provider_that_took_the_money_gives_it_back(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    refund = await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("7.50"), "one was chipped"))

    assert (refund.status, refund.amount, refund.provider, refund.reference) == ("done", 750, "bank", "bank-1")
    (request,) = bank.asked
    assert (request.idempotency_key, request.order_number) == (str(refund.id), paid.number)
    assert (request.payment_reference, request.amount, request.reason) == ("pay-1", gbp("7.50"), "one was chipped")
    assert (await money_of(paid)).payments == [
        ("charge", "success", 2000),
        ("refund", "request", 750),
        ("refund", "success", 750),
    ]
    made = await PaymentEvent.get(order_id=paid.id, kind="refund", outcome="success")
    assert (made.external_id, made.attempt, made.provider) == ("bank-1", str(refund.id), "bank")
    event = await EventRow.get(order_id=paid.id, type="refund_made")
    assert event.payload == {
        "refund_id": str(refund.id),
        "amount": 750,
        "currency": "GBP",
        "provider": "bank",
        "reference": "bank-1",
        "return_id": None,
    }
    assert event.reason == "one was chipped"
    assert (await summary(paid)).refundable == 1250


async def test_without_an_amount_all_that_is_left_goes_back(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("0.01")))
    rest = await refund_order(database, bank.providers, by, RefundOrder(paid.id))

    assert rest.amount == 1999
    assert (await summary(paid)).refundable == 0
    nothing = await refused(database, bank.providers, by, paid, RefundOrder(paid.id))
    assert nothing.code == "NOTHING_TO_REFUND"


async def test_money_that_no_provider_took_is_recorded_as_given_back_by_hand(
    database: Database, by: Initiator, order: Order
) -> None:
    await make_charge(database, order, "20.00", provider="")

    data = RefundOrder(order.id, gbp("5.00"), "cash from the till", reference="till-9")
    refund = await refund_order(database, Providers(), by, data)

    assert (refund.status, refund.provider, refund.reference) == ("done", "", "till-9")
    made = await PaymentEvent.get(order_id=order.id, kind="refund", outcome="success")
    assert (made.method, made.external_id, made.amount) == ("by hand", "till-9", 500)
    assert await ProviderCall.all().count() == 0

    again = await refused(database, Providers(), by, order, data)
    assert (again.code, again.field) == ("ALREADY_RECORDED", "reference")


async def test_by_hand_needs_a_reason(database: Database, by: Initiator, paid: Order, bank: FakeBank) -> None:
    before = await money_of(paid)
    with pytest.raises(InvalidValue) as invalid:
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("5.00"), by_hand=True))
    assert invalid.value.field == "reason"
    assert await money_of(paid) == before

    refund = await refund_order(
        database, bank.providers, by, RefundOrder(paid.id, gbp("5.00"), "bank transfer", by_hand=True)
    )
    assert (refund.status, refund.provider, bank.asked) == ("done", "", [])


async def test_a_provider_that_is_not_loaded_is_not_passed_over(database: Database, by: Initiator, paid: Order) -> None:
    refusal = await refused(database, Providers(), by, paid, RefundOrder(paid.id, gbp("5.00"), "broken"))
    assert (refusal.code, refusal.field) == ("PROVIDER_NOT_REGISTERED", "byHand")


async def test_more_than_was_paid_is_refused(database: Database, by: Initiator, paid: Order, bank: FakeBank) -> None:
    refusal = await refused(database, bank.providers, by, paid, RefundOrder(paid.id, gbp("20.01")))
    assert (refusal.code, refusal.field) == ("REFUND_TOO_LARGE", "amount")
    assert "20.00 GBP" in refusal.message


async def test_other_refusals_change_nothing(database: Database, by: Initiator, paid: Order, bank: FakeBank) -> None:
    currency = await refused(database, bank.providers, by, paid, RefundOrder(paid.id, Money.of("1.00", "EUR")))
    assert (currency.code, currency.field) == ("CURRENCY_MISMATCH", "amount")
    unknown = await refused(database, bank.providers, by, paid, RefundOrder(uuid4()))
    assert (unknown.code, unknown.field) == ("NOT_FOUND", "orderId")
    for amount in ("0.00", "-1.00"):
        with pytest.raises(InvalidValue):
            await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp(amount)))
    assert bank.asked == []


async def test_each_payment_gives_back_no_more_than_it_brought(
    database: Database, by: Initiator, order: Order, bank: FakeBank
) -> None:
    await make_charge(database, order, "12.00", external_id="card")
    await make_charge(database, order, "8.00", external_id="voucher")

    split = await refused(database, bank.providers, by, order, RefundOrder(order.id, gbp("12.01")))
    assert (split.code, split.field) == ("SPLIT_THE_REFUND", "amount")
    for amount in ("10.00", "8.00", "2.00"):
        await refund_order(database, bank.providers, by, RefundOrder(order.id, gbp(amount)))

    assert [(each.payment_reference, each.amount) for each in bank.asked] == [
        ("card", gbp("10.00")),
        ("voucher", gbp("8.00")),
        ("card", gbp("2.00")),
    ]


async def test_twenty_refunds_at_once_never_exceed_what_was_paid(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    data = RefundOrder(paid.id, gbp("3.00"))
    answers = await asyncio.gather(
        *(refund_order(database, bank.providers, by, data) for _ in range(20)), return_exceptions=True
    )

    made = [answer for answer in answers if isinstance(answer, Refund)]
    codes = {answer.code for answer in answers if isinstance(answer, Refused)}
    assert (len(made), codes) == (6, {"REFUND_TOO_LARGE"})
    assert sum(request.amount.minor for request in bank.asked) == 1800
    assert (await summary(paid)).refundable == 200


async def test_a_refused_refund_fails_and_frees_its_amount(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    bank.error = ProviderRefused("card closed")
    with pytest.raises(ProviderRefused):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id))

    assert (await money_of(paid)).refunds == [("failed", 2000, "bank")]
    failure = await PaymentEvent.get(order_id=paid.id, outcome="failure")
    assert (failure.kind, failure.amount, failure.note) == ("refund", 2000, "card closed")
    assert not await EventRow.exists(order_id=paid.id, type="refund_made")
    assert (await summary(paid)).refundable == 2000


async def test_a_failed_refund_is_followed_by_one_new_one(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    bank.error = ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00"), "late"))
    failed = await Refund.get(order_id=paid.id)
    bank.error = None

    answers = await asyncio.gather(
        *(retry_refund(database, bank.providers, by, RetryRefund(failed.id)) for _ in range(5)), return_exceptions=True
    )

    (again,) = [answer for answer in answers if isinstance(answer, Refund)]
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"ALREADY_RETRIED"}
    assert (again.status, again.amount, again.reason, again.retry_of_id) == ("done", 300, "late", failed.id)
    assert (await money_of(paid)).refunds == [("failed", 300, "bank"), ("done", 300, "bank")]
    assert list(bank.made) == [str(again.id)]


async def test_a_refund_in_doubt_that_was_made_is_found_not_repeated(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    bank.error, bank.makes_it_first = TimeoutError(), True
    with pytest.raises(ProviderInDoubt):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00")))
    doubtful = await Refund.get(order_id=paid.id)
    assert doubtful.status == "in_doubt"
    assert (await summary(paid)).refundable == 1700
    bank.error = None

    cleared = await retry_refund(database, bank.providers, by, RetryRefund(doubtful.id))

    assert (cleared.id, cleared.status, cleared.reference) == (doubtful.id, "done", "bank-1")
    assert len(bank.asked) == 1
    assert [entry[:2] for entry in (await money_of(paid)).payments] == [
        ("charge", "success"),
        ("refund", "request"),
        ("refund", "in_doubt"),
        ("refund", "success"),
    ]
    assert ((await summary(paid)).refundable, (await summary(paid)).refunding) == (1700, 0)


async def test_a_refund_in_doubt_that_was_not_made_is_made_with_the_same_key(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    bank.error = ProviderInDoubt("no answer")
    with pytest.raises(ProviderInDoubt):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00")))
    doubtful = await Refund.get(order_id=paid.id)
    bank.error = None

    cleared = await retry_refund(database, bank.providers, by, RetryRefund(doubtful.id))

    assert (cleared.id, cleared.status) == (doubtful.id, "done")
    assert [request.idempotency_key for request in bank.asked] == [str(doubtful.id)] * 2


@pytest.mark.parametrize("find_error", [ProviderUnavailable("down"), ProviderRefused("who?")])
async def test_a_doubt_that_cannot_be_cleared_up_stays_one(
    database: Database, by: Initiator, paid: Order, bank: FakeBank, find_error: ProviderError
) -> None:
    bank.error, bank.find_error = ProviderInDoubt("no answer"), find_error
    with pytest.raises(ProviderInDoubt):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00")))
    doubtful = await Refund.get(order_id=paid.id)

    with pytest.raises(ProviderInDoubt):
        await retry_refund(database, bank.providers, by, RetryRefund(doubtful.id))

    assert (await money_of(paid)).refunds == [("in_doubt", 300, "bank")]
    assert (len(bank.asked), (await summary(paid)).refundable) == (1, 1700)


async def test_retrying_is_refused_where_it_makes_no_sense(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    done = await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00")))
    before = await money_of(paid)
    for refund_id, code in ((done.id, "ALREADY_REFUNDED"), (uuid4(), "NOT_FOUND")):
        with pytest.raises(Refused) as info:
            await retry_refund(database, bank.providers, by, RetryRefund(refund_id))
        assert (info.value.code, info.value.field) == (code, "refundId")
    assert await money_of(paid) == before


async def test_a_failed_refund_waits_for_its_provider(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    bank.error = ProviderRefused("no")
    with pytest.raises(ProviderRefused):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00"), "late"))
    failed = await Refund.get(order_id=paid.id)
    before = await money_of(paid)

    with pytest.raises(Refused) as info:
        await retry_refund(database, Providers(), by, RetryRefund(failed.id))

    assert info.value.code == "PROVIDER_NOT_REGISTERED"
    assert await money_of(paid) == before


async def test_a_refund_that_the_channel_told_of_first_counts_once(
    database: Database, by: Initiator, paid: Order, bank: FakeBank
) -> None:
    bank.error, bank.makes_it_first = ProviderInDoubt("no answer"), True
    with pytest.raises(ProviderInDoubt):
        await refund_order(database, bank.providers, by, RefundOrder(paid.id, gbp("3.00")))
    told = RecordPayment(paid.id, PaymentKind.REFUND, gbp("3.00"), provider="bank", external_id="bank-1")
    await database.write(by, lambda uow: record_payment(uow, told))
    doubtful = await Refund.get(order_id=paid.id)
    bank.error = None

    await retry_refund(database, bank.providers, by, RetryRefund(doubtful.id))

    after = await summary(paid)
    assert (after.refunded, after.refunding, after.refundable) == (300, 0, 1700)
    assert (await money_of(paid)).refunds == [("done", 300, "bank")]
