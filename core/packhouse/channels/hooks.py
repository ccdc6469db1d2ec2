"""What channels do when an order goes on: they are told what was shipped."""

from packhouse import __version__
from packhouse.channels.commands.create_channel import tell_channel
from packhouse.channels.models import Channel
from packhouse.events.calls import call_provider
from packhouse.hooks.services import Services
from packhouse.sdk import (
    Event,
    OrderSnapshot,
    PluginManifest,
    PushesShipments,
    Refused,
    ShipmentNotice,
    ShipmentSnapshot,
    hookimpl,
    now,
)
from packhouse.storage import Initiator, UnitOfWork

CODE = "packhouse-channels"


class ChannelsPlugin:
    """Built in: reacts through the same hooks that plugins use."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        """Who this is."""
        return PluginManifest(CODE, "Channels", __version__)

    @hookimpl
    async def shipment_dispatched(self, event: Event, order: OrderSnapshot | None) -> None:
        """Tell the channel; not when the channel itself told us, so that no echo goes round."""
        if order is None or not order.external_id or event.origin == f"channel:{order.channel}":
            return
        provider: object = self._services.providers.channels.get(order.channel)
        shipment = next((each for each in order.shipments if str(each.id) == event.payload.get("shipment_id")), None)
        if isinstance(provider, PushesShipments) and shipment is not None and shipment.handed_over_at is not None:
            await self._push(provider, event, order, shipment)

    async def _push(
        self, provider: PushesShipments, event: Event, order: OrderSnapshot, shipment: ShipmentSnapshot
    ) -> None:
        notice = shipment_notice(event, order, shipment)

        async def send() -> str:
            return await provider.push_shipment(notice)

        async def done(uow: UnitOfWork, answer: str) -> None:  # noqa: ARG001  (nothing of ours changes)
            return None

        try:
            await call_provider(
                self._services.database,
                Initiator(f"plugin:{CODE}", "event", event.correlation_id, str(event.id)),
                provider=order.channel,
                operation="push_shipment",
                subject_id=shipment.id,
                order_id=order.id,
                idempotency_key=notice.idempotency_key,
                send=send,
                # pushing looks for the shipment first, so asking is the same call
                find=send,
                on_success=done,
            )
        except Refused as refused:
            if refused.code != "ALREADY_DONE":
                raise


def shipment_notice(event: Event, order: OrderSnapshot, shipment: ShipmentSnapshot) -> ShipmentNotice:
    """What a channel is told about a shipment."""
    return ShipmentNotice(
        idempotency_key=f"push-{event.id}",
        external_order_id=order.external_id,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        tracking_url=shipment.tracking_url,
        lines={line.external_line_id: line.quantity for line in shipment.lines if line.external_line_id},
        shipped_at=shipment.handed_over_at or event.occurred_at,
    )


async def ensure_channels(services: Services) -> None:
    """A channel row for each channel that a plugin registered, so that its orders have a home from the first one on."""

    async def work(uow: UnitOfWork) -> None:
        for code, provider in services.providers.channels.items():
            channel, is_new = await Channel.get_or_create(
                code=code, defaults={"name": provider.title, "provider": code, "created_at": now()}
            )
            if is_new:
                tell_channel(uow, channel, "created")

    await services.database.write(Initiator("system", "start-up"), work)
