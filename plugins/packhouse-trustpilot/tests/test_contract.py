"""Against the description written from Trustpilot's public pages, which is kept beside a checkout and never in it."""

import asyncio
import importlib.util
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from packhouse.sdk import (
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    ProviderUnavailable,
    ReplyRequest,
    ReviewInvitation,
    ReviewProduct,
)
from packhouse.testing.shared import shared_path
from packhouse_trustpilot import Plugin, TrustpilotProvider, TrustpilotSettings

REVIEW = "66eb60b1a2a8ea71e42eda5b"
PRODUCT_REVIEW = "product-review/66bb7d52ef6229b0498ec195"
PRODUCTS = (
    '{"until":"2026-11-20T00:00:00Z","product_until":"2026-11-20T00:00:00Z","stream":"product","page":1,"newest":null}'
)
OPERATIONS = {
    "invite": "createEmailInvitation",
    "pull service": "listPrivateServiceReviews",
    "pull product": "listPrivateProductReviews",
    "read": "getPrivateServiceReview",
    "reply": "replyToReview",
}
EFFECTS = {"invite", "reply"}


@pytest.fixture(scope="module")
def trustpilot_specmock() -> ModuleType:
    path = shared_path("tools/vendor-mocks/specmock.py", start=Path(__file__).parent)
    pytest.importorskip("jsonschema")
    spec = importlib.util.spec_from_file_location("packhouse_trustpilot_specmock", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def trustpilot_server(trustpilot_specmock: ModuleType) -> Iterator[tuple[str, Any]]:
    folder = shared_path("vendor-specs/trustpilot", start=Path(__file__).parent)
    with warnings.catch_warnings():
        # The stand-in leaves the closing of the files that it reads to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        server, url, mock = trustpilot_specmock.serve(str(folder / "trustpilot.authored.openapi.yaml"))
    yield url, mock
    server.shutdown()
    server.server_close()


@pytest.fixture
def trustpilot_mock(trustpilot_server: tuple[str, Any], trustpilot_fixture: Callable[[str], Any]) -> Any:
    """The stand-in with scripted answers of ours, where the description has none or one of placeholders."""
    _, mock = trustpilot_server
    mock.reset()
    recorded = {
        "createAccessToken": "token",
        "listPrivateServiceReviews": "service_page",
        "listPrivateProductReviews": "product_page",
        "getPrivateServiceReview": "service_review",
    }
    for operation, answer in recorded.items():
        mock.answers[operation] = [{"status": 200, "body": trustpilot_fixture(answer)}]
    return mock


@pytest.fixture
def trustpilot_platform(
    trustpilot_server: tuple[str, Any], trustpilot_mock: Any, trustpilot_provider_for: Callable[..., TrustpilotProvider]
) -> Callable[..., TrustpilotProvider]:
    assert trustpilot_mock.journal == []
    return lambda **changes: trustpilot_provider_for(trustpilot_server[0], **changes)


def violations(mock: Any) -> list[Any]:
    return [entry["violations"] for entry in mock.journal if entry.get("violations")]


def sent(mock: Any, name: str) -> list[Any]:
    return [entry for entry in mock.journal if entry["op"] == OPERATIONS[name]]


async def do(provider: TrustpilotProvider, name: str, invitation: ReviewInvitation) -> Any:
    if name == "invite":
        return await provider.invite(invitation)
    if name == "pull service":
        return await provider.pull_reviews(None)
    if name == "pull product":
        return await provider.pull_reviews(PRODUCTS)
    if name == "read":
        return await provider.read_review(REVIEW)
    return await provider.reply(ReplyRequest("reply-1", REVIEW, "We have sent another."))


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("grant", [{}, {"username": "me@example.com", "password": "planted-password"}])
async def test_every_request_is_valid(
    *,
    name: str,
    grant: dict[str, str],
    trustpilot_platform: Callable[..., TrustpilotProvider],
    trustpilot_mock: Any,
    trustpilot_invitation: ReviewInvitation,
) -> None:
    await do(trustpilot_platform(**grant), name, trustpilot_invitation)
    assert violations(trustpilot_mock) == []
    assert [entry["op"] for entry in trustpilot_mock.journal] == ["createAccessToken", OPERATIONS[name]]


@pytest.mark.parametrize(
    "changes",
    [
        {"product_reviews": False},
        {"service_reviews": False, "business_user_id": ""},
        {
            "location_id": "leeds",
            "tags": ["web"],
            "redirect_uri": "https://shop.example/thanks",
            "service_template_id": "507f191e810c19729de860ea",
            "product_template_id": "507f191e810c19729de860eb",
            "product_url": "https://shop.example/products/{sku}",
            "product_image_url": "https://shop.example/{sku}.jpg",
        },
    ],
)
async def test_every_kind_of_invitation_is_valid(
    *,
    changes: dict[str, Any],
    trustpilot_platform: Callable[..., TrustpilotProvider],
    trustpilot_mock: Any,
    trustpilot_invitation: ReviewInvitation,
) -> None:
    bare = replace(trustpilot_invitation, customer_name="", locale="", products=(ReviewProduct("PLATE", ""),))
    for invitation in (trustpilot_invitation, bare):
        assert await trustpilot_platform(**changes).invite(invitation) == "PH-1001"
    assert violations(trustpilot_mock) == []
    assert [entry["status"] for entry in sent(trustpilot_mock, "invite")] == [202, 202]


async def test_what_the_description_answers_by_itself_is_read(
    trustpilot_platform: Callable[..., TrustpilotProvider], trustpilot_mock: Any
) -> None:
    trustpilot_mock.answers.clear()
    provider = trustpilot_platform()
    service = await provider.pull_reviews(None)
    product = await provider.pull_reviews(PRODUCTS)
    assert [(review.score, review.problem) for review in service.reviews] == [(1, "")]
    assert [(review.external_id, review.order_number, review.sku, review.score) for review in product.reviews] == []
    assert trustpilot_mock.journal[-1]["status"] == 200
    whole = await provider.pull_reviews(PRODUCTS.replace("2026-11-20", "2026-10-30"))
    assert [(review.external_id, review.order_number, review.sku, review.score) for review in whole.reviews] == [
        ("product-review/pr1", "1001", "ABC-1234", 4)
    ]


async def test_the_templates_of_the_description_are_found(
    trustpilot_server: tuple[str, Any],
    trustpilot_mock: Any,
    trustpilot_context: Callable[[TrustpilotSettings | None], Any],
    trustpilot_settings_for: Callable[..., TrustpilotSettings],
) -> None:
    settings = trustpilot_settings_for(trustpilot_server[0], service_template_id="507f191e810c19729de860ea")
    said = await Plugin().test_connection(trustpilot_context(settings))
    assert said == "Trustpilot answered: business unit 46d6a890 has 1 invitation templates"
    assert violations(trustpilot_mock) == []


async def test_what_is_asked_beyond_the_description_is_known(
    trustpilot_platform: Callable[..., TrustpilotProvider], trustpilot_mock: Any
) -> None:
    """Single product reviews and their conversations: Trustpilot's pages describe them, the description does not."""
    provider = trustpilot_platform()
    assert await provider.find_reply(PRODUCT_REVIEW) is None
    for call in (
        provider.read_review(PRODUCT_REVIEW),
        provider.reply(ReplyRequest("reply-2", PRODUCT_REVIEW, "Thank you.")),
    ):
        with pytest.raises(ProviderRefused):
            await call
    beyond = {entry["path"] for entry in trustpilot_mock.journal if entry["op"] is None}
    assert beyond == {"/v1/private/product-reviews/66bb7d52ef6229b0498ec195"}


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
    trustpilot_platform: Callable[..., TrustpilotProvider],
    trustpilot_mock: Any,
    trustpilot_invitation: ReviewInvitation,
) -> None:
    # A GET whose kept connection is cut may be sent once more by the HTTP library: that is safe.
    trustpilot_mock.faults.append({"op": OPERATIONS[name], "times": 5, **fault})
    expected = effect if name in EFFECTS else read
    timeout = 0.6 if fault.get("kind") == "delay" else 10
    with pytest.raises(expected) as failed:
        await do(trustpilot_platform(timeout=timeout), name, trustpilot_invitation)
    assert type(failed.value) is expected
    if isinstance(failed.value, ProviderRateLimited):
        assert failed.value.retry_after == 3.0
    if name in EFFECTS:
        assert len(sent(trustpilot_mock, name)) == 1
    if fault.get("kind") == "delay":
        # The stand-in is still at it, and would write into the next test's journal.
        for _ in range(100):
            if any("status" in entry for entry in sent(trustpilot_mock, name)):
                break
            await asyncio.sleep(0.02)
    assert violations(trustpilot_mock) == []


async def test_a_reply_without_an_answer_is_found_and_not_sent_again(
    trustpilot_platform: Callable[..., TrustpilotProvider],
    trustpilot_mock: Any,
    trustpilot_invitation: ReviewInvitation,
    trustpilot_fixture: Callable[[str], Any],
) -> None:
    provider = trustpilot_platform()
    trustpilot_mock.faults.append({"op": "replyToReview", "times": 1, "kind": "commit-then-drop"})
    with pytest.raises(ProviderInDoubt):
        await do(provider, "reply", trustpilot_invitation)
    trustpilot_mock.answers["getPrivateServiceReview"] = [
        {"status": 200, "body": trustpilot_fixture("answered_review")}
    ]
    found = await provider.find_reply(REVIEW)
    assert found is not None
    assert found.text == "We have sent another."
    assert len(sent(trustpilot_mock, "reply")) == 1


async def test_a_broken_token_host_says_nothing(
    trustpilot_platform: Callable[..., TrustpilotProvider],
    trustpilot_mock: Any,
    trustpilot_invitation: ReviewInvitation,
) -> None:
    trustpilot_mock.faults.append({"op": "createAccessToken", "times": 1, "kind": "drop"})
    provider = trustpilot_platform()
    with pytest.raises(ProviderUnavailable):
        await provider.invite(trustpilot_invitation)
    assert sent(trustpilot_mock, "invite") == []
    assert await provider.invite(trustpilot_invitation) == "PH-1001"


async def test_a_token_that_is_refused_is_renewed_once(
    trustpilot_platform: Callable[..., TrustpilotProvider],
    trustpilot_mock: Any,
    trustpilot_invitation: ReviewInvitation,
) -> None:
    trustpilot_mock.faults.append(
        {"op": "createEmailInvitation", "times": 1, "status": 401, "body": {"message": "expired"}}
    )
    first, second = ({"access_token": name, "expires_in": "359999"} for name in ("old-token", "new-token"))
    trustpilot_mock.answers["createAccessToken"] = [{"body": first}, {"body": second}]
    assert await trustpilot_platform().invite(trustpilot_invitation) == "PH-1001"
    assert [entry["headers"]["Authorization"] for entry in sent(trustpilot_mock, "invite")] == [
        "Bearer old-token",
        "Bearer new-token",
    ]
