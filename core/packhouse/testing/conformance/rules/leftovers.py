"""After shutdown nothing of the plugin runs on: no task, no open session, also when a call was cut off in the middle."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp

from packhouse.testing.conformance import faults
from packhouse.testing.conformance.faults import Fault
from packhouse.testing.conformance.kit import Kit, Look, Rule
from packhouse.testing.conformance.running import running
from packhouse.testing.conformance.subject import Exchange, Operation
from packhouse.testing.conformance.trials import SECONDS, attempt, exchanges_of
from packhouse.testing.conformance.vendor import Vendor, vendor_for

_SETTLING = 0.05
_MAKING = "__init__"


async def _leftovers(kit: Kit) -> Look:
    look = Look()
    async with vendor_for(kit.subject.always, SECONDS) as vendor:
        look.see(await _left(kit, None, vendor, None, None))
    for probe in await kit.probes():
        async with vendor_for(exchanges_of(kit.subject, probe.operation), SECONDS) as vendor:
            look.see(await _left(kit, probe.operation, vendor, None, None))
        for exchange in probe.strikes[:1]:
            async with vendor_for(exchanges_of(kit.subject, probe.operation), SECONDS) as vendor:
                look.see(await _left(kit, probe.operation, vendor, faults.SILENT[0], exchange))
    return look


async def _left(
    kit: Kit, operation: Operation | None, vendor: Vendor, fault: Fault | None, struck: Exchange | None
) -> str | None:
    loop = asyncio.get_running_loop()
    complaints: list[str] = []
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: complaints.append(_complaint(context)))
    before = asyncio.all_tasks()
    try:
        with _sessions_made() as sessions:
            async with running(kit.subject, vendor) as plugin:
                if operation is not None:
                    vendor.fault, vendor.struck = fault, struck
                    await _cut_off(plugin.do(operation), vendor) if fault else await attempt(
                        lambda: plugin.do(operation)
                    )
        tasks = [task for task in asyncio.all_tasks() - before if not _is_servers(task) and not await _ends(task)]
        open_ = [each for each in sessions if not each.closed]
    finally:
        loop.set_exception_handler(handler)
    where = f"{operation or 'starting and stopping'}{', cut off in the middle' if fault else ''}"
    found = [f"the task {_name(task)} runs on" for task in tasks]
    found += ["an HTTP session is left open" for _ in open_] + complaints
    vendor.released.set()
    await _clean_up(tasks, open_)
    return f"{where}: {'; '.join(sorted(set(found)))}" if found else None


@contextmanager
def _sessions_made() -> Iterator[list[aiohttp.ClientSession]]:
    """Every HTTP session that is made until the block ends."""
    made: list[aiohttp.ClientSession] = []
    make = getattr(aiohttp.ClientSession, _MAKING)

    def remember(session: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> None:
        make(session, *args, **kwargs)
        made.append(session)

    # nobody else could see the sessions that a plugin makes for itself
    setattr(aiohttp.ClientSession, _MAKING, remember)
    try:
        yield made
    finally:
        setattr(aiohttp.ClientSession, _MAKING, make)


async def _ends(task: asyncio.Task[Any]) -> bool:
    """Whether a task ends by itself in a moment: a transport that is closing does."""
    done, _ = await asyncio.wait([task], timeout=_SETTLING)
    return bool(done)


async def _clean_up(tasks: list[asyncio.Task[Any]], sessions: list[aiohttp.ClientSession]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for each in sessions:
        await each.close()


def _name(task: asyncio.Task[Any]) -> str:
    return str(getattr(task.get_coro(), "__qualname__", task.get_name()))


async def _cut_off(call: Any, vendor: Vendor) -> None:  # noqa: ANN401  (a coroutine)
    """Cancel a call while its vendor says nothing, as a time-out of the host does."""
    task = asyncio.ensure_future(call)
    async with asyncio.timeout(SECONDS):
        while not vendor.hits and not task.done():  # noqa: ASYNC110  (the vendor is asked in another task)
            await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _is_servers(task: asyncio.Task[Any]) -> bool:
    """Whether it belongs to the kit's own vendor."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and str(code.co_filename).endswith("web_protocol.py")


def _complaint(context: dict[str, Any]) -> str:
    return str(context.get("message", "the loop complained"))


RULES = (Rule("leftovers", "After shutdown no task runs on and no session is open", _leftovers),)
