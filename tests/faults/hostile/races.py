"""Two clients who want what cannot both be had, at the same moment: each is answered, and the database tells one story."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

import aiohttp
from graphql import build_schema
from tests.faults.hostile import contests_of_orders, contests_of_stock
from tests.faults.hostile.client import Heard
from tests.faults.hostile.racer import Racer

from packhouse.schema import create_schema
from packhouse.testing.proofs import contradictions
from packhouse.testing.server import RunningServer

Contest = Callable[[Racer], Awaitable[None]]
CONTESTS: tuple[Contest, ...] = (
    contests_of_orders.cancel_or_send,
    contests_of_orders.cancel_or_pick,
    contests_of_orders.pick_twice,
    contests_of_orders.refund_twice,
    contests_of_orders.pay_twice,
    contests_of_orders.settle_return,
    contests_of_stock.buy_or_release,
    contests_of_stock.buy_or_expire,
    contests_of_stock.receive_twice,
    contests_of_stock.count_twice,
    contests_of_stock.move_the_last,
    contests_of_stock.treat_lots,
    contests_of_stock.pause_and_resume,
    contests_of_stock.set_up_twice,
)


async def races(server: RunningServer, seed: int, rounds: int, *, every: int = 1) -> list[str]:
    """Each contest (or every second, third …) so many times, three at once; gives what was found: errors of ours, and what tells two stories."""
    chance = Random(seed)
    mutations = build_schema(create_schema().as_str()).mutation_type
    assert mutations is not None
    types = {
        name: " ".join((next(iter(each.args)), str(next(iter(each.args.values())).type)))
        for name, each in mutations.fields.items()
    }
    heard = Heard()
    logging.getLogger().addHandler(heard)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
            racer = Racer(server, http, chance, types)
            work = [*CONTESTS[::every]] * rounds
            chance.shuffle(work)
            for begin in range(0, len(work), 3):
                await asyncio.gather(
                    *(
                        _held(replace(racer, run=begin + number), each)
                        for number, each in enumerate(work[begin : begin + 3])
                    )
                )
        await server.house.relay.drain()
    finally:
        logging.getLogger().removeHandler(heard)
    return [*racer.found, *heard.take(), *await contradictions(server.house.database)]


async def _held(racer: Racer, contest: Contest) -> None:
    """A contest; one that cannot go on is a fault, too."""
    try:
        await contest(racer)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is reported with its seed)
        racer.found.append(f"{contest.__name__}: {error!r}")
