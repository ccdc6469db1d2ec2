"""The short form: whoever wants the same at once is answered, and the database tells one story."""

from tests.faults.hostile.races import races
from tests.faults.hostile.shop import furnished_server


async def test_conflicting_wishes_at_the_same_moment(database_url: str) -> None:
    # one writer: there is less to see on SQLite
    every = 4 if database_url.startswith("sqlite") else 1
    async with furnished_server(database_url) as server:
        assert await races(server, seed=1, rounds=1, every=every) == []
