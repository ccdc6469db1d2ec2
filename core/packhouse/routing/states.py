"""The kinds of routing rules, and how an order may be split."""

from enum import StrEnum


class RuleKind(StrEnum):
    """What a rule looks at; see `kinds.py`."""

    PINNED = "pinned"
    DESTINATIONS = "destinations"
    KEEP_BACK = "keep_back"
    SHIP_COMPLETE = "ship_complete"
    FEWEST_PARCELS = "fewest_parcels"
    SAME_COUNTRY = "same_country"
    OWN_FIRST = "own_first"
    STOCK_ON_HAND = "stock_on_hand"
    PRIORITY = "priority"
    NEAREST = "nearest"
    LOCATION_GROUP = "location_group"
    CAPACITY = "capacity"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    RESTRICTIONS = "restrictions"
    PLUGIN = "plugin"
    STRATEGY = "strategy"


class RuleFailure(StrEnum):
    """What becomes of an order that a plugin's rule could not judge: the next rule decides, or that and the order is held for people."""

    ABSTAIN = "abstain"
    HOLD = "hold"


class SplitPolicy(StrEnum):
    """Whether several locations may send one order: never, when one alone cannot, with at most so many parcels, or for so much more."""

    NEVER = "never"
    WHEN_NEEDED = "when_needed"
    LIMITED = "limited"
    COST_BOUNDED = "cost_bounded"


class CoordinateSource(StrEnum):
    """What coordinates were taken from: the imported postcodes, a city, the middle of a country, or nothing that is known."""

    POSTCODE = "postcode"
    CITY = "city"
    COUNTRY = "country"
    UNKNOWN = "unknown"
