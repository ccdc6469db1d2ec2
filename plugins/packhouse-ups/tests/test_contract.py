"""Against UPS's own descriptions and samples, which are kept beside a checkout and never in it."""

import asyncio
import importlib.util
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from packhouse.sdk import (
    Address,
    Dimensions,
    LabelRequest,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderUnavailable,
    QuoteRequest,
)
from packhouse.testing.shared import shared_path
from packhouse_ups import UpsProvider
from packhouse_ups.rate import read_rate_response
from packhouse_ups.ship import read_ship_response
from packhouse_ups.track import read_track_response
from packhouse_ups.void import read_void_response

SPECS = ("Shipping", "Rating", "Tracking", "OAuthClientCredentials")
NUMBER = "1ZA1B2C36800000011"
# The stand-in names the deprecated twin of an operation where both have the same path.
OPERATIONS = {
    "quote": ("POST", "/api/rating/v2409/Shop"),
    "buy": ("POST", "/api/shipments/v2409/ship"),
    "find": ("POST", "/api/labels/v1/recovery"),
    "void": ("DELETE", f"/api/shipments/v2409/void/cancel/{NUMBER}"),
    "track": ("GET", f"/api/track/v1/details/{NUMBER}"),
}


# Where UPS's descriptions contradict themselves, so that no request could satisfy the stand-in, which also refuses fields
# that a schema does not list: Rating requires a field that it does not list (its examples have it), and Label
# Recovery wants four letters of formats whose valid values have three.
CONTRADICTIONS = {
    ("RateRequest/Request", "Additional properties are not allowed ('RequestOption' was unexpected)"),
    ("LabelRecoveryRequest/LabelSpecification/LabelImageFormat/Code", "'ZPL' is too short"),
}


class OneHost:
    """Several descriptions behind one host, as UPS serves them; `passed_over` are the contradictions that it met."""

    def __init__(self, specs: list[Any]) -> None:
        self.specs = specs
        self.owner: dict[int, Any] = {}
        self.passed_over: set[tuple[str, str]] = set()

    def match(self, method: str, path: str) -> Any:
        known = False
        for spec in self.specs:
            operation, values = spec.match(method, path)
            if operation:
                self.owner[id(operation)] = spec
                return operation, values
            known = known or values
        return None, known

    def check(self, operation: Any, *request: Any) -> Any:
        found, body = self.owner[id(operation)].check(operation, *request)
        known = [item for item in found if (item.get("path"), item["message"]) in CONTRADICTIONS]
        self.passed_over |= {(item["path"], item["message"]) for item in known}
        return [item for item in found if item not in known], body

    def answer(self, operation: Any, *request: Any) -> Any:
        return self.owner[id(operation)].answer(operation, *request)


@pytest.fixture(scope="module")
def ups_specmock() -> ModuleType:
    path = shared_path("tools/vendor-mocks/specmock.py", start=Path(__file__).parent)
    pytest.importorskip("jsonschema")
    spec = importlib.util.spec_from_file_location("packhouse_ups_specmock", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def ups_server(ups_specmock: ModuleType) -> Iterator[tuple[str, Any]]:
    folder = shared_path("vendor-specs/ups", start=Path(__file__).parent)
    with warnings.catch_warnings():
        # The stand-in leaves the closing of the files that it reads to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        server, url, mock = ups_specmock.serve(str(folder / f"{SPECS[0]}.yaml"))
        mock.spec = OneHost([mock.spec, *(ups_specmock.Spec(str(folder / f"{name}.yaml")) for name in SPECS[1:])])
    yield url, mock
    server.shutdown()
    server.server_close()


@pytest.fixture
def ups_mock(ups_server: tuple[str, Any], ups_fixture: Callable[[str], Any]) -> Any:
    """The stand-in with scripted answers of ours: the descriptions' own examples are cut or of placeholders."""
    _, mock = ups_server
    mock.reset()
    names = {"quote": "rate_shop", "buy": "ship_one_parcel", "find": "recovery", "void": "void", "track": "track"}
    for name, answer in names.items():
        mock.answers[operation_id(mock, name)] = [{"status": 200, "body": ups_fixture(answer)}]
    mock.answers["CreateToken"] = [{"status": 200, "body": ups_fixture("token")}]
    return mock


def operation_id(mock: Any, name: str) -> str:
    operation, _ = mock.spec.match(*OPERATIONS[name])
    identifier: str = operation["id"]
    return identifier


def violations(mock: Any) -> list[Any]:
    return [entry["violations"] for entry in mock.journal if entry.get("violations")]


def sent(mock: Any, name: str) -> list[Any]:
    return [entry for entry in mock.journal if entry["path"] == OPERATIONS[name][1]]


@pytest.fixture
def ups_carrier(
    ups_server: tuple[str, Any], ups_mock: Any, ups_provider_for: Callable[..., UpsProvider]
) -> Callable[..., UpsProvider]:
    assert ups_mock.journal == []
    return lambda **changes: ups_provider_for(ups_server[0], **changes)


async def do(provider: UpsProvider, name: str, quote: QuoteRequest, label: LabelRequest) -> Any:
    if name == "quote":
        return await provider.quote(quote)
    if name == "buy":
        return await provider.buy_label(label)
    if name == "find":
        return await provider.find_label(label)
    if name == "void":
        return await provider.void_label(NUMBER, "void-0001")
    return await provider.track(NUMBER)


AMERICA = Address(
    name="Somebody With A Name That Is Longer Than UPS Takes",
    company="Example Inc",
    line1="1500 Avenue of the Very Long Example Street Names",
    line2="Suite 12",
    city="New York",
    region="US-NY",
    postcode="10001-1234",
    country="US",
    phone="+1 (212) 555-0100 ext. 12",
    email="a@example.com",
)
FRANCE = Address(
    name="Une Cliente", line1="3 rue d'Exemple", city="Paris", region="Île-de-France", postcode="75001", country="FR"
)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("label_format", ["GIF", "ZPL"])
@pytest.mark.parametrize("lane", ["GB-GB", "US-US", "US-FR", "FR-US"])
async def test_every_request_is_valid(
    *,
    name: str,
    label_format: str,
    lane: str,
    ups_carrier: Callable[..., UpsProvider],
    ups_mock: Any,
    ups_quote_request: QuoteRequest,
    ups_label_request: LabelRequest,
) -> None:
    places = {"US": AMERICA, "FR": FRANCE}
    ends = [places.get(country) for country in lane.split("-")]
    if ends[0] and ends[1]:
        parcels = (
            replace(ups_quote_request.parcels[0], weight_grams=68_000, dimensions=Dimensions(2700, 300, 5)),
            replace(ups_quote_request.parcels[0], dimensions=None),
        )
        ups_quote_request = QuoteRequest(ends[0], ends[1], parcels)
        ups_label_request = replace(ups_label_request, ship_from=ends[0], ship_to=ends[1], parcels=parcels)
    await do(ups_carrier(label_format=label_format), name, ups_quote_request, ups_label_request)
    assert violations(ups_mock) == []
    assert [entry["status"] for entry in ups_mock.journal] == [200, 200]


async def test_the_contradictions_are_no_more_than_two(
    ups_carrier: Callable[..., UpsProvider],
    ups_mock: Any,
    ups_quote_request: QuoteRequest,
    ups_label_request: LabelRequest,
) -> None:
    ups_mock.spec.passed_over.clear()
    provider = ups_carrier(label_format="GIF")
    for name in ("buy", "find", "void", "track"):
        await do(provider, name, ups_quote_request, ups_label_request)
    assert ups_mock.spec.passed_over == set()
    await provider.quote(ups_quote_request)
    await ups_carrier(label_format="ZPL").find_label(ups_label_request)
    assert ups_mock.spec.passed_over == CONTRADICTIONS


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("fault", "read", "effect"),
    [
        ({"status": 429, "headers": {"Retry-After": "3"}}, ProviderRateLimited, ProviderRateLimited),
        ({"status": 500}, ProviderUnavailable, ProviderInDoubt),
        ({"status": 503, "body": None}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "drop"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "commit-then-drop"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "truncate"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "html"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "html", "status": 200}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "delay", "delay_s": 1.0}, ProviderUnavailable, ProviderInDoubt),
    ],
    ids=["429", "500", "503", "drop", "commit-then-drop", "truncate", "html-502", "html-200", "delay"],
)
async def test_every_fault(
    *,
    name: str,
    fault: dict[str, Any],
    read: type[ProviderError],
    effect: type[ProviderError],
    ups_carrier: Callable[..., UpsProvider],
    ups_mock: Any,
    ups_quote_request: QuoteRequest,
    ups_label_request: LabelRequest,
) -> None:
    # A DELETE or GET whose kept connection is cut may be sent once more by the HTTP library: both are safe.
    ups_mock.faults.append({"op": operation_id(ups_mock, name), "times": 5, **fault})
    expected = effect if name in {"buy", "void"} else read
    timeout = 0.6 if fault.get("kind") == "delay" else 10
    with pytest.raises(expected) as failed:
        await do(ups_carrier(timeout=timeout), name, ups_quote_request, ups_label_request)
    assert type(failed.value) is expected
    if isinstance(failed.value, ProviderRateLimited):
        assert failed.value.retry_after == 3.0
    if name == "buy":
        assert len(sent(ups_mock, name)) == 1
    if fault.get("kind") == "delay":
        # The stand-in is still at it, and would write into the next test's journal.
        for _ in range(100):
            if any("status" in entry for entry in sent(ups_mock, name)):
                break
            await asyncio.sleep(0.02)
    assert violations(ups_mock) == []


async def test_a_label_bought_without_an_answer_is_found_and_not_bought_again(
    ups_carrier: Callable[..., UpsProvider], ups_mock: Any, ups_label_request: LabelRequest
) -> None:
    provider = ups_carrier()
    ups_mock.faults.append({"op": operation_id(ups_mock, "buy"), "times": 1, "kind": "commit-then-drop"})
    with pytest.raises(ProviderInDoubt):
        await provider.buy_label(ups_label_request)
    found = await provider.find_label(ups_label_request)
    assert found is not None
    assert found.tracking_number == NUMBER
    (bought,), (looked_up,) = sent(ups_mock, "buy"), sent(ups_mock, "find")
    reference = bought["body"]["ShipmentRequest"]["Shipment"]["ReferenceNumber"][0]["Value"]
    asked = looked_up["body"]["LabelRecoveryRequest"]["ReferenceValues"]
    assert asked == {"ReferenceNumber": {"Value": reference}, "ShipperNumber": "A1B2C3"}


async def test_a_broken_token_host_buys_nothing(
    ups_carrier: Callable[..., UpsProvider], ups_mock: Any, ups_label_request: LabelRequest
) -> None:
    ups_mock.faults.append({"op": "CreateToken", "times": 1, "kind": "drop"})
    provider = ups_carrier()
    with pytest.raises(ProviderUnavailable):
        await provider.buy_label(ups_label_request)
    assert sent(ups_mock, "buy") == []
    assert (await provider.buy_label(ups_label_request)).tracking_number == NUMBER


# --- real samples ---


def sample(name: str) -> Any:
    return json.loads(shared_path(f"vendor-specs/ups/samples/{name}.json", start=Path(__file__).parent).read_text())


@pytest.mark.parametrize(
    "name", ["rate.RateResponseJSON", "rate.RateResponseWithMissingAmountJSON", "rate.RateResponseWithTotalChargesJSON"]
)
def test_sample_prices(name: str) -> None:
    payload = sample(name)
    rated = payload["RateResponse"]["RatedShipment"]
    quotes = read_rate_response(payload)
    assert {quote.service for quote in quotes} == {shipment["Service"]["Code"] for shipment in rated}
    assert {quote.price.currency for quote in quotes} <= {"CAD", "USD"}
    assert all(quote.price.amount > 0 and quote.days is not None for quote in quotes)


def test_sample_label() -> None:
    label = read_ship_response(sample("return_shipment.ShipmentResponseJSON"))
    assert label.tracking_number == label.external_id == "1ZXXXXXXXXXXXXXXXX"
    assert label.media_type == "image/png"
    assert label.content.startswith(b"\x89PNG")
    assert str(label.price) == "25.00 USD"


def test_sample_label_as_an_object() -> None:
    payload = sample("shipment.ShipmentResponseJSON")
    package = payload["ShipmentResponse"]["ShipmentResults"]["PackageResults"]
    # The sample's image is cut in the middle of a base64 group.
    package["ShippingLabel"]["GraphicImage"] = "R0lGODlh"
    label = read_ship_response(payload)
    assert (label.tracking_number, label.content, str(label.price)) == ("1ZXXXXXXXXXXXXXXXX", b"GIF89a", "155.42 CAD")


def test_sample_void() -> None:
    read_void_response(sample("shipment.ShipmentCancelResponseJSON"))


def test_sample_scans() -> None:
    (update,) = read_track_response(sample("tracking.TrackingResponseJSON"), "1Z023E2X0214323462")
    assert update.occurred_at.isoformat() == "2021-02-10T07:13:56+00:00"
    assert (update.carrier_code, update.place) == ("X/SR/003", "Wayne, NJ, US")
    assert update.incident == update.description != ""
