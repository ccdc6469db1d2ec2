import pytest

from packhouse.events.seeing import AREAS, may_see
from packhouse.sdk import EventType
from packhouse.web.context import Context
from packhouse.web.permissions import NOTHING, Area, Grant, Permissions


def test_every_event_is_of_an_area() -> None:
    assert set(AREAS) == set(EventType)
    assert all(AREAS.values())


@pytest.mark.parametrize(
    ("area", "seen"),
    [
        (Area.PAYMENTS, {EventType.PAYMENT_RECORDED, EventType.REFUND_MADE, EventType.REFUND_DENIED}),
        (Area.CUSTOMERS, {EventType.CONSENT_CHANGED}),
        (Area.PLUGINS, {EventType.PLUGIN_CHANGED}),
        (
            Area.TOKENS,
            {EventType.ACCESS_TOKEN_CREATED, EventType.ACCESS_TOKEN_CHANGED, EventType.ACCESS_TOKEN_REVOKED},
        ),
        (Area.JOBS, set()),
        (Area.EVENTS, set()),
    ],
)
def test_one_who_reads_an_area_sees_its_events(graphql_context: Context, area: Area, seen: set[EventType]) -> None:
    graphql_context.grant = Grant("reader", Permissions.of([area.read]))
    assert {type_ for type_ in EventType if may_see(graphql_context, type_)} == seen
    graphql_context.grant = Grant("nobody", NOTHING)
    assert not any(may_see(graphql_context, type_) for type_ in EventType)
