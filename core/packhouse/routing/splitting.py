"""How far an order may be split: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from packhouse.routing.costs import SplitBound, shown
from packhouse.routing.kinds import covered, currency_of, rate_of
from packhouse.routing.questions import Candidate, Question, RuleSet
from packhouse.routing.states import SplitPolicy

Assignments = Mapping[UUID, Mapping[UUID, int]]


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a split. `off` are candidates that would have sent without it, `why` is why they do not.

    `is_refused`: all of it is there, and nobody may send it. `cost` is what the receipt says about the costs of splitting.
    """

    assignments: Assignments
    off: frozenset[UUID] = frozenset()
    why: str = ""
    is_refused: bool = False
    cost: Mapping[str, str] = field(default_factory=dict)


def cut_back(
    question: Question, rules: RuleSet, able: Sequence[Candidate], assignments: Assignments, *, has_enough: bool
) -> Cut:
    """The part of a split that the rules allow; `able` are the candidates that may send, in their order."""
    most = 1 if rules.split is SplitPolicy.NEVER else rules.most_parcels
    if len(assignments) > most:
        kept = dict(list(assignments.items())[:most])
        off = frozenset(assignments) - frozenset(kept)
        return Cut(kept, off, "more parcels than the rules allow", is_refused=has_enough)
    if rules.split is SplitPolicy.COST_BOUNDED and rules.bound is not None and len(assignments) > 1:
        return _bounded(question, rules.bound, able, assignments, has_enough=has_enough)
    return Cut(assignments)


def _bounded(
    question: Question, bound: SplitBound, able: Sequence[Candidate], assignments: Assignments, *, has_enough: bool
) -> Cut:
    """The split if it costs little enough more than one parcel: that of the best location that has all of it.

    Where none has, one parcel would cost what it costs from the cheapest of those that send. Where a price, a weight or the order's
    value is not known, nothing is cut off.
    """
    wanted = sum(question.demand.values())
    whole = next((each for each in able if covered(each, question.demand) == wanted), None)
    senders = [each for each in able if each.location_id in assignments]
    currency = currency_of(question)
    parcels = [rate_of(question, each, assignments[each.location_id]) for each in senders]
    alone = [rate_of(question, each, question.demand) for each in ([whole] if whole else senders)]
    most = bound.most(question.value, currency)
    prices = [each.price for each in parcels if each]
    single = [each.price for each in alone if each]
    if most is None or len(prices) < len(parcels) or not single or not has_enough:
        return Cut(assignments, cost={"unknown": _unknown(has_enough=has_enough, most=most)})
    extra = sum(prices) - min(single)
    cost = {"extra": shown(extra, currency), "most": shown(most, currency)}
    if extra <= most:
        return Cut(assignments, cost=cost)
    why = f"a split would cost {cost['extra']} more than one parcel, and {cost['most']} is allowed"
    if whole is None:
        (first, units), *rest = assignments.items()
        return Cut({first: units}, frozenset(each for each, _ in rest), why, is_refused=True, cost=cost)
    # those before it have a part of it only: they would have sent, or what they have was sent by others
    before = able[: able.index(whole)]
    return Cut(
        {whole.location_id: dict(question.demand)}, frozenset(each.location_id for each in before), why, cost=cost
    )


def _unknown(*, has_enough: bool, most: int | None) -> str:
    if not has_enough:
        return "there is not enough of it"
    if most is None:
        return "the bound is not known in the currency of the prices"
    return "not every parcel's price is known"
