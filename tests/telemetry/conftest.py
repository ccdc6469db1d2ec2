"""What a process would write to its log, as objects."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from packhouse.settings import LoggingSettings
from packhouse.telemetry.logs import log_handler
from packhouse.telemetry.secrets import Secrets


@dataclass
class Log:
    """The JSON log of everything that happens in this process."""

    secrets: Secrets = field(default_factory=Secrets)
    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def log() -> Iterator[Log]:
    written = Log()
    handler = log_handler(LoggingSettings(format="json"), written.secrets, written.stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
