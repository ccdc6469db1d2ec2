"""Reads of routing rules and decisions."""

from datetime import datetime

from packhouse.routing.models import RoutingDecision, RoutingRules
from packhouse.routing.questions import BUILT_IN, RuleSet, rules_from_json
from packhouse.routing.states import SplitPolicy
from packhouse.storage import Reader
from packhouse.storage.batches import by_id, children
from packhouse.storage.dialect import read_json

routing_decisions_by_id = by_id(RoutingDecision)
routing_decisions_of_orders = children(RoutingDecision, "order_id", "decided_at")
routing_rules_by_id = by_id(RoutingRules)

# two rows at most, by the partial index of active ones
_ACTIVE = """
SELECT channel, number, rules, split, most_parcels FROM routing_rules
WHERE is_active AND channel IN ($1, '') ORDER BY channel DESC LIMIT 1
"""


async def active_rules(reader: Reader, channel: str) -> RuleSet:
    """The rules that decide for a channel: its own, else those for all channels, else the built-in ones."""
    rows = await reader.look_up(_ACTIVE, channel)
    if not rows:
        return BUILT_IN
    row = rows[0]
    return RuleSet(
        version_name(row["channel"], row["number"]),
        rules_from_json(read_json(row["rules"])),
        SplitPolicy(row["split"]),
        row["most_parcels"],
    )


async def count_decisions(reader: Reader, since: datetime, until: datetime) -> int:
    """How many decisions were made in [since, until)."""
    sql = "SELECT COUNT(*) AS decisions FROM routing_decision WHERE decided_at >= $1 AND decided_at < $2"
    return int((await reader.fetch(sql, since, until))[0]["decisions"])


def version_name(channel: str, number: int) -> str:
    """A version as receipts name it: `web-3`, `default-1`."""
    return f"{channel or 'default'}-{number}"
