"""Asking all carriers at once what a parcel would cost; nobody waits for a slow one."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from packhouse.sdk import ProviderError, Providers, QuoteRequest, Quotes, ShippingQuote

DEADLINE_SECONDS = 5.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MissingQuote:
    """A carrier that gave no quote, and why; `error` as it came."""

    carrier: str
    reason: str
    error: BaseException | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class QuoteBoard:
    """Every carrier's offers, the cheapest first within a currency, and who is missing."""

    quotes: tuple[ShippingQuote, ...]
    missing: tuple[MissingQuote, ...]


async def quote_shipping(
    providers: Providers,
    request: QuoteRequest,
    deadline_seconds: float = DEADLINE_SECONDS,
    unasked: Collection[str] = (),
) -> QuoteBoard:
    """All carriers' quotes side by side; one that fails or is late is named as missing and hides nobody else's.

    Those in `unasked` are left alone.
    """
    asked = [(code, carrier) for code, carrier in quoting_carriers(providers).items() if code not in unasked]
    answers = await asyncio.gather(*(_ask(code, carrier, request, deadline_seconds) for code, carrier in asked))
    quotes = [quote for answer in answers if not isinstance(answer, MissingQuote) for quote in answer]
    return QuoteBoard(
        tuple(
            sorted(quotes, key=lambda quote: (quote.price.currency, quote.price.amount, quote.carrier, quote.service))
        ),
        tuple(answer for answer in answers if isinstance(answer, MissingQuote)),
    )


def quoting_carriers(providers: Providers) -> dict[str, Quotes]:
    """The carriers that quote, in the order of their codes."""
    # as objects: mypy sees no class that could be both Protocols
    carriers: Mapping[str, object] = providers.carriers
    return {code: carrier for code, carrier in sorted(carriers.items()) if isinstance(carrier, Quotes)}


async def _ask(
    code: str, carrier: Quotes, request: QuoteRequest, deadline_seconds: float
) -> list[ShippingQuote] | MissingQuote:
    try:
        async with asyncio.timeout(deadline_seconds):
            return await carrier.quote(request)
    except TimeoutError as error:
        return MissingQuote(code, f"no answer within {deadline_seconds:g} seconds", error)
    except ProviderError as error:
        return MissingQuote(code, error.detail, error)
    except (Exception, SystemExit) as error:
        log.exception("Carrier %s failed to quote", code)
        return MissingQuote(code, "the carrier's plugin failed; see the log", error)
