"""Asking carriers where shipments are, and networks how their work stands. One that fails stops nobody else."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from packhouse.fulfillment.commands.answer import NetworkAnswer, record_answer
from packhouse.fulfillment.commands.time_out import TimeOut, is_late, time_out
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import RequestStatus
from packhouse.sdk import (
    CancelsFulfillment,
    FulfillsOrders,
    NetworkStatus,
    NetworkUpdate,
    PackhouseError,
    ProviderAuthFailed,
    ProviderError,
    ProviderRateLimited,
    Providers,
    ProviderUnavailable,
    Refused,
    TrackingUpdate,
    Tracks,
    TracksFulfillment,
    now,
)
from packhouse.shipping.commands.record_tracking import RecordTracking, record_tracking
from packhouse.shipping.commands.ship_external import ShipExternal, ship_external
from packhouse.shipping.models import Shipment
from packhouse.shipping.states import ShipmentStatus
from packhouse.storage import Database, Initiator, UnitOfWork

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
ACCEPT_WITHIN = timedelta(hours=24)
_BATCH = 200
_TIMEOUT_SECONDS = 30.0
# Credentials do not mend themselves: somebody has to look.
_AUTH_PAUSE = timedelta(hours=1)
_AFTER_FAILURE = 6
# A carrier without a plugin may get one with the next start.
_UNKNOWN_PAUSE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Polled:
    """What a round did: how many were asked about, how many of them failed, how many were put off unasked."""

    asked: int = 0
    failed: int = 0
    put_off: int = 0

    def __add__(self, other: "Polled") -> "Polled":
        return Polled(self.asked + other.asked, self.failed + other.failed, self.put_off + other.put_off)


async def poll_tracking(database: Database, providers: Providers, by: Initiator, *, every: timedelta = EVERY) -> Polled:
    """Record the scans of all shipments that are due, carriers side by side; each is due again after `every`.

    A network that tracks what it sent is asked instead of the carrier.
    """
    due = (
        await Shipment.filter(
            next_poll_at__lte=now(), status__in=[ShipmentStatus.HANDED_OVER.value, ShipmentStatus.LOST.value]
        )
        .order_by("next_poll_at")
        .limit(_BATCH)
    )
    networks = await _tracking_networks(providers, due)
    groups: dict[tuple[bool, str], list[Shipment]] = defaultdict(list)
    for shipment in due:
        network = networks.get(shipment.id, "")
        # without a number nobody else can be asked
        carrier = shipment.carrier if shipment.tracking_number else ""
        groups[bool(network), network or carrier].append(shipment)

    async def ask(by_network: bool, carrier: str, shipments: Sequence[Shipment]) -> Polled:
        track = _network_tracker(providers, carrier) if by_network else _carrier_tracker(providers, carrier)
        if track is None:
            # nobody can be asked until its plugin is there; scans recorded by hand still count
            await _put_off(database, by, "shipment", [each.id for each in shipments], now() + _UNKNOWN_PAUSE)
            return Polled(put_off=len(shipments))

        async def one(shipment: Shipment) -> None:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                updates = tuple(await track(shipment))
            data = RecordTracking(shipment.id, updates, next_poll_at=now() + every)
            await database.write(by, lambda uow: record_tracking(uow, data))

        work = [(shipment.id, _bound(one, shipment)) for shipment in shipments]
        return await _in_turn(database, by, "shipment", carrier, work, every)

    return sum(await asyncio.gather(*(ask(*key, group) for key, group in groups.items())), Polled())


async def _tracking_networks(providers: Providers, shipments: Sequence[Shipment]) -> Mapping[UUID, str]:
    """The network of each shipment that was sent by one that tracks."""
    codes = [code for code in providers.networks if _network_tracker(providers, code) is not None]
    sent = {each.id: each.fulfillment_order_id for each in shipments if each.external_id and each.fulfillment_order_id}
    if not codes or not sent:
        return {}
    rows = FulfillmentOrder.filter(id__in=sorted(set(sent.values())), network__in=codes)
    network_of = dict(await rows.values_list("id", "network"))
    return {id_: network_of[work_id] for id_, work_id in sent.items() if work_id in network_of}


def _network_tracker(providers: Providers, code: str) -> Callable[[Shipment], Awaitable[list[TrackingUpdate]]] | None:
    # as an object, here and below: mypy sees no class that could be both Protocols
    provider: object = providers.networks.get(code)
    if not isinstance(provider, TracksFulfillment):
        return None
    tracker = provider
    return lambda shipment: tracker.track_shipment(str(shipment.fulfillment_order_id), shipment.external_id)


def _carrier_tracker(providers: Providers, code: str) -> Callable[[Shipment], Awaitable[list[TrackingUpdate]]] | None:
    provider: object = providers.carriers.get(code)
    if not isinstance(provider, Tracks):
        return None
    tracker = provider
    return lambda shipment: tracker.track(shipment.tracking_number)


async def poll_networks(
    database: Database,
    providers: Providers,
    by: Initiator,
    *,
    every: timedelta = EVERY,
    accept_within: timedelta = ACCEPT_WITHIN,
) -> Polled:
    """Record how the work given to networks stands, and what they shipped; each is due again after `every`.

    Work that is not accepted within that time of its submission is timed out, where the network can be asked to cancel it:
    elsewhere two parcels might leave.
    """
    running = [
        RequestStatus.SUBMITTED.value,
        RequestStatus.ACCEPTED.value,
        RequestStatus.CANCELLATION_REQUESTED.value,
        RequestStatus.CANCELLATION_REJECTED.value,
        RequestStatus.TIMED_OUT.value,
    ]
    due = (
        await FulfillmentOrder.filter(next_poll_at__lte=now(), request_status__in=running)
        .order_by("next_poll_at")
        .limit(_BATCH)
    )
    # as objects: mypy sees no class that could be both Protocols
    networks: Mapping[str, object] = providers.networks
    by_network: dict[str, list[FulfillmentOrder]] = defaultdict(list)
    for work in due:
        by_network[work.network].append(work)

    async def ask(network: str, rows: Sequence[FulfillmentOrder]) -> Polled:
        provider = networks.get(network)
        if not isinstance(provider, FulfillsOrders):
            log.error(
                "No fulfilment network %s is registered, and %d fulfillment orders wait for it", network, len(rows)
            )
            await _put_off(database, by, "fulfillment_order", [row.id for row in rows], now() + _AFTER_FAILURE * every)
            return Polled(put_off=len(rows))

        cancels = isinstance(networks[network], CancelsFulfillment)

        async def one(row: FulfillmentOrder) -> None:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                update = await provider.fetch(str(row.id))
            if update is None:
                raise Refused(
                    "NOT_FOUND", f"{network} does not know fulfillment order {row.id} that was submitted to it"
                )
            await _take_over(database, by, row.id, update, every)
            if cancels and update.status is NetworkStatus.SUBMITTED and is_late(row, accept_within):
                late = TimeOut(row.id, accept_within)
                await database.write(by, lambda uow: time_out(uow, late))

        work = [(row.id, _bound(one, row)) for row in rows]
        return await _in_turn(database, by, "fulfillment_order", network, work, every)

    return sum(await asyncio.gather(*(ask(*group) for group in by_network.items())), Polled())


async def _take_over(database: Database, by: Initiator, work_id: UUID, update: NetworkUpdate, every: timedelta) -> None:
    """Accepted first, then what was shipped, then the end of the rest: each in a transaction of its own."""
    ended = update.status in {NetworkStatus.REJECTED, NetworkStatus.CANCELLED}
    status = update.status
    if update.shipments:
        accepted = NetworkAnswer(work_id, NetworkStatus.SHIPPED, update.external_id, poll_again=every)
        await database.write(by, lambda uow: record_answer(uow, accepted))
        for shipment in sorted(update.shipments, key=lambda each: each.shipped_at):
            await database.write(by, _bound_write(ShipExternal(work_id, shipment)))
        if not ended:
            return
    answer = NetworkAnswer(work_id, status, update.external_id, update.reason, poll_again=every)
    await database.write(by, lambda uow: record_answer(uow, answer))


def _bound_write(data: ShipExternal) -> Callable[[UnitOfWork], Awaitable[Shipment]]:
    return lambda uow: ship_external(uow, data)


def _bound(ask: Callable[..., Awaitable[None]], row: Shipment | FulfillmentOrder) -> Callable[[], Awaitable[None]]:
    return lambda: ask(row)


async def _in_turn(
    database: Database,
    by: Initiator,
    table: str,
    code: str,
    work: Sequence[tuple[UUID, Callable[[], Awaitable[None]]]],
    every: timedelta,
) -> Polled:
    """Ask one carrier or network about each; what stops it for all (limit, credentials, down) puts the rest off."""
    failed = 0
    for place, (row_id, ask) in enumerate(work):
        try:
            await ask()
        except (ProviderRateLimited, ProviderAuthFailed, ProviderUnavailable) as error:
            rest = [each for each, _ in work[place:]]
            log.warning("%s is not asked about %d more for now: %s", code, len(rest), error.detail)
            await _put_off(database, by, table, rest, now() + _pause(error, every))
            return Polled(asked=place, failed=failed, put_off=len(rest))
        except (PackhouseError, TimeoutError) as error:
            failed += 1
            log.warning("Asking %s about %s %s failed: %s", code, table, row_id, error or "no answer in time")
            await _put_off(database, by, table, [row_id], now() + _AFTER_FAILURE * every)
        except Exception:
            failed += 1
            log.exception("Asking %s about %s %s failed", code, table, row_id)
            await _put_off(database, by, table, [row_id], now() + _AFTER_FAILURE * every)
    return Polled(asked=len(work), failed=failed)


def _pause(error: ProviderError, every: timedelta) -> timedelta:
    if isinstance(error, ProviderRateLimited):
        return timedelta(seconds=error.retry_after)
    return _AUTH_PAUSE if isinstance(error, ProviderAuthFailed) else every


async def _put_off(database: Database, by: Initiator, table: str, ids: Sequence[UUID], until: datetime | None) -> None:
    """Ask about them later; never, where `until` is None. Rows that are no longer asked about stay so."""

    async def put_off(uow: UnitOfWork) -> None:
        for row_id in sorted(ids):
            await uow.execute(
                f"UPDATE {table} SET next_poll_at = $2 WHERE id = $1 AND next_poll_at IS NOT NULL", row_id, until
            )

    await database.write(by, put_off)
