"""Hides secrets in texts: those that are known, and whatever looks like one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from packhouse.settings import Settings
from packhouse.settings.redaction import HIDDEN, hide_secrets, is_secret_name

# A shorter one would hide half of every line, and is no secret.
_SHORTEST = 6
_PATTERNS = (
    # access tokens
    (re.compile(r"\bph_[A-Za-z0-9_-]{16,}"), f"ph_{HIDDEN}"),
    # customers' links: who has one sees the order
    (re.compile(r"(/track/)[A-Za-z0-9_.%~-]{8,}"), rf"\g<1>{HIDDEN}"),
    (
        re.compile(r"(?i)(authorization['\"]?\s*[:=,]\s*+(?:b(?=['\"]))?['\"]?+)(?!(?:bearer|basic)\s)[^\s'\",}]+"),
        rf"\g<1>{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\g<1> {HIDDEN}"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=]+"), f"whsec_{HIDDEN}"),
    # the password of an address, and telling parameters of its query
    (re.compile(r"([A-Za-z][\w+.-]*://[^\s:@/]*:)[^\s@]+(@)"), rf"\g<1>{HIDDEN}\g<2>"),
    (
        re.compile(r"(?i)([?&][\w.-]*(?:secret|token|passw|key|credential|signature|hmac)[\w.-]*=)[^&#\s'\"]+"),
        rf"\g<1>{HIDDEN}",
    ),
)


class Secrets:
    """The secrets of one process. `learn` adds some, `hide` takes them out of a text."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(texts)

    @classmethod
    def of(cls, settings: Settings) -> "Secrets":
        """Those that the settings hold, plugins' tables included."""
        return cls(_of_settings(settings))

    def learn(self, texts: Iterable[str]) -> None:
        """Hide these from now on, as they are and as parts of an address or of quoted text."""
        forms = {form for text in texts if len(text) >= _SHORTEST for form in _forms(text)}
        if forms <= self._known:
            return
        self._known |= forms
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(each) for each in longest_first))

    def hide(self, text: str) -> str:
        """The text without its secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def hide_within(self, value: Any) -> Any:  # noqa: ANN401  (whatever is logged)
        """The same value with its secrets hidden, in tables and lists as well; what is no plain value as its text."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {
                str(name): HIDDEN if is_secret_name(str(name)) else self.hide_within(each)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.hide_within(each) for each in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.hide(str(value))


def secrets_of(value: object) -> Iterator[str]:
    """The secrets inside a model of settings: all that is declared as `SecretStr`."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_of(getattr(value, name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from secrets_of(each)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from secrets_of(each)


def _of_settings(settings: Settings) -> Iterator[str]:
    yield from secrets_of(settings)
    for address in (settings.database.url, settings.nats.url):
        yield from _passwords(address)
    for table in settings.plugins.settings.values():
        yield from _hidden_texts(table, hide_secrets(table))


def _passwords(address: str) -> Iterator[str]:
    password = urlsplit(address).password
    if password:
        yield password
        yield unquote(password)


def _hidden_texts(value: object, shown: object) -> Iterator[str]:
    """The texts of a free value that its shown form hides."""
    if isinstance(value, dict) and isinstance(shown, dict):
        for name, each in value.items():
            yield from _hidden_texts(each, shown[name])
    elif isinstance(value, list) and isinstance(shown, list):
        for each, shown_each in zip(value, shown, strict=True):
            yield from _hidden_texts(each, shown_each)
    elif shown == HIDDEN:
        yield str(value)
    elif isinstance(value, str) and shown != value:
        yield from _passwords(value)


def _forms(text: str) -> set[str]:
    return {text, quote(text, safe=""), repr(text)[1:-1]}
