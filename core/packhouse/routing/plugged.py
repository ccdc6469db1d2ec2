"""Asking the rules and strategies of plugins: what they are shown, and what of their answers is taken.

Whatever goes wrong in a plugin, the rule then sees no difference, and says why.
"""

import logging
import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any

from packhouse.hooks.judges import Judges
from packhouse.routing.opinions import Excluded, Heard, Opinion
from packhouse.routing.questions import Candidate, Question, Rule
from packhouse.routing.states import RuleFailure, RuleKind
from packhouse.sdk import Facts, RoutingCandidate, RoutingItem, RoutingOpinion, RoutingQuestion, RoutingRule

_LONGEST_WHY = 255
log = logging.getLogger(__name__)


class _Unusable(Exception):
    """An answer that says nothing: the message is for the receipt."""


def hear(question: Question, rule: Rule, judges: Judges) -> Heard:
    """What a plugin's rule thinks of every candidate; all alike where it is not there, fails, or has no opinion."""
    try:
        answers = _ask(question, rule, judges)
        return _taken(question, answers) if answers is not None else silent(question)
    except _Unusable as error:
        log.warning("Routing rule %s: %s", rule.code, error)
        return silent(question, str(error))
    except (Exception, SystemExit) as error:
        log.warning("Routing rule %s failed", rule.code, exc_info=error)
        return silent(question, f"{rule.code} failed ({type(error).__name__}); the log says why")


def silent(question: Question, failure: str = "") -> Heard:
    """All alike."""
    return Heard({each.code: 0.0 for each in question.candidates}, failure=failure)


def default_failure(rule: Rule, judges: Judges) -> RuleFailure:
    """What becomes of an order where nobody said it: one that may not be sent from everywhere is held."""
    known = judges.rules.get(rule.code)
    return RuleFailure.ABSTAIN if known is not None and not known.may_exclude else RuleFailure.HOLD


def wrong_options(rule: Rule, judges: Judges) -> str | None:
    """What is wrong with the options of a rule that is there; None: nothing."""
    if rule.kind is RuleKind.STRATEGY:
        return "a strategy takes no options: its settings are those of its plugin" if rule.options else None
    check = judges.rules[rule.code].check
    if check is None:
        return f"{rule.code} takes no options, got {', '.join(sorted(rule.options))}" if rule.options else None
    try:
        problem = check(deepcopy(dict(rule.options)))
    except (Exception, SystemExit) as error:
        log.warning("The check of routing rule %s failed", rule.code, exc_info=error)
        return f"the check of {rule.code} failed ({type(error).__name__}); the log says why"
    return None if problem is None else str(problem)[:_LONGEST_WHY]


def _ask(question: Question, rule: Rule, judges: Judges) -> Mapping[str, RoutingOpinion] | None:
    if rule.kind is RuleKind.STRATEGY:
        strategy = judges.strategies.get(rule.code)
        if strategy is None:
            raise _Unusable(_missing(rule, judges))
        return _by_code(question, strategy.call({"question": _shown(question, rule.plugin)}))
    known = judges.rules.get(rule.code)
    if known is None:
        raise _Unusable(_missing(rule, judges))
    return _judged(question, rule, known)


def _missing(rule: Rule, judges: Judges) -> str:
    if rule.plugin in judges.versions:
        return f"plugin {rule.plugin} {judges.versions[rule.plugin]} has no {rule.kind.value} {rule.code}"
    return f"plugin {rule.plugin} is not in use"


def _judged(question: Question, rule: Rule, known: RoutingRule) -> Mapping[str, RoutingOpinion] | None:
    seen, options = _shown(question, rule.plugin), deepcopy(dict(rule.options))
    answers = {}
    for each in seen.candidates:
        opinion = known.judge(seen, each, options)
        if opinion is None:
            return None
        if isinstance(opinion, RoutingOpinion) and opinion.is_excluded and not known.may_exclude:
            raise _Unusable(f"{rule.code} excluded {each.code}, and has not said that it may")
        answers[each.code] = opinion
    return answers


def _by_code(question: Question, answer: object) -> Mapping[str, RoutingOpinion] | None:
    """A strategy's answer, with locations that it does not name behind the others."""
    if answer is None:
        return None
    if not isinstance(answer, Mapping):
        raise _Unusable(f"the strategy answered with {type(answer).__name__}, expected opinions by location")
    codes = {each.code for each in question.candidates}
    if unknown := sorted(str(code) for code in answer if code not in codes):
        raise _Unusable(f"the strategy named {', '.join(unknown)[:_LONGEST_WHY]}, which nobody asked about")
    ranks = [_checked(each).rank for each in answer.values() if not _checked(each).is_excluded]
    last = RoutingOpinion(max(ranks, default=0.0) + 1.0, "the strategy does not name it")
    return {code: answer.get(code, last) for code in codes}


def _taken(question: Question, answers: Mapping[str, RoutingOpinion]) -> Heard:
    opinions: dict[str, Opinion] = {}
    reasons = {}
    for each in question.candidates:
        opinion = _checked(answers[each.code])
        why = opinion.why[:_LONGEST_WHY]
        opinions[each.code] = (
            Excluded(why or "a plugin's rule excludes it") if opinion.is_excluded else float(opinion.rank)
        )
        if why:
            reasons[each.code] = why
    return Heard(MappingProxyType(opinions), MappingProxyType(reasons))


def _checked(opinion: object) -> RoutingOpinion:
    if not isinstance(opinion, RoutingOpinion):
        raise _Unusable(f"the answer was {type(opinion).__name__}, expected RoutingOpinion")
    rank: object = opinion.rank
    if isinstance(rank, bool) or not isinstance(rank, int | float) or not math.isfinite(rank):
        raise _Unusable(f"the rank {rank!r} is no number")
    why: object = opinion.why
    if not isinstance(why, str):
        raise _Unusable("the reason is no text")
    return opinion


def _shown(question: Question, plugin: str) -> RoutingQuestion:
    """The question as a plugin sees it."""
    items = question.items or {}
    if missing := [variant for variant in question.demand if variant not in items]:
        raise _Unusable(f"nothing is known of {len(missing)} of the variants that were asked for")
    to = question.destination
    return RoutingQuestion(
        tuple(
            RoutingItem(items[variant].sku, units, items[variant].weight_grams)
            for variant, units in question.demand.items()
        ),
        tuple(_candidate(each, lambda variant: items[variant].sku) for each in question.candidates),
        to.country,
        to.postcode,
        to.city,
        # what it does to them stays with it
        Facts(deepcopy(dict(question.facts.get(plugin, {})))),
    )


def _candidate(each: Candidate, sku: Callable[[Any], str]) -> RoutingCandidate:
    return RoutingCandidate(
        each.code,
        each.priority,
        each.is_own,
        MappingProxyType({sku(variant): units for variant, units in each.available.items()}),
        each.country,
        each.postcode,
        each.city,
        each.group,
    )
