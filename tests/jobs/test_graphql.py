"""Whoever is on call sees what runs by the clock, and runs it now."""

from packhouse.jobs.models import JobRow
from packhouse.sdk import now
from packhouse.testing.graphql import Execute

RUN = "mutation Run($input: RunJobInput!) { runJob(input: $input) { job { name } userErrors { code field } } }"


async def test_jobs_are_listed_and_run(execute: Execute) -> None:
    at = now()
    for name in ("pull orders", "ask for reviews"):
        await JobRow.create(name=name, due_at=at.replace(year=at.year + 1), failures=1, last_error="ValueError: no")
    jobs = (await execute("{ jobs { name isRunning failures lastError lastStartedAt } }"))["jobs"]
    assert jobs == [
        {"name": name, "isRunning": False, "failures": 1, "lastError": "ValueError: no", "lastStartedAt": None}
        for name in ("ask for reviews", "pull orders")
    ]
    answer = await execute(RUN, {"input": {"name": "pull orders"}})
    assert answer["runJob"] == {"job": {"name": "pull orders"}, "userErrors": []}
    row = await JobRow.get(name="pull orders")
    assert row.wanted
    assert row.due_at <= now()


async def test_an_unknown_job_is_refused(execute: Execute) -> None:
    answer = await execute(RUN, {"input": {"name": "nothing"}})
    assert answer["runJob"] == {"job": None, "userErrors": [{"code": "NOT_FOUND", "field": ["name"]}]}
    assert await JobRow.all().count() == 0
