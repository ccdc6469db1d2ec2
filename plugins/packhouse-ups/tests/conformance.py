"""What UPS is asked and answers, for the conformance kit."""

import json
from pathlib import Path
from typing import Any

from packhouse.sdk import Address, Dimensions, LabelRequest, Parcel, ParcelItem, QuoteRequest
from packhouse.testing.conformance import Address as Vendor
from packhouse.testing.conformance import Exchange, Operation, Reply, Subject
from packhouse_ups import Plugin

NUMBER = "1ZA1B2C36800000011"
SECRET = "planted-client-secret-3f9a"
TOKEN = "planted-access-token-77c1"
SHIPPER = Address(
    name="Dispatch", line1="1 Example Street", city="London", postcode="EC1A 1BB", country="GB", phone="02000000000"
)
HERE = Address(company="Example Ltd", line1="2 Dock Road", city="Leeds", postcode="LS1 1AA", country="GB")
THERE = Address(name="A Customer", line1="3 Example Lane", city="York", postcode="YO1 7HH", country="GB")
PARCEL = Parcel(1930, Dimensions(200, 301, 100), (ParcelItem("MUG", "Mug", 2),))
QUOTE = QuoteRequest(HERE, THERE, (PARCEL,))
LABEL = LabelRequest("label-0001", "018f6f2e-7b7a-7cc1-9a37-3b1f0f1e2d3c", "11", HERE, THERE, (PARCEL,))


def settings(vendor: Vendor) -> dict[str, Any]:
    return {
        "client_id": "packhouse-tests",
        "client_secret": SECRET,
        "account_number": "A1B2C3",
        "shipper": {name: getattr(SHIPPER, name) for name in ("name", "line1", "city", "postcode", "country", "phone")},
        "base_url": vendor.url,
        "timeout": vendor.seconds,
        "connect_timeout": vendor.seconds,
    }


def recorded(name: str) -> Any:
    return json.loads((Path(__file__).parent / "fixtures" / f"{name}.json").read_text())


ACCESS = Exchange(
    "POST", "/security/v1/oauth/token", Reply(200, recorded("token") | {"access_token": TOKEN}), name="token"
)
RATE = Exchange("POST", "/api/rating/v2409/Shop", Reply(200, recorded("rate_shop")), name="rate")
SHIP = Exchange("POST", "/api/shipments/v2409/ship", Reply(200, recorded("ship_one_parcel")), effect=True, name="ship")
RECOVER = Exchange(
    "POST",
    "/api/labels/v1/recovery",
    Reply(404, recorded("recovery_not_found")),
    afterwards=Reply(200, recorded("recovery")),
    name="label recovery",
)
VOID = Exchange(
    "DELETE",
    f"/api/shipments/v2409/void/cancel/{NUMBER}",
    Reply(200, recorded("void")),
    effect=True,
    afterwards=Reply(400, recorded("void_already")),
    name="void",
)
TRACK = Exchange("GET", f"/api/track/v1/details/{NUMBER}", Reply(200, recorded("track")), name="track")

SUBJECT = Subject(
    plugin=Plugin,
    settings=settings,
    secrets=(SECRET, TOKEN),
    always=(ACCESS,),
    unauthorised=Reply(401, recorded("token_refused")),
    operations=(
        Operation("quote", (QUOTE,), (RATE,), refusal=Reply(400, recorded("refusal"))),
        Operation(
            "buy_label",
            (LABEL,),
            (SHIP,),
            find=Operation("find_label", (LABEL,), (RECOVER,)),
            refusal=Reply(400, recorded("ship_refused")),
        ),
        Operation("void_label", (NUMBER, "void-0001"), (VOID,), refusal=Reply(400, recorded("void_too_late"))),
        Operation("track", (NUMBER,), (TRACK,)),
    ),
)
