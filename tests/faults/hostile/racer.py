"""A client who asks for several things at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from packhouse.testing.server import RunningServer

Ask = tuple[str, str, dict[str, Any]]


@dataclass
class Racer:
    """A client who asks for several things at once."""

    server: RunningServer
    http: aiohttp.ClientSession
    chance: Random
    types: Mapping[str, str]
    found: list[str] = field(default_factory=list)
    run: int = 0

    async def ask(self, mutation: str, selection: str, values: Mapping[str, Any]) -> tuple[str, Any]:
        """The code of the refusal, empty where it was done, and what it gave; anything else is a fault."""
        name, declared = self.types[mutation].split(" ", 1)
        document = f"mutation (${name}: {declared}) {{ {mutation}({name}: ${name}) {{ {selection} userErrors {{ code message }} }} }}"
        variables = {name: values if name == "input" else values[name]}
        body = {"query": document, "variables": variables}
        async with self.http.post(self.server.graphql, json=body, headers=self.server.headers) as response:
            answer = await response.json()
        if response.status != 200 or "errors" in answer:
            self.found.append(f"{mutation} {values}: {response.status} {answer}")
            return "FAULT", {}
        payload = answer["data"][mutation]
        if payload["userErrors"]:
            return payload["userErrors"][0]["code"], {}
        return "", next((each for field_, each in payload.items() if field_ != "userErrors" and each), {})

    async def walk(self, mutation: str, selection: str, **values: Any) -> Any:
        """One step that works."""
        code, given = await self.ask(mutation, selection, values)
        assert not code, (mutation, code, self.found)
        return given

    async def location(self, code: str = "leeds") -> str:
        """The id of a location."""
        body = {"query": f'{{ location(code: "{code}") {{ id }} }}'}
        async with self.http.post(self.server.graphql, json=body, headers=self.server.headers) as response:
            return str((await response.json())["data"]["location"]["id"])

    async def race(self, *asks: Ask, beside: Sequence[Callable[[], Awaitable[object]]] = ()) -> list[str]:
        """Ask for all of it at once, in any order and a little apart, while the server works by itself `beside` it.

        Gives the codes in the order of the asks.
        """
        started = list(enumerate(asks))
        self.chance.shuffle(started)
        codes = [""] * len(asks)

        async def one(place: int, ask: Ask, turns: int) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            codes[place], _ = await self.ask(*ask)

        await asyncio.gather(
            *(one(place, ask, self.chance.randint(0, 40)) for place, ask in started), *(work() for work in beside)
        )
        return codes


def expect(racer: Racer, codes: Sequence[str], least: int, most: int, what: str) -> None:
    """So many of them were done."""
    done = sum(not code for code in codes)
    if not least <= done <= most:
        racer.found.append(f"{what}: {done} of {len(codes)} were done, {least} to {most} can be: {codes}")
