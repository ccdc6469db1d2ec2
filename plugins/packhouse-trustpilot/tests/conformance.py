"""What Trustpilot is asked and answers, for the conformance kit."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packhouse.sdk import ReplyRequest, ReviewInvitation, ReviewProduct
from packhouse.testing.conformance import Address, Exchange, Operation, Reply, Subject
from packhouse_trustpilot import Plugin

KEY = "planted-key-5d2e"
SECRET = "planted-secret-3f9a"
TOKEN = "planted-access-token-77c1"
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
REVIEW = "66eb60b1a2a8ea71e42eda5b"
PRODUCT_REVIEW = "66bb7d52ef6229b0498ec195"
CONVERSATION = "66eae87a773b9af2677b9142"
INVITATION = ReviewInvitation(
    idempotency_key="ask-1",
    reference="ask-1",
    order_number="PH-1001",
    email="buyer@example.com",
    customer_name="A Buyer",
    products=(ReviewProduct("MUG-BLUE", "Blue mug", "5012345678900"),),
    delivered_at=AT,
    send_at=AT,
    locale="en-GB",
    country="GB",
)
ANSWER = ReplyRequest("reply-1", REVIEW, "We have sent another.")
COMMENT = ReplyRequest("reply-2", f"product-review/{PRODUCT_REVIEW}", "Thank you.")


def settings(vendor: Address) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "api_secret": SECRET,
        "business_unit_id": "46d6a890",
        "sender_name": "Example Ltd",
        "sender_email": "noreply@example.com",
        "base_url": vendor.url,
        "invitations_url": vendor.url,
        "timeout": vendor.seconds,
        "connect_timeout": vendor.seconds,
    }


def recorded(name: str) -> Any:
    return json.loads((Path(__file__).parent / "fixtures" / f"{name}.json").read_text())


ACCESS = Exchange(
    "POST",
    "/v1/oauth/oauth-business-users-for-applications/accesstoken",
    Reply(200, recorded("token") | {"access_token": TOKEN}),
    name="token",
)
INVITE = Exchange(
    "POST", "/v1/private/business-units/46d6a890/email-invitations", Reply(202), effect=True, name="invitation"
)
SERVICE_PAGE = Exchange(
    "GET", "/v1/private/business-units/46d6a890/reviews", Reply(200, recorded("service_page")), name="service reviews"
)
PRODUCT_PAGE = Exchange(
    "GET",
    "/v1/private/product-reviews/business-units/46d6a890/reviews",
    Reply(200, recorded("product_page")),
    name="product reviews",
)
ONE = Exchange(
    "GET",
    f"/v1/private/reviews/{REVIEW}",
    Reply(200, recorded("service_review")),
    afterwards=Reply(200, recorded("answered_review")),
    name="service review",
)
REPLY = Exchange("POST", f"/v1/private/reviews/{REVIEW}/reply", Reply(201), effect=True, name="reply")
PRODUCT_ONE = Exchange(
    "GET",
    f"/v1/private/product-reviews/{PRODUCT_REVIEW}",
    Reply(200, recorded("product_review") | {"conversationId": CONVERSATION}),
    name="product review",
)
COMMENTS = Exchange(
    "GET",
    f"/v1/private/conversations/{CONVERSATION}",
    Reply(200, recorded("conversation") | {"comments": []}),
    afterwards=Reply(200, recorded("conversation")),
    name="conversation",
)
SAY = Exchange(
    "POST",
    f"/v1/private/conversations/{CONVERSATION}/comments",
    Reply(201, {"commentId": "c2"}),
    effect=True,
    name="comment",
)
TEMPLATES = Exchange(
    "GET",
    "/v1/private/business-units/46d6a890/templates",
    Reply(200, {"templates": [{"id": "507f191e810c19729de860ea", "isDefaultTemplate": True, "locale": "en-GB"}]}),
    name="templates",
)
PRODUCTS = (
    '{"until":"2026-11-20T00:00:00Z","product_until":"2026-11-20T00:00:00Z","stream":"product","page":1,"newest":null}'
)

SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    secrets=(KEY, SECRET, TOKEN),
    always=(ACCESS,),
    unauthorised=Reply(401, {"message": "Unauthorized"}),
    operations=(
        # Trustpilot cannot be asked whether it sent one: what is in doubt is left to a person.
        Operation("invite", (INVITATION,), (INVITE,), repeats=False, refusal=Reply(400, recorded("refusal"))),
        Operation("test_connection", (), (TEMPLATES,)),
        Operation("pull_reviews", (None,), (SERVICE_PAGE,), title="pull service reviews"),
        Operation("pull_reviews", (PRODUCTS,), (PRODUCT_PAGE,), title="pull product reviews"),
        Operation("read_review", (REVIEW,), (ONE,), title="read a service review"),
        Operation("read_review", (f"product-review/{PRODUCT_REVIEW}",), (PRODUCT_ONE,), title="read a product review"),
        Operation(
            "reply",
            (ANSWER,),
            (REPLY,),
            find=Operation("find_reply", (REVIEW,), (ONE,)),
            refusal=Reply(400, {"message": "The review has a reply", "errorCode": 1}),
            title="answer a service review",
        ),
        Operation(
            "reply",
            (COMMENT,),
            (PRODUCT_ONE, SAY),
            find=Operation("find_reply", (COMMENT.external_id,), (PRODUCT_ONE, COMMENTS)),
            refusal=Reply(400, {"message": "The review is reported"}),
            title="answer a product review",
        ),
    ),
)
