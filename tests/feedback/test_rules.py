from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packhouse.feedback.rules import ReviewContent, content_of, is_news, next_recheck, next_retry
from packhouse.sdk import IncomingReview, ReviewReply

WRITTEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEPT = ReviewContent(4, "Good", "It came", "en", is_removed=False, reply="")
GIVEN = IncomingReview("r1", "1001", 4, "Good", "It came", language="en")


def test_what_is_kept_is_no_news() -> None:
    assert content_of(GIVEN) == KEPT
    assert not is_news(KEPT, None, GIVEN)
    # a time alone says nothing
    assert not is_news(KEPT, None, replace(GIVEN, edited_at=WRITTEN))


@pytest.mark.parametrize("change", [{"score": 1}, {"title": "Bad"}, {"body": ""}, {"language": "de"}])
def test_an_edit_is_news_unless_it_is_older(change: dict[str, object]) -> None:
    edited = replace(GIVEN, **change)  # type: ignore[arg-type]  # fields of several types
    assert is_news(KEPT, None, edited)
    assert is_news(KEPT, WRITTEN, edited)
    assert is_news(KEPT, WRITTEN, replace(edited, edited_at=WRITTEN))
    assert not is_news(KEPT, WRITTEN, replace(edited, edited_at=WRITTEN - timedelta(seconds=1)))


def test_a_reply_is_news_and_its_absence_is_none() -> None:
    answered = replace(GIVEN, reply=ReviewReply("Thank you"))
    assert is_news(KEPT, None, answered)
    kept = replace(KEPT, reply="Thank you")
    assert not is_news(kept, None, answered)
    assert not is_news(kept, None, GIVEN)
    assert is_news(kept, None, replace(GIVEN, reply=ReviewReply("Thanks")))


def test_removed_and_put_back_are_news_once() -> None:
    gone = replace(GIVEN, is_removed=True)
    erased = ReviewContent(4, "", "", "en", is_removed=True, reply="")
    assert content_of(gone) == erased
    assert is_news(KEPT, None, gone)
    assert not is_news(erased, None, gone)
    assert is_news(erased, None, GIVEN)


def test_a_review_is_read_again_five_times() -> None:
    moments = []
    at: datetime | None = WRITTEN
    while at is not None:
        at = next_recheck(WRITTEN, at)
        moments.append(at)
    assert [moment and (moment - WRITTEN).days for moment in moments] == [1, 7, 30, 90, 180, None]


def test_one_that_was_missed_is_read_again_at_its_age() -> None:
    assert next_recheck(WRITTEN, WRITTEN + timedelta(days=40)) == WRITTEN + timedelta(days=90)
    assert next_recheck(WRITTEN, WRITTEN + timedelta(days=180)) is None


def test_what_waits_in_quarantine_is_tried_ever_more_rarely() -> None:
    waits = [next_retry(attempts, WRITTEN) - WRITTEN for attempts in (0, 1, 4, 9, 1_000)]
    assert waits == [timedelta(minutes=minutes) for minutes in (5, 10, 80, 1440, 1440)]
