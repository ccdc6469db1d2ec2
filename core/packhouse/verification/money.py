"""Amounts of orders against their lines, refunds against the payment log, and returns against their refunds.

No repair ever makes it possible to pay something twice: the log is only completed, and a refund that it knows as made is made.
"""

from packhouse.payments.states import PaymentKind, PaymentOutcome, RefundStatus
from packhouse.sdk import new_id, now
from packhouse.storage import UnitOfWork
from packhouse.verification.invariants import Found, Invariant
from packhouse.verification.work import corrected

_LINE_TOTAL = (
    "order_line.unit_price * order_line.ordered - order_line.discount"
    " + CASE WHEN orders.tax_included THEN 0 ELSE order_line.tax END"
)
_SUBTOTAL = "(SELECT COALESCE(SUM(unit_price * ordered), 0) FROM order_line WHERE order_line.order_id = orders.id)"
_ENTRY = """(
  SELECT {what} FROM payment_event WHERE payment_event.order_id = refund.order_id AND payment_event.kind = 'refund'
    AND payment_event.attempt = CAST(refund.id AS VARCHAR(36)) AND payment_event.outcome = '{outcome}')"""
# The entry of the log that belongs to each status of a refund.
_OUTCOME = {
    RefundStatus.REQUESTED: PaymentOutcome.REQUEST,
    RefundStatus.DONE: PaymentOutcome.SUCCESS,
    RefundStatus.FAILED: PaymentOutcome.FAILURE,
    RefundStatus.IN_DOUBT: PaymentOutcome.IN_DOUBT,
}
# What the money of a return's line is while its refund has this status.
_MONEY = "CASE refund.status WHEN 'done' THEN 'refunded' WHEN 'failed' THEN 'pending' ELSE 'in_doubt' END"


def _has(outcome: PaymentOutcome) -> str:
    return f"EXISTS {_ENTRY.format(what='1', outcome=outcome.value)}"


async def _set_total(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("UPDATE order_line SET total = $2 WHERE id = $1", row["id"], row["correct"])
    await corrected(uow, row, "lines", reason)


async def _set_subtotal(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("UPDATE orders SET subtotal = $2 WHERE id = $1", row["id"], row["correct"])
    await corrected(uow, row, "subtotal", reason)


async def _set_refunded(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute(
        "UPDATE refund SET status = $2, finished_at = COALESCE(finished_at, $3) WHERE id = $1",
        row["id"],
        RefundStatus.DONE.value,
        now(),
    )
    await corrected(uow, row, "refund", reason)


async def _set_amount(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("UPDATE refund SET amount = $2 WHERE id = $1", row["id"], row["correct"])
    await corrected(uow, row, "refund", reason)


async def _complete_log(uow: UnitOfWork, row: Found, reason: str) -> None:
    entry = {
        "id": new_id(),
        "order_id": row["order_id"],
        "kind": PaymentKind.REFUND.value,
        "outcome": row["correct"],
        "amount": row["amount"],
        "provider": row["provider"],
        "method": "",
        "external_id": "",
        "attempt": str(row["id"]),
        "grown_to": 0,
        "note": reason[:255],
        "occurred_at": now(),
    }
    await uow.insert("payment_event", [entry])
    await corrected(uow, row, "payment_event", reason)


async def _set_money(uow: UnitOfWork, row: Found, reason: str) -> None:
    keeps = "" if row["correct"] != "pending" else ", refund_id = NULL, refund = 0"
    await uow.execute(f"UPDATE return_line SET money = $2{keeps} WHERE id = $1", row["id"], row["correct"])
    await corrected(uow, row, "return_line", reason)


def _logged(status: RefundStatus | None, outcome: PaymentOutcome) -> Invariant:
    """A refund (in that status) has that entry in the log."""
    condition = f"AND refund.status = '{status.value}'" if status else ""
    return Invariant(
        name=f"a refund that is {status.value.replace('_', ' ')} is so in the payment log"
        if status
        else "every refund was asked for in the payment log",
        table="refund",
        broken=f"""
          SELECT refund.id, refund.order_id, refund.amount, refund.provider, refund.status AS stored,
            '{outcome.value}' AS correct
          FROM refund WHERE {{batch}} {condition} AND NOT {_has(outcome)} ORDER BY refund.id""",
        message="it is {stored}, and the payment log has no entry {correct} of it",
        proposal="add the entry to the log",
        ids=("order_id",),
        repair=_complete_log,
    )


INVARIANTS = (
    Invariant(
        name="an order line's total is what its units cost",
        table="order_line",
        broken=f"""SELECT * FROM (
          SELECT order_line.id, order_line.order_id, order_line.total AS stored, {_LINE_TOTAL} AS correct
          FROM order_line JOIN orders ON orders.id = order_line.order_id WHERE {{batch}}) AS line
          WHERE stored <> correct ORDER BY id""",
        message="its total is {stored} minor units, its price, discount and tax come to {correct}",
        proposal="set its total to {correct}",
        ids=("order_id",),
        repair=_set_total,
    ),
    Invariant(
        name="an order's subtotal is the sum of its lines",
        table="orders",
        broken=f"""SELECT * FROM (
          SELECT orders.id, orders.id AS order_id, orders.number, orders.subtotal AS stored, {_SUBTOTAL} AS correct
          FROM orders WHERE {{batch}}) AS found WHERE stored <> correct ORDER BY id""",
        message="the subtotal of order {number} is {stored} minor units, its lines come to {correct}",
        proposal="set the subtotal to {correct}",
        repair=_set_subtotal,
    ),
    Invariant(
        name="a refund that the payment log knows as made is made",
        table="refund",
        broken=f"""
          SELECT refund.id, refund.order_id, refund.status AS stored, 'done' AS correct
          FROM refund WHERE {{batch}} AND refund.status <> 'done' AND {_has(PaymentOutcome.SUCCESS)} ORDER BY refund.id""",
        message="it is {stored}, and the payment log says that the money was given back",
        proposal="make it done, so that nobody pays it again",
        ids=("order_id",),
        repair=_set_refunded,
    ),
    _logged(None, PaymentOutcome.REQUEST),
    *(_logged(status, _OUTCOME[status]) for status in (RefundStatus.DONE, RefundStatus.FAILED, RefundStatus.IN_DOUBT)),
    Invariant(
        name="a refund's amount is the one that was asked for",
        table="refund",
        broken=f"""SELECT * FROM (
          SELECT refund.id, refund.order_id, refund.amount AS stored,
            {_ENTRY.format(what="MIN(payment_event.amount)", outcome=PaymentOutcome.REQUEST.value)} AS correct
          FROM refund WHERE {{batch}}) AS found WHERE stored <> correct ORDER BY id""",
        message="it is of {stored} minor units, {correct} were asked for",
        proposal="set its amount to {correct}",
        ids=("order_id",),
        repair=_set_amount,
    ),
    Invariant(
        name="every attempt in the payment log belongs to a refund",
        table="payment_event",
        broken="""
          SELECT payment_event.id, payment_event.order_id, payment_event.attempt, payment_event.outcome
          FROM payment_event WHERE {batch} AND payment_event.kind = 'refund' AND payment_event.attempt <> ''
            AND NOT EXISTS (SELECT 1 FROM refund WHERE refund.order_id = payment_event.order_id
              AND CAST(refund.id AS VARCHAR(36)) = payment_event.attempt)
          ORDER BY payment_event.id""",
        message="it is the {outcome} of refund {attempt}, which is not there",
        proposal="ask the payment provider what became of it",
        ids=("order_id",),
    ),
    Invariant(
        name="the money of a return's line is where its refund is",
        table="return_line",
        broken=f"""SELECT * FROM (
          SELECT return_line.id, return_request.order_id, return_request.number, return_line.money AS stored,
            {_MONEY} AS correct, refund.status
          FROM return_line JOIN return_request ON return_request.id = return_line.return_request_id
          JOIN refund ON refund.id = return_line.refund_id
          WHERE {{batch}}) AS line WHERE stored <> correct ORDER BY id""",
        message="a line of return {number} is {stored}, and its refund is {status}",
        proposal="make its money {correct}",
        ids=("order_id",),
        repair=_set_money,
    ),
    Invariant(
        name="only a refund moves the money of a return's line",
        table="return_line",
        broken="""
          SELECT return_line.id, return_request.order_id, return_request.number, return_line.money AS stored
          FROM return_line JOIN return_request ON return_request.id = return_line.return_request_id
          LEFT JOIN refund ON refund.id = return_line.refund_id
          WHERE {batch} AND refund.id IS NULL AND return_line.money IN ('refunded', 'in_doubt') ORDER BY return_line.id""",
        message="a line of return {number} is {stored}, and no refund is",
        proposal="ask the payment provider whether the money was given back, and record it",
        ids=("order_id",),
    ),
)
