import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from packhouse.settings import (
    DatabaseSettings,
    LoadedSettings,
    PluginsSettings,
    SecuritySettings,
    Settings,
    SettingsError,
    load_settings,
    render_settings,
    write_first_configuration,
)
from packhouse.settings.known import PLUGIN_TABLES, fields

CONFIG = Path(__file__).parents[1] / "config"
PLANTED = "hunter2-planted-in-a-test-and-looked-for"
POSTGRES_EXPECTED = "postgresql://user:password@host/database with special characters of the password percent-encoded"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=environ)
    return caught.value.problems


class TestDefaults:
    def test_documented_defaults_are_the_built_in_ones(self) -> None:
        documented = tomllib.loads((CONFIG / "default.toml").read_text("utf-8"))
        built_in = {
            section: values.model_dump()
            for section in Settings.model_fields
            for values in [getattr(Settings(), section)]
        }
        built_in["security"]["secret_key"] = built_in["metrics"]["token"] = ""
        assert built_in["plugins"].pop("enabled") is None
        assert built_in["plugins"].pop("settings") == {}
        assert documented == built_in
        assert json.dumps(documented) == json.dumps(built_in), "order of the keys or type of a number"

    def test_every_documented_key_has_a_comment_above(self) -> None:
        lines = (CONFIG / "default.toml").read_text("utf-8").splitlines()
        keys = [number for number, line in enumerate(lines) if line[:1].isalpha()]
        assert len(keys) == len(fields()) - 2
        assert [lines[number] for number in keys if not lines[number - 1].startswith("# ")] == []

    def test_contract(self) -> None:
        settings = Settings()
        assert settings.database.url == "sqlite://packhouse.sqlite3"
        assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8000)
        assert settings.server.max_body_bytes == 1_048_576
        assert settings.graphql.model_dump() == {
            "max_depth": 12,
            "max_tokens": 5000,
            "max_aliases": 30,
            "max_directives": 50,
            "introspection": True,
            "timeout_seconds": 10.0,
        }
        assert settings.security.tracking_link_days == 180
        assert settings.events.model_dump() == {
            "poll_seconds": 0.5,
            "lease_seconds": 30.0,
            "batch": 200,
            "max_attempts": 12,
            "outage_days": 7.0,
            "pause_after": 20,
            "hook_timeout_seconds": 30.0,
            "keep_days": 0,
        }
        assert settings.channels.model_dump() == {
            "pull_seconds": 60.0,
            "inbox_poll_seconds": 1.0,
            "stock_seconds": 0.5,
            "stock_compare_seconds": 86_400.0,
        }
        assert settings.shipping.model_dump() == {
            "tracking_poll_seconds": 300.0,
            "quotes_seconds": 900.0,
            "quotes_valid_hours": 24.0,
        }
        assert settings.feedback.review_request_delay_days == 7
        assert settings.returns.window_days == 30
        assert settings.plugins.enabled is None
        assert settings.plugins.disabled == ["demo"]

    def test_settings_do_not_change(self) -> None:
        with pytest.raises(ValidationError):
            Settings().server.port = 1  # type: ignore[misc] # frozen: that is what is tested

    def test_nothing_set_at_all(self, folder: Path) -> None:
        loaded = load_settings(environ={})
        assert loaded.settings == Settings()
        assert loaded.profile == "default"
        assert set(loaded.provenance.values()) == {"default"}
        assert list(loaded.provenance) == [".".join(path) for path in fields() if path != PLUGIN_TABLES]
        assert list(folder.glob("*.toml")) == []


class TestLayers:
    def test_each_lies_over_the_one_below(self, folder: Path) -> None:
        (folder / "config/shop.toml").write_text("[server]\nport = 1\nhost = 'a'\n[graphql]\nmax_depth = 1\n")
        (folder / "packhouse.toml").write_text("[server]\nport = 2\nhost = 'b'\n")
        loaded = load_settings(environ={"PACKHOUSE_PROFILE": "shop", "PACKHOUSE_SERVER__PORT": "3"})
        assert (loaded.settings.server.port, loaded.settings.server.host, loaded.settings.graphql.max_depth) == (
            3,
            "b",
            1,
        )
        assert loaded.profile == "shop"
        set_keys = {key: origin for key, origin in loaded.provenance.items() if origin != "default"}
        assert set_keys == {
            "server.port": "environment PACKHOUSE_SERVER__PORT",
            "server.host": "packhouse.toml",
            "graphql.max_depth": "config/shop.toml",
        }

    def test_argument_chooses_profile_before_environment(self, folder: Path) -> None:
        (folder / "config/shop.toml").write_text("[server]\nport = 1\n")
        assert load_settings("shop", environ={"PACKHOUSE_PROFILE": "absent"}).settings.server.port == 1

    def test_file_before_packhouse_config_before_packhouse_toml(self, folder: Path) -> None:
        for port, name in enumerate(("packhouse.toml", "named.toml", "given.toml"), start=1):
            (folder / name).write_text(f"[server]\nport = {port}\n")
        environ = {"PACKHOUSE_CONFIG": "named.toml"}
        given = load_settings(file=Path("given.toml"), environ=environ)
        assert (given.settings.server.port, given.provenance["server.port"]) == (3, "given.toml")
        named = load_settings(environ=environ)
        assert (named.settings.server.port, named.provenance["server.port"]) == (2, "named.toml")
        assert load_settings(environ={"PACKHOUSE_CONFIG": ""}).settings.server.port == 1

    def test_plugin_tables_merge_key_by_key(self, folder: Path) -> None:
        (folder / "config/shop.toml").write_text(
            "[plugins.settings.demo]\n[plugins.settings.ups]\naccount = 'A'\nbox = {a = 1, b = 2}\nhub = {x = 1}\n"
        )
        (folder / "packhouse.toml").write_text(
            "[plugins.settings.ups]\nbox.b = 3\nhub = 'EMA'\n[plugins.settings.dhl]\n"
        )
        loaded = load_settings(
            "shop",
            environ={
                "PACKHOUSE_PLUGINS__SETTINGS__UPS__BOX__A": "4",
                "PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY": '{"shop": "a.example", "api": {"version": 7}}',
                "PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY__WEBHOOK_SECRET": "0123",
            },
        )
        assert loaded.settings.plugins.settings == {
            "demo": {},
            "ups": {"account": "A", "box": {"a": 4, "b": 3}, "hub": "EMA"},
            "dhl": {},
            "shopify": {"shop": "a.example", "api": {"version": 7}, "webhook_secret": "0123"},
        }
        origins = {key: origin for key, origin in loaded.provenance.items() if key.startswith("plugins.settings.")}
        assert origins == {
            "plugins.settings.demo": "config/shop.toml",
            "plugins.settings.ups.account": "config/shop.toml",
            "plugins.settings.ups.box.a": "environment PACKHOUSE_PLUGINS__SETTINGS__UPS__BOX__A",
            "plugins.settings.ups.box.b": "packhouse.toml",
            "plugins.settings.ups.hub": "packhouse.toml",
            "plugins.settings.dhl": "packhouse.toml",
            "plugins.settings.shopify.shop": "environment PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY",
            "plugins.settings.shopify.api.version": "environment PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY",
            "plugins.settings.shopify.webhook_secret": "environment PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY__WEBHOOK_SECRET",
        }

    def test_pool_ends_may_come_from_two_layers(self, folder: Path) -> None:
        (folder / "packhouse.toml").write_text("[database]\npool_min = 20\n")
        assert load_settings(environ={"PACKHOUSE_DATABASE__POOL_MAX": "30"}).settings.database.pool_min == 20
        assert refused() == ("packhouse.toml: database: pool_min is greater than pool_max",)


class TestProfiles:
    @pytest.mark.parametrize("profile", ["development", "test"])
    def test_shipped_profiles_need_no_secret(self, profile: str, folder: Path) -> None:
        (folder / f"config/{profile}.toml").write_bytes((CONFIG / f"{profile}.toml").read_bytes())
        loaded = load_settings(profile, environ={})
        assert len(loaded.settings.security.require_secret_key()) >= 32
        assert loaded.provenance["security.secret_key"] == "made up for this process"
        again = load_settings(profile, environ={})
        assert again.settings.security.require_secret_key() != loaded.settings.security.require_secret_key()

    def test_development_keeps_a_secret_that_is_set(self, folder: Path) -> None:
        (folder / "config/development.toml").touch()
        loaded = load_settings("development", environ={"PACKHOUSE_SECURITY__SECRET_KEY": PLANTED})
        assert loaded.settings.security.require_secret_key() == PLANTED

    def test_production_example_is_valid_once_copied(self, folder: Path) -> None:
        (folder / "config/production.toml").write_bytes((CONFIG / "production.example.toml").read_bytes())
        url = f"postgresql://packhouse:{PLANTED}@db.internal/packhouse"
        environ = {"PACKHOUSE_DATABASE__URL": url, "PACKHOUSE_SECURITY__SECRET_KEY": PLANTED}
        settings = load_settings("production", environ=environ).settings
        assert settings.database.url == url
        assert settings.plugins.enabled == ["shopify", "ups"]
        assert settings.security.require_secret_key() == PLANTED

    @pytest.mark.usefixtures("folder")
    def test_elsewhere_a_missing_secret_is_refused_when_it_is_needed(self) -> None:
        security = load_settings(environ={}).settings.security
        with pytest.raises(SettingsError) as caught:
            security.require_secret_key()
        assert str(caught.value) == (
            "security.secret_key is not set, and customers' links are signed with it. Run `packhouse init` to write a "
            "packhouse.toml with a fresh one, or set the environment variable PACKHOUSE_SECURITY__SECRET_KEY to at least 32 "
            "random characters."
        )

    def test_a_missing_profile_names_those_there_are(self, folder: Path) -> None:
        (folder / "config/shop.toml").touch()
        (folder / "config/depot.toml").touch()
        assert refused(PACKHOUSE_PROFILE="shpo") == (
            f"profile 'shpo': config/shpo.toml does not exist (profiles in {folder.as_posix()}/config: depot, shop)",
        )

    @pytest.mark.usefixtures("folder")
    @pytest.mark.parametrize("profile", ["../packhouse", "/etc/shop", ".hidden", "a b"])
    def test_a_profile_is_no_path(self, profile: str) -> None:
        assert refused(PACKHOUSE_PROFILE=profile) == (
            f"profile {profile!r}: expected a name such as development, not a path",
        )


@pytest.mark.usefixtures("folder")
class TestEnvironment:
    @pytest.mark.parametrize(
        ("variable", "text", "value"),
        [
            ("SERVER__PORT", "8080", 8080),
            ("SERVER__GRAPHIQL", "true", True),
            ("SERVER__GRAPHIQL", "Off", False),
            ("SERVER__GRAPHIQL", "1", True),
            ("SERVER__HOST", "0", "0"),
            ("SERVER__ALLOWED_ORIGINS", '["https://a.example", "*"]', ["https://a.example", "*"]),
            (
                "SERVER__ALLOWED_ORIGINS",
                "https://a.example, https://b.example:81",
                ["https://a.example", "https://b.example:81"],
            ),
            ("SERVER__ALLOWED_ORIGINS", "", []),
            ("PLUGINS__ENABLED", "null", None),
            ("PLUGINS__ENABLED", "ups", ["ups"]),
            ("EVENTS__POLL_SECONDS", "2", 2.0),
            ("LOGGING__LEVEL", "debug", "DEBUG"),
            ("DATABASE__URL", "postgresql://u@/db?host=/run/pg", "postgresql://u@/db?host=/run/pg"),
            ("SECURITY__SECRET_KEY", "1" * 32, SecretStr("1" * 32)),
        ],
    )
    def test_values(self, variable: str, text: str, value: object) -> None:
        section, key = variable.lower().split("__")
        loaded = load_settings(environ={f"PACKHOUSE_{variable}": text})
        assert getattr(getattr(loaded.settings, section), key) == value
        assert loaded.provenance[f"{section}.{key}"] == f"environment PACKHOUSE_{variable}"

    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("PAGES", "12", 12),
            ("LIVE", "true", True),
            ("SITES", "[1, 2]", [1, 2]),
            ("SHOP", "a.example", "a.example"),
            ("ACCOUNT", '"1234"', "1234"),
            ("API_KEY", "1234", "1234"),
            ("API_KEYS", '["1234"]', ["1234"]),
        ],
    )
    def test_plugin_values(self, name: str, text: str, value: object) -> None:
        loaded = load_settings(environ={f"PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY__{name}": text})
        assert loaded.settings.plugins.settings == {"shopify": {name.lower(): value}}

    def test_reserved_foreign_and_service_link_variables_are_left_alone(self) -> None:
        environ = {
            "PATH": "/bin",
            "PACKHOUSE_SHARED": "x",
            "PACKHOUSE_TEST_POSTGRES_URL": "x",
            "PACKHOUSE_TEST_DATABASE__URL": "x",
            "PACKHOUSE_IMAGE_TAG": "x",
            "PACKHOUSE_PORT": "tcp://10.0.0.1:80",
            "PACKHOUSE_PORT_80_TCP_ADDR": "10.0.0.1",
            "PACKHOUSE_SERVICE_HOST": "10.0.0.1",
            "PACKHOUSE_SERVER_SERVICE_PORT_HTTP": "80",
            "PACKHOUSE_SERVER_PORT": "tcp://10.0.0.1:80",
        }
        assert load_settings(environ=environ).settings == Settings()

    @pytest.mark.parametrize(
        ("variable", "problem"),
        [
            ("DATABSE__URL", "unknown setting databse.url; did you mean PACKHOUSE_DATABASE__URL?"),
            ("DATABASE__POOL", "unknown setting database.pool; did you mean PACKHOUSE_DATABASE__POOL_MIN?"),
            ("WEB__PORT", "unknown setting web.port; did you mean PACKHOUSE_SERVER__PORT?"),
            ("QQQ__ZZZ", "unknown setting qqq.zzz"),
            ("DATABASE__URL__X", "unknown setting database.url.x; did you mean PACKHOUSE_DATABASE__URL?"),
            (
                "SERVER_PORT",
                "unknown; a setting is written PACKHOUSE_SECTION__KEY; did you mean PACKHOUSE_SERVER__PORT?",
            ),
            (
                "SECRET_KEY",
                "unknown; a setting is written PACKHOUSE_SECTION__KEY; did you mean PACKHOUSE_SECURITY__SECRET_KEY?",
            ),
            ("PROFIL", "unknown; did you mean PACKHOUSE_PROFILE?"),
        ],
    )
    def test_unknown(self, variable: str, problem: str) -> None:
        assert refused(**{f"PACKHOUSE_{variable}": PLANTED}) == (f"environment PACKHOUSE_{variable}: {problem}",)

    @pytest.mark.parametrize(
        ("variable", "text", "problem"),
        [
            ("SERVER__PORT", "http", "server.port: expected a whole number, not text"),
            ("SERVER__PORT", "80.5", "server.port: expected a whole number, not a decimal number"),
            ("SERVER__PORT", "true", "server.port: expected a whole number, not true or false"),
            ("SERVER__PORT", "70000", "server.port: expected a number less than or equal to 65535"),
            ("SERVER__GRAPHIQL", "maybe", "server.graphiql: expected true or false, not text"),
            ("EVENTS__BATCH", "0", "events.batch: expected a number greater than or equal to 1"),
            ("EVENTS__BATCH", "null", "events.batch: expected a whole number, not nothing"),
            ("EVENTS__POLL_SECONDS", "0", "events.poll_seconds: expected a number greater than 0"),
            ("EVENTS__POLL_SECONDS", "Infinity", "events.poll_seconds: expected a finite number"),
            ("LOGGING__LEVEL", "loud", "logging.level: expected 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"),
            ("PLUGINS__DISABLED", "[1]", "plugins.disabled[0]: expected text, not a whole number"),
            ("PLUGINS__ENABLED", "{}", "plugins.enabled: expected a list, not a table"),
            ("PLUGINS__SETTINGS", "x", "plugins.settings: expected a table, not text"),
            ("PLUGINS__SETTINGS__UPS", "1", "plugins.settings.ups: expected a table, not a whole number"),
            ("SECURITY__SECRET_KEY", "x" * 31, "security.secret_key: expected at least 32 characters"),
            (
                "SERVER__ALLOWED_ORIGINS",
                "https://a.example/path",
                'server.allowed_origins[0]: expected "*" or scheme and host such as https://shop.example.com, without a path',
            ),
        ],
    )
    def test_wrong_type_or_value(self, variable: str, text: str, problem: str) -> None:
        name = f"PACKHOUSE_{variable}"
        assert refused(**{name: text}) == (f"environment {name}: {problem}",)

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("mysql://u:p@h/d", f"expected sqlite://FILE or {POSTGRES_EXPECTED}"),
            ("sqlite://", "expected sqlite://FILE with the name of the file"),
            ("postgresql://u:p@h", f"expected {POSTGRES_EXPECTED}"),
            ("postgresql://u:p@/d", f"expected {POSTGRES_EXPECTED}; the host is missing"),
            ("postgresql://u:p/q@h/d", f"expected {POSTGRES_EXPECTED}"),
            ("postgresql://u:1/q@h/d", f"expected {POSTGRES_EXPECTED}"),
            ("postgresql://u:1/q@h", f"expected {POSTGRES_EXPECTED}"),
            ("postgresql://u:1/d?q@h/d", f"expected {POSTGRES_EXPECTED}"),
            ("postgresql://u:p@h/d#x", f"expected {POSTGRES_EXPECTED}"),
            ("postgresql://u:p@h/d\n", f"expected {POSTGRES_EXPECTED}"),
        ],
    )
    def test_wrong_database_url(self, url: str, expected: str) -> None:
        name = "PACKHOUSE_DATABASE__URL"
        assert refused(**{name: url}) == (f"environment {name}: database.url: {expected}",)


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("[database]\nulr = 'x'", "unknown setting database.ulr; did you mean database.url?"),
            ("[databse]\nurl = 'x'", "unknown setting databse.url; did you mean database.url?"),
            ("secret_key = 'x'", "unknown setting secret_key; did you mean security.secret_key?"),
            ("[qqq]", "unknown setting qqq"),
            ("[server.tls]\ncert = 'x'", "unknown setting server.tls.cert"),
            ("server = 1", "server: expected a table, not a whole number"),
            ("[server]\nport = '1'", "server.port: expected a whole number, not text"),
            ("[server.port]\nx = 1", "server.port: expected a whole number, not a table"),
            ("[plugins]\nsettings = 1", "plugins.settings: expected a table, not a whole number"),
            ("[plugins.settings]\nups = 'x'", "plugins.settings.ups: expected a table, not text"),
            ("[server]\nhost = 1979-05-27", "server.host: expected text, not a date"),
        ],
    )
    def test_refused(self, folder: Path, text: str, problem: str) -> None:
        (folder / "packhouse.toml").write_text(text)
        assert refused() == (f"packhouse.toml: {problem}",)

    def test_all_problems_of_all_layers_at_once(self, folder: Path) -> None:
        (folder / "config/shop.toml").write_text("[server]\nport = 'x'\nhots = 'y'\n")
        (folder / "packhouse.toml").write_text("[server]\nport = 80\n[database]\npool_min = 11\n")
        environ = {"PACKHOUSE_PROFILE": "shop", "PACKHOUSE_EVENTS__BATCH": "x", "PACKHOUSE_EVENTS__BATHC": "1"}
        with pytest.raises(SettingsError) as caught:
            load_settings(environ=environ)
        assert str(caught.value) == (
            "5 settings were refused:\n"
            "  - config/shop.toml: unknown setting server.hots; did you mean server.host?\n"
            "  - config/shop.toml: server.port: expected a whole number, not text\n"
            "  - environment PACKHOUSE_EVENTS__BATHC: unknown setting events.bathc; did you mean PACKHOUSE_EVENTS__BATCH?\n"
            "  - environment PACKHOUSE_EVENTS__BATCH: events.batch: expected a whole number, not text\n"
            "  - packhouse.toml: database: pool_min is greater than pool_max"
        )

    def test_unreadable(self, folder: Path) -> None:
        (folder / "folder.toml").mkdir()
        (folder / "latin.toml").write_bytes(b"[server]\nhost = '\xe4'\n")
        (folder / "broken.toml").write_text(f"[security]\nsecret_key = {PLANTED}\n")
        assert refused(PACKHOUSE_CONFIG="absent.toml") == ("absent.toml: cannot be read: No such file or directory",)
        assert refused(PACKHOUSE_CONFIG="folder.toml") == ("folder.toml: cannot be read: Is a directory",)
        assert refused(PACKHOUSE_CONFIG="latin.toml") == ("latin.toml: is not written in UTF-8",)
        (broken,) = refused(PACKHOUSE_CONFIG="broken.toml")
        assert broken == "broken.toml: is not valid TOML: Invalid value (at line 2, column 14)"


@pytest.mark.usefixtures("folder")
class TestSecrets:
    @pytest.fixture
    def loaded(self) -> LoadedSettings:
        shopify: dict[str, Any] = {
            "webhook_secret": PLANTED,
            "credentials": {"user": PLANTED, "pin": 4711},
            "accounts": [{"name": "a", "token": PLANTED}],
            "mirror": f"https://u:{PLANTED}@shop.example/x",
            "page_size": 50,
        }
        return load_settings(
            environ={
                "PACKHOUSE_DATABASE__URL": f"postgresql://u:{PLANTED}@h:5432/d?sslpassword={PLANTED}&sslmode=require",
                "PACKHOUSE_SECURITY__SECRET_KEY": PLANTED,
                "PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY": json.dumps(shopify),
                "PACKHOUSE_PLUGINS__SETTINGS__UPS__CLIENT_SECRET": "",
            }
        )

    def test_rendered(self, loaded: LoadedSettings) -> None:
        rows = render_settings(loaded)
        assert PLANTED not in str(rows)
        assert [key for key, _, _ in rows[:2]] == ["database.url", "database.pool_min"]
        assert len({key for key, _, _ in rows}) == len(rows) == len(fields()) - 1 + 7
        shown = {key: (value, origin) for key, value, origin in rows}
        assert shown["database.url"] == (
            '"postgresql://u:********@h:5432/d?sslpassword=********&sslmode=require"',
            "environment PACKHOUSE_DATABASE__URL",
        )
        assert shown["security.secret_key"] == ('"********"', "environment PACKHOUSE_SECURITY__SECRET_KEY")
        assert shown["server.port"] == ("8000", "default")
        assert shown["plugins.enabled"] == ("(not set)", "default")
        assert shown["plugins.disabled"] == ('["demo"]', "default")
        from_variable = "environment PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY"
        assert rows[-7:] == [
            ("plugins.settings.shopify.accounts", '[{"name": "a", "token": "********"}]', from_variable),
            ("plugins.settings.shopify.credentials.pin", '"********"', from_variable),
            ("plugins.settings.shopify.credentials.user", '"********"', from_variable),
            ("plugins.settings.shopify.mirror", '"https://u:********@shop.example/x"', from_variable),
            ("plugins.settings.shopify.page_size", "50", from_variable),
            ("plugins.settings.shopify.webhook_secret", '"********"', from_variable),
            ("plugins.settings.ups.client_secret", '""', "environment PACKHOUSE_PLUGINS__SETTINGS__UPS__CLIENT_SECRET"),
        ]

    def test_an_empty_secret_key_is_shown_as_empty(self) -> None:
        rows = render_settings(load_settings(environ={}))
        assert ("security.secret_key", '""', "default") in rows

    def test_not_in_repr_or_str(self, loaded: LoadedSettings) -> None:
        for each in (
            loaded,
            loaded.settings,
            loaded.settings.database,
            loaded.settings.plugins,
            loaded.settings.security,
        ):
            assert PLANTED not in repr(each)
            assert PLANTED not in str(each)
        assert "4711" not in repr(loaded)
        assert (
            loaded.settings.database.shown_url
            == "postgresql://u:********@h:5432/d?sslpassword=********&sslmode=require"
        )
        assert "'page_size': 50" in repr(loaded.settings.plugins)
        assert loaded.settings.plugins.settings["shopify"]["webhook_secret"] == PLANTED

    def test_an_unencoded_password_is_hidden_whole(self) -> None:
        database = DatabaseSettings(url="postgresql://u:p@ss:w@h/d")
        assert database.shown_url == "postgresql://u:********@h/d"

    @given(
        password=st.text(st.sampled_from("ab1:/?#@&=%[] \n"), max_size=12),
        rest=st.sampled_from(["h/d", "h:5/d", "/d?host=/x"]),
    )
    def test_any_password_is_hidden_or_its_url_refused(self, password: str, rest: str) -> None:
        url = f"postgresql://u:{PLANTED}{password}{PLANTED}@{rest}"
        try:
            database = DatabaseSettings(url=url)
        except ValidationError as error:
            shown = str(error)
        else:
            shown = repr(database)
            assert database.shown_url == f"postgresql://u:********@{rest}"
        assert PLANTED not in shown

    @pytest.mark.parametrize(
        "environ",
        [
            {"PACKHOUSE_DATABASE__URL": f"mysql://u:{PLANTED}@h/d"},
            {"PACKHOUSE_DATABASE__URL": f"postgresql://u:{PLANTED}/@h/d"},
            {"PACKHOUSE_DATABASE__URL": f"postgresql://[{PLANTED}@h/d"},
            {"PACKHOUSE_SECURITY__SECRET_KEY": PLANTED[:20]},
            {"PACKHOUSE_SECURITY__SECRET_KY": PLANTED},
            {"PACKHOUSE_SECRET_KEY": PLANTED},
            {"PACKHOUSE_SERVER__PORT": PLANTED},
            {"PACKHOUSE_LOGGING__LEVEL": PLANTED},
            {"PACKHOUSE_SERVER__ALLOWED_ORIGINS": PLANTED},
            {"PACKHOUSE_PLUGINS__SETTINGS__SHOPIFY": PLANTED},
        ],
    )
    def test_not_in_settings_errors(self, environ: dict[str, str]) -> None:
        with pytest.raises(SettingsError) as caught:
            load_settings(environ=environ)
        assert PLANTED[:20] not in f"{caught.value!r} {caught.value}"
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"database": {"url": f"mysql://u:{PLANTED}@h/d"}},
            {"database": {"url": f"postgresql://u:{PLANTED}@h/d", "pool_min": 99}},
            {"security": {"secret_key": PLANTED[:20]}},
            {"security": {"secret_key": PLANTED, "more": PLANTED}},
            {"plugins": {"settings": {"shopify": PLANTED}}},
            {"plugins": {"settings": {"shopify": {"token": PLANTED}}, "strict": "x"}},
        ],
    )
    def test_not_in_pydantic_errors(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate(wrong)
        assert PLANTED[:20] not in f"{caught.value!r} {caught.value}"

    def test_not_in_errors_of_a_single_section(self) -> None:
        for section, wrong in (
            (SecuritySettings, {"secret_key": PLANTED[:20]}),
            (PluginsSettings, {"settings": {"a": PLANTED}}),
        ):
            with pytest.raises(ValidationError) as caught:
                section.model_validate(wrong)
            assert PLANTED[:20] not in f"{caught.value!r} {caught.value}"


class TestFirstConfiguration:
    def test_written_for_the_owner_alone_and_loads(self, folder: Path) -> None:
        write_first_configuration(folder / "packhouse.toml")
        assert stat.S_IMODE((folder / "packhouse.toml").stat().st_mode) == 0o600
        loaded = load_settings(environ={})
        assert len(loaded.settings.security.require_secret_key()) == 64
        assert loaded.provenance["security.secret_key"] == "packhouse.toml"
        assert loaded.settings.database.url == "sqlite://packhouse.sqlite3"
        assert loaded.provenance["database.url"] == "packhouse.toml"

    def test_each_has_its_own_secret(self, tmp_path: Path) -> None:
        write_first_configuration(tmp_path / "a.toml")
        write_first_configuration(tmp_path / "b.toml")
        assert (tmp_path / "a.toml").read_text() != (tmp_path / "b.toml").read_text()

    def test_does_not_overwrite(self, tmp_path: Path) -> None:
        path = tmp_path / "packhouse.toml"
        path.write_text("mine")
        with pytest.raises(SettingsError) as caught:
            write_first_configuration(path)
        assert str(caught.value) == f"{path}: exists already and is not overwritten; move it away to write a new one"
        assert path.read_text() == "mine"

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "absent" / "packhouse.toml"
        with pytest.raises(SettingsError) as caught:
            write_first_configuration(path)
        assert str(caught.value) == f"{path}: cannot be written: No such file or directory"
