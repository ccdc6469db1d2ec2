"""Getting ready at start for the rules in force, so that the first order does not wait for it."""

from packhouse.hooks.services import Services
from packhouse.routing.centroids import read_centroids
from packhouse.routing.questions import rules_from_json
from packhouse.routing.states import RuleKind
from packhouse.storage.dialect import read_json

# one row for each channel with rules of its own, by the partial index of active ones
_IN_FORCE = "SELECT rules FROM routing_rules WHERE is_active ORDER BY channel"


async def warm_up(services: Services) -> None:
    """Begin to read where cities are, if rules in force look at it; nothing waits here for the end of that."""
    rows = await services.database.fetch(_IN_FORCE)
    rules = [rule for row in rows for rule in rules_from_json(read_json(row["rules"]))]
    if any(rule.kind is RuleKind.NEAREST for rule in rules):
        read_centroids()
