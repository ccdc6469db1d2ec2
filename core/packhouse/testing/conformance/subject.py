"""What a plugin's author writes down for the kit: how the plugin is set up, what it asks, and what its vendor answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from packhouse.sdk import CustomerSnapshot, Event, OrderSnapshot

if TYPE_CHECKING:
    from packhouse.testing.conformance.running import Running


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that arrived at the vendor. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  (any JSON value)
        """The body as JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the vendor answers: `json`, or else `body` as it stands."""

    status: int = 200
    json: Any = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The bytes that are sent."""
        return self.body if self.json is None else orjson.dumps(self.json)


Says = Reply | Callable[[Asked], Reply]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Something that the vendor is asked, and its recorded answer.

    `path` is a regular expression for the whole path; `when` chooses further, where one address serves everything (GraphQL).
    An `effect` is something that must not happen twice. `key` reads out of a request what the vendor knows a repeat by (an
    idempotency key, an id of ours); without one each request is a new effect, but for PUT and DELETE, which HTTP calls
    idempotent. `afterwards` is what it answers once the operation's effect has happened: to a repeat, or to a question about it.
    With `optional` the plugin may go on without the answer. `sets` reads out of a push of stock which numbers it sets, by the
    channel's SKU.
    """

    method: str
    path: str
    answer: Says
    effect: bool = False
    key: Callable[[Asked], str] | None = None
    afterwards: Says | None = None
    when: Callable[[Asked], bool] | None = None
    optional: bool = False
    name: str = ""
    sets: Callable[[Asked], Mapping[str, int]] | None = None

    def __str__(self) -> str:
        return self.name or f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that the plugin does: a method of a provider, or its hook for an event.

    `name` is the method (`buy_label`) or the hook (`shipment_dispatched`, `test_connection`, `check_order`). A method gets
    `arguments`; an event's hook `event` with `order` or `customer`; a check its `order`, and the `Facts` among the arguments.
    `call` stands in for all of it where nothing fits, and `gives` says of what type its answer is. `find` asks whether an earlier
    call in doubt happened.
    Without `find`, the host makes a call in doubt again with the same key, or leaves it to a person where it `repeats` none (an
    invitation: its key is used once). An event is always repeated.
    `refusal` is how the vendor says no to it for good. `provider` and `recipient` are needed where there are several.
    """

    name: str
    arguments: Sequence[Any] = ()
    exchanges: Sequence[Exchange] = ()
    find: "Operation | None" = None
    repeats: bool = True
    event: Event | None = None
    order: OrderSnapshot | None = None
    customer: CustomerSnapshot | None = None
    refusal: Reply | None = None
    provider: str = ""
    recipient: str = ""
    call: "Callable[[Running], Awaitable[Any]] | None" = None
    gives: Any = None
    title: str = ""

    def __str__(self) -> str:
        return self.title or self.name

    @property
    def has_effect(self) -> bool:
        """Whether the vendor is asked to do something."""
        return any(exchange.effect for exchange in self.exchanges)

    @property
    def all_exchanges(self) -> tuple[Exchange, ...]:
        """Its own, and those of asking about it."""
        return (*self.exchanges, *(self.find.exchanges if self.find else ()))


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook that the plugin reads. `sign` gives the headers that the vendor sends with a body at a moment (UTC).

    `is_timed`: the signature covers a time, and old ones are refused. Read as `topic`.
    """

    topic: str
    body: bytes
    sign: Callable[[bytes, datetime], Mapping[str, str]]
    provider: str = ""
    is_timed: bool = True


class Address(Protocol):
    """Where the vendor is for one trial: `url` without a slash at its end, and the `seconds` that time-outs are to be set to."""

    @property
    def url(self) -> str: ...  # noqa: D102  (the class says it)
    @property
    def seconds(self) -> float: ...  # noqa: D102


def no_data(document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """For a plugin that reads nothing by GraphQL."""
    del document, variables
    raise NotImplementedError("the plugin asks context.query: give the subject a `query` that answers it")


@dataclass(frozen=True, slots=True)
class Subject:
    """A plugin under examination.

    `plugin` is its class; `settings` makes its table of settings for a vendor's address, with `secrets` planted in it (all of
    them at least eight characters; tokens in recorded answers belong to them, too). `always` are exchanges that any operation
    may need: a token. `unauthorised` is how the vendor says that credentials do not work. `query` answers `context.query`.
    `exempt` names rules that cannot hold for this plugin, each with its reason. `routing_options` are options to try its routing rules
    with, by their codes.
    """

    plugin: type
    settings: Callable[[Address], Mapping[str, Any]]
    operations: Sequence[Operation] = ()
    secrets: Sequence[str] = ()
    always: Sequence[Exchange] = ()
    webhooks: Sequence[Webhook] = ()
    unauthorised: Reply = Reply(401, {"error": "unauthorised"})
    query: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] = no_data
    exempt: Mapping[str, str] = field(default_factory=dict)
    routing_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
