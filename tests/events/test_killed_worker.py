"""A worker process that is killed in the middle of a hook: another one goes on where it was."""

import asyncio
import signal
import sys
import textwrap
from pathlib import Path
from typing import Any

from packhouse.sdk import new_id

WORKER = textwrap.dedent(
    """
    import asyncio, sys
    from packhouse.events.outbox import Outbox
    from packhouse.events.relay import Relay
    from packhouse.sdk import EventType
    from packhouse.storage import open_database

    class Settings:
        poll_seconds, lease_seconds, batch, max_attempts, pause_after = 0.05, 1.0, 20, 3, 1000
        outage_days = 7.0

    class Plugins:
        listeners = dict.fromkeys(EventType, ("crm",))
        def retries(self, code):
            return ()

        def wants_order(self, code, event_type):
            return True

        def is_ready(self, code):
            return True

        def wants_customer(self, code, event_type):
            return False

        async def deliver(self, event, order, handover, customer):
            handover.changes["last"] = str(event.payload["n"])
            if event.payload["n"] == 3:
                print("in the middle", flush=True)
                await asyncio.sleep(60)

    async def nobody(order_ids):
        return {}

    async def main():
        database = await open_database(sys.argv[1], before_commit=Outbox().flush)
        await Relay(database, Plugins(), nobody, Settings()).start()
        await asyncio.sleep(60)

    asyncio.run(main())
    """
)


async def test_another_worker_goes_on(house: Any, make_plugins: Any, database_url: str, tmp_path: Path) -> None:
    plugins = house.listen(make_plugins())
    order_id = new_id()
    await house.happen(*range(6), order_id=order_id)
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, str(script), database_url, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert worker.stdout is not None
        async with asyncio.timeout(30):
            assert await worker.stdout.readline() == b"in the middle\n"
        # the second worker runs beside it, and must not touch the lane while its lease is renewed
        await house.relay()
        await asyncio.sleep(1.5)
        assert plugins.delivered == []
    finally:
        worker.send_signal(signal.SIGKILL)
        await worker.communicate()
    await house.until_delivered(6)
    # what the killed one had not written down is delivered again, in order: at least once
    assert plugins.facts("crm", order_id) == list(range(6))
    # nor did anything stay of what it had set
    assert await house.rows("SELECT * FROM plugin_state") == []
