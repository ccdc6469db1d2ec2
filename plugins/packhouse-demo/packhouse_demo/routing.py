"""An example of a rule of routing: it spreads orders over some locations, each getting its share of the postcodes."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from packhouse.sdk import RoutingCandidate, RoutingOpinion, RoutingQuestion, RoutingRule


def judge(question: RoutingQuestion, candidate: RoutingCandidate, options: Mapping[str, Any]) -> RoutingOpinion | None:
    """The first to send is another one for each postcode, and always the same for one; others follow in an order of their own.

    Without a postcode it has no opinion. Locations that the options do not name come last.
    """
    if not question.postcode:
        return None
    places = options.get("locations") or [each.code for each in question.candidates]
    if candidate.code not in places:
        return RoutingOpinion(len(places), "the orders are spread over other locations")
    turns = sorted(places, key=lambda code: sha256(f"{question.postcode}/{code}".encode()).digest())
    return RoutingOpinion(turns.index(candidate.code), f"{question.postcode} is for {turns[0]}")


def check(options: Mapping[str, Any]) -> str | None:
    """The options: `locations`, a list of codes; all of them without it."""
    if unknown := set(options) - {"locations"}:
        return f"there is no option {', '.join(sorted(unknown))} (its options: locations)"
    places = options.get("locations", ["any"])
    good = isinstance(places, list) and places and all(isinstance(each, str) for each in places)
    return None if good and len(set(places)) == len(places) else "locations is a list of codes, each once"


SPREAD = RoutingRule("spread", "Spread over locations by postcode (example)", judge, check)
