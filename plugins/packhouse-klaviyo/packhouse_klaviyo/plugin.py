"""What Packhouse loads: every account is a recipient, so each has its own order, retries and pauses."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version

from packhouse.sdk import (
    ConsentPurpose,
    CustomerSnapshot,
    Event,
    EventType,
    OrderSnapshot,
    PluginContext,
    PluginManifest,
    ProviderRefused,
    Recipient,
    hookimpl,
    now,
)
from packhouse_klaviyo.client import REVISION, KlaviyoClient, Paces
from packhouse_klaviyo.consents import follow_consent, permit_of
from packhouse_klaviyo.metrics import TOLD_TYPES, told
from packhouse_klaviyo.requests import event_calls, test_call, unsubscribe_call
from packhouse_klaviyo.settings import AccountSettings, KlaviyoSettings

CODE, TITLE = "klaviyo", "Klaviyo"


class Plugin:
    """The plugin `klaviyo`."""

    def __init__(self) -> None:
        self._paces: defaultdict[str, Paces] = defaultdict(Paces)

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Code `klaviyo`; its settings stand in `[plugins.settings.klaviyo]`."""
        return PluginManifest(CODE, TITLE, version("packhouse-klaviyo"), settings=KlaviyoSettings)

    @hookimpl
    def register_recipients(self, context: PluginContext) -> Sequence[Recipient]:
        """Every account; without any, nobody gets events."""
        return [Recipient(name, TOLD_TYPES | {EventType.CONSENT_CHANGED}) for name in _settings(context).accounts]

    @hookimpl
    async def test_connection(self, context: PluginContext) -> str:
        """Ask for one profile, with nothing of it.

        Raises:
            ProviderError: it does not work, and why.
        """
        account = _account(context)
        if account is None:
            raise ProviderRefused(f"there is no account {context.recipient!r} in the settings")
        await self._client(account, context).send(test_call())
        return f"Klaviyo answers, with revision {REVISION}"

    @hookimpl
    async def order_placed(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Placed Order, and Ordered Product for each line."""
        await self._tell(event, order, context)

    @hookimpl
    async def order_cancelled(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Cancelled Order."""
        await self._tell(event, order, context)

    @hookimpl
    async def shipment_dispatched(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Fulfilled Order."""
        await self._tell(event, order, context)

    @hookimpl
    async def shipment_delivered(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Delivered Order."""
        await self._tell(event, order, context)

    @hookimpl
    async def return_requested(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Requested Return."""
        await self._tell(event, order, context)

    @hookimpl
    async def return_received(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Returned Order."""
        await self._tell(event, order, context)

    @hookimpl
    async def refund_made(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Refunded Order."""
        await self._tell(event, order, context)

    @hookimpl
    async def feedback_received(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        """Submitted Review."""
        await self._tell(event, order, context)

    @hookimpl
    async def consent_changed(self, event: Event, customer: CustomerSnapshot | None, context: PluginContext) -> None:
        """The profile is subscribed or unsubscribed."""
        account = _account(context)
        if account is None or customer is None or customer.is_demo:
            return
        done = await follow_consent(self._client(account, context), account, event, customer)
        context.log.info("Consent %s of customer %s: %s", event.id, customer.id, done)

    async def _tell(self, event: Event, order: OrderSnapshot | None, context: PluginContext) -> None:
        account = _account(context)
        if account is None or order is None or not _is_real(order, account):
            return
        permit = permit_of(account, event, order)
        if permit is None:
            context.log.debug("Nothing is told of event %s: no consent, or no address", event.id)
            return
        client = self._client(account, context)
        if permit.says_no:
            # a profile that an event makes is one that marketing may be sent to, unless it says otherwise
            await client.send(unsubscribe_call(permit.profile, ConsentPurpose.MARKETING_EMAIL))
        is_old = now() - event.occurred_at > timedelta(days=account.backfill_after_days)
        for call in event_calls(permit.profile, told(event, order), backfill=is_old):
            await client.send(call)

    def _client(self, account: AccountSettings, context: PluginContext) -> KlaviyoClient:
        return KlaviyoClient(account, context.http, context.log, self._paces[context.recipient])


def _is_real(order: OrderSnapshot, account: AccountSettings) -> bool:
    return not order.is_demo and account.serves(order.channel) and account.skip_tags.isdisjoint(order.tags)


def _account(context: PluginContext) -> AccountSettings | None:
    return _settings(context).accounts.get(context.recipient)


def _settings(context: PluginContext) -> KlaviyoSettings:
    settings = context.settings
    return settings if isinstance(settings, KlaviyoSettings) else KlaviyoSettings()
