"""Against Amazon's own descriptions and samples, which are kept beside a checkout and never in it."""

import asyncio
import importlib.util
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from packhouse.sdk import (
    Address,
    FulfillmentChange,
    FulfillmentRequest,
    NetworkStatus,
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderUnavailable,
    ShippingSpeed,
)
from packhouse.testing.shared import shared_path
from packhouse_amazon_mcf import AmazonMcfProvider
from packhouse_amazon_mcf.orders import read_created, read_order
from packhouse_amazon_mcf.previews import read_preview

REFERENCE = "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c"
MODELS = ("fulfillmentOutbound_2026-07-04", "fbaInventory")
# What is asked, and whether doing it twice is not the same as doing it once.
OPERATIONS = {
    "createOrder": True,
    "getOrder": False,
    "cancelOrder": True,
    "updateOrder": True,
    "getOrderPreview": False,
    "getInventorySummaries": False,
}
ANSWERS = {
    "createOrder": (200, "created"),
    "getOrder": (200, "processing"),
    "cancelOrder": (202, {}),
    "updateOrder": (202, {}),
    "getOrderPreview": (200, "preview"),
    "getInventorySummaries": (200, "summaries"),
}


class OneHost:
    """Several descriptions behind one host, as Amazon serves them."""

    def __init__(self, specs: list[Any]) -> None:
        self.specs = specs
        self.owner: dict[int, Any] = {}

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
        return self.owner[id(operation)].check(operation, *request)

    def answer(self, operation: Any, *request: Any) -> Any:
        return self.owner[id(operation)].answer(operation, *request)


@pytest.fixture(scope="module")
def amazon_specmock() -> ModuleType:
    path = shared_path("tools/vendor-mocks/specmock.py", start=Path(__file__).parent)
    pytest.importorskip("jsonschema")
    spec = importlib.util.spec_from_file_location("packhouse_amazon_specmock", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def amazon_server(amazon_specmock: ModuleType) -> Iterator[tuple[str, Any]]:
    folder = shared_path("vendor-specs/amazon-sp-api/models", start=Path(__file__).parent)
    with warnings.catch_warnings():
        # The stand-in leaves the closing of the files that it reads to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        server, url, mock = amazon_specmock.serve(str(folder / f"{MODELS[0]}.json"))
        mock.spec = OneHost([mock.spec, *(amazon_specmock.Spec(str(folder / f"{name}.json")) for name in MODELS[1:])])
    yield url, mock
    server.shutdown()
    server.server_close()


@pytest.fixture
def amazon_mock(amazon_server: tuple[str, Any], amazon_fixture: Callable[[str], Any]) -> Any:
    """The stand-in with scripted answers of ours: the descriptions' own examples are of placeholders."""
    _, mock = amazon_server
    mock.reset()
    for operation, (status, answer) in ANSWERS.items():
        body = amazon_fixture(answer) if isinstance(answer, str) else answer
        mock.answers[operation] = [{"status": status, "body": body}]
    return mock


@pytest.fixture
def network(
    amazon: Any, amazon_server: tuple[str, Any], amazon_mock: Any, provider_for: Callable[..., AmazonMcfProvider]
) -> Callable[..., AmazonMcfProvider]:
    """A provider of the stand-in; the token, which no description has, comes from a host of ours."""
    assert amazon_mock.journal == []
    return lambda **changes: provider_for(amazon_server[0], **{"token_url": amazon.url, **changes})


async def do(provider: AmazonMcfProvider, operation: str, request: FulfillmentRequest) -> Any:
    if operation == "createOrder":
        return await provider.submit(request)
    if operation == "getOrder":
        return await provider.fetch(REFERENCE)
    if operation == "cancelOrder":
        return await provider.cancel(REFERENCE, "cancel-0001")
    if operation == "updateOrder":
        return await provider.update(FulfillmentChange("change-0001", REFERENCE, on_hold=True))
    if operation == "getOrderPreview":
        return await provider.preview(request)
    return await provider.pull_stock("fba-uk", "token-of-page-2")


def violations(mock: Any) -> list[Any]:
    return [entry["violations"] for entry in mock.journal if entry.get("violations")]


def sent(mock: Any, operation: str) -> list[Any]:
    return [entry for entry in mock.journal if entry["op"] == operation]


ADDRESSES = {
    "GB": Address(name="A Customer", line1="3 Example Lane", city="York", postcode="YO1 7HH", country="GB"),
    "US": Address(
        name="Somebody With A Long Name",
        company="Example Inc",
        line1="1500 Example Avenue",
        line2="Suite 12",
        city="New York",
        region="US-NY",
        postcode="10001-1234",
        country="US",
        phone="+1 (212) 555-0100",
        email="a@example.com",
    ),
    "JP": Address(
        name="例 太郎", line1="千代田1-1", city="千代田区", region="東京都", postcode="100-0001", country="JP"
    ),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("country", ADDRESSES)
async def test_every_request_is_valid(
    *,
    operation: str,
    country: str,
    network: Callable[..., AmazonMcfProvider],
    amazon_mock: Any,
    amazon_request: FulfillmentRequest,
) -> None:
    request = replace(
        amazon_request,
        ship_to=ADDRESSES[country],
        speed=ShippingSpeed.EXPEDITED,
        ordered_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
    )
    provider = network(
        share_email=True, packaging="ANY", packing_slip_template="thanks", packing_slip_text="Thank you!"
    )
    await do(provider, operation, request)
    assert violations(amazon_mock) == []
    assert {entry["op"] for entry in amazon_mock.journal} == {
        operation,
        *(["getOrder"] if operation == "updateOrder" else []),
    }
    assert all(entry["headers"]["x-amz-access-token"] for entry in amazon_mock.journal)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("fault", "read", "effect"),
    [
        ({"status": 429, "headers": {"x-amzn-RateLimit-Limit": "0.25"}}, ProviderRateLimited, ProviderRateLimited),
        ({"status": 403, "body": {"errors": [{"code": "Unauthorized"}]}}, ProviderAuthFailed, ProviderAuthFailed),
        ({"status": 500}, ProviderUnavailable, ProviderInDoubt),
        ({"status": 503, "body": None}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "drop"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "commit-then-drop"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "truncate"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "html"}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "html", "status": 200}, ProviderUnavailable, ProviderInDoubt),
        ({"kind": "delay", "delay_s": 1.0}, ProviderUnavailable, ProviderInDoubt),
    ],
    ids=["429", "403", "500", "503", "drop", "commit-then-drop", "truncate", "html-502", "html-200", "delay"],
)
async def test_every_fault(
    *,
    operation: str,
    fault: dict[str, Any],
    read: type[ProviderError],
    effect: type[ProviderError],
    network: Callable[..., AmazonMcfProvider],
    amazon_mock: Any,
    amazon_request: FulfillmentRequest,
) -> None:
    # A PUT or GET whose kept connection is cut may be sent once more by the HTTP library: both are safe.
    amazon_mock.faults.append({"op": operation, "times": 5, **fault})
    expected = effect if OPERATIONS[operation] else read
    timeout = 0.6 if fault.get("kind") == "delay" else 10
    with pytest.raises(expected) as failed:
        await do(network(timeout=timeout), operation, amazon_request)
    assert type(failed.value) is expected
    if isinstance(failed.value, ProviderRateLimited):
        assert failed.value.retry_after == 4.0
    if operation == "createOrder" and fault.get("status") != 403:
        assert len(sent(amazon_mock, operation)) == 1
    if fault.get("kind") == "delay":
        # The stand-in is still at it, and would write into the next test's journal.
        for _ in range(100):
            if any("status" in entry for entry in sent(amazon_mock, operation)):
                break
            await asyncio.sleep(0.02)
    assert violations(amazon_mock) == []


async def test_an_order_created_without_an_answer_is_found_and_not_created_again(
    network: Callable[..., AmazonMcfProvider], amazon_mock: Any, amazon_request: FulfillmentRequest
) -> None:
    provider = network()
    amazon_mock.faults.append({"op": "createOrder", "times": 1, "kind": "commit-then-drop"})
    with pytest.raises(ProviderInDoubt):
        await provider.submit(amazon_request)
    found = await provider.fetch(REFERENCE)
    assert found is not None
    assert found.status is NetworkStatus.ACCEPTED
    (created,), (read,) = sent(amazon_mock, "createOrder"), sent(amazon_mock, "getOrder")
    assert created["body"]["orderId"] == REFERENCE
    assert read["path"].endswith(REFERENCE)


async def test_a_broken_token_host_orders_nothing(
    network: Callable[..., AmazonMcfProvider], amazon: Any, amazon_mock: Any, amazon_request: FulfillmentRequest
) -> None:
    amazon.answers["POST /auth/o2/token"].clear()
    amazon.answer("POST /auth/o2/token", status=500)
    with pytest.raises(ProviderUnavailable):
        await network().submit(amazon_request)
    assert amazon_mock.journal == []


# --- Amazon's own examples ---


def example(amazon_server: tuple[str, Any], method: str, path: str, status: str) -> Any:
    _, mock = amazon_server
    operation, _ = mock.spec.match(method, path)
    return operation["op"]["responses"][status]["examples"]["application/json"]


def test_the_descriptions_own_order(amazon_server: tuple[str, Any]) -> None:
    update = read_order(example(amazon_server, "GET", "/fulfillment/outbound/2026-07-04/orders/x", "200"))
    assert update.status is NetworkStatus.ACCEPTED
    (parcel,) = update.shipments
    assert (parcel.external_id, parcel.carrier, parcel.tracking_number, parcel.lines) == (
        "SHIP901234",
        "fedex",
        "123456789",
        {"LI789012": 1},
    )
    accepted = example(amazon_server, "POST", "/fulfillment/outbound/2026-07-04/orders", "202")
    assert read_created(accepted).status is NetworkStatus.ACCEPTED


def sample(name: str) -> Any:
    path = shared_path(f"vendor-specs/amazon-sp-api/samples/{name}.json", start=Path(__file__).parent)
    return json.loads(path.read_text())


def test_sample_orders_and_previews() -> None:
    assert read_created(sample("mcf-v2-createOrder")).status is NetworkStatus.ACCEPTED
    preview = read_preview(sample("mcf-v2-getOrderPreview"), {"MY-SKU-001": 1})
    (offer,) = preview.offers
    assert (offer.speed, str(offer.price), preview.problems) == ("STANDARD", "12.50 USD", ())
    assert offer.deliver_by == datetime(2026, 9, 16, 6, 59, 59, tzinfo=UTC)
