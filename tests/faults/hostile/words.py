"""What a client may write where a value is asked for: plain ones that the shop knows, and ones that nobody means."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from strawberry.relay import to_base64

STRANGE_TEXTS = (
    "",
    " ",
    "\t\n",
    "x" * 300,
    "x" * 70_000,
    "a\0b",
    "\ud800",
    "\U0001f600" * 90,
    "\u202eevil",
    "'; DROP TABLE orders; --",
    "=HYPERLINK(1)",
    "%s%n{0}{x!r}",
    "../../etc/passwd",
    "-1",
    "1e309",
    "9" * 5_000,
    "NaN",
    "GBP",
    "gbp",
    "XX",
    "ZZZ",
    "Europe/Nowhere",
    "Europe/London",
    "/etc/localtime",
    "25:61",
    "23:59",
    "2030-02-30",
)
STRANGE_NUMBERS = (
    0,
    -1,
    1,
    1_000_000,
    10**9 + 1,
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) - 1,
    2**53,
    2**63,
    10**400,
    1.5,
    "1",
    True,
)
STRANGE_FLOATS = (0, -1, -0.0, 1e308, -1e308, 1e-320, 10**400, "1.5")
STRANGE_DECIMALS = (
    "0", "-1", "-0.00", "0.001", "1e2", "1e999999999", "-1e-999999999", "9" * 30, "9" * 1_000_000, "9007199254740991",
    "90071992547409.91", "92233720368547758.08", "NaN", "sNaN", "Infinity", "-Infinity", "abc", "", "١٢", "1_000", " 1 ", 10**400, 1.5,
)  # fmt: skip
STRANGE_MOMENTS = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
    "1970-01-01T00:00:00Z", "2020-01-01T00:00:00", "2020-02-30T00:00:00Z", "24:00", "now", "", "20200101T000000Z", 0, 2**63,
    "2026-W01-1T00:00:00Z", "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00+23:59",
)  # fmt: skip
STRANGE_DATES = (
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "20260101",
    "2026-01-01T00:00:00Z",
    "",
    "today",
    0,
    "2026-W01-1",
)
STRANGE_IDS = (
    "", "garbage", "====", "T3JkZXI6", "T3JkZXI6eA==", "Ok9yZGVy", "\ud800", "a\0b", "x" * 70_000, 7, -1, 10**400,
    to_base64("Order", "00000000-0000-0000-0000-000000000000"),
    to_base64("Order", "{00000000-0000-7000-8000-000000000000}"),
    to_base64("Order", "urn:uuid:00000000-0000-7000-8000-000000000000"),
    to_base64("Query", "1"), to_base64("Nothing", "1"), to_base64("Order", "\uff11" * 32), to_base64("Order", "a:b:c"),
)  # fmt: skip
STRANGE_JSON: tuple[Any, ...] = (
    None, True, 0, 10**400, 1e308, "", "x" * 70_000, [], {}, [[[[[]]]]], {"a": "\0"}, {"\ud800": 1}, [None], {"": None},
    {"limits": [{"location": "leeds"}]}, {"limits": [{"location": "leeds", "orders": -(2**63)}]}, {"weight": "NaN"}, [1] * 5_000,
)  # fmt: skip
STRANGE_CURSORS = (
    "", "garbage", "====", "WzFd", "W10=", "bnVsbA==", "x" * 5_000, "\ud800", "a\0b", "WzEsIlBMQUNFRF9BVF9ERVNDIiwiIiwiIl0=",
    "WzEsMiwzLDQsNSw2XQ==", "eyJhIjoxfQ==", "WzksIlBMQUNFRF9BVF9ERVNDIixudWxsLCIwIl0=", "-1", "0", str(2**63), str(10**40),
)  # fmt: skip
# What is true of the shop that `shop.py` furnishes, by the name of the field; answers teach more.
_PLAIN: Mapping[str, Sequence[Any]] = {
    "carrier": ("test", ""), "channel": ("web", "shop"), "country": ("GB", "GB", "DE"), "currency": ("GBP",), "postcode": ("SW1A 1AA", "E1 6AN"),
    "city": ("London",), "line1": ("1 Example Street",), "timeZone": ("Europe/London", "UTC"), "cutOff": ("15:00",), "provider": ("bank", ""),
    "network": ("", "test-3pl"), "bin": ("A-1", "A-2", "B-1"), "fromBin": ("A-1", "A-2"), "toBin": ("A-2", "B-1"), "lot": ("", "L-1", "L-2"),
    "email": ("buyer@example.com", ""), "service": ("", "express"), "kind": ("charge", "authorization"), "plugin": ("partners", "channels", "ordering"),
    "reason": ("because it has to be",), "platform": ("manual", "stars"), "locale": ("", "en-GB"), "group": ("",), "priority": (0, 5, 100),
    "locations": ("leeds", "london"), "location": ("leeds", "london"), "skus": ("MUG", "PLATE"), "sku": ("MUG", "PLATE", "JAM", "SET", "GONE"),
    "score": (1, 5), "seconds": (60, 900), "percent": (50, 100), "minDays": (0, 1), "maxDays": (1, 2), "workingDays": (1, 2, 3), "deliveryDays": (1, 5),
    "handlingDays": (0, 1), "minQuantity": (1, 10), "weightGrams": (100,), "quantity": (1, 1, 2, 3), "units": (0, 1, 5), "counted": (0, 5, 9),
    "approver": ("Ann", "Bob"), "counter": ("Ann", "Bob"), "name": ("count channel stock", "A Name"), "countryOfOrigin": ("", "GB"), "region": ("",),
    "minimumDays": (0, 10), "mostParcels": (1, 2), "limit": (0, 10), "preorderLimit": (0, 10), "first": (1, 10), "last": (1, 10), "url": ("",),
    "imageUrl": ("",), "trackingUrl": ("", "https://carrier.example/1"), "hsCode": ("",), "options": ({},), "postcodePrefix": ("",),
    "number": ("",), "externalId": ("", "e-1", "e-2", "e-3", "e-4"), "phone": ("",), "barcode": ("", "BAR-MUG"),
}  # fmt: skip
_LEARNED = frozenset(
    {
        "sku",
        "code",
        "number",
        "externalId",
        "trackingNumber",
        "barcode",
        "channelSku",
        "plugin",
        "name",
        "bin",
        "lot",
        "group",
    }
)
_CURSORS = frozenset({"cursor", "startCursor", "endCursor", "oldest", "newest"})
_MOST_KEPT = 400


class Words:
    """Values by the field that asks for them. It learns ids, codes and cursors from answers, and which ids a field wants."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._ids: dict[str, list[str]] = defaultdict(list)
        self._texts: dict[str, list[str]] = defaultdict(list)
        self._wanted: dict[str, str] = {}
        self.never = ""
        self._now = datetime.now(UTC)

    def learn(self, answer: Any) -> None:
        """Keep what an answer names."""
        if isinstance(answer, list):
            for each in answer:
                self.learn(each)
        elif isinstance(answer, dict):
            if isinstance(answer.get("id"), str) and "__typename" in answer:
                self._keep(self._ids[answer["__typename"]], answer["id"])
            for name, each in answer.items():
                if isinstance(each, str) and (name in _LEARNED or name in _CURSORS):
                    self._keep(self._texts["cursor" if name in _CURSORS else name], each)
                else:
                    self.learn(each)

    def learn_kind(self, place: str, kind: str) -> None:
        """A field said of which type it wants ids."""
        self._wanted[place] = kind

    def plain(self, scalar: str, name: str, place: str) -> Any:
        """A value that may be meant."""
        match scalar:
            case "ID":
                return self._id(name, place)
            case "Boolean":
                return self._chance.random() < 0.5
            case "DateTime":
                return (self._now + timedelta(hours=self._chance.randint(-700, 700))).isoformat()
            case "Date":
                return (self._now + timedelta(days=self._chance.randint(-30, 700))).date().isoformat()
            case "Decimal":
                return self._chance.choice(("1.00", "2.50", "10.00", "20.00"))
        if name in ("after", "before") and self._texts["cursor"]:
            return self._chance.choice(self._texts["cursor"])
        known = [*_PLAIN.get(name, ()), *self._texts.get(name, ())]
        if known:
            return self._chance.choice(known)
        return {"Int": 1, "Float": 1.5, "JSON": {}}.get(scalar, f"text {self._chance.randint(1, 9)}")

    def strange(self, scalar: str, name: str) -> Any:
        """A value that nobody means."""
        if name in ("after", "before"):
            return self._chance.choice(STRANGE_CURSORS)
        known: Mapping[str, Sequence[Any]] = {
            "ID": [*STRANGE_IDS, *self._any_ids()],
            "Int": STRANGE_NUMBERS,
            "Float": STRANGE_FLOATS,
            "Decimal": STRANGE_DECIMALS,
            "DateTime": STRANGE_MOMENTS,
            "Date": STRANGE_DATES,
            "JSON": STRANGE_JSON,
            "Boolean": (True, False, "true", 1),
        }
        return self._chance.choice(known.get(scalar, STRANGE_TEXTS))

    def _id(self, name: str, place: str) -> str:
        stem = name.removesuffix("s").removesuffix("Id")
        kind = self._wanted.get(place) or f"{stem[:1].upper()}{stem[1:]}"
        return self._chance.choice(self._ids.get(kind) or self._any_ids() or ["none"])

    def _any_ids(self) -> list[str]:
        return [self._chance.choice(ids) for ids in self._ids.values() if ids]

    def _keep(self, kept: list[str], value: str) -> None:
        if value not in kept and value != self.never:
            kept.append(value)
            if len(kept) > _MOST_KEPT:
                kept.pop(self._chance.randrange(len(kept)))
