"""Plugins that cannot be loaded, or say what is wrong in the wrong way, fail the one rule that they break."""

import pytest
from tests.testing.conformance.broken import BROKEN, EFFECTS, Broken, breaks_what_it_should

from packhouse import sdk
from packhouse.sdk.deprecation import Deprecation


@pytest.fixture
def old_money(monkeypatch: pytest.MonkeyPatch) -> None:
    going = {"OldMoney": (sdk.Money, Deprecation("OldMoney", "0.4", "2", "Money"))}
    monkeypatch.setattr(sdk, "DEPRECATED_NAMES", going)


@pytest.mark.filterwarnings("ignore::packhouse.sdk.SdkDeprecation")
@pytest.mark.usefixtures("old_money")
@pytest.mark.parametrize("broken", [each for each in BROKEN if each.rule not in EFFECTS], ids=str)
async def test_it_breaks_what_it_should(broken: Broken) -> None:
    await breaks_what_it_should(broken)
