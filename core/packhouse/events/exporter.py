"""The log as a JetStream stream, for consumers outside: every event once and in order, also when this process dies.

The position up to which events were published is a row; an event published twice by a crash in between has the same message
id, which the stream drops. Where the stream itself ends before that position (it was deleted, or its disk lost the end), it is
filled from there.
"""

import logging

import orjson
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from packhouse.events.nats_client import connect, leave
from packhouse.events.queries import EVENT_COUNTER, events_after, log_bounds
from packhouse.sdk.events import Event
from packhouse.storage import Database, Initiator, UnitOfWork

SUBJECTS = "packhouse.events"
_PAGE = 500
_DUPLICATES_SECONDS = 3600.0
_TIMEOUT_SECONDS = 10
_BY = Initiator("system", "exporter")
log = logging.getLogger(__name__)


async def export_events(database: Database, url: str, stream: str) -> int:
    """Publish what the stream does not have yet; returns how many events. Run it in one process at a time.

    NATS is asked only where something new has happened since the last run.

    Raises:
        Exception: NATS cannot be reached or does not take an event; the next run goes on from there.
    """
    noted = await _position(database, stream)
    if not await events_after(database, noted, limit=1):
        return 0
    client = await connect(
        url,
        name="packhouse exporter",
        allow_reconnect=False,
        connect_timeout=_TIMEOUT_SECONDS,
        max_reconnect_attempts=1,
        reconnect_time_wait=0.1,
        error_cb=_raised_anyway,
    )
    try:
        jetstream = client.jetstream(timeout=_TIMEOUT_SECONDS)
        reached = await _reached(jetstream, stream, noted)
        if reached < noted:
            log.warning("Stream %s ends at position %s, not at %s: it is filled from there", stream, reached, noted)
        return await _publish_after(reached, database, jetstream, stream)
    finally:
        await leave(client)


async def _raised_anyway(_: Exception) -> None:
    """What goes wrong is raised where it is met."""


async def _publish_after(position: int, database: Database, jetstream: JetStreamContext, stream: str) -> int:
    trimmed = (await log_bounds(database, EVENT_COUNTER)).trimmed
    if position < trimmed:
        log.warning("Stream %s misses events up to position %s that were trimmed before it had them", stream, trimmed)
    count = 0
    while page := await events_after(database, position, limit=_PAGE):
        for event in page:
            await jetstream.publish(
                f"{SUBJECTS}.{event.type.value}",
                message_of(event),
                stream=stream,
                headers={"Nats-Msg-Id": str(event.id)},
            )
        position = page[-1].position
        await _note(database, stream, position)
        count += len(page)
    return count


def message_of(event: Event) -> bytes:
    """An event as JSON: the envelope of CloudEvents 1.0, its position and actor as extensions, the payload as data."""
    envelope: dict[str, object] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": "packhouse",
        "type": f"packhouse.{event.type.value}",
        "time": event.occurred_at.isoformat(),
        "datacontenttype": "application/json",
        "position": event.position,
        "actor": event.actor,
        "origin": event.origin,
        "correlationid": event.correlation_id,
        "data": dict(event.payload),
    }
    if event.order_id is not None:
        envelope["subject"] = str(event.order_id)
    return orjson.dumps(envelope)


async def _reached(jetstream: JetStreamContext, stream: str, noted: int) -> int:
    """The position that the stream has reached: what was noted, or less where the stream does not go so far."""
    try:
        last = (await jetstream.stream_info(stream)).state.last_seq
    except NotFoundError:
        await jetstream.add_stream(name=stream, subjects=[f"{SUBJECTS}.*"], duplicate_window=_DUPLICATES_SECONDS)
        return 0
    if last == 0:
        return 0
    try:
        message = await jetstream.get_msg(stream, last)
    except NotFoundError:
        # it is limited or was purged: nobody wants to have again what it no longer has
        return noted
    return min(noted, int(orjson.loads(message.data or b"{}").get("position", noted)))


async def _position(database: Database, reader: str) -> int:
    rows = await database.fetch("SELECT position FROM log_reader WHERE name = $1", reader)
    return int(rows[0]["position"]) if rows else 0


async def _note(database: Database, reader: str, position: int) -> None:
    async def note(uow: UnitOfWork) -> None:
        await uow.execute(
            "INSERT INTO log_reader (name, position) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET position = $2",
            reader,
            position,
        )

    await database.write(_BY, note)
