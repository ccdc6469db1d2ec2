"""The short form: whatever a client sends, it is answered, and what is refused has changed nothing."""

from tests.faults.hostile.storm import storm


async def test_no_input_makes_an_error_of_ours(database_url: str) -> None:
    judge = await storm(database_url, 1 if database_url.startswith("sqlite") else 2, rounds=1)
    assert judge.found == []
    assert judge.outcomes["done"] > 30
    assert judge.outcomes["refused"] > 30
