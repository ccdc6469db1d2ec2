"""Sheets over HTTP: with a token, bounded, and the same rules."""

from pathlib import Path

import aiohttp

from packhouse.catalog.models import Variant
from packhouse.sheets.tables import Format, read_rows
from packhouse.testing.server import running_server, server_settings

CATALOG = b"sku,title\nMUG,A mug\nMUG,Again\n"


async def test_a_sheet_comes_in_and_goes_out(sqlite_url: str, tmp_path: Path) -> None:
    settings = server_settings(sqlite_url)
    settings = settings.model_copy(update={"server": settings.server.model_copy(update={"max_upload_bytes": 10_000})})
    async with (
        running_server(settings) as server,
        aiohttp.ClientSession(headers=server.headers) as client,
    ):
        sheets = f"{server.url}/sheets"

        async def post(name: str, body: bytes) -> tuple[int, object]:
            async with client.post(f"{sheets}/{name}", data=body) as response:
                return response.status, await response.json()

        said = {"changed": 1, "unchanged": 0, "rejected": 1, "rejectsLeftOut": 0}
        rejects = [{"line": 3, "reason": "line 2 is about the same: only that counts", "row": ["MUG", "Again"]}]
        tried = await post("catalog.csv?dryRun=true", CATALOG)
        assert tried == (200, {"dryRun": True, **said, "rejects": rejects})
        assert await Variant.all().count() == 0
        assert await post("catalog.csv", CATALOG) == (200, {"dryRun": False, **said, "rejects": rejects})
        async with client.get(f"{sheets}/catalog.xlsx") as response:
            assert response.headers["content-disposition"] == 'attachment; filename="catalog.xlsx"'
            (tmp_path / "catalog.xlsx").write_bytes(await response.read())
        assert [row.cells[:2] for row in read_rows(tmp_path / "catalog.xlsx", Format())] == [
            ("sku", "title"),
            ("MUG", "A mug"),
        ]
        async with client.get(f"{sheets}/catalog.csv") as response:
            body = await response.read()
        assert await post("catalog.csv", body) == (
            200,
            {"dryRun": False, "changed": 0, "unchanged": 1, "rejected": 0, "rejects": [], "rejectsLeftOut": 0},
        )

        refusals = {
            "catalog.csv": (b"sku\n" + b"A\n" * 10_000, 413, "BODY_TOO_LARGE"),
            "catalog.xlsx": (CATALOG, 400, "UNREADABLE"),
            "prices.csv": (CATALOG, 400, "BAD_COLUMNS"),
            "orders.csv": (CATALOG, 404, "UNKNOWN_SHEET"),
        }
        for name, (sent, status, code) in refusals.items():
            answered, answer = await post(name, sent)
            assert (answered, answer["error"]["code"]) == (status, code)  # type: ignore[index]
        async with client.get(f"{sheets}/catalog.csv", headers={"Authorization": "Bearer ph_wrong"}) as response:
            assert response.status == 401
        assert await Variant.all().values_list("sku", "title") == [("MUG", "A mug")]
