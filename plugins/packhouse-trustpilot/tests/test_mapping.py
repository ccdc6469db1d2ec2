from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from packhouse.sdk import AnswerUnreadable, IncomingReview, ReviewReply
from packhouse_trustpilot import product_reviews, service_reviews
from packhouse_trustpilot.mapping import moment, page_of, query_time, send_time, stars, text

AT = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def test_a_service_review(trustpilot_fixture: Callable[[str], Any]) -> None:
    assert service_reviews.read_one(trustpilot_fixture("service_review")) == IncomingReview(
        external_id="66eb60b1a2a8ea71e42eda5b",
        order_number="PH-1001",
        score=2,
        title="Cold tea",
        body="The mug arrived, the tea was cold.",
        created_at=AT,
        edited_at=datetime(2026, 11, 21, 9, tzinfo=UTC),
        language="en",
        email="Buyer@Example.com",
    )


def test_a_service_review_that_was_answered_and_names_no_order(trustpilot_fixture: Callable[[str], Any]) -> None:
    page = service_reviews.read_page(trustpilot_fixture("service_page"))
    assert page.reviews[1].order_number == ""
    assert page.reviews[1].created_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert page.reviews[1].reply == ReviewReply("Thank you!", datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert not page.has_next


def test_a_product_review(trustpilot_fixture: Callable[[str], Any]) -> None:
    assert product_reviews.read_one(trustpilot_fixture("product_review")) == IncomingReview(
        external_id="product-review/66bb7d52ef6229b0498ec195",
        order_number="PH-1001",
        score=4,
        body="Holds a lot of tea.",
        sku="MUG-BLUE",
        created_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
        language="en",
        email="buyer@example.com",
    )


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"product": {}}, "problem", "Trustpilot names no SKU of the product"),
        ({"product": None}, "problem", "Trustpilot names no SKU of the product"),
        ({"state": "unpublished"}, "is_removed", True),
        ({"state": "Published"}, "is_removed", False),
        ({"state": None}, "is_removed", False),
        ({"referenceId": 1001}, "order_number", "1001"),
        ({"stars": "4"}, "score", 0),
        ({"stars": True}, "score", 0),
        ({"stars": 6}, "score", 0),
        ({"createdAt": "yesterday"}, "created_at", None),
        ({"content": {"text": "x"}}, "body", ""),
        ({"consumer": "somebody"}, "email", ""),
        ({"id": None}, "external_id", ""),
    ],
)
def test_whatever_a_product_review_holds(
    change: dict[str, Any], field: str, value: Any, trustpilot_fixture: Callable[[str], Any]
) -> None:
    found = product_reviews.read_review({**trustpilot_fixture("product_review"), **change})
    assert getattr(found, field) == value


def test_what_is_no_review_says_so() -> None:
    for read in (service_reviews.read_review, product_reviews.read_review):
        for nonsense in (None, "review", [1], 7):
            assert read(nonsense).problem == "Trustpilot's list holds something that is no review"


@pytest.mark.parametrize("payload", [{}, {"reviews": None}, {"reviews": {"id": 1}}])
def test_a_list_that_is_none_is_not_read(payload: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable, match="reviews is no list"):
        service_reviews.read_page(payload)
    with pytest.raises(AnswerUnreadable, match="productReviews is no list"):
        product_reviews.read_page(payload)


def test_an_answer_without_a_review_says_nothing_of_replies() -> None:
    for read in (
        service_reviews.read_one,
        service_reviews.read_reply,
        product_reviews.read_one,
        product_reviews.known_conversation_id,
    ):
        with pytest.raises(AnswerUnreadable, match="id is missing"):
            read({})
    with pytest.raises(AnswerUnreadable, match="conversationId"):
        product_reviews.read_conversation_id({})
    with pytest.raises(AnswerUnreadable, match="comments"):
        product_reviews.read_comment({})


def test_what_the_business_said_first(trustpilot_fixture: Callable[[str], Any]) -> None:
    conversation = trustpilot_fixture("conversation")
    assert product_reviews.read_comment(conversation) == ReviewReply(
        "Thank you.", datetime(2026, 11, 22, 10, tzinfo=UTC)
    )
    conversation["comments"].pop()
    assert product_reviews.read_comment(conversation) is None


def test_where_there_is_more() -> None:
    review = IncomingReview("r1", "", 5)
    following = {"links": [{"rel": "self"}, {"rel": "next-page", "href": "..."}]}
    assert page_of({}, (review,) * 100).has_next
    assert page_of(following, (review,)).has_next
    assert not page_of({}, (review,) * 99).has_next
    assert not page_of({"links": "next-page"}, (review,)).has_next
    assert not page_of(following, ()).has_next


def test_times_go_both_ways() -> None:
    summer = datetime(2026, 7, 1, 1, 5, tzinfo=timezone(timedelta(hours=2)))
    assert query_time(summer) == "2026-06-30T23:05:00"
    assert send_time(summer) == "06/30/2026 23:05:00"
    assert moment({"at": "2026-11-20T10:30:00+02:00"}, "at") == AT
    for written in ("", "2026-13-01", 7, None, "0001-01-01T00:00:00+14:00"):
        assert moment({"at": written}, "at") is None


def test_texts_and_stars() -> None:
    assert [text({"x": value}, "x") for value in (" a ", 12, True, None, 1.5, [])] == ["a", "12", "", "", "", ""]
    assert [stars({"stars": value}) for value in (1, 5, 0, 6, "5", None, False)] == [1, 5, 0, 0, 0, 0, 0]
