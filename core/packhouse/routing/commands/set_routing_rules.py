"""Giving a channel, or all channels without rules of their own, a new version of routing rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from packhouse.hooks.judges import Judges
from packhouse.inventory.models import Location
from packhouse.routing.commands.set_country_calendar import tell_routing
from packhouse.routing.costs import SplitBound
from packhouse.routing.kinds import KINDS
from packhouse.routing.models import RoutingRules
from packhouse.routing.plugged import default_failure, wrong_options
from packhouse.routing.queries import judges_of
from packhouse.routing.questions import MOST_PARCELS, Rule, RuleSet, rules_as_json
from packhouse.routing.states import RuleKind, SplitPolicy
from packhouse.sdk import InvalidValue, Refused, new_id, now
from packhouse.storage import UnitOfWork

_MOST_RULES = 30
_LONGEST_NOTE = 255
_WHOLE = 100


@dataclass(frozen=True, slots=True)
class SetRoutingRules:
    """The rules in the order in which they decide; `most_parcels` is for `SplitPolicy.LIMITED`, `bound` for COST_BOUNDED."""

    channel: str
    rules: tuple[Rule, ...]
    split: SplitPolicy = SplitPolicy.WHEN_NEEDED
    most_parcels: int | None = None
    note: str = ""
    bound: SplitBound | None = None


async def set_routing_rules(uow: UnitOfWork, data: SetRoutingRules) -> RoutingRules:
    """Write a new version and let it decide from now on; past decisions keep the name of theirs.

    Raises:
        InvalidValue: no rules, too many, one twice, or options that its kind does not take.
        Refused: UNKNOWN_CHANNEL, UNKNOWN_LOCATION, UNKNOWN_ROUTING_RULE.
    """
    rules = await checked_rules(data, judges_of(uow))
    if data.channel and not await uow.fetch("SELECT 1 FROM channel WHERE code = $1", data.channel):
        raise Refused("UNKNOWN_CHANNEL", f"there is no channel {data.channel}", "channel")
    # the active row is locked, so that two editors at once make two versions, one after the other
    await uow.fetch(f"SELECT id FROM routing_rules WHERE channel = $1 AND is_active {uow.for_update()}", data.channel)
    last = await RoutingRules.filter(channel=data.channel).order_by("-number").first()
    await RoutingRules.filter(channel=data.channel, is_active=True).update(is_active=False)
    written = await RoutingRules.create(
        id=new_id(),
        channel=data.channel,
        number=1 if last is None else last.number + 1,
        rules=rules_as_json(rules.rules),
        split=rules.split.value,
        most_parcels=rules.most_parcels,
        split_bound=rules.bound.as_json() if rules.bound else {},
        is_active=True,
        note=data.note[:_LONGEST_NOTE],
        actor=uow.initiator.actor,
        created_at=now(),
    )
    tell_routing(uow, "rules", channel=data.channel, number=written.number)
    return written


async def checked_rules(data: SetRoutingRules, judges: Judges) -> RuleSet:
    """The rules as a set that can decide, with the judges of plugins.

    Raises:
        InvalidValue, Refused: as `set_routing_rules`.
    """
    if not 0 < len(data.rules) <= _MOST_RULES:
        raise InvalidValue("rules", f"expected 1 to {_MOST_RULES} rules")
    for index, rule in enumerate(data.rules):
        _check_rule(rule, judges, f"rules.{index}")
    if sum(rule.kind is RuleKind.CAPACITY for rule in data.rules) > 1:
        raise InvalidValue("rules", "capacity is one rule with a limit for each location")
    if data.split is SplitPolicy.LIMITED:
        if data.most_parcels is None or not 1 <= data.most_parcels <= MOST_PARCELS:
            raise InvalidValue("mostParcels", f"expected 1 to {MOST_PARCELS} parcels for a limited split")
    elif data.most_parcels is not None:
        raise InvalidValue("mostParcels", "is for a limited split only")
    _check_bound(data)
    await _check_locations(data.rules)
    rules = tuple(
        replace(rule, if_fails=rule.if_fails or default_failure(rule, judges)) if rule.code else rule
        for rule in data.rules
    )
    return RuleSet("draft", rules, data.split, data.most_parcels or MOST_PARCELS, data.bound, judges)


def _check_bound(data: SetRoutingRules) -> None:
    if data.split is not SplitPolicy.COST_BOUNDED:
        if data.bound is not None:
            raise InvalidValue("mostExtraCost", "is for a cost-bounded split only")
        return
    bound = data.bound
    if bound is None or (bound.minor is None) == (bound.percent is None):
        raise InvalidValue("mostExtraCost", "a cost-bounded split needs either mostExtraCost or mostExtraPercent")
    if bound.minor is not None and bound.minor < 0:
        raise InvalidValue("mostExtraCost", "is an amount of 0 or more")
    if bound.percent is not None and not 0 <= bound.percent <= _WHOLE:
        raise InvalidValue("mostExtraPercent", "is a number from 0 to 100")


def _check_rule(rule: Rule, judges: Judges, path: str) -> None:
    if rule.kind not in (RuleKind.PLUGIN, RuleKind.STRATEGY):
        if rule.code or rule.if_fails:
            raise InvalidValue(f"{path}.code", "code and ifFails are for rules and strategies of plugins")
        _check_options(rule, path)
        return
    known: Mapping[str, object] = judges.rules if rule.kind is RuleKind.PLUGIN else judges.strategies
    if rule.code not in known:
        found = ", ".join(sorted(known)) or "none"
        raise Refused("UNKNOWN_ROUTING_RULE", f"there is no {rule.kind} {rule.code!r} (known: {found})", f"{path}.code")
    if problem := wrong_options(rule, judges):
        raise InvalidValue(f"{path}.options", problem)


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
    if rule.code:
        return set()
    return {
        *rule.options.get("locations", ()),
        *(limit["location"] for limit in rule.options.get("limits", ())),
        *(code for each in rule.options.get("restrictions", ()) for code in each.get("locations", ())),
    }
