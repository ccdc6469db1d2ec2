"""What attempts say about their plugin: paused when it keeps failing, and let go on when a probe worked."""

import logging
from collections.abc import Sequence

from packhouse.events.breaker import Blame, Breaker
from packhouse.events.lane_store import Attempt, LaneRun
from packhouse.events.pauses import close_breaker, hold_pause, open_breaker, pause_for_good
from packhouse.events.states import DeliveryStatus
from packhouse.sdk.values import now
from packhouse.storage import Database

_DONE, _DEAD = DeliveryStatus.DONE, DeliveryStatus.DEAD
log = logging.getLogger(__name__)


class Judge:
    """Judges one plugin by what one worker sees; `pause_after` deliveries that fail in a row pause it."""

    def __init__(self, database: Database, plugin: str, pause_after: int) -> None:
        self._database = database
        self._plugin = plugin
        self._breaker = Breaker(pause_after)

    async def judge(self, runs: Sequence[LaneRun]) -> None:
        """Pause the plugin, go on with it, or let it be."""
        for run in runs:
            if run.lane.probe:
                await self._judge_probe(run.attempts)
            elif run.went_well:
                if run.attempts:
                    self._breaker.worked()
            else:
                for attempt in run.attempts:
                    await self._judge(attempt)

    async def _judge(self, attempt: Attempt) -> None:
        if _understood(attempt):
            self._breaker.worked()
        elif self._breaker.failed(attempt.blame, attempt.delivery_id):
            await self._pause(attempt)

    async def _judge_probe(self, attempts: Sequence[Attempt]) -> None:
        """A probe that was not made, or that failed on our side or for going too fast, leaves the pause as long as it was."""
        if not attempts:
            await hold_pause(self._database, self._plugin, now())
        for attempt in attempts:
            if _understood(attempt):
                self._breaker.worked()
                await close_breaker(self._database, self._plugin)
                log.warning("Plugin %s works again: its deliveries go on", self._plugin)
            elif attempt.blame is Blame.NONE and attempt.next_attempt_at is not None:
                await hold_pause(self._database, self._plugin, attempt.next_attempt_at)
            else:
                await self._pause(attempt, probed=True)

    async def _pause(self, attempt: Attempt, *, probed: bool = False) -> None:
        plugin, reason = self._plugin, attempt.error
        if attempt.blame is Blame.GONE:
            await pause_for_good(self._database, plugin, reason)
            log.error("Deliveries to plugin %s are paused until somebody resumes them: %s", plugin, reason)
            return
        until = await open_breaker(self._database, plugin, reason, probed=probed)
        if until is not None:
            log.error("Deliveries to plugin %s are paused until %s: %s", plugin, until.isoformat(), reason)


def _understood(attempt: Attempt) -> bool:
    """Whether it reached the vendor: what was refused was at least understood."""
    return attempt.status is _DONE or (attempt.status is _DEAD and attempt.blame is Blame.NONE)
