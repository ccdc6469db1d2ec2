"""Plugins that do things twice, believe anybody, tell secrets or leave things behind fail the one rule that they break."""

from collections.abc import AsyncIterator

import pytest
from tests.testing.conformance.broken import BROKEN, EFFECTS, Broken, LeavesASession, breaks_what_it_should


@pytest.fixture
async def sessions_closed() -> AsyncIterator[None]:
    yield
    while LeavesASession.made:
        await LeavesASession.made.pop().close()


@pytest.mark.usefixtures("sessions_closed")
@pytest.mark.parametrize("broken", [each for each in BROKEN if each.rule in EFFECTS], ids=str)
async def test_it_breaks_what_it_should(broken: Broken) -> None:
    await breaks_what_it_should(broken)
