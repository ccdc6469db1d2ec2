"""Doing a request's changes once, however often the request is sent: each leaves its result in its own transaction."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from tortoise import Tortoise
from tortoise.models import Model

from packhouse.sdk.errors import Refused
from packhouse.sdk.values import new_id
from packhouse.storage.database import APP, Database
from packhouse.storage.dialect import read_json
from packhouse.storage.unit_of_work import Initiator, UnitOfWork

# What can be written down and recalled: an id, a text, or a row (by its key, as it stands when it is recalled).
Recallable = TypeVar("Recallable", bound=UUID | str | Model)


async def write_once(
    database: Database, by: Initiator, work: Callable[[UnitOfWork], Awaitable[Recallable]]
) -> Recallable:
    """As `Database.write`; where the request has a key and `work` was done for it before, its result without doing it again.

    A request's changes are told apart by their order, so a command takes them always in the same one.

    Raises:
        whatever `work` raises: everything it did is rolled back, and it may be done later.
        Refused: GONE: it was done, and its row was removed since.
    """
    request = by.request
    if request is None:
        return await database.write(by, work)
    request.steps += 1
    step = request.steps

    async def once(uow: UnitOfWork) -> Recallable:
        done = await uow.fetch("SELECT result FROM request_step WHERE request_id = $1 AND step = $2", request.id, step)
        if done:
            return cast("Recallable", await _recall(read_json(done[0]["result"])))
        result = await work(uow)
        # its key is unique: of two processes that do it at the same moment one is rolled back
        await uow.insert(
            "request_step", [{"id": new_id(), "request_id": request.id, "step": step, "result": _note(result)}]
        )
        return result

    return await database.write(by, once)


def _note(result: UUID | str | Model) -> dict[str, str]:
    if isinstance(result, Model):
        return {"model": type(result).__name__, "key": str(result.pk)}
    return {"id": str(result)} if isinstance(result, UUID) else {"text": result}


async def _recall(note: Mapping[str, Any]) -> UUID | str | Model:
    if "id" in note:
        return UUID(note["id"])
    if "text" in note:
        return str(note["text"])
    model = cast("type[Model]", Tortoise.apps[APP][note["model"]])
    row = await model.get_or_none(pk=note["key"])
    if row is None:
        raise Refused("GONE", f"this was done, and {note['model']} {note['key']} was removed since")
    return row
