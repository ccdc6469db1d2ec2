"""Divided stock levels: their units by bin and lot against the balances, and against where the movements happened."""

from typing import Any

from packhouse.inventory.commands.move import Movement, write_ledger
from packhouse.inventory.commands.place_movements import write_entries
from packhouse.inventory.shelves import Placed
from packhouse.inventory.states import MovementKind
from packhouse.sdk import new_id
from packhouse.storage import UnitOfWork
from packhouse.storage.dialect import read_id
from packhouse.verification.invariants import Found, Invariant, Locks, NotRepairable
from packhouse.verification.work import corrected_stock

_CONDITIONS = ("on_hand", "damaged", "quarantined")
_SAME_KEY = """holding_entry.variant_id = stock_holding.variant_id AND holding_entry.location_id = stock_holding.location_id
        AND holding_entry.bin = stock_holding.bin AND holding_entry.lot = stock_holding.lot"""
_LEVEL_OF = """stock_level.variant_id = {table}.variant_id AND stock_level.location_id = {table}.location_id"""


def _entries(condition: str) -> str:
    return f"(SELECT COALESCE(SUM(holding_entry.{condition}), 0) FROM holding_entry WHERE {_SAME_KEY})"


def _held(condition: str) -> str:
    return f"""(SELECT COALESCE(SUM(stock_holding.{condition}), 0) FROM stock_holding
      WHERE stock_holding.variant_id = stock_level.variant_id AND stock_holding.location_id = stock_level.location_id)"""


def _moved(condition: str) -> str:
    return f"(SELECT SUM(holding_entry.{condition}) FROM holding_entry WHERE holding_entry.movement_id = stock_movement.id)"


async def _recount(uow: UnitOfWork, row: Found, reason: str) -> None:
    """Make a holding what its movements come to; one that comes to nothing goes."""
    columns = ", ".join(f"{_entries(condition)} AS {condition}" for condition in _CONDITIONS)
    [correct] = await uow.fetch(f"SELECT {columns} FROM stock_holding WHERE id = $1", row["id"])
    units = [int(correct[condition]) for condition in _CONDITIONS]
    if units[0]:
        changes = ", ".join(f"{condition} = ${number}" for number, condition in enumerate(_CONDITIONS, 2))
        await uow.execute(f"UPDATE stock_holding SET {changes} WHERE id = $1", row["id"], *units)
    else:
        await uow.execute("DELETE FROM stock_holding WHERE id = $1", row["id"])
    corrected_stock(uow, row, "stock_holding", reason)


async def _open(uow: UnitOfWork, row: Found, reason: str) -> None:
    """Open the holding that is missing, with what its movements come to."""
    where = "variant_id = $2 AND location_id = $3 AND bin = $4 AND lot = $5"
    await uow.execute(
        f"""INSERT INTO stock_holding (id, variant_id, location_id, bin, lot, on_hand, damaged, quarantined)
        SELECT $1, variant_id, location_id, bin, lot, SUM(on_hand), SUM(damaged), SUM(quarantined) FROM holding_entry
        WHERE {where} GROUP BY variant_id, location_id, bin, lot""",
        new_id(),
        *(row[name] for name in ("variant_id", "location_id", "bin", "lot")),
    )
    corrected_stock(uow, row, "stock_holding", reason)


async def _place_rest(uow: UnitOfWork, row: Found, reason: str) -> None:
    """Units that no holding has go to the level's bin, of no lot; too many are taken from there."""
    place = (row["variant_id"], row["location_id"], row["bin"])
    rest = [int(row[condition]) - int(row[f"held_{condition}"]) for condition in _CONDITIONS]
    found = await uow.fetch(
        "SELECT * FROM stock_holding WHERE variant_id = $1 AND location_id = $2 AND bin = $3 AND lot = ''", *place
    )
    units = [int(found[0][condition]) if found else 0 for condition in _CONDITIONS]
    on_hand, damaged, quarantined = (have + more for have, more in zip(units, rest, strict=True))
    if min(on_hand - damaged - quarantined, damaged, quarantined) < 0:
        raise NotRepairable("its bins and lots have more units than there are: count them")
    if found:
        await uow.execute("DELETE FROM stock_holding WHERE id = $1", found[0]["id"])
    if on_hand:
        await uow.insert("stock_holding", [_holding(row, (on_hand, damaged, quarantined))])
    key = (read_id(row["variant_id"]), read_id(row["location_id"]))
    movement = Movement(*key, MovementKind.CORRECT, reason[:255], placed=(Placed(row["bin"], "", *rest),))
    await write_entries(uow, [movement], await write_ledger(uow, [movement]))
    corrected_stock(uow, row, "stock_holding", reason)


def _holding(row: Found, units: tuple[int, int, int]) -> dict[str, Any]:
    key = {"id": new_id(), "variant_id": row["variant_id"], "location_id": row["location_id"]}
    return {**key, "bin": row["bin"], "lot": "", **dict(zip(_CONDITIONS, units, strict=True))}


async def _divide(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("UPDATE stock_level SET is_divided = $2 WHERE id = $1", row["id"], True)
    corrected_stock(uow, row, "stock_level", reason)


async def _let_go(uow: UnitOfWork, row: Found, reason: str) -> None:
    await uow.execute("DELETE FROM holding_claim WHERE id = $1", row["id"])
    corrected_stock(uow, row, "holding_claim", reason)


_DIFFERS = " OR ".join(f"{condition} <> held_{condition}" for condition in _CONDITIONS)

INVARIANTS = (
    Invariant(
        name="only a divided level has holdings",
        table="stock_level",
        broken=f"""SELECT stock_level.id, stock_level.variant_id, stock_level.location_id FROM stock_level
          WHERE {{batch}} AND NOT stock_level.is_divided AND EXISTS (
            SELECT 1 FROM stock_holding WHERE {_LEVEL_OF.format(table="stock_holding")}) ORDER BY stock_level.id""",
        message="its units lie in bins and lots, and it is not divided",
        proposal="divide it",
        ids=("variant_id", "location_id"),
        repair=_divide,
        locks=Locks.BALANCE,
    ),
    *(
        Invariant(
            name=f"{condition.replace('_', ' ')} in a bin and of a lot is the sum of its movements",
            table="stock_holding",
            broken=f"""SELECT * FROM (
              SELECT stock_holding.id, stock_holding.variant_id, stock_holding.location_id, stock_holding.bin,
                stock_holding.lot, stock_holding.{condition} AS stored, {_entries(condition)} AS correct,
                (SELECT stock_level.id FROM stock_level WHERE {_LEVEL_OF.format(table="stock_holding")}) AS level
              FROM stock_holding WHERE {{batch}}) AS holding WHERE stored <> correct ORDER BY id""",
            message=f"{condition} in bin '{{bin}}' of lot '{{lot}}' is {{stored}}, its movements come to {{correct}}",
            proposal=f"make {condition} {{correct}}",
            ids=("variant_id", "location_id"),
            repair=_recount,
            locks=Locks.LEVEL,
        )
        for condition in _CONDITIONS
    ),
    Invariant(
        name="units that movements brought somewhere are there",
        table="holding_entry",
        broken="""SELECT * FROM (
          SELECT holding_entry.id, holding_entry.variant_id, holding_entry.location_id, holding_entry.bin,
            holding_entry.lot, (
              SELECT SUM(same.on_hand) FROM holding_entry AS same WHERE same.variant_id = holding_entry.variant_id
                AND same.location_id = holding_entry.location_id AND same.bin = holding_entry.bin
                AND same.lot = holding_entry.lot) AS units,
            (SELECT stock_level.id FROM stock_level WHERE stock_level.variant_id = holding_entry.variant_id
              AND stock_level.location_id = holding_entry.location_id) AS level
          FROM holding_entry WHERE {batch} AND NOT EXISTS (
            SELECT 1 FROM stock_holding WHERE stock_holding.variant_id = holding_entry.variant_id
              AND stock_holding.location_id = holding_entry.location_id AND stock_holding.bin = holding_entry.bin
              AND stock_holding.lot = holding_entry.lot)) AS entry WHERE units <> 0 ORDER BY id""",
        message="movements left {units} units in bin '{bin}' of lot '{lot}', and nothing is known of them",
        proposal="open the holding",
        ids=("variant_id", "location_id"),
        repair=_open,
        locks=Locks.LEVEL,
    ),
    Invariant(
        name="where a movement happened comes to what it moved",
        table="stock_movement",
        broken=f"""SELECT * FROM (
          SELECT stock_movement.id, stock_movement.variant_id, stock_movement.location_id, stock_movement.on_hand AS units,
            stock_movement.damaged, stock_movement.quarantined, stock_movement.kind,
            {", ".join(f"{_moved(condition)} AS held_{condition}" for condition in _CONDITIONS)}
          FROM stock_movement WHERE {{batch}}
            AND stock_movement.kind NOT IN ('{MovementKind.DIVIDE}', '{MovementKind.CORRECT}')
            AND EXISTS (SELECT 1 FROM holding_entry WHERE holding_entry.movement_id = stock_movement.id)) AS movement
          WHERE units <> held_on_hand OR damaged <> held_damaged OR quarantined <> held_quarantined ORDER BY id""",
        message="it moved {units} units ({kind}), and {held_on_hand} by bin and lot",
        proposal="find out which bins and lots it concerned: who received a lot hangs on it",
        ids=("variant_id", "location_id"),
        locks=None,
    ),
    Invariant(
        name="a divided level is the sum of its bins and lots",
        table="stock_level",
        broken=f"""SELECT * FROM (
          SELECT stock_level.id, stock_level.variant_id, stock_level.location_id, stock_level.bin,
            {", ".join(f"stock_level.{condition}" for condition in _CONDITIONS)},
            {", ".join(f"{_held(condition)} AS held_{condition}" for condition in _CONDITIONS)}
          FROM stock_level WHERE {{batch}} AND stock_level.is_divided) AS level WHERE {_DIFFERS} ORDER BY id""",
        message="{on_hand} units are on hand ({damaged} damaged, {quarantined} in quarantine), its bins and lots have"
        " {held_on_hand} ({held_damaged}, {held_quarantined})",
        proposal="put the difference into its bin '{bin}', of no lot, by a correcting movement",
        ids=("variant_id", "location_id"),
        repair=_place_rest,
        locks=Locks.BALANCE,
    ),
    Invariant(
        name="units that are being picked are there",
        table="stock_holding",
        broken="""SELECT * FROM (
          SELECT stock_holding.id, stock_holding.variant_id, stock_holding.location_id, stock_holding.bin,
            stock_holding.lot, stock_holding.on_hand - stock_holding.damaged - stock_holding.quarantined AS units, (
              SELECT COALESCE(SUM(holding_claim.quantity), 0) FROM holding_claim
              WHERE holding_claim.variant_id = stock_holding.variant_id
                AND holding_claim.location_id = stock_holding.location_id AND holding_claim.bin = stock_holding.bin
                AND holding_claim.lot = stock_holding.lot) AS claimed
          FROM stock_holding WHERE {batch}) AS holding WHERE claimed > units ORDER BY id""",
        message="{claimed} units in bin '{bin}' of lot '{lot}' are being picked, and {units} are there",
        proposal="count the bin, and reject the work that cannot be done",
        ids=("variant_id", "location_id"),
        locks=None,
    ),
    Invariant(
        name="only work under way keeps units in a bin for itself",
        table="holding_claim",
        broken="""SELECT holding_claim.id, holding_claim.variant_id, holding_claim.location_id, holding_claim.bin,
            holding_claim.lot, holding_claim.quantity, holding_claim.fulfillment_order_line_id
          FROM holding_claim WHERE {batch} AND NOT EXISTS (
            SELECT 1 FROM pick
            JOIN fulfillment_order_line ON fulfillment_order_line.id = pick.fulfillment_order_line_id
            JOIN fulfillment_order ON fulfillment_order.id = fulfillment_order_line.fulfillment_order_id
            WHERE pick.id = holding_claim.pick_id AND pick.quantity >= holding_claim.quantity
              AND fulfillment_order_line.id = holding_claim.fulfillment_order_line_id
              AND fulfillment_order.status IN ('in_progress', 'packed', 'incomplete'))
          ORDER BY holding_claim.id""",
        message="{quantity} units in bin '{bin}' of lot '{lot}' are kept for a pick that asks for fewer, or has ended",
        proposal="let go of them",
        ids=("fulfillment_order_line_id", "variant_id", "location_id"),
        repair=_let_go,
        locks=None,
    ),
)
