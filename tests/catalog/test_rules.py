import pytest

from packhouse.catalog.rules import check_bundle
from packhouse.sdk import InvalidValue, Refused


def test_a_bundle_may_contain_bundles_of_plain_variants() -> None:
    check_bundle("HAMPER", {"SET": 1, "BOX": 2}, {"SET": {"MUG", "PLATE"}}, [])
    check_bundle("SET", {"MUG": 1}, {}, ["HAMPER"])


@pytest.mark.parametrize(
    ("components", "contents", "containers", "code"),
    [
        ({"SET": 1}, {}, [], "BUNDLE_CYCLE"),
        ({"MUG": 1, "HAMPER": 1}, {"HAMPER": {"SET"}}, [], "BUNDLE_CYCLE"),
        ({"HAMPER": 1}, {"HAMPER": {"TRAY"}, "TRAY": {"MUG"}}, [], "BUNDLE_TOO_DEEP"),
        ({"TRAY": 1}, {"TRAY": {"MUG"}}, ["HAMPER"], "BUNDLE_TOO_DEEP"),
    ],
    ids=["itself", "what contains it", "three deep below", "three deep above"],
)
def test_what_cannot_be_taken_apart_in_two_steps_is_no_bundle(
    components: dict[str, int], contents: dict[str, set[str]], containers: list[str], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        check_bundle("SET", components, contents, containers)
    assert (refused.value.code, refused.value.field) == (code, f"components.{len(components) - 1}.sku")


@pytest.mark.parametrize("units", [0, -1])
def test_a_component_has_units(units: int) -> None:
    with pytest.raises(InvalidValue, match=r"components\.0\.quantity"):
        check_bundle("SET", {"MUG": units}, {}, [])
