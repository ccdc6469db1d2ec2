"""A real NATS with JetStream for tests, from a wheel; PACKHOUSE_TEST_NATS_URL names another one."""

import atexit
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from packhouse.servers.nats import NatsServer, free_port

__all__ = ["NATS_URL", "NatsServer", "free_port", "nats_beside", "nats_server", "nats_url", "shared_nats_url"]

NATS_URL = "PACKHOUSE_TEST_NATS_URL"


@cache
def shared_nats_url() -> str:
    """The URL of a NATS for all tests of this process, which runs until the process ends: what passes hints alone may be shared."""
    named = os.environ.get(NATS_URL)
    if named:
        return named
    folder = tempfile.TemporaryDirectory(prefix="packhouse-nats-")
    server = NatsServer(free_port(), Path(folder.name))
    server.start()
    atexit.register(folder.cleanup)
    atexit.register(server.stop)  # the last one first
    return server.url


def nats_beside(database_url: str) -> str:
    """The URL of the NATS of a set-up, which its database tells: none beside SQLite, that of all tests beside PostgreSQL."""
    return "" if database_url.startswith("sqlite") else shared_nats_url()


@pytest.fixture
def nats_server() -> Iterator[NatsServer]:
    """A server of this test's own, running."""
    with tempfile.TemporaryDirectory(prefix="packhouse-nats-") as folder:
        server = NatsServer(free_port(), Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def nats_url(request: pytest.FixtureRequest) -> str:
    """The URL of a NATS with JetStream."""
    named = os.environ.get(NATS_URL)
    return named or str(request.getfixturevalue("nats_server").url)
