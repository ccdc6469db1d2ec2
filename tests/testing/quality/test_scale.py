"""Every plugin of ours says truly what it promises; a scale that does not is told so."""

from pathlib import Path

import pytest

from packhouse.testing.quality import LEVELS, RULES, BadScale, check_scale, examine_quality, inspect_plugin, read_scale

PLUGINS = sorted((Path(__file__).parents[3] / "plugins").glob("packhouse-*"))
BARE = """
[project]
name = "packhouse-bare"
[project.entry-points."packhouse.plugins"]
bare = "packhouse_bare:Plugin"
"""
CODE = """
from pydantic import BaseModel, ConfigDict

from packhouse.sdk import PluginManifest, hookimpl


class Inner(BaseModel):
    api_key: str = ""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: Inner | None = None
    page_size: int = 10


class Plugin:
    @hookimpl
    def plugin_manifest(self):
        return PluginManifest("bare", "Bare", "1", settings=Settings)
"""
EXEMPT = '{ status = "exempt", comment = "bare" }'
SUBJECT = """
from packhouse.testing.conformance import Subject
from packhouse_bare import Plugin

SUBJECT = Subject(Plugin, lambda vendor: {}, exempt={"duplicates": "no key"})
"""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin that does nothing right."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in {
        "pyproject.toml": BARE,
        "README.md": "# bare\n",
        "packhouse_bare/__init__.py": CODE,
        "packhouse_bare/inside.py": "import httpx\nfrom urllib.request import urlopen\nfrom packhouse.web import errors\n",
        "tests/conformance.py": SUBJECT,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def mark(folder: Path, all_: str = '"done"', **marks: str) -> None:
    lines = {rule.name: all_ for rule in RULES} | marks
    text = "\n".join(f"{name} = {value}" for name, value in lines.items() if value)
    (folder / "quality.toml").write_text(f"[rules]\n{text}\n")


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_our_own_plugins_say_truly_what_they_promise(folder: Path) -> None:
    promises = examine_quality(folder)
    assert promises.problems == ()
    assert promises.level in LEVELS


def test_what_is_said_to_be_done_and_is_not(bare: Path) -> None:
    mark(bare)
    assert check_scale(inspect_plugin(bare), read_scale(bare)) == [
        "readme: README.md lacks ## Limits and ## Settings",
        "sdk-only: inside.py imports packhouse.web",
        "typed: packhouse_bare/py.typed is missing",
        "settings-documented: README.md does not name the settings api_key, inner, page_size",
        "settings-strict: unknown settings pass: Inner needs extra='forbid'",
        "secrets-hidden: Inner.api_key is no SecretStr",
        "tested: there are no tests",
        "conforms: no test runs the conformance kit",
        "failures-documented: README.md does not say when ProviderUnavailable and ProviderRefused comes",
        "once: the subject is exempt from duplicates",
        "shadowed: inside.py imports httpx; inside.py imports urllib.request",
    ]
    assert examine_quality(bare).level == ""


def test_a_name_that_is_another_one(bare: Path) -> None:
    (bare / "pyproject.toml").write_text(BARE.replace("packhouse-bare", "packhouse-bear"))
    mark(bare)
    problems = check_scale(inspect_plugin(bare), read_scale(bare))
    assert "named: the distribution packhouse-bear and its entry point bare are not named after bare" in problems


def test_a_rule_that_is_not_done_is_not_checked_and_counts_for_the_level(bare: Path) -> None:
    mark(bare, EXEMPT, paced='"todo"')
    assert check_scale(inspect_plugin(bare), read_scale(bare)) == []
    assert examine_quality(bare).level == "bronze"
    mark(bare, EXEMPT)
    assert examine_quality(bare).level == "gold"
    mark(bare, EXEMPT, readme='"todo"')
    assert examine_quality(bare).level == ""


def test_a_scale_that_is_incomplete_or_strange(bare: Path) -> None:
    mark(bare, EXEMPT, speed='"done"', typed="", paced='{ status = "exempt" }')
    assert check_scale(inspect_plugin(bare), read_scale(bare)) == [
        "speed: there is no such rule",
        "typed: quality.toml does not say",
        "paced: exempt needs a comment that says why",
    ]


def test_a_scale_that_cannot_be_read(bare: Path) -> None:
    assert examine_quality(bare).problems[0].endswith("No such file or directory: '" + str(bare / "quality.toml") + "'")
    mark(bare, paced='"soon"')
    with pytest.raises(BadScale, match="paced is neither done, todo nor exempt"):
        read_scale(bare)
    (bare / "quality.toml").write_text("[rules\n")
    with pytest.raises(BadScale, match="cannot be read"):
        read_scale(bare)


def test_every_rule_has_a_level_and_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert list(dict.fromkeys(rule.level for rule in RULES)) == list(LEVELS)
