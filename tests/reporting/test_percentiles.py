import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from math import ceil
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packhouse.reporting.statements import percentiles
from packhouse.storage.dialect import Dialect

Figures = dict[str, tuple[int, int, int]]
Values = list[tuple[str, int]]

values = st.lists(
    st.tuples(st.sampled_from("ab"), st.one_of(st.integers(0, 5), st.integers(0, 2**40))), min_size=1, max_size=60
)
# one database serves all examples
examples = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def nearest_rank(rows: Values) -> Figures:
    figures: Figures = {}
    for key in {key for key, _ in rows}:
        ordered = sorted(value for other, value in rows if other == key)
        size = len(ordered)
        # 9n/10 and n/2 in whole numbers: a float's 0.9 is not nine tenths
        figures[key] = size, ordered[ceil(size / 2) - 1], ordered[-(-9 * size // 10) - 1]
    return figures


def source(rows: Values) -> str:
    return "(" + " UNION ALL ".join(f"SELECT '{key}' AS k, {value} AS v" for key, value in rows) + ") AS given"


def read(found: list[Any]) -> Figures:
    return {row["k"]: (row["n"], row["median"], row["p90"]) for row in found}


@examples
@given(values)
def test_sqlite_agrees_with_python(rows: Values) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(percentiles(Dialect.SQLITE, source(rows), "k", "v")).fetchall()
    assert read(found) == nearest_rank(rows)


@pytest.fixture(scope="module")
def ask_postgres(postgres_server: str) -> Iterator[Callable[[str], Figures]]:
    async def fetch(sql: str) -> Figures:
        return read(await connection.fetch(sql))

    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(postgres_server))
        yield lambda sql: runner.run(fetch(sql))
        runner.run(connection.close())


@examples
@given(rows=values)
def test_postgres_agrees_with_python(ask_postgres: Callable[[str], Figures], rows: Values) -> None:
    assert ask_postgres(percentiles(Dialect.POSTGRES, source(rows), "k", "v")) == nearest_rank(rows)


@pytest.mark.parametrize("size", [1, 2, 9, 10, 11, 70, 99, 100, 101, 1000])
def test_both_agree_at_the_edges_of_a_rank(size: int, ask_postgres: Callable[[str], Figures]) -> None:
    rows = [("a", value) for value in range(1, size + 1)]
    expected = {"a": (size, (size + 1) // 2, -(-9 * size // 10))}
    assert nearest_rank(rows) == expected
    series = f"SELECT 'a' AS k, value AS v FROM generate_series(1, {size}) AS value"
    assert ask_postgres(percentiles(Dialect.POSTGRES, f"({series}) AS given", "k", "v")) == expected
    recursive = (
        f"WITH RECURSIVE s(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM s WHERE v < {size}) SELECT 'a' AS k, v FROM s"
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(percentiles(Dialect.SQLITE, f"({recursive}) AS given", "k", "v")).fetchall()
    assert read(found) == expected
