"""The short form: strangers knock at every address, and a shop signs orders that make no sense."""

from tests.faults.hostile.doors import visit


async def test_whatever_is_sent_is_answered(database_url: str) -> None:
    stranger = await visit(database_url, seed=1, requests=200, webhooks=60)
    assert stranger.found == []
    assert {200, 400, 401, 404, 405} <= set(stranger.statuses)
