"""Telling channels how many units they may show: the newest number of each listing, until the channel has it.

Numbers are absolute, so pushing one again does no harm, and a call in doubt is simply made again with the numbers of that moment.
One process at a time pushes to a channel: a channel never hears an older number after a newer one.
"""

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from packhouse.channels.models import Channel, Listing, ListingStock
from packhouse.events.failures import describe
from packhouse.hooks.services import Services
from packhouse.sdk import (
    ListedStock,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderUnavailable,
    PushedStock,
    PushesStock,
    StockPush,
    new_id,
    now,
)
from packhouse.sdk.values import fact_id
from packhouse.storage import Database, Initiator, UnitOfWork

_AT_ONCE = 100
_TIMEOUT_SECONDS = 30.0
_LEASE = timedelta(seconds=90)
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 3600.0
# A whole channel that cannot be reached is asked more often than a listing that is refused.
_LONGEST_SILENCE = 300.0
_ERROR_LENGTH = 500

_DUE = """
SELECT channel.code FROM channel WHERE channel.is_active
  AND (channel.push_after IS NULL OR channel.push_after <= $1) AND (channel.push_until IS NULL OR channel.push_until < $1)
  AND EXISTS (SELECT 1 FROM listing_stock WHERE listing_stock.channel_id = channel.id AND listing_stock.due_at <= $1)
ORDER BY channel.code
"""
_TAKE = """
UPDATE channel SET push_owner = $2, push_until = $3
WHERE code = $1 AND is_active AND (push_until IS NULL OR push_until < $4) AND (push_after IS NULL OR push_after <= $4)
RETURNING id
"""
# What was counted meanwhile stays due: its number is a newer one.
_TOLD = """
UPDATE listing_stock SET told_version = $2, told_quantity = $3, told_at = $4, attempts = 0, error = '',
  due_at = CASE WHEN version = $2 THEN NULL ELSE due_at END
WHERE listing_id = $1
"""
_REFUSED = """
UPDATE listing_stock SET attempts = attempts + 1, error = $3, due_at = CASE WHEN version = $2 THEN $4 ELSE due_at END
WHERE listing_id = $1
"""
_WORKS = """
UPDATE channel SET push_attempts = 0, push_error = '', push_after = NULL WHERE code = $1 AND push_attempts > 0
"""
_FAILS = """
UPDATE channel SET push_attempts = push_attempts + 1, push_error = $2, push_after = $3 WHERE code = $1
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A listing's number that its channel has not heard."""

    listing_id: UUID
    channel_sku: str
    external_id: str
    quantity: int
    version: int
    attempts: int

    @property
    def item(self) -> ListedStock:
        """What the channel is told."""
        return ListedStock(self.channel_sku, self.quantity, self.external_id)


async def push_due_stock(services: Services) -> int:
    """Push what is due to every channel that takes it, side by side; returns how many listings were told."""
    rows = await services.database.fetch(_DUE, now())
    pushes = []
    for row in rows:
        provider: object = services.providers.channels.get(row["code"])
        if isinstance(provider, PushesStock):
            pushes.append(_push_to(services, row["code"], provider))
    told = await asyncio.gather(*pushes)
    return sum(told)


async def _push_to(services: Services, code: str, provider: PushesStock) -> int:
    """Push to one channel until nothing is due, or it fails."""
    database, owner, told = services.database, new_id(), 0
    by = Initiator(f"channel:{code}", "job")
    while True:
        channel_id = await _take(database, by, code, owner)
        if channel_id is None:
            return told
        try:
            due = await _due(channel_id)
            if not due:
                return told
            told += await _push(database, by, code, provider, due)
            await _note(database, by, code, None)
        except ProviderError as error:
            await _note(database, by, code, error)
            return told
        finally:
            await _give_back(database, by, code, owner)


async def _push(database: Database, by: Initiator, code: str, provider: PushesStock, due: Sequence[Due]) -> int:
    """One batch; returns how many of it the channel has now.

    Raises:
        ProviderError: the channel took none of it, or it is not known whether it did.
    """
    key = fact_id("stock push", *(f"{each.listing_id}:{each.version}" for each in due))
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            answers = await provider.push_stock(StockPush(str(key), tuple(each.item for each in due)))
    except ProviderError:
        raise
    except Exception as error:
        log.exception("channel %s could not be told its stock", code)
        raise ProviderInDoubt(f"{type(error).__name__}, see the log") from error
    outcomes = {each.channel_sku: each for each in answers}
    return await database.write(by, lambda uow: _keep(uow, due, outcomes))


async def _keep(uow: UnitOfWork, due: Sequence[Due], outcomes: Mapping[str, PushedStock]) -> int:
    """Write down what became of each; in the order of ids, as whoever counts does."""
    told, at = 0, now()
    for each in sorted(due, key=lambda each: each.listing_id):
        outcome = outcomes.get(
            each.channel_sku, PushedStock(each.channel_sku, problem="the channel said nothing of it")
        )
        if outcome.external_id and outcome.external_id != each.external_id:
            await Listing.filter(id=each.listing_id).update(external_id=outcome.external_id[:128])
        if outcome.problem:
            again = at + _pause(each.attempts, _LONGEST_PAUSE)
            await uow.execute(_REFUSED, each.listing_id, each.version, outcome.problem[:_ERROR_LENGTH], again)
        else:
            told += 1
            await uow.execute(_TOLD, each.listing_id, each.version, each.quantity, at)
    return told


async def _due(channel_id: UUID) -> list[Due]:
    rows = (
        await ListingStock.filter(channel_id=channel_id, due_at__lte=now())
        .order_by("due_at", "id")
        .limit(_AT_ONCE)
        .select_related("listing")
    )
    return [
        Due(row.listing_id, row.listing.channel_sku, row.listing.external_id, row.quantity, row.version, row.attempts)
        for row in rows
    ]


async def _take(database: Database, by: Initiator, code: str, owner: UUID) -> UUID | None:
    async def take(uow: UnitOfWork) -> UUID | None:
        at = now()
        rows = await uow.fetch(_TAKE, code, owner, at + _LEASE, at)
        return UUID(str(rows[0]["id"])) if rows else None

    return await database.write(by, take)


async def _give_back(database: Database, by: Initiator, code: str, owner: UUID) -> None:
    async def back(uow: UnitOfWork) -> None:
        await uow.execute(
            "UPDATE channel SET push_owner = NULL, push_until = NULL WHERE code = $1 AND push_owner = $2", code, owner
        )

    await database.write(by, back)


async def _note(database: Database, by: Initiator, code: str, error: ProviderError | None) -> None:
    """Remember that the channel works, or why not and when it is tried again."""

    async def note(uow: UnitOfWork) -> None:
        if error is None:
            await uow.execute(_WORKS, code)
        else:
            channel = await Channel.get(code=code)
            reason = describe(error, database.hide)[:_ERROR_LENGTH]
            await uow.execute(_FAILS, code, reason, _again(error, channel.push_attempts))

    await database.write(by, note)
    if error is not None:
        log.warning("channel %s could not be told its stock: %s", code, database.hide(str(error)))


def _again(error: ProviderError, attempts: int) -> datetime:
    if isinstance(error, ProviderRateLimited):
        return now() + timedelta(seconds=error.retry_after)
    passes = isinstance(error, ProviderUnavailable | ProviderInDoubt)
    return now() + _pause(attempts, _LONGEST_SILENCE if passes else _LONGEST_PAUSE)


def _pause(attempts: int, longest: float) -> timedelta:
    seconds = min(_FIRST_PAUSE * 2 ** min(attempts, 20), longest)
    return timedelta(seconds=seconds * random.uniform(0.75, 1))  # noqa: S311  (jitter, no secret)
