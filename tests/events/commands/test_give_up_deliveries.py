"""What waits for somebody who is paused or gone is given up; nobody else's is, and nothing that is being delivered."""

from datetime import timedelta
from typing import Any

import pytest

from packhouse.events.commands import give_up_deliveries as module
from packhouse.events.commands.give_up_deliveries import GivenUp, give_up_deliveries
from packhouse.events.figures import event_figures
from packhouse.events.positions import assign_positions
from packhouse.sdk import Refused, new_id, now
from packhouse.storage.dialect import read_json


async def piled_up(house: Any, make_plugins: Any) -> None:
    """Three orders, two events each, for somebody who is gone, and for somebody who is not; what comes later is for nobody."""
    house.listen(make_plugins(["crm", "gone"]))
    for _ in range(3):
        await house.happen(1, 2, order_id=new_id())
    await assign_positions(house.database)
    house.listen(make_plugins([]))


async def statuses(house: Any, plugin: str) -> list[str]:
    rows = await house.rows("SELECT status FROM delivery WHERE plugin = $1 ORDER BY status", plugin)
    return [row["status"] for row in rows]


async def pending(house: Any) -> Any:
    figures = await event_figures(house.database, ["crm"])
    return next(dict(each.values) for each in figures if each.name == "deliveries_pending")


async def test_all_that_waits_for_whom_nobody_knows_is_given_up(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 2)
    await piled_up(house, make_plugins)
    assert await pending(house) == {("crm",): 6, ("gone",): 6}
    assert await give_up_deliveries(house.database, house.by, "gone", "no more", ["crm"]) == GivenUp(6, more=False)
    assert (await statuses(house, "gone"), await statuses(house, "crm")) == (["dead"] * 6, ["pending"] * 6)
    assert await pending(house) == {("crm",): 6}
    told = await house.rows("SELECT reason, payload FROM event WHERE type = 'plugin_changed' ORDER BY recorded_at")
    assert [(row["reason"], read_json(row["payload"])) for row in told] == [
        ("no more", {"plugin": "gone", "change": "given_up", "deliveries": count}) for count in (4, 2)
    ]
    assert await give_up_deliveries(house.database, house.by, "gone", "no more", ["crm"]) == GivenUp(0, more=False)


async def test_a_call_takes_so_many_and_says_that_there_are_more(
    house: Any, make_plugins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE", 1)
    monkeypatch.setattr(module, "MOST_LANES", 2)
    await piled_up(house, make_plugins)
    assert await give_up_deliveries(house.database, house.by, "gone", "no more", []) == GivenUp(4, more=True)
    assert await give_up_deliveries(house.database, house.by, "gone", "no more", []) == GivenUp(2, more=False)


async def test_what_is_being_delivered_is_left(house: Any, make_plugins: Any) -> None:
    await piled_up(house, make_plugins)
    (lane, *_) = await house.rows("SELECT id FROM lane WHERE plugin = 'gone' ORDER BY id")
    until = now() + timedelta(seconds=60)
    lease = "UPDATE lane SET lease_owner = $1, due_at = $2 WHERE id = $3"
    await house.database.write(house.by, lambda uow: uow.execute(lease, new_id(), until, lane["id"]))
    assert await give_up_deliveries(house.database, house.by, "gone", "no more", []) == GivenUp(4, more=True)
    assert await house.rows("SELECT id FROM lane WHERE plugin = 'gone'") == [{"id": lane["id"]}]
    assert await statuses(house, "gone") == ["dead"] * 4 + ["pending"] * 2


async def test_whoever_gets_deliveries_is_paused_first(house: Any, make_plugins: Any) -> None:
    await piled_up(house, make_plugins)
    with pytest.raises(Refused) as refused:
        await give_up_deliveries(house.database, house.by, "crm", "no more", ["crm"])
    assert (refused.value.code, refused.value.field) == ("STILL_DELIVERED", "plugin")
    assert await statuses(house, "crm") == ["pending"] * 6
