"""Prices as a sheet: by price list, SKU and quantity."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from packhouse.catalog.commands.list_price import ListPrice, Period, check_listed, list_price, usual_list
from packhouse.catalog.models import Price, PriceList, Variant
from packhouse.sdk import Money
from packhouse.sheets.cells import BadCell, Record
from packhouse.sheets.seen import Seen
from packhouse.sheets.sheet import PAGE, Item
from packhouse.sheets.writing import Value
from packhouse.storage import Reader, UnitOfWork
from packhouse.storage.dialect import read_id, read_time

COLUMNS = (
    "sku",
    "price_list",
    "channel",
    "currency",
    "customer_group",
    "min_quantity",
    "price",
    "valid_from",
    "valid_to",
)
_PAGE = f"""
SELECT price.variant_id, price.price_list_id, price.min_quantity, price.amount, variant.sku, price_list.code,
  price_list.channel, price_list.currency, price_list.customer_group, price_list.valid_from, price_list.valid_to
FROM price JOIN variant ON variant.id = price.variant_id JOIN price_list ON price_list.id = price.price_list_id
WHERE (price.variant_id, price.price_list_id, price.min_quantity) > ($1, $2, $3)
ORDER BY price.variant_id, price.price_list_id, price.min_quantity LIMIT {PAGE}
"""
_BEFORE_ALL = UUID(int=0)


class PricesSheet:
    """Prices. Without `price_list` a price is on the usual list of its channel and currency."""

    columns = COLUMNS
    required = ("sku", "currency", "price")

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def pages(self, reader: Reader) -> AsyncIterator[list[tuple[Value, ...]]]:
        """All prices."""
        after: tuple[UUID, UUID, int] = (_BEFORE_ALL, _BEFORE_ALL, 0)
        while rows := await reader.fetch(_PAGE, *after):
            yield [
                (
                    row["sku"],
                    row["code"],
                    row["channel"],
                    row["currency"],
                    row["customer_group"],
                    row["min_quantity"],
                    Money.from_minor(row["amount"], row["currency"]).amount,
                    _time(row["valid_from"]),
                    _time(row["valid_to"]),
                )
                for row in rows
            ]
            last = rows[-1]
            after = (read_id(last["variant_id"]), read_id(last["price_list_id"]), last["min_quantity"])

    def read(self, record: Record) -> Item:
        """A price, and what is said about its list; rows of one list say the same about it."""
        price = Money.of(record.amount("price"), record.required("currency").strip().upper(), "price")
        channel = record.text("channel") if "channel" in record else None
        group = record.text("customer_group") if "customer_group" in record else None
        code = record.text("price_list")
        period = _period(record)
        if not code:
            if group or (period and (period.valid_from or period.valid_to)):
                raise BadCell("price_list is empty: prices of a group or a period are on a list of their own")
            code = usual_list(channel or "", price.currency)
        quantity = record.whole("min_quantity")
        data = ListPrice(
            sku=record.required("sku"),
            price=price,
            price_list=code,
            min_quantity=1 if quantity is None else quantity,
            channel=channel,
            customer_group=group,
            period=period,
        )
        check_listed(data)
        self._check_list(record.line, data)
        return Item(record.line, "\x1f".join((code, data.sku, str(data.min_quantity))), data)

    async def changes(self, items: Sequence[Item]) -> Sequence[Item]:
        """Those that are new or different."""
        skus = Variant.filter(sku__in=list({item.says.sku for item in items})).values_list("id", "sku")
        lists = {row.id: row for row in await PriceList.filter(code__in=list({item.says.price_list for item in items}))}
        sku_of = dict(await skus)
        rows = await Price.filter(variant_id__in=list(sku_of), price_list_id__in=list(lists))
        known = {
            "\x1f".join((lists[row.price_list_id].code, sku_of[row.variant_id], str(row.min_quantity))): (
                row.amount,
                lists[row.price_list_id],
            )
            for row in rows
        }
        return [item for item in items if _differs(item.says, known.get(item.key))]

    async def apply(self, uow: UnitOfWork, item: Item) -> None:
        """Set the price, and its list."""
        await list_price(uow, item.says)

    def _check_list(self, line: int, data: ListPrice) -> None:
        said = repr((data.channel, data.price.currency, data.customer_group, data.period))
        first, before = self._seen.first(f"list {data.price_list}", line, said)
        if said != before:
            raise BadCell(f"line {first} says something else about price list {data.price_list}")


def _period(record: Record) -> Period | None:
    named = [name for name in ("valid_from", "valid_to") if name in record]
    if len(named) == 1:
        raise BadCell("valid_from and valid_to are said together: add the other column")
    return Period(record.moment("valid_from"), record.moment("valid_to")) if named else None


def _differs(data: ListPrice, found: tuple[int, PriceList] | None) -> bool:
    if found is None:
        return True
    amount, listed = found
    is_other = (
        amount != data.price.minor
        or listed.currency != data.price.currency
        or data.channel not in {None, listed.channel}
        or data.customer_group not in {None, listed.customer_group}
    )
    return is_other or data.period not in {None, Period(listed.valid_from, listed.valid_to)}


def _time(value: Any) -> str | None:  # noqa: ANN401  (out of a row, as the database gives it)
    if value is None:
        return None
    moment: datetime = read_time(value)
    return moment.isoformat()
