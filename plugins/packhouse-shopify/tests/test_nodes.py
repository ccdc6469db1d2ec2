import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packhouse.sdk import Unreadable
from packhouse_shopify.mapping import read_order
from packhouse_shopify.nodes import as_webhook

FIXTURES = Path(__file__).parent / "fixtures"
VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text() | st.just([]) | st.just({}) | st.just([{}]) | st.just([7])
)


def sample() -> dict[str, Any]:
    node = json.loads((FIXTURES / "order_node.json").read_text("utf-8"))
    rest = json.loads((FIXTURES / "order_node_rest.json").read_text("utf-8"))
    return {"order": node, "lines": node["lineItems"]["nodes"], "refunds": rest["refunds"]}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container in it, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(min_value=0), VALUES)
def test_a_mutated_answer_is_an_order_or_unreadable(position: int, value: Any) -> None:
    parts = sample()
    found = [place for part in parts.values() for place in places(part)]
    container, key = found[position % len(found)]
    if isinstance(container, list) and not isinstance(value, dict):
        value = {}  # what is no object in these lists was left out before
    container[key] = value
    try:
        order = read_order(as_webhook(**parts))
    except Unreadable:
        return
    assert order.currency == order.total.currency


def test_an_order_without_optional_parts_is_read(load: Callable[[str], Any]) -> None:
    node = load("order_node") | {"customer": None, "shippingAddress": None, "billingAddress": None, "refunds": []}
    node |= {"displayFinancialStatus": None, "tags": [], "note": None, "email": None, "customerLocale": None}
    order = read_order(as_webhook(node, node["lineItems"]["nodes"], []))
    assert (order.customer_name, order.email, order.shipping_address, order.payments) == ("", "", None, ())
