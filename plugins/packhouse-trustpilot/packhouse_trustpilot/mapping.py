"""Reads Trustpilot's JSON, whatever is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from packhouse.sdk import AnswerUnreadable, IncomingReview, ReviewReply

Json = dict[str, Any]

# What is asked for at once, and the most that Trustpilot gives.
PAGE = 100
_LOWEST, _HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class Page:
    """Reviews, and whether there are more behind them."""

    reviews: tuple[IncomingReview, ...]
    has_next: bool

    @property
    def created(self) -> list[datetime]:
        """When they were written, where that is known."""
        return [review.created_at for review in self.reviews if review.created_at is not None]


def page_of(payload: Mapping[str, Any], reviews: tuple[IncomingReview, ...]) -> Page:
    """A page; there is more where it is full, or where a link says so."""
    links = payload.get("links")
    found = [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    is_linked = any(text(link, "rel").startswith("next") for link in found)
    return Page(reviews, has_next=bool(reviews) and (len(reviews) >= PAGE or is_linked))


def section(node: Mapping[str, Any], name: str) -> Json:
    """The object of a field; empty where there is none."""
    value = node.get(name)
    return value if isinstance(value, dict) else {}


def several(node: Mapping[str, Any], name: str) -> list[Any]:
    """The members of a field that must be a list.

    Raises:
        AnswerUnreadable: it is none.
    """
    value = node.get(name)
    if not isinstance(value, list):
        raise AnswerUnreadable(f"{name} is no list")
    return value


def text(node: Mapping[str, Any], name: str) -> str:
    """The text of a field; empty where it is missing or no text. A number, such as an order's, is a text."""
    value = node.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def stars(node: Mapping[str, Any]) -> int:
    """1 to 5; 0 where it is anything else, which no scale has."""
    value = node.get("stars")
    is_score = isinstance(value, int) and not isinstance(value, bool) and _LOWEST <= value <= _HIGHEST
    return value if is_score and isinstance(value, int) else 0


def moment(node: Mapping[str, Any], name: str) -> datetime | None:
    """A time in UTC; None where it is missing or unreadable. Trustpilot's times without an offset are in UTC."""
    try:
        read = datetime.fromisoformat(text(node, name))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def query_time(at: datetime) -> str:
    """A time as Trustpilot's filters take it: UTC without an offset, 2026-11-22T10:00:00."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def send_time(at: datetime) -> str:
    """A time as Trustpilot's invitations take it: UTC, 11/22/2026 10:00:00."""
    return at.astimezone(UTC).strftime("%m/%d/%Y %H:%M:%S")


def reply_of(node: Mapping[str, Any], content: str) -> ReviewReply | None:
    """A reply of its text (in the field `content`) and time; None where there is no text."""
    words = text(node, content)
    return ReviewReply(words, moment(node, "createdAt")) if words else None
