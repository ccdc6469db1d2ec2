"""Each way of taking something away warns at the plugin's own line, and says what to use instead."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import pluggy
import pytest

from packhouse import sdk
from packhouse.hooks.specifications import Specification
from packhouse.hooks.surface import deprecations, hook_line, sdk_surface
from packhouse.sdk import SdkDeprecation, hookimpl
from packhouse.sdk.deprecation import Deprecation, deprecated, moved, warning_of
from packhouse.sdk.hookspecs import hookspec

SAID = "is deprecated since Packhouse 0.4 and goes with API version 2: use weight_grams"
GONE = {"since": "0.4", "removed_in": "2", "instead": "weight_grams"}


@dataclass(frozen=True)
class Box:
    weight_grams: int

    @property
    @deprecated(**GONE)
    def weight(self) -> float:
        return self.weight_grams / 1000


@deprecated(**GONE)
class Crate:
    def __init__(self, size: int) -> None:
        self.size = size


@deprecated(**GONE)
async def weigh(box: Box) -> int:
    return box.weight_grams


def test_a_field_that_became_a_property_warns_and_still_answers() -> None:
    with pytest.warns(SdkDeprecation, match=f"^Box.weight {SAID}$") as caught:
        assert Box(1500).weight == 1.5
    assert caught[0].filename == __file__


def test_a_class_warns_when_one_is_made() -> None:
    with pytest.warns(SdkDeprecation, match=f"^Crate {SAID}$") as caught:
        crate = Crate(3)
    assert crate.size == 3
    assert isinstance(crate, Crate)
    assert caught[0].filename == __file__


async def test_a_function_warns_and_stays_what_it_is() -> None:
    with pytest.warns(SdkDeprecation, match=f"^weigh {SAID}$"):
        assert await weigh(Box(2)) == 2
    assert weigh.__name__ == "weigh"


def test_a_name_of_the_sdk_warns_at_the_import(monkeypatch: pytest.MonkeyPatch) -> None:
    names: Mapping[str, tuple[object, Deprecation]] = {
        "OldMoney": (sdk.Money, Deprecation("OldMoney", "0.4", "2", "Money"))
    }
    monkeypatch.setattr(sdk, "DEPRECATED_NAMES", names)
    with pytest.warns(SdkDeprecation, match="^OldMoney is deprecated .*: use Money$") as caught:
        from packhouse.sdk import OldMoney  # type: ignore[attr-defined]  # it exists at run time only
    assert OldMoney is sdk.Money
    assert caught[0].filename == __file__
    assert [each.name for each in deprecations()] == ["OldMoney"]
    with pytest.raises(AttributeError, match=r"module .packhouse\.sdk. has no attribute .Nothing."):
        moved(names, "packhouse.sdk", "Nothing")
    with pytest.raises(ImportError):
        from packhouse.sdk import Nothing  # type: ignore[attr-defined]  # that is the point  # noqa: F401


def test_a_hook_warns_when_a_plugin_that_implements_it_is_registered() -> None:
    class Contract:
        @hookspec(warn_on_impl=warning_of("order_weighed", **GONE))
        async def order_weighed(self, order: str) -> None:
            """An order was weighed."""

        @hookspec(warn_on_impl_args={"box": warning_of("order_packed(box)", **GONE)})
        async def order_packed(self, order: str, box: str) -> None:
            """An order was packed."""

    class Plugin:
        @hookimpl
        async def order_weighed(self, order: str) -> None: ...

        @hookimpl
        async def order_packed(self, box: str) -> None: ...

    manager = pluggy.PluginManager("packhouse")
    manager.add_hookspecs(Contract)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        manager.register(Plugin())
    assert sorted(str(each.message) for each in caught) == [f"order_packed(box) {SAID}", f"order_weighed {SAID}"]
    weighed = Specification("order_weighed", "Deliver", True, ("order",), Contract.order_weighed)
    assert hook_line(weighed) == (
        "hook Deliver: async def order_weighed(order: str) -> None  (order_weighed goes with API version 2)"
    )


def test_what_goes_is_marked_in_the_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    class Parcel(sdk.Parcel):
        @property
        @deprecated(**GONE)
        def weight(self) -> int:
            return self.weight_grams

    monkeypatch.setattr(sdk, "Parcel", Parcel)
    assert "property weight: int  (goes with API version 2)" in sdk_surface()
    assert [str(each).partition(" is")[0].rpartition(".")[2] for each in deprecations()] == ["weight"]
