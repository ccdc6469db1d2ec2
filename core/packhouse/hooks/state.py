"""The stores of plugins: `context.state`, in a delivery and outside of any."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from packhouse.hooks.errors import DeliveryOver, NotStarted, OwnFailure
from packhouse.hooks.handover import Changes, Handover
from packhouse.sdk.errors import InvalidValue
from packhouse.sdk.values import new_id, now
from packhouse.storage import Database, DatabaseLost, Initiator, UnitOfWork
from packhouse.storage.dialect import placeholders

LONGEST_KEY = 200
LONGEST_VALUE = 65_536
MOST_CHANGES = 100
MOST_ITEMS = 1000
# Behind every printable character: no key holds it.
_LAST = "\U0010ffff"
_WIDTH = 5


def no_database() -> NoReturn:
    """For a host without a database behind it."""
    raise NotStarted("context.state is open while the server runs only: use it in hooks, not while registering")


class StateTable:
    """The rows of one plugin or recipient. `database` gives the open database.

    Its methods raise DatabaseLost where that cannot be reached, OwnFailure where it fails otherwise.
    """

    def __init__(self, plugin: str, database: Callable[[], Database]) -> None:
        self._plugin = plugin
        self._database = database

    async def read(self, key: str) -> str | None:
        """The JSON of a key."""
        with _ours("read"):
            rows = await self._database().look_up(
                "SELECT value FROM plugin_state WHERE plugin = $1 AND key = $2", self._plugin, key
            )
        return rows[0]["value"] if rows else None

    async def page(self, prefix: str, after: str, limit: int) -> list[tuple[str, str]]:
        """Keys with their JSON, sorted."""
        with _ours("read"):
            rows = await self._database().fetch(
                "SELECT key, value FROM plugin_state WHERE plugin = $1 AND key > $2 AND key >= $3 AND key < $4 "
                "ORDER BY key LIMIT $5",
                self._plugin,
                after,
                prefix,
                prefix + _LAST,
                limit,
            )
        return [(row["key"], row["value"]) for row in rows]

    async def write(self, changes: Changes) -> None:
        """Write changes down at once."""
        by = Initiator(f"plugin:{self._plugin.partition('/')[0]}", "plugin")
        with _ours("written"):
            await self._database().write(by, lambda uow: write_state(uow, self._plugin, changes))


@contextmanager
def _ours(done: str) -> Iterator[None]:
    """Whatever the database raises is no failure of the plugin, nor of its vendor."""
    try:
        yield
    except (DatabaseLost, NotStarted):
        raise
    except Exception as error:
        raise OwnFailure(f"context.state could not be {done}: {type(error).__name__}: {error}") from error


async def write_state(uow: UnitOfWork, plugin: str, changes: Changes) -> None:
    """Write down what a plugin or recipient changed; sorted, so that two transactions lock its rows in one order."""
    at = now()
    kept = [(key, value) for key, value in sorted(changes.items()) if value is not None]
    for start in range(0, len(kept), MOST_CHANGES):
        piece = kept[start : start + MOST_CHANGES]
        rows = ", ".join(f"({placeholders(_WIDTH, 1 + place * _WIDTH)})" for place in range(len(piece)))
        await uow.execute(
            f"INSERT INTO plugin_state (id, plugin, key, value, changed_at) VALUES {rows} "
            "ON CONFLICT (plugin, key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
            *(part for key, value in piece for part in (new_id(), plugin, key, value, at)),
        )
    for key in sorted(key for key, value in changes.items() if value is None):
        await uow.execute("DELETE FROM plugin_state WHERE plugin = $1 AND key = $2", plugin, key)


class _State:
    """What both kinds share: keys and values are checked, JSON is written and read."""

    def __init__(self, table: StateTable) -> None:
        self._table = table

    async def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  (any JSON value)
        found = await self._read(key)
        return default if found is None else json.loads(found)

    async def set(self, key: str, value: Any) -> None:  # noqa: ANN401  (any JSON value)
        await self._change(_checked_key(key), _checked_value(key, value))

    async def delete(self, key: str) -> None:
        await self._change(_checked_key(key), None)

    async def items(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Sequence[tuple[str, Any]]:
        if not 1 <= limit <= MOST_ITEMS:
            raise InvalidValue("limit", f"expected 1 to {MOST_ITEMS}, not {limit}")
        return [(key, json.loads(value)) for key, value in await self._page(prefix, after, limit)]

    async def _read(self, key: str) -> str | None:
        return await self._table.read(key)

    async def _page(self, prefix: str, after: str, limit: int) -> list[tuple[str, str]]:
        return await self._table.page(prefix, after, limit)

    async def _change(self, key: str, value: str | None) -> None:
        await self._table.write({key: value})


class OwnState(_State):
    """`context.state` outside a delivery: what is changed is written down at once."""


class DeliveryState(_State):
    """`context.state` in a hook for an event: changes are kept in the handover until the delivery is written down."""

    def __init__(self, table: StateTable, handover: Handover) -> None:
        super().__init__(table)
        self._handover = handover

    async def _read(self, key: str) -> str | None:
        for changes in (self._handover.changes, self._handover.earlier):
            if key in changes:
                return changes[key]
        return await super()._read(key)

    async def _page(self, prefix: str, after: str, limit: int) -> list[tuple[str, str]]:
        changed = {**self._handover.earlier, **self._handover.changes}
        ours = {key: value for key, value in changed.items() if key > after and key.startswith(prefix)}
        # as many more as may drop out below
        forgotten = sum(value is None for value in ours.values())
        found: dict[str, str | None] = dict(await super()._page(prefix, after, limit + forgotten))
        kept = [(key, value) for key, value in sorted((found | ours).items()) if value is not None]
        return kept[:limit]

    async def _change(self, key: str, value: str | None) -> None:
        handover = self._handover
        if handover.is_over:
            raise DeliveryOver(handover.plugin)
        if key not in handover.changes and len(handover.changes) >= MOST_CHANGES:
            raise InvalidValue("key", f"one delivery changes at most {MOST_CHANGES} keys")
        handover.changes[key] = value


def _checked_key(key: str) -> str:
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidValue("key", f"expected 1 to {LONGEST_KEY} printable characters")
    return key


def _checked_value(key: str, value: Any) -> str:  # noqa: ANN401  (checked here)
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue("value", f"the value of {key} is not JSON: {error}") from None
    if len(text) > LONGEST_VALUE:
        raise InvalidValue(
            "value", f"the value of {key} has {len(text)} bytes as JSON, at most {LONGEST_VALUE} are kept"
        )
    return text
