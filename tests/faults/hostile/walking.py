"""One step of a life after the other."""

from typing import Any, Protocol


class EndOfLife(Exception):
    """The next step cannot be made: what it needs was refused, because a spoilt request before was good enough to be done."""


class Nothing(dict[str, Any]):
    """What a step gave that was refused: a life may do without it, or ends where it needs it."""

    def __missing__(self, name: str) -> Any:
        raise EndOfLife(name)


class Walks(Protocol):
    """Does one step; gives what the mutation gave."""

    async def __call__(self, mutation: str, selection: str, **values: Any) -> Any: ...
