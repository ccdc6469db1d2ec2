"""What Amazon is asked and answers, for the conformance kit."""

import json
from pathlib import Path
from typing import Any

from packhouse.sdk import Address, FulfillmentChange, FulfillmentItem, FulfillmentRequest, Money
from packhouse.testing.conformance import Address as Vendor
from packhouse.testing.conformance import Asked, Exchange, Operation, Reply, Subject
from packhouse_amazon_mcf import Plugin

REFERENCE = "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c"
SECRET = "planted-client-secret-3f9a"
REFRESH = "Atzr|planted-refresh-token-51d2"
TOKEN = "Atza|planted-access-token-77c1"
THERE = Address(name="A Customer", line1="3 Example Lane", city="York", postcode="YO1 7HH", country="GB")
ITEMS = (
    FulfillmentItem("018f6f2e-0000-7000-8000-000000000001", "MUG", "Mug", 3, Money.of("10.00", "GBP")),
    FulfillmentItem("018f6f2e-0000-7000-8000-000000000002", "PLATE", "Plate", 1),
)
REQUEST = FulfillmentRequest(REFERENCE, REFERENCE, "fba-uk", "PH-1", THERE, ITEMS, channel="web")


def settings(vendor: Vendor) -> dict[str, Any]:
    return {
        "client_id": "packhouse-tests",
        "client_secret": SECRET,
        "refresh_token": REFRESH,
        "base_url": vendor.url,
        "token_url": vendor.url,
        "locations": {"fba-uk": {"marketplace_id": "A1F83G8C2ARO7P", "country": "GB"}},
        "skus": {"MUG": "MUG-FBA"},
        # the kit asks far more often than any seller may
        "rate_factor": 1000,
        "timeout": vendor.seconds,
        "connect_timeout": vendor.seconds,
    }


def recorded(name: str) -> Any:
    return json.loads((Path(__file__).parent / "fixtures" / f"{name}.json").read_text())


def _order_id(asked: Asked) -> str:
    return str((asked.json or {}).get("orderId"))


ORDERS = "/fulfillment/outbound/2026-07-04/orders"
NOT_FOUND = Reply(404, recorded("not_found"))
ACCESS = Exchange("POST", "/auth/o2/token", Reply(200, recorded("token") | {"access_token": TOKEN}), name="token")
CREATE = Exchange(
    "POST",
    ORDERS,
    Reply(200, recorded("created")),
    effect=True,
    key=_order_id,
    # a second order with the same id is refused
    afterwards=Reply(400, recorded("exists")),
    name="createOrder",
)
FIND = Exchange(
    "GET",
    f"{ORDERS}/{REFERENCE}",
    NOT_FOUND,
    afterwards=Reply(200, recorded("processing")),
    # what createOrder refuses is looked up
    optional=True,
    name="getOrder after createOrder",
)
READ = Exchange("GET", f"{ORDERS}/{REFERENCE}", Reply(200, recorded("shipped")), name="getOrder")
CANCEL = Exchange("PUT", f"{ORDERS}/{REFERENCE}/cancel", Reply(202, {}), effect=True, name="cancelOrder")
STATE = Exchange(
    "GET", f"{ORDERS}/{REFERENCE}", Reply(200, recorded("processing")), optional=True, name="getOrder after cancelOrder"
)
BEFORE = Exchange(
    "GET",
    f"{ORDERS}/{REFERENCE}",
    Reply(200, recorded("processing")),
    afterwards=Reply(200, recorded("on_hold")),
    name="getOrder before updateOrder",
)
UPDATE = Exchange("PUT", f"{ORDERS}/{REFERENCE}", Reply(202, {}), effect=True, name="updateOrder")
PREVIEW = Exchange(
    "POST", "/fulfillment/outbound/2026-07-04/previews", Reply(200, recorded("preview")), name="getOrderPreview"
)
STOCK = Exchange("GET", "/fba/inventory/v1/summaries", Reply(200, recorded("summaries")), name="getInventorySummaries")
REFUSED = Reply(400, recorded("refused"))

SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    secrets=(SECRET, REFRESH, TOKEN),
    always=(ACCESS,),
    unauthorised=Reply(403, recorded("unauthorized")),
    operations=(
        Operation(
            "submit", (REQUEST,), (CREATE, FIND), find=Operation("fetch", (REFERENCE,), (FIND,)), refusal=REFUSED
        ),
        Operation("fetch", (REFERENCE,), (READ,), title="fetch what was shipped"),
        Operation(
            "cancel", (REFERENCE, "cancel-0001"), (CANCEL, STATE), refusal=Reply(400, recorded("cancel_refused"))
        ),
        Operation(
            "update",
            (FulfillmentChange("change-0001", REFERENCE, on_hold=True),),
            (BEFORE, UPDATE),
            refusal=REFUSED,
        ),
        Operation("preview", (REQUEST,), (PREVIEW,), refusal=REFUSED),
        Operation("track_shipment", (REFERENCE, "SHIP-1"), (READ,)),
        Operation("pull_stock", ("fba-uk", None), (STOCK,)),
    ),
)
