from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packhouse.payments.rules import LoggedPayment, payment_status
from packhouse.payments.states import PaymentKind, PaymentOutcome, PaymentStatus
from packhouse.sdk import InvalidValue


def log(text: str) -> list[LoggedPayment]:
    """Entries such as `charge success 500 card a1`: kind, outcome, minor units, and optionally payment and attempt."""
    entries = []
    for line in text.split(","):
        kind, outcome, amount, *rest = line.split()
        payment, attempt = (*rest, "", "")[:2]
        entries.append(LoggedPayment(PaymentKind(kind), PaymentOutcome(outcome), int(amount), payment, attempt))
    return entries


@pytest.mark.parametrize(
    ("entries", "total", "status"),
    [
        ("charge request 1000", 1000, "none"),
        ("charge failure 1000", 1000, "none"),
        ("charge request 1000, charge in_doubt 1000", 1000, "none"),
        ("authorization success 1000", 1000, "authorized"),
        ("authorization failure 1000", 1000, "none"),
        ("authorization success 1000, cancel success 1000", 1000, "none"),
        ("authorization success 1000, charge success 400", 1000, "partially_paid"),
        ("charge success 1000", 1000, "paid"),
        ("charge success 600, charge success 400", 1000, "paid"),
        ("charge success 1200", 1000, "overpaid"),
        # Giving back the excess leaves what was due.
        ("charge success 1200, refund success 200", 1000, "paid"),
        ("charge success 1000, refund success 300", 1000, "partially_refunded"),
        ("charge success 1000, refund success 300, refund success 700", 1000, "refunded"),
        ("charge success 1000, refund request 300", 1000, "paid"),
        ("charge success 1000, refund success 300, refund_reverse success 300", 1000, "paid"),
        ("charge success 1000, chargeback success 1000", 1000, "none"),
        ("charge success 1000, chargeback success 400", 1000, "partially_paid"),
        # Another card: the first was refunded.
        ("charge success 1000, refund success 1000, charge success 1000", 1000, "paid"),
        ("charge success 500", 0, "overpaid"),
        ("charge success 500, refund success 500", 0, "refunded"),
    ],
)
def test_status(entries: str, total: int, status: str) -> None:
    assert payment_status(log(entries), total).status == status


def test_an_empty_log() -> None:
    assert payment_status([], 1000).status is PaymentStatus.NONE
    assert payment_status([], 0).status is PaymentStatus.PAID


def test_every_sum() -> None:
    entries = log(
        "authorization request 5000 card, authorization success 5000 card, charge request 3000 card c1,"
        "charge success 3000 card c1, cancel success 500 card, charge success 700 voucher,"
        "charge request 900 card c2, refund request 1000 card r1, refund success 1000 card r1,"
        "refund request 200 card r2, refund in_doubt 200 card r2, refund request 50 card r3, refund failure 50 card r3,"
        "chargeback success 300 card"
    )
    assert asdict(payment_status(entries, 6000)) == {
        "status": PaymentStatus.PARTIALLY_REFUNDED,
        "authorized": 1500,
        "charged": 3700,
        "charged_back": 300,
        "refunded": 1000,
        "charging": 900,
        "refunding": 200,
        "refundable": 2200,
        "outstanding": 2600,
        "overpaid": 0,
    }


def test_a_voucher_leaves_the_authorization_of_the_card() -> None:
    entries = log("authorization success 800 card, charge success 200 voucher")
    assert payment_status(entries, 1000).authorized == 800


def test_a_charge_without_authorization_is_no_negative_authorization() -> None:
    entries = log("charge success 500 voucher, authorization success 500 card")
    assert payment_status(entries, 1000).authorized == 500


def test_a_refund_in_doubt_cannot_be_given_twice() -> None:
    entries = log("charge success 1000, refund request 1000 card r1, refund in_doubt 1000 card r1")
    summary = payment_status(entries, 1000)
    assert (summary.status, summary.refunding, summary.refundable) == (PaymentStatus.PAID, 1000, 0)


def test_another_refund_does_not_answer_the_one_in_doubt() -> None:
    entries = log("charge success 1000, refund in_doubt 400 card r1, refund success 400 card r2")
    assert payment_status(entries, 1000).refunding == 400
    assert payment_status(entries, 1000).refundable == 200


def test_without_attempts_requests_are_answered_by_amount() -> None:
    entries = log("charge success 1000, refund request 300, refund success 300, refund request 200")
    assert payment_status(entries, 1000).refunding == 200


def test_a_chargeback_is_owed_again_and_a_refund_is_not() -> None:
    assert payment_status(log("charge success 1000, chargeback success 1000"), 1000).outstanding == 1000
    assert payment_status(log("charge success 1000, refund success 1000"), 1000).outstanding == 0


def test_negative_amounts_are_refused() -> None:
    with pytest.raises(InvalidValue, match="a payment entry cannot be negative: -1"):
        LoggedPayment(PaymentKind.CHARGE, PaymentOutcome.SUCCESS, -1)
    with pytest.raises(InvalidValue, match="an order's total cannot be negative: -1"):
        payment_status([], -1)


_entries = st.lists(
    st.builds(
        LoggedPayment,
        kind=st.sampled_from(PaymentKind),
        outcome=st.sampled_from(PaymentOutcome),
        amount_minor=st.integers(0, 1000),
        payment=st.sampled_from(["card", "voucher"]),
        attempt=st.sampled_from(["", "a1", "a2"]),
    ),
    max_size=12,
)


@given(_entries, st.integers(0, 3000), st.randoms())
def test_the_order_of_the_entries_does_not_matter(entries: list[LoggedPayment], total: int, random: object) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    assert payment_status(shuffled, total) == payment_status(entries, total)


@given(_entries, st.integers(0, 3000))
def test_the_sums_agree_with_each_other(entries: list[LoggedPayment], total: int) -> None:
    summary = payment_status(entries, total)
    amounts = asdict(summary)
    del amounts["status"]
    received = max(0, summary.charged - summary.charged_back)

    assert min(amounts.values()) >= 0
    assert summary.refundable == max(0, received - summary.refunded - summary.refunding)
    assert summary.outstanding == max(0, total - received)
    assert not (summary.overpaid and summary.outstanding)
    assert (summary.status is PaymentStatus.OVERPAID) is (summary.overpaid > 0)
    if summary.status is PaymentStatus.PAID:
        assert received - summary.refunded == total
    if summary.status is PaymentStatus.REFUNDED:
        assert summary.refundable == 0 < summary.refunded
    if summary.status is PaymentStatus.AUTHORIZED:
        assert summary.authorized > 0 == received
    if summary.status is PaymentStatus.NONE:
        assert summary.authorized == 0 == received


@given(_entries, st.integers(0, 3000))
def test_only_successes_move_money(entries: list[LoggedPayment], total: int) -> None:
    successes = [entry for entry in entries if entry.outcome is PaymentOutcome.SUCCESS]
    every, only = payment_status(entries, total), payment_status(successes, total)
    assert (every.status, every.authorized, every.charged, every.charged_back, every.refunded, every.outstanding) == (
        only.status,
        only.authorized,
        only.charged,
        only.charged_back,
        only.refunded,
        only.outstanding,
    )


@given(st.integers(1, 10_000), st.lists(st.integers(1, 3000), max_size=20))
def test_refunding_what_is_refundable_never_gives_back_more_than_was_charged(charged: int, asked: list[int]) -> None:
    entries = [LoggedPayment(PaymentKind.CHARGE, PaymentOutcome.SUCCESS, charged)]
    for number, amount in enumerate(asked):
        granted = min(amount, payment_status(entries, charged).refundable)
        attempt = f"r{number}"
        entries.append(LoggedPayment(PaymentKind.REFUND, PaymentOutcome.REQUEST, granted, "", attempt))
        if number % 2:
            entries.append(LoggedPayment(PaymentKind.REFUND, PaymentOutcome.SUCCESS, granted, "", attempt))
    summary = payment_status(entries, charged)
    assert summary.refunded + summary.refunding == min(charged, sum(asked))
    assert summary.refundable == charged - min(charged, sum(asked))
