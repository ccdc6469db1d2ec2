"""What each permission is for, made from the schema itself: the text of `packhouse docs permissions`."""

from collections.abc import Iterable, Iterator

from packhouse.events.seeing import AREAS
from packhouse.web.graphql.access import Access
from packhouse.web.permissions import Area

_INTRODUCTION = """\
# Permissions

An access token may do what its permissions say, and nothing else: `packhouse token create NAME --may orders.read --may
fulfillment.write`. Writing includes reading. Without any, it is an administrator's (`*`).

A request needs what its fields need, and what the types of their answers need: `order { customer { email } }` needs `orders.read` and
`customers.read`. Where something is missing, nothing is executed, and the answer's errors have the code FORBIDDEN, the permission and the
path. Objects that are looked up by `node` are null where their type may not be read; timelines and subscriptions leave events out. Any
token may ask what the schema looks like (`__schema`, `__type`, `__typename`), and for FREE.
"""
_FILES = {
    Area.CATALOG: "`/sheets/catalog.*`, `/sheets/prices.*`",
    Area.INVENTORY: "`/sheets/stock.*`",
    Area.PLUGINS: "`/plugins/<code>/…`",
}
_NOT_LISTED = ("Connection", "Edge", "Payload")


def permission_reference(access: Access) -> str:
    """Every permission with the fields, types, events and addresses that need it, as Markdown."""
    reading = {**access.fields["Query"], **access.fields["Subscription"]}
    free = sorted(name for name, field in reading.items() if not field.needs)
    parts = [_INTRODUCTION.replace("FREE", _listed(free))]
    for area in Area:
        parts.append("\n".join([f"## {area.value}", "", *_reading(access, area), *_writing(access, area), ""]))
    return "\n".join(parts)


def _reading(access: Access, area: Area) -> Iterator[str]:
    yield f"- `{area.read}`"
    yield from _line("queries", _roots(access, "Query", area.read))
    yield from _line("subscriptions", _roots(access, "Subscription", area.read))
    yield from _line("objects", _objects(access, area))
    yield from _line("fields of other objects", _fields_elsewhere(access, area))
    yield from _line("events", sorted(type_.name for type_, areas in AREAS.items() if area in areas))
    yield from _address("GET", area)


def _writing(access: Access, area: Area) -> Iterator[str]:
    allowed = [*_line("mutations", _roots(access, "Mutation", area.write)), *_address("POST", area)]
    if allowed:
        yield f"- `{area.write}`"
        yield from allowed


def _roots(access: Access, root: str, permission: str) -> list[str]:
    return sorted(name for name, field in access.fields[root].items() if permission in field.needs)


def _objects(access: Access, area: Area) -> list[str]:
    return sorted(name for name, needs in access.types.items() if area.read in needs and not name.endswith(_NOT_LISTED))


def _fields_elsewhere(access: Access, area: Area) -> list[str]:
    """Fields that need it beyond what their object and their answer need."""
    return sorted(
        f"{type_name}.{name}"
        for type_name, needs in access.types.items()
        if needs and area.read not in needs
        for name, field in access.fields[type_name].items()
        if area.read in field.needs and area.read not in access.types.get(field.answers, ())
    )


def _line(what: str, names: list[str]) -> Iterable[str]:
    return [f"  - {what}: {_listed(names)}"] if names else []


def _address(method: str, area: Area) -> Iterable[str]:
    return [f"  - {method} {_FILES[area]}"] if area in _FILES else []


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
