"""Pulled orders in quarantine: kept so that they can be received later without asking the channel again."""

from pydantic import TypeAdapter, ValidationError

from packhouse.sdk import IncomingOrder, Unreadable

# Topics of pulled orders in the inbox: the channels' own topics have other names.
PULLED = "packhouse/pulled"
UNREADABLE = "packhouse/unreadable"

_ORDERS = TypeAdapter(IncomingOrder)


def write_pulled(order: IncomingOrder) -> bytes:
    """A pulled order as JSON."""
    return _ORDERS.dump_json(order)


def read_pulled(topic: str, body: bytes) -> list[IncomingOrder]:
    """The order that was written.

    Raises:
        Unreadable: its plugin could not read it, or it was written by another version.
    """
    if topic == UNREADABLE:
        raise Unreadable(
            "the plugin could not read this order when it was pulled: change it on the channel to pull it again"
        )
    try:
        return [_ORDERS.validate_json(body)]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise Unreadable(f"{field}: {first['msg']}", field) from None
