from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import ProviderInDoubt, ProviderRefused, ProviderUnavailable, ReplyRequest, ReviewReply
from packhouse_trustpilot import TrustpilotProvider

REVIEW = "66eb60b1a2a8ea71e42eda5b"
PRODUCT_REVIEW = "66bb7d52ef6229b0498ec195"
ONE = f"/v1/private/reviews/{REVIEW}"
PRODUCT_ONE = f"/v1/private/product-reviews/{PRODUCT_REVIEW}"
COMMENTS = "/v1/private/conversations/66eae87a773b9af2677b9142/comments"
CONVERSATION = COMMENTS.removesuffix("/comments")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
OURS = ReplyRequest("reply-1", REVIEW, "We have sent another.")
ON_PRODUCT = ReplyRequest("reply-2", f"product-review/{PRODUCT_REVIEW}", "Thank you.")


async def test_a_service_review_is_answered(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    trustpilot_host.answer(f"{ONE}/reply", status=201)
    assert await trustpilot_provider.reply(OURS) == ReviewReply("We have sent another.", NOON)
    (asked,) = trustpilot_host.asked(f"{ONE}/reply")
    assert asked.method == "POST"
    assert asked.json == {"message": "We have sent another.", "authorBusinessUserId": "507f191e810c19729de860ea"}


async def test_in_nobodys_name(
    trustpilot_host: Any, trustpilot_provider_for: Callable[..., TrustpilotProvider]
) -> None:
    trustpilot_host.answer(f"{ONE}/reply", status=201)
    await trustpilot_provider_for(trustpilot_host.url, business_user_id="").reply(OURS)
    assert trustpilot_host.asked(f"{ONE}/reply")[0].json == {"message": "We have sent another."}


async def test_what_was_answered_is_found(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    trustpilot_host.answer(ONE, "service_review")
    trustpilot_host.answer(ONE, "answered_review")
    trustpilot_host.answer(ONE, "refusal", status=404)
    assert await trustpilot_provider.find_reply(REVIEW) is None
    found = await trustpilot_provider.find_reply(REVIEW)
    assert found == ReviewReply("We have sent another.", datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert await trustpilot_provider.find_reply(REVIEW) is None


async def test_an_answer_that_says_nothing_is_not_taken_for_a_no(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    """Else the same would be said twice."""
    trustpilot_host.answer(ONE, {})
    trustpilot_host.answer(PRODUCT_ONE, {})
    for review in (REVIEW, ON_PRODUCT.external_id):
        with pytest.raises(ProviderUnavailable):
            await trustpilot_provider.find_reply(review)


async def test_a_product_review_is_answered_in_a_conversation(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    trustpilot_host.answer(PRODUCT_ONE, "product_review")
    trustpilot_host.answer(f"{PRODUCT_ONE}/create-conversation", {"conversationId": "66eae87a773b9af2677b9142"})
    trustpilot_host.answer(COMMENTS, {"commentId": "c2"}, status=201)
    assert (await trustpilot_provider.reply(ON_PRODUCT)).text == "Thank you."
    (asked,) = trustpilot_host.asked(COMMENTS)
    assert (asked.method, asked.json) == ("POST", {"content": "Thank you."})
    assert asked.headers["x-business-user-id"] == "507f191e810c19729de860ea"


async def test_a_conversation_that_is_there_is_gone_on_with(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider, trustpilot_fixture: Callable[[str], Any]
) -> None:
    known = {**trustpilot_fixture("product_review"), "conversationId": "66eae87a773b9af2677b9142"}
    trustpilot_host.answer(PRODUCT_ONE, known)
    trustpilot_host.answer(COMMENTS, {"commentId": "c2"})
    trustpilot_host.answer(CONVERSATION, "conversation")
    await trustpilot_provider.reply(ON_PRODUCT)
    assert [request.path for request in trustpilot_host.requests[1:]] == [PRODUCT_ONE, COMMENTS]
    found = await trustpilot_provider.find_reply(ON_PRODUCT.external_id)
    assert found == ReviewReply("Thank you.", datetime(2026, 11, 22, 10, tzinfo=UTC))


async def test_a_product_review_without_a_conversation_was_not_answered(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    trustpilot_host.answer(PRODUCT_ONE, "product_review")
    assert await trustpilot_provider.find_reply(ON_PRODUCT.external_id) is None


async def test_only_what_is_public_is_in_doubt(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    trustpilot_host.answer(PRODUCT_ONE, "product_review")
    trustpilot_host.answer(f"{PRODUCT_ONE}/create-conversation", {}, status=502)
    with pytest.raises(ProviderUnavailable):
        await trustpilot_provider.reply(ON_PRODUCT)
    trustpilot_host.answers[f"{PRODUCT_ONE}/create-conversation"].clear()
    trustpilot_host.answer(f"{PRODUCT_ONE}/create-conversation", {"conversationId": "66eae87a773b9af2677b9142"})
    trustpilot_host.answer(COMMENTS, {}, status=502)
    with pytest.raises(ProviderInDoubt):
        await trustpilot_provider.reply(ON_PRODUCT)


async def test_a_review_is_read_as_it_stands(trustpilot_host: Any, trustpilot_provider: TrustpilotProvider) -> None:
    trustpilot_host.answer(ONE, "answered_review")
    trustpilot_host.answer(PRODUCT_ONE, "product_review")
    trustpilot_host.answer(PRODUCT_ONE, "refusal", status=404)
    service = await trustpilot_provider.read_review(REVIEW)
    product = await trustpilot_provider.read_review(ON_PRODUCT.external_id)
    assert service is not None
    assert product is not None
    assert (service.score, service.reply and service.reply.text) == (2, "We have sent another.")
    assert (product.external_id, product.sku, product.is_removed) == (ON_PRODUCT.external_id, "MUG-BLUE", False)
    assert await trustpilot_provider.read_review(ON_PRODUCT.external_id) is None


async def test_that_a_product_review_is_gone_is_not_believed_before_one_was_found(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    trustpilot_host.answer(PRODUCT_ONE, "refusal", status=404)
    with pytest.raises(ProviderRefused) as refused:
        await trustpilot_provider.read_review(ON_PRODUCT.external_id)
    assert refused.value.code == "1303"
    # the one for service reviews is known to be right
    trustpilot_host.answer(ONE, "refusal", status=404)
    assert await trustpilot_provider.read_review(REVIEW) is None


async def test_a_proxys_not_found_is_not_trustpilots(
    trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    """Else reviews would be taken for removed."""
    trustpilot_host.answer(ONE, raw=b"<html>Not found</html>", status=404)
    with pytest.raises(ProviderUnavailable):
        await trustpilot_provider.read_review(REVIEW)


@pytest.mark.parametrize("external_id", ["", "../../x", "a b", "product-review/", "product-review/../x", "x" * 65])
async def test_what_is_no_id_is_not_asked_for(
    external_id: str, trustpilot_host: Any, trustpilot_provider: TrustpilotProvider
) -> None:
    for call in (
        trustpilot_provider.read_review(external_id),
        trustpilot_provider.find_reply(external_id),
        trustpilot_provider.reply(ReplyRequest("reply-3", external_id, "Hello")),
    ):
        with pytest.raises(ProviderRefused) as refused:
            await call
        assert refused.value.code == "REVIEW_ID"
    assert trustpilot_host.requests == []
