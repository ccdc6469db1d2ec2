"""A changed copy of a real plugin beside the installed one, over orders in a real database."""

import asyncio
import base64
import json
import os
import shutil
from pathlib import Path

import pytest

from packhouse.cli import main
from packhouse.events.outbox import Outbox
from packhouse.events.positions import assign_positions
from packhouse.sdk import global_id
from packhouse.storage import open_database
from packhouse.testing.factories import make_order, make_shop

PLUGIN = Path(__file__).parents[2] / "plugins" / "packhouse-webhooks"
SECRET = base64.b64encode(b"planted secret of 32 bytes, long").decode()
DOCUMENT = "query ($orderId: ID!) { order(id: $orderId) { number } }"
CONFIG = f"""
[database]
url = "URL"

[security]
secret_key = "a key of tests, long enough to be accepted"

[plugins]
disabled = ["demo"]

[plugins.settings.webhooks.endpoints.shop]
url = "https://shop.example.com/hooks"
secrets = ["whsec_{SECRET}"]
events = ["order_placed"]
document = "{DOCUMENT}"
"""


async def prepare(url: str) -> list[str]:
    database = await open_database(url, before_commit=Outbox().flush)
    try:
        await make_shop(database)
        orders = [await make_order(database), await make_order(database)]
        while await assign_positions(database):
            pass
        return [global_id("Order", order.id) for order in orders]
    finally:
        await database.close()


@pytest.fixture
def orders(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of two orders that were placed, in the database that the settings name."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PACKHOUSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "packhouse.toml").write_text(CONFIG.replace("URL", database_url))
    return asyncio.run(prepare(database_url))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The plugin's folder again."""
    shutil.copytree(PLUGIN, tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    return tmp_path / "copy"


def shadow(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "shadow", "webhooks", *arguments])
    return int(ended.value.code or 0)


def test_the_same_version(orders: list[str], copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shadow("--new", str(copy), "--json") == 0
    *events, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["type"], each["recipient"], each["same"]) for each in events] == [("order_placed", "shop", True)] * 2
    (call,) = events[0]["new"]["calls"]
    assert (call["method"], call["url"]) == ("POST", "https://shop.example.com/hooks")
    assert call["body"]["data"] == {"order": {"number": events[0]["order"]}}
    counts = {"events": 2, "same": 2, "different": 0, "old_calls": 2, "new_calls": 2}
    assert {name: last["summary"][name] for name in counts} == counts
    assert len(orders) == 2


def test_a_changed_version_is_shown_beside_the_old_one(
    orders: list[str], copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = copy / "packhouse_webhooks" / "messages.py"
    messages.write_text(messages.read_text().replace('"webhook-id": name,', '"webhook-id": f"v2-{name}",'))
    assert shadow("--new", str(copy), "--order", orders[1]) == 1
    out, _ = capsys.readouterr()
    assert "order_placed" in out
    assert "shop: different" in out
    old, new = next(line for line in out.splitlines() if "webhook-id: v2-" in line).split("│")[1:3]
    assert new.strip() == f"webhook-id: v2-{old.strip().removeprefix('webhook-id: ')}"
    assert "1 events, 0 same, 1 different; calls: 1 old, 1 new." in out
    assert SECRET not in out


def test_only_differences_are_shown_where_they_are_asked_for(
    orders: list[str], copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shadow("--new", str(copy), "--differences", "--order", orders[0]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("1 events, 1 same, 0 different; calls: 1 old, 1 new. ")


def test_settings_of_the_new_version(orders: list[str], copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.toml").write_text(
        CONFIG[CONFIG.index("[plugins.settings") :].replace("shop.example.com", "eu.example.com")
    )
    assert shadow("--new", str(copy), "--settings", "new.toml", "--json", "--order", orders[0]) == 1
    event = json.loads(capsys.readouterr().out.splitlines()[0])
    assert event["old"]["calls"][0]["url"] == "https://shop.example.com/hooks"
    assert event["new"]["calls"][0]["url"] == "https://eu.example.com/hooks"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--new", "nothing"], "new: 'nothing' is neither module:Class nor a folder with a pyproject.toml"),
        (["--new", "nowhere:Plugin"], "nowhere:Plugin does not load: ModuleNotFoundError"),
        (
            ["--new", "packhouse_ups:Plugin"],
            "packhouse_ups:Plugin does not load: BrokenPlugin: plugin Plugin: settings: ",
        ),
        (["--new", "packhouse_webhooks:Plugin", "--from", "soon"], "from: 'soon' is no time"),
        (["--new", "packhouse_webhooks:Plugin", "--order", "7"], "order: '7' is no id of an order"),
        (["--new", "packhouse_webhooks:Plugin", "--answers", "none.toml"], "answers: none.toml is not there"),
        (["--new", "packhouse_webhooks:Plugin", "--settings", "none.toml"], "settings: none.toml cannot be read"),
    ],
)
def test_what_cannot_be_shadowed_is_said(
    orders: list[str], arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shadow(*arguments) == 2
    assert said in capsys.readouterr().err
    assert len(orders) == 2


def test_a_plugin_that_is_not_installed(orders: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "shadow", "webhoks", "--new", "packhouse_webhooks:Plugin"])
    assert ended.value.code == 2
    assert "there is no installed plugin 'webhoks' (installed: " in capsys.readouterr().err
    assert len(orders) == 2
