"""Text that stands in a file or a variable of its own."""

from pathlib import Path

import pytest

from packhouse.settings import SettingsError, load_settings, render_settings
from packhouse.settings.references import UnreadableReference, read_reference, reference_of

KEY = "planted-key-of-a-test-with-32-characters"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text(KEY + "\n")
    return tmp_path


def refused(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=environ)
    assert KEY not in str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"file": "/run/key"}, ("file", "/run/key")),
        ({"env": "KEY"}, ("env", "KEY")),
        ({"file": "/run/key", "env": "KEY"}, None),
        ({"file": 1}, None),
        ({"secret": "key"}, None),
        ({}, None),
        ("file", None),
    ],
)
def test_a_reference_is_a_table_with_one_key(value: object, found: tuple[str, str] | None) -> None:
    assert reference_of(value) == found


def test_one_line_end_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    for written, read in (("a", "a"), ("a\n", "a"), ("a\r\n", "a"), (" a \n\n", " a \n")):
        (tmp_path / "value").write_bytes(written.encode())
        assert read_reference("file", str(tmp_path / "value")) == read
    assert read_reference("env", "KEY", {"KEY": "a\n"}) == "a\n"


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_bytes(b"\n")
    (tmp_path / "long").write_bytes(b"x" * 65_537)
    reasons = {
        "absent": "cannot be read: No such file or directory",
        "": "cannot be read: Is a directory",
        "binary": "cannot be read as UTF-8",
        "empty": "is empty",
        "long": "has more than 65536 bytes",
        "nul\x00": "cannot be read as UTF-8",
    }
    for name, reason in reasons.items():
        with pytest.raises(UnreadableReference) as caught:
            read_reference("file", f"{tmp_path}/{name}")
        assert str(caught.value) == f"the file {tmp_path}/{name} {reason}"
    for environ, reason in (({}, "is not set"), ({"KEY": ""}, "is empty")):
        with pytest.raises(UnreadableReference, match=f"^the environment variable KEY {reason}$"):
            read_reference("env", "KEY", environ)


def test_a_file_and_a_variable_hold_a_value(folder: Path) -> None:
    (folder / "packhouse.toml").write_text(
        '[security]\nsecret_key = { file = "key" }\n[database]\nurl = { env = "DATABASE" }\n'
    )
    loaded = load_settings(environ={"DATABASE": "postgresql://u:s3cret@host/d"})
    assert loaded.settings.security.require_secret_key() == KEY
    assert loaded.settings.database.url == "postgresql://u:s3cret@host/d"
    shown = {key: (value, origin) for key, value, origin in render_settings(loaded)}
    assert shown["security.secret_key"] == ('"********"', "packhouse.toml, the file key")
    assert shown["database.url"] == (
        '"postgresql://u:********@host/d"',
        "packhouse.toml, the environment variable DATABASE",
    )


def test_a_variable_names_the_file(folder: Path) -> None:
    loaded = load_settings(environ={"PACKHOUSE_SECURITY__SECRET_KEY_FILE": str(folder / "key")})
    assert loaded.settings.security.require_secret_key() == KEY
    origin = loaded.provenance["security.secret_key"]
    assert origin == f"environment PACKHOUSE_SECURITY__SECRET_KEY_FILE, the file {folder / 'key'}"


@pytest.mark.usefixtures("folder")
def test_what_is_wrong_is_named() -> None:
    (absent,) = refused(PACKHOUSE_SECURITY__SECRET_KEY_FILE="absent")
    assert absent == (
        "environment PACKHOUSE_SECURITY__SECRET_KEY_FILE: security.secret_key: "
        "the file absent cannot be read: No such file or directory"
    )
    both = refused(PACKHOUSE_SECURITY__SECRET_KEY_FILE="key", PACKHOUSE_SECURITY__SECRET_KEY=KEY)
    assert both == (
        "environment PACKHOUSE_SECURITY__SECRET_KEY_FILE: PACKHOUSE_SECURITY__SECRET_KEY is set as well; take one away",
    )
    (unknown,) = refused(PACKHOUSE_SERVER__PORT_FILE="key")
    assert unknown.startswith("environment PACKHOUSE_SERVER__PORT_FILE: unknown setting server.port_file")


def test_only_text_can_stand_elsewhere(folder: Path) -> None:
    (folder / "packhouse.toml").write_text('[server]\nport = { file = "key" }\n')
    assert refused() == ("packhouse.toml: server.port: expected a whole number, not a table",)


@pytest.mark.usefixtures("folder")
def test_previous_keys_are_hidden_and_checked() -> None:
    loaded = load_settings(environ={"PACKHOUSE_SECURITY__PREVIOUS_SECRET_KEYS": f"{KEY},{KEY[::-1]}"})
    keys = [key.get_secret_value() for key in loaded.settings.security.previous_secret_keys]
    assert keys == [KEY, KEY[::-1]]
    assert KEY not in str(render_settings(loaded))
    (short,) = refused(PACKHOUSE_SECURITY__PREVIOUS_SECRET_KEYS='["short"]')
    assert short == (
        "environment PACKHOUSE_SECURITY__PREVIOUS_SECRET_KEYS: security.previous_secret_keys[0]: "
        "expected at least 32 characters"
    )
