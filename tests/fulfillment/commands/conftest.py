from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from packhouse.fulfillment.commands.confirm_pick import ConfirmPick, confirm_pick
from packhouse.fulfillment.commands.start_picking import StartPicking, start_picking
from packhouse.fulfillment.models import Pick
from packhouse.storage import Database, Initiator

PickUnits = Callable[[UUID, dict[str, int]], Awaitable[UUID]]


@pytest.fixture
def pick_units(database: Database, by: Initiator) -> PickUnits:
    """Starts work and picks so many units of each SKU; gives the pick list's id."""

    async def picked(work_id: UUID, units: dict[str, int]) -> UUID:
        pick_list = await database.write(by, lambda uow: start_picking(uow, StartPicking((work_id,))))
        for pick in await Pick.filter(pick_list_id=pick_list.id):
            quantity = units.get(pick.sku, 0)
            if quantity:
                await _confirm(database, by, ConfirmPick(pick.id, pick.sku, quantity))
        return pick_list.id

    return picked


async def _confirm(database: Database, by: Initiator, data: ConfirmPick) -> None:
    await database.write(by, lambda uow: confirm_pick(uow, data))
