"""Reads fields of Shopify's JSON one by one; each refusal names the path of the field."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from packhouse.sdk import InvalidValue, Money, Unreadable

# More units than any line has, and less than a 32-bit column holds.
MAX_QUANTITY = 1_000_000
_AMOUNT = re.compile(r"-?[0-9]{1,24}(\.[0-9]{1,12})?")
_DIGITS = re.compile(r"[0-9]{1,20}")
# Databases refuse NUL, and encoders refuse half of a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse_json(text: bytes | str) -> object:
    """JSON with numbers kept exactly: integers of any length, and `Decimal` for the others.

    Raises:
        Unreadable: not UTF-8, not JSON, or nested too deeply.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(decoded, parse_float=Decimal, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except RecursionError:
        raise Unreadable("the JSON is nested too deeply") from None
    except (ValueError, ArithmeticError):
        raise Unreadable("the body is not JSON") from None


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def gid_tail(value: object, kind: str) -> str:
    """The digits of a global id such as gid://shopify/Order/450789469; empty when it is none of this kind."""
    if not isinstance(value, str):
        return ""
    prefix = f"gid://shopify/{kind}/"
    tail = value.removeprefix(prefix).split("?", 1)[0]
    return tail if value.startswith(prefix) and _DIGITS.fullmatch(tail) else ""


def summed(amounts: Iterable[Money], currency: str, path: str) -> Money:
    """The sum of amounts in one currency."""
    return money_of(sum((money.amount for money in amounts), Decimal(0)), currency, path)


def money_of(value: object, currency: str, path: str, *, signed: bool = False) -> Money:
    """Money of a decimal text or an exact number.

    Raises:
        Unreadable: not an amount, negative where it may not be, or with more digits than the currency has.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Unreadable(f"{path}: {_shown(value)} is not an amount of money", path)
    if isinstance(value, str) and not _AMOUNT.fullmatch(value):
        raise Unreadable(f"{path}: {_shown(value)} is not an amount of money", path)
    try:
        money = Money.of(value, currency, path)
    except InvalidValue as error:
        raise Unreadable(f"{path}: {error.message}", path) from None
    if money.amount < 0 and not signed:
        raise Unreadable(f"{path}: {money.amount} is negative", path)
    return money


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  (long enough to recognise the value)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object with the path that leads to it."""

    data: Mapping[str, object]
    path: str = ""

    def at(self, key: str) -> str:
        """The path of one of its fields, such as line_items.0.sku."""
        return f"{self.path}.{key}" if self.path else key

    def unreadable(self, key: str, reason: str) -> Unreadable:
        """The refusal of one of its fields."""
        return Unreadable(f"{self.at(key)}: {reason}", self.at(key))

    def text(self, key: str) -> str:
        """A text without surrounding blanks; empty when it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.unreadable(key, f"{_shown(value)} is not a text")
        return _UNSTORABLE.sub("", str(value)).strip()

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false; the default when it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.unreadable(key, f"{_shown(value)} is neither true nor false")
        return value

    def units(self, key: str, *, least: int = 0) -> int:
        """A number of units."""
        value = self.data.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.unreadable(key, f"{_shown(value)} is not a whole number of units")
        if not least <= value <= MAX_QUANTITY:
            raise self.unreadable(key, f"a quantity of {_shown(value)} is not between {least} and {MAX_QUANTITY}")
        return value

    def time(self, key: str) -> datetime | None:
        """A moment in UTC; None when it is absent or null."""
        text = self.text(key)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise self.unreadable(key, f"{_shown(text)} has no time zone")
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.unreadable(key, f"{_shown(text)} is not a time") from None

    def child(self, key: str) -> "Fields | None":
        """An object in it; None when it is absent, null or empty."""
        value = self.data.get(key)
        if not value and value is not False and value != 0:
            return None
        if not isinstance(value, Mapping):
            raise self.unreadable(key, "is not an object")
        return Fields(value, self.at(key))

    def children(self, key: str) -> list["Fields"]:
        """The objects of a list in it; none when it is absent or null."""
        value = self.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.unreadable(key, "is not a list")
        found = []
        for index, item in enumerate(value):
            if not isinstance(item, Mapping):
                raise self.unreadable(f"{key}.{index}", "is not an object")
            found.append(Fields(item, self.at(f"{key}.{index}")))
        return found

    def identity(self, kind: str) -> str:
        """The id as text. The global id's digits win: JSON numbers of 19 digits are rounded by many senders."""
        digits = gid_tail(self.data.get("admin_graphql_api_id"), kind)
        value = self.data.get("id")
        if not digits and isinstance(value, str | int) and not isinstance(value, bool):
            digits = str(value)
        if not _DIGITS.fullmatch(digits) or not digits.strip("0"):
            raise self.unreadable("id", f"no id of a {kind}")
        return digits

    def money(self, key: str, currency: str, *, signed: bool = False) -> Money | None:
        """An amount in the shop's currency: `<key>_set.shop_money`, else `<key>`; None when neither is there."""
        bag = self.child(f"{key}_set")
        shop_money = bag.child("shop_money") if bag else None
        if shop_money:
            found = shop_money.text("currency_code")
            if found != currency:
                raise shop_money.unreadable("currency_code", f"{_shown(found)} is not the order's currency {currency}")
            return money_of(shop_money.data.get("amount"), currency, shop_money.at("amount"), signed=signed)
        value = self.data.get(key)
        return None if value is None else money_of(value, currency, self.at(key), signed=signed)

    def required_money(self, key: str, currency: str) -> Money:
        """An amount that has to be there."""
        money = self.money(key, currency)
        if money is None:
            raise self.unreadable(key, "is missing")
        return money
