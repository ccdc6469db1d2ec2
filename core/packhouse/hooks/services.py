"""What the built-in plugins work with: the application itself, which plugins from outside never see."""

from typing import Protocol

from packhouse.sdk import Providers
from packhouse.settings import Settings
from packhouse.storage import Database


class Services(Protocol):
    """Handed to built-in plugins by the composition root; its attributes are there once the server has started."""

    @property
    def database(self) -> Database: ...  # noqa: D102  (the class says it)
    @property
    def providers(self) -> Providers: ...  # noqa: D102
    @property
    def settings(self) -> Settings: ...  # noqa: D102
