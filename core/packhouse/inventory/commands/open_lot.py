"""The lot of units that are named by it: opened by the first that come, with its expiry."""

from datetime import date
from uuid import UUID

from packhouse.catalog.models import Variant
from packhouse.inventory.models import Lot, LotTracking
from packhouse.inventory.states import LotStatus
from packhouse.sdk import InvalidValue, Refused, now
from packhouse.sdk.values import check_length


async def open_lot(
    variant: Variant, code: str, expires_on: date | None, field: str, *, inbound_id: UUID | None = None
) -> Lot | None:
    """The lot that units of a variant come with; None for a variant that has none. A known lot keeps its expiry.

    `field` is where the lot's code was said, and its expiry beside it.

    Raises:
        InvalidValue: a code that is too long, an expiry without a lot, or another one than the lot has.
        Refused: LOT_REQUIRED, LOTS_NOT_TRACKED.
    """
    check_length(code, 64, field)
    beside = f"{field.rpartition('.')[0]}.expiresOn".lstrip(".")
    tracked = await LotTracking.exists(variant_id=variant.id)
    if not code:
        if tracked:
            raise Refused("LOT_REQUIRED", f"{variant.sku} is tracked by lot: say which lot the units are of", field)
        if expires_on is not None:
            raise InvalidValue(beside, "only a lot expires: say which one")
        return None
    if not tracked:
        raise Refused("LOTS_NOT_TRACKED", f"{variant.sku} is not tracked by lot: trackLots does it", field)
    lot = await Lot.get_or_none(variant_id=variant.id, code=code)
    if lot is None:
        return await Lot.create(
            variant_id=variant.id,
            code=code,
            expires_on=expires_on,
            status=LotStatus.RELEASED.value,
            inbound_id=inbound_id,
            created_at=now(),
        )
    if expires_on is not None and expires_on != lot.expires_on:
        raise InvalidValue(beside, f"lot {code} of {variant.sku} expires on {lot.expires_on or 'no day'}")
    return lot


async def known_lot(variant: Variant, code: str, field: str) -> Lot:
    """The lot of a variant with this code.

    Raises:
        Refused: UNKNOWN_LOT.
    """
    lot = await Lot.get_or_none(variant_id=variant.id, code=code)
    if lot is None:
        raise Refused("UNKNOWN_LOT", f"{variant.sku} has no lot {code}", field)
    return lot
