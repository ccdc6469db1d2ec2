"""Calls with an effect outside: a label bought, money given back, work handed over.

The intent is written before the call and its end after it, each in a transaction of its own, with the call between them
outside of any. A call that gave no clear answer is in doubt: the vendor is asked before anything is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar
from uuid import UUID

from packhouse.events.failures import describe
from packhouse.events.states import CallStatus
from packhouse.sdk.errors import (
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    Refused,
)
from packhouse.sdk.values import new_id, now
from packhouse.storage import Database, Initiator, UnitOfWork
from packhouse.storage.dialect import insert_sql, read_id, read_time
from packhouse.telemetry.bound import bound
from packhouse.telemetry.metrics import Metrics, Stopwatch

T = TypeVar("T")
R = TypeVar("R")

_NOTHING_HAPPENED = (ProviderRefused, ProviderAuthFailed, ProviderRateLimited, ProviderUnavailable)
_OUTCOMES = {
    ProviderRefused: "refused",
    ProviderAuthFailed: "auth_failed",
    ProviderRateLimited: "rate_limited",
    ProviderUnavailable: "unavailable",
}
_ALREADY_DONE = "ALREADY_DONE"
# What a caller may take after its call for writing down the end, before others may think that it died.
_MARGIN_SECONDS = 30.0
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Claim:
    """The call in our hands. `fence` is the number of the claim; `ask_first` says that an earlier one may have worked."""

    id: UUID
    fence: int
    ask_first: bool


async def call_provider(
    database: Database,
    by: Initiator,
    *,
    provider: str,
    operation: str,
    subject_id: UUID,
    order_id: UUID | None,
    idempotency_key: str,
    send: Callable[[], Awaitable[T]],
    find: Callable[[], Awaitable[T | None]] | None,
    on_success: Callable[[UnitOfWork, T], Awaitable[R]],
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> R:
    """Make a call once, and write down what it brought; call it outside any transaction.

    `send` makes the call; `find` asks whether an earlier one with this key happened (None as its answer: it did not; None
    instead of it: nobody can be asked). `on_success` writes the answer down, in the transaction that marks the call done;
    its result is returned. A key that failed may be called again; one in doubt is asked about first.

    Raises:
        Refused: ALREADY_DONE, or IN_PROGRESS where another caller is at it; nothing was sent.
        ProviderRefused, ProviderAuthFailed, ProviderRateLimited, ProviderUnavailable: it did not happen.
        ProviderInDoubt: it may have happened. Call again with the same key to find out.
    """
    intent: dict[str, UUID | str | None] = {
        "provider": provider,
        "operation": operation,
        "subject_id": subject_id,
        "order_id": order_id,
        "idempotency_key": idempotency_key,
    }
    with (
        bound(correlation_id=by.correlation_id, provider=provider, operation=operation, order_id=order_id),
        _counted(database.metrics, provider, operation),
        database.tracing.span(
            f"call {operation}", packhouse_provider=provider, packhouse_operation=operation, packhouse_order_id=order_id
        ),
    ):
        claim = await _claim(database, by, intent, timeout_seconds)
        call = _Call(database, by, claim, f"{operation} at {provider} with key {idempotency_key}", timeout_seconds)
        found = await call.asked(find) if claim.ask_first else None
        answer = found if found is not None else await call.sent(send)
        return await call.done(answer, on_success)


@contextmanager
def _counted(metrics: Metrics, provider: str, operation: str) -> Iterator[None]:
    watch, outcome = Stopwatch(), "failed"
    try:
        yield
        outcome = "done"
    except Refused:
        outcome = "not_made"
        raise
    except ProviderInDoubt:
        outcome = "in_doubt"
        raise
    except asyncio.CancelledError:
        outcome = "interrupted"
        raise
    except ProviderError as error:
        outcome = _OUTCOMES.get(type(error), "failed")
        raise
    finally:
        metrics.calls[provider, operation, outcome].inc()
        metrics.call_seconds[provider,].observe(watch.seconds)


@contextmanager
def passing_over_done() -> Iterator[None]:
    """For a hook that is called again after its call worked: nothing is left to do."""
    try:
        yield
    except Refused as refused:
        if refused.code != _ALREADY_DONE:
            raise


async def _claim(
    database: Database, by: Initiator, intent: Mapping[str, UUID | str | None], timeout_seconds: float
) -> _Claim:
    # asking and sending may each take the whole time
    seconds = 2 * timeout_seconds + _MARGIN_SECONDS

    async def claim(uow: UnitOfWork) -> _Claim:
        until = now() + timedelta(seconds=seconds)
        return await _claim_fresh(uow, intent, until) or await _claim_again(uow, intent["idempotency_key"], until)

    return await database.write(by, claim)


async def _claim_fresh(uow: UnitOfWork, intent: Mapping[str, UUID | str | None], until: datetime) -> _Claim | None:
    row = {
        "id": new_id(),
        **intent,
        "status": CallStatus.REQUESTED.value,
        "error": "",
        "attempts": 1,
        "claimed_until": until,
        "created_at": now(),
    }
    # two callers with one key meet here: the second waits for the first one's commit, and finds the key taken
    rows = await uow.fetch(
        f"{insert_sql('provider_call', tuple(row), 1)} ON CONFLICT (idempotency_key) DO NOTHING RETURNING id",
        *row.values(),
    )
    return _Claim(read_id(rows[0]["id"]), 1, ask_first=False) if rows else None


async def _claim_again(uow: UnitOfWork, key: object, until: datetime) -> _Claim:
    (earlier,) = await uow.fetch(
        f"SELECT id, status, attempts, claimed_until FROM provider_call WHERE idempotency_key = $1 {uow.for_update()}",
        key,
    )
    status = CallStatus(earlier["status"])
    if status is CallStatus.DONE:
        raise Refused(_ALREADY_DONE, f"The call with key {key} was made and worked.")
    claimed_until = earlier["claimed_until"]
    if status is CallStatus.REQUESTED and claimed_until is not None and read_time(claimed_until) > now():
        raise Refused("IN_PROGRESS", f"The call with key {key} is being made right now.")
    fence = int(earlier["attempts"]) + 1
    await uow.execute(
        "UPDATE provider_call SET status = 'requested', attempts = $2, claimed_until = $3, finished_at = NULL "
        "WHERE id = $1",
        earlier["id"],
        fence,
        until,
    )
    return _Claim(read_id(earlier["id"]), fence, ask_first=status is not CallStatus.FAILED)


@dataclass(frozen=True, slots=True)
class _Call:
    """A claimed call on its way: asked about, sent, done. Whatever goes wrong is written down first, then raised."""

    database: Database
    by: Initiator
    claim: _Claim
    name: str
    timeout_seconds: float

    async def asked(self, find: Callable[[], Awaitable[T | None]] | None) -> T | None:
        """What an earlier call brought, None where it never happened."""
        if find is None:
            await self._doubt(
                None, "an earlier call may have worked, and the provider cannot be asked; look there by hand"
            )
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await find()
        except asyncio.CancelledError:
            await self._finish(CallStatus.IN_DOUBT, "interrupted while asking about an earlier call")
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  (a provider may fail in any way)
            await self._doubt(
                error, f"an earlier call may have worked, and asking about it failed: {self._described(error)}"
            )

    async def sent(self, send: Callable[[], Awaitable[T]]) -> T:
        """The provider's answer."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await send()
        except _NOTHING_HAPPENED as error:
            await self._finish(CallStatus.FAILED, self._described(error))
            raise
        except asyncio.CancelledError:
            await self._finish(CallStatus.IN_DOUBT, "interrupted while the call was made")
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  (a provider may fail in any way)
            await self._doubt(error, self._described(error))

    async def done(self, answer: T, on_success: Callable[[UnitOfWork, T], Awaitable[R]]) -> R:
        """Mark the call done and write its answer down, both or neither."""

        async def finish(uow: UnitOfWork) -> R:
            if not await self._mark(uow, CallStatus.DONE, ""):
                raise ProviderInDoubt(f"{self.name}: another caller took it over; call again to see how it ended")
            return await on_success(uow, answer)

        try:
            return await self.database.write(self.by, finish)
        except ProviderInDoubt:
            raise
        except Exception as error:  # noqa: BLE001  (what happened outside must not be forgotten)
            await self._doubt(error, f"it worked, but writing it down failed: {self._described(error)}")

    async def _doubt(self, error: BaseException | None, reason: str) -> NoReturn:
        await self._finish(CallStatus.IN_DOUBT, reason)
        code = error.code if isinstance(error, ProviderError) else ""
        raise ProviderInDoubt(f"{self.name}: {reason}", code=code) from error

    def _described(self, error: BaseException) -> str:
        return describe(error, self.database.hide)

    async def _finish(self, status: CallStatus, error: str) -> None:
        await self.database.write(self.by, lambda uow: self._mark(uow, status, error))

    async def _mark(self, uow: UnitOfWork, status: CallStatus, error: str) -> bool:
        """Whether the call was still ours to mark."""
        rows = await uow.fetch(
            "UPDATE provider_call SET status = $3, error = $4, finished_at = $5, claimed_until = NULL "
            "WHERE id = $1 AND attempts = $2 AND status = 'requested' RETURNING id",
            self.claim.id,
            self.claim.fence,
            status.value,
            error[:500],
            now(),
        )
        return bool(rows)
