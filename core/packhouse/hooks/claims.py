"""The codes that plugins claim: whoever comes first has one, and the other is left out as a whole.

First come the built-in plugins, then the installed ones by their codes.
"""

from collections.abc import Iterator, Mapping, Sequence

from packhouse.hooks.errors import DuplicateCode
from packhouse.hooks.registry import KINDS
from packhouse.sdk.providers import Provider

PLUGIN = "plugin"
_NAMES = {kind.field: kind.name for kind in KINDS}


class Claims:
    """Who has which code of which kind."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, str], str] = {}

    def require_free(self, plugin: str) -> None:
        """Refuse a plugin's code that another one has, or one that stands for the same settings: - and _ are one there.

        Raises:
            DuplicateCode: it has.
        """
        first = self._owners.get(_of_plugin(plugin))
        if first is not None:
            raise DuplicateCode(PLUGIN, plugin, first, plugin)

    def take(self, plugin: str, contributions: Mapping[str, Sequence[Provider]]) -> None:
        """Give a plugin its code and those of its providers, by field of `Providers`; all of them or none.

        Raises:
            DuplicateCode: another plugin has one of them.
        """
        self.require_free(plugin)
        wanted = list(_of_providers(contributions))
        for kind, code in wanted:
            first = self._owners.get((kind, code))
            if first is not None:
                raise DuplicateCode(kind, code, first, plugin)
        self._owners |= dict.fromkeys([_of_plugin(plugin), *wanted], plugin)


def _of_plugin(code: str) -> tuple[str, str]:
    return PLUGIN, code.replace("_", "-")


def _of_providers(contributions: Mapping[str, Sequence[Provider]]) -> Iterator[tuple[str, str]]:
    for field, providers in contributions.items():
        for provider in providers:
            yield _NAMES[field], provider.code
