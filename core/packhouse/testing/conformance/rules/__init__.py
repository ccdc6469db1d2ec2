"""Every rule, in the order in which a plugin's author wants to hear about them."""

from packhouse.testing.conformance.kit import Rule
from packhouse.testing.conformance.rules import (
    answers,
    failures,
    leftovers,
    loading,
    malformed,
    repeats,
    routing,
    secrets,
    stock,
    webhooks,
)

RULES: tuple[Rule, ...] = (
    *loading.RULES,
    *answers.RULES,
    *failures.RULES,
    *malformed.RULES,
    *repeats.RULES,
    *stock.RULES,
    *webhooks.RULES,
    *routing.RULES,
    *secrets.RULES,
    *leftovers.RULES,
)
