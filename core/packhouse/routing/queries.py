"""Reads of routing rules and decisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.hooks.judges import Judges
from packhouse.inventory.models import Location
from packhouse.routing.costs import SplitBound
from packhouse.routing.models import RoutingDecision, RoutingRules
from packhouse.routing.placement import NO_PLACEMENT, Placement, Share, problem_of
from packhouse.routing.questions import BUILT_IN, NO_JUDGES, Candidate, RuleSet, rules_from_json
from packhouse.routing.states import SplitPolicy
from packhouse.sdk import InvalidValue, Refused
from packhouse.storage import Reader
from packhouse.storage.batches import by_id, children
from packhouse.storage.dialect import placeholders, read_id, read_json

routing_decisions_by_id = by_id(RoutingDecision)
routing_decisions_of_orders = children(RoutingDecision, "order_id", "decided_at")
routing_rules_by_id = by_id(RoutingRules)

# two rows at most, by the partial index of active ones
_ACTIVE = """
SELECT channel, number, rules, split, most_parcels, split_bound FROM routing_rules
WHERE is_active AND channel IN ($1, '') ORDER BY channel DESC LIMIT 1
"""


_FIRST_ID = UUID(int=0)


async def active_rules(reader: Reader, channel: str) -> RuleSet:
    """The rules that decide for a channel: its own, else those for all channels, else the built-in ones."""
    rows = await reader.look_up(_ACTIVE, channel)
    if not rows:
        return BUILT_IN
    row = rows[0]
    return rule_set(
        row["channel"],
        row["number"],
        read_json(row["rules"]),
        row["split"],
        row["most_parcels"],
        read_json(row["split_bound"]),
        judges_of(reader),
    )


def judges_of(reader: Reader) -> Judges:
    """What plugins decide with, as the database carries it."""
    judges = reader.judges
    return judges if isinstance(judges, Judges) else NO_JUDGES


def rule_set(
    channel: str,
    number: int,
    rules: list[dict[str, Any]],
    split: str,
    most_parcels: int,
    bound: Mapping[str, Any],
    judges: Judges = NO_JUDGES,
) -> RuleSet:
    """A version of rules as it was kept."""
    return RuleSet(
        version_name(channel, number),
        rules_from_json(rules),
        SplitPolicy(split),
        most_parcels,
        SplitBound(**bound) if bound else None,
        judges,
    )


async def count_decisions(
    reader: Reader, since: datetime, until: datetime, behind: tuple[datetime, UUID] | None = None
) -> int:
    """How many decisions were made in [since, until), behind one by its time and id."""
    sql = """
    SELECT COUNT(*) AS decisions FROM routing_decision
    WHERE decided_at >= $1 AND decided_at < $2 AND (decided_at, id) > ($3, $4)
    """
    return int((await reader.fetch(sql, since, until, *(behind or (since, _FIRST_ID))))[0]["decisions"])


async def known_placement(reader: Reader, shares: Sequence[Share], field: str = "placement") -> Placement:
    """Stock placed otherwise, of variants and locations that there are.

    Raises:
        InvalidValue: shares that cannot be.
        Refused: UNKNOWN_SKU, UNKNOWN_LOCATION.
    """
    if not shares:
        return NO_PLACEMENT
    if problem := problem_of(shares):
        index, name, message = problem
        raise InvalidValue(f"{field}.{index}.{name}", message)
    skus = sorted({each.sku for each in shares})
    found = await reader.fetch(f"SELECT id, sku FROM variant WHERE sku IN ({placeholders(len(skus))})", *skus)
    variants = {row["sku"]: read_id(row["id"]) for row in found}
    places = {
        row.code: row for row in await Location.filter(code__in=sorted({each.location for each in shares})).limit(1000)
    }
    placed: dict[UUID, dict[UUID, int]] = {}
    for index, each in enumerate(shares):
        if each.sku not in variants:
            raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {each.sku}", f"{field}.{index}.sku")
        if each.location not in places:
            raise Refused("UNKNOWN_LOCATION", f"there is no location {each.location}", f"{field}.{index}.location")
        placed.setdefault(variants[each.sku], {})[places[each.location].id] = each.percent
    return Placement(placed, {row.id: _empty(row) for row in places.values()})


def _empty(row: Location) -> Candidate:
    """A location as a candidate that has nothing."""
    address = row.address
    return Candidate(
        row.id,
        row.code,
        row.priority,
        not row.network,
        {},
        address.get("country", ""),
        address.get("postcode", ""),
        address.get("city", ""),
        row.group,
    )


def version_name(channel: str, number: int) -> str:
    """A version as receipts name it: `web-3`, `default-1`."""
    return f"{channel or 'default'}-{number}"
