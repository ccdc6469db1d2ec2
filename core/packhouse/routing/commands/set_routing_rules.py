"""Giving a channel, or all channels without rules of their own, a new version of routing rules."""

from collections.abc import Sequence
from dataclasses import dataclass

from packhouse.inventory.models import Location
from packhouse.routing.kinds import KINDS
from packhouse.routing.models import RoutingRules
from packhouse.routing.questions import MOST_PARCELS, Rule, RuleSet, rules_as_json
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.storage import UnitOfWork

_MOST_RULES = 30
_LONGEST_NOTE = 255


@dataclass(frozen=True, slots=True)
class SetRoutingRules:
    """The rules in the order in which they decide; `most_parcels` is for `SplitPolicy.LIMITED`."""

    channel: str
    rules: tuple[Rule, ...]
    split: SplitPolicy = SplitPolicy.WHEN_NEEDED
    most_parcels: int | None = None
    note: str = ""


async def set_routing_rules(uow: UnitOfWork, data: SetRoutingRules) -> RoutingRules:
    """Write a new version and let it decide from now on; past decisions keep the name of theirs.

    Raises:
        InvalidValue: no rules, too many, one twice, or options that its kind does not take.
        Refused: UNKNOWN_CHANNEL, UNKNOWN_LOCATION.
    """
    rules = await checked_rules(data)
    if data.channel and not await uow.fetch("SELECT 1 FROM channel WHERE code = $1", data.channel):
        raise Refused("UNKNOWN_CHANNEL", f"there is no channel {data.channel}", "channel")
    # the active row is locked, so that two editors at once make two versions, one after the other
    await uow.fetch(f"SELECT id FROM routing_rules WHERE channel = $1 AND is_active {uow.for_update()}", data.channel)
    last = await RoutingRules.filter(channel=data.channel).order_by("-number").first()
    await RoutingRules.filter(channel=data.channel, is_active=True).update(is_active=False)
    return await RoutingRules.create(
        id=new_id(),
        channel=data.channel,
        number=1 if last is None else last.number + 1,
        rules=rules_as_json(rules.rules),
        split=rules.split.value,
        most_parcels=rules.most_parcels,
        is_active=True,
        note=data.note[:_LONGEST_NOTE],
        actor=uow.initiator.actor,
        created_at=now(),
    )


async def checked_rules(data: SetRoutingRules) -> RuleSet:
    """The rules as a set that can decide.

    Raises:
        InvalidValue, Refused: as `set_routing_rules`.
    """
    if not 0 < len(data.rules) <= _MOST_RULES:
        raise InvalidValue("rules", f"expected 1 to {_MOST_RULES} rules")
    for index, rule in enumerate(data.rules):
        _check_options(rule, f"rules.{index}")
    if sum(rule.kind is RuleKind.CAPACITY for rule in data.rules) > 1:
        raise InvalidValue("rules", "capacity is one rule with a limit for each location")
    if data.split is SplitPolicy.LIMITED:
        if data.most_parcels is None or not 1 <= data.most_parcels <= MOST_PARCELS:
            raise InvalidValue("mostParcels", f"expected 1 to {MOST_PARCELS} parcels for a limited split")
    elif data.most_parcels is not None:
        raise InvalidValue("mostParcels", "is for a limited split only")
    await _check_locations(data.rules)
    return RuleSet("draft", data.rules, data.split, data.most_parcels or MOST_PARCELS)


def _check_options(rule: Rule, path: str) -> None:
    kind = KINDS[rule.kind]
    for name, value in rule.options.items():
        check = kind.options.get(name)
        if check is None:
            known = ", ".join(sorted(kind.options)) or "none"
            raise InvalidValue(f"{path}.options", f"{rule.kind.value} has no option {name} (its options: {known})")
        if problem := check(value):
            raise InvalidValue(f"{path}.options", f"{name} has to be {problem}")
    for name in kind.needs:
        if name not in rule.options:
            raise InvalidValue(f"{path}.options", f"{rule.kind.value} needs the option {name}")


async def _check_locations(rules: Sequence[Rule]) -> None:
    named = {(index, code) for index, rule in enumerate(rules) for code in _named(rule)}
    if not named:
        return
    known = {row.code for row in await Location.filter(code__in=sorted({code for _, code in named}))}
    for index, code in sorted(named):
        if code not in known:
            raise Refused("UNKNOWN_LOCATION", f"there is no location {code}", f"rules.{index}.options")


def _named(rule: Rule) -> set[str]:
    """The codes of the locations that a rule's options name."""
    return {*rule.options.get("locations", ()), *(limit["location"] for limit in rule.options.get("limits", ()))}
