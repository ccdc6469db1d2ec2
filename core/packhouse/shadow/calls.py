"""What a plugin would have sent, as it is shown and compared: without secrets, and without what changes with every request."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import to_jsonable_python

from packhouse.settings.redaction import hide_password, is_secret_name

HIDDEN = "[hidden]"
LONGEST_BODY = 256 * 1024
# of the connection, not of the message
_IGNORED = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "date",
        "host",
        "traceparent",
        "tracestate",
        "user-agent",
    }
)
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "x-amz-access-token"})
_SHORTEST_SECRET = 4


@dataclass(frozen=True, slots=True)
class ShadowCall:
    """A request that was not sent. `answered` says from where its answer came; an attempt at anything else than HTTP has a method only."""

    method: str
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    answered: str = ""

    @property
    def lines(self) -> list[str]:
        """The call for people."""
        body = self.body if isinstance(self.body, str) else json.dumps(self.body, indent=2, ensure_ascii=False)
        headers = [f"{name}: {value}" for name, value in sorted(self.headers.items())]
        return [f"{self.method} {self.url}".strip(), *headers, *(body.splitlines() if self.body is not None else [])]

    @property
    def compared(self) -> str:
        """What has to be the same for the calls to be the same."""
        return "\n".join(self.lines)

    def as_json(self) -> dict[str, Any]:
        """The call for machines."""
        return asdict(self)


class Redaction:
    """Takes a plugin's secrets out of what is shown: those of its settings, and what headers are named after."""

    def __init__(self, settings: object = None) -> None:
        found = {secret for secret in _secrets(settings) if len(secret) >= _SHORTEST_SECRET}
        self._secrets = sorted(found, key=len, reverse=True)

    def text(self, shown: str) -> str:
        """A text without the secrets."""
        for secret in self._secrets:
            shown = shown.replace(secret, HIDDEN)
        return shown

    def value(self, given: object) -> Any:  # noqa: ANN401  (JSON)
        """What a plugin answered, as JSON and without the secrets."""
        return json.loads(self.text(json.dumps(to_jsonable_python(given, fallback=str, bytes_mode="base64"))))

    def call(self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes, answered: str) -> ShadowCall:
        """A request as it may be shown."""
        kept = {name.lower(): value for name, value in headers if name.lower() not in _IGNORED}
        shown = {
            name: HIDDEN if name in _CREDENTIALS or _is_secret(name) else self.text(value)
            for name, value in kept.items()
        }
        return ShadowCall(method, self.text(hide_password(url)), shown, self._body(body), answered)

    def _body(self, body: bytes) -> Any:  # noqa: ANN401  (JSON, or text)
        if not body:
            return None
        if len(body) > LONGEST_BODY:
            return f"{len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()}"
        try:
            text = self.text(body.decode())
        except UnicodeDecodeError:
            return f"{len(body)} bytes that are no text, SHA-256 {hashlib.sha256(body).hexdigest()}"
        try:
            return json.loads(text)
        except ValueError:
            return text


def _is_secret(name: str) -> bool:
    # an idempotency key is no secret, and what versions differ in
    return is_secret_name(name) and "idempotency" not in name


def _secrets(value: object) -> Iterator[str]:
    """Every secret in settings, however deep."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _secrets(each)
