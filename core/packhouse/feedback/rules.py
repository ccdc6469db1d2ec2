"""Decisions about reviews: whether one has changed, and when to look at it and at what waits again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from packhouse.sdk import IncomingReview

# Reviews are edited soon or hardly ever: one is read again so many days after it was written, five times in all.
RECHECK_DAYS = (1, 7, 30, 90, 180)
_FIRST_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReviewContent:
    """What of a review may change after it was given."""

    score: int
    title: str
    body: str
    language: str
    is_removed: bool
    reply: str


def content_of(review: IncomingReview) -> ReviewContent:
    """The content of a review as its platform gave it; of one that was removed nothing is kept but its score."""
    if review.is_removed:
        return ReviewContent(review.score, "", "", review.language, is_removed=True, reply="")
    reply = review.reply.text if review.reply is not None else ""
    return ReviewContent(review.score, review.title, review.body, review.language, is_removed=False, reply=reply)


def is_news(kept: ReviewContent, edited_at: datetime | None, review: IncomingReview) -> bool:
    """Whether a review that comes again says anything that is not kept yet.

    One that is older than what is kept is no news; a reply that is not there (any more) changes nothing.
    """
    if edited_at is not None and review.edited_at is not None and review.edited_at < edited_at:
        return False
    given = content_of(review)
    if given.is_removed or kept.is_removed:
        return given.is_removed != kept.is_removed
    return says_other(kept, given) or (given.reply not in {"", kept.reply})


def says_other(kept: ReviewContent, given: ReviewContent) -> bool:
    """Whether the customer's own part differs."""
    return (kept.score, kept.title, kept.body, kept.language) != (given.score, given.title, given.body, given.language)


def next_recheck(created_at: datetime, at: datetime) -> datetime | None:
    """When a review is to be read again, after it was read `at` this time; None: it is old enough to stay as it is."""
    moments = (created_at + timedelta(days=days) for days in RECHECK_DAYS)
    return next((moment for moment in moments if moment > at), None)


def next_retry(attempts: int, at: datetime) -> datetime:
    """When to try a review in quarantine again: after five minutes, then twice as long each time, up to a day."""
    doubled: timedelta = _FIRST_RETRY * 2 ** min(attempts, 16)
    return at + min(_LONGEST_RETRY, doubled)
