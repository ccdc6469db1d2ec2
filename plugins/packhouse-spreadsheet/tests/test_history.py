from datetime import UTC, datetime
from typing import Any

import pytest

from packhouse.sdk import Address, HistoryStatus, Money


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_orders_with_their_lines(files: Any) -> None:
    found = files.orders()
    first, second = found["A"], found["B"]
    assert (first.status, first.number, first.currency) == (HistoryStatus.DELIVERED, "A", "GBP")
    # London is on UTC in January and an hour ahead in July
    assert (first.placed_at, second.placed_at) == (at("2026-01-05 10:00"), at("2026-07-05 09:00"))
    assert (first.source.file, first.source.line) == ("orders.csv", 2)
    assert [(line.external_id, line.sku, line.quantity, line.unit_price) for line in second.lines] == [
        ("1", "MUG", 1, Money.of("5.00", "GBP")),
        ("2", "PLATE", 1, Money.of("7.50", "GBP")),
    ]
    (parcel,) = first.shipments
    assert (parcel.lines, parcel.is_delivered) == ((("1", 2),), True)
    assert (parcel.handed_over_at, parcel.delivered_at) == (at("2026-01-06"), at("2026-01-08"))
    assert second.shipments == ()


@pytest.mark.parametrize(
    ("row", "status", "parcels"),
    [
        ("A,new,2026-01-05,,", HistoryStatus.PENDING, 0),
        ("A,new,2026-01-05,2026-01-06,", HistoryStatus.SHIPPED, 1),
        ("A,sent,2026-01-05,2026-01-06,2026-01-08", HistoryStatus.DELIVERED, 1),
        ("A,done,2026-01-05,,", HistoryStatus.DELIVERED, 1),
        ("A,void,2026-01-05,,", HistoryStatus.CANCELLED, 0),
        ("A,void,2026-01-05,2026-01-06,", HistoryStatus.CANCELLED, 1),
    ],
)
def test_an_order_is_as_far_as_its_status_or_its_dates_say(
    files: Any, row: str, status: HistoryStatus, parcels: int
) -> None:
    found = files.orders(orders=f"id,status,placed,shipped,delivered\n{row}\n", lines="order,no,sku,price,units\n")["A"]
    assert (found.status, len(found.shipments), found.lines) == (status, parcels, ())


FLAT = """
channel = "flat"
currency = "EUR"
country = "DE"
timezone = "Europe/Berlin"
[format]
delimiter = ";"
decimal = ","
thousands = "."
dates = ["%d.%m.%Y %H:%M"]
[orders]
file = "orders.csv"
key = "Nr"
[orders.columns]
placed_at = "Datum"
email = "Mail"
postcode = "PLZ"
city = "Ort"
shipping = "Porto"
[lines]
order = "Nr"
[lines.columns]
sku = "Artikel"
unit_price = "Preis"
[lines.defaults]
quantity = 1
"""


def test_a_flat_file_repeats_the_order_on_each_line(files: Any) -> None:
    orders = (
        "Nr;Datum;Mail;PLZ;Ort;Porto;Artikel;Preis\n"
        '7;31.12.2025 23:30;a@example.com;10115;Berlin;4,90;TASSE;"1.234,50"\n'
        "7;31.12.2025 23:30;a@example.com;10115;Berlin;4,90;TASSE;5\n"
        "8;01.01.2026 00:10;;;;;TELLER;7,5\n"
    )
    found = files.orders(FLAT, orders=orders)
    assert [(line.external_id, line.unit_price) for line in found["7"].lines] == [
        ("1", Money.of("1234.50", "EUR")),
        ("2", Money.of("5.00", "EUR")),
    ]
    assert found["7"].placed_at == at("2025-12-31 22:30")
    assert (found["7"].email, found["7"].shipping) == ("a@example.com", Money.of("4.90", "EUR"))
    assert found["7"].shipping_address == Address(city="Berlin", postcode="10115", country="DE", email="a@example.com")
    assert (found["8"].shipping_address, found["8"].shipping) == (None, Money.of(0, "EUR"))


@pytest.mark.parametrize(
    ("policy", "local", "expected"),
    [
        ("", "2026-03-29 01:30", at("2026-03-29 01:30")),  # left out: half past one becomes half past two
        ("", "2026-10-25 01:30", at("2026-10-25 00:30")),  # came twice: the earlier one, in summer time
        ('ambiguous = "later"', "2026-10-25 01:30", at("2026-10-25 01:30")),
        ('ambiguous = "reject"', "2026-10-25 01:30", "placed: 2026-10-25 01:30:00 came twice in Europe/London"),
        (
            'nonexistent = "reject"',
            "2026-03-29 01:30",
            "placed: 2026-03-29 01:30:00 was left out by a clock change in Europe/London",
        ),
        ("", "2026-03-29 01:30+02:00", at("2026-03-28 23:30")),
        ("", "05/07/2026 10:00", at("2026-07-05 09:00")),
        ("", "0001-01-01 00:00+12:00", "placed: '0001-01-01 00:00+12:00' is out of range"),
        ("", "yesterday", "placed: 'yesterday' is not a time written as iso or %d/%m/%Y %H:%M"),
    ],
)
def test_local_times(files: Any, policy: str, local: str, expected: datetime | str) -> None:
    mapping = files.mapping_text.replace("[format]", f"[format]\n{policy}")
    content = {
        "orders": f"id,status,placed,shipped,delivered\nA,paid,{local},,\n",
        "lines": "order,no,sku,price,units\n",
    }
    if isinstance(expected, str):
        assert files.rejects(mapping, **content) == [("orders.csv", 2, expected)]
    else:
        assert files.orders(mapping, **content)["A"].placed_at == expected


JOINED = """
[payments]
file = "payments.csv"
order = "order"
key = "no"
columns = { amount = "amount", method = "how" }
[reviews]
file = "reviews.csv"
order = "order"
key = "id"
columns = { score = "stars", body = "said", created_at = "at" }
[customers]
file = "customers.csv"
key = "id"
columns = { customer_id = "person", name = "name", city = "town" }
[products]
file = "products.csv"
key = "sku"
weight_unit = "kg"
columns = { title = "name", weight = "weight", length = "length" }
[locations]
file = "places.csv"
key = "code"
prefix = "shop-"
kind = "store"
columns = { title = "name" }
"""


def joined(files: Any) -> tuple[str, dict[str, str]]:
    mapping = files.mapping_text.replace(
        'placed_at = "placed"', 'placed_at = "placed", confirmed_at = "confirmed", customer = "buyer"'
    ).replace('quantity = "units"', 'quantity = "units", shipping = "freight", location = "from"')
    return mapping + JOINED, {
        "orders": "id,buyer,status,placed,confirmed,shipped,delivered\n"
        "A,c1,done,2026-01-05,2026-01-06,2026-01-07,2026-01-08\nB,c2,void,2026-01-05,,,\n",
        "lines": "order,no,sku,price,units,freight,from\nA,1,MUG,5.00,2,1.10,x\nA,2,PLATE,5.00,1,2.20,y\n",
        "payments": "order,no,amount,how\nA,1,10.00,card\nA,2,8.30,voucher\nB,1,9.00,card\n",
        "reviews": 'order,id,stars,said,at\nA,r1,5,"fine,\nthanks",2026-01-09\nA,r2,1,,2026-01-10\n',
        "customers": "id,person,name,town\nc1,p1,Buyer One,Leeds\nc2,p1,,\n",
        "products": "sku,name,weight,length\nMUG,Big mug,0.35,12.5\n",
        "places": "code,name\nx,Shop X\ny,Shop Y\n",
    }


def test_everything_that_hangs_on_an_order(files: Any) -> None:
    mapping, content = joined(files)
    found = files.orders(mapping, **content)
    first, second = found["A"], found["B"]
    assert first.shipping == Money.of("3.30", "GBP")
    assert [(each.method, each.paid_at) for each in first.payments] == [
        ("card", at("2026-01-06")),
        ("voucher", at("2026-01-06")),
    ]
    assert [each.paid_at for each in second.payments] == [None]
    assert [(each.external_id, each.score, each.body) for each in first.reviews] == [
        ("r1", 5, "fine,\nthanks"),
        ("r2", 1, ""),
    ]
    assert (first.customer_external_id, first.customer_name) == ("p1", "Buyer One")
    assert first.shipping_address == Address(name="Buyer One", city="Leeds", country="GB")
    mug, plate = first.lines
    assert mug.product is not None
    assert (mug.title, mug.product.weight_grams, mug.product.length_mm, mug.product.width_mm) == (
        "Big mug",
        350,
        125,
        None,
    )
    assert (plate.title, plate.product) == ("PLATE", None)
    assert [(each.location and each.location.code, each.lines) for each in first.shipments] == [
        ("shop-x", (("1", 2),)),
        ("shop-y", (("2", 1),)),
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("customers", "c1,", "c9,", ("orders.csv", 2, "buyer: 'c1' is not in customers.csv")),
        ("places", "x,Shop X\n", "", ("lines.csv", 2, "from: 'x' is not in places.csv")),
        ("products", "0.35", "heavy", ("products.csv", 2, "weight: 'heavy' is not a number")),
        ("products", "0.35", "-1", ("products.csv", 2, "weight: -1 is negative")),
        ("payments", "8.30", "8.301", ("payments.csv", 3, "amount: 8.301 has more digits than GBP allows (2)")),
        ("reviews", "r2,1", "r2,6", ("reviews.csv", 4, "stars: 6 is not between 1 and 5")),
        ("payments", "A,2", "A,1", ("payments.csv", 3, "no: 1 is on line 2 too, with other content")),
    ],
)
def test_a_bad_part_leaves_the_order_out_as_a_whole(
    files: Any, file: str, old: str, new: str, expected: tuple[str, int, str]
) -> None:
    mapping, content = joined(files)
    content[file] = content[file].replace(old, new, 1)
    found = files.rejects(mapping, **content)
    assert expected in found
    assert [line for name, line, _ in found if name == "orders.csv"] == [2]


def test_a_bad_product_is_reported_once_for_many_orders(files: Any) -> None:
    mapping, content = joined(files)
    content["products"] = "sku,name,weight,length\nMUG,Mug,heavy,1\n"
    content["lines"] += "B,1,MUG,5.00,1,0,x\n"
    found = files.rejects(mapping, **content)
    assert [(name, line) for name, line, _ in found] == [
        ("products.csv", 2),
        ("lines.csv", 2),
        ("orders.csv", 2),
        ("lines.csv", 4),
        ("orders.csv", 3),
    ]
    assert found[1][2] == "products.csv line 2: weight: 'heavy' is not a number"
