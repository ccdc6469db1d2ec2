import pytest

from packhouse.sdk import InvalidValue
from packhouse.web.permissions import ALL, NOTHING, WORDS, Area, Permissions


def test_writing_includes_reading() -> None:
    permissions = Permissions.of(["orders.write", "catalog.read"])
    assert permissions == Permissions.of(["catalog.read", "orders.read", " orders.write "])
    assert permissions.words == ["catalog.read", "orders.write"]
    assert permissions.allows("orders.read")
    assert not permissions.allows("catalog.write")
    assert permissions.missing(["catalog.write", "customers.read", "orders.read"]) == [
        "catalog.write",
        "customers.read",
    ]
    assert permissions.allows_any(["customers.read", "orders.read"])
    assert not permissions.allows_any(["customers.read"])


def test_an_administrator_may_do_everything() -> None:
    assert Permissions.of(["*", "orders.read"]) == ALL
    assert (ALL.words, ALL.missing(WORDS), ALL.allows("tokens.write"), ALL.allows_any([])) == (["*"], [], True, True)


def test_all_words_together_are_not_yet_an_administrator() -> None:
    every = Permissions.of(WORDS)
    assert every != ALL
    assert every.words == sorted(area.write for area in Area)
    assert not every.covers(ALL)


def test_what_covers_what() -> None:
    some, more = Permissions.of(["orders.read"]), Permissions.of(["orders.write", "returns.read"])
    assert more.covers(some)
    assert not some.covers(more)
    assert ALL.covers(more)
    assert not more.covers(ALL)
    assert some.covers(NOTHING)


@pytest.mark.parametrize("word", ["", "orders", "orders.delete", "Orders.read", "orders.*", "*.read", "x" * 1000])
def test_words_that_are_none_are_refused_with_those_that_are(word: str) -> None:
    with pytest.raises(InvalidValue, match=r"is no permission: name one of catalog\.read, .*, or \*") as refused:
        Permissions.of(["orders.read", word], "--may")
    assert refused.value.field == "--may"
    assert len(refused.value.message) < 700


def test_no_words_are_no_permissions() -> None:
    with pytest.raises(InvalidValue, match="name at least one permission"):
        Permissions.of([])


def test_kept_words_that_are_not_known_any_more_allow_nothing() -> None:
    assert Permissions.kept(["orders.read", "secrets.write"]) == Permissions.of(["orders.read"])
    assert Permissions.kept(["secrets.write"]) == NOTHING
