"""A new plugin of each kind works, is typed, lints, passes its own tests, and is what `packhouse plugin check` asks for."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import packhouse
from packhouse.cli import main
from packhouse.cli.plugin_new import Kind, template
from packhouse.sdk import PackhouseError
from packhouse.testing.conformance import find_subject
from packhouse.testing.quality import examine_quality

ROOT = Path(__file__).parents[2]


def new(name: str, *options: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "new", name, *options])
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def path_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new plugin of every kind."""
    folder = tmp_path_factory.mktemp("plugins")
    for kind in Kind:
        assert new(f"acme-{kind}", "--kind", kind.value, "--into", str(folder)) == 0
    return folder


def of(made: Path, kind: Kind) -> Path:
    return made / f"packhouse-acme-{kind}"


def run(folder: Path, *command: str) -> None:
    path = os.pathsep.join(str(each) for each in sorted(folder.iterdir()) if each.is_dir())
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", Kind)
def test_it_is_what_it_says(made: Path, kind: Kind) -> None:
    folder = of(made, kind)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"packhouse-acme-{kind}"
    assert project["entry-points"]["packhouse.plugins"] == {f"acme-{kind}": f"packhouse_acme_{kind}:Plugin"}
    assert find_subject(str(folder)).plugin().plugin_manifest().title == f"Acme {kind.title()}"
    promises = examine_quality(folder)
    assert (promises.problems, promises.level) == ((), "gold" if kind is Kind.PLAIN else "bronze")


def test_their_own_tests_pass_among_them_the_conformance_kit(made: Path) -> None:
    folders = [str(of(made, kind)) for kind in Kind]
    config = str(of(made, Kind.PLAIN) / "pyproject.toml")
    run(
        made, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", config, "--rootdir", str(made), *folders
    )


def test_they_are_typed(made: Path) -> None:
    packages = [str(of(made, kind) / f"packhouse_acme_{kind}") for kind in Kind]
    run(made, "mypy", "--strict", "--cache-dir", str(made / "cache"), *packages)


def test_they_lint_and_are_laid_out(made: Path) -> None:
    run(made, "ruff", "check", "--no-cache", *(str(of(made, kind)) for kind in Kind))
    run(made, "ruff", "format", "--no-cache", "--check", *(str(of(made, kind)) for kind in Kind))


def test_it_says_what_to_do_next_and_conforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert new("hours", "--title", "Hours & days", "--description", "How long orders take.") == 0
    assert capsys.readouterr().out == (
        "Made packhouse-hours. Next:\n\n    pip install -e packhouse-hours\n    packhouse plugin check packhouse-hours\n\n"
    )
    assert "\nHow long orders take.\n" in Path("packhouse-hours/README.md").read_text()
    with pytest.raises(SystemExit) as ended:
        main(["plugin", "check", "packhouse-hours", "--json"])
    assert ended.value.code == 0


@pytest.mark.parametrize("name", ["Acme", "acme post", "1acme", "../acme", "", "a" * 42, "acme-", "a--b"])
def test_a_name_that_is_none_makes_nothing(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert new(name, "--into", str(tmp_path)) == 2
    assert "is not small letters, digits and single hyphens" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--title", "--description"])
@pytest.mark.parametrize("words", ['The "best"', "back\\slash", "two\nlines", "a" * 201])
def test_words_that_would_break_the_code_make_nothing(
    tmp_path: Path, option: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new("acme", "--into", str(tmp_path), option, words) == 2
    assert "no double quotes, backslashes or line breaks" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["none", "plugin", "settings", "client", "true"])
def test_names_that_mean_something_in_the_code_work_as_well(tmp_path: Path, name: str) -> None:
    assert new(name, "--kind", "carrier", "--into", str(tmp_path), "--title", "100% Joe's {{ 1 + 1 }}") == 0
    manifest = find_subject(str(tmp_path / f"packhouse-{name}")).plugin().plugin_manifest()
    assert (manifest.code, manifest.title) == (name, "100% Joe's {{ 1 + 1 }}")


def test_what_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "packhouse-acme").mkdir()
    (tmp_path / "packhouse-acme" / "notes.txt").write_text("mine")
    assert new("acme", "--into", str(tmp_path)) == 2
    assert "exists already" in capsys.readouterr().err
    assert [each.name for each in (tmp_path / "packhouse-acme").iterdir()] == ["notes.txt"]


def test_without_copier_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "copier", None)
    assert new("acme", "--into", str(tmp_path)) == 2
    assert "pip install 'packhouse[develop]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_template_is_found_in_a_checkout_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert template() == ROOT / "plugins" / "_template"
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {"plugins/_template": "packhouse/testing/template"}
    installed = tmp_path / "site-packages" / "packhouse"
    (installed / "testing" / "template").mkdir(parents=True)
    monkeypatch.setattr(packhouse, "__file__", str(installed / "__init__.py"))
    with pytest.raises(PackhouseError, match="not part of this installation"):
        template()
    (installed / "testing" / "template" / "copier.yml").write_text("")
    assert template() == installed / "testing" / "template"


def test_nobody_takes_the_template_for_a_plugin() -> None:
    assert list((ROOT / "plugins" / "_template").rglob("*.py")) == []
    members = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    assert members == ["plugins/packhouse-*"]
