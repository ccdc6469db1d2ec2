"""Asking all carriers at once what a parcel would cost; nobody waits for a slow one."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from packhouse.sdk import ProviderError, Providers, QuoteRequest, Quotes, ShippingQuote

DEADLINE_SECONDS = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MissingQuote:
    """A carrier that gave no quote, and why."""

    carrier: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuoteBoard:
    """Every carrier's offers, the cheapest first within a currency, and who is missing."""

    quotes: tuple[ShippingQuote, ...]
    missing: tuple[MissingQuote, ...]


async def quote_shipping(
    providers: Providers, request: QuoteRequest, deadline_seconds: float = DEADLINE_SECONDS
) -> QuoteBoard:
    """All carriers' quotes side by side; one that fails or is late is named as missing and hides nobody else's."""
    answers = await asyncio.gather(
        *(_ask(code, provider, request, deadline_seconds) for code, provider in _quoting(providers))
    )
    quotes = [quote for answer in answers if not isinstance(answer, MissingQuote) for quote in answer]
    return QuoteBoard(
        tuple(
            sorted(quotes, key=lambda quote: (quote.price.currency, quote.price.amount, quote.carrier, quote.service))
        ),
        tuple(answer for answer in answers if isinstance(answer, MissingQuote)),
    )


def _quoting(providers: Providers) -> list[tuple[str, Quotes]]:
    # as objects: mypy sees no class that could be both Protocols
    carriers: Mapping[str, object] = providers.carriers
    return [(code, carrier) for code, carrier in sorted(carriers.items()) if isinstance(carrier, Quotes)]


async def _ask(
    code: str, carrier: Quotes, request: QuoteRequest, deadline_seconds: float
) -> list[ShippingQuote] | MissingQuote:
    try:
        async with asyncio.timeout(deadline_seconds):
            return await carrier.quote(request)
    except TimeoutError:
        return MissingQuote(code, f"no answer within {deadline_seconds:g} seconds")
    except ProviderError as error:
        return MissingQuote(code, error.detail)
    except Exception:
        log.exception("Carrier %s failed to quote", code)
        return MissingQuote(code, "the carrier's plugin failed; see the log")
