"""A running Packhouse, from the delivery to the reply, by an API client; Trustpilot is a stand-in that keeps what it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from packhouse.testing.server import RunningServer, running_server, server_settings
from packhouse_trustpilot import Plugin

ADDRESS = {"name": "A Buyer", "line1": "1 Example Street", "city": "London", "postcode": "SW1A 1AA", "country": "GB"}
PATIENCE_SECONDS = 30.0


@dataclass
class StandIn:
    """Trustpilot: takes invitations, lists the reviews that a test puts in, keeps one reply for each.

    With `loses_answers` a reply is kept and the connection cut.
    """

    invitations: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    product_reviews: list[dict[str, Any]] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    loses_answers: bool = False

    async def token(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "a-token", "expires_in": "359999"})

    async def invite(self, request: web.Request) -> web.Response:
        self.invitations.append(await request.json())
        return web.Response(status=202)

    async def list_reviews(self, request: web.Request) -> web.Response:
        since = request.query["startDateTime"]
        return web.json_response({"reviews": [each for each in self.reviews if each["createdAt"] >= since]})

    async def list_product_reviews(self, _: web.Request) -> web.Response:
        return web.json_response({"productReviews": self.product_reviews})

    async def review(self, request: web.Request) -> web.Response:
        (found,) = [each for each in self.reviews if each["id"] == request.match_info["id"]]
        return web.json_response(found)

    async def reply(self, request: web.Request) -> web.Response:
        message = (await request.json())["message"]
        self.replies.append((request.match_info["id"], message))
        for each in self.reviews:
            if each["id"] == request.match_info["id"]:
                each["companyReply"] = {"text": message, "createdAt": "2030-01-02T10:00:00Z"}
        if self.loses_answers:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=201)


@asynccontextmanager
async def serving(stand_in: StandIn) -> AsyncIterator[str]:
    app = web.Application()
    unit = "/v1/private/business-units/46d6a890"
    app.router.add_post("/v1/oauth/oauth-business-users-for-applications/accesstoken", stand_in.token)
    app.router.add_post(f"{unit}/email-invitations", stand_in.invite)
    app.router.add_get(f"{unit}/reviews", stand_in.list_reviews)
    app.router.add_get("/v1/private/product-reviews/business-units/46d6a890/reviews", stand_in.list_product_reviews)
    app.router.add_get("/v1/private/reviews/{id}", stand_in.review)
    app.router.add_post("/v1/private/reviews/{id}/reply", stand_in.reply)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@dataclass
class Client:
    """Speaks GraphQL with the server."""

    http: aiohttp.ClientSession
    server: RunningServer

    async def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        async with self.http.post(self.server.graphql, json=body, headers=self.server.headers) as response:
            answer = await response.json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def change(self, mutation: str, selection: str, **values: Any) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        return (await self.ask(document, input=values))[mutation]

    async def do(self, mutation: str, selection: str, **values: Any) -> Any:
        payload = await self.change(mutation, selection, **values)
        assert payload["userErrors"] == [], payload
        return payload

    async def run(self, job: str) -> None:
        """Run a job now."""
        await self.do("runJob", "job { name }", name=job)


@pytest.fixture
async def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
async def client(database_url: str, stand_in: StandIn) -> AsyncIterator[Client]:
    """A Packhouse with Trustpilot that asks at once, once on SQLite and once on PostgreSQL."""
    settings = server_settings(database_url)
    async with serving(stand_in) as url, aiohttp.ClientSession() as http:
        table = {
            "api_key": "packhouse-tests",
            "api_secret": "planted-secret-3f9a",
            "business_unit_id": "46d6a890",
            "sender_name": "Example Ltd",
            "sender_email": "noreply@example.com",
            "base_url": url,
            "invitations_url": url,
        }
        changed = settings.model_copy(
            update={
                "plugins": settings.plugins.model_copy(update={"settings": {"trustpilot": table}}),
                "feedback": settings.feedback.model_copy(update={"review_request_delay_days": 5}),
            }
        )
        async with running_server(changed, [Plugin()]) as server:
            yield Client(http, server)


async def until(look: Callable[[], Awaitable[Any]], what: str) -> Any:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await look()):  # noqa: ASYNC110  (it is the server's, which knows of no test)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS:g} s") from None
    return found


async def deliver_an_order(client: Client, delivered_at: str) -> Any:
    """Two mugs and a plate, picked, packed, sent and delivered at a time."""
    location = await client.do("createLocation", "location { id }", code="london", name="London", address=ADDRESS)
    for sku in ("MUG", "PLATE"):
        url = f"https://shop.example/{sku.lower()}"
        await client.do("createVariant", "variant { id }", sku=sku, title=f"A {sku.lower()}", weightGrams=300, url=url)
        price = {"amount": "10.00", "currency": "GBP"}
        await client.do("setPrice", "variant { id }", sku=sku, price=price)
        given = {"sku": sku, "locationId": location["location"]["id"], "quantity": 5, "reason": "delivered"}
        await client.do("adjustStock", "stockLevel { onHand }", **given)
    await client.do("createChannel", "channel { code }", code="web", name="Web shop")
    placed = await client.do(
        "placeOrder",
        "order { id number lines { id sku } fulfillmentOrders { id } }",
        channel="web",
        currency="GBP",
        email="buyer@example.com",
        customerName="A Buyer",
        locale="en-GB",
        lines=[{"sku": "MUG", "quantity": 2}, {"sku": "PLATE", "quantity": 1}],
        shippingAddress=ADDRESS,
    )
    order = placed["order"]
    work = order["fulfillmentOrders"][0]["id"]
    picking = await client.do("startPicking", "pickList { picks { id sku quantity } }", fulfillmentOrderIds=[work])
    for pick in picking["pickList"]["picks"]:
        given = {"pickId": pick["id"], "code": pick["sku"], "quantity": pick["quantity"]}
        await client.do("confirmPick", "pickList { status }", **given)
    parcel = await client.do("packParcel", "parcel { id }", fulfillmentOrderId=work, items=[])
    shipment = await client.do("createShipment", "shipment { id }", parcelId=parcel["parcel"]["id"])
    id_ = shipment["shipment"]["id"]
    await client.do("handOverShipment", "shipment { status }", shipmentId=id_, carrier="ups", trackingNumber="P-1")
    scan = {"shipmentId": id_, "status": "DELIVERED", "occurredAt": delivered_at}
    await client.do("recordTracking", "shipment { status }", **scan)
    return order


async def requests_of(client: Client, order: Any) -> list[Any]:
    document = (
        "query ($id: ID!) { node(id: $id) { ... on Order { reviewRequests { platform status sendAt reason } } } }"
    )
    found: list[Any] = (await client.ask(document, id=order["id"]))["node"]["reviewRequests"]
    return found


async def reviews_of(client: Client, order: Any) -> list[Any]:
    document = """
    query ($id: ID!) { node(id: $id) { ... on Order { reviews {
      id externalId score body sku orderLine { id } replyStatus reply
    } } } }
    """
    found: list[Any] = (await client.ask(document, id=order["id"]))["node"]["reviews"]
    return found


def write_reviews(stand_in: StandIn, number: str) -> None:
    """What the customer says: of the shop, of the mug, and of a product that is in no such order."""
    stand_in.reviews = [
        {
            "id": "s1",
            "stars": 4,
            "title": "Quick",
            "text": "There in a day.",
            "language": "en",
            "createdAt": "2030-01-01T10:00:00Z",
            "referenceId": number,
            "companyReply": None,
        }
    ]
    stand_in.product_reviews = [
        {
            "id": f"p{index}",
            "stars": 2,
            "content": text,
            "createdAt": at,
            "referenceId": number,
            "product": {"sku": sku},
        }
        for index, (text, at, sku) in enumerate(
            [
                ("It leaks.", "2030-01-01T11:00:00Z", "MUG"),
                ("Too small.", "2030-01-01T10:30:00Z", "SPOON"),
            ]
        )
    ]


async def test_from_the_delivery_to_the_reply(client: Client, stand_in: StandIn) -> None:
    order = await deliver_an_order(client, "2025-01-01T12:00:00Z")

    async def planned() -> Any:
        return await requests_of(client, order)

    (request,) = await until(planned, "the plan to ask")
    assert (request["platform"], request["sendAt"]) == ("trustpilot", "2025-01-06T12:00:00+00:00")
    await client.run("ask for reviews")

    async def asked() -> Any:
        return [each for each in await requests_of(client, order) if each["status"] == "SENT"]

    await until(asked, "the invitation")
    (invitation,) = stand_in.invitations
    assert (invitation["referenceNumber"], invitation["consumerEmail"]) == (order["number"], "buyer@example.com")
    assert invitation["locale"] == "en-GB"
    assert invitation["productReviewInvitation"]["products"] == [
        {"sku": "MUG", "name": "A mug", "productUrl": "https://shop.example/mug"},
        {"sku": "PLATE", "name": "A plate", "productUrl": "https://shop.example/plate"},
    ]

    write_reviews(stand_in, order["number"])
    await client.run("pull reviews")

    async def quarantined() -> Any:
        document = "{ quarantinedReviews { edges { node { id externalId reason } } } }"
        return (await client.ask(document))["quarantinedReviews"]["edges"]

    (lost,) = await until(quarantined, "the review of a spoon")
    assert lost["node"]["externalId"] == "product-review/p1"
    assert lost["node"]["reason"] == f"order {order['number']} has no line with SKU SPOON"
    mug = next(line["id"] for line in order["lines"] if line["sku"] == "MUG")
    whole, of_mug = await reviews_of(client, order)
    assert (whole["externalId"], whole["score"], whole["sku"], whole["orderLine"]) == ("s1", 4, None, None)
    assert (of_mug["externalId"], of_mug["body"], of_mug["sku"]) == ("product-review/p0", "It leaks.", "MUG")
    assert of_mug["orderLine"] == {"id": mug}
    assert [each["status"] for each in await requests_of(client, order)] == ["ANSWERED"]

    given = {"id": lost["node"]["id"], "orderId": order["id"], "sku": "PLATE"}
    tied = await client.do("assignQuarantinedReview", "review { sku }", **given)
    assert (tied["review"]["sku"], await quarantined()) == ("PLATE", [])


async def test_a_reply_whose_answer_is_lost_is_posted_once(client: Client, stand_in: StandIn) -> None:
    order = await deliver_an_order(client, "2025-01-01T12:00:00Z")
    write_reviews(stand_in, order["number"])
    stand_in.product_reviews = []
    await client.run("pull reviews")

    async def pulled() -> Any:
        return await reviews_of(client, order)

    (review,) = await until(pulled, "the review")
    stand_in.loses_answers = True
    lost = await client.change("replyToReview", "review { replyStatus }", reviewId=review["id"], text="Thank you")
    assert lost == {"review": {"replyStatus": "IN_DOUBT"}, "userErrors": [{"code": "PROVIDER_IN_DOUBT"}]}

    answered = await client.do(
        "replyToReview", "review { replyStatus reply answeredAt }", reviewId=review["id"], text="Thanks again"
    )

    assert answered["review"] == {
        "replyStatus": "DONE",
        "reply": "Thank you",
        "answeredAt": "2030-01-02T10:00:00+00:00",
    }
    assert stand_in.replies == [("s1", "Thank you")]
    again = await client.change("replyToReview", "review { reply }", reviewId=review["id"], text="Third")
    assert again["userErrors"] == [{"code": "ALREADY_REPLIED"}]
    assert stand_in.replies == [("s1", "Thank you")]
