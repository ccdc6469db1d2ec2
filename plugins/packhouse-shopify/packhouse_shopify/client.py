"""Calls the Admin GraphQL API, and says by the kind of the error what a failed call means."""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from importlib.resources import files

import aiohttp

from packhouse.sdk import (
    ProviderAuthFailed,
    ProviderError,
    ProviderInDoubt,
    ProviderRateLimited,
    ProviderRefused,
    Unreadable,
    Vendor,
    VendorAnswer,
)
from packhouse_shopify.fields import parse_json
from packhouse_shopify.settings import Shop

Json = Mapping[str, object]

_DEFAULT_WAIT = 2.0
_SHORTEST_WAIT = 0.1
_LONGEST_WAIT = 3600.0
_LONGEST_DETAIL = 300
_BROKEN = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"}
_NO_ACCESS = {"ACCESS_DENIED", "UNAUTHORIZED", "FORBIDDEN"}
_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")


@cache
def document(*names: str) -> str:
    """The text of GraphQL documents of this package, one after the other: an operation and its fragments."""
    folder = files("packhouse_shopify") / "documents"
    return "\n".join((folder / f"{name}.graphql").read_text("utf-8") for name in names)


@dataclass(frozen=True, slots=True)
class Cost:
    """What an operation was reckoned to cost, and what the bucket holds; in points and points a second."""

    requested: float
    available: float
    restore_rate: float

    @property
    def wait(self) -> float:
        """Seconds until the bucket holds enough for the same operation."""
        if self.restore_rate <= 0:
            return _DEFAULT_WAIT
        return min(max((self.requested - self.available) / self.restore_rate, _SHORTEST_WAIT), _LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Answer:
    """The data of an operation, and its cost where Shopify tells it."""

    data: Json
    cost: Cost | None


class AdminClient:
    """The Admin GraphQL API of one shop."""

    def __init__(self, shop: Shop, http: Callable[[], aiohttp.ClientSession], log: logging.Logger) -> None:
        self._shop = shop
        self._log = log
        self._vendor = Vendor(
            shop.domain,
            http,
            timeout=None,
            secrets=lambda: [each.get_secret_value() for each in (shop.access_token, *shop.webhook_secrets)],
        )

    def __repr__(self) -> str:
        return f"AdminClient({self._shop.domain})"

    async def read(self, text: str, variables: Json) -> Answer:
        """The answer to a query.

        Raises:
            ProviderError: of the kind that says whether asking again helps.
        """
        return await self._run(text, variables, effect=False)

    async def write(self, text: str, variables: Json) -> Answer:
        """The answer to a mutation; its `userErrors` are still to be looked at.

        Raises:
            ProviderInDoubt: it was sent, and whether it happened is not known.
            ProviderError: of the other kinds when nothing happened.
        """
        return await self._run(text, variables, effect=True)

    async def _run(self, text: str, variables: Json, *, effect: bool) -> Answer:
        what = found[1] if (found := _OPERATION.search(text)) else "operation"
        answer = await self._vendor.send(
            what,
            "POST",
            self._shop.admin_url,
            effect=effect,
            headers={
                "X-Shopify-Access-Token": self._shop.access_token.get_secret_value(),
                "Content-Type": "application/json",
            },
            data=json.dumps({"query": text, "variables": dict(variables)}).encode(),
        )
        self._check_status(what, answer, effect=effect)
        try:
            payload = parse_json(answer.body)
        except Unreadable:
            payload = None
        if not isinstance(payload, Mapping):
            raise self._vendor.unclear(what, "the answer is not a JSON object", effect=effect)
        cost = _cost(payload)
        data = payload.get("data")
        data = data if isinstance(data, Mapping) else {}
        if payload.get("errors"):
            raise self._failure(what, payload["errors"], data, cost, effect=effect)
        return Answer(data, cost)

    def _check_status(self, what: str, answer: VendorAnswer, *, effect: bool) -> None:
        status = answer.status
        detail, code = f"{self._shop.domain} answered HTTP {status}", str(status)
        if status == HTTPStatus.OK:
            return
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise ProviderAuthFailed(f"{detail}: the access token is not accepted", code=code)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = max(answer.retry_after(_DEFAULT_WAIT), _SHORTEST_WAIT)
            raise ProviderRateLimited(detail, retry_after=wait, code=code)
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._vendor.unclear(what, f"HTTP {status}", effect=effect, code=code)
        raise ProviderRefused(detail, code=code)

    def _failure(self, what: str, errors: object, data: Json, cost: Cost | None, *, effect: bool) -> ProviderError:
        """What top-level errors mean. Data beside the errors of a mutation says that it may have happened."""
        found = errors if isinstance(errors, list) else [errors]
        codes = {code for error in found if (code := _code(error))}
        code = min(codes, default="")
        detail = self.safe(f"{self._shop.domain}: " + "; ".join(_message(error) for error in found))
        self._log.warning("Shopify refused an operation: %s", detail)
        if "THROTTLED" in codes:
            wait = cost.wait if cost else _DEFAULT_WAIT
            return ProviderRateLimited(detail, retry_after=wait, code="THROTTLED")
        if effect and any(value is not None for value in data.values()):
            return ProviderInDoubt(detail, code=code)
        if codes & _NO_ACCESS:
            return ProviderAuthFailed(detail, code=code)
        if codes & _BROKEN:
            return self._vendor.unclear(what, detail, effect=effect, code=code)
        return ProviderRefused(detail, code=code)

    def safe(self, text: str) -> str:
        """A vendor's words, shortened, without any secret of ours that they may repeat."""
        text = self._vendor.hide(text)
        return text if len(text) <= _LONGEST_DETAIL else text[:_LONGEST_DETAIL] + "..."


def _message(error: object) -> str:
    return str(error.get("message", "no message")) if isinstance(error, Mapping) else str(error)


def _code(error: object) -> str:
    extensions = error.get("extensions") if isinstance(error, Mapping) else None
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    return code if isinstance(code, str) else ""


def _number(value: object, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return default
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return default
    return number if math.isfinite(number) else default


def _cost(payload: Json) -> Cost | None:
    extensions = payload.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, Mapping) else None
    throttle = cost.get("throttleStatus") if isinstance(cost, Mapping) else None
    if not isinstance(cost, Mapping) or not isinstance(throttle, Mapping):
        return None
    return Cost(
        requested=_number(cost.get("requestedQueryCost"), 0.0),
        available=_number(throttle.get("currentlyAvailable"), 0.0),
        restore_rate=_number(throttle.get("restoreRate"), 0.0),
    )
