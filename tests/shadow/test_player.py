"""Two versions of a plugin go through the same events; their calls are compared, and nothing comes of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.shadow.conftest import PLUGIN, SEND, Play, Recorded, Write, all_of

from packhouse.hooks.tables import PluginTable
from packhouse.sdk import EventType, InvalidValue
from packhouse.shadow.player import both_versions
from packhouse.shadow.version import ShadowFailed, Side

OTHER = SEND.replace('"/events"', '"/v2/events"')


async def test_the_same_version_does_the_same(compared: Any, write: Write) -> None:
    comparisons = await compared(write("old"), write("new"))
    assert [(each.event.type, each.order_number, each.is_same) for each in comparisons] == [
        (EventType.ORDER_PLACED, "1001", True),
        (EventType.ORDER_PLACED, "1002", True),
    ]
    (call,) = comparisons[0].old.calls
    assert (call.method, call.url, call.answered) == (
        "POST",
        "https://crm.example.com/events",
        "nobody: an empty object",
    )
    assert call.headers == {"authorization": "[hidden]", "content-type": "application/json"}
    assert call.body["number"] == "1001"
    assert len(call.body["key"]) == 36


async def test_what_a_new_version_would_do_otherwise(compared: Any, write: Write) -> None:
    first, second = await compared(write("old"), write("new", OTHER))
    assert (first.is_same, second.is_same) == (False, False)
    assert [call.url for call in first.new.calls] == ["https://crm.example.com/v2/events"]


async def test_events_that_one_version_does_not_want(compared: Any, write: Write) -> None:
    more = """
    @hookimpl
    async def order_confirmed(self, event, order, context):
        await self.send(context, "/confirmed", {})
"""
    comparisons = await compared(write("old"), write("new", more=more))
    types = [(each.event.type, each.is_same) for each in comparisons]
    assert types[:2] == [(EventType.ORDER_PLACED, True), (EventType.ORDER_CONFIRMED, False)]
    assert comparisons[1].old is None
    assert [call.url for call in comparisons[1].new.calls] == ["https://crm.example.com/confirmed"]


async def test_errors_are_compared_without_secrets(compared: Any, write: Write) -> None:
    broken = 'raise ProviderRefused("they said no to planted-key-5e1f")'
    comparison, _ = await compared(write("old"), write("new", broken))
    assert comparison.new.error == "ProviderRefused: they said no to [hidden]"
    assert (comparison.new.calls, comparison.is_same) == ((), False)


async def test_time_and_ids_are_the_same_for_both(compared: Any, write: Write) -> None:
    told = 'await self.send(context, "/events", {"at": now().isoformat(), "ids": [str(new_id()), str(new_id())]})'
    comparison, _ = await compared(write("old", told), write("new", told))
    assert comparison.is_same
    body = comparison.new.calls[0].body
    assert body["at"] == comparison.event.occurred_at.isoformat()
    assert len(set(body["ids"])) == 2


async def test_calls_side_by_side_may_come_in_any_order(compared: Any, write: Write) -> None:
    both = "import asyncio; await asyncio.gather(self.send(context, {!r}, {{}}), self.send(context, {!r}, {{}}))"
    comparison, _ = await compared(write("old", both.format("/a", "/b")), write("new", both.format("/b", "/a")))
    assert comparison.is_same
    assert len(comparison.old.calls) == 2


async def test_what_a_failed_delivery_keeps_is_dropped(compared: Any, write: Write) -> None:
    keeps = """
        seen = await context.state.get("seen", 0)
        await context.state.set("seen", seen + 1)
        await self.send(context, "/events", {"seen": seen, "kept": await context.state.get("seen")})
        1 / 0
"""
    for comparison in await compared(write("old", keeps), write("new", keeps)):
        assert (comparison.old.error, comparison.old.kept) == ("ZeroDivisionError: division by zero", {})
        assert comparison.old.calls[0].body == {"seen": 0, "kept": 1}


async def test_recipients_are_compared_one_by_one(compared: Any, write: Write) -> None:
    recipients = """
    @hookimpl
    def register_recipients(self, context):
        return RECIPIENTS

Plugin.order_placed = hookimpl(Plugin.order_placed)
"""
    told = 'await self.send(context, "/" + context.recipient, {})'
    old = recipients.replace("RECIPIENTS", '[Recipient("shop"), Recipient("gone")]')
    new = recipients.replace(
        "RECIPIENTS", '[Recipient("shop"), Recipient("late", frozenset({EventType.ORDER_COMPLETED}))]'
    )
    comparisons = await compared(write("old", told, old), write("new", told, new))
    found = [(each.recipient, each.old is not None, each.new is not None, each.is_same) for each in comparisons[:2]]
    assert found == [("shop", True, True, True), ("gone", True, False, False)]


async def test_answers_come_from_a_file(tmp_path: Path, compared: Any, write: Write) -> None:
    file = tmp_path / "answers.toml"
    file.write_text(
        '[[answer]]\nmethod = "GET"\nurl = ".*"\nstatus = 500\n'
        '[[answer]]\nurl = "https://crm.example.com/events"\njson = { id = "E-1" }\n'
    )
    asks = SEND.replace("await", "found = await", 1) + '; await self.send(context, "/" + found["id"], {})'
    comparison, _ = await compared(write("old", asks), write("new", asks), answers=file)
    assert [call.url for call in comparison.old.calls] == [
        "https://crm.example.com/events",
        "https://crm.example.com/E-1",
    ]
    assert [call.answered for call in comparison.old.calls] == ["answers.toml, answer 2", "nobody: an empty object"]


async def test_answers_come_from_a_subject_of_the_kit(tmp_path: Path, compared: Any, write: Write) -> None:
    file = tmp_path / "subject.py"
    file.write_text(
        "from packhouse.testing.conformance import *\n"
        "E = Exchange('POST', '/events', Reply(200, {'id': 'E-2'}), name='events')\n"
        "SUBJECT = Subject(object, lambda vendor: {}, (Operation('x', exchanges=(E,)),))\n"
    )
    comparison, _ = await compared(write("old"), write("new"), answers=file)
    assert comparison.old.calls[0].answered == "subject.py, events"


async def test_settings_of_the_new_version(play: Play, write: Write) -> None:
    async with play(write("old"), write("new"), {"url": "https://eu.example.com"}) as player:
        comparison, _ = await all_of(player)
    assert [comparison.old.calls[0].url, comparison.new.calls[0].url] == [
        "https://crm.example.com/events",
        "https://eu.example.com/events",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise RuntimeError('no licence')", "new:Plugin does not load: RuntimeError: no licence"),
        (PLUGIN.replace("order_placed", "order_plaiced"), "there is no hook order_plaiced"),
        ("class Other: pass", "has no attribute 'Plugin'"),
        ("import os\nos._exit(3)", "the plugin's process ended with code 3"),
    ],
)
async def test_a_version_that_does_not_load(play: Play, write: Write, text: str, said: str) -> None:
    with pytest.raises(ShadowFailed, match=said):
        async with play(write("old"), write("new", text=text)):
            pass


async def test_a_version_whose_process_dies(play: Play, write: Write) -> None:
    with pytest.raises(ShadowFailed, match="the plugin's process ended with code 5"):
        async with play(write("old"), write("new", "import os; os._exit(5)")) as player:
            await all_of(player)


async def test_a_hook_that_does_not_end_is_cut_off(compared: Any, write: Write) -> None:
    waits = "import asyncio; await asyncio.sleep(60)"
    comparison, _ = await compared(write("old"), write("new", waits), seconds=0.2)
    assert comparison.new.error.startswith("TimeoutError")


async def test_another_plugin_is_none(play: Play, write: Write) -> None:
    with pytest.raises(InvalidValue, match="new: it is the plugin erp, not crm"):
        async with play(write("old"), write("new", text=PLUGIN.replace('"crm"', '"erp"'))):
            pass


async def test_what_a_plugin_prints_disturbs_nobody(compared: Any, write: Write) -> None:
    prints = "print('{\"done\": []}'); " + SEND
    comparison, _ = await compared(write("old", prints), write("new"))
    assert comparison.is_same
    assert json.dumps(comparison.new.calls[0].as_json())


async def test_stored_secrets_and_references_are_followed_as_the_host_does(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_URL", "https://env.example.com")
    text = PLUGIN.replace(' = SecretStr("planted-key-5e1f")', "")
    source = write(
        "plugin", 'await self.send(context, "/" + context.settings.api_key.get_secret_value(), {})', text=text
    )
    table = PluginTable({"url": {"env": "CRM_URL"}}, {"url.env": "settings"})
    side = Side(source, table, {"api_key": SecretStr("stored-secret")})
    world: Any = Recorded()
    async with both_versions(world, "crm", side, side) as player:
        comparison, _ = await all_of(player)
    assert comparison.new is not None
    assert [call.url for call in comparison.new.calls] == ["https://env.example.com/[hidden]"]
