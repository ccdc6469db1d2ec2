"""All that a client can ask for, in any order and in any mood."""

from random import Random
from typing import Any

import aiohttp
from tests.faults.hostile import streams
from tests.faults.hostile.all_lives import Life, lives
from tests.faults.hostile.client import Client, Judge
from tests.faults.hostile.shop import furnished_server
from tests.faults.hostile.still import Stillness

from packhouse.testing.proofs import contradictions


async def storm(url: str, seed: int, rounds: int, *, everything: bool = False) -> Judge:
    """Each mutation so many times, queries and subscriptions in between; then all has to agree, and the server to be well.

    Honest clients live their lives among them. Without `everything` it is every other mutation, query and life, by the seed.
    """
    chance = Random(seed)
    still = await Stillness(url).open()
    try:
        async with furnished_server(url) as server, _connections() as http:
            client = Client(server, http, still, chance)
            await client.begin()
            try:
                known = lives(await client.read("locations"), await client.read("customers"))
                share = slice(None) if everything else slice(seed % 2, None, 2)
                for kind, name in _program(client, known, rounds, share, everything=everything):
                    await _ask(client, known, kind, name, spoilt=4 if everything else 1)
                await streams.flood(client)
                await client.settle()
                for path in ("live", "ready"):
                    async with http.get(f"{server.url}/health/{path}") as response:
                        assert response.status == 200
                client.judge.found += [f"broken: {each}" for each in await contradictions(server.house.database)]
                return client.judge
            finally:
                client.end()
    finally:
        await still.close()


def _program(
    client: Client, known: dict[str, Life], rounds: int, share: slice, *, everything: bool
) -> list[tuple[str, Any]]:
    fields = client.documents.fields
    work: list[tuple[str, Any]] = [("mutation", name) for name in fields("mutation")[share]] * rounds
    work += [("query", name) for name in fields("query")[share]] * (rounds // 4 + 1)
    work += [(kind, name) for kind in ("subscription", "stream") for name in fields("subscription")] * (rounds // 4 + 1)
    work += [("frame", message) for message in streams.broken_frames(client.chance, 23 if everything else 5)]
    work += [("life", name) for name in list(known)[share]] * (rounds // 3 + 1)
    client.chance.shuffle(work)
    # before the others are broken by somebody's whims
    return [*(("peace", name) for name in known if everything), *work]


async def _ask(client: Client, known: dict[str, Life], kind: str, name: Any, spoilt: int) -> None:
    match kind:
        case "mutation":
            await client.mutate(name)
        case "query":
            await client.query(name)
        case "subscription":
            await streams.subscribe(client, name)
        case "stream":
            await streams.stream(client, name)
        case "frame":
            await streams.break_protocol(client, name)
        case "life":
            await client.live(name, known[name], spoilt)
        case "peace":
            await client.live(name, known[name], 0)


def _connections() -> aiohttp.ClientSession:
    # one for each request: what a server closes because it was idle is not taken for a lost answer
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
