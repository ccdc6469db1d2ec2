"""`packhouse verify`: whether everything in the database agrees.

Exit codes: 0 when everything agrees (with --repair: afterwards), 1 when something does not, 2 when it could not be looked at.
"""
# ruff: noqa: PLC0415  (heavy modules are imported when a command runs)

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from packhouse.cli.working import ACTOR, ORIGIN, read_settings

if TYPE_CHECKING:
    from packhouse.settings import Settings
    from packhouse.storage import Database
    from packhouse.verification.invariants import Violation

_FOUND = 1
_LONGEST_REASON = 120


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)


def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can be, by corrections that say why.")
    ] = False,
    reason: Annotated[
        str, typer.Option(help="Why, for the ledger and the log of events.", metavar="TEXT")
    ] = "packhouse verify --repair",
) -> None:
    """Recompute stock, claims, counters and money from what they come from, and name every difference.

    The database may be in use meanwhile.
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise typer.BadParameter(f"expected 1 to {_LONGEST_REASON} characters", param_hint="--reason")
    left = asyncio.run(_run(read_settings(), reason.strip() if repair else None))
    if left:
        raise typer.Exit(_FOUND)


async def _run(settings: "Settings", reason: str | None) -> int:
    """Verify, after repairing where there is a reason; returns how much is wrong at the end."""
    from packhouse.events.outbox import Outbox
    from packhouse.opening import open_ready
    from packhouse.verification.verify import INVARIANTS

    database = await open_ready(settings, Outbox.undecided())
    try:
        if reason is not None:
            await _repair(database, reason)
        left = await _verify(database)
    finally:
        await database.close()
    typer.echo(
        f"{left} differences from {len(INVARIANTS)} invariants" if left else f"All {len(INVARIANTS)} invariants hold"
    )
    return left


async def _repair(database: "Database", reason: str) -> None:
    from packhouse.storage import Initiator
    from packhouse.verification.verify import repair

    async for attempt in repair(database, Initiator(ACTOR, ORIGIN), reason):
        _tell(attempt.violation, f"not repaired: {attempt.obstacle}" if attempt.obstacle else "repaired")


async def _verify(database: "Database") -> int:
    from packhouse.verification.verify import verify

    count = 0
    async for violation in verify(database):
        count += 1
        _tell(violation, f"proposed: {violation.proposal}")
    return count


def _tell(violation: "Violation", what_next: str) -> None:
    ids = ", ".join(f"{name} {id_}" for name, id_ in violation.ids.items())
    typer.echo(f"Broken: {violation.invariant.name}\n  {ids}\n  {violation.message}\n  {what_next}")
