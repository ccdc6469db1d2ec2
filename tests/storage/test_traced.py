"""Transactions and statements as spans, inside those of who asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from opentelemetry.trace import StatusCode
from tests.telemetry.traced import Traced, said

from packhouse.catalog.models import Variant
from packhouse.sdk import now
from packhouse.storage import Database, Initiator, UnitOfWork, open_database
from packhouse.storage.unit_of_work import Conflict
from packhouse.telemetry.tracing import Tracing

BY_SKU = 'SELECT sku FROM "variant" WHERE sku = $1'
RENAME = 'UPDATE "variant" SET title = $1 WHERE sku = $2'


@pytest.fixture
def process() -> Traced:
    return Traced()


@asynccontextmanager
async def opened(url: str, process: Traced) -> AsyncIterator[Database]:
    async def nothing(_: UnitOfWork) -> None:
        """No event is recorded here."""

    database = await open_database(url, before_commit=nothing, tracing=process.tracing)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def traced(database_url: str, process: Traced) -> AsyncIterator[Database]:
    async with opened(database_url, process) as database:
        yield database


async def add(uow: UnitOfWork) -> None:
    """Write by the ORM, in a transaction of its own inside as well, and by statements."""
    await Variant.create(sku="planted-a", title="planted", created_at=now())
    await Variant.get_or_create(sku="planted-b", defaults={"title": "planted", "created_at": now()})
    await uow.look_up(BY_SKU, "planted-a")
    await uow.execute_many(RENAME, [("planted-c", "planted-a"), ("planted-d", "planted-b")])


async def test_a_transaction_holds_its_statements(traced: Database, process: Traced, by: Initiator) -> None:
    with process.tracing.span("work"):
        await traced.write(by, add)
    work, transaction = process.named("work"), process.named("transaction")
    assert process.inside(work) == [transaction]
    assert said(transaction, "packhouse.reruns") == 0
    statements = process.inside(transaction)
    assert [span.name for span in statements] == ["INSERT", "SELECT", "INSERT", "SELECT", "UPDATE"]
    assert [said(span, "db.operation.name") for span in statements] == [span.name for span in statements]
    assert [said(span, "db.query.text") for span in statements[3:]] == [BY_SKU, RENAME]
    system = "sqlite" if traced.dialect.value == "sqlite" else "postgresql"
    assert {said(span, "db.system.name") for span in (transaction, *statements)} == {system}
    assert "planted" not in "".join(span.to_json() for span in process.spans)


async def test_reads_are_inside_who_reads(traced: Database, process: Traced, by: Initiator) -> None:
    await traced.write(by, add)
    with process.tracing.span("work"):
        rows = [await traced.fetch(BY_SKU, "planted-a"), await traced.look_up(BY_SKU, "planted-a")]
        assert [len(found) for found in rows] == [1, 1]
        assert await Variant.filter(title__icontains="planted", sku__in=["planted-a"]).count() == 1
    statements = process.inside(process.named("work"))
    assert [span.name for span in statements] == ["SELECT"] * 3
    assert len(process.spans) == 4
    assert "planted" not in "".join(span.to_json() for span in process.spans)


async def test_nothing_outside_a_span(traced: Database, process: Traced, by: Initiator) -> None:
    await traced.write(by, add)
    await traced.fetch(BY_SKU, "a")
    await traced.look_up(BY_SKU, "a")
    assert await Variant.all().count() == 2
    assert process.spans == ()


async def test_what_goes_on_after_the_end_of_its_span_makes_none(
    traced: Database, process: Traced, by: Initiator
) -> None:
    ended = asyncio.Event()

    async def late() -> None:
        await ended.wait()
        await traced.write(by, add)
        await traced.fetch(BY_SKU, "a")

    with process.tracing.span("work"):
        task = asyncio.create_task(late())
    ended.set()
    await task
    assert [span.name for span in process.spans] == ["work"]


async def test_what_fails_is_marked_without_its_text(traced: Database, process: Traced, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> None:
        await uow.fetch("SELECT planted_column FROM nowhere WHERE sku = $1", "secret-value")

    with process.tracing.span("work"), pytest.raises(Exception, match="nowhere"):
        await traced.write(by, work)
    failed = [process.named("SELECT"), process.named("transaction")]
    assert [(span.status.status_code, span.events) for span in failed] == [(StatusCode.ERROR, ())] * 2
    assert "secret-value" not in "".join(span.to_json() for span in process.spans)


async def test_a_transaction_that_is_run_again_says_so(postgres_url: str, process: Traced, by: Initiator) -> None:
    failures = [Conflict("read again"), Conflict("read again")]

    async def work(uow: UnitOfWork) -> None:
        await uow.look_up(BY_SKU, "a")
        if failures:
            raise failures.pop()

    async with opened(postgres_url, process) as traced:
        with process.tracing.span("work"):
            await traced.write(by, work)
    transaction = process.named("transaction")
    assert said(transaction, "packhouse.reruns") == 2
    assert len(process.inside(transaction)) == 3


async def test_a_long_statement_is_cut(traced: Database, process: Traced) -> None:
    with process.tracing.span("work"):
        await traced.fetch(f"SELECT 1 AS one {' ' * 5000}")
    assert len(str(said(process.named("SELECT"), "db.query.text"))) == 4000


async def test_where_nothing_is_traced_the_database_is_the_plain_one(database: Database, by: Initiator) -> None:
    async def work(uow: UnitOfWork) -> type[UnitOfWork]:
        assert "execute_query" not in vars(uow.client)
        return type(uow)

    assert type(database.tracing) is Tracing
    assert (type(database), await database.write(by, work)) == (Database, UnitOfWork)
    assert "execute_query" not in vars(database.client())
