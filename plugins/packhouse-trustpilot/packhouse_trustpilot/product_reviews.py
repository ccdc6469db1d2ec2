"""Reviews of products: Trustpilot Product Reviews API v1.

GET /private/product-reviews/business-units/{id}/reviews, GET /private/product-reviews/{id},
POST /private/product-reviews/{id}/create-conversation, GET /private/conversations/{id}, POST /private/conversations/{id}/comments.

Their ids are told from those of service reviews by what stands before them here.
"""

from typing import Any

from packhouse.sdk import AnswerUnreadable, IncomingReview, ReviewReply
from packhouse_trustpilot.client import Call
from packhouse_trustpilot.mapping import PAGE, Json, Page, moment, page_of, reply_of, section, several, stars, text
from packhouse_trustpilot.service_reviews import checked_id
from packhouse_trustpilot.settings import TrustpilotSettings

PREFIX = "product-review/"
_PUBLISHED = "published"
_BUSINESS_USER = "businessUser"


def is_product_review(external_id: str) -> bool:
    """Whether an id is that of a product review."""
    return external_id.startswith(PREFIX)


def build_page(settings: TrustpilotSettings, page: int) -> Call:
    """A page of reviews that are public. Trustpilot gives them in an order that it does not state, and by no time."""
    return Call(
        "product reviews",
        "GET",
        f"/private/product-reviews/business-units/{settings.business_unit_id}/reviews",
        query={"page": str(page), "perPage": str(PAGE)},
    )


def read_page(payload: Json) -> Page:
    """Its reviews.

    Raises:
        AnswerUnreadable: `productReviews` is no list.
    """
    return page_of(payload, tuple(read_review(review) for review in several(payload, "productReviews")))


def build_one(external_id: str) -> Call:
    """One review as it stands now.

    Raises:
        ProviderRefused: it is no id of Trustpilot's.
    """
    return Call("product review", "GET", f"/private/product-reviews/{_own_id(external_id)}")


def read_one(payload: Json) -> IncomingReview:
    """The review.

    Raises:
        AnswerUnreadable: the answer holds none.
    """
    review = read_review(payload)
    if not review.external_id:
        raise AnswerUnreadable("id is missing")
    return review


def read_review(node: Any) -> IncomingReview:  # noqa: ANN401 - any JSON
    """A review of a product, of which Trustpilot gives no heading. Its writer's name is not read."""
    if not isinstance(node, dict):
        return IncomingReview("", "", 0, problem="Trustpilot's list holds something that is no review")
    own_id, sku = text(node, "id"), text(section(node, "product"), "sku")
    state = text(node, "state")
    return IncomingReview(
        external_id=PREFIX + own_id if own_id else "",
        order_number=text(node, "referenceId"),
        score=stars(node),
        body=text(node, "content"),
        sku=sku,
        created_at=moment(node, "createdAt"),
        language=text(node, "language"),
        is_removed=bool(state) and state.lower() != _PUBLISHED,
        email=text(section(node, "consumer"), "email"),
        problem="" if sku else "Trustpilot names no SKU of the product",
    )


def build_conversation(external_id: str) -> Call:
    """Let a review have a conversation; nothing of it is public yet, so that doing it twice is harmless."""
    return Call("conversation", "POST", f"/private/product-reviews/{_own_id(external_id)}/create-conversation", {})


def read_conversation_id(payload: Json) -> str:
    """The id of a review's conversation.

    Raises:
        AnswerUnreadable: there is none.
    """
    found = text(payload, "conversationId")
    if not found:
        raise AnswerUnreadable("conversationId is missing")
    return found


def known_conversation_id(payload: Json) -> str:
    """The id of the conversation that a review has; empty where it has none.

    Raises:
        AnswerUnreadable: the answer holds no review, so that nobody knows.
    """
    read_one(payload)
    return text(payload, "conversationId")


def build_comments(conversation_id: str) -> Call:
    """What was said in a conversation."""
    return Call("comments", "GET", f"/private/conversations/{checked_id(conversation_id)}")


def read_comment(payload: Json) -> ReviewReply | None:
    """The first thing that the business said; None where it said nothing.

    Raises:
        AnswerUnreadable: `comments` is no list.
    """
    ours = [
        comment
        for comment in several(payload, "comments")
        if isinstance(comment, dict) and text(section(comment, "author"), "type") == _BUSINESS_USER
    ]
    return next((reply for comment in ours if (reply := reply_of(comment, "content"))), None)


def build_comment(conversation_id: str, words: str) -> Call:
    """Say something in a conversation, for everybody to read. Another one is added, not put in its place."""
    path = f"/private/conversations/{checked_id(conversation_id)}/comments"
    return Call("comment", "POST", path, {"content": words}, effect=True, in_name=True)


def read_commented(payload: Json) -> None:
    """Nothing, where the comment was made.

    Raises:
        AnswerUnreadable: the answer does not say so.
    """
    if not text(payload, "commentId"):
        raise AnswerUnreadable("commentId is missing")


def _own_id(external_id: str) -> str:
    return checked_id(external_id.removeprefix(PREFIX))
