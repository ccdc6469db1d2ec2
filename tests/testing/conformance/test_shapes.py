from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest

from packhouse.sdk import Money, Objection, PurchasedLabel, TrackingStatus, TrackingUpdate
from packhouse.testing.conformance.mutations import mutations
from packhouse.testing.conformance.shapes import answer_of, wrongs
from packhouse.testing.conformance.subject import Operation

AT = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass
class Box:
    prices: Mapping[str, Money]
    pair: tuple[str, int]
    notes: tuple[str, ...] = ()
    weight: float = 0.0


def texts(value: Any, annotation: Any = Any) -> list[str]:
    return [each.text for each in wrongs(value, annotation)]


def test_what_the_contract_says_of_a_method() -> None:
    assert answer_of(Operation("track")) == list[TrackingUpdate]
    assert answer_of(Operation("find_label")) == PurchasedLabel | None
    assert answer_of(Operation("shipment_dispatched")) is type(None)
    assert answer_of(Operation("check_order")) == Objection | None
    assert answer_of(Operation("nothing")) is Any
    assert answer_of(Operation("track", gives=int)) is int


def test_a_sound_value_has_no_wrongs() -> None:
    assert texts(Box({"a": Money.of("1.50", "GBP")}, ("a", 1), ("b",), 3)) == []
    assert texts([TrackingUpdate("1", TrackingStatus.DELIVERED, AT)], list[TrackingUpdate]) == []
    assert texts(None, PurchasedLabel | None) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Box({"a": Money(Decimal("1.505"), "GBP")}, ("a", 1)), "Box.prices['a']: amount: 1.505 has more digits"),
        (Box({"a": Money(Decimal("NaN"), "GBP")}, ("a", 1)), "Box.prices['a']: amount: Decimal('NaN') is not"),
        (Box({"a": Money(Decimal(1), "pounds")}, ("a", 1)), "Box.prices['a']: currency: 'pounds' is not"),
        (Box({"a": Money(1, "GBP")}, ("a", 1)), "Box.prices['a'] has an amount of type int, expected Decimal"),  # type: ignore[arg-type]  # the mistake
        (Box({}, ("a", "b")), "Box.pair[1] is str, expected int"),  # type: ignore[arg-type]  # the mistake
        (Box({}, ("a", 1), ("b", 2)), "Box.notes[1] is int, expected str"),  # type: ignore[arg-type]  # the mistake
        (Box({}, ("a", True)), "Box.pair[1] is bool, expected int"),
        (TrackingUpdate("1", "delivered", AT), "TrackingUpdate.status is str, expected TrackingStatus"),  # type: ignore[arg-type]  # the mistake
        (
            TrackingUpdate("1", TrackingStatus.DELIVERED, AT.astimezone(timezone(timedelta(hours=2)))),
            "TrackingUpdate.occurred_at is 2026-07-01T02:00:00+02:00, which is not in UTC",
        ),
    ],
)
def test_wrongs_are_named_by_their_place(value: Any, said: str) -> None:
    (text,) = texts(value)
    assert text.startswith(said)


def test_an_answer_of_another_type() -> None:
    assert texts("T1", list[TrackingUpdate]) == ["the answer is str, expected list[TrackingUpdate]"]


def test_every_field_is_spoilt_in_every_way() -> None:
    answer = {"id": "a", "sizes": [{"mm": 3}, {"mm": 4}], "gone": None}
    found = [(what, orjson.loads(body)) for what, body in mutations(answer)]
    assert ("id missing", {"sizes": [{"mm": 3}, {"mm": 4}], "gone": None}) in found
    assert ("sizes[0].mm a text", {**answer, "sizes": [{"mm": "many"}, {"mm": 4}]}) in found
    assert ("sizes[0] missing", {**answer, "sizes": [{"mm": 4}]}) in found
    assert ("sizes a list of nulls", {**answer, "sizes": [None]}) in found
    assert not any(what.startswith("sizes[1]") for what, _ in found)
    assert all(spoilt != answer for _, spoilt in found)
    assert answer == {"id": "a", "sizes": [{"mm": 3}, {"mm": 4}], "gone": None}


def test_large_answers_are_sampled() -> None:
    answer = {f"field{number}": number for number in range(1000)}
    places = {what.partition(" ")[0] for what, _ in mutations(answer)}
    assert 100 <= len(places) <= 120
