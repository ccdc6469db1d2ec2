"""Asking carriers ahead of time what parcels cost where routing had to decide without: never while an order is placed."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from packhouse.inventory.models import Location
from packhouse.routing.commands.import_rates import keep_rates
from packhouse.routing.costs import QUOTED
from packhouse.routing.rate_files import RateRow
from packhouse.routing.unpriced import UnknownPrice, unknown_prices
from packhouse.sdk import (
    Address,
    Parcel,
    ProviderAuthFailed,
    ProviderRateLimited,
    Providers,
    ProviderUnavailable,
    QuoteRequest,
    ShippingQuote,
    now,
)
from packhouse.shipping.quotes import DEADLINE_SECONDS, MissingQuote, quote_shipping, quoting_carriers
from packhouse.storage import Database, Initiator, UnitOfWork

log = logging.getLogger(__name__)

MOST_AT_ONCE = 50
_LONGEST_SERVICE = 64
# Credentials do not mend themselves: somebody has to look.
_AUTH_PAUSE = timedelta(hours=1)

_STOPS = (ProviderRateLimited, ProviderAuthFailed, ProviderUnavailable, TimeoutError)

# the quotes that another service gave before; by the index of lanes
_OTHERS = """
DELETE FROM shipping_rate WHERE country = $1 AND postcode_prefix = $2 AND location_id = $3 AND up_to_grams = $4 AND currency = $5
AND source = $6 AND service <> $7
"""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a run did: about how many prices carriers were asked, and how many it keeps."""

    asked: int = 0
    kept: int = 0


class QuoteGatherer:
    """Gathers quotes that count for `valid_for`, and renews them when an eighth of it is left.

    It remembers, in this process, which carriers are to be left alone until when, and what prices they would not name: those are not
    asked of them again for as long as a quote would count.
    """

    def __init__(self, valid_for: timedelta) -> None:
        self._valid_for = valid_for
        self._paused: dict[str, datetime] = {}
        self._in_vain: dict[tuple[str, UnknownPrice], datetime] = {}

    async def run(
        self, database: Database, providers: Providers, by: Initiator, *, deadline_seconds: float = DEADLINE_SECONDS
    ) -> Gathered:
        """Ask for the prices that the newest decisions lack, 50 at most; a carrier that is down is left for the next run."""
        at = now()
        self._paused = {code: until for code, until in self._paused.items() if until > at}
        self._in_vain = {known: until for known, until in self._in_vain.items() if until > at}
        carriers, silent = quoting_carriers(providers).keys(), set(self._paused)
        if carriers <= silent:
            return Gathered()
        wanted = await unknown_prices(database, at + self._valid_for / 8)
        places = {row.id: row for row in await _origins(wanted)}
        asked = kept = 0
        for price in wanted:
            unasked = silent | {code for code in carriers if (code, price) in self._in_vain}
            if asked == MOST_AT_ONCE or carriers <= silent:
                break
            # a location may be gone or closed since
            if carriers <= unasked or price.location_id not in places:
                continue
            asked += 1
            request = _request(price, places[price.location_id])
            board = await quote_shipping(providers, request, deadline_seconds, unasked)
            silent |= self._left_alone(board.missing)
            usable = _usable(board.quotes, price.currency)
            if usable:
                await database.write(by, partial(_keep, price=price, quote=usable[0], until=now() + self._valid_for))
                kept += 1
            for code in carriers - unasked - silent - {each.carrier for each in usable}:
                self._in_vain[code, price] = now() + self._valid_for
        return Gathered(asked, kept)

    def _left_alone(self, missing: Collection[MissingQuote]) -> set[str]:
        """The carriers that are asked nothing more in this run; some of them for longer."""
        left = set()
        for each in missing:
            if not isinstance(each.error, _STOPS):
                continue
            left.add(each.carrier)
            log.warning("%s is asked for no more quotes for now: %s", each.carrier, each.reason)
            if isinstance(each.error, ProviderRateLimited):
                self._paused[each.carrier] = now() + timedelta(seconds=each.error.retry_after)
            elif isinstance(each.error, ProviderAuthFailed):
                self._paused[each.carrier] = now() + _AUTH_PAUSE
        return left


def _request(price: UnknownPrice, origin: Location) -> QuoteRequest:
    """A parcel of the highest weight of its band, to one of the places there: the decision kept no name and no street."""
    to = price.destination
    return QuoteRequest(
        ship_from=Address(**origin.address),
        ship_to=Address(city=to.city, postcode=to.postcode, country=to.country),
        parcels=(Parcel(price.up_to_grams),),
    )


def _usable(quotes: Collection[ShippingQuote], currency: str) -> list[ShippingQuote]:
    """Those in the currency that is compared, the cheapest first."""
    usable = [each for each in quotes if each.price.currency == currency and each.price.minor >= 0]
    return sorted(usable, key=lambda each: (each.price.minor, each.carrier, each.service))


async def _origins(prices: Collection[UnknownPrice]) -> list[Location]:
    ids = {each.location_id for each in prices}
    return await Location.filter(id__in=sorted(ids), is_active=True) if ids else []


async def _keep(uow: UnitOfWork, price: UnknownPrice, quote: ShippingQuote, until: datetime) -> None:
    """Keep a quote in the place of the one that was known before."""
    service = f"{quote.carrier} {quote.service}"[:_LONGEST_SERVICE]
    lane = (price.country, price.postcode_prefix)
    await uow.execute(_OTHERS, *lane, price.location_id, price.up_to_grams, price.currency, QUOTED, service)
    row = RateRow(price.location, "", *lane, price.up_to_grams, quote.price.minor, price.currency, service)
    await keep_rates(uow, [(row, price.location_id)], QUOTED, until)
