"""Scans: UPS Tracking v1, GET /track/v1/details/{tracking number}."""

import re

from packhouse.sdk import AnswerUnreadable, ProviderRefused, TrackingStatus, TrackingUpdate, fact_id
from packhouse_ups.client import Call
from packhouse_ups.mapping import Json, moment, section, several, text
from packhouse_ups.units import CARRIER, EXCEPTION, tracking_status

# Descriptions of activities are translated by UPS; one language keeps them comparable.
_LOCALE = "en_US"
_TRACKING_NUMBER = re.compile(r"[A-Z0-9]{7,34}")


def build_track_request(tracking_number: str) -> Call:
    """Ask where a package is.

    Raises:
        ProviderRefused: it is no tracking number of UPS (7 to 34 letters and digits).
    """
    number = normalised(tracking_number)
    if not _TRACKING_NUMBER.fullmatch(number):
        raise ProviderRefused("A UPS tracking number has 7 to 34 letters and digits", code="TRACKING_NUMBER")
    return Call("track", "GET", f"/track/v1/details/{number}", query={"locale": _LOCALE})


def normalised(tracking_number: str) -> str:
    """A tracking number as UPS writes it: upper case, without spaces."""
    return "".join(tracking_number.split()).upper()


def read_track_response(payload: Json, tracking_number: str) -> list[TrackingUpdate]:
    """Every scan of the package, the latest first; none while UPS has not seen it: it then
    answers 200 with the warning TW0001 and no package.

    The other packages of its shipment, which UPS can send along, are left out.

    Raises:
        AnswerUnreadable: the answer holds no shipment.
    """
    response = section(payload, "trackResponse")
    if "shipment" not in response:
        raise AnswerUnreadable("trackResponse.shipment is missing")
    number = normalised(tracking_number)
    packages = [package for shipment in several(response["shipment"]) for package in several(shipment.get("package"))]
    own = [package for package in packages if normalised(text(package, "trackingNumber")) == number]
    updates: dict[str, TrackingUpdate] = {}
    for package in own or packages:
        for activity in several(package.get("activity")):
            update = _update(activity, number)
            if update is not None:
                updates.setdefault(update.external_id, update)
    return list(updates.values())


def _update(activity: Json, number: str) -> TrackingUpdate | None:
    occurred_at = moment(activity)
    if occurred_at is None:
        return None
    status = section(activity, "status")
    kind, code, status_code = text(status, "type"), text(status, "code"), text(status, "statusCode")
    mapped = tracking_status(kind, code, status_code)
    description = text(status, "description")
    return TrackingUpdate(
        external_id=_external_id(activity, number),
        status=mapped,
        occurred_at=occurred_at,
        description=description,
        place=_place(activity),
        carrier_code="/".join(part for part in (kind, code, status_code) if part),
        incident=description if kind == EXCEPTION and mapped is not TrackingStatus.READY_FOR_PICKUP else "",
    )


def _external_id(activity: Json, number: str) -> str:
    # UPS gives scans no id. Local date and time are in every answer, GMT ones are not; descriptions are translated.
    status, address = section(activity, "status"), section(activity, "location", "address")
    parts = (
        *(text(activity, name) for name in ("date", "time")),
        *(text(status, name) for name in ("type", "code", "statusCode")),
        *(text(address, name).casefold() for name in ("city", "stateProvince", "countryCode")),
    )
    if not parts[0]:
        parts = (text(activity, "gmtDate"), text(activity, "gmtTime"), *parts[2:])
    return str(fact_id(CARRIER, "scan", number, *parts))


def _place(activity: Json) -> str:
    address = section(activity, "location", "address")
    country = text(address, "countryCode") or text(address, "country")
    return ", ".join(part for part in (text(address, "city"), text(address, "stateProvince"), country) if part)
