"""Reviews of the service: Trustpilot Business Units API and Service Reviews API v1.

GET /private/business-units/{id}/reviews, GET /private/reviews/{id}, POST /private/reviews/{id}/reply (answered 201).
"""

import re
from datetime import datetime
from typing import Any

from packhouse.sdk import AnswerUnreadable, IncomingReview, ProviderRefused, ReplyRequest, ReviewReply
from packhouse_trustpilot.client import Call
from packhouse_trustpilot.mapping import (
    PAGE,
    Json,
    Page,
    moment,
    page_of,
    query_time,
    reply_of,
    section,
    several,
    stars,
    text,
)
from packhouse_trustpilot.settings import TrustpilotSettings

_ID = re.compile(r"[A-Za-z0-9]{1,64}")


def build_page(settings: TrustpilotSettings, since: datetime, page: int) -> Call:
    """A page of reviews written since a moment, the oldest first, so that what is written meanwhile comes last."""
    return Call(
        "service reviews",
        "GET",
        f"/private/business-units/{settings.business_unit_id}/reviews",
        query={
            "startDateTime": query_time(since),
            "orderBy": "createdat.asc",
            "page": str(page),
            "perPage": str(PAGE),
        },
    )


def read_page(payload: Json) -> Page:
    """Its reviews.

    Raises:
        AnswerUnreadable: `reviews` is no list.
    """
    return page_of(payload, tuple(read_review(review) for review in several(payload, "reviews")))


def build_one(external_id: str) -> Call:
    """One review as it stands now.

    Raises:
        ProviderRefused: it is no id of Trustpilot's.
    """
    return Call("service review", "GET", f"/private/reviews/{checked_id(external_id)}")


def read_one(payload: Json) -> IncomingReview:
    """The review.

    Raises:
        AnswerUnreadable: the answer holds none.
    """
    review = read_review(payload)
    if not review.external_id:
        raise AnswerUnreadable("id is missing")
    return review


def build_reply(request: ReplyRequest, settings: TrustpilotSettings) -> Call:
    """Answer a review. Trustpilot takes no idempotency key: read the review before sending it again.

    Raises:
        ProviderRefused: it is no id of Trustpilot's.
    """
    body = {"message": request.text}
    if settings.business_user_id:
        body["authorBusinessUserId"] = settings.business_user_id
    return Call("reply", "POST", f"/private/reviews/{checked_id(request.external_id)}/reply", body, effect=True)


def read_reply(payload: Json) -> ReviewReply | None:
    """The company's reply to a review; None where it has none.

    Raises:
        AnswerUnreadable: the answer holds no review, so that nobody knows.
    """
    return read_one(payload).reply


def read_review(node: Any) -> IncomingReview:  # noqa: ANN401 - any JSON
    """A review of the service. Its writer's name is not read; the address only helps to find the order."""
    if not isinstance(node, dict):
        return IncomingReview("", "", 0, problem="Trustpilot's list holds something that is no review")
    return IncomingReview(
        external_id=text(node, "id"),
        order_number=text(node, "referenceId"),
        score=stars(node),
        title=text(node, "title"),
        body=text(node, "text"),
        created_at=moment(node, "createdAt"),
        edited_at=moment(node, "updatedAt"),
        language=text(node, "language"),
        reply=reply_of(section(node, "companyReply"), "text"),
        email=text(node, "referralEmail"),
    )


def checked_id(external_id: str) -> str:
    """An id that is safe in a path.

    Raises:
        ProviderRefused: it is no id of Trustpilot's.
    """
    if not _ID.fullmatch(external_id):
        raise ProviderRefused("That is no id of a review on Trustpilot", code="REVIEW_ID")
    return external_id
