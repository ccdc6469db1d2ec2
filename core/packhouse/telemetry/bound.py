"""What the current task is about: a request, a delivery, a job. Every line that it logs says so."""

from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType, TracebackType

_BOUND: ContextVar[Mapping[str, object]] = ContextVar("packhouse_bound", default=MappingProxyType({}))


def bind(**names: object) -> None:
    """Adds names to what the current task is about, until it ends: for tasks that are about one thing, and begun by thousands."""
    _BOUND.set({**_BOUND.get(), **names})


class bound:  # noqa: N801  (used as a word: `with bound(job=name)`)
    """Adds names to what the current task is about, until the block ends; tasks started in it inherit them.

    Names: `correlation_id` (groups all that one request caused), `request`, `event_id`, `order_id`, `plugin`, `job`,
    `provider`, `operation`. Values become text only when a line is written, so that binding costs next to nothing.
    """

    __slots__ = ("_names", "_token")

    def __init__(self, **names: object) -> None:
        self._names = names

    def __enter__(self) -> None:
        self._token: Token[Mapping[str, object]] = _BOUND.set({**_BOUND.get(), **self._names})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _BOUND.reset(self._token)


def bound_names() -> Mapping[str, object]:
    """What the current task is about."""
    return _BOUND.get()
