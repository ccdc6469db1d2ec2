import json
import sys
from pathlib import Path

import pytest

from packhouse.cli import main

ROOT = Path(__file__).parents[2]
SOUND = """
import sys

sys.path.insert(0, {root!r})
from tests.testing.conformance.broken import {plugin} as Chosen
from tests.testing.conformance.sound import subject

SUBJECT = subject(Chosen)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'packhouse-sound'\n")
    (tmp_path / "tests").mkdir()
    return tmp_path


def check(folder: Path, plugin: str, *options: str) -> int:
    (folder / "tests" / "conformance.py").write_text(SOUND.format(root=str(ROOT), plugin=plugin))
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "check", str(folder), *options])
    return int(ended.value.code or 0)


def test_a_plugin_that_conforms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder, "Plugin", "--rule", "utc", "--rule", "money") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].strip() == "sound 1.0"
    assert "│ utc   │ passed │ Times know their zone, and are in UTC" in out
    assert out.splitlines()[-1] == "It conforms."
    assert err.split() == ["money", "…", "utc", "…"]


def test_a_plugin_that_does_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder, "CannotStart", "--rule", "loads", "--rule", "utc") == 1
    out, _ = capsys.readouterr()
    assert "│ loads │ failed         │ The host loads it, starts it and stops it" in out
    assert "- it raised RuntimeError: no licence" in out
    assert "│ utc   │ not applicable │ Times know" in out
    assert out.splitlines()[-1] == "It does not conform: loads"


def test_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder, "CannotStart", "--rule", "loads", "--json") == 1
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["plugin"], report["holds"], [rule["status"] for rule in report["rules"]]) == (
        "sound",
        False,
        ["failed"],
    )
    assert err == ""


def test_a_plugin_that_there_is_not_and_a_rule_that_there_is_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "check", "upz"])
    assert ended.value.code == 2
    assert "packhouse: 'upz' is neither a folder" in capsys.readouterr().err
    assert check(folder, "Plugin", "--rule", "speed") == 2
    assert "packhouse: there is no rule 'speed'; there are loads," in capsys.readouterr().err


def test_the_quality_scale_is_shown_and_has_to_be_true(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "check", "demo"])
    out, _ = capsys.readouterr()
    assert ended.value.code == 0
    assert "Quality scale: gold" in out
    assert "│ bronze │ typed               │ done   │ It is typed, and says so" in out
    assert "- There is no vendor." in out
    assert check(folder, "Plugin") == 1
    out, _ = capsys.readouterr()
    assert "It conforms." in out
    assert "quality.toml cannot be read" in out
