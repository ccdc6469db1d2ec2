"""A Klaviyo of our own writing on a test server, and what the tests tell it."""

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.sdk import (
    Consent,
    ConsentPurpose,
    ConsentState,
    CustomerSnapshot,
    Event,
    EventType,
    Money,
    OrderLineSnapshot,
    OrderSnapshot,
    ShipmentLineSnapshot,
    ShipmentSnapshot,
    now,
)
from packhouse_klaviyo import AccountSettings, KlaviyoSettings, Plugin

KEY = "pk_planted-key-3f9a"
AT = datetime(2026, 11, 20, 9, 30, 15, tzinfo=UTC)
CUSTOMER = UUID(int=42)
MUGS, PLATE, SHIPMENT = UUID(int=1), UUID(int=2), UUID(int=3)

Handler = Callable[[web.Request], Any]


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw, parse_float=Decimal)


@dataclass
class FakeKlaviyo:
    """Takes events once for each (profile, metric, unique_id), and keeps profiles by address or number.

    `faults` holds, by path, what the next requests there get instead; with `True` the request is done first.
    """

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    taken: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, list[tuple[Handler, bool]]] = field(default_factory=dict)

    def fail(self, path: str, handler: Handler, *, done: bool = False, times: int = 1) -> None:
        self.faults.setdefault(path, []).extend([(handler, done)] * times)

    def answer(self, path: str, status: int, body: Any = None, **headers: str) -> None:
        async def respond(_: web.Request) -> web.Response:
            content = b"" if body is None else json.dumps(body).encode()
            return web.Response(status=status, body=content, headers=headers)

        self.fail(path, respond)

    def calls(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path == path]

    def subscription(self, contact: str, channel: str = "email") -> str:
        profile = self.profiles.get(contact)
        return str(profile["subscriptions"][channel]["marketing"]["consent"]) if profile else "no profile"

    def standing(self, contact: str, channel: str = "email", **marketing: Any) -> None:
        self._profile(contact)["subscriptions"][channel]["marketing"] |= marketing

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = Asked(request.method, request.path, dict(request.query), dict(request.headers), raw)
        self.asked.append(asked)
        queue = self.faults.get(request.path)
        if queue:
            fault, done = queue.pop(0)
            if done:
                self._do(asked)
            response: web.StreamResponse = await fault(request)
            return response
        status, body = self._do(asked)
        content = b"" if body is None else json.dumps(body).encode()
        return web.Response(status=status, body=content, content_type="application/vnd.api+json")

    def _do(self, asked: Asked) -> tuple[int, Any]:
        if asked.path == "/api/profiles":
            return 200, {"data": self._found(asked.query.get("filter", ""))}
        data = asked.json["data"]
        attributes = data["attributes"]
        if asked.path == "/api/events":
            self._take(attributes["profile"], attributes)
        elif asked.path == "/api/event-bulk-create-jobs":
            for each in attributes["events-bulk-create"]["data"]:
                for event in each["attributes"]["events"]["data"]:
                    self._take(each["attributes"]["profile"], event["attributes"])
        elif asked.path == "/api/profile-import":
            self._profile(_contact(attributes)).update(attributes)
            return 200, {"data": {"type": "profile", "id": "01P", "attributes": attributes}}
        else:
            for each in attributes["profiles"]["data"]:
                subscriptions = each["attributes"]["subscriptions"]
                for channel, said in subscriptions.items():
                    self.standing(_contact(each["attributes"]), channel, consent=said["marketing"]["consent"])
        return 202, None

    def _take(self, profile: dict[str, Any], event: dict[str, Any]) -> None:
        who = _contact(profile["data"]["attributes"])
        self._profile(who).update(profile["data"]["attributes"])
        known = (who, event["metric"]["data"]["attributes"]["name"], event["unique_id"])
        self.taken[known] += 1
        if self.taken[known] == 1:
            self.events.append({**event, "who": who, "metric": known[1]})

    def _found(self, condition: str) -> list[Any]:
        contact = condition.partition('"')[2].rpartition('"')[0]
        profile = self.profiles.get(contact)
        return [{"type": "profile", "id": "01P", "attributes": profile}] if profile else []

    def _profile(self, contact: str) -> dict[str, Any]:
        never = {"marketing": {"consent": "NEVER_SUBSCRIBED", "consent_timestamp": None, "suppression": []}}
        fresh = {"subscriptions": {"email": never, "sms": {"marketing": {"consent": "NEVER_SUBSCRIBED"}}}}
        return self.profiles.setdefault(contact, json.loads(json.dumps(fresh)))


def _contact(attributes: dict[str, Any]) -> str:
    return str(attributes.get("email") or attributes["phone_number"])


@dataclass(frozen=True)
class FakeContext:
    """A PluginContext of plain values."""

    settings: KlaviyoSettings | None
    http: aiohttp.ClientSession
    recipient: str = "main"
    code: str = "klaviyo"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("packhouse.plugins.klaviyo"))


@pytest.fixture
async def klaviyo() -> AsyncIterator[FakeKlaviyo]:
    fake = FakeKlaviyo()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.handle)
    async with TestServer(app) as server:
        fake.url = str(server.make_url("/")).rstrip("/")
        yield fake


@pytest.fixture
async def klaviyo_http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def klaviyo_account() -> Callable[..., AccountSettings]:
    def build(base_url: str = "http://127.0.0.1:1", **changes: Any) -> AccountSettings:
        values: dict[str, Any] = {"api_key": KEY, "base_url": base_url, "timeout": 2, "connect_timeout": 1}
        return AccountSettings.model_validate(values | {"backfill_after_days": 3650} | changes)

    return build


@pytest.fixture
def klaviyo_context(
    klaviyo_http: aiohttp.ClientSession, klaviyo_account: Callable[..., AccountSettings]
) -> Callable[..., FakeContext]:
    def build(base_url: str, **changes: Any) -> FakeContext:
        return FakeContext(KlaviyoSettings(accounts={"main": klaviyo_account(base_url, **changes)}), klaviyo_http)

    return build


def gbp(amount: str) -> Money:
    return Money.of(amount, "GBP")


def word(
    state: ConsentState = ConsentState.GRANTED,
    purpose: ConsentPurpose = ConsentPurpose.MARKETING_EMAIL,
    *,
    at: datetime = AT,
    contact: str = "",
    source: str = "channel:web",
) -> Consent:
    return Consent(purpose, state, at, contact, source)


def words(*consents: Consent) -> dict[ConsentPurpose, Consent]:
    return {consent.purpose: consent for consent in consents}


def order_line(id_: UUID, sku: str, title: str, ordered: int, unit: str, total: str) -> OrderLineSnapshot:
    return OrderLineSnapshot(
        id=id_,
        sku=sku,
        title=title,
        ordered=ordered,
        allocated=0,
        shipped=ordered,
        delivered=0,
        returned=0,
        cancelled=0,
        unit_price=gbp(unit),
        total=gbp(total),
    )


def sample_order(**changes: Any) -> OrderSnapshot:
    """Three mugs (with a discount) and a plate; two mugs have left."""
    values: dict[str, Any] = {
        "id": UUID(int=7),
        "number": "#1001",
        "channel": "web",
        "external_id": "",
        "status": "confirmed",
        "currency": "GBP",
        "total": gbp("34.99"),
        "placed_at": AT,
        "email": "buyer@example.com",
        "customer_id": CUSTOMER,
        "lines": (
            order_line(MUGS, "MUG", "Mug", 3, "9.50", "25.00"),
            order_line(PLATE, "PLATE", "Plate", 1, "9.99", "9.99"),
        ),
        "shipments": (
            ShipmentSnapshot(
                SHIPMENT, "delivered", "ups", "11", "1Z1", "", "london", (ShipmentLineSnapshot(MUGS, "MUG", 2),)
            ),
        ),
        "consents": words(word()),
    }
    return OrderSnapshot(**(values | changes))


PAYLOADS: dict[EventType, dict[str, Any]] = {
    EventType.ORDER_PLACED: {
        "number": "#1001",
        "channel": "web",
        "total": 3499,
        "currency": "GBP",
        "lines": [
            {
                "order_line_id": str(MUGS),
                "sku": "MUG",
                "title": "Mug",
                "quantity": 3,
                "unit_price": 950,
                "total": 2500,
            },
            {
                "order_line_id": str(PLATE),
                "sku": "PLATE",
                "title": "Plate",
                "quantity": 1,
                "unit_price": 999,
                "total": 999,
            },
        ],
    },
    EventType.ORDER_CANCELLED: {"number": "#1001"},
    EventType.SHIPMENT_DISPATCHED: {
        "shipment_id": str(SHIPMENT),
        "carrier": "ups",
        "service": "11",
        "tracking_number": "1Z1",
        "tracking_url": "https://carrier.example/1Z1",
        "lines": [{"order_line_id": str(MUGS), "sku": "MUG", "quantity": 2}],
    },
    EventType.SHIPMENT_DELIVERED: {
        "shipment_id": str(SHIPMENT),
        "carrier": "ups",
        "tracking_number": "1Z1",
        "delivered_at": AT.isoformat(),
    },
    EventType.RETURN_REQUESTED: {
        "return_id": str(UUID(int=9)),
        "number": "R-1",
        "lines": [{"sku": "MUG", "quantity": 1, "reason": "defective"}],
    },
    EventType.RETURN_RECEIVED: {
        "return_id": str(UUID(int=9)),
        "number": "R-1",
        "is_complete": True,
        "lines": [{"sku": "MUG", "quantity": 1}],
    },
    EventType.REFUND_MADE: {
        "refund_id": str(UUID(int=10)),
        "amount": 833,
        "currency": "GBP",
        "provider": "pay",
        "reference": "re_1",
        "return_id": str(UUID(int=9)),
    },
    EventType.FEEDBACK_RECEIVED: {
        "review_id": str(UUID(int=11)),
        "order_number": "#1001",
        "platform": "stars",
        "score": 5,
        "sku": "MUG",
    },
}


def sample_event(event_type: EventType, **changes: Any) -> Event:
    number = list(EventType).index(event_type)
    values: dict[str, Any] = {
        "id": UUID(int=1000 + number),
        "type": event_type,
        "position": number + 1,
        "occurred_at": AT,
        "order_id": UUID(int=7),
        "payload": PAYLOADS.get(event_type, {}),
    }
    return Event(**(values | changes))


def consent_event(consent: Consent, **changes: Any) -> Event:
    payload = {
        "consent_id": str(UUID(int=12)),
        "customer_id": str(CUSTOMER),
        "purpose": consent.purpose.value,
        "state": consent.state.value,
        "previous": "unknown",
        "source": consent.source,
    }
    values = {"order_id": None, "customer_id": CUSTOMER, "payload": payload, "occurred_at": consent.given_at}
    return sample_event(EventType.CONSENT_CHANGED, **(values | changes))


def sample_customer(*consents: Consent, **changes: Any) -> CustomerSnapshot:
    values: dict[str, Any] = {
        "id": CUSTOMER,
        "email": "buyer@example.com",
        "channel": "web",
        "consents": words(*consents),
    }
    return CustomerSnapshot(**(values | changes))


@dataclass(frozen=True)
class Samples:
    """What the tests tell, handed out as one: test modules cannot import their conftest."""

    order: Callable[..., OrderSnapshot] = sample_order
    event: Callable[..., Event] = sample_event
    customer: Callable[..., CustomerSnapshot] = sample_customer
    consent_event: Callable[..., Event] = consent_event
    word: Callable[..., Consent] = word
    words: Callable[..., dict[ConsentPurpose, Consent]] = words
    key: str = KEY
    at: datetime = AT
    recently: datetime = field(default_factory=now)


@pytest.fixture
def klaviyo_samples() -> Samples:
    return Samples()


@pytest.fixture
def klaviyo_hook(klaviyo: FakeKlaviyo, klaviyo_context: Callable[..., FakeContext]) -> Callable[..., Any]:
    """Calls the plugin's hook for an event, as the host does."""
    plugin = Plugin()

    async def call(event: Event, about: OrderSnapshot | CustomerSnapshot | None, **settings: Any) -> None:
        hook = getattr(plugin, event.type.value)
        await hook(event, about, klaviyo_context(klaviyo.url, **settings))

    return call
