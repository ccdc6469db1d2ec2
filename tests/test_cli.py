import json
import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packhouse.cli import main
from packhouse.cli.docs import machines

Run = Callable[..., tuple[int, str, str]]
TOKEN = re.compile(r"ph_[A-Za-z0-9_-]{43}")


@pytest.fixture
def own_log() -> Iterator[None]:
    """A command sets the log of its process up: here that ends with the test, as its standard error does."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_log: None) -> Run:
    """Runs the command line in an empty folder, with no settings from outside: code, standard output, standard error."""
    del own_log
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PACKHOUSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    # `serve` sets the log of its process up
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


def test_init_makes_a_packhouse_and_shows_its_token_once(run: Run, tmp_path: Path) -> None:
    code, out, err = run("init")
    assert (code, err) == (0, "")
    assert len(TOKEN.findall(out)) == 1
    assert "packhouse serve" in out
    assert (tmp_path / "packhouse.toml").stat().st_mode & 0o777 == 0o600
    token = TOKEN.findall(out)[0]
    assert token.encode() not in (tmp_path / "packhouse.sqlite3").read_bytes()
    assert run("db", "migrate")[1] == "The database sqlite://packhouse.sqlite3 is up to date\n"


def test_a_second_init_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("init")
    before = (tmp_path / "packhouse.toml").read_bytes()
    code, out, err = run("init")
    assert (code, out) == (2, "")
    assert "set up and nothing was changed" in err
    assert "Traceback" not in err
    assert (tmp_path / "packhouse.toml").read_bytes() == before


def test_tokens_are_made_and_revoked(run: Run) -> None:
    run("init")
    code, out, _ = run("token", "create", "shop")
    assert code == 0
    assert len(TOKEN.findall(out)) == 1
    assert run("token", "create", "shop") == (
        2,
        "",
        "packhouse: There is a token shop already: revoke it or take another name\n",
    )
    assert "It may do: everything" in out
    assert run("token", "revoke", "shop")[:2] == (0, "The token shop is revoked\n")
    assert run("token", "revoke", "shop") == (2, "", "packhouse: There is no token shop in force\n")


def test_the_log_tells_who_did_what_to_a_token_and_why(run: Run, tmp_path: Path) -> None:
    run("init")
    made = run("token", "create", "shop", "--may", "orders.read", "--reason", "a new shop")[1]
    run("token", "change", "shop", "--may", "orders.write", "--reason", "it confirms")
    run("token", "revoke", "shop", "--reason", "it closed")
    run("token", "revoke", "shop")
    with sqlite3.connect("packhouse.sqlite3") as connection:
        found = connection.execute(
            "SELECT type, actor, origin, reason, payload, plugins_version FROM event ORDER BY recorded_at"
        ).fetchall()
    connection.close()
    reading, writing = ({"permissions": [f"orders.{word}"], "expires_at": None} for word in ("read", "write"))
    boss = {"permissions": ["*"], "expires_at": None}
    # whoever numbers them decides which plugins hear of it
    by = ("operator", "cli")
    assert [(*row[:4], json.loads(row[4]), row[5]) for row in found] == [
        ("access_token_created", *by, "", {"name": "admin", "before": None, "after": boss}, -1),
        ("access_token_created", *by, "a new shop", {"name": "shop", "before": None, "after": reading}, -1),
        ("access_token_changed", *by, "it confirms", {"name": "shop", "before": reading, "after": writing}, -1),
        ("access_token_revoked", *by, "it closed", {"name": "shop", "before": writing, "after": None}, -1),
    ]
    (token,) = TOKEN.findall(made)
    for path in tmp_path.glob("packhouse.sqlite3*"):
        assert token[3:].encode() not in path.read_bytes()


def test_tokens_that_may_do_little_are_made_changed_and_listed(run: Run) -> None:
    run("init")
    may = ("--may", "orders.read", "--may", "fulfillment.write")
    code, out, _ = run("token", "create", "warehouse", *may, "--expires-in-days", "30")
    assert (code, len(TOKEN.findall(out))) == (0, 1)
    assert "It may do: fulfillment.write, orders.read" in out
    code, out, err = run("token", "create", "shop", "--may", "orders.everything")
    assert (code, out) == (2, "")
    assert err.startswith("packhouse: --may: 'orders.everything' is no permission: name one of catalog.read, ")
    assert run("token", "change", "warehouse", "--may", "orders.write")[1] == (
        "The token warehouse may now do: orders.write\n"
    )
    assert run("token", "change", "warehouse")[0] == 2
    assert run("token", "revoke", "x" * 300)[0::2] == (
        2,
        "packhouse: name: a token needs a name of 1 to 58 characters that can be printed\n",
    )
    listed = run("token", "list")[1]
    assert not TOKEN.findall(listed)
    admin, warehouse = listed.splitlines()
    assert re.fullmatch(r"admin: by operator, \d{4}-\d\d-\d\d; valid without end; \*", admin)
    assert re.fullmatch(r"warehouse: by operator, [-\d]{10}; valid [-\d]{10} \d\d:\d\d UTC; orders\.write", warehouse)
    for name in ("admin", "warehouse"):
        run("token", "revoke", name)
    assert run("token", "list")[1] == "There are no tokens: packhouse token create NAME makes one\n"


def test_permissions_are_told_with_what_needs_them(run: Run) -> None:
    code, out, _ = run("docs", "permissions")
    assert code == 0
    assert "for `eventLog`, `node`, `nodes`, `viewer`" in out
    orders, inventory = (out.partition(f"## {area}\n")[2].partition("\n## ")[0] for area in ("orders", "inventory"))
    assert "- `orders.read`\n  - queries: `order`, `orders`, `reservations`\n" in orders
    assert "mutations: `cancelOrder`, `confirmOrder`," in orders
    assert "fields of other objects: `Variant.availableToPromise`" in inventory
    assert inventory.endswith("  - POST `/sheets/stock.*`\n")


@pytest.mark.parametrize("command", [["serve"], ["token", "create", "x"]])
def test_without_a_database_one_sentence_says_so(run: Run, tmp_path: Path, command: list[str]) -> None:
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert err == (
        "packhouse: there is no database sqlite://packhouse.sqlite3: run packhouse init, or packhouse db migrate\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_database_is_named_without_its_password(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKHOUSE_DATABASE__URL", "postgresql://me:hunter2@127.0.0.1:1/none")
    monkeypatch.setenv("PACKHOUSE_DATABASE__START_WAIT_SECONDS", "0.1")
    for command in (["serve"], ["db", "migrate"], ["token", "revoke", "x"]):
        code, _, err = run(*command)
        assert code == 2
        assert "cannot be opened" in err
        assert "hunter2" not in err
        assert "Traceback" not in err


def test_a_wrong_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKHOUSE_SERVER__PROT", "8000")
    for command in (["settings"], ["serve"], ["db", "migrate"], ["plugin", "list"], ["token", "create", "x"]):
        code, out, err = run(*command)
        assert (code, out) == (2, "")
        assert "did you mean PACKHOUSE_SERVER__PORT?" in err


def test_without_a_secret_key_serve_says_so(run: Run, tmp_path: Path) -> None:
    run("db", "migrate")
    assert (tmp_path / "packhouse.sqlite3").exists()
    code, _, err = run("serve")
    assert code == 2
    assert "secret_key" in err


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    run("init")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, err = run("serve", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert err.splitlines()[-1].startswith("packhouse: cannot listen on 127.0.0.1 port")


def test_settings_show_where_each_came_from(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    monkeypatch.setenv("PACKHOUSE_SERVER__PORT", "8123")
    code, out, _ = run("settings")
    assert code == 0
    line = next(line for line in out.splitlines() if "server.port" in line)
    assert "8123" in line
    assert "environment PACKHOUSE_SERVER__PORT" in line
    secret = next(line for line in out.splitlines() if "security.secret_key" in line)
    assert "packhouse.toml" in secret
    assert '"********"' in secret


def test_plugins_are_listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACKHOUSE_PLUGINS__ENABLED", "[]")
    code, out, err = run("plugin", "list")
    assert (code, err) == (0, "")
    assert "disabled by plugins.enabled (environment PACKHOUSE_PLUGINS__ENABLED)" in " ".join(out.split())


def test_documentation_is_made_from_the_code(run: Run) -> None:
    code, states, _ = run("docs", "states")
    assert code == 0
    entities = [machine.entity for machine in machines()]
    assert len(entities) == len(set(entities)) >= 6
    for entity in entities:
        assert f"## {entity}\n" in states
    assert states.count("```mermaid\nstateDiagram") == len(entities)
    assert run("docs", "hooks")[1].startswith("# Hooks\n")
    assert "type PageInfo" in run("docs", "schema")[1]


def test_verify_tells_and_repairs(run: Run, tmp_path: Path) -> None:
    assert run("verify")[0] == 2
    run("init")
    code, out, err = run("verify")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"All \d+ invariants hold\n", out)
    id_ = "00000000-0000-7000-8000-000000000001"
    with sqlite3.connect(tmp_path / "packhouse.sqlite3") as connection:
        connection.execute(
            "INSERT INTO variant (id, sku, barcode, title, hs_code, country_of_origin, requires_shipping, is_demo, created_at)"
            " VALUES (?, 'MUG', '', 'Mug', '', '', 1, 0, '2026-01-01 00:00:00+00:00')",
            [id_],
        )
        connection.execute(
            'INSERT INTO location (id, code, name, kind, network, address, priority, "group", is_active, is_demo, created_at)'
            " VALUES (?, 'london', 'London', 'warehouse', '', '{}', 1, '', 1, 0, '2026-01-01 00:00:00+00:00')",
            [id_],
        )
        connection.execute(
            "INSERT INTO stock_level (id, variant_id, location_id, bin, on_hand, allocated, reserved, damaged, quarantined,"
            " safety_stock, incoming) VALUES (?, ?, ?, '', 5, 0, 0, 0, 0, 0, 0)",
            [id_, id_, id_],
        )
    code, out, _ = run("verify")
    assert (code, out.count("Broken: ")) == (1, 1)
    assert f"stock_level {id_}" in out
    assert "on_hand is 5, its movements come to 0\n  proposed: make on_hand 0" in out
    code, out, _ = run("verify", "--repair", "--reason", "seen on the shelf")
    assert (code, "  repaired\n" in out) == (0, True)
    assert run("verify", "--repair", "--reason", " ")[0] == 2


def test_help_loads_nothing_heavy() -> None:
    heavy = ("strawberry", "tortoise", "uvicorn", "aiohttp", "starlette")
    code = f"import sys, packhouse.cli as c; c.make_app(); print([m for m in {heavy} if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_settings_hide_what_a_plugins_model_says_is_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name does not tell: the model of the plugin does, and where there is none to ask, nothing is shown."""
    Path("packhouse.toml").write_text(
        '[plugins.settings.webhooks.endpoints.shop]\nurl = "https://shop"\nsecrets = ["planted-1"]\n'
        '[plugins.settings.nobody]\nharmless = "planted-2"\n'
    )
    monkeypatch.setenv("PACKHOUSE_PROFILE", "default")
    code, out, _ = run("settings")
    assert code == 0
    assert "planted" not in out
    assert '"https://shop"' in out
