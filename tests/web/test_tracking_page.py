from datetime import UTC, datetime
from uuid import UUID

import aiohttp
import pytest
from tests.web.conftest import tiny_parts

from packhouse.sdk import new_id
from packhouse.settings import Settings
from packhouse.testing.server import RunningServer, running_server
from packhouse.web.tracking_link import sign_tracking_link
from packhouse.web.tracking_view import TrackingLine, TrackingParcel, TrackingScan, TrackingStep, TrackingView

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
ORDER = new_id()
VIEW = TrackingView(
    number="<b>1001</b>",
    phase="in transit",
    placed_at=AT,
    promised_by=AT,
    steps=[TrackingStep("Placed", AT), TrackingStep("Delivered", None)],
    parcels=[
        TrackingParcel(
            "UPS", "1Z999", "in transit", "https://carrier.example/1Z999", [TrackingScan(AT, "Left", "Köln")]
        ),
        TrackingParcel("Evil", "2", "lost", "javascript:alert(1)"),
    ],
    lines=[TrackingLine('Mug "<script>"', 2, 1)],
)


async def load(order_id: UUID) -> TrackingView | None:
    return VIEW if order_id == ORDER else None


def url(server: RunningServer, order_id: UUID = ORDER) -> str:
    return f"{server.url}/track/{sign_tracking_link(server.house.settings.security, order_id)}"


async def test_a_customer_sees_their_order(settings: Settings) -> None:
    async with (
        running_server(settings, parts=tiny_parts(load_tracking_view=load)) as server,
        aiohttp.ClientSession() as client,
    ):
        async with client.get(url(server), headers={"Accept": "text/html"}) as response:
            page = await response.text()
            assert response.status == 200
            assert response.headers["content-security-policy"].startswith("default-src 'none';")
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["referrer-policy"] == "no-referrer"
        assert "&lt;b&gt;1001&lt;/b&gt;" in page
        assert "Mug &#34;&lt;script&gt;&#34;" in page
        assert 'href="https://carrier.example/1Z999"' in page
        assert "javascript:" not in page
        assert "<script" not in page
        assert "4 May 2026, 09:30 UTC" in page
        assert "src=" not in page

        async with client.get(url(server), headers={"Accept": "application/json"}) as response:
            body = await response.json()
            assert response.status == 200
        assert body["number"] == "<b>1001</b>"
        assert body["placed_at"] == "2026-05-04T09:30:00+00:00"
        assert [parcel["url"] for parcel in body["parcels"]] == ["https://carrier.example/1Z999", ""]


@pytest.mark.parametrize("path", ["forged", "%00", "..%2f..", "x" * 4000])
async def test_a_link_that_is_none_tells_nothing(settings: Settings, path: str) -> None:
    async with (
        running_server(settings, parts=tiny_parts(load_tracking_view=load)) as server,
        aiohttp.ClientSession() as client,
    ):
        bad = f"{server.url}/track/{path}"
        pages = []
        for address in (bad, url(server, new_id())):
            async with client.get(address, headers={"Accept": "text/html"}) as response:
                assert response.status == 404
                pages.append(await response.text())
        if "%2f" not in path:
            assert pages[0] == pages[1]
            assert "This link is not valid any more" in pages[0]
        async with client.get(url(server, new_id()), headers={"Accept": "application/json"}) as response:
            assert response.status == 404
            assert (await response.json())["error"]["code"] == "NOT_FOUND"
