"""The SDK is frozen: whatever a plugin can see of it is written down here, and a change of it is a decision."""

import difflib
from pathlib import Path

import pytest

from packhouse import sdk
from packhouse.hooks.sdk_reference import docstrings, sdk_reference
from packhouse.hooks.specifications import specifications
from packhouse.hooks.surface import deprecations, sdk_surface, shape_of

WRITTEN = Path(__file__).parent / "surface.txt"
COMMAND = "packhouse docs sdk --surface > tests/sdk/surface.txt"


def changes(written: str, found: str) -> str:
    """What was taken away and what was added; empty where nothing changed."""
    lines = list(difflib.unified_diff(written.splitlines(), found.splitlines(), "written", "found", lineterm="", n=2))
    if not lines:
        return ""
    taken = any(line.startswith("-") for line in lines[2:])
    advice = (
        "lines with - break plugins: see 'Taken away' in packhouse/sdk/__init__.py"
        if taken
        else "additions only, which no plugin minds"
    )
    return "\n".join([f"The SDK changed ({advice}). If that is meant: {COMMAND}", *lines])


def test_the_sdk_is_what_is_written_down() -> None:
    assert not (found := changes(WRITTEN.read_text(), sdk_surface())), found


def test_a_change_is_told_line_by_line() -> None:
    before = "dataclass Label\n    number: str\n    price: Money\n"
    added = changes(before, before + "    url: str = ''\n")
    assert "additions only" in added
    assert added.endswith("\n+    url: str = ''")
    renamed = changes(before, before.replace("price: Money", "price: float"))
    assert "break plugins" in renamed
    assert renamed.endswith("\n-    price: Money\n+    price: float")
    assert changes(before, before) == ""


def test_every_public_name_says_what_it_means() -> None:
    assert [name for name, text in docstrings().items() if not text] == []


def test_every_hook_says_what_it_means() -> None:
    assert [name for name, hook in specifications().items() if not hook.function.__doc__] == []


def test_the_reference_has_every_name_once_and_every_hook() -> None:
    reference = sdk_reference()
    headings = [line for line in reference.splitlines() if line.startswith("### ")]
    names = [f"### `{name}`" for name in (*sdk.__all__, *specifications())]
    assert sorted(headings) == sorted(names)
    assert "dataclass Money\n    amount: Decimal\n    currency: str\n" in reference
    assert (sdk.Money.__doc__ or "no docstring") in reference


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Quotes", "async def quote(request: QuoteRequest) -> list[ShippingQuote]"),
        (
            "ProviderRateLimited",
            "__init__(detail: str, *, retry_after: float, code: str = '', answer: str = '') -> None",
        ),
        ("Event", "payload: Mapping[str, Any] = {}"),
        ("PluginContext", "property http: ClientSession"),
        ("History", "def __iter__() -> Iterator[HistoryOrder | RejectedRow]"),
        ("Verdict", "REFUSE = 'refuse'"),
    ],
)
def test_shapes_show_what_a_plugin_relies_on(name: str, line: str) -> None:
    assert line in shape_of(name).members


def test_nothing_goes_while_plugins_that_may_use_it_are_accepted() -> None:
    """A host has everything of every API version that it accepts, and nothing that was to go with the oldest of them."""
    oldest = int(sdk.ACCEPTED_API_VERSIONS[0])
    assert [str(each) for each in deprecations() if int(each.removed_in) <= oldest] == []
    assert sdk.ACCEPTED_API_VERSIONS[-1] == sdk.API_VERSION
