from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.sdk import Address, LabelRequest, Money, Parcel, ProviderRefused, QuoteRequest, TrackingStatus
from packhouse_demo import DemoSettings
from packhouse_demo.carrier import DemoCarrier
from packhouse_demo.tracking import journey_of, tracking_number

FROM = Address(company="Demo", line1="1 Example Yard", city="London", postcode="E1 0AA", country="GB")
TO = Address(name="Demo Customer 1", line1="2 Twine Terrace", city="Leeds", postcode="LS1 0AA", country="GB")
REQUEST = LabelRequest("key-1", "shipment-1", "standard", FROM, TO, (Parcel(1200),))
START = datetime(2026, 11, 22, 12, 0, 0, 123_000, tzinfo=UTC)
STEP = timedelta(seconds=2)


async def test_quotes_by_started_kilograms_the_cheapest_first() -> None:
    quotes = await DemoCarrier(DemoSettings()).quote(QuoteRequest(FROM, TO, (Parcel(1200), Parcel(300))))
    assert [(quote.service, quote.price, quote.days) for quote in quotes] == [
        ("standard", Money.of("7.10", "GBP"), 3),
        ("express", Money.of("14.30", "GBP"), 1),
    ]


async def test_one_key_buys_one_label() -> None:
    carrier = DemoCarrier(DemoSettings())
    assert await carrier.find_label(REQUEST) is None
    label = await carrier.buy_label(REQUEST)
    assert await carrier.buy_label(REQUEST) is label
    assert await carrier.find_label(REQUEST) is label
    other = await carrier.buy_label(replace(REQUEST, idempotency_key="key-2", reference="shipment-2"))
    assert other.tracking_number != label.tracking_number
    assert label.price == Money.of("3.75", "GBP")


async def test_the_label_is_a_zpl_document_without_smuggled_commands() -> None:
    address = replace(TO, name="Demo ^XZ~JA Customer")
    label = await DemoCarrier(DemoSettings()).buy_label(replace(REQUEST, ship_to=address))
    text = label.content.decode()
    assert label.media_type == "application/zpl"
    assert text.startswith("^XA\n")
    assert text.endswith("^XZ\n")
    assert text.count("^XZ") == 1
    assert "~" not in text
    assert "Demo  XZ JA Customer" in text
    assert f"^FD{label.tracking_number}^FS" in text
    assert "SIMULATED" in text


@pytest.mark.parametrize(
    "request_", [replace(REQUEST, service="overnight"), replace(REQUEST, ship_to=Address(country="GB"))]
)
async def test_what_no_carrier_would_take_is_refused(request_: LabelRequest) -> None:
    with pytest.raises(ProviderRefused):
        await DemoCarrier(DemoSettings()).buy_label(request_)


async def test_a_void_label_is_tracked_no_more() -> None:
    carrier = DemoCarrier(DemoSettings(speed=100))
    number = tracking_number("shipment-1", START - timedelta(days=1), STEP)
    assert len(await carrier.track(number)) == 4
    await carrier.void_label(number, "key")
    await carrier.void_label(number, "key")
    assert await carrier.track(number) == []
    with pytest.raises(ProviderRefused):
        await carrier.void_label("1Z999", "key")


def test_scans_come_with_time() -> None:
    journey = journey_of(tracking_number("shipment-1", START, STEP))
    assert journey is not None
    assert (journey.started_at, journey.step) == (START, STEP)
    assert journey.scans(START) == []
    assert [scan.status for scan in journey.scans(START + 2 * STEP)] == [
        TrackingStatus.PICKED_UP,
        TrackingStatus.IN_TRANSIT,
    ]
    scans = journey.scans(START + 4 * STEP)
    assert scans[-1].status is TrackingStatus.DELIVERED
    assert scans[-1].occurred_at == START + 4 * STEP
    assert journey.scans(START + timedelta(days=300)) == scans


async def test_a_restarted_carrier_of_another_speed_gives_the_same_scans() -> None:
    number = tracking_number("shipment-1", START, STEP)
    assert await DemoCarrier(DemoSettings(speed=50)).track(number) == await DemoCarrier(DemoSettings()).track(number)


@pytest.mark.parametrize("number", ["", "DM", "1Z12345E0205271688", "DM0MWSG2ZTN000B4W9F", "DMzzzzzzzzz000B4W9F2Z"])
async def test_a_strange_number_has_no_scans(number: str) -> None:
    assert await DemoCarrier(DemoSettings()).track(number) == []


def test_two_parcels_of_one_moment_have_two_numbers() -> None:
    assert tracking_number("a", START, STEP) != tracking_number("b", START, STEP)
