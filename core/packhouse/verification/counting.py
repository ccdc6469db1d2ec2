"""Stock counts against the ledger. What is right, the count or the ledger, only somebody at the shelf knows."""

from packhouse.verification.invariants import Invariant

_BOOKED = """(
  SELECT COALESCE(SUM(stock_movement.on_hand), 0) FROM stock_movement
  WHERE stock_movement.variant_id = stock_count_line.variant_id
    AND stock_movement.location_id = stock_count.location_id AND stock_movement.kind = 'count'
    AND stock_movement.reference = CAST(stock_count.id AS TEXT))"""

INVARIANTS = (
    Invariant(
        name="a count that was handed in has counted all its lines",
        table="stock_count_line",
        broken="""
          SELECT stock_count_line.id, stock_count_line.stock_count_id, stock_count_line.variant_id, stock_count_line.sku,
            stock_count.status
          FROM stock_count_line JOIN stock_count ON stock_count.id = stock_count_line.stock_count_id
          WHERE {batch} AND stock_count.status IN ('submitted', 'approved', 'rejected', 'closed')
            AND stock_count_line.counted IS NULL
          ORDER BY stock_count_line.id""",
        message="the count is {status}, and {sku} was never counted",
        proposal="count it again (recountStock), or make another count of it",
        ids=("stock_count_id", "variant_id"),
        locks=None,
    ),
    Invariant(
        name="what a count found is in the ledger when it is closed, and only then",
        table="stock_count_line",
        broken=f"""SELECT * FROM (
          SELECT stock_count_line.id, stock_count_line.stock_count_id, stock_count_line.variant_id, stock_count_line.sku,
            stock_count.status, {_BOOKED} AS booked,
            CASE WHEN stock_count.status = 'closed'
              THEN COALESCE(stock_count_line.counted + stock_count_line.away - stock_count_line.on_hand, 0) ELSE 0 END AS correct
          FROM stock_count_line JOIN stock_count ON stock_count.id = stock_count_line.stock_count_id
          WHERE {{batch}}) AS line WHERE booked <> correct ORDER BY id""",
        message="the count is {status}: {correct} units of {sku} should be booked, {booked} are",
        proposal="count {sku} again: the shelf knows whether the count or the ledger is right",
        ids=("stock_count_id", "variant_id"),
        locks=None,
    ),
)
