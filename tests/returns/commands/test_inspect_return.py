from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from packhouse.events.models import EventRow
from packhouse.inventory.models import Location, StockLevel, StockMovement
from packhouse.orders.models import OrderLine
from packhouse.returns.commands.inspect_return import InspectedUnits, InspectReturn, inspect_return
from packhouse.returns.models import ReturnInspection
from packhouse.returns.states import Disposition
from packhouse.sdk import InvalidValue, PackhouseError, Refused
from packhouse.settings.sections import ReturnsSettings
from packhouse.storage import Database, Initiator

Snapshot = Callable[[], Awaitable[object]]
POLICY = ReturnsSettings()


async def stock(desk: Any, sku: str) -> tuple[int, int]:
    level = await StockLevel.get(variant_id=(await desk.order_line(sku)).variant_id, location_id=desk.location.id)
    return level.on_hand, level.quarantined


@pytest.mark.parametrize(
    ("disposition", "stocked"),
    [
        (Disposition.RESTOCK, (8, 0)),
        (Disposition.QUARANTINE, (8, 1)),
        (Disposition.SCRAP, (7, 0)),
        (Disposition.SEND_BACK, (7, 0)),
    ],
)
async def test_each_disposition_moves_its_stock(desk: Any, disposition: Disposition, stocked: tuple[int, int]) -> None:
    request = await desk.received(mugs=1, plates=0)
    assert await stock(desk, "MUG") == (7, 0)

    await desk.inspect(request, "MUG", 1, disposition)

    assert await stock(desk, "MUG") == stocked
    line = await desk.line(request, "MUG")
    assert (line.custody, line.money) == ("disposed", "pending")
    (inspection,) = await ReturnInspection.filter(return_line_id=line.id)
    assert (inspection.quantity, inspection.disposition) == (1, disposition.value)
    movements = await StockMovement.filter(reference=str(inspection.id))
    expected = [(disposition.value, 1, stocked[1], desk.order.id)] if stocked[0] == 8 else []
    assert [(row.kind, row.on_hand, row.quarantined, row.order_id) for row in movements] == expected
    event = await EventRow.get(type="return_inspected")
    assert event.payload["units"] == [
        {"sku": "MUG", "location_id": str(desk.location.id), "quantity": 1, "disposition": disposition.value}
    ]


async def test_the_ledger_agrees_after_mixed_dispositions(desk: Any) -> None:
    request = await desk.received(mugs=3, plates=1)
    await desk.inspect(request, "MUG", 1, Disposition.RESTOCK)
    assert (await desk.line(request, "MUG")).custody == "inspected"
    await desk.inspect(request, "MUG", 1, Disposition.SCRAP)
    await desk.inspect(request, "MUG", 1, Disposition.QUARANTINE)
    assert (await desk.line(request, "MUG")).custody == "disposed"
    assert (await desk.line(request, "PLATE")).custody == "received"

    assert await stock(desk, "MUG") == (9, 1)
    moved = await StockMovement.filter(variant_id=(await desk.order_line("MUG")).variant_id)
    assert (sum(row.on_hand for row in moved), sum(row.quarantined for row in moved)) == (9, 1)
    assert (await EventRow.filter(type="stock_adjusted").order_by("-recorded_at").first()).payload["delta"] == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(("restock", "disposition"), [(True, "restock"), (False, "quarantine")])
async def test_the_policy_decides_where_the_inspection_does_not(
    database: Database, by: Initiator, desk: Any, restock: bool, disposition: str
) -> None:
    request = await desk.received(mugs=1, plates=0)
    line = await desk.line(request, "MUG")
    data = InspectReturn(request.id, (InspectedUnits(line.id, desk.location.id, 1),))

    policy = ReturnsSettings(restock_by_default=restock)
    await database.write(by, lambda uow: inspect_return(uow, data, policy))

    assert (await ReturnInspection.get(return_line_id=line.id)).disposition == disposition


async def test_a_return_is_inspected_while_more_is_to_come(desk: Any) -> None:
    request = await desk.approved()
    await desk.receive(request, {"MUG": 1})
    await desk.inspect(request, "MUG", 1)
    assert (await desk.line(request, "MUG")).custody == "inspected"

    await desk.receive(request, {}, nothing_more_comes=True)

    assert (await desk.line(request, "MUG")).custody == "disposed"


async def test_what_cannot_be_decided_is_refused(
    database: Database, by: Initiator, desk: Any, snapshot: Snapshot
) -> None:
    request = await desk.approved()
    await desk.receive(request, {"MUG": 2})
    await desk.inspect(request, "MUG", 1)
    await OrderLine.filter(sku="PLATE").update(variant_id=None)
    mug, here = await desk.line(request, "MUG"), desk.location.id
    before = await snapshot()

    def units(line_id: UUID = mug.id, location_id: UUID = here, quantity: int = 1, note: str = "") -> InspectReturn:
        return InspectReturn(request.id, (InspectedUnits(line_id, location_id, quantity, Disposition.RESTOCK, note),))

    twice = InspectReturn(request.id, units().units * 2)
    plate = await desk.line(request, "PLATE")
    cases: list[tuple[InspectReturn, type[PackhouseError], str, str]] = [
        (InspectReturn(request.id, ()), InvalidValue, "units", ""),
        (units(quantity=0), InvalidValue, "units.0.quantity", ""),
        (units(note="x" * 256), InvalidValue, "units.0.note", ""),
        (units(quantity=2), Refused, "units.0.quantity", "NOT_RECEIVED"),
        (twice, Refused, "units.1.quantity", "NOT_RECEIVED"),
        (units(line_id=plate.id), Refused, "units.0.quantity", "NOT_RECEIVED"),
        (units(line_id=uuid4()), Refused, "units.0.lineId", "NOT_FOUND"),
        (units(location_id=uuid4()), Refused, "units.0.locationId", "NOT_FOUND"),
        (InspectReturn(uuid4(), units().units), Refused, "returnId", "NOT_FOUND"),
    ]
    for data, error, field, code in cases:
        with pytest.raises(error) as info:
            await database.write(by, lambda uow, data=data: inspect_return(uow, data, POLICY))  # type: ignore[misc]
        assert (info.value.field, getattr(info.value, "code", "")) == (field, code)  # type: ignore[attr-defined]
    assert await snapshot() == before


async def test_goods_that_are_no_variant_cannot_be_stocked(desk: Any, snapshot: Snapshot) -> None:
    request = await desk.received()
    await OrderLine.filter(sku="PLATE").update(variant_id=None)
    before = await snapshot()
    with pytest.raises(Refused) as refused:
        await desk.inspect(request, "PLATE", 1, Disposition.RESTOCK)
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_VARIANT", "units.0.disposition")
    assert await snapshot() == before

    await desk.inspect(request, "PLATE", 1, Disposition.SCRAP)


async def test_a_location_that_never_held_the_goods_gets_a_level(database: Database, desk: Any) -> None:
    request = await desk.received(mugs=1, plates=0)
    desk.location = await Location.create(
        code="returns", name="Returns", kind="warehouse", created_at=desk.order.placed_at
    )

    await desk.inspect(request, "MUG", 1, Disposition.QUARANTINE)

    assert await stock(desk, "MUG") == (1, 1)
    assert await database.fetch("SELECT 1 FROM stock_level WHERE on_hand < quarantined") in ([], ())
