"""Which plugins run: what files and environment fix stays, the database decides the rest."""

from typing import Any

import pytest
from tests.hooks.test_loading import Choices

from packhouse.hooks.selection import Selection, StoredChoice

SHIPPED = {"plugins.enabled": "default", "plugins.disabled": "default"}


def select(stored: dict[str, bool | None], origins: dict[str, str] | None = None, **choices: Any) -> Selection:
    kept = {code: StoredChoice(enabled) for code, enabled in stored.items()}
    told = SHIPPED if origins is None else origins
    return Selection(Choices(**choices), kept, lambda key: told.get(key, ""))


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        (None, {"mail": True, "demo": False}),
        (True, {"mail": True, "demo": True}),
        (False, {"mail": False, "demo": False}),
    ],
)
def test_the_database_decides_what_nobody_fixed(stored: bool | None, wanted: dict[str, bool]) -> None:
    selection = select({"mail": stored, "demo": stored}, disabled=["demo"])
    assert {code: selection.wants(code) for code in wanted} == wanted
    assert [selection.fixed_by(code) for code in wanted] == ["", ""]


def test_those_that_a_file_disables_stay_disabled() -> None:
    origins = {"plugins.disabled": "packhouse.toml"}
    selection = select({"demo": True, "mail": False}, origins, disabled=["demo"])
    assert (selection.wants("demo"), selection.fixed_by("demo")) == (False, "plugins.disabled (packhouse.toml)")
    assert (selection.wants("mail"), selection.fixed_by("mail")) == (False, "")
    assert selection.named() == []


def test_a_list_of_those_that_run_leaves_nothing_to_decide() -> None:
    selection = select({"demo": True, "mail": False}, {}, enabled=["mail"])
    assert (selection.wants("mail"), selection.wants("demo")) == (True, False)
    assert selection.fixed_by("demo") == "plugins.enabled (settings)"
    assert selection.named() == ["mail"]


def test_those_that_are_wanted_by_name_are_told() -> None:
    assert select({"mail": True, "post": None, "gone": False}).named() == ["mail"]
