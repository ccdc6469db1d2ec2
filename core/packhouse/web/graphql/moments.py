"""Moments in GraphQL: always with an offset, so that nobody guesses whose clock is meant."""

from datetime import UTC, datetime

from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.types.scalar import ScalarDefinition


def read_moment(value: object) -> datetime:
    """A moment that a client sent, in UTC.

    Raises:
        StrawberryInputCoercionError: not a text in ISO 8601, no offset, or outside the years 1 to 9999.
    """
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise StrawberryInputCoercionError(
        f"DateTime: {value!r} is not a moment in ISO 8601 with an offset, as in 2026-01-31T09:30:00Z"
    )


def write_moment(value: datetime) -> str:
    """A moment as clients get it."""
    return value.isoformat()


DATE_TIME: ScalarDefinition = ScalarDefinition(
    name="DateTime",
    description="A moment in ISO 8601 with an offset: 2026-01-31T09:30:00Z. Answers are in UTC.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=write_moment,
    parse_value=read_moment,
    parse_literal=None,
    origin=datetime,
)
