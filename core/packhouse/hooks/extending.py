"""What plugins know about orders that somebody reads: asked side by side, each with a deadline, for all orders at once."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from packhouse.hooks.context import HostContext
from packhouse.hooks.implementations import Implementation
from packhouse.sdk.snapshots import OrderSnapshot

LONGEST = 65_536
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extension:
    """What a plugin (its code) says about an order; `data` is None where it could not say, and `problem` tells why."""

    plugin: str
    data: Mapping[str, Any] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A plugin that extends orders, with its context."""

    implementation: Implementation
    context: HostContext


async def extensions_of(
    plugins: Sequence[Asked], orders: Sequence[OrderSnapshot], deadline: float
) -> dict[UUID, list[Extension]]:
    """What each plugin says about each order, plugins in their order; `deadline` in seconds. One that fails stops nobody."""
    answers = await asyncio.gather(*(_answer(each, orders, deadline) for each in plugins))
    found: dict[UUID, list[Extension]] = {order.id: [] for order in orders}
    for each, answer in zip(plugins, answers, strict=True):
        code = each.implementation.code
        for order in orders:
            extension = _extension(code, order.id, answer)
            if extension is not None:
                found[order.id].append(extension)
    return found


async def _answer(asked: Asked, orders: Sequence[OrderSnapshot], deadline: float) -> Mapping[Any, Any] | str:
    """What a plugin answered, or why it did not."""
    code = asked.implementation.code
    try:
        async with asyncio.timeout(deadline):
            answer = await asked.implementation.call({"orders": orders, "context": asked.context})
    except TimeoutError:
        log.warning("Plugin %s said nothing about %s orders in time", code, len(orders))
        return f"it did not answer within {deadline:g} s"
    except Exception:
        log.exception("Plugin %s said nothing about %s orders", code, len(orders))
        return "it failed; the log says why"
    if not isinstance(answer, Mapping):
        log.error("Plugin %s answered order_extensions with %s, expected a mapping", code, type(answer).__name__)
        return "its answer is not as it has to be"
    return answer


def _extension(code: str, order_id: UUID, answer: Mapping[Any, Any] | str) -> Extension | None:
    if isinstance(answer, str):
        return Extension(code, None, answer)
    data = answer.get(order_id)
    if data is None:
        return None
    problem = _problem(data)
    if problem:
        log.error("What plugin %s says about order %s cannot be shown: %s", code, order_id, problem)
        return Extension(code, None, problem)
    return Extension(code, data)


def _problem(data: object) -> str:
    if not isinstance(data, Mapping):
        return "its answer is not as it has to be"
    try:
        length = len(json.dumps(data, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return "its answer is not JSON"
    return "" if length <= LONGEST else f"its answer is longer than {LONGEST} bytes"
