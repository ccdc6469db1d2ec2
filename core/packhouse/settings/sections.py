"""The settings themselves: one frozen model a section. `config/default.toml` shows the same, key by key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from packhouse.settings.errors import SettingsError
from packhouse.settings.redaction import hide_password, hide_secrets

SECRET_KEY_LENGTH = 32
DEFAULT_ORIGIN = "default"
GENERATED_ORIGIN = "made up for this process"
_METRICS_TOKEN_LENGTH = 16

_POSTGRES_EXPECTED = "postgresql://user:password@host/database with special characters of the password percent-encoded"
_SECRET_KEY_MISSING = (
    "security.secret_key is not set, and customers' links are signed with it. Run `packhouse init` to write a packhouse.toml "
    "with a fresh one, or set the environment variable PACKHOUSE_SECURITY__SECRET_KEY to at least "
    f"{SECRET_KEY_LENGTH} random characters."
)
_ORIGIN = re.compile(r"https?://[^/?#@\s]+")


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # read for its check: it raises when the port is no number
    except ValueError:  # its message quotes the address, so it goes no further
        return None
    return parts


def _checked_database_url(url: str) -> str:
    if url.startswith("sqlite://"):
        if not url.removeprefix("sqlite://").partition("?")[0]:
            raise ValueError("expected sqlite://FILE with the name of the file")
        return url
    if not url.startswith("postgresql://"):
        raise ValueError(f"expected sqlite://FILE or {_POSTGRES_EXPECTED}")
    # urlsplit would drop a line end left over from a secret's file
    parts = None if any(each.isspace() for each in url) else _split(url)
    database = "" if parts is None else parts.path.removeprefix("/")
    # an "@" or "#" behind the host is a password that was not encoded: part of it would pass as path or query
    if parts is None or not database or "/" in database or "@" in f"{database}{parts.query}" or "#" in url:
        raise ValueError(f"expected {_POSTGRES_EXPECTED}")
    if not parts.hostname and "host=" not in parts.query:
        raise ValueError(f"expected {_POSTGRES_EXPECTED}; the host is missing")
    return url


def _checked_nats_url(url: str) -> str:
    parts = _split(url)
    if url and (parts is None or parts.scheme not in {"nats", "tls"} or not parts.hostname):
        raise ValueError("expected nats://host:4222 or tls://host:4222")
    return url


def _checked_origin(origin: str) -> str:
    if origin != "*" and (_ORIGIN.fullmatch(origin) is None or _split(origin) is None):
        raise ValueError('expected "*" or scheme and host such as https://shop.example.com, without a path')
    return origin


def _checked_secret_key(secret: SecretStr) -> SecretStr:
    if 0 < len(secret) < SECRET_KEY_LENGTH:
        raise ValueError(f"expected at least {SECRET_KEY_LENGTH} characters")
    return secret


def _checked_metrics_token(token: SecretStr) -> SecretStr:
    if 0 < len(token) < _METRICS_TOKEN_LENGTH or not token.get_secret_value().isascii():
        raise ValueError(f"expected at least {_METRICS_TOKEN_LENGTH} characters of ASCII")
    return token


def _checked_collector(url: str) -> str:
    parts = _split(url)
    if url and (parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or not parts.path):
        raise ValueError("expected the whole address, such as http://127.0.0.1:4318/v1/traces")
    return url


def _checked_previous_key(secret: SecretStr) -> SecretStr:
    if not secret:
        raise ValueError("expected a key, not nothing")
    return _checked_secret_key(secret)


def _upper(level: object) -> object:
    return level.upper() if isinstance(level, str) else level


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Origin = Annotated[str, AfterValidator(_checked_origin)]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)]


class Section(BaseModel):
    """What all sections share: nothing unknown, nothing changed afterwards, no value quoted in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


class DatabaseSettings(Section):
    """Where state lives: an SQLite file for one machine, PostgreSQL for several processes.

    The times are for PostgreSQL. A statement is ended by the server after `statement_timeout_seconds`, and its connection given up five
    seconds later; a transaction that nobody goes on with after `idle_in_transaction_timeout_seconds`. Both are for servers: migrations
    and commands take as long as they need. `connect_timeout_seconds` is for a new connection; a network on which nothing is acknowledged
    for `network_timeout_seconds` is dead. A server that starts waits `start_wait_seconds` for a database that is away.
    """

    url: Annotated[str, AfterValidator(_checked_database_url)] = "sqlite://packhouse.sqlite3"
    pool_min: Annotated[int, Field(ge=0)] = 1
    pool_max: Count = 10
    statement_timeout_seconds: Seconds = 30.0
    idle_in_transaction_timeout_seconds: Seconds = 60.0
    connect_timeout_seconds: Seconds = 5.0
    network_timeout_seconds: Seconds = 10.0
    start_wait_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0

    @property
    def shown_url(self) -> str:
        """The url with its password hidden, for logs and messages."""
        return hide_password(self.url)

    @model_validator(mode="after")
    def _pool_has_room(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError("pool_min is greater than pool_max")
        return self

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, self.shown_url if name == "url" else value


class ServerSettings(Section):
    """The HTTP server. Port 0 asks the system for a free one."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    max_body_bytes: Count = 1_048_576
    max_upload_bytes: Count = 33_554_432
    graphiql: bool = False
    stop_delay_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    graceful_shutdown_seconds: Seconds = 10.0
    allowed_origins: list[Origin] = []
    idempotency_hours: Annotated[float, Field(ge=24, allow_inf_nan=False)] = 24.0


class GraphQLSettings(Section):
    """What one GraphQL operation may ask for, checked before it is validated, and whether the schema may be read."""

    max_depth: Count = 12
    max_tokens: Count = 5000
    max_aliases: Count = 30
    max_directives: Count = 50
    introspection: bool = True
    timeout_seconds: Seconds = 10.0


class SecuritySettings(Section):
    """Keys and links. `secret_key` signs the links that customers get, and encrypts the secrets of plugins.

    `previous_secret_keys`: what it was before, newest first; links and secrets made with those are still read.
    """

    secret_key: Annotated[SecretStr, AfterValidator(_checked_secret_key)] = SecretStr("")
    previous_secret_keys: list[Annotated[SecretStr, AfterValidator(_checked_previous_key)]] = []
    tracking_link_days: Count = 180

    def require_secret_key(self) -> str:
        """Return the key that signs customers' links.

        Raises:
            SettingsError: It is not set. (`load_settings` makes one up for the profiles development and test.)
        """
        if not self.secret_key:
            raise SettingsError([_SECRET_KEY_MISSING])
        return self.secret_key.get_secret_value()


class EventsSettings(Section):
    """How events are delivered to plugins, and how long what was settled is kept (`keep_days` 0: for ever)."""

    poll_seconds: Seconds = 0.5
    lease_seconds: Seconds = 30.0
    batch: Count = 200
    outage_days: Annotated[float, Field(gt=0, le=365, allow_inf_nan=False)] = 7.0
    max_attempts: Count = 12
    pause_after: Count = 20
    hook_timeout_seconds: Seconds = 30.0
    keep_days: Annotated[int, Field(ge=0)] = 0


class NatsSettings(Section):
    """NATS, where several processes work together: it passes hints on, so that they need not wait for their next poll.

    `url` empty: none. `stream` names a JetStream stream that gets every event, for consumers outside; empty: none.
    """

    url: Annotated[str, AfterValidator(_checked_nats_url)] = ""
    stream: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")] = ""

    @model_validator(mode="after")
    def _stream_has_a_server(self) -> Self:
        if self.stream and not self.url:
            raise ValueError("stream needs a url")
        return self

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, hide_password(self.url) if name == "url" else value


class ChannelsSettings(Section):
    """How often channels are asked for orders, their inbox for work, and what they may sell is counted, told and compared."""

    pull_seconds: Seconds = 60.0
    inbox_poll_seconds: Seconds = 1.0
    stock_seconds: Seconds = 0.5
    stock_compare_seconds: Seconds = 86_400.0


class ShippingSettings(Section):
    """How often carriers are asked where shipments are, and what parcels cost where routing looks at it; how long a quote counts."""

    tracking_poll_seconds: Seconds = 300.0
    quotes_seconds: Seconds = 900.0
    quotes_valid_hours: Annotated[float, Field(gt=0, le=8760, allow_inf_nan=False)] = 24.0


class InventorySettings(Section):
    """Which stock counts are approved without anybody: those off by no more than this, in units and, in a currency, in value."""

    count_auto_units: Annotated[int, Field(ge=0)] = 0
    count_currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    count_auto_value: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class FulfillmentSettings(Section):
    """How long a fulfilment network may take to accept work, and how often it is asked what stock it has."""

    accept_within_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 24.0
    stock_seconds: Seconds = 900.0


class FeedbackSettings(Section):
    """When a delivered order's customer is asked for a review, and how often that and the platforms are looked at."""

    review_request_delay_days: Annotated[int, Field(ge=0)] = 7
    ask_seconds: Seconds = 300.0
    pull_seconds: Seconds = 900.0
    recheck_seconds: Seconds = 3600.0


class ReturnsSettings(Section):
    """What a customer may send back, and what becomes of it."""

    window_days: Annotated[int, Field(ge=0)] = 30
    restock_by_default: bool = True


class LoggingSettings(Section):
    """How much is logged, and how it is written."""

    level: Level = "INFO"
    format: Literal["text", "json"] = "text"


class MetricsSettings(Section):
    """`/metrics` for Prometheus: there with a token only, which whoever asks sends as `Authorization: Bearer`."""

    token: Annotated[SecretStr, AfterValidator(_checked_metrics_token)] = SecretStr("")
    keep_seconds: Seconds = 5.0


class TracingSettings(Section):
    """Spans for OpenTelemetry: sent by OTLP over HTTP to `endpoint`; empty: none are made."""

    endpoint: Annotated[str, AfterValidator(_checked_collector)] = ""
    service_name: Annotated[str, Field(min_length=1, max_length=100)] = "packhouse"
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    propagate_to: list[str] = []


class PluginsSettings(Section):
    """Which plugins run, and their own free tables.

    `enabled` None means all installed ones except those in `disabled`. `strict`: a plugin that cannot be loaded stops
    the start instead of being left out. `settings` holds a table for each plugin code, checked by the plugin's own model.
    """

    enabled: list[str] | None = None
    disabled: list[str] = ["demo"]
    strict: bool = False
    settings: dict[str, dict[str, Any]] = {}

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            shown = {code: hide_secrets(table) for code, table in value.items()} if name == "settings" else value
            yield name, shown


@dataclass(frozen=True, slots=True, eq=False)
class _Origins:
    """Where settings came from, which does not make them other settings: all of these are equal."""

    by_key: Mapping[str, str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Origins)

    __hash__ = None  # type: ignore[assignment]  # nothing to find them by


class Settings(Section):
    """All settings of one Packhouse, complete and checked."""

    _origins: "_Origins" = PrivateAttr(default_factory=lambda: _Origins({}))

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    server: ServerSettings = Field(default_factory=ServerSettings)
    graphql: GraphQLSettings = Field(default_factory=GraphQLSettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    events: EventsSettings = Field(default_factory=EventsSettings)
    nats: NatsSettings = Field(default_factory=NatsSettings)
    channels: ChannelsSettings = Field(default_factory=ChannelsSettings)
    inventory: InventorySettings = Field(default_factory=InventorySettings)
    fulfillment: FulfillmentSettings = Field(default_factory=FulfillmentSettings)
    shipping: ShippingSettings = Field(default_factory=ShippingSettings)
    feedback: FeedbackSettings = Field(default_factory=FeedbackSettings)
    returns: ReturnsSettings = Field(default_factory=ReturnsSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    tracing: TracingSettings = Field(default_factory=TracingSettings)
    plugins: PluginsSettings = Field(default_factory=PluginsSettings)

    def origin(self, key: str) -> str:
        """Where a dotted setting came from: a file, a variable, DEFAULT_ORIGIN; empty for what a program set by itself."""
        section, _, name = key.partition(".")
        known = getattr(self, section, None)
        if isinstance(known, Section) and name in type(known).model_fields and name not in known.model_fields_set:
            return DEFAULT_ORIGIN
        return self._origins.by_key.get(key, "")

    def read_from(self, origins: Mapping[str, str]) -> Self:
        """The same, remembering where each setting came from."""
        told = self.model_copy()
        told._origins = _Origins(origins)  # noqa: SLF001  (its own)
        return told
