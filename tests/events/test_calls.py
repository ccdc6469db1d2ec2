import asyncio
from datetime import timedelta
from typing import Any

import pytest

from packhouse.events.calls import call_provider
from packhouse.events.queries import unsettled_calls
from packhouse.events.record import record
from packhouse.sdk import (
    EventType,
    ProviderAuthFailed,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    Refused,
    new_id,
    now,
)
from packhouse.storage import UnitOfWork

SUBJECT = new_id()


class Carrier:
    """Buys labels; `trouble` is raised after (`happens`) or instead of buying one."""

    def __init__(self, trouble: BaseException | None = None, *, happens: bool = False, seconds: float = 0) -> None:
        self.trouble = trouble
        self.happens = happens
        self.seconds = seconds
        self.labels: list[str] = []
        self.sent = 0
        self.asked = 0

    async def send(self) -> str:
        self.sent += 1
        await asyncio.sleep(self.seconds)
        if self.trouble is None or self.happens:
            self.labels.append(f"LABEL-{self.sent}")
        if self.trouble is not None:
            raise self.trouble
        return self.labels[-1]

    async def find(self) -> str | None:
        self.asked += 1
        return self.labels[-1] if self.labels else None


async def write_down(uow: UnitOfWork, label: str) -> str:
    record(uow, EventType.LABEL_PURCHASED, label, payload={"n": label})
    return f"recorded {label}"


async def buy(house: Any, carrier: Carrier, **options: Any) -> str:
    values: dict[str, Any] = {
        "provider": "ups",
        "operation": "buy_label",
        "subject_id": SUBJECT,
        "order_id": None,
        "idempotency_key": "label/1",
        "send": carrier.send,
        "find": carrier.find,
        "on_success": write_down,
    }
    return await call_provider(house.database, house.by, **(values | options))


async def row(house: Any) -> tuple[str, str, int]:
    (found,) = await house.rows("SELECT status, error, attempts FROM provider_call")
    return found["status"], found["error"], found["attempts"]


async def recorded(house: Any) -> int:
    return len(await house.rows("SELECT id FROM event"))


async def expire_claims(house: Any) -> None:
    past = now() - timedelta(seconds=1)
    await house.database.write(house.by, lambda uow: uow.execute("UPDATE provider_call SET claimed_until = $1", past))


async def test_a_call_that_works_is_written_down_with_its_result(house: Any) -> None:
    carrier = Carrier()
    assert await buy(house, carrier) == "recorded LABEL-1"
    assert await row(house) == ("done", "", 1)
    assert (carrier.sent, carrier.asked, await recorded(house)) == (1, 0, 1)


async def test_the_intent_is_committed_before_the_call_is_made(house: Any) -> None:
    async def send() -> str:
        assert (await row(house))[0] == "requested"
        return "LABEL"

    assert await buy(house, Carrier(), send=send) == "recorded LABEL"


async def test_a_call_that_was_done_is_not_made_again(house: Any) -> None:
    carrier = Carrier()
    await buy(house, carrier)
    with pytest.raises(Refused) as refusal:
        await buy(house, carrier)
    assert refusal.value.code == "ALREADY_DONE"
    assert (carrier.sent, await recorded(house)) == (1, 1)


@pytest.mark.parametrize(
    "error",
    [
        ProviderRefused("no such service"),
        ProviderAuthFailed("key expired"),
        ProviderUnavailable("down"),
        ProviderRateLimited("slow down", retry_after=5),
    ],
)
async def test_what_did_not_happen_failed_and_may_be_called_again(house: Any, error: Exception) -> None:
    carrier = Carrier(error)
    with pytest.raises(type(error)) as raised:
        await buy(house, carrier)
    assert raised.value is error
    assert await row(house) == ("failed", f"{type(error).__name__}: {error}", 1)
    carrier.trouble = None
    assert await buy(house, carrier) == "recorded LABEL-2"
    assert await row(house) == ("done", "", 2)
    assert carrier.asked == 0


@pytest.mark.parametrize(
    "error", [ProviderInDoubt("no answer"), ConnectionResetError("reset"), KeyError("bug"), SystemExit(1)]
)
async def test_what_may_have_happened_is_asked_about_and_not_repeated(house: Any, error: BaseException) -> None:
    carrier = Carrier(error, happens=True)
    with pytest.raises(ProviderInDoubt, match="buy_label at ups with key label/1") as raised:
        await buy(house, carrier)
    assert raised.value.__cause__ is error
    assert (await row(house))[0] == "in_doubt"
    assert await recorded(house) == 0
    assert await buy(house, carrier) == "recorded LABEL-1"
    assert await row(house) == ("done", "", 2)
    assert (carrier.sent, carrier.asked, carrier.labels) == (1, 1, ["LABEL-1"])


async def test_what_never_happened_is_sent_again_after_asking(house: Any) -> None:
    carrier = Carrier(ConnectionResetError("reset"))
    with pytest.raises(ProviderInDoubt):
        await buy(house, carrier)
    carrier.trouble = None
    assert await buy(house, carrier) == "recorded LABEL-2"
    assert (carrier.sent, carrier.asked, carrier.labels) == (2, 1, ["LABEL-2"])


async def test_a_call_without_an_answer_in_time_is_in_doubt(house: Any) -> None:
    with pytest.raises(ProviderInDoubt, match="no answer in time"):
        await buy(house, Carrier(seconds=60), timeout_seconds=0.05)
    assert (await row(house))[:2] == ("in_doubt", "TimeoutError: no answer in time")


async def test_an_interrupted_call_is_in_doubt(house: Any) -> None:
    carrier = Carrier(seconds=60)
    task = asyncio.create_task(buy(house, carrier))
    while not carrier.sent:  # noqa: ASYNC110  (the carrier stands for somebody outside)
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await row(house))[0] == "in_doubt"


async def test_while_asking_fails_it_stays_in_doubt(house: Any) -> None:
    async def find() -> str | None:
        raise ProviderUnavailable("down")

    carrier = Carrier(ProviderInDoubt("no answer"), happens=True)
    with pytest.raises(ProviderInDoubt):
        await buy(house, carrier)
    with pytest.raises(ProviderInDoubt, match="asking about it failed: ProviderUnavailable: down"):
        await buy(house, carrier, find=find)
    assert (await row(house))[0] == "in_doubt"
    assert carrier.sent == 1


async def test_without_anybody_to_ask_nothing_is_sent_again(house: Any) -> None:
    carrier = Carrier(ProviderInDoubt("no answer"))
    with pytest.raises(ProviderInDoubt):
        await buy(house, carrier)
    with pytest.raises(ProviderInDoubt, match="look there by hand"):
        await buy(house, carrier, find=None)
    assert ((await row(house))[0], carrier.sent) == ("in_doubt", 1)


async def test_what_worked_but_could_not_be_written_down_is_found_again(house: Any) -> None:
    async def fail(_: UnitOfWork, __: str) -> str:
        raise ValueError("no such shipment")

    carrier = Carrier()
    with pytest.raises(ProviderInDoubt, match="it worked, but writing it down failed: ValueError: no such shipment"):
        await buy(house, carrier, on_success=fail)
    assert ((await row(house))[0], await recorded(house)) == ("in_doubt", 0)
    assert await buy(house, carrier) == "recorded LABEL-1"
    assert (carrier.sent, await recorded(house)) == (1, 1)


async def test_of_two_callers_at_once_only_one_sends(house: Any) -> None:
    carrier = Carrier(seconds=0.3)
    results = await asyncio.gather(*(buy(house, carrier) for _ in range(10)), return_exceptions=True)
    assert [result for result in results if isinstance(result, str)] == ["recorded LABEL-1"]
    refusals = [result.code for result in results if isinstance(result, Refused)]
    assert refusals == ["IN_PROGRESS"] * 9
    assert (carrier.sent, await recorded(house)) == (1, 1)


async def test_of_two_callers_who_reconcile_at_once_only_one_asks(house: Any) -> None:
    carrier = Carrier(ProviderInDoubt("no answer"), happens=True)
    with pytest.raises(ProviderInDoubt):
        await buy(house, carrier)

    async def find() -> str | None:
        await asyncio.sleep(0.3)
        return await carrier.find()

    results = await asyncio.gather(*(buy(house, carrier, find=find) for _ in range(5)), return_exceptions=True)
    assert [result for result in results if not isinstance(result, Refused)] == ["recorded LABEL-1"]
    assert (carrier.sent, carrier.asked, await recorded(house)) == (1, 1, 1)


async def test_a_call_whose_process_died_is_asked_about(house: Any) -> None:
    stuck = asyncio.create_task(buy(house, Carrier(seconds=60)))
    await house.until_rows("SELECT id FROM provider_call")
    assert await unsettled_calls(house.database, "buy_label") == []
    await expire_claims(house)
    (unsettled,) = await unsettled_calls(house.database, "buy_label")
    assert (unsettled.idempotency_key, unsettled.subject_id, unsettled.provider) == ("label/1", SUBJECT, "ups")
    carrier = Carrier()
    carrier.labels.append("LABEL-0")
    assert await buy(house, carrier) == "recorded LABEL-0"
    assert (carrier.sent, carrier.asked) == (0, 1)
    stuck.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stuck
    assert (await row(house))[0] == "done"
    assert await unsettled_calls(house.database, "buy_label") == []


async def test_a_caller_who_comes_back_late_writes_nothing_down(house: Any) -> None:
    release = asyncio.Event()

    async def send() -> str:
        await release.wait()
        return "LABEL-LATE"

    late = asyncio.create_task(buy(house, Carrier(), send=send))
    await house.until_rows("SELECT id FROM provider_call")
    await expire_claims(house)
    carrier = Carrier()
    carrier.labels.append("LABEL-LATE")
    assert await buy(house, carrier) == "recorded LABEL-LATE"
    release.set()
    with pytest.raises(ProviderInDoubt, match="another caller took it over"):
        await late
    assert (await recorded(house), (await row(house))[0]) == (1, "done")
