"""Putting a price on a price list, which is made or changed as the caller describes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packhouse.catalog.commands.set_price import EVERY_CHANNEL, tell_price
from packhouse.catalog.models import Price, PriceList, Variant
from packhouse.sdk import InvalidValue, Money, Refused
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Period:
    """When a price list is in force: from a time on, until before a time; None: without end."""

    valid_from: datetime | None
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class ListPrice:
    """A price and the list it belongs to, by its code. What is None is left as it is, or empty on a new list."""

    sku: str
    price: Money
    price_list: str
    min_quantity: int = 1
    channel: str | None = None
    customer_group: str | None = None
    period: Period | None = None


def usual_list(channel: str, currency: str) -> str:
    """The code of the list that a channel's prices in a currency are on where nobody says otherwise."""
    return f"{channel or EVERY_CHANNEL}-{currency}"


async def list_price(uow: UnitOfWork, data: ListPrice) -> Price:
    """Set or replace a price on a list, and what is said about the list.

    Raises:
        InvalidValue: a negative price, a quantity below one, a text that is too long, or a period that ends before it begins.
        Refused: UNKNOWN_SKU, ANOTHER_LIST (the list of that code is for another channel or currency).
    """
    check_listed(data)
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    price_list, _ = await PriceList.get_or_create(
        code=data.price_list, defaults={"channel": data.channel or "", "currency": data.price.currency}
    )
    is_for = (price_list.channel, price_list.currency)
    if is_for != (data.channel if data.channel is not None else is_for[0], data.price.currency):
        raise Refused(
            "ANOTHER_LIST",
            f"price list {price_list.code} is for {is_for[0] or 'every channel'} in {is_for[1]}: name another list",
            "priceList",
        )
    await PriceList.filter(id=price_list.id).update(**_said(data))
    price, _ = await Price.update_or_create(
        price_list=price_list,
        variant=variant,
        min_quantity=data.min_quantity,
        defaults={"amount": data.price.minor},
    )
    tell_price(uow, price_list, variant.sku, data.price, data.min_quantity)
    return price


def check_listed(data: ListPrice) -> None:
    """Let pass only what a price on a list can be.

    Raises:
        InvalidValue: see `list_price`.
    """
    if data.price.minor < 0:
        raise InvalidValue("price", f"{data.price} is below nothing")
    if data.min_quantity < 1:
        raise InvalidValue("minQuantity", f"{data.min_quantity} is not a quantity")
    if not data.price_list.strip():
        raise InvalidValue("priceList", "a price list needs a code")
    for name, text in (
        ("priceList", data.price_list),
        ("channel", data.channel or ""),
        ("customerGroup", data.customer_group or ""),
    ):
        check_length(text, 64, name)
    period = data.period
    if period and period.valid_from and period.valid_to and period.valid_to <= period.valid_from:
        raise InvalidValue("validTo", "the list would end before it begins")


def _said(data: ListPrice) -> dict[str, Any]:
    said: dict[str, Any] = {"currency": data.price.currency}
    if data.customer_group is not None:
        said["customer_group"] = data.customer_group
    if data.period is not None:
        said |= {"valid_from": data.period.valid_from, "valid_to": data.period.valid_to}
    return said
