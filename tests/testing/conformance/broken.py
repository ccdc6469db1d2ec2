"""Plugins that are broken in one way each."""

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

import aiohttp
from tests.testing.conformance.sound import Carrier, Channel, Client, Plugin, subject

from packhouse import sdk
from packhouse.sdk import (
    Event,
    IncomingOrder,
    LabelRequest,
    ListedStock,
    Money,
    PluginContext,
    PluginManifest,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    PurchasedLabel,
    PushedStock,
    QuoteRequest,
    RoutingOpinion,
    RoutingRule,
    ShippingQuote,
    StockPush,
    TrackingUpdate,
    WebhookEnvelope,
    hookimpl,
)
from packhouse.testing.conformance import Report, Subject, examine


@dataclass(frozen=True)
class Broken:
    """`says`: words of the rule's finding."""

    rule: str
    says: str
    subject: Subject

    def __str__(self) -> str:
        return f"{self.rule}: {self.says}"


def with_client(client: type[Client]) -> Subject:
    return subject(type("Plugin", (Plugin,), {"client_class": client, "__module__": __name__}))


def with_carrier(carrier: type[Carrier]) -> Subject:
    return subject(type("Plugin", (Plugin,), {"carrier_class": carrier, "__module__": __name__}))


def with_channel(channel: type[Channel]) -> Subject:
    return subject(type("Plugin", (Plugin,), {"channel_class": channel, "__module__": __name__}))


# --- loads ------------------------------------------------------------------------------------------------------------


class ForAnotherHost(Plugin):
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("sound", "Sound", "1.0", api="0")


class CannotStart(Plugin):
    @hookimpl
    async def startup(self) -> None:
        raise RuntimeError("no licence")


# --- current, works, covers ---------------------------------------------------------------------------------------------


class UsesWhatGoes(Carrier):
    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        assert sdk.OldMoney is Money  # type: ignore[attr-defined]  # it exists while the test runs
        return await super().track(tracking_number)


class AsksSomethingElse(Carrier):
    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        await self.client.exchanged("GET", "/status", None, key="", effect=False)
        return await super().track(tracking_number)


class QuotesToo(Carrier):
    async def quote(self, request: QuoteRequest) -> list[ShippingQuote]:
        assert request
        return []


class ListensToo(Plugin):
    @hookimpl
    async def order_placed(self, event: Event) -> None: ...


# --- answers ----------------------------------------------------------------------------------------------------------


class NumbersAreNumbers(Carrier):
    def label(self, found: Any) -> PurchasedLabel:
        return dataclasses.replace(super().label(found), tracking_number=17)  # type: ignore[arg-type]  # the mistake


class FloatPrices(Carrier):
    def label(self, found: Any) -> PurchasedLabel:
        price = Money(float(found["price"]), "GBP")  # type: ignore[arg-type]  # the mistake
        return dataclasses.replace(super().label(found), price=price)


class LocalTimes(Carrier):
    def scan(self, found: Any) -> TrackingUpdate:
        scan = super().scan(found)
        return dataclasses.replace(scan, occurred_at=scan.occurred_at.replace(tzinfo=None))


# --- failures ---------------------------------------------------------------------------------------------------------


class ImpatientLimits(Client):
    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        if status == 429:
            raise sdk.ProviderRateLimited("too many calls", retry_after=1.0)
        super().judge(status, headers, content, effect=effect)


class LimitsAreFailures(Client):
    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        if status == 429:
            raise ProviderUnavailable("too many calls")
        super().judge(status, headers, content, effect=effect)


class GivesUpOn5xx(Client):
    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        if status >= 500 and not effect:
            raise ProviderRefused(f"HTTP {status}")
        super().judge(status, headers, content, effect=effect)


class LetsTimeoutsOut(Client):
    def lost(self, error: Exception, *, effect: bool) -> Exception:
        return error if isinstance(error, TimeoutError) else super().lost(error, effect=effect)


class LetsResetsOut(Client):
    def lost(self, error: Exception, *, effect: bool) -> Exception:
        is_reset = isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, TimeoutError)
        return error if is_reset and not effect else super().lost(error, effect=effect)


class LetsHalvesOut(Client):
    def lost(self, error: Exception, *, effect: bool) -> Exception:
        is_half = isinstance(error, aiohttp.ClientPayloadError)
        return error if is_half and not effect else super().lost(error, effect=effect)


class TrustsFields(Carrier):
    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        found = await self.client.ask("GET", f"/scans/{tracking_number}")
        if not isinstance(found, dict):
            raise ProviderUnavailable("the scans cannot be read")
        return [self.scan(each) for each in found["scans"]]


class TrustsWebhooks(Channel):
    def read_webhook(self, topic: str, body: bytes) -> list[IncomingOrder]:
        if b'"sku"' not in body:
            raise KeyError("sku")
        return super().read_webhook(topic, body)


class RefusedKeysAreRefusals(Client):
    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        if status == 401:
            raise ProviderRefused("HTTP 401")
        super().judge(status, headers, content, effect=effect)


class NeverTakesNo(Client):
    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        if status == 422:
            raise ProviderUnavailable("HTTP 422")
        super().judge(status, headers, content, effect=effect)


# --- repeats ----------------------------------------------------------------------------------------------------------


class NeverInDoubt(Carrier):
    async def buy_label(self, request: LabelRequest) -> PurchasedLabel:
        try:
            return await super().buy_label(request)
        except sdk.ProviderInDoubt as error:
            raise ProviderUnavailable(error.detail) from None


class NewKeyAfterSuccess(Plugin):
    successes = 0

    async def tell(self, what: str, event: Event, context: PluginContext) -> None:
        await super().tell(what, event, context)
        self.successes += 1

    def key(self, event: Event, context: PluginContext) -> str:
        return f"{super().key(event, context)}-{self.successes}"


class ForgetsLabels(Carrier):
    asked = 0

    async def find_label(self, request: LabelRequest) -> PurchasedLabel | None:
        """Finds a label, unless nothing had gone wrong before."""
        found = await super().find_label(request)
        return found if self.went_wrong else None

    went_wrong = False

    async def buy_label(self, request: LabelRequest) -> PurchasedLabel:
        try:
            return await super().buy_label(request)
        except ProviderError:
            self.went_wrong = True
            raise


class DropsOlderEvents(Plugin):
    newest = 0

    async def tell(self, what: str, event: Event, context: PluginContext) -> None:
        if event.position >= self.newest:
            self.newest = event.position
            await super().tell(what, event, context)


# --- stock ------------------------------------------------------------------------------------------------------------


class AddsStock(Channel):
    def show(self, item: ListedStock) -> None:
        self.shows[item.channel_sku] = self.shows.get(item.channel_sku, 0) + item.quantity


class KeepsTheFirstStock(Channel):
    def show(self, item: ListedStock) -> None:
        self.shows.setdefault(item.channel_sku, item.quantity)


class ForgetsAnItem(Channel):
    async def push_stock(self, push: StockPush) -> list[PushedStock]:
        return (await super().push_stock(push))[:1]


# --- webhooks ---------------------------------------------------------------------------------------------------------


class BelievesAnything(Channel):
    def is_right(self, parts: Mapping[str, str], body: bytes) -> bool:
        return super().is_right(parts, body) or bool(parts.get("v1"))


class NeverForgets(Channel):
    def is_fresh(self, parts: Mapping[str, str], received_at: datetime) -> bool:
        assert received_at
        return parts["t"].isdecimal()


class StumblesOverHeaders(Channel):
    def verify_webhook(self, headers: Mapping[str, str], body: bytes, received_at: datetime) -> WebhookEnvelope:
        assert "v1=" in headers["X-Signature"]
        return super().verify_webhook(headers, body, received_at)


# --- secrets, leftovers -----------------------------------------------------------------------------------------------


class LogsItsHeaders(Client):
    async def exchanged(
        self, method: str, path: str, body: Any, *, key: str, effect: bool
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.context.log.debug("asking with %s", self.settings.api_key.get_secret_value())
        return await super().exchanged(method, path, body, key=key, effect=effect)


class QuotesTheVendor(Client):
    def judge(self, status: int, headers: Mapping[str, str], content: bytes, *, effect: bool) -> None:
        if status == 400:
            raise ProviderRefused(f"they said: {content.decode()}")
        super().judge(status, headers, content, effect=effect)


class ShowsItsKey(Carrier):
    def __repr__(self) -> str:
        return f"Carrier({self.client.settings.api_key.get_secret_value()})"


class LeavesATask(Plugin):
    @hookimpl
    async def startup(self) -> None:
        self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        await asyncio.Event().wait()


class LeavesASession(Plugin):
    made: ClassVar[list[aiohttp.ClientSession]] = []

    @hookimpl
    async def startup(self) -> None:
        self.made.append(aiohttp.ClientSession())


class GoesOnWhenCutOff(Carrier):
    async def track(self, tracking_number: str) -> list[TrackingUpdate]:
        try:
            return await super().track(tracking_number)
        except asyncio.CancelledError:
            self.task = asyncio.create_task(self.go_on())
            raise

    async def go_on(self) -> None:
        await asyncio.Event().wait()


class RandomKeys(Plugin):
    """Breaks two rules at once, as it must: each attempt is new to the vendor."""

    def key(self, event: Event, context: PluginContext) -> str:
        return f"{super().key(event, context)}-{uuid4()}"


class RanksByNothing(Plugin):
    @hookimpl
    def register_routing_rules(self) -> list[RoutingRule]:
        return [RoutingRule("near", "Near", lambda *_: RoutingOpinion(float("nan")))]


BROKEN = (
    Broken("loads", "API version 0", subject(ForAnotherHost)),
    Broken("loads", "RuntimeError: no licence", subject(CannotStart)),
    Broken("current", "OldMoney is deprecated", with_carrier(UsesWhatGoes)),
    Broken("works", "asked what no recording is for: GET /status", with_carrier(AsksSomethingElse)),
    Broken("covers", "sound can quote, and no operation", with_carrier(QuotesToo)),
    Broken("covers", "it implements order_placed, and no operation", subject(ListensToo)),
    Broken("contract", "PurchasedLabel.tracking_number is int, expected str", with_carrier(NumbersAreNumbers)),
    Broken("money", "PurchasedLabel.price has an amount of type float", with_carrier(FloatPrices)),
    Broken("utc", "track: [0].occurred_at is 2026-07-01T12:00:00, which", with_carrier(LocalTimes)),
    Broken("rate-limits", "retry_after is 1.0, but the vendor asked for 7.0", with_client(ImpatientLimits)),
    Broken("rate-limits", "raised ProviderUnavailable: too many calls; expected", with_client(LimitsAreFailures)),
    Broken("server-errors", "it raised ProviderRefused: HTTP 500", with_client(GivesUpOn5xx)),
    Broken("time-outs", "it raised TimeoutError", with_client(LetsTimeoutsOut)),
    Broken("connections", "it raised ServerDisconnectedError", with_client(LetsResetsOut)),
    Broken("truncated", "it raised ClientPayloadError", with_client(LetsHalvesOut)),
    Broken("credentials", "it raised ProviderRefused: HTTP 401", with_client(RefusedKeysAreRefusals)),
    Broken("refusals", "it raised ProviderUnavailable: HTTP 422", with_client(NeverTakesNo)),
    Broken("malformed", "scans, scans missing: it raised KeyError: 'scans'", with_carrier(TrustsFields)),
    Broken("malformed", "webhook order, sku missing: it raised KeyError", with_channel(TrustsWebhooks)),
    Broken("commit-then-drop", "labels happened 2 times, not 1", with_carrier(NeverInDoubt)),
    Broken("duplicates", "dispatched happened 2 times, not 1", subject(NewKeyAfterSuccess)),
    Broken("duplicates", "then find_label: it found nothing", with_carrier(ForgetsLabels)),
    Broken("reordering", "events in another order have other effects: dispatched", subject(DropsOlderEvents)),
    Broken("stock-outcomes", "of MUG, PLATE it answered for MUG", with_channel(ForgetsAnItem)),
    Broken("stock-numbers", "MUG was to show 6, and shows 11", with_channel(AddsStock)),
    Broken("stock-numbers", "MUG was to show 6, and shows 5", with_channel(KeepsTheFirstStock)),
    Broken("webhooks", "with a changed body: it was believed", with_channel(BelievesAnything)),
    Broken("webhooks", "thirty days old: it was believed", with_channel(NeverForgets)),
    Broken("webhooks", "without headers: it raised KeyError", with_channel(StumblesOverHeaders)),
    Broken("routing", "near gave the rank nan", subject(RanksByNothing)),
    Broken("secrets", "a secret is in its log", with_client(LogsItsHeaders)),
    Broken("secrets", "400 that repeats the request at scans: a secret is in its error", with_client(QuotesTheVendor)),
    Broken("secrets", "a secret is in a repr", with_carrier(ShowsItsKey)),
    Broken("leftovers", "the task LeavesATask.run runs on", subject(LeavesATask)),
    Broken("leftovers", "an HTTP session is left open", subject(LeavesASession)),
    Broken(
        "leftovers",
        "track, cut off in the middle: the task GoesOnWhenCutOff.go_on runs on",
        with_carrier(GoesOnWhenCutOff),
    ),
)

EFFECTS = {"commit-then-drop", "duplicates", "reordering", "webhooks", "secrets", "leftovers"}


def failed(report: Report) -> dict[str, str]:
    """The rules that do not hold, with what was found."""
    return {each.rule: "\n".join(each.details) for each in report.failed()}


async def breaks_what_it_should(broken: Broken) -> None:
    """It fails the rule that it breaks, for the right reason, and no other."""
    report = await examine(broken.subject)
    found = failed(report)
    assert list(found) == [broken.rule], found
    assert broken.says in found[broken.rule]
    assert not report.holds
