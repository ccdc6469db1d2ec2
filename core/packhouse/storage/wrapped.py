"""What the ORM wraps: a driver's error stands among the arguments or the causes of its own."""

from collections.abc import Iterator


def with_wrapped(error: BaseException) -> Iterator[BaseException]:
    """An error, then what it wraps, from the outside in."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        wrapped = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = wrapped or seen.__cause__
