"""Bytes that strangers send to any address: bad HTTP, bad headers, bad bodies, and webhooks that are signed and senseless."""

import asyncio
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import urlsplit

from tests.end_to_end.shopify import CODE, SECRET, order_json, signed, with_shop
from tests.faults.hostile.client import INSIDES

from packhouse.channels.jobs import work_inbox
from packhouse.channels.models import InboundMessage
from packhouse.jobs.runner import Job
from packhouse.rooms import all_rooms
from packhouse.sdk import new_id
from packhouse.testing.proofs import contradictions
from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse.web.tracking_link import sign_tracking_link
from packhouse_shopify import Plugin

_SECONDS = 30.0
_LONGEST_LINE = 1_500
_CLOSING = {"host": b"x", "connection": b"close"}
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_PATHS = (
    "/", "/graphql", "/graphql/", "/graphql?query={__typename}", "/graphql?query=%00", "/graphql?query={__typename}&variables={",
    "/graphql?query=mutation{cancelOrder(input:{orderId:%22x%22,reason:%22y%22}){userErrors{code}}}", f"/graphql?query={'x' * 9_000}",
    "/graphql?query={__typename}&variables=[1]&operationName=%ff", f"/webhooks/channels/{CODE}", "/webhooks/channels/nobody",
    "/webhooks/channels/%00", "/webhooks/channels/%ff%fe", f"/webhooks/channels/{'x' * 5_000}", "/track/", "/track/x", "/track/%00",
    f"/track/{'.' * 5_000}", "/plugins/shopify/x", "/plugins/%00/%ff", "/plugins/../../etc/passwd", "/sheets/catalog.csv", "/sheets/stock.xlsx",
    "/sheets/prices.csv?dryRun=true", "/sheets/%00.csv", "/sheets/catalog.csv/..", "/sheets/CON.csv", "/health/live", "/health/ready", "/metrics",
    "//graphql", "/%2e%2e/graphql", "*", "http://elsewhere.example/graphql", "/graphql#x", "/graphql;a=b", "/nothing", f"/{'x/' * 2_000}",
)  # fmt: skip
_METHODS = (
    "GET",
    "POST",
    "POST",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "get",
    "BREW",
)
_HEADERS: tuple[tuple[str, bytes], ...] = (
    ("content-type", b"application/json"), ("content-type", b"application/json; charset=latin-1"), ("content-type", b"multipart/form-data"),
    ("content-type", b"multipart/form-data; boundary=x"), ("content-type", b"application/x-www-form-urlencoded"), ("content-type", b"\xff\xfe"),
    ("content-type", b'a/b; c="'), ("content-type", b"application/json;" * 500), ("accept", b"text/event-stream"), ("accept", b"*/*;q=nan"),
    ("accept", b","), ("accept", b"\xff"), ("accept", b"application/json;q=2"), ("accept", b";" * 5_000), ("accept", b"text/html"),
    ("authorization", b"Bearer "), ("authorization", b"Bearer ph_" + b"x" * 5_000), ("authorization", b"Basic eDp5"), ("authorization", b"\xff\xfe"),
    ("authorization", b"Bearer ph_\xc3\xa4"), ("idempotency-key", b"x" * 300), ("idempotency-key", b"\xff"), ("idempotency-key", b""),
    ("last-event-id", b"\xff"), ("last-event-id", b"9" * 5_000), ("x-request-id", b"<script>"), ("x-request-id", b"x" * 5_000),
    ("origin", b"null"), ("cookie", b"a=b; " * 500), ("x-forwarded-for", b"127.0.0.1, ::1"), ("host", b""), ("host", b"a b"), ("range", b"bytes=0-"),
    ("if-none-match", b"*"), ("expect", b"100-continue"), ("expect", b"200-ok"), ("upgrade", b"websocket"), ("upgrade", b"h2c"),
    ("accept-encoding", b"gzip, br;q=x"), ("traceparent", b"00-zz-xx-01"), ("traceparent", b"\xff"), ("content-encoding", b"gzip"),
    ("x-shopify-hmac-sha256", b"\xff\xfe"), ("x-shopify-hmac-sha256", b"=" * 5_000), ("x-shopify-topic", b"\xff"),
    ("x-shopify-triggered-at", b"0001-01-01T00:00:00+14:00"), ("x-shopify-triggered-at", b"NaN"), ("x-shopify-webhook-id", b"x" * 5_000),
)  # fmt: skip
_BODIES: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"{}", b'"x"', b"1e999", b"9" * 100_000, b"[" * 100_000, b'{"query":1}', b'{"query":"{__typename}"}', b"\xff\xfe{}",
    '{"query":"{__typename}"}'.encode("utf-16"), b'{"query":"{__typename}","variables":{"a":"\\ud800"}}', b'{"query":"{__typename}"}{}',
    b'[{"query":"{__typename}"}]', b'{"query":"{__typename}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}',
    b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{__typename}"}\r\n--x--\r\n', b"query={__typename}",
    b'{"query":"' + b"{a" * 2_000 + b'"}', b'{"query":"{' + b"a:__typename " * 3_000 + b'}"}', b'{"query":"query(' + b"$a:Int " * 2_000 + b'){__typename}"}',
    b'{"query":"{__typename @include(if:$a)}"}', b'{"query":"query Q{__typename}","operationName":"' + b"R" * 70_000 + b'"}', b"\0" * 1_000,
    b'{"query":"{__typename}","query":"{x}"}', b"sku,title\nA,b\n", b"PK\3\4", b"y" * 1_200_000,
)  # fmt: skip
# what only the server itself can have: bodies that are not what their headers say, and no HTTP at all
_NO_HTTP: tuple[bytes, ...] = (
    b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0" * 1_000,
    b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 5_000 + b"\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n", b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 9" + b"9" * 30 + b"\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", b"POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
)  # fmt: skip


class LogLines(logging.Handler):
    """What the server says, line by line."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        if record.name.startswith("packhouse") or record.levelno >= logging.ERROR:
            self.lines.append((record.levelno, record.getMessage()))


@dataclass
class Stranger:
    """Sends bytes, and judges what comes back and what is logged."""

    server: RunningServer
    chance: Random
    found: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    heard: LogLines = field(default_factory=LogLines)

    async def knock(self, sent: bytes) -> int:
        """Send it, and nothing else; gives the status, 0 where there was no answer."""
        address = urlsplit(self.server.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(sent)
            if sent in _NO_HTTP:
                # a half of something: nothing more comes
                writer.write_eof()
            async with asyncio.timeout(_SECONDS):
                answer = await self._answer(reader)
        except (TimeoutError, ConnectionError) as error:
            answer = repr(error).encode()
        finally:
            writer.close()
        return self._judge(sent, answer)

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        """All of it; of a stream, which has no end, its beginning."""
        answer = b""
        while part := await reader.read(65_536):
            answer += part
            if b"content-type: text/event-stream" in answer:
                break
        return answer

    def _judge(self, sent: bytes, answer: bytes) -> int:
        known = _STATUS.match(answer)
        status = int(known[1]) if known else 0
        self.statuses[status] = self.statuses.get(status, 0) + 1
        shown = f"{sent[:300]!r}… of {len(sent)}: {answer[:300]!r}"
        if status >= 500 or b"TimeoutError" in answer:
            self.found.append(f"status {status}: {shown}")
        if INSIDES.search(answer.decode("latin-1")):
            self.found.append(f"tells our insides: {shown} {answer[-500:]!r}")
        self.look_at_log(shown)
        return status

    def look_at_log(self, shown: str, most: int = 1) -> None:
        """Judge what was logged since the last look: no error, at most so many lines, each short and without secrets."""
        lines, self.heard.lines = self.heard.lines, []
        if any(level >= logging.ERROR for level, _ in lines) or len(lines) > most:
            self.found.append(f"logged {lines[:3]}: {shown}")
        if any(self.server.token in line or SECRET in line or len(line) > _LONGEST_LINE for _, line in lines):
            self.found.append(f"a line is too long, or tells a secret: {shown}: {max(line[:300] for _, line in lines)}")


async def visit(url: str, seed: int, requests: int, webhooks: int) -> Stranger:
    """So many requests of any kind, and webhooks that the shop has signed; each message ends as an order or in quarantine."""
    chance = Random(seed)
    parts = replace(all_rooms(), jobs=lambda _: [Job("work on the inbox", 3_600, _nothing, everywhere=True)])
    async with running_server(with_shop(server_settings(url), "http://127.0.0.1:9"), [Plugin()], parts=parts) as server:
        stranger = Stranger(server, chance)
        logger = logging.getLogger()
        level = logger.level
        logger.addHandler(stranger.heard)
        logger.setLevel(logging.INFO)
        try:
            for sent in [_plain(tracking_link(server)), *any_requests(chance, server.token, requests)]:
                await stranger.knock(sent)
            for body, headers in senseless_orders(chance, webhooks):
                named = {name: value.encode() for name, value in headers.items()}
                sent = _written("POST", f"/webhooks/channels/{CODE}", {**_CLOSING, **named}, body, chance)
                if await stranger.knock(sent) != 200:
                    stranger.found.append(f"a signed webhook was refused: {body[:300]!r}")
            await work_inbox(server.house, server.house.host)
            stranger.look_at_log("working on the inbox", most=webhooks)
            kept = Counter([message.status for message in await InboundMessage.all()])
            if kept["done"] + kept["quarantined"] != webhooks:
                stranger.found.append(f"of {webhooks} messages became {dict(kept)}")
            stranger.found += [f"broken: {each}" for each in await contradictions(server.house.database)]
        finally:
            logger.setLevel(level)
            logger.removeHandler(stranger.heard)
        return stranger


async def _nothing() -> None:
    """Messages are worked on when the test says so."""


def any_requests(chance: Random, token: str, count: int) -> Iterator[bytes]:
    """So many requests of any kind."""
    for _ in range(count):
        if chance.random() < 0.05:
            yield chance.choice(_NO_HTTP)
            continue
        headers = {**_CLOSING, "content-type": b"application/json"}
        if chance.random() < 0.6:
            headers["authorization"] = f"Bearer {token}".encode()
        headers |= dict(chance.sample(_HEADERS, chance.randint(0, 4)))
        yield _written(chance.choice(_METHODS), chance.choice(_PATHS), headers, chance.choice(_BODIES), chance)


def senseless_orders(chance: Random, count: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Webhooks that the shop has signed, and whose orders have one thing wrong: bodies and headers."""
    wrong: tuple[Any, ...] = (
        None, "", 0, -1, 2**63, 10**30, 1.5, "x" * 70_000, [], {}, [[]], [None], [{}], {"a": {}}, "NaN", "1e999999999", "-1", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", True, "\0", "\ud800",
    )  # fmt: skip
    for number in range(count):
        order: dict[str, Any] = json.loads(json.dumps(order_json(6_000 + number)))
        holder: Any = order
        while True:
            key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not (isinstance(holder[key], dict | list) and holder[key] and chance.random() < 0.7):
                break
            holder = holder[key]
        holder[key] = chance.choice(wrong)
        body = json.dumps(order).encode()
        yield (
            body,
            signed(
                body,
                topic=chance.choice(("orders/create", "orders/updated", "orders/paid", "refunds/create", "x" * 200)),
            ),
        )


def _plain(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()


def _written(method: str, path: str, headers: Mapping[str, bytes], body: bytes, chance: Random) -> bytes:
    head = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in headers.items())
    first = f"{method} {path} HTTP/1.1\r\n".encode()
    if chance.random() < 0.2:
        return (
            first
            + head
            + b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (max(len(body), 1), body or b"x")
        )
    return first + head + b"content-length: %d\r\n\r\n" % len(body) + body


def tracking_link(server: RunningServer) -> str:
    """A link that we signed, for an order that nobody knows."""
    return f"/track/{sign_tracking_link(server.house.settings.security, new_id())}"
