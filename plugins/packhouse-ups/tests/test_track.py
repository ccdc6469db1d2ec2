from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, ProviderRefused, TrackingStatus, TrackingUpdate
from packhouse_ups import UpsProvider
from packhouse_ups.track import build_track_request, read_track_response

NUMBER = "1ZA1B2C36800000011"
TRACK = f"/api/track/v1/details/{NUMBER}"


def test_build() -> None:
    call = build_track_request(" 1za1b2c3 6800000011 ")
    assert (call.method, call.path, call.query) == ("GET", f"/track/v1/details/{NUMBER}", {"locale": "en_US"})


@pytest.mark.parametrize("number", ["", "1Z/../x", "123456", "1" * 35])
def test_what_is_no_tracking_number_is_refused(number: str) -> None:
    with pytest.raises(ProviderRefused) as refused:
        build_track_request(number)
    assert refused.value.code == "TRACKING_NUMBER"


async def test_call(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(TRACK, "track")
    updates = await ups_provider.track(NUMBER)
    assert len(updates) == 6
    (asked,) = ups_host.asked(TRACK)
    assert asked.query == {"locale": "en_US"}
    assert asked.headers["transactionSrc"] == "packhouse"


def test_parse(ups_fixture: Callable[[str], Any]) -> None:
    updates = read_track_response(ups_fixture("track"), NUMBER)
    assert [(update.status, update.occurred_at, update.carrier_code) for update in updates] == [
        (TrackingStatus.DELIVERED, datetime(2026, 7, 4, 9, 15, tzinfo=UTC), "D/KB/011"),
        (TrackingStatus.OUT_FOR_DELIVERY, datetime(2026, 7, 4, 7, 30, tzinfo=UTC), "I/OT/021"),
        (TrackingStatus.DELIVERY_DELAYED, datetime(2026, 7, 3, 19, 10, tzinfo=UTC), "X/EJ/048"),
        (TrackingStatus.IN_TRANSIT, datetime(2026, 7, 2, 23, 45, tzinfo=UTC), "I/DP/005"),
        (TrackingStatus.PICKED_UP, datetime(2026, 7, 2, 17, 30, tzinfo=UTC), "P/OR/038"),
        (TrackingStatus.PENDING, datetime(2026, 7, 2, 11, 0, tzinfo=UTC), "M/MP/003"),
    ]
    assert updates[0] == TrackingUpdate(
        external_id=updates[0].external_id,
        status=TrackingStatus.DELIVERED,
        occurred_at=datetime(2026, 7, 4, 9, 15, tzinfo=UTC),
        description="DELIVERED",
        place="London, GB",
        carrier_code="D/KB/011",
    )
    assert updates[2].incident == "A late flight caused a delay."


def test_a_scan_keeps_its_id(ups_fixture: Callable[[str], Any]) -> None:
    first = read_track_response(ups_fixture("track"), NUMBER)
    assert first[0].external_id == "4827dbfb-2ac7-55e3-9e82-31138b385a6d"
    assert len({update.external_id for update in first}) == 6
    later = ups_fixture("track")
    scans = later["trackResponse"]["shipment"][0]["package"][0]["activity"]
    scans[0]["status"]["description"] = "LIVRÉ"
    del scans[1]["gmtDate"], scans[1]["gmtTime"]
    assert [update.external_id for update in read_track_response(later, NUMBER)] == [u.external_id for u in first]


def test_a_scan_told_twice_is_one(ups_fixture: Callable[[str], Any]) -> None:
    payload = ups_fixture("track")
    scans = payload["trackResponse"]["shipment"][0]["package"][0]["activity"]
    scans.append(scans[0])
    assert len(read_track_response(payload, NUMBER)) == 6


def test_a_scan_without_a_date_does_not_hide_the_others(ups_fixture: Callable[[str], Any]) -> None:
    payload = ups_fixture("track")
    scans = payload["trackResponse"]["shipment"][0]["package"][0]["activity"]
    scans[0] = {"status": scans[0]["status"], "date": "soon"}
    assert len(read_track_response(payload, NUMBER)) == 5


async def test_a_parcel_that_ups_has_not_seen_has_no_scans(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(TRACK, "track_unseen")
    ups_host.answer(TRACK, "track_not_found", status=404)
    assert await ups_provider.track(NUMBER) == []
    assert await ups_provider.track(NUMBER) == []


def test_an_answer_without_shipment_is_unreadable() -> None:
    with pytest.raises(AnswerUnreadable):
        read_track_response({"trackResponse": {}}, NUMBER)


async def test_parse_an_error(ups_host: Any, ups_provider: UpsProvider) -> None:
    ups_host.answer(TRACK, "refusal", status=400)
    with pytest.raises(ProviderRefused) as refused:
        await ups_provider.track(NUMBER)
    assert refused.value.code == "111210"
