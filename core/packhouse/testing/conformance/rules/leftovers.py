"""After shutdown nothing of the plugin runs on: no task, no open session, also when a call was cut off in the middle."""

import asyncio
import gc
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
    before, sessions = asyncio.all_tasks(), _open_sessions()
    try:
        async with running(kit.subject, vendor) as plugin:
            if operation is not None:
                vendor.fault, vendor.struck = fault, struck
                await _cut_off(plugin.do(operation), vendor) if fault else await attempt(lambda: plugin.do(operation))
        vendor.released.set()
        await asyncio.sleep(_SETTLING)
        tasks = [task for task in asyncio.all_tasks() - before if not _is_servers(task)]
        open_ = [each for each in _open_sessions() if each not in sessions]
    finally:
        loop.set_exception_handler(handler)
    where = f"{operation or 'starting and stopping'}{', cut off in the middle' if fault else ''}"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for each in open_:
        await each.close()
    found = [f"the task {task.get_coro().__qualname__} runs on" for task in tasks if task.get_coro()]  # type: ignore[union-attr]
    found += ["an HTTP session is left open" for _ in open_] + complaints
    return f"{where}: {'; '.join(sorted(set(found)))}" if found else None


async def _cut_off(call: Any, vendor: Vendor) -> None:  # noqa: ANN401  (a coroutine)
    """Cancel a call while its vendor says nothing, as a time-out of the host does."""
    task = asyncio.ensure_future(call)
    async with asyncio.timeout(SECONDS):
        while not vendor.hits and not task.done():  # noqa: ASYNC110  (the vendor is asked in another task)
            await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _open_sessions() -> list[aiohttp.ClientSession]:
    return [each for each in gc.get_objects() if isinstance(each, aiohttp.ClientSession) and not each.closed]


def _is_servers(task: asyncio.Task[Any]) -> bool:
    """Whether it belongs to the kit's own vendor."""
    return "aiohttp/web" in str(task.get_coro())


def _complaint(context: dict[str, Any]) -> str:
    return str(context.get("message", "the loop complained"))


RULES = (Rule("leftovers", "After shutdown no task runs on and no session is open", _leftovers),)
