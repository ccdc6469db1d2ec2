"""A plugin that can be installed in tests, with settings, secrets and recipients."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from packhouse.sdk import Event, PluginContext, PluginManifest, Recipient, hookimpl


class Endpoint(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    secrets: list[SecretStr] = Field(min_length=1)


class PostSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    pin: SecretStr = Field(min_length=4)
    speed: int = Field(default=1, ge=1)
    endpoints: dict[str, Endpoint] = {}


class PostPlugin:
    """Passes events on to its endpoints. `alive` are the instances that run, `got` what they were given."""

    alive: ClassVar[list["PostPlugin"]] = []
    got: ClassVar[list[tuple[str, Any, int, str]]] = []

    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("post", "Post", "1.0", settings=PostSettings)

    @hookimpl
    def register_recipients(self, context: PluginContext) -> Sequence[Recipient]:
        return [Recipient(name) for name in context.settings.endpoints]

    @hookimpl
    async def startup(self, context: PluginContext) -> None:
        self.settings = context.settings
        self.alive.append(self)

    @hookimpl
    async def shutdown(self) -> None:
        self.alive.remove(self)

    @hookimpl
    async def order_changed(self, event: Event, context: PluginContext) -> None:
        assert self in self.alive
        pin = context.settings.pin.get_secret_value()
        self.got.append((context.recipient, event.payload["n"], context.settings.speed, pin))


class MailPlugin:
    @hookimpl
    def plugin_manifest(self) -> PluginManifest:
        return PluginManifest("mail", "Mail", "2.0")


@dataclass
class Distribution:
    version: str = "1.0"


@dataclass
class Point:
    name: str
    plugin: Any
    dist: Distribution = field(default_factory=Distribution)

    def load(self) -> Any:
        if isinstance(self.plugin, Exception):
            raise self.plugin
        return self.plugin


@pytest.fixture
def post() -> type[PostPlugin]:
    PostPlugin.alive.clear()
    PostPlugin.got.clear()
    return PostPlugin


@pytest.fixture
def points(post: type[PostPlugin]) -> list[Point]:
    return [Point("post", post), Point("mail", MailPlugin), Point("broken", ImportError("no module named vendor"))]
