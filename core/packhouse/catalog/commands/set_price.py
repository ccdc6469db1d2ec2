"""What a variant costs on a channel."""

from dataclasses import dataclass

from packhouse.catalog.models import Price, PriceList, Variant
from packhouse.events.record import record
from packhouse.sdk import EventType, InvalidValue, Money, Refused, new_id
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork

# What the price list for every channel is called after; no channel has this code.
EVERY_CHANNEL = "all"


@dataclass(frozen=True, slots=True)
class SetPrice:
    """The price of one unit from `min_quantity` on, on a channel (empty: on every channel without a price of its own)."""

    sku: str
    price: Money
    channel: str = ""
    min_quantity: int = 1
    is_demo: bool = False


async def set_price(uow: UnitOfWork, data: SetPrice) -> Price:
    """Set or replace a price in the channel's price list of that currency, which is made where there is none.

    Raises:
        InvalidValue: a negative price, a quantity below one, or text that is no channel's code.
        Refused: UNKNOWN_SKU.
    """
    if data.price.minor < 0:
        raise InvalidValue("price.amount", f"{data.price} is below nothing")
    if data.min_quantity < 1:
        raise InvalidValue("minQuantity", f"{data.min_quantity} is not a quantity")
    variant = await Variant.get_or_none(sku=data.sku)
    if variant is None:
        raise Refused("UNKNOWN_SKU", f"there is no variant with SKU {data.sku}", "sku")
    code = f"{data.channel or EVERY_CHANNEL}-{data.price.currency}"
    check_length(code, 64, "channel")
    price_list, _ = await PriceList.get_or_create(
        code=code, defaults={"channel": data.channel, "currency": data.price.currency, "is_demo": data.is_demo}
    )
    price, _ = await Price.update_or_create(
        price_list=price_list,
        variant=variant,
        min_quantity=data.min_quantity,
        defaults={"amount": data.price.minor},
    )
    tell_price(uow, price_list, data.sku, data.price, data.min_quantity)
    return price


def tell_price(uow: UnitOfWork, price_list: PriceList, sku: str, price: Money, min_quantity: int) -> None:
    """Record what a variant costs from now on."""
    record(
        uow,
        EventType.PRICE_CHANGED,
        new_id(),
        payload={
            "sku": sku,
            "price_list": price_list.code,
            "channel": price_list.channel,
            "min_quantity": min_quantity,
            "amount": price.minor,
            "currency": price.currency,
        },
    )
