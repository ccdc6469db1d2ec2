"""A small plugin that does everything right, and its subject; the tests break it in one way at a time."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import aiohttp
from pydantic import BaseModel, SecretStr

from packhouse.sdk import (
    Address,
    Event,
    EventType,
    IncomingLine,
    IncomingOrder,
    InvalidValue,
    LabelRequest,
    ListedStock,
    Money,
    Parcel,
    PluginContext,
    PluginManifest,
    Provider,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    PurchasedLabel,
    PushedStock,
    RoutingOpinion,
    RoutingRule,
    ShownStock,
    StockPush,
    TrackingStatus,
    TrackingUpdate,
    Unreadable,
    WebhookEnvelope,
    WebhookRejected,
    hookimpl,
)
from packhouse.testing.conformance import Address as Vendor
from packhouse.testing.conformance import Asked, Exchange, Operation, Reply, Subject, Webhook

KEY = "planted-api-key-5e1f"
WEBHOOK_SECRET = "planted-webhook-secret-9b"
NUMBER = "SND0001"
_TOLERANCE = timedelta(minutes=5)


class Settings(BaseModel):
    base_url: str
    timeout: float
    api_key: SecretStr
    webhook_secret: SecretStr


class Client:
    """One place for the key, the time-out and what went wrong."""

    def __init__(self, settings: Settings, context: PluginContext) -> None:
        self.settings = settings
        self.context = context

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "", effect: bool = False) -> Any:
        status, headers, content = await self.exchanged(method, path, body, key=key, effect=effect)
        self.judge(status, headers, content, effect=effect)
        try:
            return json.loads(content)
        except ValueError:
            raise self.unclear("no JSON came", effect=effect) from None

    async def exchanged(
        self, method: str, path: str, body: Any, *, key: str, effect: bool
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"X-Api-Key": self.settings.api_key.get_secret_value(), **({"Idempotency-Key": key} if key else {})}
        try:
            async with self.context.http.request(
                method,
                self.settings.base_url + path,
                json=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=self.settings.timeout),
            ) as response:
                return response.status, response.headers, await response.read()
        except aiohttp.ClientConnectorError:
            raise ProviderUnavailable("nobody is there") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self.lost(error, effect=effect) from None

    def lost(self, error: Exception, *, effect: bool) -> Exception:
        return self.unclear(f"no whole answer came ({type(error).__name__})", effect=effect)

    def unclear(self, what: str, *, effect: bool) -> ProviderError:
        return ProviderInDoubt(what) if effect else ProviderUnavailable(what)

    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        del content
        if status == 401:
            raise ProviderAuthFailed("the key is not accepted")
        if status == 429:
            wait = headers.get("Retry-After", "")
            raise ProviderRateLimited("too many calls", retry_after=float(wait) if wait.isdecimal() else 10.0)
        if status >= 500:
            raise self.unclear(f"HTTP {status}", effect=effect)
        if status >= 400:
            raise ProviderRefused(f"HTTP {status}")


class Carrier:
    """Sells labels and tracks. The vendor knows no repeats: a label in doubt is looked up by its reference."""

    code = "sound"
    title = "Sound"

    def __init__(self, client: Client) -> None:
        self.client = client

    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        scans = await self.client.ask("GET", f"/scans/{tracking_number}")
        try:
            return [self.scan(each) for each in scans["scans"]]
        except (KeyError, TypeError, ValueError):
            raise ProviderUnavailable("the scans cannot be read") from None

    def scan(self, found: Any) -> TrackingUpdate:
        at = datetime.fromisoformat(found["at"]).astimezone(UTC)
        return TrackingUpdate(str(found["id"]), TrackingStatus.IN_TRANSIT, at, str(found["said"]))

    async def buy_label(self, request: LabelRequest) -> PurchasedLabel:
        found = await self.client.ask("POST", "/labels", {"reference": request.reference}, effect=True)
        try:
            return self.label(found)
        except (KeyError, TypeError, ValueError, InvalidValue):
            raise ProviderInDoubt("the label cannot be read") from None

    async def find_label(self, request: LabelRequest) -> PurchasedLabel | None:
        found = await self.client.ask("GET", f"/labels/{request.reference}")
        try:
            return self.label(found["labels"][0]) if found["labels"] else None
        except (KeyError, TypeError, ValueError, InvalidValue):
            raise ProviderUnavailable("the labels cannot be read") from None

    def label(self, found: Any) -> PurchasedLabel:
        price = Money.of(str(found["price"]), "GBP")
        return PurchasedLabel(str(found["number"]), str(found["id"]), "text/plain", b"label", price)


class Channel:
    """Reads webhooks that are signed with the time, `t=<seconds>,v1=<hex of HMAC-SHA256>`, and shows the stock that it is told."""

    code = "sound"
    title = "Sound"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shows: dict[str, int] = {}

    async def push_stock(self, push: StockPush) -> list[PushedStock]:
        for item in push.items:
            self.show(item)
        return [PushedStock(item.channel_sku) for item in push.items]

    def show(self, item: ListedStock) -> None:
        self.shows[item.channel_sku] = item.quantity

    async def shown_stock(self, items: Sequence[ListedStock]) -> list[ShownStock]:
        return [
            ShownStock(each.channel_sku, self.shows[each.channel_sku])
            for each in items
            if each.channel_sku in self.shows
        ]

    def verify_webhook(self, headers: Mapping[str, str], body: bytes, received_at: datetime) -> WebhookEnvelope:
        parts = dict(part.partition("=")[::2] for part in headers.get("X-Signature", "").split(","))
        if not self.is_right(parts, body) or not self.is_fresh(parts, received_at):
            raise WebhookRejected("the signature is wrong")
        return WebhookEnvelope(headers.get("X-Id", ""), headers.get("X-Topic", ""))

    def is_right(self, parts: Mapping[str, str], body: bytes) -> bool:
        secret = self.settings.webhook_secret.get_secret_value()
        expected = signature(secret, parts.get("t", ""), body)
        return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())

    def is_fresh(self, parts: Mapping[str, str], received_at: datetime) -> bool:
        return abs(received_at - datetime.fromtimestamp(int(parts["t"]), UTC)) < _TOLERANCE

    def read_webhook(self, topic: str, body: bytes) -> list[IncomingOrder]:
        if topic != "order":
            return []
        try:
            found = json.loads(body)
            at = datetime.fromisoformat(found["at"]).astimezone(UTC)
            total = Money.of(str(found["total"]), "GBP")
            line = IncomingLine("1", str(found["sku"]), "Mug", 1, total)
            return [IncomingOrder(str(found["id"]), str(found["id"]), "GBP", at, at, (line,), total)]
        except (KeyError, TypeError, ValueError, InvalidValue) as error:
            raise Unreadable(f"the order cannot be read: {type(error).__name__}") from None


class Plugin:
    """Its classes can be replaced by broken ones."""

    client_class: ClassVar[type[Client]] = Client
    carrier_class: ClassVar[type[Carrier]] = Carrier
    channel_class: ClassVar[type[Channel]] = Channel

    def __init__(self) -> None:
        self.client: Client | None = None

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("sound", "Sound", "1.0", settings=Settings)

    @hookimpl
    def register_carriers(self, context: PluginContext) -> Sequence[Provider]:
        self.client = self.client_class(context.settings, context)
        return [self.carrier_class(self.client)]

    @hookimpl
    def register_channels(self, context: PluginContext) -> Sequence[Provider]:
        return [self.channel_class(context.settings)]

    @hookimpl
    def register_routing_rules(self) -> Sequence[RoutingRule]:
        return [RoutingRule("near", "Near", lambda *_: RoutingOpinion(1.0))]

    @hookimpl
    async def shipment_dispatched(self, event: Event, context: PluginContext) -> None:
        await self.tell("dispatched", event, context)

    @hookimpl
    async def shipment_delivered(self, event: Event, context: PluginContext) -> None:
        await self.tell("delivered", event, context)

    async def tell(self, what: str, event: Event, context: PluginContext) -> None:
        assert self.client is not None
        await self.client.ask("POST", f"/events/{what}", {}, key=self.key(event, context), effect=True)

    def key(self, event: Event, context: PluginContext) -> str:
        assert event.id
        return context.idempotency_key


def signature(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def sign(body: bytes, at: datetime) -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    said = f"t={seconds},v1={signature(WEBHOOK_SECRET, seconds, body)}"
    return {"X-Signature": said, "X-Id": "m-1", "X-Topic": "order"}


def settings(vendor: Vendor) -> dict[str, Any]:
    return {"base_url": vendor.url, "timeout": vendor.seconds, "api_key": KEY, "webhook_secret": WEBHOOK_SECRET}


def by_key(asked: Asked) -> str:
    return asked.headers["idempotency-key"]


def event(type_: EventType, number: int) -> Event:
    return Event(UUID(int=number), type_, number, datetime(2026, 7, 1, 12, 0, tzinfo=UTC))


HERE = Address(line1="1 Dock Road", city="London", postcode="E16 1AA", country="GB")
REQUEST = LabelRequest("label-1", "S-1", "standard", HERE, HERE, (Parcel(500),))
SCANS = {"scans": [{"id": 1, "at": "2026-07-01T14:00:00+02:00", "said": "At the depot"}]}
LABEL = {"id": "L-1", "number": NUMBER, "price": "4.20"}
ORDER = json.dumps({"id": "1001", "sku": "MUG", "total": "12.50", "at": "2026-07-01T14:00:00+02:00"}).encode()
OTHER = json.dumps({"id": "1002", "sku": "MUG", "total": "7.00", "at": "2026-07-01T13:00:00+00:00"}).encode()
TRACK = Exchange("GET", f"/scans/{NUMBER}", Reply(200, SCANS), name="scans")
BUY = Exchange("POST", "/labels", Reply(201, LABEL), effect=True, name="labels")
FIND = Exchange(
    "GET", "/labels/S-1", Reply(200, {"labels": []}), afterwards=Reply(200, {"labels": [LABEL]}), name="find"
)
STOCK = StockPush("stock-1", (ListedStock("MUG", 5), ListedStock("PLATE", 0)))
NO = Reply(422, {"error": "no such service"})


def told(what: str) -> Exchange:
    return Exchange("POST", f"/events/{what}", Reply(200, {"ok": True}), effect=True, key=by_key, name=what)


def subject(plugin: type[Plugin] = Plugin, **changes: Any) -> Subject:
    sound = Subject(
        plugin=plugin,
        settings=settings,
        secrets=(KEY, WEBHOOK_SECRET),
        operations=(
            Operation("track", (NUMBER,), (TRACK,), refusal=NO),
            Operation("buy_label", (REQUEST,), (BUY,), find=Operation("find_label", (REQUEST,), (FIND,)), refusal=NO),
            Operation(
                "shipment_dispatched", event=event(EventType.SHIPMENT_DISPATCHED, 1), exchanges=(told("dispatched"),)
            ),
            Operation(
                "shipment_delivered", event=event(EventType.SHIPMENT_DELIVERED, 2), exchanges=(told("delivered"),)
            ),
            Operation("push_stock", (STOCK,)),
            Operation("shown_stock", (STOCK.items,)),
        ),
        webhooks=(Webhook("order", ORDER, sign), Webhook("order", OTHER, sign)),
    )
    return replace(sound, **changes)
