"""A review as the database can hold it, whatever a plugin made of its platform's answer."""

from datetime import datetime

from packhouse.sdk import IncomingReview, ReviewReply, fact_id

_LONGEST_ID = 128
_LONGEST_TITLE = 255
_LONGEST_SKU = 100
_LONGEST_LANGUAGE = 35
_LONGEST_EMAIL = 254
_LARGEST = 2**63 - 1


def storable(platform: str, review: IncomingReview) -> IncomingReview:
    """No zero bytes, a heading that fits, a score that is a number (0 where it is none, which no scale has), and an id that
    stays the same for the same review.
    """
    external_id, body = _text(review.external_id), _text(review.body)
    if not 0 < len(external_id) <= _LONGEST_ID:
        external_id = str(fact_id("review", platform, external_id, review.order_number, review.sku, body))
    return IncomingReview(
        external_id=external_id,
        order_number=_text(review.order_number)[:_LONGEST_ID].strip(),
        score=_score(review.score),
        title=_text(review.title)[:_LONGEST_TITLE],
        body=body,
        sku=_text(review.sku)[:_LONGEST_SKU],
        created_at=_time(review.created_at),
        edited_at=_time(review.edited_at),
        language=_text(review.language)[:_LONGEST_LANGUAGE],
        reply=_reply(review.reply),
        is_removed=review.is_removed is True,
        email=_text(review.email)[:_LONGEST_EMAIL].strip().lower(),
        problem=_text(review.problem),
    )


def _reply(value: object) -> ReviewReply | None:
    if not isinstance(value, ReviewReply) or not (text := _text(value.text)):
        return None
    return ReviewReply(text, _time(value.replied_at))


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "")


def _score(value: object) -> int:
    return value if isinstance(value, int) and abs(value) <= _LARGEST else 0


def _time(value: object) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo is not None else None
