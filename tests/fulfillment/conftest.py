import pytest
from tests.fulfillment.partner import Desk

from packhouse.sdk import NetworkStatus, NetworkUpdate
from packhouse.storage import Database
from packhouse.testing.partners import TestCooperatingNetwork


@pytest.fixture
def network() -> TestCooperatingNetwork:
    """A network that accepts work at once and can be talked to."""
    return TestCooperatingNetwork(first=NetworkUpdate(NetworkStatus.ACCEPTED, "N-1"))


@pytest.fixture
def desk(database: Database, network: TestCooperatingNetwork) -> Desk:
    """Delivers events by hand, with that network."""
    return Desk(database, network)
