"""Whatever strangers send: a clear answer, nothing changed, logged once, and the server goes on."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from tests.end_to_end.api import ADDRESS, USER_ERRORS, Api, following, row_counts, until
from tests.end_to_end.shopify import CODE, Door, order_json, signed

from packhouse.testing.server import RunningServer

MOST = 1_048_576
NESTED = b"[" * 100_000 + b"]" * 100_000
QUARANTINE = "{ inboundMessages(status: QUARANTINED, first: 100) { edges { node { reason field body } } } }"
Sent = tuple[bytes, dict[str, str]]


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What our own code said about it."""
    return [each.getMessage() for each in caplog.records if each.name.startswith("packhouse.")]


def line(**changes: Any) -> dict[str, Any]:
    """The shop's order with another first line."""
    order = order_json()
    order["line_items"][0] |= changes
    return order


def money(amount: str, currency: str = "GBP") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def with_signature(body: bytes) -> Sent:
    return body, signed(body)


def without(name: str) -> Sent:
    body = json.dumps(order_json()).encode()
    return body, {key: value for key, value in signed(body).items() if key != name}


def changed(**headers: str) -> Sent:
    body = json.dumps(order_json()).encode()
    return body, signed(body, **headers)


def an_hour_too_old() -> Sent:
    moment = datetime.now(UTC) - timedelta(hours=5)
    return changed(X_Shopify_Triggered_At=moment.isoformat())


def tampered() -> Sent:
    body = json.dumps(order_json()).encode()
    return body.replace(b"34.99", b"00.99"), signed(body)


UNTRUSTED: dict[str, Callable[[], Sent]] = {
    "changed after signing": tampered,
    "wrong signature": lambda: changed(X_Shopify_Hmac_Sha256="AAAA"),
    "no signature": lambda: without("X-Shopify-Hmac-Sha256"),
    "too old": an_hour_too_old,
    "no time": lambda: without("X-Shopify-Triggered-At"),
    "another shop": lambda: changed(X_Shopify_Shop_Domain="other.myshopify.com"),
    "no id": lambda: without("X-Shopify-Webhook-Id"),
}

# The body, the reason in quarantine, the field that is named.
UNUSABLE: dict[str, tuple[bytes, str, str | None]] = {
    "malformed": (b'{"id": 1,', "the body is not JSON", None),
    "empty": (b"", "the body is not JSON", None),
    "not UTF-8": (b'{"id": "\xff\xfe"}', "the body is not UTF-8", None),
    "nested": (NESTED, "the JSON is nested too deeply", None),
    "no order": (b"[]", "the body is not a JSON object", None),
    "unknown SKU": (
        json.dumps(line(sku="NOPE")).encode(),
        "UNKNOWN_SKU: there is no variant with SKU NOPE",
        "lines.0.sku",
    ),
    "negative quantity": (
        json.dumps(line(quantity=-2)).encode(),
        "line_items.0.quantity: a quantity of -2 is not between 1 and 1000000",
        "line_items.0.quantity",
    ),
    "negative price": (
        json.dumps(line(price="-9.50")).encode(),
        "line_items.0.price: -9.50 is negative",
        "line_items.0.price",
    ),
    "currency mismatch": (
        json.dumps(line(price_set={"shop_money": {"amount": "9.50", "currency_code": "EUR"}})).encode(),
        "line_items.0.price_set.shop_money.currency_code: 'EUR' is not the order's currency GBP",
        "line_items.0.price_set.shop_money.currency_code",
    ),
    "endless address": (
        json.dumps(order_json(email=f"{'a' * 300}@example.com")).encode(),
        "312 characters are too many: at most 254 are kept",
        "email",
    ),
}


async def goes_on(api: Api, door: Door, number: int) -> None:
    """The server is well, and the next good delivery becomes an order."""
    assert await api.is_well()
    assert (await door.deliver(order_json(number)))[0] == 200

    async def look() -> bool:
        return str(number) in {order["externalId"] for order in await api.orders()}

    await until(look, f"order {number}")


@pytest.fixture
async def stocked(shop_api: Api) -> Api:
    await shop_api.stock_shop(["MUG", "PLATE"], 100)
    return shop_api


async def test_webhooks_that_are_not_to_be_trusted(
    stocked: Api, door: Door, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    before = await row_counts(door.server)
    for name, make in UNTRUSTED.items():
        with subtests.test(name):
            caplog.clear()
            status, answer = await door.post(*make())
            assert (status, answer["error"]["code"]) == (401, "WEBHOOK_REJECTED")
            (said,) = logged(caplog)
            assert said.startswith(f"a webhook for channel {CODE} was rejected: ")
            assert await row_counts(door.server) == before
    await goes_on(stocked, door, 6001)


async def test_webhooks_that_cannot_be_used_are_kept_with_the_reason(
    stocked: Api, door: Door, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    before = await row_counts(door.server)
    for count, (name, (body, reason, field)) in enumerate(UNUSABLE.items(), 1):
        with subtests.test(name):
            caplog.clear()
            assert await door.post(*with_signature(body)) == (200, {"accepted": True, "duplicate": False})
            kept = (await until(lambda count=count: quarantined(stocked, count), "the quarantine"))[-1]  # type: ignore[misc]  # a default binds it
            assert (kept["reason"], kept["field"]) == (reason, field)
            assert kept["body"] == body.decode(errors="replace")
            (said,) = logged(caplog)
            assert said.endswith(f"is in quarantine: {reason}")
            assert await row_counts(door.server) == {**before, "inbound_message": count}
    await goes_on(stocked, door, 6002)


async def quarantined(api: Api, count: int) -> list[Any] | None:
    found = [edge["node"] for edge in (await api.ask(QUARANTINE))["inboundMessages"]["edges"]]
    return found if len(found) == count else None


async def test_webhooks_for_nobody(
    stocked: Api, door: Door, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    before = await row_counts(door.server)
    for code in ("nobody", "%00", "%F0%9F%A6%84", "our-shop%2F", "x" * 5000):
        with subtests.test(code[:10]):
            caplog.clear()
            status, answer = await door.post(*changed(), code=code)
            assert (status, answer["error"]["code"]) in {(404, "UNKNOWN_CHANNEL"), (404, "NOT_FOUND")}
            assert len(logged(caplog)) <= 1
            assert await row_counts(door.server) == before
    await goes_on(stocked, door, 6003)


async def chunks(size: int) -> AsyncIterator[bytes]:
    """A body whose length is not announced."""
    for _ in range(size // 65_536 + 1):
        yield b" " * 65_536


async def test_oversize_bodies(stocked: Api, door: Door, caplog: pytest.LogCaptureFixture) -> None:
    before = await row_counts(door.server)
    caplog.set_level(logging.INFO, "packhouse")
    url = f"{door.server.url}/webhooks/channels/{CODE}"
    for where, headers in ((url, signed(b"")), (door.server.graphql, door.server.headers)):
        for body in (BytesIO(b" " * (MOST + 1)), chunks(MOST)):
            caplog.clear()
            async with door.http.post(
                where, data=body, headers={"Content-Type": "application/json", **headers}
            ) as response:
                assert response.status == 413
                assert "larger than 1048576 bytes" in await response.text()
            assert len(logged(caplog)) == 1
    assert await row_counts(door.server) == before
    await goes_on(stocked, door, 6004)


async def test_an_order_that_is_known_already_is_recognised(stocked: Api, door: Door) -> None:
    await goes_on(stocked, door, 6005)
    before = await row_counts(door.server)
    assert await door.deliver(order_json(6005)) == (200, {"accepted": True, "duplicate": False})

    async def look() -> bool:
        document = "{ inboundMessages(status: DONE) { edges { node { id } } } }"
        return len((await stocked.ask(document))["inboundMessages"]["edges"]) == 2

    await until(look, "the second message")
    assert await row_counts(door.server) == {**before, "inbound_message": 2}


def request(**changes: Any) -> dict[str, Any]:
    """An order that can be placed, with changes."""
    values = {
        "channel": "web",
        "currency": "GBP",
        "lines": [{"sku": "MUG", "quantity": 1}],
        "email": "buyer@example.com",
        "shippingAddress": ADDRESS,
    }
    return {**values, **changes}


def of_mugs(quantity: int = 1, **changes: Any) -> dict[str, Any]:
    return request(lines=[{"sku": "MUG", "quantity": quantity, **changes}])


def to(**changes: Any) -> dict[str, Any]:
    return request(shippingAddress={**ADDRESS, **changes})


def paid(amount: dict[str, str], **changes: Any) -> dict[str, Any]:
    return request(payments=[{"kind": "charge", "amount": amount, **changes}])


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    (request(channel="nobody"), "UNKNOWN_CHANNEL", "channel"),
    (request(lines=[]), "INVALID_VALUE", "lines"),
    (request(lines=[{"sku": "MUG", "quantity": 1}] * 1001), "INVALID_VALUE", "lines"),
    (of_mugs(0), "INVALID_VALUE", "lines.0.quantity"),
    (of_mugs(-1), "INVALID_VALUE", "lines.0.quantity"),
    (of_mugs(2**31 - 1), "INVALID_VALUE", "lines.0.quantity"),
    (of_mugs(101), "INSUFFICIENT_STOCK", "lines.0.quantity"),
    (request(lines=[{"sku": "MUG", "quantity": 1}, {"sku": "NOPE", "quantity": 1}]), "UNKNOWN_SKU", "lines.1.sku"),
    (request(lines=[{"sku": " ", "quantity": 1}]), "INVALID_VALUE", "lines.0.sku"),
    (request(currency="EUR"), "NO_PRICE", "lines.0.unitPrice"),
    (request(currency="pounds"), "INVALID_VALUE", "currency"),
    (of_mugs(unitPrice=money("9.99")), "PRICE_MISMATCH", "lines.0.unitPrice"),
    (of_mugs(unitPrice=money("10.00", "EUR")), "CURRENCY_MISMATCH", "lines.0.unitPrice"),
    (of_mugs(unitPrice=money("10.001")), "INVALID_VALUE", "lines.0.unitPrice.amount"),
    (of_mugs(unitPrice=money("NaN")), "INVALID_VALUE", "lines.0.unitPrice.amount"),
    (of_mugs(unitPrice=money("1e400")), "INVALID_VALUE", "lines.0.unitPrice.amount"),
    (of_mugs(unitPrice=money("10.00", "pounds")), "INVALID_VALUE", "lines.0.unitPrice.currency"),
    (of_mugs(discount=money("10.01")), "DISCOUNT_TOO_LARGE", "lines.0.discount"),
    (of_mugs(discount=money("-1.00")), "INVALID_VALUE", "lines.0.discount"),
    (of_mugs(tax=money("2.00", "EUR")), "CURRENCY_MISMATCH", "lines.0.tax"),
    (of_mugs(externalId="x" * 129), "INVALID_VALUE", "lines.0.externalId"),
    (request(shipping=money("-0.01")), "INVALID_VALUE", "shipping"),
    (request(shipping=money("3.99", "USD")), "CURRENCY_MISMATCH", "shipping"),
    (request(shippingAddress=None), "BAD_ADDRESS", "shippingAddress"),
    (to(city=""), "BAD_ADDRESS", "shippingAddress.city"),
    (to(postcode=" "), "BAD_ADDRESS", "shippingAddress.postcode"),
    (to(country="GBR"), "INVALID_VALUE", "shippingAddress.country"),
    (request(billingAddress={"country": "Britain"}), "INVALID_VALUE", "billingAddress.country"),
    (paid(money("1.00", "EUR")), "CURRENCY_MISMATCH", "payments.0.amount"),
    (paid(money("-1.00")), "INVALID_VALUE", "payments.0.amount"),
    (paid(money("1.00", "?")), "INVALID_VALUE", "payments.0.amount.currency"),
    (paid(money("1.00"), kind="gift"), "INVALID_VALUE", "payments.0.kind"),
    (paid(money("1.00"), externalId="x" * 129), "INVALID_VALUE", "payments.0.externalId"),
    (
        request(payments=[{"kind": "charge", "amount": money("5.00"), "externalId": "c-1"}] * 2),
        "INVALID_VALUE",
        "payments.1.externalId",
    ),
    (request(externalId="known"), "DUPLICATE_ORDER", "externalId"),
    (request(externalId="new", number="W-1"), "DUPLICATE_ORDER", "number"),
    (request(externalId="x" * 129), "INVALID_VALUE", "externalId"),
    (request(number="x" * 65), "INVALID_VALUE", "number"),
    (request(email=f"{'a' * 250}@example.com"), "INVALID_VALUE", "email"),
]


@pytest.fixture
async def shop(api: Api) -> Api:
    await api.stock_shop(["MUG"], 100, price="10.00")
    await api.do("createChannel", "channel { code }", code="web", name="Web shop")
    return api


async def test_orders_that_cannot_be_placed(
    shop: Api, server: RunningServer, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    await shop.do("placeOrder", "order { id }", **request(externalId="known", number="W-1"))
    before = await row_counts(server)
    caplog.set_level(logging.INFO, "packhouse")
    for values, code, field in REFUSALS:
        with subtests.test(f"{code} {field}"):
            caplog.clear()
            error = await shop.refusal("placeOrder", "order { id }", **values)
            assert (error["code"], error["field"]) == (code, field.split(".")), error
            assert logged(caplog) == [f"refused {code}: {error['message']}"]
    assert await row_counts(server) == before
    assert await shop.is_well()
    await shop.do("placeOrder", "order { id }", **request())


LONG = "x" * 300
# The ORM does not look for a text that its column could not hold, and says so by an error of its own.
TOO_LONG: dict[str, dict[str, Any]] = {
    "addListing": {"channel": LONG, "channelSku": "M", "sku": "MUG"},
    "setListingBuffer": {"channel": LONG, "channelSku": "M"},
    "setServingLocations": {"channel": LONG},
    "pushStock": {"channel": LONG},
    "setPreorder": {"sku": LONG},
    "trackLots": {"sku": LONG},
    "recallLot": {"sku": "MUG", "code": LONG, "reason": "mould"},
    "quarantineLot": {"sku": LONG, "code": "L1", "reason": "mould"},
    "releaseLot": {"sku": LONG, "code": "L1", "reason": "fine"},
    "setBundle": {"sku": "MUG", "components": [{"sku": LONG, "quantity": 1}]},
}


REPLAY = """
subscription ($placement: [StockShareInput!]) {
  replayRouting(since: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z", placement: $placement) { replay { decisions } }
}
"""


async def test_texts_that_are_longer_than_anything_kept(
    shop: Api, server: RunningServer, subtests: pytest.Subtests
) -> None:
    before = await row_counts(server)
    for mutation, values in TOO_LONG.items():
        with subtests.test(mutation):
            kind = "LotReason" if mutation.endswith("Lot") else f"{mutation[0].upper()}{mutation[1:]}"
            document = f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ {USER_ERRORS} }} }}"
            (error,) = (await shop.ask(document, input=values))[mutation]["userErrors"]
            assert error["code"] in {"INVALID_VALUE", "NOT_FOUND", "UNKNOWN_SKU", "UNKNOWN_CHANNEL"}, error
            assert error["field"]
            assert LONG not in error["message"] or error["code"] != "INVALID_VALUE"
    body = {"query": "query ($sku: String!) { lot(sku: $sku, code: $sku) { code } }", "variables": {"sku": LONG}}
    async with shop.http.post(server.graphql, json=body, headers=server.headers) as response:
        answer = await response.json()
    assert [each["extensions"]["code"] for each in answer.get("errors", [])] in ([], ["BAD_USER_INPUT"]), answer
    shares = [{"sku": "MUG", "location": LONG, "percent": 50}]
    async with following(server, REPLAY, placement=shares) as live:
        message = await live.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "BAD_USER_INPUT"), message
    assert await row_counts(server) == before


async def test_a_channel_that_takes_no_orders(shop: Api, server: RunningServer) -> None:
    from packhouse.storage import Initiator

    await server.house.database.write(
        Initiator("tester", "test"), lambda uow: uow.execute("UPDATE channel SET is_active = $1", False)
    )
    error = await shop.refusal("placeOrder", "order { id }", **request())
    assert (error["code"], error["field"]) == ("CHANNEL_INACTIVE", ["channel"])


async def test_requests_that_are_no_graphql(
    shop: Api, server: RunningServer, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    before = await row_counts(server)
    caplog.set_level(logging.INFO, "packhouse")
    for name, body in {
        "malformed": b'{"query": ',
        "not UTF-8": b'{"query": "\xff"}',
        "nested": NESTED,
        "not an object": b'"x"',
        "nothing": b"",
    }.items():
        with subtests.test(name):
            caplog.clear()
            headers = {**server.headers, "Content-Type": "application/json"}
            async with shop.http.post(server.graphql, data=body, headers=headers) as response:
                assert response.status == 400
                (error,) = (await response.json())["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert len(logged(caplog)) == 1
    async with shop.http.post(server.graphql, json={"query": "{ orders { totalCount } }"}) as response:
        assert response.status == 401
    assert await row_counts(server) == before
    assert await shop.is_well()
    await shop.do("placeOrder", "order { id }", **request())


async def test_50_callers_with_one_external_id_place_one_order(shop: Api) -> None:
    payloads = await asyncio.gather(
        *(shop.change("placeOrder", "order { id }", **request(externalId="one")) for _ in range(50))
    )
    placed = [payload["order"]["id"] for payload in payloads if payload["order"]]
    refused = [error for payload in payloads for error in payload["userErrors"]]
    assert (len(placed), len(refused)) == (1, 49)
    assert {(error["code"], *error["field"]) for error in refused} == {("DUPLICATE_ORDER", "externalId")}
    assert [order["id"] for order in await shop.orders()] == placed


async def test_four_times_as_many_callers_as_units_buy_exactly_the_units(api: Api) -> None:
    units = 12
    await api.stock_shop(["MUG"], units, price="10.00")
    await api.do("createChannel", "channel { code }", code="web", name="Web shop")
    payloads = await asyncio.gather(*(api.change("placeOrder", "order { id }", **request()) for _ in range(4 * units)))
    placed = {payload["order"]["id"] for payload in payloads if payload["order"]}
    refused = [error["code"] for payload in payloads for error in payload["userErrors"]]
    assert (len(placed), refused) == (units, ["INSUFFICIENT_STOCK"] * 3 * units)
    data = await api.ask("{ stockLevels { edges { node { onHand allocated variant { id } } } } }")
    ((level),) = [edge["node"] for edge in data["stockLevels"]["edges"]]
    assert (level["onHand"], level["allocated"]) == (units, units)
    ledger = await api.ask(
        "query ($id: ID!) { stockMovements(first: 100, filter: {variantId: $id}) {"
        " edges { node { kind onHand allocated } } } }",
        id=level["variant"]["id"],
    )
    movements = [edge["node"] for edge in ledger["stockMovements"]["edges"]]
    assert sum(each["onHand"] for each in movements) == units
    assert [each["allocated"] for each in movements if each["kind"] == "ALLOCATE"] == [1] * units
