"""The proof itself must fail when machine and table differ, in either direction."""

import pytest

from packhouse.inventory.states import ALLOCATION_STATUS
from packhouse.testing.machines import prove_machine, read_table


def test_a_table_is_read() -> None:
    table = read_table("""
        * a → b | c
          b → .
          c → b
    """)
    assert table.starts == frozenset({"a"})
    assert table.following == {"a": frozenset({"b", "c"}), "b": frozenset(), "c": frozenset({"b"})}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* allocated → shipped\n shipped → .\n released → .", "ways out of allocated"),
        ("* allocated → shipped | released\n shipped → released\n released → .", "ways out of shipped"),
        ("* allocated → shipped | released\n shipped → .", "states"),
        ("* allocated → shipped | released\n* shipped → .\n released → .", "starts"),
    ],
)
def test_a_difference_is_found(text: str, message: str) -> None:
    with pytest.raises(AssertionError, match=rf"^Allocation.status, {message}: the machine says"):
        prove_machine(ALLOCATION_STATUS, text)
