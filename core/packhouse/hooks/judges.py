"""What plugins decide with where orders are routed: their kinds of rules by `plugin/code`, their strategies by the plugin's code."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from packhouse.hooks.implementations import Implementation
from packhouse.hooks.loading import Candidate
from packhouse.sdk.routing import RoutingRule


@dataclass(frozen=True, slots=True)
class Judges:
    """The judges of all plugins in use; `versions` of the plugins that bring any, by code."""

    rules: Mapping[str, RoutingRule] = field(default_factory=dict)
    strategies: Mapping[str, Implementation] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Sequence[Candidate], strategies: Iterable[Implementation]) -> "Judges":
        """What the plugins bring."""
        by_plugin = {each.code: each for each in strategies}
        return cls(
            MappingProxyType({f"{each.code}/{rule.code}": rule for each in candidates for rule in each.routing_rules}),
            MappingProxyType(by_plugin),
            MappingProxyType(
                {
                    each.code: each.manifest.version
                    for each in candidates
                    if each.routing_rules or each.code in by_plugin
                }
            ),
        )
