"""The processes of one house, and a client that asks whichever of them answers."""

import asyncio
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from packhouse.testing.nats import free_port

SERVE = "from packhouse.cli import main; main()"
_START_SECONDS = 90
_STOP_SECONDS = 40
_ANSWER_SECONDS = 120
# what a client meets while a node dies, or while its key is held by one that died
_AGAIN = {"INTERNAL_SERVER_ERROR", "TIMEOUT", "CONFLICT"}


@dataclass
class Machines:
    """`serve` starts a process, `kill` ends it as a power cut would, `stop` as a rolling update does."""

    folder: Path
    token: str
    running: dict[str, tuple[asyncio.subprocess.Process, int]] = field(default_factory=dict)
    repeated: int = 0

    async def serve(self, name: str, role: str) -> None:
        """Start a process and wait until it is ready."""
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SERVE,
            "serve",
            "--role",
            role,
            "--port",
            str(port),
            cwd=self.folder,
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
            while not await _is_ready(session, port):
                assert process.returncode is None, f"{name} ended"
                await asyncio.sleep(0.05)
        self.running[name] = (process, port)

    async def kill(self, name: str) -> None:
        """SIGKILL: nothing is finished, nothing given back. Clients go on asking there until another takes its place."""
        process, _ = self.running[name]
        process.kill()
        await process.wait()

    async def stop(self, name: str) -> int:
        """SIGTERM: what is open is finished; returns the exit code."""
        process, _ = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_SECONDS):
            return await process.wait()

    async def end(self) -> None:
        """Stop them all, side by side."""
        codes = await asyncio.gather(*(self.stop(name) for name in list(self.running)))
        assert set(codes) <= {0}, codes

    async def are_alive(self) -> None:
        """Every process says that it lives, whatever it waits for."""
        async with aiohttp.ClientSession() as session:
            for name, (_, port) in self.running.items():
                async with session.get(f"http://127.0.0.1:{port}/health/live") as response:
                    assert response.status == 200, name

    async def are_ready(self) -> None:
        """Wait until every process says that requests may be sent to it again.

        Raises:
            TimeoutError: one does not.
        """
        async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
            for _, port in list(self.running.values()):
                while not await _is_ready(session, port):
                    await asyncio.sleep(0.05)

    async def are_not_ready(self) -> None:
        """Wait until every process says that no requests shall be sent to it.

        Raises:
            TimeoutError: one does not.
        """
        async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
            for _, port in list(self.running.values()):
                while await _is_ready(session, port):
                    await asyncio.sleep(0.05)

    def names(self, kind: str) -> list[str]:
        """Those that run and whose name begins with `kind`."""
        return [name for name in self.running if name.startswith(kind)]

    def addresses(self) -> list[str]:
        """Where requests are answered."""
        return [
            f"http://127.0.0.1:{port}/graphql" for name, (_, port) in self.running.items() if name.startswith("api")
        ]

    async def ask(self, query: str, variables: dict[str, Any] | None = None, *, key: str = "", turn: int = 0) -> Any:
        """The data of a document, from whichever answers; sent again, with its key, until somebody does."""
        headers = {"authorization": f"Bearer {self.token}", **({"idempotency-key": key} if key else {})}
        asked = {"query": query, "variables": variables or {}}
        async with asyncio.timeout(_ANSWER_SECONDS), aiohttp.ClientSession(headers=headers) as session:
            while True:
                turn += 1
                if addresses := self.addresses():
                    with suppress(aiohttp.ClientError, ConnectionError):
                        body = await _post(session, addresses[turn % len(addresses)], asked)
                        if "errors" not in body:
                            return body["data"]
                        codes = {each["extensions"]["code"] for each in body["errors"]}
                        assert codes <= _AGAIN, body
                self.repeated += 1
                await asyncio.sleep(0.05)


async def _post(session: aiohttp.ClientSession, address: str, asked: dict[str, Any]) -> dict[str, Any]:
    async with session.post(address, json=asked) as response:
        body: dict[str, Any] = await response.json()
        return body


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    with suppress(aiohttp.ClientError):
        async with session.get(f"http://127.0.0.1:{port}/health/ready") as response:
            return response.status == 200
    return False
