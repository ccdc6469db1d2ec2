"""Sheets over HTTP, for people without a shell: GET writes one, POST takes one in and says what became of its rows.

They are files, so they are no part of the GraphQL schema, whose requests are small and answered at once.
"""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from packhouse.hooks.services import Services
from packhouse.sdk import BadMapping, Refused, SourceRow, Unreadable
from packhouse.sheets.exporting import csv_pieces, export_sheet
from packhouse.sheets.importing import SheetImport, import_sheet
from packhouse.sheets.kinds import SheetKind
from packhouse.sheets.seen import RowOutcome
from packhouse.sheets.tables import CSV, XLSX
from packhouse.sheets.writing import WrittenFile
from packhouse.storage import Initiator
from packhouse.web.body import BodyRefused, body_parts
from packhouse.web.door import Authenticate, TurnedAway, require, sender_of
from packhouse.web.errors import error_response, json_response
from packhouse.web.permissions import Area

_MEDIA = {CSV: "text/csv; charset=utf-8", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_AREAS = {SheetKind.CATALOG: Area.CATALOG, SheetKind.PRICES: Area.CATALOG, SheetKind.STOCK: Area.INVENTORY}
_MOST_REJECTS = 1_000


def sheet_routes(services: Services, authenticate: Authenticate) -> list[Route]:
    """`GET` and `POST /sheets/{catalog|prices|stock}.{csv|xlsx}`, for whoever may read or write the area (see `_AREAS`)."""
    desk = _Desk(services, authenticate)
    return [Route("/sheets/{file}", desk.answer, methods=["GET", "POST"])]


@dataclass(slots=True)
class _Rejects:
    """The first thousand, and how many there were."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def add(self, source: SourceRow, reason: str) -> None:
        self.count += 1
        if len(self.rows) < _MOST_REJECTS:
            self.rows.append({"line": source.line, "reason": reason, "row": source.cells})


class _Desk:
    def __init__(self, services: Services, authenticate: Authenticate) -> None:
        self._services = services
        self._authenticate = authenticate

    async def answer(self, request: Request) -> Response:
        """Write a sheet, or take one in."""
        try:
            bearer = await sender_of(request, self._authenticate)
            file = Path(request.path_params["file"])
            if file.stem not in set(SheetKind) or file.suffix not in _MEDIA:
                return error_response(404, "UNKNOWN_SHEET", "there are catalog, prices and stock, as .csv and .xlsx")
            area = _AREAS[SheetKind(file.stem)]
            if request.method == "POST":
                require(bearer, area.write)
                return await self._take(request, Initiator(bearer.actor, "api"), file)
            require(bearer, area.read)
            return await self._give(SheetKind(file.stem), file)
        except TurnedAway as turned_away:
            return turned_away.response
        except BodyRefused as refused:
            return error_response(refused.status, "BODY_TOO_LARGE", refused.message)
        except BadMapping as error:
            return error_response(400, "BAD_COLUMNS", "; ".join(error.problems))
        except Unreadable as error:
            return error_response(400, "UNREADABLE", error.reason)
        except Refused as error:
            return error_response(409, error.code, error.message)

    async def _give(self, kind: SheetKind, file: Path) -> Response:
        headers = {"content-disposition": f'attachment; filename="{file}"', "cache-control": "no-store"}
        database = self._services.database
        if file.suffix == CSV:
            return StreamingResponse(csv_pieces(database, kind), headers=headers, media_type=_MEDIA[CSV])
        folder = tempfile.TemporaryDirectory(prefix="packhouse-sheet-")
        try:
            path = Path(folder.name) / file
            with WrittenFile(path) as writer:
                await export_sheet(database, kind, writer)
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(path, headers=headers, media_type=_MEDIA[XLSX], background=BackgroundTask(folder.cleanup))

    async def _take(self, request: Request, by: Initiator, file: Path) -> Response:
        is_dry = request.query_params.get("dryRun", "false") == "true"
        rejects = _Rejects()
        with tempfile.TemporaryDirectory(prefix="packhouse-sheet-") as folder:
            path = Path(folder) / file
            with path.open("wb") as received:
                async for part in body_parts(request, self._services.settings.server.max_upload_bytes):
                    await asyncio.to_thread(received.write, part)
            data = SheetImport(SheetKind(file.stem), path, is_dry=is_dry)
            outcomes = await import_sheet(self._services.database, by, data, rejects.add)
        return json_response(
            {
                "dryRun": is_dry,
                **{outcome.value: outcomes[outcome] for outcome in RowOutcome},
                "rejects": rejects.rows,
                "rejectsLeftOut": rejects.count - len(rejects.rows),
            }
        )
