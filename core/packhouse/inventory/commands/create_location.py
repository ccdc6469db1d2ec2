"""Adding a place that holds stock."""

from dataclasses import asdict, dataclass, field

from packhouse.events.record import record
from packhouse.inventory.models import Location
from packhouse.inventory.states import LocationKind
from packhouse.sdk import Address, EventType, InvalidValue, Refused, new_id, now
from packhouse.sdk.values import check_length
from packhouse.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class CreateLocation:
    """A location to create; `network` is the code of the fulfilment network that runs it, empty for our own."""

    code: str
    name: str
    kind: LocationKind = LocationKind.WAREHOUSE
    network: str = ""
    address: Address = field(default_factory=Address)
    priority: int = 100
    group: str = ""
    is_demo: bool = False


async def create_location(uow: UnitOfWork, data: CreateLocation) -> Location:
    """Create a location.

    Raises:
        InvalidValue: no code, no name, or a text that is too long.
        Refused: DUPLICATE_CODE.
    """
    for name in ("code", "name"):
        if not getattr(data, name).strip():
            raise InvalidValue(name, f"a location needs a {name}")
    for name, most in (("code", 64), ("name", 255), ("network", 64), ("group", 64)):
        check_length(getattr(data, name), most, name)
    if await Location.exists(code=data.code):
        raise Refused("DUPLICATE_CODE", f"there is a location with code {data.code} already", "code")
    location = await Location.create(
        code=data.code,
        name=data.name,
        kind=data.kind.value,
        network=data.network,
        address=asdict(data.address),
        priority=data.priority,
        group=data.group.strip(),
        is_demo=data.is_demo,
        created_at=now(),
    )
    tell_location(uow, location, "created")
    return location


def tell_location(uow: UnitOfWork, location: Location, change: str, **of: object) -> None:
    """Record that something about a location is new."""
    payload = {"location_id": str(location.id), "code": location.code, "change": change, **of}
    record(uow, EventType.LOCATION_CHANGED, new_id(), payload=payload)
