"""How the jobs stand, whichever process does them."""

from collections.abc import Collection

from packhouse.sdk.values import now
from packhouse.storage import Database
from packhouse.storage.dialect import read_time
from packhouse.telemetry.metrics import Figure


async def job_figures(database: Database, names: Collection[str]) -> list[Figure]:
    """How the jobs of these names stand; there are few, also those of plugins that are gone."""
    at = now()
    found = await database.fetch("SELECT name, due_at, leased_until, last_finished_at, failures FROM job ORDER BY name")
    rows = [row for row in found if row["name"] in names]
    finished = [
        ((row["name"],), read_time(row["last_finished_at"]).timestamp())
        for row in rows
        if row["last_finished_at"] is not None
    ]
    lags = []
    for row in rows:
        in_hand = row["leased_until"] is not None and read_time(row["leased_until"]) >= at
        late = (at - read_time(row["due_at"])).total_seconds()
        lags.append(((row["name"],), 0.0 if in_hand else max(0.0, late)))
    return [
        Figure("job_last_finished_timestamp_seconds", "When the last run ended", ("job",), finished),
        Figure("job_failures", "Failed runs in a row", ("job",), [((row["name"],), row["failures"]) for row in rows]),
        Figure("job_lag_seconds", "How long the job is due with nobody at it", ("job",), lags),
    ]
