from typing import Any

import pytest

from packhouse.sdk import BadMapping, Unreadable


def problems(files: Any, old: str, new: str) -> tuple[str, ...]:
    text = files.mapping_text
    assert old in text
    with pytest.raises(BadMapping) as caught:
        files.read(text.replace(old, new))
    return caught.value.problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("currency =", "curency =", "unknown key curency (did you mean currency?)"),
        ("placed_at =", "placed =", "unknown key orders.columns.placed (did you mean placed_at?)"),
        ("unit_price =", "unit_prise =", "unknown key lines.columns.unit_prise (did you mean unit_price?)"),
        ('"GBP"', '"pounds"', "currency: 'pounds' is not an ISO 4217 currency code such as GBP"),
        (
            "Europe/London",
            "Europe/Londn",
            "timezone: 'Europe/Londn' is no time zone such as Europe/London; did you mean Europe/London?",
        ),
        ('placed_at = "placed", ', "", "orders.columns.placed_at: an order needs the time at which it was placed"),
        (
            '"placed"',
            '"plased"',
            (
                "orders.columns.placed_at: orders.csv has no column 'plased' (did you mean 'placed'?);"
                " it has: id, status, placed, shipped, delivered"
            ),
        ),
        (
            'key = "no"',
            'key = "number"',
            "lines.key: lines.csv has no column 'number'; it has: order, no, sku, price, units",
        ),
    ],
)
def test_what_is_wrong_is_named_with_the_nearest_right_thing(files: Any, old: str, new: str, problem: str) -> None:
    assert problems(files, old, new) == (problem,)


def test_an_unknown_state_in_the_mapping(files: Any) -> None:
    (problem,) = problems(files, '"pending"', '"waiting"')
    assert problem.startswith("orders.states.new: Input should be 'pending', 'confirmed'")


def test_no_toml_no_orders_no_mapping(files: Any) -> None:
    with pytest.raises(BadMapping, match="is not TOML"):
        files.read("channel = ")
    with pytest.raises(BadMapping, match=r"\[orders\] is missing"):
        files.read('currency = "GBP"')
    (files.folder / "mapping.toml").unlink()
    from packhouse_spreadsheet.mapping import load_mapping

    with pytest.raises(BadMapping, match="cannot be read: No such file"):
        load_mapping(files.folder / "mapping.toml")


def test_a_file_that_is_not_there_or_empty(files: Any) -> None:
    with pytest.raises(Unreadable, match=r"absent\.csv cannot be read: No such file"):
        files.read(files.mapping_text.replace("lines.csv", "absent.csv"))
    with pytest.raises(Unreadable, match=r"orders\.csv has no header"):
        files.read(orders="")


def test_every_problem_is_told_at_once(files: Any) -> None:
    found = problems(files, 'key = "no"\ncolumns = { sku = "sku"', 'key = "nr"\ncolumns = { sku = "article"')
    assert len(found) == 2
