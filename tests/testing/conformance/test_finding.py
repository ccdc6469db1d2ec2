import sys
from pathlib import Path

import pytest

from packhouse.testing.conformance import NoSubject, Subject, find_subject, folder_of

ROOT = Path(__file__).parents[3]
UPS = ROOT / "plugins" / "packhouse-ups"


@pytest.fixture(autouse=True)
def path_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path.copy())


def test_a_folder_and_a_code_lead_to_the_same_subject() -> None:
    by_folder, by_code = find_subject(str(UPS)), find_subject("ups")
    assert isinstance(by_folder, Subject)
    assert by_folder.plugin is by_code.plugin
    assert folder_of("ups") == UPS


def test_what_there_is_not_is_said() -> None:
    with pytest.raises(NoSubject, match=r"'upz' is neither a folder .* \(installed: .*ups"):
        find_subject("upz")


def test_a_plugin_without_a_subject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'packhouse-bare'\n")
    with pytest.raises(NoSubject, match=r"has no subject to examine: .*conformance\.py is not there"):
        find_subject(str(tmp_path))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conformance.py").write_text("SUBJECT = 'none'\n")
    with pytest.raises(NoSubject, match="has no SUBJECT that is a packhouse"):
        find_subject(str(tmp_path))


def test_a_plugin_is_examined_from_its_folder_without_being_installed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'packhouse-foldered'\n")
    (tmp_path / "packhouse_foldered").mkdir()
    (tmp_path / "packhouse_foldered" / "__init__.py").write_text("class Plugin:\n    pass\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conformance.py").write_text(
        "from packhouse.testing.conformance import Subject\nfrom packhouse_foldered import Plugin\n"
        "SUBJECT = Subject(Plugin, lambda vendor: {})\n"
    )
    assert find_subject(str(tmp_path)).plugin.__name__ == "Plugin"
