"""Which area each field and each type of the schema belongs to: its room's, unless it is named here.

There is no default: a field or a type that belongs nowhere stops the start. So a room that is new is named here before anybody can
read from it.
"""

from collections.abc import Iterator, Mapping

from graphql import GraphQLObjectType, OperationType, get_named_type
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from packhouse.web.graphql.access import Access, FieldAccess
from packhouse.web.graphql.guarded_schema import GuardedSchema
from packhouse.web.permissions import Area

_FREE: frozenset[str] = frozenset()

# by the longest name that fits
_MODULES: Mapping[str, Area] = {
    "packhouse.catalog": Area.CATALOG,
    "packhouse.channels": Area.CHANNELS,
    "packhouse.customers": Area.CUSTOMERS,
    "packhouse.events": Area.EVENTS,
    "packhouse.feedback": Area.FEEDBACK,
    "packhouse.fulfillment": Area.FULFILLMENT,
    "packhouse.inventory": Area.INVENTORY,
    "packhouse.jobs": Area.JOBS,
    "packhouse.ordering": Area.ORDERS,
    "packhouse.ordering.graphql.availability": Area.INVENTORY,
    "packhouse.ordering.graphql.previews": Area.ROUTING,
    "packhouse.orders": Area.ORDERS,
    "packhouse.payments": Area.PAYMENTS,
    "packhouse.plugins": Area.PLUGINS,
    "packhouse.reporting": Area.REPORTING,
    "packhouse.returns": Area.RETURNS,
    "packhouse.routing": Area.ROUTING,
    "packhouse.shipping": Area.SHIPPING,
    "packhouse.tokens": Area.TOKENS,
}

_TYPES: Mapping[str, Area] = {
    "Order": Area.ORDERS,
    "Customer": Area.CUSTOMERS,
    "Variant": Area.CATALOG,
    # a checkout holds what it is about to place
    "Reservation": Area.ORDERS,
    "ReservationLine": Area.ORDERS,
}

# Parts of what they are in. Each event of a timeline or log is looked at by itself (`events/seeing.py`).
_PARTS = frozenset({"Address", "Event", "LogCursors", "Money", "PageInfo", "PreviewPart", "UserError", "Viewer"})

_FIELDS: Mapping[str, frozenset[str]] = {
    # what is found is looked at by its type
    "Query.node": _FREE,
    "Query.nodes": _FREE,
    # where to follow from, for whatever may be followed
    "Query.eventLog": _FREE,
    "Query.viewer": _FREE,
    "Query.reservations": frozenset({Area.ORDERS.read}),
    # the words that say how far an order is
    "Order.phase": frozenset({Area.ORDERS.read}),
    "Order.availableActions": frozenset({Area.ORDERS.read}),
    "Order.paymentStatus": frozenset({Area.ORDERS.read}),
    "Order.returnStatus": frozenset({Area.ORDERS.read}),
    "Mutation.placeOrder": frozenset({Area.ORDERS.write}),
    "Mutation.extendReservation": frozenset({Area.ORDERS.write}),
    "Mutation.releaseReservation": frozenset({Area.ORDERS.write}),
    "Mutation.setPreorder": frozenset({Area.INVENTORY.write}),
    "Mutation.setBundle": frozenset({Area.CATALOG.write}),
    "Mutation.unpackParcel": frozenset({Area.FULFILLMENT.write}),
    # whoever counts is not the one who books
    "Mutation.approveStockCount": frozenset({Area.INVENTORY.write}),
    "Mutation.rejectStockCount": frozenset({Area.INVENTORY.write}),
    "Mutation.postStockCount": frozenset({Area.INVENTORY.write}),
    # money leaves the house
    "Mutation.refundReturn": frozenset({Area.RETURNS.write, Area.PAYMENTS.write}),
}

_ROOTS = {
    OperationType.QUERY: "Query",
    OperationType.MUTATION: "Mutation",
    OperationType.SUBSCRIPTION: "Subscription",
}
_PAYLOAD = "Payload"
_LISTS = ("Connection", "Edge")


class Unassigned(Exception):
    """A field or a type of the schema belongs to no area: name its room, or itself, in `packhouse/access.py`."""


def assign_areas(schema: GuardedSchema) -> Access:
    """What every field and every object type of a schema needs.

    Raises:
        Unassigned: one of them belongs nowhere, or a name here is of nothing.
    """
    assigning = _Assigning(schema)
    objects = {
        name: kind
        for name, kind in schema._schema.type_map.items()  # noqa: SLF001  (types as graphql-core knows them)
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__")
    }
    fields = {f"{name}.{field}" for name, kind in objects.items() for field in kind.fields}
    unknown = sorted({*_TYPES, *_PARTS} - set(objects)) + sorted(set(_FIELDS) - fields)
    if unknown:
        raise Unassigned(f"packhouse/access.py names what is not in the schema: {', '.join(unknown)}")
    return Access(
        roots=_ROOTS,
        types={"Node": _FREE, **{name: assigning.type(name) for name in objects}},
        fields={
            # an id says nothing about what it is of
            "Node": {"id": FieldAccess(_FREE, "ID")},
            **{name: dict(assigning.fields(kind)) for name, kind in objects.items()},
        },
    )


class _Assigning:
    def __init__(self, schema: GuardedSchema) -> None:
        self._schema = schema

    def type(self, name: str) -> frozenset[str]:
        """What an object type needs."""
        area = self._area(name)
        return _FREE if area is None else frozenset({area.read})

    def fields(self, kind: GraphQLObjectType) -> Iterator[tuple[str, FieldAccess]]:
        """What its fields need, with what they lead to."""
        graphql_name = self._schema.config.name_converter.get_graphql_name
        own = {graphql_name(field): field for field in self._definition(kind.name).fields}
        for name, field in kind.fields.items():
            answers = get_named_type(field.type)
            needs = self._field(kind.name, name, own[name])
            if isinstance(answers, GraphQLObjectType):
                needs |= self.type(answers.name)
            yield name, FieldAccess(needs, answers.name)

    def _field(self, type_name: str, name: str, field: StrawberryField) -> frozenset[str]:
        """What a field needs by itself: that of the room that brings it, where it is not the type's own room."""
        known = _FIELDS.get(f"{type_name}.{name}")
        if known is not None:
            return known
        if type_name in _ROOTS.values():
            area = _area_of(field.origin, f"{type_name}.{name}")
            return frozenset({area.write if type_name == _ROOTS[OperationType.MUTATION] else area.read})
        if self._area(type_name) is None or _is_of_no_room(field.origin):
            return _FREE
        brought = _area_of(field.origin, f"{type_name}.{name}")
        origin = self._definition(type_name).origin
        return _FREE if _room_of(origin) is brought else frozenset({brought.read})

    def _area(self, name: str) -> Area | None:
        """The area of an object type; None where it is a part of what it is in."""
        if name in _ROOTS.values() or name in _PARTS or name.endswith(_PAYLOAD):
            return None
        if name in _TYPES:
            return _TYPES[name]
        for suffix in _LISTS:
            if name.endswith(suffix):
                return self._area(name.removesuffix(suffix))
        return _area_of(self._definition(name).origin, name)

    def _definition(self, name: str) -> StrawberryObjectDefinition:
        definition = self._schema.get_type_by_name(name)
        if not isinstance(definition, StrawberryObjectDefinition):
            raise Unassigned(f"{name} is an object of no room")
        return definition


def _area_of(origin: object, name: str) -> Area:
    area = _room_of(origin)
    if area is None:
        raise Unassigned(f"{name} belongs to no area: name it, or its room, in packhouse/access.py")
    return area


def _room_of(origin: object) -> Area | None:
    module = _module_of(origin)
    while module:
        if module in _MODULES:
            return _MODULES[module]
        module = module.rpartition(".")[0]
    return None


def _is_of_no_room(origin: object) -> bool:
    """Relay's `id`, and the fields of every connection."""
    return _module_of(origin).startswith(("strawberry.", "packhouse.web."))


def _module_of(origin: object) -> str:
    return str(getattr(origin, "__module__", ""))
