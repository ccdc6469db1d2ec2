"""Fetching what customers said: new reviews page by page, and those again that may have changed."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from packhouse.events.failures import describe
from packhouse.feedback.commands.follow_review import kept_content
from packhouse.feedback.commands.refresh_review import recheck_later, reread
from packhouse.feedback.commands.settle_quarantined import incoming_of
from packhouse.feedback.commands.take_in_review import TakeInReview, TakenIn, take_in_review
from packhouse.feedback.incoming import storable
from packhouse.feedback.models import QuarantinedReview, Review, ReviewCursor
from packhouse.feedback.rules import content_of, is_news, says_other
from packhouse.sdk import (
    CollectsReviews,
    IncomingReview,
    InvalidValue,
    ProviderRefused,
    Providers,
    ReadsReviews,
    ReviewPage,
    now,
)
from packhouse.storage import Database, Initiator, UnitOfWork

log = logging.getLogger(__name__)

_BATCH = 500
_MOST_RECHECKED = 100
_MOST_PAGES = 1_000
_CALL_SECONDS = 60.0


@dataclass
class PulledReviews:
    """What a pull from one platform brought, in reviews; `error` is empty where it went through to the end."""

    platform: str
    counts: Counter[TakenIn] = field(default_factory=Counter)
    error: str = ""


async def pull_reviews(database: Database, providers: Providers, by: Initiator) -> list[PulledReviews]:
    """Fetch new reviews from every platform; a platform or a review that does not work never keeps the others waiting.

    A cursor moves on only when every review before it is kept: recorded, or in quarantine with the reason.
    """
    return [
        await _pull(database, by, code, provider)
        for code, provider in sorted(providers.reviews.items())
        if isinstance(provider, CollectsReviews)
    ]


async def recheck_reviews(database: Database, providers: Providers, by: Initiator) -> int:
    """Read reviews again whose time for it has come; how many have changed or are gone.

    Platforms list what is new, not what was edited or removed. A platform that does not answer is left for the next time.
    """
    changed = 0
    for code, provider in sorted(providers.reviews.items()):
        if isinstance(provider, ReadsReviews):
            changed += await _recheck(database, by, code, provider)
    return changed


async def _recheck(database: Database, by: Initiator, platform: str, provider: ReadsReviews) -> int:
    changed = 0
    due = Review.filter(platform=platform, recheck_at__lte=now())
    for review in await due.order_by("recheck_at").limit(_MOST_RECHECKED):
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                changed += await reread(database, by, review, provider)
        except (ProviderRefused, InvalidValue) as error:
            log.warning(
                "Review %s of %s cannot be read again: %s", review.external_id, platform, describe(error, database.hide)
            )
            await _later(database, by, review)
        except Exception:
            log.exception("Reviews of %s could not all be read again", platform)
            break
    return changed


async def _later(database: Database, by: Initiator, review: Review) -> None:
    await database.write(by, lambda uow: recheck_later(uow, review.id))


async def _pull(database: Database, by: Initiator, platform: str, provider: CollectsReviews) -> PulledReviews:
    pulled = PulledReviews(platform)
    try:
        await _retry_quarantined(database, by, pulled)
        await _pull_pages(database, by, provider, pulled)
    except Exception as error:
        pulled.error = describe(error, database.hide)
        log.exception("Reviews of %s could not be pulled to the end", platform)
        await _save_cursor(database, by, platform, None, pulled.error)
    if quarantined := pulled.counts[TakenIn.QUARANTINED]:
        log.warning("%s reviews of %s cannot be placed and wait in quarantine", quarantined, platform)
    return pulled


async def _pull_pages(database: Database, by: Initiator, provider: CollectsReviews, pulled: PulledReviews) -> None:
    row = await ReviewCursor.get_or_none(platform=pulled.platform)
    cursor = row.cursor if row else ""
    for _ in range(_MOST_PAGES):
        page = await _page(provider, cursor)
        for start in range(0, len(page.reviews), _BATCH):
            await _take_in(database, by, pulled, page.reviews[start : start + _BATCH])
        await _save_cursor(database, by, pulled.platform, page.cursor, "")
        if not page.more or not page.cursor or page.cursor == cursor:
            return
        cursor = page.cursor


async def _page(provider: CollectsReviews, cursor: str) -> ReviewPage:
    async with asyncio.timeout(_CALL_SECONDS):
        return await provider.pull_reviews(cursor or None)


async def _take_in(database: Database, by: Initiator, pulled: PulledReviews, given: Sequence[IncomingReview]) -> None:
    """Take in what is new; what is kept as it is already (windows overlap) costs no transaction."""
    reviews = [storable(pulled.platform, review) for review in given]
    unchanged = await _unchanged(pulled.platform, reviews)
    for index, review in enumerate(reviews):
        if index in unchanged:
            pulled.counts[TakenIn.KNOWN] += 1
        else:
            pulled.counts[await _take_in_one(database, by, pulled.platform, review)] += 1


async def _unchanged(platform: str, reviews: Sequence[IncomingReview]) -> set[int]:
    """The places of those that say nothing new."""
    ids = [review.external_id for review in reviews]
    kept: dict[str, list[Review]] = defaultdict(list)
    for row in await Review.filter(platform=platform, external_id__in=ids):
        kept[row.external_id].append(row)
    waiting = {row.external_id: row for row in await QuarantinedReview.filter(platform=platform, external_id__in=ids)}
    return {
        index
        for index, review in enumerate(reviews)
        if _is_kept(kept.get(review.external_id, []), review) or _waits(waiting.get(review.external_id), review)
    }


def _is_kept(rows: Sequence[Review], review: IncomingReview) -> bool:
    return len(rows) == 1 and not is_news(kept_content(rows[0]), rows[0].edited_at, review)


def _waits(row: QuarantinedReview | None, review: IncomingReview) -> bool:
    if row is None:
        return False
    before = incoming_of(row)
    is_same = (before.order_number, before.sku, before.problem) == (review.order_number, review.sku, review.problem)
    is_same = is_same and not review.is_removed and not says_other(content_of(before), content_of(review))
    return row.dismissed_at is not None or is_same


async def _take_in_one(database: Database, by: Initiator, platform: str, review: IncomingReview) -> TakenIn:
    return await database.write(by, lambda uow: take_in_review(uow, TakeInReview(platform, review)))


async def _retry_quarantined(database: Database, by: Initiator, pulled: PulledReviews) -> None:
    """Take in what can be placed now: the order may have come after its review."""
    due = QuarantinedReview.filter(platform=pulled.platform, due_at__lte=now())
    for row in await due.order_by("due_at").limit(_BATCH):
        if await _take_in_one(database, by, pulled.platform, incoming_of(row)) is TakenIn.RECORDED:
            pulled.counts[TakenIn.RECORDED] += 1


async def _save_cursor(database: Database, by: Initiator, platform: str, cursor: str | None, error: str) -> None:
    async def save(uow: UnitOfWork) -> None:  # noqa: ARG001  (every unit of work is handed one)
        row, _ = await ReviewCursor.get_or_create(platform=platform)
        row.last_error = error[:500]
        row.pulled_at = now()
        if cursor:
            row.cursor = cursor
        await row.save()

    await database.write(by, save)
