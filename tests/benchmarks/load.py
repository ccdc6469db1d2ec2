"""A small HTTP client that loads a server on loopback: keep-alive connections, each with one request at a time."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run showed: requests a second, the server's CPU milliseconds a request, median, p95 and p99 milliseconds."""

    per_second: float
    cpu_ms: float
    median_ms: float
    p95_ms: float
    p99_ms: float


async def load(
    port: int, request: Callable[[int], bytes], *, pid: int, connections: int, requests: int, warm_up: int
) -> Figures:
    """Send requests over some connections and measure; every answer must be 200 and hold no errors.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    numbers = iter(range(warm_up + requests))
    await _send(port, request, numbers, connections, warm_up)
    cpu, started = cpu_seconds(pid), time.perf_counter()
    times = await _send(port, request, numbers, connections, requests)
    elapsed, used = time.perf_counter() - started, cpu_seconds(pid) - cpu
    times.sort()
    median, p95, p99 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.95, 0.99))
    return Figures(requests / elapsed, used / requests * 1000, median, p95, p99)


async def _send(
    port: int, request: Callable[[int], bytes], numbers: "iter[int]", connections: int, count: int
) -> list[float]:
    left = iter(range(count))
    times: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            body = request(next(numbers))
            started = time.perf_counter()
            writer.write(body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            answer = await reader.readexactly(length)
            times.append(time.perf_counter() - started)
            assert head.startswith(b"HTTP/1.1 200"), (head, answer[:500])
            assert b'"errors"' not in answer[:200], answer[:500]
            assert b'"code"' not in answer[:200], answer[:500]
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return times


def post(path: str, body: bytes, token: str = "") -> bytes:
    """A POST request with a JSON body."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\n{authorization}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """The processor's time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
