"""What has become of each order, read over the API as any client would; and when the demo is done with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packhouse.demo.asking import Api
from packhouse.demo.catalogue import CHANNEL

_ORDERS = """
query DemoOrders($channel: String!, $since: DateTime!, $after: String) {
  orders(
    filter: {channel: $channel, isDemo: true, placedAfter: $since}, sort: PLACED_AT_ASC, first: 40, after: $after
  ) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      id number phase placedAt
      total { amount currency }
      holds { reason releasedAt }
      fulfillmentOrders { status location { name } }
      shipments { status trackingStatus carrier trackingNumber deliveredAt }
      reviewRequests { status }
      reviews { score }
      returns { status refunds { status amount { amount currency } } }
    } }
  }
}
"""


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """An order as it stands, in words for people."""

    id: str
    number: str
    placed_at: str
    total: str
    phase: str
    fulfilled_by: tuple[str, ...]
    carriers: tuple[str, ...]
    tracking_numbers: tuple[str, ...]
    tracking: tuple[str, ...]
    delivered_at: str
    review: str
    review_score: int | None
    holds: tuple[str, ...]
    was_released: bool
    return_status: str
    refund: str
    is_refunded: bool

    def missing(self, *, is_returned: bool) -> str:
        """What is still to come; empty when the order has reached its end."""
        if self.phase != "delivered":
            return f"not delivered, {self.where}"
        if self.review_score is None:
            return f"delivered, its review is {self.review or 'not asked for'}"
        if is_returned and not self.is_refunded:
            return f"delivered and reviewed, its return is {self.return_status or 'not requested'} and not refunded"
        if is_returned and self.return_status != "closed":
            return f"refunded, its return is {self.return_status}"
        return ""

    @property
    def where(self) -> str:
        """Where it stands, in short."""
        held = f" ({', '.join(self.holds)})" if self.phase == "held" and self.holds else ""
        return f"{self.phase.replace('_', ' ')}{held}"


async def demo_orders(api: Api, since: str) -> list[DemoOrder]:
    """The demo's orders placed at a moment or later, oldest first.

    Raises:
        NotDone: the API did not answer as it should.
    """
    found: list[DemoOrder] = []
    after: str | None = None
    while True:
        page = (await api.ask(_ORDERS, {"channel": CHANNEL, "since": since, "after": after}))["orders"]
        found += [_order(edge["node"]) for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def _order(node: Mapping[str, Any]) -> DemoOrder:
    work = [each for each in node["fulfillmentOrders"] if each["status"] not in {"CANCELLED", "INCOMPLETE"}]
    shipments = [each for each in node["shipments"] if each["status"] != "VOIDED"]
    scores = [review["score"] for review in node["reviews"]]
    refunds = [refund for each in node["returns"] for refund in each["refunds"]]
    done = [refund for refund in refunds if refund["status"] == "DONE"]
    return DemoOrder(
        id=node["id"],
        number=node["number"],
        placed_at=node["placedAt"],
        total=_money(node["total"]),
        phase=node["phase"].lower(),
        fulfilled_by=_each(work, lambda each: each["location"]["name"]),
        carriers=_each(shipments, lambda each: each["carrier"] or ""),
        tracking_numbers=tuple(each["trackingNumber"] or "" for each in shipments),
        tracking=tuple(_words(each["trackingStatus"]) for each in shipments),
        delivered_at=max((each["deliveredAt"] or "" for each in shipments), default=""),
        review=_words(node["reviewRequests"][-1]["status"]) if node["reviewRequests"] else "",
        review_score=scores[-1] if scores else None,
        holds=_each(
            [each for each in node["holds"] if each["releasedAt"] is None], lambda each: _words(each["reason"])
        ),
        was_released=any(each["releasedAt"] for each in node["holds"]),
        return_status=_words(node["returns"][-1]["status"]) if node["returns"] else "",
        refund=_money(done[-1]["amount"]) if done else "",
        is_refunded=bool(done),
    )


def _each(rows: Sequence[Mapping[str, Any]], of: Any) -> tuple[str, ...]:  # noqa: ANN401  (a function of a JSON object)
    return tuple(dict.fromkeys(of(row) for row in rows))


def _words(value: str) -> str:
    return value.lower().replace("_", " ")


def _money(value: Mapping[str, Any]) -> str:
    return f"{value['amount']} {value['currency']}"
