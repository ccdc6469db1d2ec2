"""Putting the question to the network: will it give the work back?"""

from collections.abc import Mapping
from uuid import UUID

from packhouse.events.calls import call_provider, passing_over_done
from packhouse.fulfillment.commands.answer import NetworkAnswer, record_answer
from packhouse.fulfillment.commands.submit import network_of
from packhouse.fulfillment.models import FulfillmentOrder
from packhouse.fulfillment.states import RequestStatus
from packhouse.sdk import CancelsFulfillment, NetworkStatus, NetworkUpdate, Provider, ProviderRefused
from packhouse.storage import Database, Initiator, UnitOfWork

# What ends the question when the network is asked how an earlier one ended; anything else means: ask again.
_DECIDED = {
    NetworkStatus.CANCELLED,
    NetworkStatus.REJECTED,
    NetworkStatus.CANCELLATION_PENDING,
    NetworkStatus.CANCELLATION_REFUSED,
}


async def ask_cancellation(
    database: Database,
    networks: Mapping[str, Provider],
    by: Initiator,
    fulfillment_order_id: UUID,
    idempotency_key: str,
) -> None:
    """Ask the network once for each key; work that is not asked for (any more) is left as it is.

    Their no, and that they cannot be asked, rejects the cancellation. An answer that is still open is polled for.

    Raises:
        Refused: NO_NETWORK, or another caller is at it.
        ProviderError: it was not asked (call again), or it is in doubt (call again: how it stands is asked first).
    """
    work = await FulfillmentOrder.get(id=fulfillment_order_id)
    if work.request_status != RequestStatus.CANCELLATION_REQUESTED:
        return
    provider = network_of(networks, work)
    # as an object: mypy sees no class that could be both Protocols
    asked: object = provider
    if not isinstance(asked, CancelsFulfillment):
        no = _no(work, f"{work.network} cannot be asked to cancel: talk to them")
        await database.write(by, lambda uow: record_answer(uow, no))
        return
    canceller, reference = asked, str(work.id)

    async def send() -> NetworkUpdate:
        try:
            return await canceller.cancel(reference, idempotency_key)
        except ProviderRefused as refusal:
            return NetworkUpdate(NetworkStatus.CANCELLATION_REFUSED, reason=refusal.detail)

    async def find() -> NetworkUpdate | None:
        update = await provider.fetch(reference)
        return update if update is not None and update.status in _DECIDED else None

    async def answered(uow: UnitOfWork, update: NetworkUpdate) -> FulfillmentOrder:
        return await record_answer(uow, NetworkAnswer(work.id, update.status, update.external_id, update.reason))

    with passing_over_done():
        await call_provider(
            database,
            by,
            provider=work.network,
            operation="cancel_fulfillment",
            subject_id=work.id,
            order_id=work.order_id,
            idempotency_key=idempotency_key,
            send=send,
            find=find,
            on_success=answered,
        )


def _no(work: FulfillmentOrder, reason: str) -> NetworkAnswer:
    return NetworkAnswer(work.id, NetworkStatus.CANCELLATION_REFUSED, reason=reason)
